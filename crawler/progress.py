"""A live line while a crawl runs on a terminal, and nothing elsewhere."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any, Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

SHOWN = ("new", "changed", "unchanged", "not article", "gone", "failed", "refused")


class Progress:
    """A Scrapy extension; reads `spider.counts`."""

    def __init__(self, crawler: Crawler) -> None:
        self.console = Console(stderr=True)
        if not self.console.is_terminal or not sys.stderr.isatty():
            raise NotConfigured("no terminal to draw on")
        self.crawler = crawler
        self.began = time.monotonic()
        self.live = Live(console=self.console, transient=True, refresh_per_second=8)
        crawler.signals.connect(self.open, signal=signals.spider_opened)
        crawler.signals.connect(self.close, signal=signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def open(self) -> None:
        self.live.start()
        self.task = asyncio.get_event_loop().create_task(self._draw())

    def close(self) -> None:
        self.task.cancel()
        self.live.stop()

    async def _draw(self) -> None:
        spinner = Spinner("dots")
        while True:
            spider: Any = self.crawler.spider
            line = progress_line(
                spider.counts, len(spider.under_way), time.monotonic() - self.began
            )
            spinner.update(text=Text(line, no_wrap=True, overflow="ellipsis"))
            self.live.update(spinner)
            await asyncio.sleep(0.2)


def progress_line(counts: dict[str, int], under_way: int, seconds: float) -> str:
    """`12 s · 340 fetched · 320 new · 3 failed · 16 under way`."""
    pages = sum(counts.get(name, 0) for name in SHOWN)
    told = [f"{counts[name]:,} {name}" for name in SHOWN if counts.get(name)]
    return " · ".join([f"{seconds:.0f} s", f"{pages:,} pages", *told, f"{under_way} under way"])
