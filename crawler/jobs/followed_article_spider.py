"""Spider behind `dateline follow URL`: the article, its links as leads, and its outlet's sources.

Only that command runs it, so it is not in the folder of spiders that `scrapy crawl` runs.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from archive.articles.outlet_evidence import hosts_of_articles, hosts_with_sources
from archive.frontier.hosts import bare_host
from archive.frontier.outlet_lookups import valid_lookups
from archive.frontier.urls import add_outlet_with_sources
from archive.records import (
    Article,
    Capture,
    Check,
    Lead,
    Outcome,
    Source,
    SourceKind,
    current_time,
    format_utc,
)
from archive.storage.database import transaction
from crawler.sources.catalogue import outlet_by_host, read_catalogue
from crawler.sources.outlet_lookup import FoundOutlet, OutletFinder, WantedOutlet, wanted_outlets
from crawler.spiders.pages import PagesSpider
from pipelines.identity import identify_source
from pipelines.urls import registered_domain

STORED_OUTCOMES = ("new", "changed", "unchanged")
MAX_LINKS_OF_ARTICLE = 100
"""Links of one article that are stored as leads, those to other outlets first."""
OUTLET_LOOKUP_SECONDS = 40.0
"""Seconds for looking outlets up; an outlet that takes longer is stored as the catalogue has it."""


class FollowingSpider(PagesSpider):
    """Fetches articles and looks up the outlets of these and of `known` articles.

    `urls`: the articles to fetch · `known`: articles whose outlets are looked up if they have no
    source. Results: `found` (outlets), `late` (hosts that took too long), `linked` (number of
    leads).
    """

    name = "following"

    def __init__(
        self, known: str = "", seconds: float | str = OUTLET_LOOKUP_SECONDS, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.known_articles, self.seconds = known.split(), float(seconds)
        self.found: list[FoundOutlet] = []
        self.late: list[str] = []
        self.linked = 0
        self.links: dict[str, list[Lead]] = {}
        self.looking_up: set[str] = set()
        """Hosts of the outlets that are being looked up."""

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for the articles, then look their outlets up."""
        self.catalogue = read_catalogue()
        async for page in super().start():
            yield page
        await self.look_up([*self.known_articles, *(lead.url for lead in self.leads)])

    def progress_remark(self) -> str:
        """Return the outlets that are being looked up."""
        if not self.looking_up:
            return ""
        return f"looking for the feeds of {', '.join(sorted(self.looking_up))}"

    async def read_article(self, capture: Capture) -> Article:
        """Return the article of a page, and remember the links in it."""
        article, ways = await self.session.workers.read_article_and_links(capture)
        self.links[capture.url] = list(ways.links)
        return article

    def note_written(self, check: Check, outcome: Outcome) -> None:
        """Store the links of an article as leads once the article is stored."""
        super().note_written(check, outcome)
        links = self.links.pop(check.url, [])
        if outcome in STORED_OUTCOMES:
            self.linked += self.session.store_leads(self.worth_a_look(links))

    def worth_a_look(self, links: Sequence[Lead]) -> list[Lead]:
        """Return the links to known outlets, then those within the article's own site."""
        known, elsewhere, here = hosts_with_sources(self.session.db), [], []
        for link in links:
            host = urlsplit(link.url).hostname or ""
            if registered_domain(link.url) == registered_domain(link.found_on or ""):
                here.append(link)
            elif bare_host(host) in known or outlet_by_host(self.catalogue, host):
                elsewhere.append(link)
        return [*elsewhere, *here][:MAX_LINKS_OF_ARTICLE]

    async def look_up(self, articles: Sequence[str]) -> None:
        """Find the feeds and sitemaps of the articles' outlets that have none yet."""
        hosts = outlets_without_sources(self.session.db, articles)
        wanted = wanted_outlets(self.session.db, self.catalogue, hosts)
        in_progress = self.session.in_progress
        self.looking_up = {each.host for each in wanted}
        in_progress |= self.looking_up
        try:
            async with asyncio.timeout(self.seconds):
                async for found in OutletFinder(self.session).find_and_store(wanted):
                    self.found.append(found)
        except TimeoutError:
            heard = {found.asked for found in self.found}
            self.late = [
                store_as_catalogued(self.session.db, each)
                for each in wanted
                if each.host not in heard
            ]
        in_progress -= self.looking_up
        self.looking_up = set()


def outlets_without_sources(db: sqlite3.Connection, articles: Sequence[str]) -> list[str]:
    """Return the outlets of article URLs without a source or a recent search for one (24 hours)."""
    read_already, yesterday = hosts_with_sources(db), format_utc(current_time() - timedelta(days=1))
    hosts = [
        host for host in hosts_of_articles(db, articles) if bare_host(host) not in read_already
    ]
    lately = {
        host for host, lookup in valid_lookups(db, hosts).items() if lookup.looked_up_at > yesterday
    }
    return [host for host in hosts if bare_host(host) not in lately]


def store_as_catalogued(connection: sqlite3.Connection, wanted: WantedOutlet) -> str:
    """Store an outlet with the feeds and sitemaps in the catalogue, and return its host."""
    kinds: tuple[tuple[SourceKind, tuple[str, ...]], ...] = (
        ("feed", wanted.feeds),
        ("sitemap", wanted.sitemaps),
    )
    sources = [
        identify_source(Source(url, kind, wanted.host)) for kind, urls in kinds for url in urls
    ]
    with transaction(connection) as db:
        add_outlet_with_sources(db, wanted.outlet, sources)
    return wanted.host
