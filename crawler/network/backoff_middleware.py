"""The middleware that applies the pauses of sites to requests."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
)
from scrapy.http import Request, Response

from crawler.network.backoff import backoff_now, pause_reason, site_origin
from crawler.network.exchange import PostponedRequest, outcome_of_error, response_header
from crawler.network.network_session import NetworkSession, network_session

MAX_INLINE_WAIT = timedelta(seconds=5)
"""Longest pause that is waited for within the crawl …"""
MAX_INLINE_WAITS = 2
"""… at most this many times for one page."""

NO_ANSWER_ERRORS = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError)
"""Exceptions that mean that no answer came."""


class BackoffMiddleware:
    """Delays requests to paused sites; raises PostponedRequest where the pause is long.

    It stands next to the downloader and sees each response unchanged. It passes on only as many
    requests of a site as may be in progress there: requests in Scrapy's own queue could not be
    withdrawn when the site asks for a delay. The pauses are in the crawl's session.
    """

    def __init__(self, session: NetworkSession, at_once: int) -> None:
        """Make the middleware; `at_once` is the number of requests in progress at one site."""
        self.session = session
        self.at_once = at_once
        self.gates: dict[str, asyncio.Semaphore] = {}
        self.inside: dict[Request, asyncio.Semaphore] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware, as Scrapy expects."""
        at_once = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        return cls(network_session(crawler), at_once)

    async def process_request(self, request: Request) -> None:
        """Wait for a free place at the site and for the end of a short pause."""
        # otherwise a redirect would count for the host that it came from
        request.meta.pop("download_slot", None)
        site = site_origin(request.url)
        gate = self.gates.setdefault(site, asyncio.Semaphore(self.at_once))
        await gate.acquire()
        self.inside[request] = gate
        while pause := self.session.backoff.current_pause(site, backoff_now()):
            left = pause.until - backoff_now()
            if left > MAX_INLINE_WAIT:
                raise PostponedRequest(pause_reason(pause))
            await asyncio.sleep(max(left.total_seconds(), 0.0) + 0.01)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Note the response; repeat the request after a short pause."""
        self._release_place(request)
        site, now = site_origin(request.url), backoff_now()
        pause = self.session.backoff.note_answer(
            site, response.status, response_header(response, "Retry-After"), now
        )
        if pause is None:
            return response
        waits = request.meta.get("waits", 0)
        if waits >= MAX_INLINE_WAITS:
            pause = self.session.backoff.begin_pause(site, pause.reason, now)
        if pause.until - now <= MAX_INLINE_WAIT:
            return request.replace(dont_filter=True, meta={**request.meta, "waits": waits + 1})
        self.session.record_pause(site, pause)
        # robots.txt itself: its reader handles the status
        if request.meta.get("dont_obey_robotstxt"):
            return response
        raise PostponedRequest(pause_reason(pause), response.status)

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Note a missing answer, and pause a site after several of them."""
        self._release_place(request)
        if isinstance(exception, NO_ANSWER_ERRORS):
            site, reason = site_origin(request.url), outcome_of_error(exception)[1]
            if pause := self.session.backoff.note_silence(site, reason, backoff_now()):
                self.session.record_pause(site, pause)

    def _release_place(self, request: Request) -> None:
        if gate := self.inside.pop(request, None):
            gate.release()
