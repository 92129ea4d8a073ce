"""Small charts as positions on a drawing.

Horizontal positions are percentages of the width, so one SVG fits any screen; vertical ones are
pixels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive.exports.timeline import TimelineArticle, build_timeline
from archive.text.formatting import parse_timestamp_as_utc

__all__ = ["ChartBar", "TimelineArticle", "build_timeline", "chart_bars", "sparkline_bars"]

MAX_SPARKLINE_BARS, MIN_SPARKLINE_DAYS = 60, 30
"""Maximum and minimum number of bars of a sparkline."""


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One bar of a chart."""

    label: str
    count: int
    x: float
    """Left edge, as a percentage of the width."""
    width: float
    height: float
    """As a percentage of the drawing's height."""


def chart_bars(counted: Sequence[tuple[str, int]]) -> list[ChartBar]:
    """Return labelled counts as bars side by side."""
    most = max((count for _, count in counted), default=0) or 1
    width = 100 / max(1, len(counted))
    return [
        ChartBar(
            label, count, round(at * width, 2), round(width * 0.8, 2), round(100 * count / most, 1)
        )
        for at, (label, count) in enumerate(counted)
    ]


def sparkline_bars(
    per_day: Mapping[str, int],
    most: int = MAX_SPARKLINE_BARS,
    min_days: int = MIN_SPARKLINE_DAYS,
) -> list[ChartBar]:
    """Return articles per day as bars, for `min_days` days at least.

    A longer period is divided into at most `most` bars of several days each. `per_day` counts
    articles by publication day (or time); invalid dates are ignored.
    """
    days = Counter[int]()
    for written, count in per_day.items():
        date = parse_timestamp_as_utc(written)
        if date:
            days[date.date().toordinal()] += count
    if not days:
        return []
    last = max(days)
    first = max(1, min(*days, last - min_days + 1))
    days_per_bar = -(-(last - first + 1) // most)
    counts = Counter[int]()
    for number, count in days.items():
        counts[(number - first) // days_per_bar] += count
    starts = range(first, last + 1, days_per_bar)
    labels = [datetime.fromordinal(start) for start in starts]
    return chart_bars([(f"{label:%Y-%m-%d}", counts[at]) for at, label in enumerate(labels)])
