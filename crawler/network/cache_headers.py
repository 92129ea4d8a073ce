"""Freshness that a publisher states for a feed or sitemap in HTTP headers or in its ttl. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from crawler.network.retry_after import LONGEST, http_date, retry_after

MAX_AGE = re.compile(r'(?<![\w-])max-age\s*=\s*"?(\d{1,10})', re.IGNORECASE | re.ASCII)
AGE = re.compile(r"\s*(\d{1,10})", re.ASCII)
NO_CACHE = re.compile(r"(?<![\w-])no-(?:cache|store)(?![\w-])", re.IGNORECASE)
Header = Callable[[str], str | None]
"""Returns the first value of a header by its name."""


def wish_seconds(header: Header, ttl_minutes: int | None, now: datetime) -> int | None:
    """Return the seconds for which a source asks not to be fetched again, or None.

    The longest of Retry-After, the freshness lifetime and the feed's ttl counts, up to a day.
    """
    asked = retry_after(header("Retry-After"), now) or timedelta()
    stated = max(_fresh(header), timedelta(minutes=ttl_minutes or 0))
    # a max-age of a year on a feed is a server's default, not a decision
    longest = max(asked, min(stated, LONGEST))
    return int(longest.total_seconds()) or None


def _fresh(header: Header) -> timedelta:
    """Return the freshness lifetime (RFC 9111, 4.2): max-age less Age, else Expires less Date."""
    control = header("Cache-Control") or ""
    if NO_CACHE.search(control):
        return timedelta()
    if found := MAX_AGE.search(control):
        age = AGE.match(header("Age") or "")
        age_seconds = int(age[1]) if age else 0
        return timedelta(seconds=max(0, int(found[1]) - age_seconds))
    expires, sent = http_date(header("Expires")), http_date(header("Date"))
    return max(timedelta(), expires - sent) if expires and sent else timedelta()
