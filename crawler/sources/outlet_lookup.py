"""Looking up outlets within a running spider: their hosts, and their working feeds and sitemaps.

    known facts of a host ─▶ does it answer, with or without `www.`? ─▶ do its known feeds work?
    ─▶ else: discovery

Known facts are earlier results (`archive.frontier.outlet_lookups`), else the catalogue's. Discovery
reads robots.txt and the home page and tries the usual paths. Results are stored and take precedence
over the catalogue next time.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies

from scrapy.http import Request, Response

from archive.errors import ReadingError, SourceError
from archive.frontier.hosts import bare_host, is_mobile_host
from archive.frontier.outlet_lookups import LookupOutcome as Outcome
from archive.frontier.outlet_lookups import OutletLookup, store_lookup, valid_lookups
from archive.frontier.urls import add_outlet_with_sources, outlet_host_in_archive
from archive.records import CatalogueOutlet, Lead, Outlet, Source, SourceKind, current_timestamp
from archive.storage.database import transaction
from crawler.network.crawl_engine import CrawlEngine
from crawler.sources.feed_parser import ParsedFeed
from crawler.sources.sitemap_parser import ParsedSitemap
from crawler.sources.source_discovery import (
    USUAL_FEED_PATHS,
    USUAL_SITEMAP_PATHS,
    HomePage,
    home_page_urls,
    likeliest_sitemaps_first,
    other_www_host,
)
from pipelines.identity import identify_source
from pipelines.urls import registered_domain

MAX_CONCURRENT_LOOKUPS = 32
"""Outlets that are looked up concurrently."""
MAX_LOOKUP_SOURCES = 12
"""Feeds, and sitemaps, of one outlet that are stored …"""
MAX_LOOKUP_SOURCE_REQUESTS = 24
"""… and requested, since some of those listed in robots.txt are gone."""
HOST_NOT_FOUND_PROBLEM = "host name not found"
MISSING_PAGE_STATUSES = (404, 410, 451)


@dataclass(frozen=True, slots=True)
class FoundOutlet:
    """The result of looking up an outlet."""

    outlet: Outlet
    """With the host that answers."""
    sources: tuple[Source, ...] = ()
    problem: str | None = None
    """Why the outlet was not found and is not stored, or None."""
    left_out: int = 0
    """Number of listed feeds and sitemaps that were not requested."""
    asked: str = ""
    """The host that was requested."""
    outcome: Outcome = "works"

    @property
    def moved_from(self) -> str | None:
        """The host that was requested, if it belongs to another outlet now."""
        return self.asked if self.outcome == "moved" else None


@dataclass(frozen=True, slots=True)
class WantedOutlet:
    """An outlet to look up, with the facts known so far."""

    outlet: Outlet
    homes: tuple[str, ...]
    """URLs of its home page to try, the likeliest first."""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host to look up."""
        return self.outlet.host


def wanted_outlet(
    text: str,
    given: Outlet | None = None,
    known: CatalogueOutlet | None = None,
    before: OutletLookup | None = None,
) -> WantedOutlet:
    """Return what to look up for a host or URL as a person writes it.

    Facts come from the person's list (`given`), the catalogue (`known`) and the last result
    (`before`). Raises UsageError for an invalid host.
    """
    homes = home_page_urls(text)
    host = urlsplit(homes[0]).netloc
    schemes = [urlsplit(home).scheme for home in homes]
    hosts = _hosts_to_try(host, before)
    catalogued = known or CatalogueOutlet(host)
    feeds = before.feeds if before else ()
    sitemaps = before.sitemaps if before else ()
    return WantedOutlet(
        _outlet_of_facts(host, given or Outlet(host), catalogued),
        homes=tuple(f"{scheme}://{each}/" for each in hosts for scheme in schemes),
        feeds=feeds or catalogued.feeds,
        sitemaps=sitemaps or catalogued.sitemaps,
    )


def _hosts_to_try(host: str, before: OutletLookup | None) -> list[str]:
    """Return the hosts of an outlet's home page, the one found before first, each once.

    A mobile host comes after the main ones.
    """
    found_before = [before.found_host] if before and before.answers and before.found_host else []
    main_host = bare_host(host) if is_mobile_host(host) else host
    hosts = [*found_before, main_host, *other_www_host(main_host), host]
    return list(dict.fromkeys(hosts))


def _outlet_of_facts(host: str, given: Outlet, catalogued: CatalogueOutlet) -> Outlet:
    """Return an outlet with the facts of a person's list, else those of the catalogue."""
    return Outlet(
        host,
        given.name or catalogued.name,
        given.language or catalogued.language,
        given.country or catalogued.country,
    )


@dataclass(frozen=True, slots=True)
class AnsweredHome:
    """The answer of a home page; without a page if it was not requested or did not answer."""

    url: str
    """Where redirects led, if a page came; else the URL that was requested."""
    page: bytes = b""
    status: int = 0


def completed_outlet(outlet: Outlet, declared: HomePage) -> Outlet:
    """Return an outlet with what its home page declares, where nothing better is known."""
    name = outlet.name or declared.name
    language = outlet.language or declared.language
    return replace(outlet, name=name, language=language)


class SourceParsers(Protocol):
    """Parses strangers' documents, in other processes."""

    async def read_feed(self, body: bytes, url: str) -> ParsedFeed:
        """Return the parsed feed; raises SourceError and ReadingError."""
        ...

    async def read_sitemap(self, body: bytes, url: str) -> ParsedSitemap:
        """Return the parsed sitemap; raises SourceError and ReadingError."""
        ...

    async def read_home_page(self, body: bytes, url: str) -> HomePage:
        """Return what a home page declares; raises ReadingError."""
        ...

    async def read_robots_sitemaps(self, body: bytes, url: str) -> list[str]:
        """Return the sitemaps that a robots.txt names; raises ReadingError."""
        ...


class LookupSession(Protocol):
    """The part of a crawl's session with which outlets are looked up and stored."""

    @property
    def db(self) -> sqlite3.Connection:
        """The connection to the archive."""
        ...

    @property
    def workers(self) -> SourceParsers:
        """The processes that parse documents."""
        ...

    @property
    def engine(self) -> CrawlEngine:
        """The engine that sends requests."""
        ...

    @property
    def counts(self) -> Counter[str]:
        """Numbers for the report of the crawl."""
        ...


class OutletFinder:
    """Looks up outlets with the means of a crawl, and stores them in its archive."""

    def __init__(self, session: LookupSession) -> None:
        self.session = session

    async def find_and_store(self, outlets: Iterable[WantedOutlet]) -> AsyncIterator[FoundOutlet]:
        """Look up outlets concurrently; store and yield each as soon as it is found."""
        slots = asyncio.Semaphore(MAX_CONCURRENT_LOOKUPS)

        async def find_with_slot(each: WantedOutlet) -> FoundOutlet:
            async with slots:
                return await self.find_outlet(each)

        tasks = [asyncio.ensure_future(find_with_slot(each)) for each in outlets]
        try:
            for ready in asyncio.as_completed(tasks):
                found = await ready
                self.store_result(found)
                yield found
        finally:
            for task in tasks:
                task.cancel()

    def store_result(self, found: FoundOutlet) -> None:
        """Store an outlet that was found, and the result of any look-up."""
        sources = [identify_source(source) for source in found.sources]
        lookup = OutletLookup(
            found.asked or found.outlet.host,
            current_timestamp(),
            found.outcome,
            found.outlet.host if found.problem is None else None,
            tuple(source.url for source in found.sources if source.kind == "feed"),
            tuple(source.url for source in found.sources if source.kind == "sitemap"),
            found.problem,
        )
        with transaction(self.session.db) as db:
            if found.problem is None:
                add_outlet_with_sources(db, found.outlet, sources)
            store_lookup(db, lookup)

    async def find_outlet(self, wanted: WantedOutlet) -> FoundOutlet:
        """Find an outlet at the first of its hosts that answers for robots.txt.

        A host that answers but has neither a home page nor a feed is used only if no other host
        has one.
        """
        problems: dict[tuple[str, str], str] = {}
        empty: dict[str, FoundOutlet] = {}
        for home in wanted.homes:
            host = urlsplit(home).netloc
            way = host, looked_up_by(home)
            if problems.get(way) == HOST_NOT_FOUND_PROBLEM or host in empty:
                continue
            robots, problems[way] = await self.fetch(
                urljoin(home, "/robots.txt"), dont_obey_robotstxt=True
            )
            if robots is None or robots.status >= 500:
                continue
            found = await self.explore_host(wanted, home, robots)
            if found.problem is None:
                return found
            empty[host] = found
        if empty:
            return next(iter(empty.values()))
        return outlet_not_found(wanted, problems.values())

    async def explore_host(
        self, wanted: WantedOutlet, home_url: str, robots: Response
    ) -> FoundOutlet:
        """Find name, language, feeds and sitemaps of an outlet at a host that answers."""
        feeds, more_feeds = await self.working_sources(wanted.feeds, "feed"), 0
        home = AnsweredHome(home_url)
        if not (feeds and wanted.outlet.name and wanted.outlet.language):
            home = await self.fetch_home(home_url)
        moved = bool(home.page) and not feeds and is_moved_home_page(home_url, home.url)
        declared = await self.read_home_page(home.page, home.url)
        if moved:
            robots = await self.fetch_robots(home.url)
        in_robots = await likely_robots_sitemaps(self.session.workers, robots)
        named = list(dict.fromkeys([*wanted.sitemaps, *in_robots]))
        if not feeds:
            feeds, more_feeds = await self.find_sources(
                "feed", declared.feeds, home.url, USUAL_FEED_PATHS
            )
        sitemaps, more_sitemaps = await self.find_sources(
            "sitemap", named, home.url, USUAL_SITEMAP_PATHS
        )
        has_source = bool(feeds or sitemaps)
        if home.status in MISSING_PAGE_STATUSES and not has_source:
            problem = f"its home page is gone (HTTP {home.status})"
            return FoundOutlet(wanted.outlet, problem=problem, asked=wanted.host, outcome="gone")
        host = urlsplit(home.url if moved and has_source else home_url).netloc
        outlet = replace(
            completed_outlet(wanted.outlet, declared),
            host=outlet_host_in_archive(self.session.db, host),
        )
        return FoundOutlet(
            outlet,
            sources_of_outlet(outlet.host, feeds, sitemaps),
            left_out=more_feeds + more_sitemaps,
            asked=wanted.host,
            outcome="works" if is_same_site(host, wanted.host) else "moved",
        )

    async def fetch_home(self, home_url: str) -> AnsweredHome:
        """Return the answer of a home page."""
        home, _ = await self.fetch(home_url)
        if home is None:
            return AnsweredHome(home_url)
        if home.status != 200:
            return AnsweredHome(home_url, status=home.status)
        return AnsweredHome(home.url, home.body, home.status)

    async def fetch_robots(self, home: str) -> Response:
        """Return the robots.txt of a home page's host, or an empty answer 404."""
        url = urljoin(home, "/robots.txt")
        robots, _ = await self.fetch(url, dont_obey_robotstxt=True)
        return robots if robots is not None else Response(url, status=404)

    async def read_home_page(self, page: bytes, url: str) -> HomePage:
        """Return what a home page declares; an empty record if it cannot be read."""
        try:
            return await self.session.workers.read_home_page(page, url) if page else HomePage()
        except ReadingError:
            return HomePage()

    async def find_sources(
        self, kind: SourceKind, named: Sequence[str], base: str, usual: Sequence[str]
    ) -> tuple[list[str], int]:
        """Return the listed URLs that work as feeds or sitemaps, and how many were not requested.

        If none works, the first of the usual paths that does is returned.
        """
        found: list[str] = []
        tried = 0
        for url in named[:MAX_LOOKUP_SOURCE_REQUESTS]:
            if len(found) == MAX_LOOKUP_SOURCES:
                break
            tried += 1
            if await self.is_source(url, kind):
                found.append(url)
        if not found:
            found = await self.first_usual_source(kind, base, usual)
        return found, len(named) - tried

    async def first_usual_source(
        self, kind: SourceKind, base: str, paths: Sequence[str]
    ) -> list[str]:
        """Return the first of the usual paths that works as a feed or sitemap; empty if none does."""
        for path in paths:
            url = urljoin(base, path)
            if await self.is_source(url, kind):
                return [url]
        return []

    async def working_sources(self, urls: Sequence[str], kind: SourceKind) -> list[str]:
        """Return the URLs that work as feeds or sitemaps."""
        return [url for url in urls[:MAX_LOOKUP_SOURCES] if await self.is_source(url, kind)]

    async def is_source(self, url: str, kind: SourceKind) -> bool:
        """Return whether a URL is a readable feed or sitemap."""
        response, _ = await self.fetch(url)
        if response is None or response.status != 200:
            return False
        try:
            leads = await self._leads_of_source(kind, response.body, response.url)
        except (SourceError, ReadingError):
            return False
        self.note_leads(url, leads)
        return True

    async def _leads_of_source(self, kind: SourceKind, body: bytes, url: str) -> tuple[Lead, ...]:
        """Return the leads of a feed or sitemap; raises SourceError and ReadingError."""
        workers = self.session.workers
        if kind == "feed":
            return (await workers.read_feed(body, url)).leads
        return (await workers.read_sitemap(body, url)).leads

    def note_leads(self, url: str, leads: Sequence[Lead]) -> None:
        """Take note of what a working source lists; here nothing is needed of it."""

    async def fetch(self, url: str, **meta: Any) -> tuple[Response | None, str]:
        """Return the response, or None, and the problem."""
        response, problem = await fetch_once(self.session.engine, url, **meta)
        self.session.counts["looked up"] += response is not None
        return response, problem


def looked_up_by(url: str) -> str:
    """Who looks the host's name up: the proxy of the address's scheme, or (empty) this machine."""
    return getproxies().get(urlsplit(url).scheme, "")


def outlet_not_found(wanted: WantedOutlet, problems: Iterable[str]) -> FoundOutlet:
    """Return the result for an outlet of which no host answers, with the problem to report."""
    others = (problem for problem in problems if problem != HOST_NOT_FOUND_PROBLEM)
    problem = next(others, HOST_NOT_FOUND_PROBLEM)
    outcome: Outcome = "gone" if problem == HOST_NOT_FOUND_PROBLEM else "unreachable"
    return FoundOutlet(wanted.outlet, problem=problem, asked=wanted.host, outcome=outcome)


def sources_of_outlet(
    host: str, feeds: Sequence[str], sitemaps: Sequence[str]
) -> tuple[Source, ...]:
    """Return the sources of an outlet, its feeds first."""
    return (
        *(Source(url, "feed", host) for url in feeds),
        *(Source(url, "sitemap", host) for url in sitemaps),
    )


def is_same_site(host: str, other: str) -> bool:
    """Return whether two hosts belong to the same registered domain."""
    return registered_domain(f"http://{host}/") == registered_domain(f"http://{other}/")


async def fetch_once(engine: CrawlEngine, url: str, **meta: Any) -> tuple[Response | None, str]:
    """Fetch a URL without repetition; return the response, or None, and the problem."""
    return await engine.try_download(Request(url, meta={"dont_retry": True, **meta}))


async def likely_robots_sitemaps(workers: SourceParsers, robots: Response) -> list[str]:
    """Return the sitemaps listed in robots.txt, the likeliest first; empty if it cannot be read."""
    if robots.status != 200:
        return []
    try:
        named = await workers.read_robots_sitemaps(robots.body, robots.url)
    except ReadingError:
        return []
    return likeliest_sitemaps_first(named, current_timestamp())


def is_moved_home_page(asked: str, answered: str) -> bool:
    """Return whether a home page redirects to another outlet's home page.

    A log-in or consent page on another host does not count.
    """
    target = urlsplit(answered)
    path = [part for part in target.path.split("/") if part]
    is_home = len(path) <= 1 and not target.query
    is_outlet = not any(part in target.netloc for part in LOGIN_HOST_PARTS)
    return is_home and is_outlet and registered_domain(asked) != registered_domain(answered)


LOGIN_HOST_PARTS = ("consent.", "login.", "auth.", "accounts.", "sso.", "privacy.", "guce.")
"""Parts of host names that serve log-in or consent pages for other hosts."""


def wanted_outlets(
    connection: sqlite3.Connection,
    catalogue: Sequence[CatalogueOutlet],
    hosts: Iterable[str],
    given: Iterable[Outlet] = (),
) -> list[WantedOutlet]:
    """Return what to look up for hosts as a person writes them, each once.

    Raises UsageError for an invalid host.
    """
    from crawler.sources.catalogue import outlet_by_host

    of_list = {outlet.host: outlet for outlet in given}
    earlier = valid_lookups(connection)
    outlets: dict[str, WantedOutlet] = {}
    for text in hosts:
        host = urlsplit(home_page_urls(text)[0]).netloc
        each = wanted_outlet(
            text, of_list.get(host), outlet_by_host(catalogue, host), earlier.get(bare_host(host))
        )
        outlets.setdefault(host, each)
    return list(outlets.values())
