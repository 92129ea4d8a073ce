"""Moments as people type them: `2024-02-15`, `2024-02-15T10:00`, and ages such as `7d`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from archive.errors import UsageError
from archive.records import clock, utc

DAYS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
"""What the letter of an age counts, in days: hours, days, weeks, months of 30 days, years of
365."""

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
"""What the letter of a duration counts; its `m` is a minute, as nobody lets a crawl run for
months."""

DURATION = re.compile(r"(\d{1,6})\s*([smhd])", re.IGNORECASE)
AGE = re.compile(r"(\d{1,5})\s*([hdwmy])", re.IGNORECASE)
DAY = re.compile(r"\d{4}-\d\d-\d\d")


def since(text: str, now: datetime | None = None) -> str:
    """The moment that a day, a moment or an age means, as the archive writes moments (they sort as
    text).

    A day stays a day, `2024-02-15`; a clock time without a zone is UTC; an age counts back from
    `now`: `36h`, `7d`, `2w`, `3m` (months of 30 days), `1y`. Raises UsageError for anything else.
    """
    given = text.strip()
    try:
        if age := AGE.fullmatch(given):
            return utc((now or clock()) - timedelta(days=int(age[1]) * DAYS[age[2].lower()]))
        if DAY.fullmatch(given):
            return date.fromisoformat(given).isoformat()
        moment = datetime.fromisoformat(given)
        return utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is no date and no age; try 2024-02-15, 2024-02-15T10:00 or 7d (h, d, w, m, y)"
        ) from None


def seconds(text: str) -> int:
    """A duration in seconds: `90s`, `10m` (minutes), `2h`, `1d`. Raises UsageError for anything
    else, and for none."""
    given = DURATION.fullmatch(text.strip())
    if not given or not int(given[1]):
        raise UsageError(f"{text!r} is no duration; try 90s, 10m or 2h (s, m, h, d)")
    return int(given[1]) * SECONDS[given[2].lower()]


def told(length: timedelta) -> str:
    """A duration to read, in its two largest units: `3 days 4 h`, `20 min`, `45 s`."""
    left = max(0, round(length.total_seconds()))
    parts = []
    for name, size in (("days", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        many, left = divmod(left, size)
        if many:
            parts.append(f"{many} {name if (name, many) != ('days', 1) else 'day'}")
        if parts and (len(parts) == 2 or not many or name == "min"):
            break
    return " ".join(parts) or "0 s"
