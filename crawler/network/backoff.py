"""A site's turn: one that asks to be left alone, or does not answer, is left alone and costs the
others nothing.

`Turns` remembers and decides, without clock or network; `TurnsMiddleware`, at the end, holds
requests to it. A pause of a few seconds is waited for. A longer one is written to the archive
(`pauses`), and the pages of that site go back and wait, in this crawl and in later ones.
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

from archive.records import clock, utc
from crawler.network.exchange import NotNow, header, judge_failure
from crawler.network.retry_after import retry_after

STARTED = monotonic()
BUSY = (429, 503)
"""What RFC 9110 and RFC 6585 let go with Retry-After."""
WORTH_WAITING = timedelta(seconds=5)
"""A pause up to this length is waited for within the crawl …"""
MOST_WAITS = 2
"""… so often for one page."""
USUAL = timedelta(minutes=15)
"""The pause of a site that does not say how long."""
MOST_SILENCES = 3
"""Requests in a row without an answer after which a site is left alone."""

SILENCE = (CannotResolveHostError, DownloadConnectionRefusedError, DownloadTimeoutError)


@dataclass(frozen=True, slots=True)
class Pause:
    """Until when a site is left alone, and why."""

    until: datetime
    reason: str


class Turns:
    """Which sites (`https://www.harbour.example`) are left alone, and until when."""

    def __init__(self, pauses: Mapping[str, Pause] | None = None) -> None:
        self.pauses = dict(pauses or {})
        self.silences: Counter[str] = Counter()

    def pause(self, site: str, now: datetime) -> Pause | None:
        """The pause that a site is in."""
        pause = self.pauses.get(site)
        return pause if pause and pause.until > now else None

    def answered(self, site: str, status: int, asked: str | None, now: datetime) -> Pause | None:
        """Note an answer and its Retry-After; the pause that follows from it.

        A 503 that does not say when to come back may be the page's own trouble: no pause follows.
        """
        self.silences.pop(site, None)
        if status not in BUSY:
            return None
        wait = retry_after(asked, now)
        if wait is not None:
            return self.begin(site, f"HTTP {status} with Retry-After", now, wait)
        return self.begin(site, "HTTP 429", now) if status == 429 else None

    def silent(self, site: str, reason: str, now: datetime) -> Pause | None:
        """Note that no answer came; the pause that follows if that is so again and again."""
        self.silences[site] += 1
        if self.silences[site] < MOST_SILENCES:
            return None
        return self.begin(site, f"{reason}, {MOST_SILENCES} times in a row", now)

    def begin(self, site: str, reason: str, now: datetime, wait: timedelta = USUAL) -> Pause:
        """Leave a site alone; of two pauses the one that ends later counts."""
        known, new = self.pause(site, now), Pause(now + wait, reason)
        if known is None or known.until < new.until:
            self.pauses[site] = known = new
        return known


def site_of(url: str) -> str:
    """Scheme, host and port: what takes turns, and what one robots.txt speaks for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def put_off(pause: Pause) -> str:
    """The reason in a check."""
    return f"{pause.reason}; left alone until {utc(pause.until)}"


class TurnsMiddleware:
    """Holds requests to the turns of their sites, `spider.turns`; raises NotNow for those that have
    to wait long.

    Next to the downloader, so that it sees every answer as it came. It lets no more requests of a
    site pass than may be under way there: those that Scrapy has in its queue could not be called
    back once the site asks to be left alone.
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
        # or a redirect would take its turn at the host that it came from
        request.meta.pop("download_slot", None)
        site = site_of(request.url)
        gate = self.gates.setdefault(site, asyncio.Semaphore(self.at_once))
        await gate.acquire()
        self.inside[request] = gate
        while pause := self.spider.turns.pause(site, this_moment()):
            left = pause.until - this_moment()
            if left > WORTH_WAITING:
                raise NotNow(put_off(pause))
            await asyncio.sleep(max(left.total_seconds(), 0.0) + 0.01)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        self._leave(request)
        site, now = site_of(request.url), this_moment()
        pause = self.spider.turns.answered(
            site, response.status, header(response, "Retry-After"), now
        )
        if pause is None:
            return response
        waits = request.meta.get("waits", 0)
        if waits >= MOST_WAITS:
            pause = self.spider.turns.begin(site, pause.reason, now)
        if pause.until - now <= WORTH_WAITING:
            return request.replace(dont_filter=True, meta={**request.meta, "waits": waits + 1})
        self.spider.leave_alone(site, pause)
        # robots.txt itself: whoever asked for it reads the status
        if request.meta.get("dont_obey_robotstxt"):
            return response
        raise NotNow(put_off(pause), response.status)

    async def process_exception(self, request: Request, exception: Exception) -> None:
        self._leave(request)
        if isinstance(exception, SILENCE):
            site, reason = site_of(request.url), judge_failure(exception)[1]
            if pause := self.spider.turns.silent(site, reason, this_moment()):
                self.spider.leave_alone(site, pause)

    def _leave(self, request: Request) -> None:
        if gate := self.inside.pop(request, None):
            gate.release()


def this_moment() -> datetime:
    """The clock of the pauses, in this one place: it runs on also from a moment that DATELINE_NOW
    names."""
    return (
        clock() + timedelta(seconds=monotonic() - STARTED)
        if "DATELINE_NOW" in os.environ
        else clock()
    )
