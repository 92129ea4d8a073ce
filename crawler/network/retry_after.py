"""Parser of Retry-After and HTTP dates, for pages, robots.txt, feeds and search services."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

MAX_RETRY_AFTER = timedelta(days=1)
"""Longest wait that a server can ask for."""
MAX_HTTP_DATE_CHARS = 100
"""Longest date in characters that is parsed."""


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After header asks for, at most a day.

    Seconds and HTTP dates are understood (RFC 9110, 10.2.3). None without a header, and for a value
    that cannot be parsed; never raises.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        # int() refuses thousands of digits, and timedelta more than nine
        too_long = len(text.lstrip("0")) > 9
        return (
            MAX_RETRY_AFTER if too_long else min(timedelta(seconds=int(text[-9:])), MAX_RETRY_AFTER)
        )
    date = parse_http_date(text)
    return min(max(date - now, timedelta()), MAX_RETRY_AFTER) if date else None


def parse_http_date(value: str | None) -> datetime | None:
    """Return the UTC time of a header such as Date or Expires (RFC 9110, 5.6.7).

    A date without a zone is read as UTC. None for a missing header and for a value that cannot be
    parsed; never raises.
    """
    text = (value or "").strip()
    if not text or len(text) > MAX_HTTP_DATE_CHARS:
        return None
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    # the exceptions differ between versions of Python
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        return None
