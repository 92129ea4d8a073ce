"""`dateline outlet add` and `outlet import`: what to look up, and what to tell of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.articles.outlet_evidence import with_sources
from archive.cli.base import opened
from archive.errors import UsageError
from archive.frontier.hosts import bare_host
from archive.frontier.outlet_lookups import Lookup, lookups
from archive.records import CatalogueOutlet, Outlet, Source, SourceKind
from crawler.files.saved_pages import read_file
from crawler.jobs.run_spider import crawl_settings, run_spider
from crawler.sources.outlet_lists import OutletEntry, read_outlet_file
from crawler.sources.outlet_lookup import Found
from crawler.sources.source_discovery import home_urls
from crawler.spiders.discovery import DiscoverySpider
from crawler.workers import fork_server
from pipelines.identity import file_source


@dataclass(frozen=True, slots=True)
class Line:
    """What is told of one outlet."""

    host: str
    text: str
    failed: bool = False

    def told(self) -> str:
        return f"{self.host}: {self.text}"


def add_outlets(
    folder: Path,
    hosts: Sequence[str],
    known: Iterable[Outlet] = (),
    catalogue: Sequence[CatalogueOutlet] | None = None,
    tell: Callable[[Line], None] | None = None,
    **settings: Any,
) -> list[Line]:
    """Look outlets up and keep them; a line each, in the order of the hosts, and to `tell` as soon
    as it is known.

    Raises UsageError for what is no host.

    What `known` says of them goes before what the `catalogue` does (None: the one that
    DATELINE_CATALOGUE names, else the package's own).
    """
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
            catalogue=None if catalogue is None else tuple(catalogue),
            heard=(lambda found: tell(line_of(found))) if tell else None,
        )
    in_order = {wanted.host: place for place, wanted in enumerate(ran.wanted)}
    return [line_of(found) for found in sorted(ran.found, key=lambda found: in_order[found.asked])]


def import_outlets(folder: Path, file: Path, **settings: Any) -> list[Line]:
    """Take over a list of outlets; those that it gives neither feed nor sitemap of are looked up.

    Raises UsageError where the file cannot be read; what in it cannot be used is a line that
    failed.
    """
    try:
        body = read_file(file)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    read = read_outlet_file(file.name, body)
    lines = [Line(str(file), unread, failed=True) for unread in read.unread]
    lines += [Line(str(file), remark) for remark in (*read.unknown, *read.repeated)]
    given = [entry for entry in read.entries if entry.feeds or entry.sitemaps]
    with Archive(folder) as archive:
        lines += [_keep(archive, entry) for entry in given]
    unknown = [entry for entry in read.entries if entry not in given]
    if unknown:
        lines += add_outlets(
            folder, [entry.host for entry in unknown], map(_outlet, unknown), **settings
        )
    return lines


@dataclass(frozen=True, slots=True)
class Choice:
    """Outlets of a catalogue that are to be added, and those that are not, and why."""

    taken: tuple[CatalogueOutlet, ...]
    here: int
    """How many the archive reads already."""
    not_there: tuple[Lookup, ...]
    """Those that were looked up before and are gone, or did not answer a while ago."""

    def said(self) -> list[str]:
        told = [f"{self.here:,} in the archive already"] if self.here else []
        if self.not_there:
            hosts = ", ".join(lookup.host for lookup in self.not_there[:3])
            more = len(self.not_there) - 3
            hosts += f" and {more} more" if more > 0 else ""
            told.append(f"not there when last looked up, and not tried again so soon: {hosts}")
        return told


def choose(folder: Path, outlets: Sequence[CatalogueOutlet], most: int) -> Choice:
    """Of these outlets the first that the archive does not read, at most so many, and none that was
    just found gone."""
    read: set[str] = set()
    found_out: dict[str, Lookup] = {}
    if (folder / "archive.db").exists():
        with opened(folder) as connection:
            read, found_out = with_sources(connection), lookups(connection)
    here = [each for each in outlets if _read_as(each, found_out) & read]
    gone = [
        lookup
        for each in outlets
        if (lookup := found_out.get(bare_host(each.host))) and not lookup.answers
    ]
    left_out = {bare_host(each.host) for each in here} | {lookup.host for lookup in gone}
    rest = [each for each in outlets if bare_host(each.host) not in left_out]
    return Choice(tuple(rest[:most]), len(here), tuple(gone))


def _read_as(outlet: CatalogueOutlet, found_out: Mapping[str, Lookup]) -> set[str]:
    """The hosts under which the archive may read an outlet: where it is, and where it was found."""
    lookup = found_out.get(bare_host(outlet.host))
    return {bare_host(outlet.host), bare_host(lookup.found_host or "") if lookup else ""}


def _keep(archive: Archive, entry: OutletEntry) -> Line:
    """An outlet with its sources as a list gives them."""
    named: list[tuple[str, SourceKind]] = [(url, "feed") for url in entry.feeds]
    named += [(url, "sitemap") for url in entry.sitemaps]
    try:
        sources = [file_source(Source(url, kind, entry.host)) for url, kind in named]
    except UsageError as error:
        return Line(entry.host, f"{error}; not added", failed=True)
    archive.add_outlet(_outlet(entry), sources)
    return line_of(Found(_outlet(entry), tuple(sources)))


def _outlet(entry: OutletEntry) -> Outlet:
    return Outlet(entry.host, entry.name, entry.language, entry.country)


def line_of(found: Found) -> Line:
    """What is told of an outlet that was looked up."""
    asked = found.asked or found.outlet.host
    if found.problem is not None:
        return Line(asked, f"{found.problem}; not added", failed=True)
    where = "" if found.outlet.host == asked else f"at {found.outlet.host} · "
    where = f"has moved to {found.outlet.host} · " if found.moved_from else where
    kinds = [source.kind for source in found.sources]
    if not kinds:
        return Line(
            asked,
            f"{where}added, but it names no feed and no sitemap; crawl its pages by their URLs",
        )
    numbers = [_many(kinds.count("feed"), "feed"), _many(kinds.count("sitemap"), "sitemap")]
    name = f"{found.outlet.name} · " if found.outlet.name else ""
    left_out = f"{found.left_out:,} more that it names not taken" if found.left_out else ""
    return Line(asked, where + name + ", ".join(filter(None, [*numbers, left_out])))


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}" if number else ""
