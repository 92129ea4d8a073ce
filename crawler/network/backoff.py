"""Back-off per site: a site that asks for a delay, or does not answer, is paused.

`SiteBackoff` remembers the pauses and decides, without clock or network; `BackoffMiddleware`
applies them to requests. A pause of a few seconds is waited for. A longer one is written to the
archive (table `pauses`), and the pages of that site return to the frontier, for this crawl and
later ones.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
)
from scrapy.http import Request, Response

from archive.records import current_time, format_utc
from crawler.network.exchange import PostponedRequest, outcome_of_error, response_header
from crawler.network.retry_after import parse_retry_after

PROCESS_STARTED_SECONDS = monotonic()
BUSY_STATUSES = (429, 503)
"""Statuses that may carry a Retry-After (RFC 9110, RFC 6585)."""
MAX_INLINE_WAIT = timedelta(seconds=5)
"""Longest pause that is waited for within the crawl …"""
MAX_INLINE_WAITS = 2
"""… at most this many times for one page."""
DEFAULT_SITE_PAUSE = timedelta(minutes=15)
"""Pause of a site that does not say how long to wait."""
MAX_UNANSWERED_REQUESTS = 3
"""Consecutive requests without an answer after which a site is paused."""

NO_ANSWER_ERRORS = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError)
"""Exceptions that mean that no answer came."""


@dataclass(frozen=True, slots=True)
class SitePause:
    """The end of a pause, and its reason."""

    until: datetime
    reason: str


class SiteBackoff:
    """The pauses of sites (`https://www.harbour.example`) and their failures in a row."""

    def __init__(self, pauses: Mapping[str, SitePause] | None = None) -> None:
        self.pauses = dict(pauses or {})
        self.silences: Counter[str] = Counter()

    def pause(self, site: str, now: datetime) -> SitePause | None:
        """Return the pause in force at a site, or None."""
        pause = self.pauses.get(site)
        return pause if pause and pause.until > now else None

    def answered(
        self, site: str, status: int, asked: str | None, now: datetime
    ) -> SitePause | None:
        """Note a response and its Retry-After, and return the pause that follows, or None.

        A 503 without Retry-After may concern one page only, so it leads to no pause.
        """
        self.silences.pop(site, None)
        if status not in BUSY_STATUSES:
            return None
        wait = parse_retry_after(asked, now)
        if wait is not None:
            return self.begin(site, f"HTTP {status} with Retry-After", now, wait)
        return self.begin(site, "HTTP 429", now) if status == 429 else None

    def silent(self, site: str, reason: str, now: datetime) -> SitePause | None:
        """Note that no answer came, and return the pause that follows after several in a row."""
        self.silences[site] += 1
        if self.silences[site] < MAX_UNANSWERED_REQUESTS:
            return None
        return self.begin(site, f"{reason}, {MAX_UNANSWERED_REQUESTS} times in a row", now)

    def begin(
        self, site: str, reason: str, now: datetime, wait: timedelta = DEFAULT_SITE_PAUSE
    ) -> SitePause:
        """Pause a site and return the pause in force; of two pauses the later end counts."""
        known, new = self.pause(site, now), SitePause(now + wait, reason)
        if known is None or known.until < new.until:
            self.pauses[site] = known = new
        return known


def site_origin(url: str) -> str:
    """Return scheme, host and port of a URL: the unit of pauses and of robots.txt."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def pause_reason(pause: SitePause) -> str:
    """Return the reason that is recorded for a page of a paused site."""
    return f"{pause.reason}; paused until {format_utc(pause.until)}"


class BackoffMiddleware:
    """Delays requests to paused sites; raises NotNow where the pause is long.

    It stands next to the downloader and sees each response unchanged. It passes on only as many
    requests of a site as may be in progress there: requests in Scrapy's own queue could not be
    withdrawn when the site asks for a delay. The pauses are in `spider.turns`.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.at_once = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self.gates: dict[str, asyncio.Semaphore] = {}
        self.inside: dict[Request, asyncio.Semaphore] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def spider(self) -> Any:
        return self.crawler.spider

    async def process_request(self, request: Request) -> None:
        """Wait for a free place at the site and for the end of a short pause."""
        # otherwise a redirect would count for the host that it came from
        request.meta.pop("download_slot", None)
        site = site_origin(request.url)
        gate = self.gates.setdefault(site, asyncio.Semaphore(self.at_once))
        await gate.acquire()
        self.inside[request] = gate
        while pause := self.spider.turns.pause(site, backoff_now()):
            left = pause.until - backoff_now()
            if left > MAX_INLINE_WAIT:
                raise PostponedRequest(pause_reason(pause))
            await asyncio.sleep(max(left.total_seconds(), 0.0) + 0.01)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Note the response; repeat the request after a short pause."""
        self._leave(request)
        site, now = site_origin(request.url), backoff_now()
        pause = self.spider.turns.answered(
            site, response.status, response_header(response, "Retry-After"), now
        )
        if pause is None:
            return response
        waits = request.meta.get("waits", 0)
        if waits >= MAX_INLINE_WAITS:
            pause = self.spider.turns.begin(site, pause.reason, now)
        if pause.until - now <= MAX_INLINE_WAIT:
            return request.replace(dont_filter=True, meta={**request.meta, "waits": waits + 1})
        self.spider.leave_alone(site, pause)
        # robots.txt itself: its reader handles the status
        if request.meta.get("dont_obey_robotstxt"):
            return response
        raise PostponedRequest(pause_reason(pause), response.status)

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Note a missing answer, and pause a site after several of them."""
        self._leave(request)
        if isinstance(exception, NO_ANSWER_ERRORS):
            site, reason = site_origin(request.url), outcome_of_error(exception)[1]
            if pause := self.spider.turns.silent(site, reason, backoff_now()):
                self.spider.leave_alone(site, pause)

    def _leave(self, request: Request) -> None:
        if gate := self.inside.pop(request, None):
            gate.release()


def backoff_now() -> datetime:
    """Return the time by which pauses run.

    With DATELINE_NOW it starts at the time that the variable names and runs on from there.
    """
    if "DATELINE_NOW" in os.environ:
        return current_time() + timedelta(seconds=monotonic() - PROCESS_STARTED_SECONDS)
    return current_time()
