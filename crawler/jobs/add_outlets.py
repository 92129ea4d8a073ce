"""Jobs behind `dateline outlet add` and `outlet import`: look outlets up and report them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.articles.outlet_evidence import hosts_with_sources
from archive.cli.base import opened_archive
from archive.errors import UsageError
from archive.frontier.hosts import bare_host
from archive.frontier.outlet_lookups import OutletLookup, valid_lookups
from archive.frontier.urls import add_outlet_with_sources
from archive.progress import ProgressReport, ignore_progress
from archive.records import CatalogueOutlet, Outlet, Source, SourceKind
from archive.storage.database import transaction
from crawler.files.saved_pages import read_page_file
from crawler.jobs.run_spider import crawl_settings, run_spider
from crawler.sources.outlet_lists import OutletEntry, parse_outlet_list
from crawler.sources.outlet_lookup import FoundOutlet
from crawler.sources.source_discovery import home_page_urls
from crawler.spiders.discovery import DiscoverySpider
from crawler.workers import fork_server
from pipelines.identity import identify_source


@dataclass(frozen=True, slots=True)
class OutletLine:
    """The result for one outlet."""

    host: str
    text: str
    failed: bool = False

    def told(self) -> str:
        """Return the result as a line of text."""
        return f"{self.host}: {self.text}"


def add_outlets(
    folder: Path,
    hosts: Sequence[str],
    known: Iterable[Outlet] = (),
    catalogue: Sequence[CatalogueOutlet] | None = None,
    tell: Callable[[OutletLine], None] | None = None,
    report: ProgressReport = ignore_progress,
    **settings: Any,
) -> list[OutletLine]:
    """Look outlets up and store them; return a line for each, in the order of the hosts.

    `tell` gets each line as soon as it is known, `report` the number of outlets looked up. What
    `known` states about an outlet takes precedence over the `catalogue` (None: the one that
    DATELINE_CATALOGUE names, else the built-in one). Raises UsageError for an invalid host.
    """
    for host in hosts:
        home_page_urls(host)  # raises UsageError before anything starts
    fork_server.start_fork_server()

    looked_up = count(1)

    def take_found_outlet(found: FoundOutlet) -> None:
        """Pass on the result of one outlet."""
        report(next(looked_up), len(hosts))
        if tell:
            tell(outlet_line(found))

    with Archive(folder) as archive:
        ran = run_spider(
            DiscoverySpider,
            crawl_settings(folder, EXTENSIONS={}, **settings),  # without its progress line
            archive=archive,
            hosts=",".join(hosts),
            outlets_known=known,
            catalogue=None if catalogue is None else tuple(catalogue),
            heard=take_found_outlet,
        )
    in_order = {wanted.host: place for place, wanted in enumerate(ran.wanted)}
    return [
        outlet_line(found) for found in sorted(ran.found, key=lambda found: in_order[found.asked])
    ]


def import_outlets(
    folder: Path, file: Path, report: ProgressReport = ignore_progress, **settings: Any
) -> list[OutletLine]:
    """Import a list of outlets; those without a feed or sitemap in it are looked up.

    Raises UsageError where the file cannot be read; an unusable entry is a line that failed.
    """
    try:
        body = read_page_file(file)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error
    read = parse_outlet_list(file.name, body)
    lines = [OutletLine(str(file), unread, failed=True) for unread in read.unread]
    lines += [OutletLine(str(file), remark) for remark in (*read.unknown, *read.repeated)]
    given = [entry for entry in read.entries if entry.feeds or entry.sitemaps]
    with Archive(folder) as archive:
        lines += [_store_listed_outlet(archive, entry) for entry in given]
    unknown = [entry for entry in read.entries if entry not in given]
    if unknown:
        hosts = [entry.host for entry in unknown]
        outlets = map(_outlet_of_entry, unknown)
        lines += add_outlets(folder, hosts, outlets, report=report, **settings)
    return lines


@dataclass(frozen=True, slots=True)
class CatalogueChoice:
    """The outlets of a catalogue to add, and those that are left out."""

    taken: tuple[CatalogueOutlet, ...]
    here: int
    """Number of outlets that the archive reads already."""
    not_there: tuple[OutletLookup, ...]
    """Outlets whose latest search for sources failed: gone, or without an answer recently."""

    def said(self) -> list[str]:
        """Return remarks on the outlets that are left out."""
        remarks = [f"{self.here:,} in the archive already"] if self.here else []
        if self.not_there:
            hosts = ", ".join(lookup.host for lookup in self.not_there[:3])
            more = len(self.not_there) - 3
            if more > 0:
                hosts += f" and {more} more"
            remarks.append(f"gone when last looked up, and not tried again yet: {hosts}")
        return remarks


def choose_outlets(folder: Path, outlets: Sequence[CatalogueOutlet], most: int) -> CatalogueChoice:
    """Choose the first `most` outlets that the archive does not read and no look-up found gone."""
    read: set[str] = set()
    found_out: dict[str, OutletLookup] = {}
    if (folder / "archive.db").exists():
        with opened_archive(folder) as connection:
            read, found_out = hosts_with_sources(connection), valid_lookups(connection)
    here = [each for each in outlets if _hosts_of_outlet(each, found_out) & read]
    known = [found_out.get(bare_host(each.host)) for each in outlets]
    gone = [lookup for lookup in known if lookup and not lookup.answers]
    left_out = {bare_host(each.host) for each in here} | {lookup.host for lookup in gone}
    rest = [each for each in outlets if bare_host(each.host) not in left_out]
    return CatalogueChoice(tuple(rest[:most]), len(here), tuple(gone))


def _hosts_of_outlet(outlet: CatalogueOutlet, found_out: Mapping[str, OutletLookup]) -> set[str]:
    """Return the hosts under which the archive may read an outlet: listed and found."""
    lookup = found_out.get(bare_host(outlet.host))
    found_host = lookup.found_host if lookup else None
    return {bare_host(outlet.host), bare_host(found_host or "")}


def _store_listed_outlet(archive: Archive, entry: OutletEntry) -> OutletLine:
    """Store an outlet with the sources that a list gives."""
    named: list[tuple[str, SourceKind]] = [(url, "feed") for url in entry.feeds]
    named += [(url, "sitemap") for url in entry.sitemaps]
    try:
        sources = [identify_source(Source(url, kind, entry.host)) for url, kind in named]
    except UsageError as error:
        return OutletLine(entry.host, f"{error}; not added", failed=True)
    with transaction(archive.db) as db:
        add_outlet_with_sources(db, _outlet_of_entry(entry), sources)
    return outlet_line(FoundOutlet(_outlet_of_entry(entry), tuple(sources)))


def _outlet_of_entry(entry: OutletEntry) -> Outlet:
    return Outlet(entry.host, entry.name, entry.language, entry.country)


def outlet_line(found: FoundOutlet) -> OutletLine:
    """Return the line about an outlet that was looked up."""
    asked = found.asked or found.outlet.host
    if found.problem is not None:
        return OutletLine(asked, f"{found.problem}; not added", failed=True)
    where = ""
    if found.moved_from:
        where = f"moved to {found.outlet.host} · "
    elif found.outlet.host != asked:
        where = f"at {found.outlet.host} · "
    kinds = [source.kind for source in found.sources]
    if not kinds:
        return OutletLine(
            asked, f"{where}added without a feed or sitemap; crawl its pages by their URLs"
        )
    numbers = [
        _count_of_sources(kinds.count("feed"), "feed"),
        _count_of_sources(kinds.count("sitemap"), "sitemap"),
    ]
    name = f"{found.outlet.name} · " if found.outlet.name else ""
    left_out = f"{found.left_out:,} more skipped" if found.left_out else ""
    return OutletLine(asked, where + name + ", ".join(filter(None, [*numbers, left_out])))


def _count_of_sources(number: int, word: str) -> str:
    """Return a number with its noun, or nothing for zero."""
    if not number:
        return ""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
