"""Scrapy's download handler for crawls whose pages are fetched on workers.

The driver's Scrapy hands each request to it at once: delays, robots.txt, redirects and the guard
act where the request is made. What comes back looks to the spider like its own response.
"""

from __future__ import annotations

import time
from datetime import timedelta
from os import environ
from typing import Any

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings

from archive.records import Capture, current_time, format_utc
from crawler.cluster.fetching.fetch_dispatcher import ArrivedAnswer, CrawlState, FetchDispatcher
from crawler.cluster.fetching.host_shares import ASKED_KINDS, FetchItem, response_of_fetched
from crawler.network.exchange import (
    FETCHED_AT_KEY,
    MANNER_KEYS,
    READING_KEY,
    RemoteFailure,
)
from crawler.network.scrapy_internals import is_engine_busy, is_engine_closing

FETCH_SETTINGS_SETTING = "DATELINE_FETCH_SETTINGS"
"""The setting with the settings that hold where requests are made; None: they are made here."""
VALIDATOR_HEADERS = ("If-None-Match", "If-Modified-Since")
MAX_DRIVER_REQUESTS = 100_000
"""Requests that Scrapy holds at once; the spider requests far fewer."""


def fetch_on_workers(settings: BaseSettings) -> None:
    """Change the settings of a crawl so that its pages are fetched on the workers of its cluster."""
    handler = "crawler.cluster.fetching.share_downloads.ShareDownloadHandler"
    # the settings that are overridden here hold where the requests are made
    there = settings.copy()
    middlewares = dict.fromkeys(settings["DOWNLOADER_MIDDLEWARES"])
    changes: dict[str, Any] = {
        FETCH_SETTINGS_SETTING: there,
        "DOWNLOAD_HANDLERS": dict(settings["DOWNLOAD_HANDLERS"])
        | {"http": handler, "https": handler},
        "DOWNLOADER_MIDDLEWARES": middlewares,
        "RETRY_ENABLED": False,
        "DATELINE_BROWSER": "off",  # workers answer with the page as served
        "DOWNLOAD_DELAY": 0,
        "CONCURRENT_REQUESTS": MAX_DRIVER_REQUESTS,
        "CONCURRENT_REQUESTS_PER_DOMAIN": MAX_DRIVER_REQUESTS,
    }
    settings.update(changes, priority="cmdline")


class ShareDownloadHandler(BaseDownloadHandler):
    """Has each request made on a worker."""

    lazy = True  # the crawl's session is there with the first request

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        there: BaseSettings = crawler.settings[FETCH_SETTINGS_SETTING]
        spider: Any = crawler.spider
        self.session = spider.session
        state = CrawlState(lambda: is_engine_closing(crawler), lambda: is_engine_busy(crawler))
        self.dispatcher = FetchDispatcher(there, self.session, state)

    async def download_request(self, request: Request) -> Response:
        """Return the response to a request; raises RemoteFailure, or WithdrawnRequest at the end."""
        item = item_of_request(self.dispatcher.next_number(), request)
        arrived = await self.dispatcher.fetch(item)
        if failure := arrived.answer.failure:
            request.meta["asked_at"] = time.monotonic() - arrived.answer.seconds
            raise RemoteFailure(failure.outcome, failure.reason, failure.transient, failure.status)
        response = response_of_answer(request, arrived)
        if reading := arrived.answer.reading:
            url = item.asked if item.reading in ASKED_KINDS else response.url
            digest = Capture(url, response.body).digest
            self.session.workers.keep_reading(url, digest, reading)
        return response


def item_of_request(number: int, request: Request) -> FetchItem:
    """Return the item for a request of a spider."""
    headers = (
        (name, value.decode("latin-1"))
        for name in VALIDATOR_HEADERS
        if (value := request.headers.get(name))
    )
    return FetchItem(
        number=number,
        url=request.url,
        asked=request.meta.get("asked", request.url),
        reading=request.meta.get(READING_KEY),
        headers=tuple(headers),
        as_read=request.cb_kwargs.get("as_read"),
        manners=tuple(key for key in MANNER_KEYS if request.meta.get(key)),
    )


def response_of_answer(request: Request, arrived: ArrivedAnswer) -> Response:
    """Return the response that a worker has received, with what `meta` says of it."""
    fetched = arrived.answer.response
    assert fetched is not None
    request.meta.update(fetched.redirects)
    request.meta["download_latency"] = fetched.latency
    if "DATELINE_NOW" not in environ:
        fetched_at = current_time() - timedelta(seconds=arrived.age_seconds)
        request.meta[FETCHED_AT_KEY] = format_utc(fetched_at)
    return response_of_fetched(fetched, request)
