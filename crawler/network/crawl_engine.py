"""Requests outside of a spider's callbacks, and the end of a crawl, by Scrapy's engine."""

from __future__ import annotations

import asyncio

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from crawler.network.exchange import outcome_of_error, outcome_of_status
from crawler.network.scrapy_internals import is_engine_busy


class CrawlEngine:
    """The engine of a crawl, which Scrapy makes only after the spider."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    async def download(self, request: Request) -> Response:
        """Return the response to a request; raises whatever the downloader raises."""
        return await self._crawler.engine.download_async(request)

    async def try_download(self, request: Request) -> tuple[Response | None, str]:
        """Return the response to a request, or None, and the problem if there is one."""
        try:
            response = await self.download(request)
        except Exception as error:  # whatever the downloader raises: there is no response
            return None, outcome_of_error(error)[1]
        return response, outcome_of_status(response.status).get("reason", "")

    def is_busy(self) -> bool:
        """Return whether Scrapy has as many requests and responses as it can process."""
        return is_engine_busy(self._crawler)

    def close_soon(self, reason: str) -> None:
        """End the crawl for a reason, after the current step of the event loop."""
        closing = self._crawler.engine.close_spider_async(reason=reason)
        asyncio.get_event_loop().create_task(closing)
