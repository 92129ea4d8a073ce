"""Timestamps of the archive: as numbers of days, and whether two of them can mean the same instant.

A page that first gave a day and now gives a time as well, or a time whose zone was unknown, has
stated nothing new.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

MAX_ZONE_EAST, MAX_ZONE_WEST = timedelta(hours=14), timedelta(hours=11)
"""The largest offsets of countries' time zones ahead of UTC and behind it."""
ZONE_STEP_SECONDS = 15 * 60
"""Offsets of time zones are multiples of a quarter of an hour; in seconds."""


OFFSET_AT_END = re.compile(
    "(?P<sign>[+\N{MINUS SIGN}-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})\\s*$"
)
"""The offset of a date as pages write it for programs: `+09:00`, `-0330`."""
DAY_CHARS = len("2024-02-15")
"""Characters of a day in ISO 8601."""
UNDATED_DAY = -1_000_000
"""Day number of undated articles. The date of fetching does not say when something happened."""


def parse_timestamp(text: str | None) -> datetime | None:
    """Return a stored timestamp, in UTC where it has no zone, and at 0:00 if it is only a day.

    None if it is missing or invalid.
    """
    timestamp = _parse_stored_timestamp(text or "")
    return None if timestamp is None else _as_utc_timestamp(timestamp)


def days_since_epoch(moment: str | None) -> float | None:
    """Return a timestamp as days since 1970, noon if it is only a day; None if it is invalid."""
    timestamp = parse_timestamp(moment)
    if timestamp is None:
        return None
    is_day = len(moment or "") == 10
    return timestamp.timestamp() / 86_400 + (0.5 if is_day else 0)


def can_be_same_time(one: str | None, other: str | None) -> bool:
    """Return whether two timestamps can mean the same instant.

    That is so if they are equal, if one is a day and the other lies on it, or if both have times
    of which one lacks a zone or seconds.
    """
    if one == other:
        return True
    if not one or not other:
        return False
    first, second = _parse_stored_timestamp(one), _parse_stored_timestamp(other)
    if first is None or second is None:
        return False
    if len(one) == 10:
        return _lies_on_day(first, second)
    if len(other) == 10:
        return _lies_on_day(second, first)
    difference = (_as_utc_timestamp(first) - _as_utc_timestamp(second)).total_seconds()
    rounded = 0 in (first.second, second.second)
    if (first.tzinfo is None) == (second.tzinfo is None):
        return rounded and abs(difference) < 60
    # one zone is unknown: the difference must be a possible offset, a multiple of 15 minutes
    rest = abs(difference) % ZONE_STEP_SECONDS
    is_offset = min(rest, ZONE_STEP_SECONDS - rest) < (60 if rounded else 1)
    return is_offset and abs(difference) <= MAX_ZONE_EAST.total_seconds()


def is_day_somewhere(day: str, timestamp: str) -> bool:
    """Return whether a day, YYYY-MM-DD, is that of a timestamp on a clock of any time zone.

    A timestamp without time zone is on one day only.
    """
    on, at = _parse_stored_timestamp(day), _parse_stored_timestamp(timestamp)
    if on is None or at is None or len(day) != DAY_CHARS:
        return False
    is_exact = at.tzinfo is not None
    return _lies_on_day(on, at) if is_exact else timestamp[:DAY_CHARS] == day


def clock_offset(local: str, timestamp: str) -> int | None:
    """Return the minutes by which a clock that shows `local` is ahead of UTC at a timestamp in UTC.

    Both are in the archive's forms, `local` without time zone. None if no time zone is ahead or
    behind by that much.
    """
    shown, at = _parse_stored_timestamp(local), _parse_stored_timestamp(timestamp)
    if shown is None or at is None or shown.tzinfo is not None:
        return None
    ahead = _as_utc_timestamp(shown) - _as_utc_timestamp(at)
    steps = round(ahead.total_seconds() / ZONE_STEP_SECONDS)
    is_step = abs(ahead.total_seconds() - steps * ZONE_STEP_SECONDS) < 60
    is_zone = -MAX_ZONE_WEST <= ahead <= MAX_ZONE_EAST
    return steps * ZONE_STEP_SECONDS // 60 if is_step and is_zone else None


def local_timestamp(timestamp: str, offset: int | None) -> str:
    """Return a timestamp in UTC on the clock that is `offset` minutes ahead, as
    `2024-02-16T02:30:00+09:00`.

    Returned unchanged if it is not in UTC or the offset is unknown or zero.
    """
    at = _parse_stored_timestamp(timestamp)
    if not offset or at is None or at.tzinfo is None:
        return timestamp
    there = at.astimezone(timezone(timedelta(minutes=offset)))
    return there.isoformat(timespec="seconds")


def stated_offset(raw: str | None, timestamp: str) -> int | None:
    """Return the offset that a date as written states for a timestamp in UTC, in minutes.

    None if it states none, or another time of day than the timestamp has on that clock.
    """
    found = OFFSET_AT_END.search(raw or "")
    if found is None or not timestamp.endswith("Z"):
        return None
    minutes = int(found["hours"]) * 60 + int(found["minutes"])
    if timedelta(minutes=minutes) > MAX_ZONE_EAST:  # the year of `15-02-2024`
        return None
    offset = minutes if found["sign"] == "+" else -minutes
    clock_time = local_timestamp(timestamp, offset)[len("2024-02-15T") : len("2024-02-15T10:00")]
    return offset if clock_time in found.string else None


def _lies_on_day(day: datetime, timestamp: datetime) -> bool:
    """Return whether a timestamp lies on a day, in any time zone if its own is known."""
    after = _as_utc_timestamp(timestamp) - _as_utc_timestamp(day)
    if timestamp.tzinfo is None:
        return timedelta() <= after < timedelta(days=1)
    return -MAX_ZONE_EAST <= after < timedelta(days=1) + MAX_ZONE_WEST


def _as_utc_timestamp(timestamp: datetime) -> datetime:
    """Return a timestamp with UTC where it has no zone."""
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)


def _parse_stored_timestamp(text: str) -> datetime | None:
    """Parse a timestamp of the archive; None if it is invalid."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
