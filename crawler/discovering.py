"""`dateline outlet add` and `outlet import`: what to look up, and what to tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.errors import UsageError
from archive.records import Outlet, Source
from crawler.discovery import home_urls
from crawler.running import crawl_settings, run_spider
from crawler.spiders.discovery import DiscoverySpider, Found


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of one outlet."""

    host: str
    text: str
    failed: bool = False

    def told(self) -> str:
        return f"{self.host}: {self.text}"


def add_outlets(folder: Path, hosts: Sequence[str], known: Iterable[Outlet] = (), **settings: Any) -> list[Line]:
    """Look outlets up and keep them; a line each. Raises UsageError for what is no host."""
    for host in hosts:
        home_urls(host)  # a mistake is told before anything starts
    with Archive(folder) as archive:
        ran: Any = run_spider(
            DiscoverySpider, crawl_settings(folder, **settings), archive=archive, hosts=",".join(hosts), outlets_known=known
        )
    return [_line(found) for found in ran.found]


def _line(found: Found) -> Line:
    if found.problem is not None:
        return Line(found.outlet.host, f"{found.problem}; not added", failed=True)
    kinds = [source.kind for source in found.sources]
    if not kinds:
        return Line(found.outlet.host, "added, but it names no feed and no sitemap; crawl its pages by their URLs")
    numbers = [_many(kinds.count("feed"), "feed"), _many(kinds.count("sitemap"), "sitemap")]
    name = f"{found.outlet.name} · " if found.outlet.name else ""
    return Line(found.outlet.host, name + ", ".join(filter(None, numbers)))


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}" if number else ""
