"""A chart of numbers over time with readable axes: round numbers upwards, days of the calendar
along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from archive.text.formatting import (
    MONTH_ABBREVIATIONS,
    is_calendar_day,
    many,
    percent,
    period_label,
)

MAX_DAY_STEPS, MAX_WEEK_STEPS = 120, 160
"""Bars up to which each stands for a day, or for a week; beyond that for a month."""
SERIES_HEIGHT_PIXELS, SERIES_FOOT_PIXELS = 220, 24
"""Pixels: the whole drawing, and the space for the labels below."""
SERIES_TOP_PIXELS = 12
SERIES_LEFT_PERCENT = 7.0
"""Percentage of the width that the labels at the left take."""
MAX_SCALE_LINES = 4
"""Lines of the scale above zero."""
MAX_DAY_LABELS = 6
"""Labels along the time axis."""


@dataclass(frozen=True, slots=True)
class SeriesStep:
    """A day, week or month of a series."""

    day: str
    """Its first day."""
    last: str
    label: str
    unit: str
    count: int
    total: int
    """All articles of that time."""

    @property
    def share(self) -> float:
        """The share of all articles."""
        return self.count / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class SeriesBar:
    """One bar: positions along as percentages of the width, upwards in pixels."""

    x: float
    width: float
    y: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class SeriesChart:
    """The drawing: bars, and the lines and labels of both axes."""

    bars: tuple[SeriesBar, ...]
    scale: tuple[tuple[float, str], ...]
    """Lines of the scale: position from the top in pixels, and label."""
    days: tuple[tuple[float, str], ...]
    """Labels of the time axis: position in percent, and label."""
    height: int
    foot: int
    left: float


def group_into_steps(
    days: Sequence[tuple[str, int, int]], last: date | None = None
) -> list[SeriesStep]:
    """Return a series by day, week or month, whichever is readable, without gaps.

    Each of `days` is a day, a count and the total of that day; other days count as zero.
    """
    counts = {day: (count, total) for day, count, total in days if is_calendar_day(day)}
    if not counts:
        return []
    first, end = date.fromisoformat(min(counts)), date.fromisoformat(max(counts))
    end = max(end, last) if last else end
    unit = _readable_unit((end - first).days + 1)
    start, steps = _start_of_step(first, unit), []
    while start <= end:
        following = _next_step(start, unit)
        dates = (start + timedelta(days=number) for number in range((following - start).days))
        pairs = [counts.get(day.isoformat(), (0, 0)) for day in dates]
        steps.append(
            SeriesStep(
                start.isoformat(),
                (following - timedelta(days=1)).isoformat(),
                _step_label(start, unit),
                unit,
                sum(count for count, _ in pairs),
                sum(total for _, total in pairs),
            )
        )
        start = following
    return steps


def _readable_unit(days: int) -> str:
    """Return the unit of a series that lasts so long that smaller steps would be too many."""
    if days <= MAX_DAY_STEPS:
        return "day"
    return "week" if days <= 7 * MAX_WEEK_STEPS else "month"


def _start_of_step(day: date, unit: str) -> date:
    if unit == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if unit == "week" else day


def _next_step(start: date, unit: str) -> date:
    if unit == "month":
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if unit == "week" else 1)


def _step_label(start: date, unit: str) -> str:
    if unit == "month":
        return period_label(f"{start:%Y-%m}")
    return f"{'week of ' if unit == 'week' else ''}{period_label(start.isoformat())}"


def build_series_chart(steps: Sequence[SeriesStep], as_share: bool = False) -> SeriesChart:
    """Return the chart of a series: its numbers, or its shares of all articles."""
    values = [step.share if as_share else float(step.count) for step in steps]
    scale = scale_values(max(values, default=0.0), as_share)
    top = scale[-1]
    room = SERIES_HEIGHT_PIXELS - SERIES_FOOT_PIXELS - SERIES_TOP_PIXELS
    floor = SERIES_HEIGHT_PIXELS - SERIES_FOOT_PIXELS
    width = (100 - SERIES_LEFT_PERCENT) / max(1, len(steps))
    bars = []
    for number, (step, value) in enumerate(zip(steps, values, strict=True)):
        height = round(room * value / top, 1)
        x = SERIES_LEFT_PERCENT + (number + 0.1) * width
        title = (
            f"{step.label}: {many(step.count, 'article')}, {percent(step.share)} of {step.total:,}"
        )
        if value:
            bars.append(
                SeriesBar(round(x, 2), round(0.8 * width, 2), floor - height, height, title)
            )
    lines = [
        (round(floor - room * value / top, 1), _scale_label(value, as_share)) for value in scale
    ]
    return SeriesChart(
        tuple(bars),
        tuple(lines),
        tuple(_time_labels(steps, width)),
        SERIES_HEIGHT_PIXELS,
        floor,
        SERIES_LEFT_PERCENT,
    )


def scale_values(most: float, as_share: bool = False) -> list[float]:
    """Return round values from zero to the greatest or a little above it, five at most."""
    size = 1e-4 if as_share else 1.0
    while True:
        for factor in (1, 2, 5):
            step = size * factor
            count = max(1, -int(-most // step))
            if count <= MAX_SCALE_LINES:
                return [round(step * number, 6) for number in range(count + 1)]
        size *= 10


def _scale_label(value: float, as_share: bool) -> str:
    return f"{value * 100:g} %" if as_share else f"{value:,.0f}"


def _time_labels(steps: Sequence[SeriesStep], width: float) -> Iterable[tuple[float, str]]:
    """Yield labels below the middle of their bars: few enough to be read, at equal distances."""
    if not steps:
        return
    every = -(-len(steps) // MAX_DAY_LABELS)
    several_years = steps[0].day[:4] != steps[-1].day[:4]
    for number in range(0, len(steps), every):
        start = date.fromisoformat(steps[number].day)
        label = f"{start.day} {MONTH_ABBREVIATIONS[start.month - 1]}"
        if steps[0].unit == "month" or (several_years and len(steps) > MAX_DAY_LABELS):
            label = period_label(f"{start:%Y-%m}")
        yield round(SERIES_LEFT_PERCENT + (number + 0.5) * width, 2), label
