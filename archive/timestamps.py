"""Timestamps of the archive: as numbers of days, and whether two of them can mean the same instant.

A page that first gave a day and now gives a time as well, or a time whose zone was unknown, has
stated nothing new.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EAST, WEST = timedelta(hours=14), timedelta(hours=11)
"""The largest offsets of time zones ahead of UTC and behind it."""
QUARTER = 15 * 60
"""Offsets of time zones are multiples of a quarter of an hour; in seconds."""


UNDATED = -1_000_000
"""Day number of undated articles. The date of fetching does not say when something happened."""


def days(moment: str | None) -> float | None:
    """Return a timestamp as days since 1970, noon if it is only a day; None if it is invalid."""
    timestamp = _moment(moment or "")
    if timestamp is None:
        return None
    is_day = len(moment or "") == 10
    return _utc(timestamp).timestamp() / 86_400 + (0.5 if is_day else 0)


def say_the_same(one: str | None, other: str | None) -> bool:
    """Return whether two timestamps can mean the same instant.

    That is so if they are equal, if one is a day and the other lies on it, or if both have times
    of which one lacks a zone or seconds.
    """
    if one == other:
        return True
    if not one or not other:
        return False
    first, second = _moment(one), _moment(other)
    if first is None or second is None:
        return False
    if len(one) == 10:
        return _on_the_day(first, second)
    if len(other) == 10:
        return _on_the_day(second, first)
    difference = (_utc(first) - _utc(second)).total_seconds()
    rounded = 0 in (first.second, second.second)
    if (first.tzinfo is None) == (second.tzinfo is None):
        return rounded and abs(difference) < 60
    # one zone is unknown: the difference must be a possible offset, a multiple of 15 minutes
    rest = abs(difference) % QUARTER
    is_offset = min(rest, QUARTER - rest) < (60 if rounded else 1)
    return is_offset and abs(difference) <= EAST.total_seconds()


def _on_the_day(day: datetime, timestamp: datetime) -> bool:
    """Return whether a timestamp lies on a day, in any time zone if its own is known."""
    after = _utc(timestamp) - _utc(day)
    if timestamp.tzinfo is None:
        return timedelta() <= after < timedelta(days=1)
    return -EAST <= after < timedelta(days=1) + WEST


def _utc(timestamp: datetime) -> datetime:
    """Return a timestamp with UTC where it has no zone."""
    return timestamp if timestamp.tzinfo else timestamp.replace(tzinfo=UTC)


def _moment(text: str) -> datetime | None:
    """Parse a timestamp of the archive; None if it is invalid."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
