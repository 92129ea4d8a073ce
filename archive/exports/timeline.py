"""A timeline as one SVG, for the page of a story and for its dossier.

Horizontal positions are percentages of the width, so that it fits any screen; vertical ones are
pixels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from typing import NamedTuple

from markupsafe import Markup

from archive.text.formatting import (
    MONTH_ABBREVIATIONS,
    many,
    moment,
    parse_timestamp_as_utc,
    printed_moment,
)
from archive.timestamps import DAY_CHARS

MAX_CHANGE_MARGIN_SHARE, MIN_CHANGE_MARGIN = 0.25, timedelta(days=1)
"""Share of the articles' time, and minimum time, by which changes may extend a timeline."""
MAX_TIMELINE_LANES = 8
"""Outlets that get a line on a timeline; the others share the last line."""
MAX_SINGLE_MARKS = 150
"""Articles up to which each gets its own mark; beyond that, the articles of one time span share a
mark."""
TIMELINE_SPANS = 32
"""Time spans that share a mark."""
TIMELINE_TOP_PIXELS, LANE_NAME_PIXELS = 8, 27
"""Pixels: space above the first line, and from a line's top to its first row of marks."""
LANE_FOOT_PIXELS, MARK_ROW_PIXELS = 17, 13
"""Pixels: space below a line's last row of marks, and between two rows."""
TIMELINE_SCALE_PIXELS = 22
"""Height of the dates below the lines, in pixels."""
TIMELINE_EDGE_PERCENT = 2.0
"""Percentage of the width that stays free at each end."""
MARK_WIDTH_PERCENT = 2.8
"""Marks that are nearer than this go into different rows: on a narrow screen it is a mark's width.
"""
MAX_MARK_ROWS = 5
"""Rows of marks in one line; articles for which they do not suffice share a mark."""
MAX_SCALE_LABELS = 6
"""Dates on the scale."""
SCALE_TEXT_CLASSES = (Markup('class="scale"'), Markup('class="scale between"'))
"""Every second date has no room on a narrow screen."""
SCALE_HOURS = (1, 3, 6, 12, 24, 48, 168, 336)
"""Distances between two dates on the scale, in hours: from an hour to a fortnight."""
MAX_DAY_TICKS = 62
"""Days up to which each is marked on the scale, also without a label."""
SCALE_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 600)
"""Greater distances, in months."""


class TimelineArticle(NamedTuple):
    """An article as a timeline needs it."""

    id: int
    outlet: str
    headline: str
    published_at: str | None
    is_copy: bool = False
    revised_at: tuple[str, ...] = ()
    published_day: str | None = None
    """The day of publication as printed."""
    published_offset: int | None = None
    """Minutes of the outlet's clock ahead of UTC; None if it is not stated."""

    @property
    def day(self) -> str:
        """The day of publication as printed, in UTC if that is not known."""
        return self.published_day or (self.published_at or "")[:DAY_CHARS]


DatedArticle = tuple[datetime, TimelineArticle]
ArticleLinkFunction = Callable[[int], str]
"""The ID of an article → the link from its mark."""


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
    row: int = 0
    """0 for the first row of the line; neighbours that would overlap are in different rows."""


@dataclass(frozen=True, slots=True)
class TimelineLane:
    """The line of one outlet."""

    outlet: str
    y: int
    """Its top, in pixels."""
    marks: tuple[TimelineMark, ...]
    ticks: tuple[float, ...]
    """Times at which its articles were changed."""

    @property
    def rows(self) -> int:
        """The number of its rows of marks."""
        return 1 + max((mark.row for mark in self.marks), default=0)

    @property
    def height(self) -> int:
        """Its height, in pixels."""
        return LANE_NAME_PIXELS + LANE_FOOT_PIXELS + MARK_ROW_PIXELS * (self.rows - 1)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Articles over time, one line per outlet; `scale` has positions and labels."""

    lanes: tuple[TimelineLane, ...]
    scale: tuple[tuple[float, str], ...]
    days: tuple[float, ...]
    """The beginning of each day; empty if there are many days, or few."""
    height: int
    undated: int
    later_changes: int
    """Changes long after the last article, which are left out."""
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
    changes = _change_dates(dated)
    margin = max((last - first) * MAX_CHANGE_MARGIN_SHARE, MIN_CHANGE_MARGIN)
    shown = [date for date in changes if date <= last + margin]
    along = _TimeScale(first, max([last, *shown]))
    lanes = _timeline_lanes(dated, along)
    return Timeline(
        lanes=lanes,
        scale=tuple(_scale_labels(along)),
        days=tuple(_day_ticks(along)),
        height=lanes[-1].y + lanes[-1].height + TIMELINE_SCALE_PIXELS,
        undated=len(articles) - len(dated),
        later_changes=len(changes) - len(shown),
        first=moment(dated[0][1].day),
        last=moment(dated[-1][1].day),
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
        span = self.last - self.first
        share = (at - self.first) / span if span else 0.5
        return round(TIMELINE_EDGE_PERCENT + share * (100 - 2 * TIMELINE_EDGE_PERCENT), 2)


# -- lines and marks -------------------------------------------------------------------------------

OTHER_OUTLETS_LANE = "other outlets"


def _timeline_lanes(dated: Sequence[DatedArticle], along: _TimeScale) -> tuple[TimelineLane, ...]:
    """Return the lines of the outlets, each below the one before it."""
    binned = len(dated) > MAX_SINGLE_MARKS
    lanes: list[TimelineLane] = []
    y = TIMELINE_TOP_PIXELS
    for name, pairs in _articles_by_lane(dated).items():
        lanes.append(_timeline_lane(name, y, pairs, along, binned))
        y += lanes[-1].height
    return tuple(lanes)


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
    name: str, y: int, dated: Sequence[DatedArticle], along: _TimeScale, binned: bool
) -> TimelineLane:
    """Return the line of one outlet; `binned` puts the articles of one time span in one mark."""
    ticks = {along(date) for date in _change_dates(dated) if date <= along.last}
    if binned:
        ticks = {_span_middle(x) for x in ticks}
        marks = tuple(_span_marks(dated, along))
    else:
        marks = tuple(_marks_in_rows(dated, along))
    return TimelineLane(name, y, marks, tuple(sorted(ticks)))


def _span_marks(dated: Sequence[DatedArticle], along: _TimeScale) -> Iterator[TimelineMark]:
    """Yield one mark for all articles of a time span."""
    for x, group in groupby(dated, key=lambda pair: _span_middle(along(pair[0]))):
        yield _timeline_mark(x, [each for _, each in group])


def _span_middle(x: float) -> float:
    """Return the middle of the time span that contains a position."""
    size = 100 / TIMELINE_SPANS
    return round((x // size + 0.5) * size, 2)


def _marks_in_rows(dated: Sequence[DatedArticle], along: _TimeScale) -> Iterator[TimelineMark]:
    """Yield a mark for each article, neighbours in different rows.

    If all rows are taken, the article shares the mark of the last row.
    """
    rows: list[list[tuple[float, list[TimelineArticle]]]] = []
    for date, article in dated:
        x = along(date)
        free = (row for row in rows if x - row[-1][0] >= MARK_WIDTH_PERCENT)
        row = next(free, None)
        if row is None and len(rows) < MAX_MARK_ROWS:
            row = []
            rows.append(row)
        if row is None:
            rows[-1][-1][1].append(article)
        else:
            row.append((x, [article]))
    for number, taken in enumerate(rows):
        for x, articles in taken:
            yield _timeline_mark(x, articles, number)


def _timeline_mark(x: float, articles: Sequence[TimelineArticle], row: int = 0) -> TimelineMark:
    """Return a mark at a position for one or more articles."""
    radius = min(10.0, round(5 + len(articles) ** 0.5 - 1, 1))
    hollow = all(each.is_copy for each in articles)
    if len(articles) > 1:
        title = f"{many(len(articles), 'article')}, {moment(articles[0].day)}"
        return TimelineMark(x, title, hollow, None, radius, row)
    one = articles[0]
    published = printed_moment(one.published_at, one.published_day, one.published_offset)
    parts = [published, one.outlet, one.headline]
    if one.is_copy:
        parts.append("a copy")
    if one.revised_at:
        parts.append(f"changed {many(len(one.revised_at), 'time')}")
    return TimelineMark(x, " · ".join(parts), hollow, one.id, radius, row)


# -- dates -----------------------------------------------------------------------------------------


def _scale_labels(along: _TimeScale) -> Iterator[tuple[float, str]]:
    """Yield labels at full hours, days, Mondays or months, as the whole span suggests.

    Only the first label of a year names it, and only if the labels are months or of several years;
    only the first label of a day names that day if the labels are hours.
    """
    dates, unit = _scale_dates(along.first, along.last)
    with_years = unit == "month" or along.first.year != along.last.year
    named: set[object] = set()
    for date in dates:
        words = _date_label(date, unit) if date.date() not in named else f"{date:%H:%M}"
        if with_years and date.year not in named and str(date.year) not in words:
            words = f"{words} {date.year}"
        named |= {date.year, date.date()}
        yield along(date), words


def _date_label(date: datetime, unit: str) -> str:
    """Return a date in words, as precise as the unit of the scale."""
    month = MONTH_ABBREVIATIONS[date.month - 1]
    if unit == "month":
        return month if date.month > 1 else str(date.year)
    if unit == "hour" and date.hour:
        return f"{date.day} {month}, {date:%H:%M}"
    return f"{date.day} {month}"


def _scale_dates(first: datetime, last: datetime) -> tuple[list[datetime], str]:
    """Return the dates of the scale, at most `MAX_SCALE_LABELS`, and their unit."""
    for hours in SCALE_HOURS:
        if last - first <= timedelta(hours=hours) * MAX_SCALE_LABELS:
            dates = _dates_every(first, last, timedelta(hours=hours))
            if len(dates) <= MAX_SCALE_LABELS:
                return dates or [first], "hour" if hours < 24 else "day"
    found: list[datetime] = []
    for months in SCALE_MONTHS:
        found = _months_every(first, last, months)
        if len(found) <= MAX_SCALE_LABELS:
            break
    return found[:MAX_SCALE_LABELS] or [first], "month"


def _day_ticks(along: _TimeScale) -> Iterator[float]:
    """Yield the position of each midnight, if the labels are further apart."""
    days = (along.last - along.first).days
    if MAX_SCALE_LABELS < days <= MAX_DAY_TICKS:
        yield from map(along, _dates_every(along.first, along.last, timedelta(days=1)))


def _dates_every(first: datetime, last: datetime, step: timedelta) -> list[datetime]:
    """Return the dates at equal distances between two; steps of weeks begin on Mondays."""
    start = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if step >= timedelta(weeks=1):
        start -= timedelta(days=start.weekday())
    number = int((last - start) / step) + 1
    return [date for at in range(number) if (date := start + step * at) >= first]


def _months_every(first: datetime, last: datetime, step: int) -> list[datetime]:
    """Return the first days of every `step`-th month between two dates."""
    start, end = (date.year * 12 + date.month - 1 for date in (first, last))
    firsts = (
        datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        for month in range(start // step * step, end + 1, step)
    )
    return [date for date in firsts if date >= first]


# -- drawing ---------------------------------------------------------------------------------------

LEGEND_SVG = Markup(
    '<figcaption><svg class="key" width="12" height="12" aria-hidden="true">'
    '<circle cx="6" cy="6" r="5"/></svg> article '
    '<svg class="key" width="12" height="12" aria-hidden="true">'
    '<circle class="hollow" cx="6" cy="6" r="5"/></svg> copy '
    '<svg class="key" width="6" height="14" aria-hidden="true">'
    '<line class="tick" x1="3" x2="3" y1="0" y2="14"/></svg> change{}</figcaption>'
)
"""The legend is drawn like the marks, because browsers print no backgrounds."""


def timeline_svg(timeline: Timeline, link: ArticleLinkFunction) -> Markup:
    """Return a timeline as a figure with an SVG and its legend; its colours come from CSS."""
    parts = [*_scale_parts(timeline)]
    for lane in timeline.lanes:
        parts += _lane_parts(lane, link)
    label = f"Articles over time, one line per outlet, {timeline.first} to {timeline.last}"
    left_out = [
        many(number, what)
        for number, what in (
            (timeline.undated, "undated article"),
            (timeline.later_changes, "later change"),
        )
        if number
    ]
    legend = LEGEND_SVG.format(f" · without {' and '.join(left_out)}" if left_out else "")
    return Markup(
        '<figure class="timeline"><svg role="group" width="100%" height="{}" '
        'aria-label="{}; the list has the same articles">{}</svg>{}</figure>'
    ).format(timeline.height, label, Markup("").join(parts), legend)


def _scale_parts(timeline: Timeline) -> Iterator[Markup]:
    """Yield the dates and their lines."""
    foot = timeline.height - TIMELINE_SCALE_PIXELS + 4
    for x in timeline.days:
        yield Markup('<line class="day" x1="{0}%" x2="{0}%" y1="{1}" y2="{2}"/>').format(
            x, foot - 5, foot
        )
    for number, (x, words) in enumerate(timeline.scale):
        yield Markup('<line class="grid" x1="{0}%" x2="{0}%" y1="0" y2="{1}"/>').format(x, foot)
        anchor = "start" if x < 10 else "middle"
        yield Markup('<text {} x="{}%" y="{}" text-anchor="{}">{}</text>').format(
            SCALE_TEXT_CLASSES[number % 2],
            x,
            timeline.height - 4,
            "end" if x > 90 else anchor,
            words,
        )


def _lane_parts(lane: TimelineLane, link: ArticleLinkFunction) -> Iterator[Markup]:
    """Yield the name, the changes and the marks of a line."""
    middle = lane.y + LANE_NAME_PIXELS
    yield Markup('<text class="lane" x="0" y="{}">{}</text>').format(lane.y + 11, lane.outlet)
    yield Markup('<line class="track" x1="0" x2="100%" y1="{0}" y2="{0}"/>').format(middle)
    for x in lane.ticks:
        yield Markup('<line class="tick" x1="{0}%" x2="{0}%" y1="{1}" y2="{2}"/>').format(
            x, middle - 10, middle + 10
        )
    for mark in lane.marks:
        dot = Markup('<circle{} cx="{}%" cy="{}" r="{}"><title>{}</title></circle>').format(
            Markup(' class="hollow"') if mark.hollow else "",
            mark.x,
            middle + mark.row * MARK_ROW_PIXELS,
            mark.radius,
            mark.title,
        )
        yield (
            Markup('<a href="{}" tabindex="-1">{}</a>').format(link(mark.id), dot)
            if mark.id
            else dot
        )
