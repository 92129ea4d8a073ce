"""Small charts as positions on a drawing.

Horizontal positions are percentages of the width, so one SVG fits any screen; vertical ones are
pixels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from typing import NamedTuple

from archive.text.formatting import MONTH_ABBREVIATIONS, many, moment, parse_timestamp_as_utc

MAX_TIMELINE_LANES = 8
"""Outlets with a line of their own on a timeline; the others share the last line."""
MAX_SINGLE_MARKS = 150
"""Articles up to which each gets its own mark; beyond that, the articles of one time span share a
mark."""
TIMELINE_SPANS = 32
"""Time spans that share a mark."""
LANE_HEIGHT_PIXELS, TIMELINE_TOP_PIXELS = 44, 8
"""Pixels: height of a line, and space above the first."""
TIMELINE_EDGE_PERCENT = 2.0
"""Percentage of the width that stays free at each end."""
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


class TimelineArticle(NamedTuple):
    """An article as a timeline needs it."""

    id: int
    outlet: str
    headline: str
    published_at: str | None
    is_copy: bool = False
    revised_at: tuple[str, ...] = ()


DatedArticle = tuple[datetime, TimelineArticle]


@dataclass(frozen=True, slots=True)
class TimelineMark:
    """An article, or several articles of one outlet in one time span."""

    x: float
    title: str
    hollow: bool
    """True if all of them are copies."""
    id: int | None
    """The article, if there is only one."""
    radius: float


@dataclass(frozen=True, slots=True)
class TimelineLane:
    """The line of one outlet."""

    outlet: str
    y: int
    marks: tuple[TimelineMark, ...]
    ticks: tuple[float, ...]
    """Times at which its articles were changed."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Articles over time, one line per outlet; `scale` has positions and labels."""

    lanes: tuple[TimelineLane, ...]
    scale: tuple[tuple[float, str], ...]
    height: int
    undated: int
    first: str
    last: str


def build_timeline(articles: Sequence[TimelineArticle]) -> Timeline | None:
    """Return the timeline of articles, or None if none of them is dated.

    Outlets appear in the order of their first article.
    """
    dated = [
        (date, each) for each in articles if (date := parse_timestamp_as_utc(each.published_at))
    ]
    dated.sort(key=lambda pair: pair[0])
    if not dated:
        return None
    first, last = dated[0][0], dated[-1][0]
    along = _TimeScale(first, max([last, *_change_dates(dated)]))
    binned = len(dated) > MAX_SINGLE_MARKS
    lanes = [
        _timeline_lane(name, number, pairs, along, binned)
        for number, (name, pairs) in enumerate(_articles_by_lane(dated).items())
    ]
    return Timeline(
        lanes=tuple(lanes),
        scale=tuple(_scale_labels(along)),
        height=TIMELINE_TOP_PIXELS + LANE_HEIGHT_PIXELS * len(lanes) + 22,
        undated=len(articles) - len(dated),
        first=moment(f"{first:%Y-%m-%d}"),
        last=moment(f"{last:%Y-%m-%d}"),
    )


def _change_dates(dated: Sequence[DatedArticle]) -> list[datetime]:
    """Return the times at which these articles were changed."""
    written = chain.from_iterable(each.revised_at for _, each in dated)
    return [date for date in map(parse_timestamp_as_utc, written) if date]


@dataclass(frozen=True, slots=True)
class _TimeScale:
    """Maps a time to its horizontal position."""

    first: datetime
    last: datetime

    def __call__(self, at: datetime) -> float:
        """Return the position of a time, as a percentage of the width."""
        total = (self.last - self.first).total_seconds()
        share = (at - self.first).total_seconds() / total if total else 0.5
        return round(TIMELINE_EDGE_PERCENT + share * (100 - 2 * TIMELINE_EDGE_PERCENT), 2)


OTHER_OUTLETS_LANE = "other outlets"


def _articles_by_lane(dated: Sequence[DatedArticle]) -> dict[str, list[DatedArticle]]:
    """Return the articles of each outlet, in the order of its first article.

    If there are too many outlets, those with fewest articles share one name, the last.
    """
    counts = Counter(each.outlet for _, each in dated)
    own_lanes = MAX_TIMELINE_LANES if len(counts) <= MAX_TIMELINE_LANES else MAX_TIMELINE_LANES - 1
    largest = {outlet for outlet, _ in counts.most_common(own_lanes)}
    lanes: dict[str, list[DatedArticle]] = {outlet: [] for outlet in counts if outlet in largest}
    for date, article in dated:
        name = article.outlet if article.outlet in largest else OTHER_OUTLETS_LANE
        lanes.setdefault(name, []).append((date, article))
    return lanes


def _timeline_lane(
    name: str, number: int, dated: Sequence[DatedArticle], along: _TimeScale, binned: bool
) -> TimelineLane:
    """Return the line of one outlet; `binned` puts the articles of one time span in one mark."""
    ticks = {along(date) for date in _change_dates(dated)}
    if binned:
        ticks = {_span_middle(x) for x in ticks}
        marks = list(_span_marks(dated, along))
    else:
        marks = [_timeline_mark(along(date), [each]) for date, each in dated]
    return TimelineLane(
        name, TIMELINE_TOP_PIXELS + LANE_HEIGHT_PIXELS * number, tuple(marks), tuple(sorted(ticks))
    )


def _span_marks(dated: Sequence[DatedArticle], along: _TimeScale) -> Iterable[TimelineMark]:
    """Yield one mark for all articles of a time span."""
    for x, group in groupby(dated, key=lambda pair: _span_middle(along(pair[0]))):
        yield _timeline_mark(x, [each for _, each in group])


def _span_middle(x: float) -> float:
    """Return the middle of the time span that contains a position."""
    size = 100 / TIMELINE_SPANS
    return round((x // size + 0.5) * size, 2)


def _timeline_mark(x: float, articles: Sequence[TimelineArticle]) -> TimelineMark:
    """Return a mark at a position for one or more articles."""
    radius = min(10.0, round(5 + len(articles) ** 0.5 - 1, 1))
    hollow = all(each.is_copy for each in articles)
    if len(articles) > 1:
        title = f"{many(len(articles), 'article')}, {moment((articles[0].published_at or '')[:10])}"
        return TimelineMark(x, title, hollow, None, radius)
    one = articles[0]
    parts = [moment(one.published_at), one.outlet, one.headline]
    if one.is_copy:
        parts.append("a copy")
    if one.revised_at:
        parts.append(f"changed {many(len(one.revised_at), 'time')}")
    return TimelineMark(x, " · ".join(parts), hollow, one.id, radius)


def _scale_labels(along: _TimeScale) -> Iterable[tuple[float, str]]:
    """Yield a label at each third: months, days or hours, depending on the whole span."""
    whole = along.last - along.first
    for share in (0, 1, 2, 3) if whole else (0,):
        at = along.first + whole * share / 3
        if whole > timedelta(days=900):
            label = f"{MONTH_ABBREVIATIONS[at.month - 1]} {at.year}"
        elif whole > timedelta(days=4):
            label = f"{at.day} {MONTH_ABBREVIATIONS[at.month - 1]}"
        else:
            label = f"{at.day} {MONTH_ABBREVIATIONS[at.month - 1]}, {at.astimezone(UTC):%H:%M}"
        yield along(at), label
