"""Spider `discovery`: finds the feeds and sitemaps of outlets and stores them.

Usage: `scrapy crawl discovery -a hosts=HOST,HOST`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, ClassVar

from scrapy.crawler import Crawler

from archive.records import CatalogueOutlet, Outlet
from crawler.sources.outlet_lookup import FoundOutlet, OutletFinder, wanted_outlets
from crawler.sources.source_discovery import home_page_urls
from crawler.spiders.archive_spider import ArchiveSpider

__all__ = ["DiscoverySpider", "FoundOutlet"]


class DiscoverySpider(ArchiveSpider):
    """Looks up `hosts`: host names or URLs, separated by commas.

    Raises UsageError for an invalid one. The results are in `found`, in the order in which they
    arrived, and in the archive. `heard` is called with each result.
    """

    name = "discovery"
    custom_settings = {"ITEM_PIPELINES": {}}  # noqa: RUF012  Scrapy reads it so
    finder_type: ClassVar[type[OutletFinder]] = OutletFinder

    def __init__(
        self,
        hosts: str = "",
        outlets_known: Iterable[Outlet] = (),
        catalogue: tuple[CatalogueOutlet, ...] | None = None,
        heard: Callable[[FoundOutlet], None] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.named = [host for host in hosts.split(",") if host]
        for host in self.named:
            home_page_urls(host)  # raises UsageError before anything starts
        self.outlets_known, self.catalogue = tuple(outlets_known), catalogue
        self.found: list[FoundOutlet] = []
        self.heard = heard or (lambda _: None)

    def open_session(self, crawler: Crawler) -> None:
        """Open the archive, and the facts that are known about the outlets."""
        from crawler.sources.catalogue import read_catalogue

        super().open_session(crawler)
        catalogue = read_catalogue() if self.catalogue is None else self.catalogue
        self.wanted = wanted_outlets(self.session.db, catalogue, self.named, self.outlets_known)

    async def start(self) -> AsyncIterator[Any]:
        """Look all outlets up; yields no request itself."""
        in_progress = self.session.in_progress
        in_progress |= {wanted.host for wanted in self.wanted}
        self.finder = self.finder_type(self.session)
        async for found in self.finder.find_and_store(self.wanted):
            in_progress.discard(found.asked)
            self.found.append(found)
            self.heard(found)
        return
        yield  # makes this an async generator, which Scrapy needs; it yields nothing
