"""`scrapy crawl pages -a urls=URL,URL`: pages that somebody names, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from archive.records import Lead
from crawler.spiders.archive_spider import ArchiveSpider
from pipelines.identity import file_lead


class PagesSpider(ArchiveSpider):
    """`urls`: addresses parted by white space or, before another `http`, by commas.

    Raises UsageError for one that is none.
    """

    name = "pages"

    def __init__(self, urls: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        named = urls.replace(",http", " http").split()
        self.leads = [file_lead(Lead(url, via="given")) for url in named]

    async def start(self) -> AsyncIterator[Any]:
        self.archive.add_leads(self.leads)
        for waiting in self.archive.lease_these([lead.url for lead in self.leads]):
            yield self.page_request(waiting)
        # the last look is written before the spider is idle
        while self.under_way and not self.ended:
            await asyncio.sleep(0.05)
