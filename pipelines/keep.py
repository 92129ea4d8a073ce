"""Stage 900, keep: looks are written in batches, in one transaction each.

A batch is written when it is full, when half a second has passed, and when nothing else is under
way. What a batch came to is told to the spider, which holds a page under way until it is written.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Self

from scrapy.crawler import Crawler

from archive.archive import Archive
from archive.articles.revisions import Version
from archive.errors import ArchiveError
from archive.records import Check, Outcome
from pipelines.policies import decisions

BEFORE = 1e-6
"""Seconds a character that the stages before this one take, at most."""
LARGE = 50_000
"""Characters of a text that is written alone: it may take seconds, and is its own site's
expense."""


def batches(checks: list[Check]) -> Iterator[list[Check]]:
    """Looks in their order, those together that are written in one transaction."""
    for large, group in groupby(checks, lambda check: characters(check) > LARGE):
        together = list(group)
        yield from ([check] for check in together) if large else [together]


def characters(check: Check) -> int:
    """Of its text."""
    return len(check.article.text) if check.article else 0


class Batches:
    """Collects looks and writes them to an archive; free of Scrapy, so that imports use it too."""

    def __init__(
        self,
        archive: Archive,
        crawl_id: int | None = None,
        size: int = 50,
        reread: Callable[[str], Version | None] | None = None,
    ) -> None:
        self.archive, self.crawl_id, self.size = archive, crawl_id, size
        self.decisions = decisions(reread)
        archive.prepare(self.decisions)
        self.waiting: list[Check] = []
        self.written: Callable[[Check, Outcome], None] | None = None
        self.took: Callable[[str, float], None] | None = None
        """Is told what each look cost, in seconds."""

    def add(self, check: Check) -> None:
        """Take a look in; writes when the batch is full. Raises sqlite3.Error or ArchiveError where
        it cannot."""
        self.waiting.append(check)
        if len(self.waiting) >= self.size:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if not self.waiting:
            return
        waiting, self.waiting = self.waiting, []
        for batch in batches(waiting):
            began = time.thread_time()
            outcomes = self.archive.write(batch, self.decisions, self.crawl_id)
            each = (time.thread_time() - began) / len(batch)
            for check, outcome in zip(batch, outcomes, strict=True):
                if self.took:
                    self.took(check.url, each + BEFORE * characters(check))
                if self.written:
                    self.written(check, outcome)

    def finish(self) -> None:
        """Write what waits, tidy up once a day, and list anew what is followed if much has come."""
        self.flush()
        self.archive.tidy_if_due(self.decisions)
        self.archive.refresh_stories(self.decisions)


class KeepPipeline:
    """Scrapy's side of it. The spider brings the archive (`spider.archive`) and the crawl
    (`spider.crawl_id`)."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.seconds: float = crawler.settings.getfloat("DATELINE_BATCH_SECONDS")
        self.timer: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def open_spider(self) -> None:
        spider: Any = self.crawler.spider
        size = self.crawler.settings.getint("DATELINE_BATCH")
        self.batches = Batches(spider.archive, spider.crawl_id, size, spider.reread)
        self.batches.written = spider.written
        if shares := getattr(spider, "shares", None):
            self.batches.took = shares.took
        spider.batches = self.batches
        self.timer = asyncio.get_event_loop().create_task(self._tick())

    async def process_item(self, item: Any) -> Any:
        if isinstance(item, Check):
            await self._guarded(lambda: self._take(item))
        return item

    def _take(self, check: Check) -> None:
        spider: Any = self.crawler.spider
        self.batches.add(check)
        # nothing else is to come: whoever waits, waits for this
        if len(self.batches.waiting) >= len(spider.under_way):
            self.batches.flush()

    async def close_spider(self) -> None:
        if self.timer:
            self.timer.cancel()
        await self._guarded(self.batches.finish)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.seconds)
            await self._guarded(self.batches.flush)

    async def _guarded(self, write: Callable[[], None]) -> None:
        """An archive that cannot be written ends the crawl with that one error; nothing is dropped
        in silence."""
        spider: Any = self.crawler.spider
        if spider.failure:
            return
        try:
            write()
        except (sqlite3.Error, ArchiveError, OSError) as error:
            spider.give_up(error)
