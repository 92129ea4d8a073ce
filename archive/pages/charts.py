"""Small charts, as places on a drawing: in per cent of its width, so that one SVG fits any screen;
in pixels down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from archive.text.formatting import MONTHS, as_utc, many, moment

LANES = 8
"""Outlets that have a line of their own on a timeline; the others share the last."""
POINTS = 150
"""Articles up to which each is a mark of its own; of more, those of one stretch of time become one
mark."""
STRETCHES = 32
LANE, TOP = 44, 8
"""Pixels."""
EDGE = 2.0
"""Per cent of the width that stay free at both ends."""
DAYS, LEAST = 60, 30
"""Bars of a sparkline: at most, and at least."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart."""

    label: str
    count: int
    x: float
    """Where it begins, in per cent of the width."""
    width: float
    height: float
    """In per cent."""


def bars(counted: Sequence[tuple[str, int]]) -> list[Bar]:
    """Counts under their labels, as bars side by side."""
    most = max((count for _, count in counted), default=0) or 1
    width = 100 / max(1, len(counted))
    return [
        Bar(label, count, round(at * width, 2), round(width * 0.8, 2), round(100 * count / most, 1))
        for at, (label, count) in enumerate(counted)
    ]


def sparkline(per_day: Mapping[str, int], most: int = DAYS) -> list[Bar]:
    """Articles a day, of `LEAST` days or more; of a longer time, of so many days each that `most`
    bars do.

    `per_day` counts articles under the days (or moments) of their publication; what is none is left
    out.
    """
    days = {found.date().toordinal(): 0 for day in per_day if (found := as_utc(day))}
    for day, count in per_day.items():
        if found := as_utc(day):
            days[found.date().toordinal()] += count
    if not days:
        return []
    last = max(days)
    first = max(1, min(*days, last - LEAST + 1))
    each = -(-(last - first + 1) // most)
    counts = Counter[int]()
    for number, count in days.items():
        counts[(number - first) // each] += count
    labels = (datetime.fromordinal(first + at * each) for at in range((last - first) // each + 1))
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
    """An article, or several of one outlet and one stretch of time."""

    x: float
    title: str
    hollow: bool
    """All of it copies."""
    id: int | None
    """The article, if it is one."""
    radius: float


@dataclass(frozen=True, slots=True)
class Lane:
    """One outlet's line."""

    outlet: str
    y: int
    marks: tuple[Mark, ...]
    ticks: tuple[float, ...]
    """Where its articles were changed."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Articles over time, a line an outlet; `scale` are places and labels along it."""

    lanes: tuple[Lane, ...]
    scale: tuple[tuple[float, str], ...]
    height: int
    undated: int
    first: str
    last: str


def timeline(articles: Sequence[Shown]) -> Timeline | None:
    """The timeline of articles; None where none of them is dated. Outlets stand in the order of
    their first article."""
    dated = sorted(
        ((found, each) for each in articles if (found := as_utc(each.published_at))),
        key=lambda pair: pair[0],
    )
    if not dated:
        return None
    changes = [found for _, each in dated for said in each.revised_at if (found := as_utc(said))]
    first, last = dated[0][0], max([dated[-1][0], *changes])
    along = _Along(first, last)
    lanes = [
        _lane(name, number, pairs, along, len(dated) > POINTS)
        for number, (name, pairs) in enumerate(_lanes(dated).items())
    ]
    return Timeline(
        tuple(lanes),
        tuple(_scale(along)),
        TOP + LANE * len(lanes) + 22,
        len(articles) - len(dated),
        moment(f"{first:%Y-%m-%d}"),
        moment(f"{dated[-1][0]:%Y-%m-%d}"),
    )


@dataclass(frozen=True, slots=True)
class _Along:
    """From a moment to its place."""

    first: datetime
    last: datetime

    def __call__(self, at: datetime) -> float:
        whole = (self.last - self.first).total_seconds()
        share = (at - self.first).total_seconds() / whole if whole else 0.5
        return round(EDGE + share * (100 - 2 * EDGE), 2)


OTHERS = "other outlets"


def _lanes(dated: Sequence[Dated]) -> dict[str, list[Dated]]:
    """The articles of the outlets that have most, in the order of their first; the rest under one
    name, the last."""
    counts = Counter(each.outlet for _, each in dated)
    most = {
        outlet for outlet, _ in counts.most_common(LANES if len(counts) <= LANES else LANES - 1)
    }
    lanes: dict[str, list[Dated]] = {outlet: [] for outlet in counts if outlet in most}
    for pair in dated:
        lanes.setdefault(pair[1].outlet if pair[1].outlet in most else OTHERS, []).append(pair)
    return lanes


def _lane(name: str, number: int, dated: Sequence[Dated], along: _Along, binned: bool) -> Lane:
    places = {
        along(found) for _, each in dated for said in each.revised_at if (found := as_utc(said))
    }
    changed = sorted({_middle(x) for x in places} if binned else places)
    marks = _stretches(dated, along) if binned else (_mark(along(at), [each]) for at, each in dated)
    return Lane(name, TOP + LANE * number, tuple(marks), tuple(changed))


def _stretches(dated: Sequence[Dated], along: _Along) -> Iterable[Mark]:
    """One mark for what lies in one stretch of the width."""
    for x, group in groupby(dated, key=lambda pair: _middle(along(pair[0]))):
        yield _mark(x, [each for _, each in group])


def _middle(x: float) -> float:
    """Of the stretch that a place lies in."""
    size = 100 / STRETCHES
    return round((x // size + 0.5) * size, 2)


def _mark(x: float, articles: Sequence[Shown]) -> Mark:
    radius = min(10.0, round(5 + len(articles) ** 0.5 - 1, 1))
    hollow = all(each.is_copy for each in articles)
    if len(articles) > 1:
        title = f"{many(len(articles), 'article')}, {moment((articles[0].published_at or '')[:10])}"
        return Mark(x, title, hollow, None, radius)
    one = articles[0]
    parts = [moment(one.published_at), one.outlet, one.headline]
    parts += ["a copy"] * one.is_copy + [f"changed {many(len(one.revised_at), 'time')}"] * bool(
        one.revised_at
    )
    return Mark(x, " · ".join(parts), hollow, one.id, radius)


def _scale(along: _Along) -> Iterable[tuple[float, str]]:
    """A label at each third: months, days or hours, as the whole is long."""
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
