"""Back-off per site: a site that asks for a delay, or does not answer, is paused.

`SiteBackoff` remembers the pauses and decides, without clock or network;
`crawler.network.backoff_middleware` applies them to requests. A pause of a few seconds is waited
for. A longer one is written to the archive (table `pauses`), and the pages of that site return to
the frontier, for this crawl and later ones.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from urllib.parse import urlsplit

from archive.records import current_time, format_utc
from crawler.network.retry_after import parse_retry_after

PROCESS_STARTED_SECONDS = monotonic()
BUSY_STATUSES = (429, 503)
"""Statuses that may carry a Retry-After (RFC 9110, RFC 6585)."""
DEFAULT_SITE_PAUSE = timedelta(minutes=15)
"""Pause of a site that does not say how long to wait."""
MAX_UNANSWERED_REQUESTS = 3
"""Consecutive requests without an answer after which a site is paused."""


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

    def current_pause(self, site: str, now: datetime) -> SitePause | None:
        """Return the pause in force at a site, or None."""
        pause = self.pauses.get(site)
        return pause if pause and pause.until > now else None

    def note_answer(
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
            return self.begin_pause(site, f"HTTP {status} with Retry-After", now, wait)
        return self.begin_pause(site, "HTTP 429", now) if status == 429 else None

    def note_silence(self, site: str, reason: str, now: datetime) -> SitePause | None:
        """Note that no answer came, and return the pause that follows after several in a row."""
        self.silences[site] += 1
        if self.silences[site] < MAX_UNANSWERED_REQUESTS:
            return None
        return self.begin_pause(site, f"{reason}, {MAX_UNANSWERED_REQUESTS} times in a row", now)

    def begin_pause(
        self, site: str, reason: str, now: datetime, wait: timedelta = DEFAULT_SITE_PAUSE
    ) -> SitePause:
        """Pause a site and return the pause in force; of two pauses the later end counts."""
        known, new = self.current_pause(site, now), SitePause(now + wait, reason)
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


def backoff_now() -> datetime:
    """Return the time by which pauses run.

    With DATELINE_NOW it starts at the time that the variable names and runs on from there.
    """
    if "DATELINE_NOW" in os.environ:
        return current_time() + timedelta(seconds=monotonic() - PROCESS_STARTED_SECONDS)
    return current_time()
