"""Moments as the archive writes them: as days, and whether two say the same, one perhaps less
finely.

A page that gave the day and now gives the clock, or a clock whose zone was not known, has stated
nothing new.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EAST, WEST = timedelta(hours=14), timedelta(hours=11)
"""How far a local clock may be ahead of UTC, and behind it."""
QUARTER = 15 * 60
"""Seconds; zones differ by whole quarters of an hour."""


UNDATED = -1_000_000
"""The day of what has no date: when it was fetched says nothing of when it happened."""


def days(moment: str | None) -> float | None:
    """Days since 1970; noon where a moment says no more than the day."""
    try:
        told = datetime.fromisoformat(moment or "")
    except ValueError:
        return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    return told.timestamp() / 86_400 + (0.5 if len(moment or "") == 10 else 0)


def say_the_same(one: str | None, other: str | None) -> bool:
    """Whether two moments can be one: equal, a day and a clock on it, or clocks of which one lacks
    zone or seconds."""
    if one == other:
        return True
    if not one or not other:
        return False
    first, second = _moment(one), _moment(other)
    if first is None or second is None:
        return False
    if 10 in (len(one), len(other)):
        return _on_the_day(first, second) if len(one) == 10 else _on_the_day(second, first)
    apart = (_utc(first) - _utc(second)).total_seconds()
    rounded = 0 in (first.second, second.second)
    if (first.tzinfo is None) == (second.tzinfo is None):
        return rounded and abs(apart) < 60
    rest = abs(apart) % QUARTER
    near = min(rest, QUARTER - rest) < (60 if rounded else 1)
    return near and abs(apart) <= EAST.total_seconds()


def _on_the_day(day: datetime, moment: datetime) -> bool:
    """Whether a moment lies on a day somewhere; a clock without a zone is the page's own."""
    after = _utc(moment) - _utc(day)
    if moment.tzinfo is None:
        return timedelta() <= after < timedelta(days=1)
    return -EAST <= after < timedelta(days=1) + WEST


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
