"""Days as a reader names them, the moment from which the newest days count, and filters by them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby

from archive.pages.filters import PageFilters
from archive.queries.lookup import PlainRow
from archive.records import current_time, format_utc
from archive.text.formatting import (
    MONTH_ABBREVIATIONS,
    WEEKDAY_NAMES,
    parse_timestamp_as_utc,
)

DEFAULT_PERIOD_DAYS = 7
"""Days before the newest coverage that a list covers unless the reader asks for others."""
MIN_PERIOD_OUTLETS = 2
"""Outlets from which an event or a text is listed unless the reader asks for more."""

NEWEST_COVERAGE_SQL = "SELECT max(published_at) FROM articles WHERE published_at <= ?"
NEWEST_CHANGE_SQL = "SELECT max(seen_at) FROM revisions WHERE number > 1 AND seen_at <= ?"

MAX_FUTURE_HOURS = 24
"""Hours by which a date may lie ahead; later ones are mistakes and count for no list of the day."""


class PeriodFilters(PageFilters):
    """A base for filters with the fields `days` (before the newest coverage, or `all`) and
    `outlets` (the least number of outlets)."""

    __slots__ = ()
    days: str
    outlets: str

    @property
    def period_days(self) -> int | None:
        """The number of days, None for all time."""
        if self.days == "all":
            return None
        return small_number(self.days) or DEFAULT_PERIOD_DAYS

    @property
    def least_outlets(self) -> int:
        """The least number of outlets."""
        return max(MIN_PERIOD_OUTLETS, small_number(self.outlets))


def newest_coverage_at(connection: sqlite3.Connection, now: datetime | None = None) -> datetime:
    """Return when the newest article was published, but no time after now; now without any article.

    A date without a time of day counts as the end of that day.
    """
    return newest_coverage_of_all([connection], now)


def newest_coverage_of_all(
    connections: Iterable[sqlite3.Connection], now: datetime | None = None
) -> datetime:
    """Return the newest of these times of several archives; now if none has an article."""
    return _newest_of(connections, NEWEST_COVERAGE_SQL, now or current_time())


def newest_change_at(connection: sqlite3.Connection, now: datetime | None = None) -> datetime:
    """Return when the newest change was seen, but no time after now; now without any change."""
    return newest_change_of_all([connection], now)


def newest_change_of_all(
    connections: Iterable[sqlite3.Connection], now: datetime | None = None
) -> datetime:
    """Return the newest of these times of several archives; now if none has a change."""
    return _newest_of(connections, NEWEST_CHANGE_SQL, now or current_time())


def _newest_of(connections: Iterable[sqlite3.Connection], sql: str, now: datetime) -> datetime:
    asked = (format_utc(now),)
    written = [connection.execute(sql, asked).fetchone()[0] for connection in connections]
    known = [newest for each in written if (newest := _latest_moment(each))]
    return min(now, max(known)) if known else now


def _latest_moment(written: str | None) -> datetime | None:
    """Return the moment of a timestamp, the last of a bare day; None without one."""
    found = parse_timestamp_as_utc(written)
    if found is None or written is None:
        return None
    is_day = len(written) == len("2024-02-15")
    return found + timedelta(days=1, seconds=-1) if is_day else found


def period_bounds(newest: datetime, days: int | None) -> tuple[str, str]:
    """Return the first and the last moment of the `days` up to the newest; None for all time."""
    since = format_utc(newest - timedelta(days=days)) if days else ""
    return since, format_utc(newest + timedelta(hours=MAX_FUTURE_HOURS))


def small_number(text: str) -> int:
    """Return a number of up to four digits that a reader asked for; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def is_older_than_a_day(newest: datetime, now: datetime | None = None) -> bool:
    """Return True if the newest moment is more than 24 hours ago."""
    return (now or current_time()) - newest > timedelta(days=1)


def day_label(written: str | None, now: datetime | None = None) -> str:
    """Return `Today`, `Yesterday`, or the date of a timestamp: `Thursday, 15 Feb 2024`; in UTC."""
    timestamp = parse_timestamp_as_utc(written)
    if timestamp is None:
        return "Undated"
    day, today = timestamp.astimezone(UTC).date(), (now or current_time()).date()
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    month = MONTH_ABBREVIATIONS[day.month - 1]
    return f"{WEEKDAY_NAMES[day.weekday()]}, {day.day} {month} {day.year}"


def group_by_day(
    rows: Iterable[PlainRow],
    moment_of: Callable[[PlainRow], str | None],
    now: datetime | None = None,
) -> list[PlainRow]:
    """Return rows under the `label` of their `day`, in their order."""
    grouped = groupby(rows, key=lambda row: (moment_of(row) or "")[:10])
    return [
        {"day": day, "label": day_label(day, now), "rows": list(group)} for day, group in grouped
    ]
