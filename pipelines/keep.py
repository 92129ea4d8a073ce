"""Stage 900, keep: write checks in batches, each in one transaction.

A batch is written when it is full, when half a second has passed, and when no other request is
under way. The outcome of each check is reported to the spider, which counts a page as under way
until it is written.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from itertools import groupby
from typing import Any, Protocol, Self, cast

from scrapy.crawler import Crawler

from archive.archive import Archive
from archive.articles.revisions import ArticleVersion
from archive.articles.stories import refresh_stories
from archive.check_writer import WriteBeside, write_checks
from archive.errors import ArchiveError
from archive.rebuilds import prepare_archive, tidy_events_if_due
from archive.records import Check, Outcome
from archive.removal.erasure import erase_captures
from archive.storage.database import transaction
from pipelines.policies import archive_policies

EARLIER_STAGES_SECONDS_PER_CHAR = 1e-6
"""Upper bound of the seconds per character that the earlier stages take."""
LARGE_TEXT_CHARS = 50_000
"""Texts above this number of characters are written in a batch apart, so that their cost, which may
be seconds, is charged to their own site."""


def batched_checks(checks: list[Check]) -> Iterator[list[Check]]:
    """Yield the checks in order, grouped into transactions; a check with a large text is alone in
    its group."""
    for large, group in groupby(checks, lambda check: check_text_chars(check) > LARGE_TEXT_CHARS):
        if large:
            yield from ([check] for check in group)
        else:
            yield list(group)


def check_text_chars(check: Check) -> int:
    """Return the length of the check's text in characters; 0 without an article."""
    return len(check.article.text) if check.article else 0


class CheckBatches:
    """Collects checks and writes them to an archive; independent of Scrapy, so that imports use it
    too."""

    def __init__(
        self,
        archive: Archive,
        crawl_id: int | None = None,
        size: int = 50,
        reread: Callable[[str], ArticleVersion | None] | None = None,
    ) -> None:
        """Prepare the archive for the project's policies; `size` is the maximum batch."""
        self.archive, self.crawl_id, self.size = archive, crawl_id, size
        self.decisions = archive_policies(reread)
        prepare_archive(archive.db, self.decisions)
        self.waiting: list[Check] = []
        self.write_beside: WriteBeside | None = None
        """Called within the transaction of each batch."""
        self.on_written: Callable[[Check, Outcome], None] | None = None
        self.on_cost: Callable[[str, float], None] | None = None
        """Called with the URL and the cost in seconds of each check."""

    def add(self, check: Check) -> None:
        """Add a check, and write the batch if it is full.

        Raises sqlite3.Error or ArchiveError if writing fails.
        """
        self.waiting.append(check)
        if len(self.waiting) >= self.size:
            self.flush()

    def flush(self) -> None:
        """Write all waiting checks, and report their outcomes and costs."""
        if not self.waiting:
            return
        waiting, self.waiting = self.waiting, []
        for batch in batched_checks(waiting):
            began = time.thread_time()
            outcomes = write_checks(
                self.archive, batch, self.decisions, self.crawl_id, self.write_beside
            )
            each = (time.thread_time() - began) / len(batch)
            for check, outcome in zip(batch, outcomes, strict=True):
                if self.on_cost:
                    self.on_cost(
                        check.url, each + EARLIER_STAGES_SECONDS_PER_CHAR * check_text_chars(check)
                    )
                if self.on_written:
                    self.on_written(check, outcome)

    def finish(self) -> None:
        """Write all waiting checks; then erase what is left of removed articles, and do the daily
        maintenance and refresh the followed stories if due."""
        self.flush()
        erase_captures(self.archive)
        tidy_events_if_due(self.archive.db, self.decisions)
        with transaction(self.archive.db) as db:
            refresh_stories(db, self.decisions.stories)


class SiteCosts(Protocol):
    """Accounts of what the sites cost the crawl."""

    def add_cost(self, url: str, seconds: float) -> None:
        """Add the seconds that processing one URL cost to the account of its site."""
        ...


class KeepSession(Protocol):
    """The part of a crawl's session that this stage uses."""

    @property
    def archive(self) -> Archive:
        """The archive that is written to."""
        ...

    @property
    def crawl_id(self) -> int | None:
        """The crawl that the checks belong to."""
        ...

    @property
    def reextract(self) -> Callable[[str], ArticleVersion | None]:
        """A function that extracts the stored page with a digest again."""
        ...

    @property
    def shares(self) -> SiteCosts:
        """The accounts to charge."""
        ...

    @property
    def in_progress(self) -> Collection[str]:
        """The URLs that are requested and not written."""
        ...

    @property
    def failure(self) -> Exception | None:
        """The error that ended the crawl."""
        ...

    def give_up(self, error: Exception) -> None:
        """End the crawl with the error of an archive that cannot be written."""
        ...


class KeepSpider(Protocol):
    """A spider whose checks are written."""

    @property
    def session(self) -> KeepSession:
        """The session of its crawl."""
        ...

    def note_written(self, check: Check, outcome: Outcome) -> None:
        """Note that a check is in the archive."""
        ...


class KeepPipeline:
    """Scrapy's item pipeline for this stage; it writes to the archive of the spider's session."""

    def __init__(self, crawler: Crawler) -> None:
        """Read the settings of the batches."""
        self.crawler = crawler
        self.seconds: float = crawler.settings.getfloat("DATELINE_BATCH_SECONDS")
        self.timer: asyncio.Task[None] | None = None
        self.is_open = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the pipeline from a Scrapy crawler, as Scrapy expects."""
        return cls(crawler)

    def open_spider(self) -> None:
        """Connect the batches to the spider, and start the timer that flushes them."""
        spider = cast(KeepSpider, self.crawler.spider)
        self.session = session = spider.session
        size = self.crawler.settings.getint("DATELINE_BATCH")
        self.batches = CheckBatches(session.archive, session.crawl_id, size, session.reextract)
        self.batches.on_written = spider.note_written
        self.batches.on_cost = session.shares.add_cost
        self.is_open = True
        self.timer = asyncio.get_event_loop().create_task(self._flush_regularly())

    def flush_waiting(self) -> None:
        """Write all waiting checks now, as the process will be ended by force."""
        if self.is_open:
            self.batches.flush()

    async def process_item(self, item: Any) -> Any:
        """Store checks; pass other items through."""
        if isinstance(item, Check):
            await self._end_on_error(lambda: self._add_check(item))
        return item

    def _add_check(self, check: Check) -> None:
        """Add a check, and flush if all pages in progress wait in the batch."""
        self.batches.add(check)
        # no other page is in progress, so the batch will not grow by itself
        if len(self.batches.waiting) >= len(self.session.in_progress):
            self.batches.flush()

    async def close_spider(self) -> None:
        """Stop the timer, and write all that is left."""
        if self.timer:
            self.timer.cancel()
        await self._end_on_error(self.batches.finish)

    async def _flush_regularly(self) -> None:
        """Flush regularly, until cancelled."""
        while True:
            await asyncio.sleep(self.seconds)
            await self._end_on_error(self.batches.flush)

    async def _end_on_error(self, write: Callable[[], None]) -> None:
        """Call `write`; if the archive cannot be written, end the crawl with that error.

        Once a crawl has failed, later calls do nothing: the first error is the one reported.
        """
        if self.session.failure:
            return
        try:
            write()
        except (sqlite3.Error, ArchiveError, OSError) as error:
            self.session.give_up(error)
