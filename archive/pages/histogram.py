"""Articles over time as bars of days, months or years, each with the dates that narrow a search to it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from archive.pages.charts import ChartBar, chart_bars
from archive.text.formatting import is_calendar_day, period_label

HistogramUnit = Literal["day", "month", "year"]
MAX_DAY_BARS = 62
"""Days up to which each has a bar."""
MAX_MONTH_BARS = 96
"""Months up to which each has a bar; longer periods have a bar a year."""
DATE_PATTERN = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-\d{2})?)?", re.ASCII)
"""The day, month or year with which an ISO date begins."""


@dataclass(frozen=True, slots=True)
class HistogramBar:
    """The articles of one day, month or year."""

    period: str
    """`2024-02-15`, `2024-02` or `2024`; both the first and the last day that a search names."""
    bar: ChartBar


@dataclass(frozen=True, slots=True)
class Histogram:
    """Articles over time, without gaps between the bars."""

    unit: HistogramUnit
    bars: tuple[HistogramBar, ...]
    most: int
    """Articles of the highest bar."""
    first: str
    last: str
    """The first and the last period, in words."""


def date_histogram(published: Iterable[str | None]) -> Histogram | None:
    """Return the histogram of ISO dates, or None if they lie in one day, month or year.

    Dates that are not precise enough for the unit are left out, as are missing and invalid ones.
    """
    found = [DATE_PATTERN.match(written) for written in published if written]
    given = [match[0] for match in found if match]
    days = [day for day in given if is_calendar_day(day)]
    months = [written[:7] for written in given if len(written) >= len("2024-02")]
    unit = _unit_of_histogram(days, months)
    by_unit = {"day": days, "month": months, "year": [written[:4] for written in given]}
    return _histogram_of(unit, by_unit[unit])


def _unit_of_histogram(days: Sequence[str], months: Sequence[str]) -> HistogramUnit:
    """Return the smallest unit whose bars are not too many."""
    if not months:
        return "year"
    if days and _days_between(min(days), max(days)) <= MAX_DAY_BARS:
        return "day"
    if _months_between(min(months), max(months)) <= MAX_MONTH_BARS:
        return "month"
    return "year"


def _histogram_of(unit: HistogramUnit, periods: list[str]) -> Histogram | None:
    counts = Counter(periods)
    if len(counts) < 2:
        return None
    names = _periods_between(unit, min(counts), max(counts))
    bars = chart_bars([(period_label(name), counts[name]) for name in names])
    return Histogram(
        unit,
        tuple(HistogramBar(name, bar) for name, bar in zip(names, bars, strict=True)),
        max(counts.values()),
        period_label(names[0]),
        period_label(names[-1]),
    )


def _days_between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _months_between(first: str, last: str) -> int:
    return _month_number(last) - _month_number(first)


def _month_number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:7]) - 1


def _periods_between(unit: HistogramUnit, first: str, last: str) -> list[str]:
    """Return the names of all periods from the first to the last."""
    if unit == "year":
        return [f"{year:04}" for year in range(int(first), int(last) + 1)]
    if unit == "month":
        numbers = range(_month_number(first), _month_number(last) + 1)
        return [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]
    start = date.fromisoformat(first)
    days = (date.fromisoformat(last) - start).days
    return [(start + timedelta(days=at)).isoformat() for at in range(days + 1)]
