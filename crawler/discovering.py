"""`dateline outlet add` and `outlet import`: what to look up, and what to tell of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.errors import UsageError
from archive.records import Outlet, Source, SourceKind
from crawler import fork_server
from crawler.discovery import home_urls
from crawler.outlet_files import OutletEntry, read_outlet_file
from crawler.running import crawl_settings, run_spider
from crawler.saved_pages import read_file
from crawler.spiders.discovery import DiscoverySpider, Found
from pipelines.identity import file_source


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
    fork_server.start()
    with Archive(folder) as archive:
        ran: Any = run_spider(
            DiscoverySpider,
            crawl_settings(folder, **settings),
            archive=archive,
            hosts=",".join(hosts),
            outlets_known=known,
        )
    in_order = {outlet.host: place for place, (outlet, _) in enumerate(ran.wanted)}
    return [_line(found) for found in sorted(ran.found, key=lambda found: in_order[found.outlet.host])]


def import_outlets(folder: Path, file: Path, **settings: Any) -> list[Line]:
    """Take over a list of outlets; those that it gives neither feed nor sitemap of are looked up.

    Raises UsageError where the file cannot be read; what in it cannot be used is a line that failed.
    """
    try:
        body = read_file(file)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    read = read_outlet_file(file.name, body)
    lines = [Line(str(file), unread, failed=True) for unread in read.unread]
    lines += [Line(str(file), repeated) for repeated in read.repeated]
    given = [entry for entry in read.entries if entry.feeds or entry.sitemaps]
    with Archive(folder) as archive:
        lines += [_keep(archive, entry) for entry in given]
    unknown = [entry for entry in read.entries if entry not in given]
    if unknown:
        lines += add_outlets(folder, [entry.host for entry in unknown], map(_outlet, unknown), **settings)
    return lines


def _keep(archive: Archive, entry: OutletEntry) -> Line:
    """An outlet with its sources as a list gives them."""
    named: list[tuple[str, SourceKind]] = [(url, "feed") for url in entry.feeds]
    named += [(url, "sitemap") for url in entry.sitemaps]
    try:
        sources = [file_source(Source(url, kind, entry.host)) for url, kind in named]
    except UsageError as error:
        return Line(entry.host, f"{error}; not added", failed=True)
    archive.add_outlet(_outlet(entry), sources)
    return _line(Found(_outlet(entry), tuple(sources)))


def _outlet(entry: OutletEntry) -> Outlet:
    return Outlet(entry.host, entry.name, entry.language, entry.country)


def _line(found: Found) -> Line:
    if found.problem is not None:
        return Line(found.outlet.host, f"{found.problem}; not added", failed=True)
    kinds = [source.kind for source in found.sources]
    if not kinds:
        return Line(found.outlet.host, "added, but it names no feed and no sitemap; crawl its pages by their URLs")
    numbers = [_many(kinds.count("feed"), "feed"), _many(kinds.count("sitemap"), "sitemap")]
    name = f"{found.outlet.name} · " if found.outlet.name else ""
    left_out = f"{found.left_out:,} more that it names not taken" if found.left_out else ""
    return Line(found.outlet.host, name + ", ".join(filter(None, [*numbers, left_out])))


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}" if number else ""
