"""Choose a chart for the answer of a query: a series over time, or a ranking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from archive.pages.charts import ChartBar, chart_bars, sparkline_bars

AnswerValue = str | int | float | None

MAX_SERIES, MAX_RANKED = 6, 15
"""Most series, and most places of a ranking, in one chart."""
MAX_SERIES_BARS = 90
"""Bars of a series; a longer period has several days in each."""
MIN_SERIES_DAYS = 7
"""Days of a series at least; a bar as wide as the page says little."""
MIN_CHARTED_ROWS = 2
"""Fewer rows are read faster than a chart."""

DAY_OR_TIME_PATTERN = re.compile(r"\d{4}-\d\d-\d\d(?:$|T)")
MONTH_PATTERN = re.compile(r"\d{4}(?:-\d\d)?")
IDENTIFYING_COLUMN = re.compile(r"(?:.*_)?id|article|event|number|revision|status|stealth|url")
"""Columns whose numbers name something instead of counting it."""


@dataclass(frozen=True, slots=True)
class ChartSeries:
    """The bars of one series, and what its first, last and highest bar stand for."""

    label: str
    bars: list[ChartBar]
    first: str
    last: str
    most: int


@dataclass(frozen=True, slots=True)
class RankedBar:
    """One place of a ranking; `share` is its length in percent of the longest."""

    label: str
    value: float
    share: float


@dataclass(frozen=True, slots=True)
class AnswerChart:
    """Either `series` over time or a `ranking`; `measure` is the column that is drawn."""

    measure: str
    series: tuple[ChartSeries, ...] = ()
    ranking: tuple[RankedBar, ...] = ()
    left_out: int = 0
    """Series or places that did not fit."""


def answer_chart(
    columns: Sequence[str], rows: Sequence[Sequence[AnswerValue]], only_ranked: bool = False
) -> AnswerChart | None:
    """Return a chart of an answer, or None if it has no label or date beside a number.

    With `only_ranked`, labels get a chart only where the rows are in the order of the number, as
    in a ranking.
    """
    if len(rows) < MIN_CHARTED_ROWS:
        return None
    by_column = {name: [row[at] for row in rows] for at, name in enumerate(columns)}
    numbers = [name for name, values in by_column.items() if _is_count(name, values)]
    labels = [name for name, values in by_column.items() if _is_label(values)]
    if not numbers or not labels:
        return None
    days = [name for name in labels if _all_match(DAY_OR_TIME_PATTERN, by_column[name])]
    names = [name for name in labels if name not in days]
    if days and len(names) <= 1 and _is_per_day(by_column[days[0]]):
        return _series_chart(by_column, days[0], names[:1], numbers[0])
    if _is_per_month(by_column[labels[0]]):
        return _period_chart(by_column, labels[0], numbers[0])
    return _ranking_chart(by_column, names, numbers, only_ranked)


def _is_per_month(values: list[AnswerValue]) -> bool:
    """Return True for months, each of them once."""
    return _all_match(MONTH_PATTERN, values) and len(set(values)) == len(values)


def _is_count(name: str, values: Sequence[AnswerValue]) -> bool:
    """Return True for a column of numbers that are not negative and do not name anything."""
    if IDENTIFYING_COLUMN.fullmatch(name):
        return False
    present = [value for value in values if value is not None]
    are_numbers = all(isinstance(value, int | float) and value >= 0 for value in present)
    return bool(present) and are_numbers and any(present)


def _is_label(values: Sequence[AnswerValue]) -> bool:
    return all(isinstance(value, str) and value for value in values)


def _all_match(pattern: re.Pattern[str], values: Sequence[AnswerValue]) -> bool:
    if pattern is MONTH_PATTERN:
        return all(pattern.fullmatch(str(value)) for value in values)
    return all(pattern.match(str(value)) for value in values)


def _is_per_day(values: Sequence[AnswerValue]) -> bool:
    """Return True if the dates are days, not moments."""
    return all(len(str(value)) == len("2024-02-15") for value in values)


def _series_chart(
    by_column: dict[str, list[AnswerValue]], day: str, names: list[str], measure: str
) -> AnswerChart | None:
    """Return one series per name; without names, a single one."""
    days, values = by_column[day], by_column[measure]
    owners = by_column[names[0]] if names else [""] * len(days)
    per_owner: dict[str, dict[str, int]] = {}
    for owner, at, value in zip(owners, days, values, strict=True):
        counts = per_owner.setdefault(str(owner), {})
        counts[str(at)] = counts.get(str(at), 0) + _rounded(value)
    ordered = sorted(per_owner.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    series = [_day_series(owner, counts) for owner, counts in ordered[:MAX_SERIES]]
    drawn = tuple(each for each in series if each)
    left_out = max(0, len(ordered) - MAX_SERIES)
    return AnswerChart(measure, series=drawn, left_out=left_out) if drawn else None


def _rounded(value: AnswerValue) -> int:
    return round(value) if isinstance(value, int | float) else 0


def _day_series(owner: str, counts: dict[str, int]) -> ChartSeries | None:
    bars = sparkline_bars(counts, MAX_SERIES_BARS, min_days=MIN_SERIES_DAYS)
    if not bars:
        return None
    return ChartSeries(owner, bars, min(counts), max(counts), most=max(each.count for each in bars))


def _period_chart(
    by_column: dict[str, list[AnswerValue]], period: str, measure: str
) -> AnswerChart:
    """Return the series of months or years, oldest first."""
    counted = [
        (str(at), _rounded(value))
        for at, value in zip(by_column[period], by_column[measure], strict=True)
    ]
    counted.sort()
    bars = chart_bars(counted)
    most = max(count for _, count in counted)
    series = ChartSeries("", bars, counted[0][0], counted[-1][0], most)
    return AnswerChart(measure, series=(series,))


def _ranking_chart(
    by_column: dict[str, list[AnswerValue]],
    names: list[str],
    numbers: list[str],
    only_ranked: bool,
) -> AnswerChart | None:
    """Return a ranking by the number that orders the rows, or else by the first number."""
    measure = next((name for name in numbers if _descends(by_column[name])), None)
    if not names or (only_ranked and measure is None):
        return None
    label = next((name for name in names if name in ("headline", "outlet")), names[0])
    labels = _distinct_labels(by_column, names, label)
    if labels is None:
        return None
    measure = measure or numbers[0]
    values = [_bar_length(value) for value in by_column[measure]]
    pairs = sorted(zip(labels, values, strict=True), key=lambda pair: -pair[1])
    longest = pairs[0][1]
    ranking = [
        RankedBar(text, value, round(100 * value / longest, 1))
        for text, value in pairs[:MAX_RANKED]
    ]
    return AnswerChart(measure, ranking=tuple(ranking), left_out=max(0, len(pairs) - MAX_RANKED))


def _bar_length(value: AnswerValue) -> float:
    """Return the length of a bar for a value; 0 for one that is missing."""
    return float(value) if isinstance(value, int | float) else 0.0


def _descends(values: Sequence[AnswerValue]) -> bool:
    numbers = [value if isinstance(value, int | float) else 0 for value in values]
    falls = all(before >= after for before, after in pairwise(numbers))
    return falls and numbers[0] > numbers[-1]


def _distinct_labels(
    by_column: dict[str, list[AnswerValue]], names: list[str], label: str
) -> list[str] | None:
    """Return a label for each row: of one column, or of two if the first repeats itself."""
    labels = [str(value) for value in by_column[label]]
    if len(set(labels)) == len(labels):
        return labels
    others = [name for name in names if name != label]
    if not others:
        return None
    pairs = zip(labels, by_column[others[0]], strict=True)
    both = [f"{text} → {other}" for text, other in pairs]
    return both if len(set(both)) == len(both) else None
