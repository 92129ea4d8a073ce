"""Looking outlets up, inside a spider that runs: where they are, and which feeds and sitemaps of
theirs work.

    what is known of a host ─▶ does it answer, with or without `www.`? ─▶ do its known feeds work?
    ─▶ else: discovery

What is known is what was found out before (`archive.frontier.outlet_lookups`), else what a
catalogue says. Discovery reads robots.txt and the home page and tries the usual paths. What comes
of it is kept, and goes before the catalogue next time.
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
from archive.frontier.hosts import bare_host, is_twin_host
from archive.frontier.outlet_lookups import Found as Outcome
from archive.frontier.outlet_lookups import Lookup, lookups
from archive.records import CatalogueOutlet, Outlet, Source, SourceKind, now
from crawler.network.exchange import judge_failure, judge_status
from crawler.sources.source_discovery import (
    USUAL_FEED_PATHS,
    USUAL_SITEMAP_PATHS,
    Home,
    home_urls,
    likeliest_first,
    with_and_without_www,
)
from pipelines.identity import file_source
from pipelines.urls import registered_domain

AT_ONCE = 32
"""Outlets looked up at the same time."""
MOST_SOURCES = 12
"""Feeds, and sitemaps, of one outlet that are kept …"""
MOST_TRIED = 24
"""… and asked for, as some of those that a robots.txt names are gone."""
NO_SUCH_HOST = "host name not found"
NOT_THERE = (404, 410, 451)


@dataclass(frozen=True, slots=True)
class Found:
    """An outlet as it was found, or why it was not."""

    outlet: Outlet
    """Under the host where it answers."""
    sources: tuple[Source, ...] = ()
    problem: str | None = None
    """Set where the outlet is not there; it is not kept then."""
    left_out: int = 0
    """Feeds and sitemaps that it names and that were not asked for."""
    asked: str = ""
    """The host that was asked for."""
    outcome: Outcome = "works"

    @property
    def moved_from(self) -> str | None:
        """The host that was asked for, where it is another outlet's address now."""
        return self.asked if self.outcome == "moved" else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """An outlet to look up, with what is known of it before."""

    outlet: Outlet
    homes: tuple[str, ...]
    """Addresses of its home page to try, the likeliest first."""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        return self.outlet.host


def wanted(
    text: str,
    given: Outlet | None = None,
    known: CatalogueOutlet | None = None,
    before: Lookup | None = None,
) -> Wanted:
    """What to look for, of a host or address as somebody names it.

    `given`: what a list says of it; `known`: what the catalogue does; `before`: what was found out
    the last time. Raises UsageError for what is no host.
    """
    homes = home_urls(text)
    host = urlsplit(homes[0]).netloc
    proper = bare_host(host) if is_twin_host(host) else host
    tried = list(dict.fromkeys([proper, *with_and_without_www(proper), host]))
    if before and before.found_host and before.answers:
        tried = list(dict.fromkeys([before.found_host, *tried]))
    schemes = [urlsplit(home).scheme for home in homes]
    facts = given or Outlet(host)
    return Wanted(
        Outlet(
            host,
            facts.name or (known.name if known else None),
            facts.language or (known.language if known else None),
            facts.country or (known.country if known else None),
        ),
        tuple(f"{scheme}://{each}/" for each in tried for scheme in schemes),
        (before.feeds if before else ()) or (known.feeds if known else ()),
        (before.sitemaps if before else ()) or (known.sitemaps if known else ()),
    )


class LookUp:
    """Looks outlets up with a spider's downloader and readers, and keeps them in its archive."""

    def __init__(self, spider: Any) -> None:
        self.spider = spider

    async def add(self, outlets: Iterable[Wanted]) -> AsyncIterator[Found]:
        """Look outlets up, many at once, and keep those that are there, each as soon as it was
        found."""
        places = asyncio.Semaphore(AT_ONCE)

        async def in_turn(each: Wanted) -> Found:
            async with places:
                return await self.find(each)

        under_way = [asyncio.ensure_future(in_turn(each)) for each in outlets]
        try:
            for ready in asyncio.as_completed(under_way):
                found = await ready
                self.keep(found)
                yield found
        finally:
            for each in under_way:
                each.cancel()

    def keep(self, found: Found) -> None:
        """An outlet that was found goes into the archive, and what was found out of any."""
        archive = self.spider.archive
        if found.problem is None:
            archive.add_outlet(found.outlet, [file_source(source) for source in found.sources])
        archive.note_lookup(
            Lookup(
                found.asked or found.outlet.host,
                now(),
                found.outcome,
                found.outlet.host if found.problem is None else None,
                tuple(source.url for source in found.sources if source.kind == "feed"),
                tuple(source.url for source in found.sources if source.kind == "sitemap"),
                found.problem,
            )
        )

    async def find(self, wanted: Wanted) -> Found:
        """An outlet, where it answers first: robots.txt says whether a host is there.

        A host that answers but has neither a home page nor a feed is only taken where no other has
        one.
        """
        problems: dict[tuple[str, str], str] = {}
        empty: dict[str, Found] = {}
        for home in wanted.homes:
            host = urlsplit(home).netloc
            way = host, looked_up_by(home)
            if problems.get(way) == NO_SUCH_HOST or host in empty:
                continue
            robots, problems[way] = await self.get(
                urljoin(home, "/robots.txt"), dont_obey_robotstxt=True
            )
            if robots is None or robots.status >= 500:
                continue
            found = await self.look_around(wanted, home, robots)
            if found.problem is None:
                return found
            empty[host] = found
        if empty:
            return next(iter(empty.values()))
        why = next(
            (problem for problem in problems.values() if problem != NO_SUCH_HOST), NO_SUCH_HOST
        )
        outcome: Outcome = "gone" if why == NO_SUCH_HOST else "unreachable"
        return Found(wanted.outlet, problem=why, asked=wanted.host, outcome=outcome)

    async def look_around(self, wanted: Wanted, home_url: str, robots: Response) -> Found:
        """What there is at a host that answers."""
        of_known = await self.working(wanted.feeds, "feed")
        if of_known and wanted.outlet.name and wanted.outlet.language:
            home = None  # it could say nothing new
        else:
            home, _ = await self.get(home_url)
        status = home.status if home is not None else 0
        base, page = (
            (home.url, home.body) if home is not None and status == 200 else (home_url, b"")
        )
        moved = bool(page) and not of_known and moved_to(home_url, base)
        said = await self.home(page, base)
        robots = await self.robots_of(base) if moved else robots
        named = await sitemaps_named(self.spider, robots) if robots.status == 200 else []
        named = list(dict.fromkeys([*wanted.sitemaps, *named]))
        feeds, more_feeds = (
            (of_known, 0)
            if of_known
            else await self.sources("feed", said.feeds, base, USUAL_FEED_PATHS)
        )
        sitemaps, more_sitemaps = await self.sources("sitemap", named, base, USUAL_SITEMAP_PATHS)
        if status in NOT_THERE and not feeds and not sitemaps:
            return Found(
                wanted.outlet,
                problem=f"its home page is gone (HTTP {status})",
                asked=wanted.host,
                outcome="gone",
            )
        host = urlsplit(base if moved and (feeds or sitemaps) else home_url).netloc
        outlet = replace(
            wanted.outlet,
            host=self.spider.archive.host_known_as(host),
            name=wanted.outlet.name or said.name,
            language=wanted.outlet.language or said.language,
        )
        kinds: list[tuple[SourceKind, list[str]]] = [("feed", feeds), ("sitemap", sitemaps)]
        found = tuple(Source(url, kind, outlet.host) for kind, urls in kinds for url in urls)
        same = registered_domain(f"http://{host}/") == registered_domain(f"http://{wanted.host}/")
        return Found(
            outlet,
            found,
            None,
            more_feeds + more_sitemaps,
            wanted.host,
            "works" if same else "moved",
        )

    async def robots_of(self, home: str) -> Response:
        """Of the host that another one sends to; an empty one where there is none."""
        url = urljoin(home, "/robots.txt")
        robots, _ = await self.get(url, dont_obey_robotstxt=True)
        return robots if robots is not None else Response(url, status=404)

    async def home(self, page: bytes, url: str) -> Home:
        """What a home page says; nothing, where it cannot be read."""
        try:
            said: Home = await self.spider.workers.read_home(page, url) if page else Home()
            return said
        except ReadingError:
            return Home()

    async def sources(
        self, kind: SourceKind, named: Sequence[str], base: str, usual: Sequence[str]
    ) -> tuple[list[str], int]:
        """Those of the named addresses that are what they say, and how many were not asked for.

        If none is, the first of the usual paths that is.
        """
        found: list[str] = []
        tried = 0
        for url in named[:MOST_TRIED]:
            if len(found) == MOST_SOURCES:
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

    async def working(self, urls: Sequence[str], kind: SourceKind) -> list[str]:
        return [url for url in urls[:MOST_SOURCES] if await self.is_source(url, kind)]

    async def is_source(self, url: str, kind: SourceKind) -> bool:
        response, _ = await self.get(url)
        if response is None or response.status != 200:
            return False
        workers = self.spider.workers
        read = workers.read_feed if kind == "feed" else workers.read_sitemap
        try:
            await read(response.body, response.url)
        except (SourceError, ReadingError):
            return False
        return True

    async def get(self, url: str, **meta: Any) -> tuple[Response | None, str]:
        """The answer, or None, and what is wrong with it."""
        response, problem = await answer(self.spider, url, **meta)
        self.spider.counts["looked up"] += response is not None
        return response, problem


def looked_up_by(url: str) -> str:
    """Who looks the host's name up: the proxy of the address's scheme, or (empty) this machine."""
    return getproxies().get(urlsplit(url).scheme, "")


async def answer(spider: Any, url: str, **meta: Any) -> tuple[Response | None, str]:
    """What a spider's downloader gets, asked once; or None, and what is wrong with it."""
    try:
        response: Response = await spider.crawler.engine.download_async(
            Request(url, meta={"dont_retry": True, **meta})
        )
    except Exception as error:  # whatever the downloader raises means that nothing came
        return None, judge_failure(error)[1]
    return response, judge_status(response.status).get("reason", "")


async def sitemaps_named(spider: Any, robots: Response) -> list[str]:
    """The sitemaps that a robots.txt names, the likeliest first; none where it cannot be read."""
    try:
        named: list[str] = await spider.workers.robots_sitemaps(robots.body, robots.url)
    except ReadingError:
        return []
    return likeliest_first(named, now())


def moved_to(asked: str, answered: str) -> bool:
    """Does a home page answer at another outlet's home page? A log-in or a consent page of another
    host is none."""
    there = urlsplit(answered)
    path = [part for part in there.path.split("/") if part]
    is_home = (
        len(path) <= 1 and not there.query and not any(sign in there.netloc for sign in NO_OUTLET)
    )
    return is_home and registered_domain(asked) != registered_domain(answered)


NO_OUTLET = ("consent.", "login.", "auth.", "accounts.", "sso.", "privacy.", "guce.")
"""How hosts begin that only stand before others."""


def known_of(
    archive: Any,
    catalogue: Sequence[CatalogueOutlet],
    hosts: Iterable[str],
    given: Iterable[Outlet] = (),
) -> list[Wanted]:
    """What to look for, of hosts as somebody names them: each once. Raises UsageError for what is
    no host."""
    from crawler.sources.catalogue import by_host

    of_list = {outlet.host: outlet for outlet in given}
    found_out = lookups(archive.db)
    outlets: dict[str, Wanted] = {}
    for text in hosts:
        host = urlsplit(home_urls(text)[0]).netloc
        each = wanted(
            text, of_list.get(host), by_host(catalogue, host), found_out.get(bare_host(host))
        )
        outlets.setdefault(host, each)
    return list(outlets.values())
