"""`scrapy crawl discovery -a hosts=HOST,HOST`: find the feeds and sitemaps of outlets and keep them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.http import Request, Response

from archive.errors import ReadingError, SourceError
from archive.records import Outlet, Source, SourceKind, now
from crawler.discovery import (
    USUAL_FEED_PATHS,
    USUAL_SITEMAP_PATHS,
    Home,
    home_urls,
    likeliest_first,
)
from crawler.fetching import judge_failure, judge_status
from crawler.spiders.base import ArchiveSpider
from pipelines.identity import file_source

AT_ONCE = 32
"""Outlets looked up at the same time."""
MOST_SOURCES = 12
"""Feeds, and sitemaps, of one outlet that are kept …"""
MOST_TRIED = 24
"""… and asked for, as some of those that a robots.txt names are gone."""


@dataclass(frozen=True, slots=True)
class Found:
    """An outlet as it was found, or why it was not."""

    outlet: Outlet
    sources: tuple[Source, ...] = ()
    problem: str | None = None
    """Set where the outlet cannot be reached; it is not kept then."""
    left_out: int = 0
    """Feeds and sitemaps that it names and that were not asked for."""


class DiscoverySpider(ArchiveSpider):
    """`hosts`: host names or addresses parted by commas. Raises UsageError for one that is neither.

    What was found is in `found`, in the order in which it came, and in the archive.
    """

    name = "discovery"
    custom_settings = {"ITEM_PIPELINES": {}}  # noqa: RUF012  Scrapy reads it so

    def __init__(self, hosts: str = "", outlets_known: Iterable[Outlet] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        known = {outlet.host: outlet for outlet in outlets_known}
        homes = {urlsplit(home_urls(host)[0]).netloc: home_urls(host) for host in hosts.split(",") if host}
        self.wanted = [(known.get(host, Outlet(host)), urls) for host, urls in homes.items()]
        self.found: list[Found] = []

    async def start(self) -> AsyncIterator[Any]:
        places = asyncio.Semaphore(AT_ONCE)
        self.under_way = {outlet.host for outlet, _ in self.wanted}

        async def in_turn(outlet: Outlet, homes: Sequence[str]) -> Found:
            async with places:
                return await self.discover(outlet, homes)

        for ready in asyncio.as_completed([in_turn(*wanted) for wanted in self.wanted]):
            found = await ready
            self.under_way.discard(found.outlet.host)
            self.found.append(found)
            if found.problem is None:
                self.archive.add_outlet(found.outlet, [file_source(source) for source in found.sources])
        return
        yield  # an async generator that yields nothing: all is done by then

    async def discover(self, outlet: Outlet, homes: Sequence[str]) -> Found:
        """robots.txt says whether the host is there and where its sitemaps are; the home page names the feeds."""
        problem = "cannot be reached"
        for home in homes:
            robots, problem = await self.get(urljoin(home, "/robots.txt"), dont_obey_robotstxt=True)
            if robots is not None and robots.status < 500:
                return await self.look_around(outlet, home, robots)
        return Found(outlet, problem=problem)

    async def look_around(self, outlet: Outlet, home_url: str, robots: Response) -> Found:
        home, _ = await self.get(home_url)
        base, page = (home.url, home.body) if home is not None and home.status == 200 else (home_url, b"")
        named = likeliest_first(await self.sitemaps_named(robots), now()) if robots.status == 200 else []
        said = await self.home(page, base)
        of_feeds, more_feeds = await self.sources(outlet, "feed", said.feeds, base, USUAL_FEED_PATHS)
        of_sitemaps, more_sitemaps = await self.sources(outlet, "sitemap", named, base, USUAL_SITEMAP_PATHS)
        name, language = outlet.name or said.name, outlet.language or said.language
        known = replace(outlet, name=name, language=language)
        return Found(known, (*of_feeds, *of_sitemaps), left_out=more_feeds + more_sitemaps)

    async def home(self, page: bytes, url: str) -> Home:
        """What a home page says; nothing, where it cannot be read."""
        try:
            return await self.workers.read_home(page, url) if page else Home()
        except ReadingError:
            return Home()

    async def sitemaps_named(self, robots: Response) -> list[str]:
        try:
            return await self.workers.robots_sitemaps(robots.body, robots.url)
        except ReadingError:
            return []

    async def sources(
        self, outlet: Outlet, kind: SourceKind, named: Sequence[str], base: str, usual: Sequence[str]
    ) -> tuple[list[Source], int]:
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
        return [Source(url, kind, outlet.host) for url in found], len(named) - tried

    async def is_source(self, url: str, kind: SourceKind) -> bool:
        response, _ = await self.get(url)
        if response is None or response.status != 200:
            return False
        read = self.workers.read_feed if kind == "feed" else self.workers.read_sitemap
        try:
            await read(response.body, response.url)
        except (SourceError, ReadingError):
            return False
        return True

    async def get(self, url: str, **meta: Any) -> tuple[Response | None, str]:
        """The answer, or None, and what is wrong with it."""
        engine: Any = self.crawler.engine
        try:
            response: Response = await engine.download_async(Request(url, meta={"dont_retry": True, **meta}))
        except Exception as error:  # whatever the downloader raises means that nothing came
            _, reason, _ = judge_failure(error)
            return None, reason
        self.counts["looked up"] += 1
        return response, judge_status(response.status).get("reason", "")
