"""A quick probe of an outlet that may have covered a story: its lists for the story's days.

`dateline outlet add` requests all lists that an outlet names, to check whether each works. Here one
request finds the sitemaps (robots.txt), and the lists are checked when they are read. Only where
that brings nothing, the home page and the usual paths are requested.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.http import Response

from archive.archive import Archive
from archive.errors import ReadingError
from archive.frontier.hosts import bare_host
from archive.frontier.outlet_lookups import OutletLookup, store_lookup, valid_lookups
from archive.frontier.urls import add_outlet_with_sources
from archive.records import CatalogueOutlet, Outlet, Source, SourceKind, current_timestamp
from archive.storage.database import transaction
from crawler.network.backoff import site_origin
from crawler.network.robots import RobotsMiddleware
from crawler.sources.outlet_lookup import fetch_by_spider, likely_robots_sitemaps
from crawler.sources.sitemap_parser import ChildSitemap
from crawler.sources.source_discovery import (
    USUAL_FEED_PATHS,
    USUAL_SITEMAP_PATHS,
    HomePage,
    home_page_urls,
)
from crawler.story_search.date_span import Span, is_of_news, may_hold_days
from pipelines.identity import identify_source
from pipelines.urls import is_fetchable_url

PROBE_CUT_SHORT = "the search ended before its turn"
MAX_PROBED_SITEMAPS, MAX_PROBED_FEEDS, MAX_USUAL_PATHS = 4, 3, 3
"""Sitemaps and feeds of one outlet that are read, and usual paths of each kind that are tried."""


@dataclass(frozen=True, slots=True)
class ProbedOutlet:
    """A probed outlet with its lists that are worth reading, or the reason why it has none."""

    outlet: Outlet
    home: str = ""
    sources: tuple[Source, ...] = ()
    problem: str | None = None


class OutletProbe:
    """Probes outlets with a spider's downloader and worker processes."""

    def __init__(self, spider: Any, catalogue: dict[str, CatalogueOutlet]) -> None:
        self.spider, self.catalogue = spider, catalogue
        self.found_out = valid_lookups(spider.archive.db)

    async def at(self, host: str, span: Span) -> ProbedOutlet:
        """Return an outlet's home page, and its lists for the days of a span.

        The lists are those that robots.txt, the catalogue and earlier look-ups name.
        """
        known = self.catalogue.get(bare_host(host))
        outlet = Outlet(host, known.name, known.language, known.country) if known else Outlet(host)
        problem = "it has no address"
        for home in self._homes(host):
            if problem == PROBE_CUT_SHORT:
                break
            robots = self.spider.robots_seen.get(site_origin(home))
            if robots is None:
                robots, problem = await self.get(
                    urljoin(home, "/robots.txt"), dont_obey_robotstxt=True
                )
                if robots is None or robots.status >= 500:
                    continue
                await self._know(home, robots)
            named = (
                await likely_robots_sitemaps(self.spider, robots) if robots.status == 200 else []
            )
            return ProbedOutlet(
                outlet,
                home,
                self._worth_reading(outlet, known, list(filter(is_fetchable_url, named)), span),
            )
        return ProbedOutlet(outlet, problem=problem or "no answer")

    def _homes(self, host: str) -> list[str]:
        """Return the home pages to try.

        First the host that answers already or answered before, then the host with and without
        `www.`, with https before http. Where most sites so far answered by http alone, as behind a
        proxy that knows no other, http comes first.
        """
        before = self.found_out.get(bare_host(host))
        hosts = [host, f"www.{host}" if host == bare_host(host) else bare_host(host)]
        if before and before.found_host:
            hosts.insert(0, before.found_host)
        homes = [home_page_urls(each) for each in dict.fromkeys(hosts)]
        tried = [home for kind in zip(*homes, strict=True) for home in kind]
        seen = self.spider.robots_seen
        answered = Counter(urlsplit(robots.url).scheme for robots in seen.values())
        return sorted(
            tried,
            key=lambda home: (site_origin(home) not in seen, -answered[urlsplit(home).scheme]),
        )

    async def _know(self, home: str, robots: Response) -> None:
        """Pass robots.txt to the middleware, which then does not request it again."""
        engine: Any = self.spider.crawler.engine
        for middleware in engine.downloader.middleware.middlewares:
            if isinstance(middleware, RobotsMiddleware):
                await middleware.know(site_origin(home), robots)

    def _worth_reading(
        self, outlet: Outlet, known: CatalogueOutlet | None, named: Sequence[str], span: Span
    ) -> tuple[Source, ...]:
        before = self.found_out.get(bare_host(outlet.host))
        feeds = (before.feeds if before else ()) or (known.feeds if known else ())
        listed = [
            *named,
            *((before.sitemaps if before else ()) or (known.sitemaps if known else ())),
        ]
        fitting = [
            url
            for url in dict.fromkeys(listed)
            if may_hold_days(ChildSitemap(url), span, current_timestamp())
        ]
        sitemaps = sorted(
            fitting, key=lambda url: not is_of_news(url) if span.until is None else is_of_news(url)
        )
        of_feeds = feeds[:MAX_PROBED_FEEDS] if span.until is None or not sitemaps else ()
        return (
            *probed_sources(outlet, "feed", of_feeds),
            *probed_sources(outlet, "sitemap", sitemaps[:MAX_PROBED_SITEMAPS]),
        )

    async def around(self, looked: ProbedOutlet) -> ProbedOutlet:
        """Return the lists that the home page names or the usual paths have.

        This is for an outlet whose known lists brought nothing.
        """
        home, why = await self.get(looked.home)
        if home is None or home.status != 200:
            return replace(
                looked, sources=(), problem=why if why == PROBE_CUT_SHORT else f"home page: {why}"
            )
        try:
            said: HomePage = await self.spider.workers.read_home(home.body, home.url)
        except ReadingError as error:
            return replace(looked, sources=(), problem=str(error))
        name, language = looked.outlet.name or said.name, looked.outlet.language or said.language
        outlet = replace(looked.outlet, name=name, language=language)
        tried = {source.url for source in looked.sources}
        feeds = [url for url in said.feeds if url not in tried][:MAX_PROBED_FEEDS]
        if feeds:
            return ProbedOutlet(outlet, looked.home, probed_sources(outlet, "feed", feeds))
        usual: list[tuple[SourceKind, str]] = [
            *(("sitemap", path) for path in USUAL_SITEMAP_PATHS[:MAX_USUAL_PATHS]),
            *(("feed", path) for path in USUAL_FEED_PATHS[:MAX_USUAL_PATHS]),
        ]
        for kind, path in usual:
            url = urljoin(home.url, path)
            if url not in tried and await self._is_there(url):
                return ProbedOutlet(outlet, looked.home, probed_sources(outlet, kind, [url]))
        problem = PROBE_CUT_SHORT if self._is_over() else "it names no feed and no sitemap"
        return replace(looked, outlet=outlet, sources=(), problem=problem)

    async def _is_there(self, url: str) -> bool:
        response, _ = await self.get(url)
        body = (
            response.body[:1_000].lstrip().lower()
            if response is not None and response.status == 200
            else b""
        )
        return body.startswith(
            (b"<?xml", b"<rss", b"<feed", b"<urlset", b"<sitemapindex", b"\x1f\x8b")
        )

    async def get(self, url: str, **meta: Any) -> tuple[Response | None, str]:
        """Return the response, or None, and the error."""
        if self._is_over():
            return None, PROBE_CUT_SHORT
        response, why = await fetch_by_spider(self.spider, url, **meta)
        return response, PROBE_CUT_SHORT if response is None and self.spider.ended else why

    def _is_over(self) -> bool:
        return bool(self.spider.ended or self.spider.requests_spent())


def probed_sources(outlet: Outlet, kind: SourceKind, urls: Sequence[str]) -> tuple[Source, ...]:
    return tuple(Source(url, kind, outlet.host) for url in urls if is_fetchable_url(url))


def save_probe(archive: Archive, looked: ProbedOutlet) -> None:
    """Store an outlet that answers, with the lists that are to be read."""
    sources = [identify_source(source) for source in looked.sources]
    with transaction(archive.db) as db:
        add_outlet_with_sources(db, looked.outlet, sources)


def save_probe_result(archive: Archive, looked: ProbedOutlet, asked: str) -> None:
    """Store the result of a probe once the lists were read.

    URLs that turned out not to be lists are no longer sources of the outlet.
    """
    worked = {kind: _worked_before(archive, looked, kind) for kind in ("feed", "sitemap")}
    with transaction(archive.db) as db:
        for source in looked.sources:
            if source.url not in worked[source.kind]:
                db.execute(
                    "UPDATE urls SET role = 'listed' WHERE url = ? AND role = 'source'",
                    (source.url,),
                )
    reached = bool(looked.home)
    lookup = OutletLookup(
        bare_host(asked),
        current_timestamp(),
        "works" if reached else "unreachable",
        urlsplit(looked.home).netloc if reached else None,
        worked["feed"],
        worked["sitemap"],
        looked.problem,
    )
    with transaction(archive.db) as db:
        store_lookup(db, lookup)


def _worked_before(archive: Archive, looked: ProbedOutlet, kind: str) -> tuple[str, ...]:
    rows = archive.db.execute(
        """SELECT u.url FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE o.host = ? AND u.kind = ? AND u.role = 'source'
            AND u.outcome IN ('listed', 'unchanged')""",
        (looked.outlet.host, kind),
    )
    return tuple(str(row[0]) for row in rows)
