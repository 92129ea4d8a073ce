"""Find the day on which an article appeared on the outlet's own clock. Pure functions.

The archive's timestamp is in UTC, where evenings in America and mornings in Asia are on another
day. The wordings of the same date on the page say which day it was there, and often the offset.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archive.timestamps import DAY_CHARS, can_be_same_time, clock_offset, is_day_somewhere
from crawler.dates.date_parser import SiteDate


@dataclass(frozen=True, slots=True)
class PrintedDay:
    """A day on the outlet's clock, YYYY-MM-DD, and the clock's offset from UTC in minutes."""

    day: str
    offset: int | None = None
    """None if the page does not state it."""


@dataclass(frozen=True, slots=True)
class PrintedWording:
    """A wording of the date on the page as it was read, None if it gives no date."""

    date: SiteDate | None
    is_visible: bool = False
    """True if readers see it; a date in UTC for programs says nothing of the outlet's clock."""


def find_printed_day(
    timestamp: str | None, wordings: Iterable[PrintedWording]
) -> PrintedDay | None:
    """Return the day that the outlet prints for the archive's timestamp, None without a timestamp.

    The first wording is the one that the timestamp was read from. A stated offset that is not zero
    decides, then what readers see; without both it is the day in UTC.
    """
    if not timestamp:
        return None
    day = timestamp[:DAY_CHARS]
    if not timestamp.endswith("Z"):
        return PrintedDay(day)
    read = [wording for wording in wordings if wording.date]
    for wording in read:
        if found := _stated_day(timestamp, wording.date):
            return found
    visible = (wording.date for wording in read if wording.is_visible)
    for date in visible:
        if date and (found := _visible_day(timestamp, date)):
            return found
    own = read[0].date if read else None
    is_utc = own is not None and own.timestamp == timestamp and own.offset == 0
    return PrintedDay(day, 0 if is_utc else None)


def _stated_day(timestamp: str, said: SiteDate | None) -> PrintedDay | None:
    """The day of a wording that states the same time with an offset other than zero."""
    if said is None or not said.offset or not can_be_same_time(said.timestamp, timestamp):
        return None
    return PrintedDay(said.day, said.offset)


def _visible_day(timestamp: str, shown: SiteDate) -> PrintedDay | None:
    """The day that readers see, if the timestamp is on it by the clock of some time zone."""
    if shown.offset == 0:
        return None
    if len(shown.timestamp) > DAY_CHARS:
        offset = clock_offset(shown.timestamp, timestamp)
        return None if offset is None else PrintedDay(shown.day, offset)
    return PrintedDay(shown.day) if is_day_somewhere(shown.day, timestamp) else None
