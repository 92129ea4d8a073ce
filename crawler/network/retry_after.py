"""How long a server asks to be left alone: the one reading of Retry-After, for pages, robots.txt,
feeds, services."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)
"""What asks for more is asked again after a day."""
MOST_LETTERS = 100
"""Of a date; a longer one is none."""


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The wait that a Retry-After asks for, in seconds or as an HTTP date (RFC 9110, 10.2.3), at
    most a day.

    None where there is none, or none that can be read; never raises.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(
            timedelta(seconds=int(text[-9:]) if len(text.lstrip("0")) <= 9 else 10**9), LONGEST
        )
    moment = http_date(text)
    return min(max(moment - now, timedelta()), LONGEST) if moment else None


def http_date(value: str | None) -> datetime | None:
    """The moment of a header such as Date or Expires (RFC 9110, 5.6.7), UTC where it names no zone;
    None for none."""
    text = (value or "").strip()
    if not text or len(text) > MOST_LETTERS:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    # what it raises changes by the version
    except (TypeError, ValueError, IndexError, OverflowError, AttributeError):
        return None
