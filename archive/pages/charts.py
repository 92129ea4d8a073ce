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

from archive.text.formatting import MONTHS, as_utc, many, moment

LANES = 8
"""Outlets with a line of their own on a timeline; the others share the last line."""
POINTS = 150
"""Articles up to which each gets its own mark; beyond that, the articles of one time span share a
mark."""
STRETCHES = 32
"""Time spans that share a mark."""
LANE, TOP = 44, 8
"""Pixels: height of a line, and space above the first."""
EDGE = 2.0
"""Percentage of the width that stays free at each end."""
DAYS, LEAST = 60, 30
"""Maximum and minimum number of bars of a sparkline."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    label: str
    count: int
    x: float
    """Left edge, as a percentage of the width."""
    width: float
    height: float
    """As a percentage of the drawing's height."""


def bars(counted: Sequence[tuple[str, int]]) -> list[Bar]:
    """Return labelled counts as bars side by side."""
    most = max((count for _, count in counted), default=0) or 1
    width = 100 / max(1, len(counted))
    return [
        Bar(label, count, round(at * width, 2), round(width * 0.8, 2), round(100 * count / most, 1))
        for at, (label, count) in enumerate(counted)
    ]


def sparkline(per_day: Mapping[str, int], most: int = DAYS) -> list[Bar]:
    """Return articles per day as bars, for `LEAST` days at least.

    A longer period is divided into at most `most` bars of several days each. `per_day` counts
    articles by publication day (or time); invalid dates are ignored.
    """
    days = Counter[int]()
    for written, count in per_day.items():
        date = as_utc(written)
        if date:
            days[date.date().toordinal()] += count
    if not days:
        return []
    last = max(days)
    first = max(1, min(*days, last - LEAST + 1))
    days_per_bar = -(-(last - first + 1) // most)
    counts = Counter[int]()
    for number, count in days.items():
        counts[(number - first) // days_per_bar] += count
    starts = range(first, last + 1, days_per_bar)
    labels = [datetime.fromordinal(start) for start in starts]
    return bars([(f"{label:%Y-%m-%d}", counts[at]) for at, label in enumerate(labels)])


class Shown(NamedTuple):
    """An article as a timeline needs it."""

    id: int
    outlet: str
    headline: str
    published_at: str | None
    is_copy: bool = False
    revised_at: tuple[str, ...] = ()


Dated = tuple[datetime, Shown]


@dataclass(frozen=True, slots=True)
class Mark:
    """An article, or several articles of one outlet in one time span."""

    x: float
    title: str
    hollow: bool
    """True if all of them are copies."""
    id: int | None
    """The article, if there is only one."""
    radius: float


@dataclass(frozen=True, slots=True)
class Lane:
    """The line of one outlet."""

    outlet: str
    y: int
    marks: tuple[Mark, ...]
    ticks: tuple[float, ...]
    """Times at which its articles were changed."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Articles over time, one line per outlet; `scale` has positions and labels."""

    lanes: tuple[Lane, ...]
    scale: tuple[tuple[float, str], ...]
    height: int
    undated: int
    first: str
    last: str


def timeline(articles: Sequence[Shown]) -> Timeline | None:
    """Return the timeline of articles, or None if none of them is dated.

    Outlets appear in the order of their first article.
    """
    dated = [(date, each) for each in articles if (date := as_utc(each.published_at))]
    dated.sort(key=lambda pair: pair[0])
    if not dated:
        return None
    first, last = dated[0][0], dated[-1][0]
    along = _Along(first, max([last, *_changes(dated)]))
    binned = len(dated) > POINTS
    lanes = [
        _lane(name, number, pairs, along, binned)
        for number, (name, pairs) in enumerate(_lanes(dated).items())
    ]
    return Timeline(
        lanes=tuple(lanes),
        scale=tuple(_scale(along)),
        height=TOP + LANE * len(lanes) + 22,
        undated=len(articles) - len(dated),
        first=moment(f"{first:%Y-%m-%d}"),
        last=moment(f"{last:%Y-%m-%d}"),
    )


def _changes(dated: Sequence[Dated]) -> list[datetime]:
    """Return the times at which these articles were changed."""
    written = chain.from_iterable(each.revised_at for _, each in dated)
    return [date for date in map(as_utc, written) if date]


@dataclass(frozen=True, slots=True)
class _Along:
    """Maps a time to its horizontal position."""

    first: datetime
    last: datetime

    def __call__(self, at: datetime) -> float:
        """Return the position of a time, as a percentage of the width."""
        total = (self.last - self.first).total_seconds()
        share = (at - self.first).total_seconds() / total if total else 0.5
        return round(EDGE + share * (100 - 2 * EDGE), 2)


OTHERS = "other outlets"


def _lanes(dated: Sequence[Dated]) -> dict[str, list[Dated]]:
    """Return the articles of each outlet, in the order of its first article.

    If there are too many outlets, those with fewest articles share one name, the last.
    """
    counts = Counter(each.outlet for _, each in dated)
    own_lanes = LANES if len(counts) <= LANES else LANES - 1
    largest = {outlet for outlet, _ in counts.most_common(own_lanes)}
    lanes: dict[str, list[Dated]] = {outlet: [] for outlet in counts if outlet in largest}
    for date, article in dated:
        name = article.outlet if article.outlet in largest else OTHERS
        lanes.setdefault(name, []).append((date, article))
    return lanes


def _lane(name: str, number: int, dated: Sequence[Dated], along: _Along, binned: bool) -> Lane:
    """Return the line of one outlet; `binned` puts the articles of one time span in one mark."""
    ticks = {along(date) for date in _changes(dated)}
    if binned:
        ticks = {_middle(x) for x in ticks}
        marks = list(_stretches(dated, along))
    else:
        marks = [_mark(along(date), [each]) for date, each in dated]
    return Lane(name, TOP + LANE * number, tuple(marks), tuple(sorted(ticks)))


def _stretches(dated: Sequence[Dated], along: _Along) -> Iterable[Mark]:
    """Yield one mark for all articles of a time span."""
    for x, group in groupby(dated, key=lambda pair: _middle(along(pair[0]))):
        yield _mark(x, [each for _, each in group])


def _middle(x: float) -> float:
    """Return the middle of the time span that contains a position."""
    size = 100 / STRETCHES
    return round((x // size + 0.5) * size, 2)


def _mark(x: float, articles: Sequence[Shown]) -> Mark:
    """Return a mark at a position for one or more articles."""
    radius = min(10.0, round(5 + len(articles) ** 0.5 - 1, 1))
    hollow = all(each.is_copy for each in articles)
    if len(articles) > 1:
        title = f"{many(len(articles), 'article')}, {moment((articles[0].published_at or '')[:10])}"
        return Mark(x, title, hollow, None, radius)
    one = articles[0]
    parts = [moment(one.published_at), one.outlet, one.headline]
    if one.is_copy:
        parts.append("a copy")
    if one.revised_at:
        parts.append(f"changed {many(len(one.revised_at), 'time')}")
    return Mark(x, " · ".join(parts), hollow, one.id, radius)


def _scale(along: _Along) -> Iterable[tuple[float, str]]:
    """Yield a label at each third: months, days or hours, depending on the whole span."""
    whole = along.last - along.first
    for share in (0, 1, 2, 3) if whole else (0,):
        at = along.first + whole * share / 3
        if whole > timedelta(days=900):
            label = f"{MONTHS[at.month - 1]} {at.year}"
        elif whole > timedelta(days=4):
            label = f"{at.day} {MONTHS[at.month - 1]}"
        else:
            label = f"{at.day} {MONTHS[at.month - 1]}, {at.astimezone(UTC):%H:%M}"
        yield along(at), label
