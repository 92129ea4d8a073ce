"""For how long a publisher says that a feed or sitemap is still fresh, or asks not to be asked
again. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from crawler.network.retry_after import LONGEST, http_date, retry_after

MAX_AGE = re.compile(r'(?<![\w-])max-age\s*=\s*"?(\d{1,10})', re.IGNORECASE | re.ASCII)
AGE = re.compile(r"\s*(\d{1,10})", re.ASCII)
NO_CACHE = re.compile(r"(?<![\w-])no-(?:cache|store)(?![\w-])", re.IGNORECASE)
Header = Callable[[str], str | None]
"""The first value of a header by its name."""


def wish_seconds(header: Header, ttl_minutes: int | None, now: datetime) -> int | None:
    """Seconds that a source asks to be left alone: the longest of Retry-After, freshness and ttl;
    None: it does not."""
    asked = retry_after(header("Retry-After"), now) or timedelta()
    told = max(_fresh(header), timedelta(minutes=ttl_minutes or 0))
    # a year's max-age on a feed is a server's default and nobody's wish
    longest = max(asked, min(told, LONGEST))
    return int(longest.total_seconds()) or None


def _fresh(header: Header) -> timedelta:
    """RFC 9111, 4.2: max-age less the Age that a cache on the way gives, else Expires less Date."""
    control = header("Cache-Control") or ""
    if NO_CACHE.search(control):
        return timedelta()
    if found := MAX_AGE.search(control):
        age = AGE.match(header("Age") or "")
        return timedelta(seconds=max(0, int(found[1]) - (int(age[1]) if age else 0)))
    expires, sent = http_date(header("Expires")), http_date(header("Date"))
    return max(timedelta(), expires - sent) if expires and sent else timedelta()
