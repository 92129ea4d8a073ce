"""Looking up outlets within a running spider: their hosts, and their working feeds and sitemaps.

    known facts of a host ─▶ does it answer, with or without `www.`? ─▶ do its known feeds work?
    ─▶ else: discovery

Known facts are earlier results (`archive.frontier.outlet_lookups`), else the catalogue's. Discovery
reads robots.txt and the home page and tries the usual paths. Results are stored and take precedence
over the catalogue next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies

from scrapy.http import Request, Response

from archive.errors import ReadingError, SourceError
from archive.frontier.hosts import bare_host, is_mobile_host
from archive.frontier.outlet_lookups import LookupOutcome as Outcome
from archive.frontier.outlet_lookups import OutletLookup, valid_lookups
from archive.records import CatalogueOutlet, Lead, Outlet, Source, SourceKind, current_timestamp
from crawler.network.exchange import outcome_of_error, outcome_of_status
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
    main_host = bare_host(host) if is_mobile_host(host) else host
    hosts = [main_host, *other_www_host(main_host), host]
    if before and before.found_host and before.answers:
        hosts.insert(0, before.found_host)
    schemes = [urlsplit(home).scheme for home in homes]
    facts = given or Outlet(host)
    catalogued = known or CatalogueOutlet(host)
    return WantedOutlet(
        Outlet(
            host,
            facts.name or catalogued.name,
            facts.language or catalogued.language,
            facts.country or catalogued.country,
        ),
        tuple(f"{scheme}://{each}/" for each in dict.fromkeys(hosts) for scheme in schemes),
        (before.feeds if before else ()) or catalogued.feeds,
        (before.sitemaps if before else ()) or catalogued.sitemaps,
    )


class OutletFinder:
    """Looks up outlets with a spider's downloader and workers, and stores them in its archive."""

    def __init__(self, spider: Any) -> None:
        self.spider = spider

    async def add(self, outlets: Iterable[WantedOutlet]) -> AsyncIterator[FoundOutlet]:
        """Look up outlets concurrently; store and yield each as soon as it is found."""
        slots = asyncio.Semaphore(MAX_CONCURRENT_LOOKUPS)

        async def find_with_slot(each: WantedOutlet) -> FoundOutlet:
            async with slots:
                return await self.find(each)

        tasks = [asyncio.ensure_future(find_with_slot(each)) for each in outlets]
        try:
            for ready in asyncio.as_completed(tasks):
                found = await ready
                self.store(found)
                yield found
        finally:
            for task in tasks:
                task.cancel()

    def store(self, found: FoundOutlet) -> None:
        """Store an outlet that was found, and the result of any look-up."""
        archive = self.spider.archive
        if found.problem is None:
            archive.add_outlet(found.outlet, [identify_source(source) for source in found.sources])
        archive.note_lookup(
            OutletLookup(
                found.asked or found.outlet.host,
                current_timestamp(),
                found.outcome,
                found.outlet.host if found.problem is None else None,
                tuple(source.url for source in found.sources if source.kind == "feed"),
                tuple(source.url for source in found.sources if source.kind == "sitemap"),
                found.problem,
            )
        )

    async def find(self, wanted: WantedOutlet) -> FoundOutlet:
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
            found = await self.explore(wanted, home, robots)
            if found.problem is None:
                return found
            empty[host] = found
        if empty:
            return next(iter(empty.values()))
        others = (problem for problem in problems.values() if problem != HOST_NOT_FOUND_PROBLEM)
        problem = next(others, HOST_NOT_FOUND_PROBLEM)
        outcome: Outcome = "gone" if problem == HOST_NOT_FOUND_PROBLEM else "unreachable"
        return FoundOutlet(wanted.outlet, problem=problem, asked=wanted.host, outcome=outcome)

    async def explore(self, wanted: WantedOutlet, home_url: str, robots: Response) -> FoundOutlet:
        """Find name, language, feeds and sitemaps of an outlet at a host that answers."""
        known_feeds = await self.working_sources(wanted.feeds, "feed")
        home = None
        if not (known_feeds and wanted.outlet.name and wanted.outlet.language):
            home, _ = await self.fetch(home_url)
        status = home.status if home is not None else 0
        base, page = home_url, b""
        if home is not None and status == 200:
            base, page = home.url, home.body
        moved = bool(page) and not known_feeds and is_moved_home_page(home_url, base)
        declared = await self.read_home_page(page, base)
        if moved:
            robots = await self.fetch_robots(base)
        named = await likely_robots_sitemaps(self.spider, robots) if robots.status == 200 else []
        named = list(dict.fromkeys([*wanted.sitemaps, *named]))
        feeds, more_feeds = known_feeds, 0
        if not known_feeds:
            feeds, more_feeds = await self.find_sources(
                "feed", declared.feeds, base, USUAL_FEED_PATHS
            )
        sitemaps, more_sitemaps = await self.find_sources(
            "sitemap", named, base, USUAL_SITEMAP_PATHS
        )
        if status in MISSING_PAGE_STATUSES and not feeds and not sitemaps:
            problem = f"its home page is gone (HTTP {status})"
            return FoundOutlet(wanted.outlet, problem=problem, asked=wanted.host, outcome="gone")
        host = urlsplit(base if moved and (feeds or sitemaps) else home_url).netloc
        outlet = replace(
            wanted.outlet,
            host=self.spider.archive.host_known_as(host),
            name=wanted.outlet.name or declared.name,
            language=wanted.outlet.language or declared.language,
        )
        kinds: list[tuple[SourceKind, list[str]]] = [("feed", feeds), ("sitemap", sitemaps)]
        sources = tuple(Source(url, kind, outlet.host) for kind, urls in kinds for url in urls)
        same = registered_domain(f"http://{host}/") == registered_domain(f"http://{wanted.host}/")
        return FoundOutlet(
            outlet,
            sources,
            left_out=more_feeds + more_sitemaps,
            asked=wanted.host,
            outcome="works" if same else "moved",
        )

    async def fetch_robots(self, home: str) -> Response:
        """Return the robots.txt of a home page's host, or an empty answer 404."""
        url = urljoin(home, "/robots.txt")
        robots, _ = await self.fetch(url, dont_obey_robotstxt=True)
        return robots if robots is not None else Response(url, status=404)

    async def read_home_page(self, page: bytes, url: str) -> HomePage:
        """Return what a home page declares; an empty record if it cannot be read."""
        try:
            home: HomePage = await self.spider.workers.read_home(page, url) if page else HomePage()
            return home
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
            for path in usual:
                if await self.is_source(urljoin(base, path), kind):
                    found.append(urljoin(base, path))
                    break
        return found, len(named) - tried

    async def working_sources(self, urls: Sequence[str], kind: SourceKind) -> list[str]:
        """Return the URLs that work as feeds or sitemaps."""
        return [url for url in urls[:MAX_LOOKUP_SOURCES] if await self.is_source(url, kind)]

    async def is_source(self, url: str, kind: SourceKind) -> bool:
        """Return whether a URL is a readable feed or sitemap."""
        response, _ = await self.fetch(url)
        if response is None or response.status != 200:
            return False
        workers = self.spider.workers
        read = workers.read_feed if kind == "feed" else workers.read_sitemap
        try:
            parsed = await read(response.body, response.url)
        except (SourceError, ReadingError):
            return False
        self.note_leads(url, parsed.leads)
        return True

    def note_leads(self, url: str, leads: Sequence[Lead]) -> None:
        """Take note of what a working source lists; here nothing is needed of it."""

    async def fetch(self, url: str, **meta: Any) -> tuple[Response | None, str]:
        """Return the response, or None, and the problem."""
        response, problem = await fetch_by_spider(self.spider, url, **meta)
        self.spider.counts["looked up"] += response is not None
        return response, problem


def looked_up_by(url: str) -> str:
    """Who looks the host's name up: the proxy of the address's scheme, or (empty) this machine."""
    return getproxies().get(urlsplit(url).scheme, "")


async def fetch_by_spider(spider: Any, url: str, **meta: Any) -> tuple[Response | None, str]:
    """Fetch a URL once by a spider's downloader; return the response, or None, and the problem."""
    try:
        response: Response = await spider.crawler.engine.download_async(
            Request(url, meta={"dont_retry": True, **meta})
        )
    except Exception as error:  # any exception of the downloader means that there is no response
        return None, outcome_of_error(error)[1]
    return response, outcome_of_status(response.status).get("reason", "")


async def likely_robots_sitemaps(spider: Any, robots: Response) -> list[str]:
    """Return the sitemaps listed in robots.txt, the likeliest first; empty if it cannot be read."""
    try:
        named: list[str] = await spider.workers.robots_sitemaps(robots.body, robots.url)
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
    archive: Any,
    catalogue: Sequence[CatalogueOutlet],
    hosts: Iterable[str],
    given: Iterable[Outlet] = (),
) -> list[WantedOutlet]:
    """Return what to look up for hosts as a person writes them, each once.

    Raises UsageError for an invalid host.
    """
    from crawler.sources.catalogue import outlet_by_host

    of_list = {outlet.host: outlet for outlet in given}
    earlier = valid_lookups(archive.db)
    outlets: dict[str, WantedOutlet] = {}
    for text in hosts:
        host = urlsplit(home_page_urls(text)[0]).netloc
        each = wanted_outlet(
            text, of_list.get(host), outlet_by_host(catalogue, host), earlier.get(bare_host(host))
        )
        outlets.setdefault(host, each)
    return list(outlets.values())
