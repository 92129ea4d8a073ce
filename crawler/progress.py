"""A progress line for crawls that run on a terminal."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Collection, Mapping
from typing import Protocol, Self, cast

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

PROGRESS_OUTCOMES = ("new", "changed", "unchanged", "not article", "gone", "failed", "refused")


class ProgressSession(Protocol):
    """The part of a crawl's session that is shown."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Numbers of checks by outcome."""
        ...

    @property
    def in_progress(self) -> Collection[str]:
        """The URLs in progress."""
        ...


class ProgressSpider(Protocol):
    """A spider whose progress is shown."""

    @property
    def session(self) -> ProgressSession:
        """The session of its crawl."""
        ...


class Progress:
    """A Scrapy extension that shows the counts and running requests of a spider.

    Raises NotConfigured, which disables the extension, if standard error is not a terminal.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.console = Console(stderr=True)
        if not hasattr(crawler.spider, "session"):
            raise NotConfigured  # `scrapy shell` and the like
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
        session = cast(ProgressSpider, self.crawler.spider).session
        while True:
            seconds = time.monotonic() - self.began
            line = progress_line(session.counts, len(session.in_progress), seconds)
            spinner.update(text=Text(line, no_wrap=True, overflow="ellipsis"))
            self.live.update(spinner)
            await asyncio.sleep(0.2)


def progress_line(counts: Mapping[str, int], under_way: int, seconds: float) -> str:
    """Return the text of the line: `12 s · 323 pages · 320 new · 3 failed · 16 under way`."""
    pages = sum(counts.get(name, 0) for name in PROGRESS_OUTCOMES)
    outcomes = [f"{counts[name]:,} {name}" for name in PROGRESS_OUTCOMES if counts.get(name)]
    parts = [f"{seconds:.0f} s", f"{pages:,} pages", *outcomes, f"{under_way} under way"]
    return " · ".join(parts)
