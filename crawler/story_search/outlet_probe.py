"""A quick probe of an outlet that may have covered a story: its lists for the story's days.

`dateline outlet add` requests all lists that an outlet names, to check whether each works. Here one
request finds the sitemaps (robots.txt), and the lists are checked when they are read. Only where
that brings nothing, the home page and the usual paths are requested.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.http import Response

from archive.errors import ReadingError
from archive.frontier.hosts import bare_host
from archive.frontier.outlet_lookups import OutletLookup, store_lookup, valid_lookups
from archive.frontier.urls import add_outlet_with_sources
from archive.records import CatalogueOutlet, Outlet, Source, SourceKind, current_timestamp
from archive.storage.database import transaction
from crawler.network.backoff import site_origin
from crawler.network.exchange import READING_KEY
from crawler.session.crawl_session import CrawlSession
from crawler.sources.outlet_lookup import completed_outlet, fetch_once, likely_robots_sitemaps
from crawler.sources.sitemap_parser import ChildSitemap
from crawler.sources.source_discovery import (
    USUAL_FEED_PATHS,
    USUAL_SITEMAP_PATHS,
    home_page_urls,
)
from crawler.story_search.date_span import Span, is_of_news, may_hold_days
from pipelines.identity import identify_source
from pipelines.urls import is_fetchable_url

PROBE_CUT_SHORT = "the search ended before its turn"
MAX_PROBED_SITEMAPS, MAX_PROBED_FEEDS, MAX_USUAL_PATHS = 4, 3, 3
"""Sitemaps and feeds of one outlet that are read, and usual paths of each kind that are tried."""

USUAL_PATHS: tuple[tuple[SourceKind, str], ...] = (
    *(("sitemap", path) for path in USUAL_SITEMAP_PATHS[:MAX_USUAL_PATHS]),
    *(("feed", path) for path in USUAL_FEED_PATHS[:MAX_USUAL_PATHS]),
)
"""Paths that are tried where a home page names no feed, with the kind of source."""

SOURCE_BEGINNINGS = (b"<?xml", b"<rss", b"<feed", b"<urlset", b"<sitemapindex", b"\x1f\x8b")
"""Beginnings of feeds and sitemaps, in lower case."""


@dataclass(frozen=True, slots=True)
class ProbedOutlet:
    """A probed outlet with its lists that are worth reading, or the reason why it has none."""

    outlet: Outlet
    home: str = ""
    sources: tuple[Source, ...] = ()
    problem: str | None = None


class OutletProbe:
    """Probes outlets with the downloader and the worker processes of a crawl.

    The crawl keeps the robots.txt that it reads, so that none is requested twice; `know_robots`
    tells it one that was read here, with its site.
    """

    def __init__(
        self,
        session: CrawlSession,
        catalogue: dict[str, CatalogueOutlet],
        know_robots: Callable[[str, Response], Awaitable[None]],
    ) -> None:
        self.session, self.catalogue = session, catalogue
        self.know_robots = know_robots
        self.robots_seen = {} if session.robots_seen is None else session.robots_seen
        self.found_out = valid_lookups(session.db)

    async def probe_lists(self, host: str, span: Span) -> ProbedOutlet:
        """Return an outlet's home page, and its lists for the days of a span.

        The lists are those that robots.txt, the catalogue and earlier look-ups name.
        """
        known = self.catalogue.get(bare_host(host))
        outlet = Outlet(host, known.name, known.language, known.country) if known else Outlet(host)
        problem = "it has no address"
        for home in self._homes(host):
            if problem == PROBE_CUT_SHORT:
                break
            robots = self.robots_seen.get(site_origin(home))
            if robots is None:
                robots, problem = await self.fetch(
                    urljoin(home, "/robots.txt"), dont_obey_robotstxt=True
                )
                if robots is None or robots.status >= 500:
                    continue
                await self.know_robots(site_origin(home), robots)
            named = await likely_robots_sitemaps(self.session.workers, robots)
            usable = list(filter(is_fetchable_url, named))
            return ProbedOutlet(outlet, home, self._worth_reading(outlet, known, usable, span))
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
        seen = self.robots_seen
        answered = Counter(urlsplit(robots.url).scheme for robots in seen.values())
        return sorted(
            tried,
            key=lambda home: (site_origin(home) not in seen, -answered[urlsplit(home).scheme]),
        )

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

    async def probe_home_page(self, looked: ProbedOutlet) -> ProbedOutlet:
        """Return the lists that the home page names or the usual paths have.

        This is for an outlet whose known lists brought nothing.
        """
        home, why = await self.fetch(looked.home, **{READING_KEY: "home"})
        if home is None or home.status != 200:
            problem = why if why == PROBE_CUT_SHORT else f"home page: {why}"
            return replace(looked, sources=(), problem=problem)
        try:
            declared = await self.session.workers.read_home_page(home.body, home.url)
        except ReadingError as error:
            return replace(looked, sources=(), problem=str(error))
        outlet = completed_outlet(looked.outlet, declared)
        tried = {source.url for source in looked.sources}
        feeds = [url for url in declared.feeds if url not in tried][:MAX_PROBED_FEEDS]
        if feeds:
            return ProbedOutlet(outlet, looked.home, probed_sources(outlet, "feed", feeds))
        usual = await self._source_at_usual_path(outlet, home.url, tried)
        if usual is not None:
            return ProbedOutlet(outlet, looked.home, usual)
        problem = PROBE_CUT_SHORT if self._is_over() else "it names no feed and no sitemap"
        return replace(looked, outlet=outlet, sources=(), problem=problem)

    async def _source_at_usual_path(
        self, outlet: Outlet, home_url: str, tried: Collection[str]
    ) -> tuple[Source, ...] | None:
        """Return the source at the first usual path that has one; None if no path has."""
        for kind, path in USUAL_PATHS:
            url = urljoin(home_url, path)
            if url not in tried and await self._is_there(url):
                return probed_sources(outlet, kind, [url])
        return None

    async def _is_there(self, url: str) -> bool:
        """Return whether a URL answers with XML or a compressed file."""
        response, _ = await self.fetch(url)
        if response is None or response.status != 200:
            return False
        return response.body[:1_000].lstrip().lower().startswith(SOURCE_BEGINNINGS)

    async def fetch(self, url: str, **meta: Any) -> tuple[Response | None, str]:
        """Return the response, or None, and the error."""
        if self._is_over():
            return None, PROBE_CUT_SHORT
        response, why = await fetch_once(self.session.engine, url, **meta)
        cut_short = response is None and self.session.has_ended
        return response, PROBE_CUT_SHORT if cut_short else why

    def _is_over(self) -> bool:
        return self.session.has_ended or self.session.budget.requests_are_spent()


def probed_sources(outlet: Outlet, kind: SourceKind, urls: Sequence[str]) -> tuple[Source, ...]:
    return tuple(Source(url, kind, outlet.host) for url in urls if is_fetchable_url(url))


def save_probe(connection: sqlite3.Connection, looked: ProbedOutlet) -> None:
    """Store an outlet that answers, with the lists that are to be read."""
    sources = [identify_source(source) for source in looked.sources]
    with transaction(connection) as db:
        add_outlet_with_sources(db, looked.outlet, sources)


def save_probe_result(connection: sqlite3.Connection, looked: ProbedOutlet, asked: str) -> None:
    """Store the result of a probe once the lists were read.

    URLs that turned out not to be lists are no longer sources of the outlet.
    """
    worked = {kind: _worked_before(connection, looked, kind) for kind in ("feed", "sitemap")}
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
    with transaction(connection) as db:
        for source in looked.sources:
            if source.url not in worked[source.kind]:
                db.execute(
                    "UPDATE urls SET role = 'listed' WHERE url = ? AND role = 'source'",
                    (source.url,),
                )
        store_lookup(db, lookup)


def _worked_before(
    connection: sqlite3.Connection, looked: ProbedOutlet, kind: str
) -> tuple[str, ...]:
    rows = connection.execute(
        """SELECT u.url FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE o.host = ? AND u.kind = ? AND u.role = 'source'
            AND u.outcome IN ('listed', 'unchanged')""",
        (looked.outlet.host, kind),
    )
    return tuple(str(row[0]) for row in rows)
