"""Dates and durations as people type them: `2024-02-15`, `2024-02-15T10:00`, ages such as `7d`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from archive.errors import UsageError
from archive.records import current_time, format_utc

DAYS_PER_AGE_UNIT = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
"""Days in a unit of an age: hours, days, weeks, months of 30 days, years of 365."""

SECONDS_PER_DURATION_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86400}
"""Seconds in a unit of a duration; `m` is a minute here, since no crawl runs for months."""

DURATION_PATTERN = re.compile(r"(\d{1,6})\s*([smhd])", re.IGNORECASE)
AGE_PATTERN = re.compile(r"(\d{1,5})\s*([hdwmy])", re.IGNORECASE)
DAY_PATTERN = re.compile(r"\d{4}-\d\d-\d\d")


def parse_since(text: str, now: datetime | None = None) -> str:
    """Return the start of a period, typed as a day, a timestamp or an age, in the archive's format.

    A day stays a day, `2024-02-15`; a time without a zone is UTC; an age counts back from `now`:
    `36h`, `7d`, `2w`, `3m` (months of 30 days), `1y`. The results sort as text. Raises UsageError
    for anything else.
    """
    typed = text.strip()
    try:
        if age := AGE_PATTERN.fullmatch(typed):
            return format_utc(
                (now or current_time())
                - timedelta(days=int(age[1]) * DAYS_PER_AGE_UNIT[age[2].lower()])
            )
        if DAY_PATTERN.fullmatch(typed):
            return date.fromisoformat(typed).isoformat()
        timestamp = datetime.fromisoformat(typed)
        return format_utc(timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{text!r} is neither a date nor an age; "
            "try 2024-02-15, 2024-02-15T10:00 or 7d (h, d, w, m, y)"
        ) from None


def parse_duration_seconds(text: str) -> int:
    """Return a duration in seconds: `90s`, `10m` (minutes), `2h`, `1d`.

    Raises UsageError for zero and for anything else.
    """
    match = DURATION_PATTERN.fullmatch(text.strip())
    if not match or not int(match[1]):
        raise UsageError(f"{text!r} is not a duration; try 90s, 10m or 2h (s, m, h, d)")
    return int(match[1]) * SECONDS_PER_DURATION_UNIT[match[2].lower()]


def format_duration(length: timedelta) -> str:
    """Return a duration in its two largest units: `3 days 4 h`, `20 min`, `45 s`."""
    rest = max(0, round(length.total_seconds()))
    parts: list[str] = []
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            label = "day" if (unit, count) == ("days", 1) else unit
            parts.append(f"{count} {label}")
        if parts and (len(parts) == 2 or not count or unit == "min"):
            break
    return " ".join(parts) or "0 s"
