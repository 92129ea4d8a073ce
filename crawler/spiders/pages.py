"""Spider `pages`: fetches the pages named and nothing else.

Usage: `scrapy crawl pages -a urls=URL,URL`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from archive.records import Lead
from crawler.spiders.archive_spider import ArchiveSpider
from pipelines.identity import identify_lead


class PagesSpider(ArchiveSpider):
    """Fetches `urls`, separated by white space or, before another `http`, by commas.

    Raises UsageError for an invalid URL.
    """

    name = "pages"

    def __init__(self, urls: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        named = urls.replace(",http", " http").split()
        self.leads = [identify_lead(Lead(url, via="given")) for url in named]

    def count_waiting_pages(self) -> int:
        """Return 0: the named pages are requested at once, and no others."""
        return 0

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for the pages, and wait until the last one is written."""
        for waiting in self.session.lease_given(self.leads):
            yield self.page_request(waiting)
        # the last check has to be written before the spider is idle
        await self.wait_until_settled()
