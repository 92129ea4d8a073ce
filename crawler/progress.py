"""A progress line for crawls that run on a terminal: the share done and the time left."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self, cast

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from archive.text.formatting import duration_text

PROGRESS_OUTCOMES = ("new", "changed", "unchanged", "not article", "gone", "failed", "refused")
DRAWING_INTERVAL_SECONDS = 0.2
WORK_INTERVAL_SECONDS = 1.0
"""Interval at which the waiting pages are counted."""
MAX_COUNTING_SHARE = 0.02
"""Share of the time that counting them may take."""
PACE_WINDOW_SECONDS = 60.0
"""Time over which the pace is measured."""
MIN_PACE_SECONDS, MIN_PACE_PAGES = 5.0, 5
"""Time and pages below which no time left is estimated."""


@dataclass(frozen=True, slots=True)
class KnownWork:
    """The work of a crawl that is done, and that which is known to be left."""

    pages_done: int = 0
    pages_left: int = 0
    """Pages in progress, and waiting ones that it will request."""
    sources_done: int = 0
    sources_left: int = 0
    """Feeds and sitemaps."""
    may_grow: bool = False
    """True if more pages may become known."""
    remark: str = ""
    """Other work that is being done, in words."""

    @property
    def pages(self) -> int:
        """The pages known so far."""
        return self.pages_done + self.pages_left


class ProgressSession(Protocol):
    """The part of a crawl's session that is shown."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Numbers of checks of pages by outcome."""
        ...


class ProgressSpider(Protocol):
    """A spider whose progress is shown."""

    @property
    def session(self) -> ProgressSession:
        """The session of its crawl."""
        ...

    def known_work(self) -> KnownWork:
        """Return what is done and what is known to be left."""
        ...


class Progress:
    """A Scrapy extension that shows the progress of a spider.

    Raises NotConfigured, which disables the extension, if standard error is not a terminal.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.console = Console(stderr=True)
        if not hasattr(crawler.spider, "session") or not hasattr(crawler.spider, "known_work"):
            raise NotConfigured  # `scrapy shell` and the like, and plain spiders
        if not self.console.is_terminal or not sys.stderr.isatty():
            raise NotConfigured("standard error is not a terminal")
        self.crawler = crawler
        self.began = time.monotonic()
        self.live = Live(console=self.console, transient=True, refresh_per_second=8)
        crawler.signals.connect(self.start_drawing, signal=signals.spider_opened)
        crawler.signals.connect(self.stop_drawing, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the extension, as Scrapy expects."""
        return cls(crawler)

    def start_drawing(self) -> None:
        """Show the line, and update it until `stop_drawing`."""
        self.live.start()
        self.task = asyncio.get_event_loop().create_task(self._draw())

    def stop_drawing(self) -> None:
        """Remove the line."""
        self.task.cancel()
        self.live.stop()

    async def _draw(self) -> None:
        spinner = Spinner("dots")
        spider = cast(ProgressSpider, self.crawler.spider)
        max_seconds = self.crawler.settings.getfloat("CLOSESPIDER_TIMEOUT")
        pace = PagePace()
        count_again_at, work = 0.0, KnownWork()
        while True:
            now = time.monotonic()
            if now >= count_again_at:
                work = spider.known_work()
                pace.note_pages(now, work.pages_done)
                taken = time.monotonic() - now
                count_again_at = now + max(WORK_INTERVAL_SECONDS, taken / MAX_COUNTING_SHARE)
            seconds = now - self.began
            left = pace.seconds_left(work.pages_left)
            if left is not None and max_seconds:
                left = min(left, max(0.0, max_seconds - seconds))
            line = progress_line(work, spider.session.counts, seconds, left)
            spinner.update(text=Text(line, no_wrap=True, overflow="ellipsis"))
            self.live.update(spinner)
            await asyncio.sleep(DRAWING_INTERVAL_SECONDS)


class PagePace:
    """The pace of a crawl over the last minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        """Times, in seconds of a monotonic clock, with the number of pages done by then."""

    def note_pages(self, now: float, pages: int) -> None:
        """Note how many pages are done by now."""
        self._seen.append((now, pages))
        while self._seen[0][0] < now - PACE_WINDOW_SECONDS:
            self._seen.popleft()

    def seconds_left(self, pages: int) -> float | None:
        """Return how long this many pages take at the present pace; None if it is unknown."""
        if not self._seen:
            return None
        (began, before), (now, after) = self._seen[0], self._seen[-1]
        if now - began < MIN_PACE_SECONDS or after - before < MIN_PACE_PAGES:
            return None
        return pages * (now - began) / (after - before)


def progress_line(
    work: KnownWork, counts: Mapping[str, int], seconds: float, seconds_left: float | None
) -> str:
    """Return the text of the line, the most important first, as a narrow terminal cuts its end.

    `12 s · 323 of 540 pages known so far · at least 8 s left · 41 of 69 feeds and sitemaps · 3 new`
    """
    parts = [
        f"{seconds:.0f} s",
        _pages_text(work),
        _time_left_text(work, seconds_left),
        _sources_text(work),
        work.remark,
        *(f"{counts[name]:,} {name}" for name in PROGRESS_OUTCOMES if counts.get(name)),
    ]
    return " · ".join(filter(None, parts))


def _pages_text(work: KnownWork) -> str:
    """Return the share of the pages that is done; a total that may grow has no percentage."""
    if not work.pages:
        return ""
    done = f"{work.pages_done:,} of {work.pages:,} page{'s' * (work.pages != 1)}"
    if work.may_grow:
        return f"{done} known so far"
    return f"{done} ({100 * work.pages_done // work.pages} %)"


def _sources_text(work: KnownWork) -> str:
    """Return how many feeds and sitemaps are read, or nothing once all are."""
    if not work.sources_left:
        return ""
    return f"{work.sources_done:,} of {work.sources_done + work.sources_left:,} feeds and sitemaps"


def _time_left_text(work: KnownWork, seconds: float | None) -> str:
    """Return the time left: at least this long if more pages may become known."""
    if seconds is None or not work.pages_left:
        return ""
    return f"{'at least' if work.may_grow else 'about'} {duration_text(seconds)} left"
