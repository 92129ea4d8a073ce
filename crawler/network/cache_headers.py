"""Freshness that a publisher states for a feed or sitemap in HTTP headers or in its ttl. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from crawler.network.retry_after import MAX_RETRY_AFTER, parse_http_date, parse_retry_after

MAX_AGE_DIRECTIVE = re.compile(r'(?<![\w-])max-age\s*=\s*"?(\d{1,10})', re.IGNORECASE | re.ASCII)
AGE_VALUE = re.compile(r"\s*(\d{1,10})", re.ASCII)
NO_CACHE_DIRECTIVE = re.compile(r"(?<![\w-])no-(?:cache|store)(?![\w-])", re.IGNORECASE)
HeaderGetter = Callable[[str], str | None]
"""Returns the first value of a header by its name."""


def freshness_seconds(header: HeaderGetter, ttl_minutes: int | None, now: datetime) -> int | None:
    """Return the seconds for which a source asks not to be fetched again, or None.

    The longest of Retry-After, the freshness lifetime and the feed's ttl counts, up to a day.
    """
    asked = parse_retry_after(header("Retry-After"), now) or timedelta()
    stated = max(_freshness_lifetime(header), timedelta(minutes=ttl_minutes or 0))
    # a max-age of a year on a feed is a server's default, not a decision
    longest = max(asked, min(stated, MAX_RETRY_AFTER))
    return int(longest.total_seconds()) or None


def _freshness_lifetime(header: HeaderGetter) -> timedelta:
    """Return the freshness lifetime (RFC 9111, 4.2): max-age less Age, else Expires less Date."""
    control = header("Cache-Control") or ""
    if NO_CACHE_DIRECTIVE.search(control):
        return timedelta()
    max_age = MAX_AGE_DIRECTIVE.search(control)
    if max_age:
        age = AGE_VALUE.match(header("Age") or "")
        seconds = int(max_age[1]) - (int(age[1]) if age else 0)
        return timedelta(seconds=max(0, seconds))
    expires, sent = parse_http_date(header("Expires")), parse_http_date(header("Date"))
    if expires is None or sent is None:
        return timedelta()
    return max(timedelta(), expires - sent)
