"""The timeline of a story: where its marks and dates are."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from lxml import html

from archive.exports.timeline import (
    MARK_WIDTH_PERCENT,
    MAX_MARK_ROWS,
    MAX_SCALE_LABELS,
    MAX_SINGLE_MARKS,
    MAX_TIMELINE_LANES,
    OTHER_OUTLETS_LANE,
    TIMELINE_SPANS,
    TimelineArticle,
    build_timeline,
    timeline_svg,
)
from tests.archive.conftest import HOSTILE


def shown(
    number: int, outlet: str = "The Ridge", hours: int | None = None, **more: object
) -> TimelineArticle:
    at = f"{datetime(2024, 2, 1) + timedelta(hours=number if hours is None else hours):%Y-%m-%dT%H:%M:%SZ}"
    return TimelineArticle(number, outlet, f"Headline {number}", at, **more)  # type: ignore[arg-type]


def test_a_change_long_after_the_last_article_does_not_squeeze_the_articles() -> None:
    days = [f"2026-03-{day:02}T09:00:00Z" for day in range(1, 21)]
    late = ("2026-03-22T09:00:00Z", "2026-11-30T09:00:00Z")
    articles = [
        TimelineArticle(id, "ridge.example", "x", day, revised_at=late if id == 1 else ())
        for id, day in enumerate(days, 1)
    ]
    timeline = build_timeline(articles)
    assert timeline is not None
    (lane,) = timeline.lanes
    assert max(mark.x for mark in lane.marks) > 85
    assert len(lane.ticks) == 1
    assert timeline.later_changes == 1
    assert "without 1 later change" in timeline_svg(timeline, lambda _: None)


def test_a_timeline_gives_each_outlet_a_line_and_marks_copies_and_changes() -> None:
    drawn = build_timeline(
        [shown(1), shown(2, "Minato", is_copy=True), shown(9, revised_at=("2024-02-01T12:00:00Z",))]
    )
    assert drawn
    assert [lane.outlet for lane in drawn.lanes] == ["The Ridge", "Minato"]
    ridge, minato = drawn.lanes
    assert [mark.id for mark in ridge.marks] == [1, 9]
    assert [mark.hollow for mark in minato.marks] == [True]
    assert len(ridge.ticks) == 1
    assert ridge.ticks[0] > ridge.marks[-1].x > ridge.marks[0].x
    assert "a copy" in minato.marks[0].title
    assert "changed 1 time" in ridge.marks[1].title


def test_a_timeline_of_one_moment_stands_in_the_middle_and_the_undated_are_counted() -> None:
    drawn = build_timeline([shown(1), TimelineArticle(2, "Minato", "When?", None)])
    assert drawn
    assert (drawn.lanes[0].marks[0].x, drawn.undated, len(drawn.scale)) == (50.0, 1, 1)
    assert build_timeline([TimelineArticle(2, "Minato", "When?", None)]) is None


def test_a_timeline_names_the_days_that_the_outlets_printed() -> None:
    late, printed = "2024-02-15T17:30:00Z", ("2024-02-16", 540)
    clock = dict(zip(("published_day", "published_offset"), printed, strict=True))
    drawn = build_timeline([TimelineArticle(1, "Minato", "At night", late, **clock)])
    assert drawn
    assert drawn.lanes[0].marks[0].title.startswith("16 Feb 2024, 02:30 UTC+9 · ")
    assert drawn.first == drawn.last == "16 Feb 2024"
    crowd = [
        TimelineArticle(number, "Minato", "At night", late, **clock)
        for number in range(MAX_SINGLE_MARKS + 1)
    ]
    (lane,) = build_timeline(crowd).lanes
    assert lane.marks[0].title == f"{len(crowd)} articles, 16 Feb 2024"


def test_a_long_timeline_has_a_bounded_number_of_marks() -> None:
    drawn = build_timeline(
        [shown(number, f"outlet {number % 30}") for number in range(MAX_SINGLE_MARKS * 10)]
    )
    assert drawn
    assert len(drawn.lanes) == MAX_TIMELINE_LANES
    assert drawn.lanes[-1].outlet == OTHER_OUTLETS_LANE
    assert sum(len(lane.marks) for lane in drawn.lanes) <= MAX_TIMELINE_LANES * (TIMELINE_SPANS + 1)
    assert all(0 <= mark.x <= 100 for lane in drawn.lanes for mark in lane.marks)


# -- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "labels"),
    [
        ("2024-03-03T07:20:00Z", "2024-03-20T18:00:00Z", ["4 Mar", "11 Mar", "18 Mar"]),  # Mondays
        ("2024-02-15T07:20:00Z", "2024-02-18T07:00:00Z",
         ["15 Feb, 12:00", "16 Feb", "12:00", "17 Feb", "12:00", "18 Feb"]),
        ("2024-02-15T07:20:00Z", "2024-02-15T12:10:00Z",
         ["15 Feb, 08:00", "09:00", "10:00", "11:00", "12:00"]),
        ("2023-11-14T00:00:00Z", "2024-02-22T00:00:00Z", ["Dec 2023", "2024", "Feb"]),
        ("2023-12-29", "2024-01-02", ["29 Dec 2023", "30 Dec", "31 Dec", "1 Jan 2024", "2 Jan"]),
        ("2015-05-05", "2024-05-05", ["2016", "2018", "2020", "2022", "2024"]),
    ],
)  # fmt: skip
def test_the_dates_below_a_timeline_are_full_hours_days_mondays_or_months(
    first: str, last: str, labels: list[str]
) -> None:
    drawn = build_timeline(
        [TimelineArticle(1, "A", "one", first), TimelineArticle(2, "A", "two", last)]
    )
    assert drawn
    assert [label for _, label in drawn.scale] == labels


@pytest.mark.parametrize("hours", [0, 1, 7, 30, 100, 500, 2_000, 9_000, 80_000, 900_000])
def test_a_timeline_of_any_length_has_few_dates_that_do_not_overlap(hours: int) -> None:
    first = datetime(1900, 2, 28, 13, 40)
    last = first + timedelta(hours=hours)
    drawn = build_timeline(
        [
            TimelineArticle(1, "A", "one", f"{first:%Y-%m-%dT%H:%M:%SZ}"),
            TimelineArticle(2, "A", "two", f"{last:%Y-%m-%dT%H:%M:%SZ}"),
        ]
    )
    assert drawn
    places = [x for x, _ in drawn.scale]
    assert 1 <= len(places) <= MAX_SCALE_LABELS
    assert all(later - earlier > 10 for earlier, later in pairwise(places))
    assert all(0 <= x <= 100 for x in (*places, *drawn.days))


# -- marks -----------------------------------------------------------------------------------------


def test_articles_of_one_hour_stand_apart_in_rows_and_their_line_is_higher() -> None:
    close = [shown(number, hours=5) for number in range(3)]
    far = [shown(9, hours=500), shown(10, "Minato", hours=400)]
    drawn = build_timeline([*close, *far])
    assert drawn
    ridge, minato = drawn.lanes
    assert [mark.row for mark in ridge.marks if mark.id in (0, 1, 2)] == [0, 1, 2]
    assert next(mark.row for mark in ridge.marks if mark.id == 9) == 0
    assert ridge.height > minato.height
    assert minato.y == ridge.y + ridge.height
    for row in range(3):
        places = sorted(mark.x for mark in ridge.marks if mark.row == row)
        pairs = pairwise(places)
        assert all(later - earlier >= MARK_WIDTH_PERCENT for earlier, later in pairs)


def test_more_articles_of_one_hour_than_there_are_rows_share_a_mark() -> None:
    drawn = build_timeline([*(shown(n, hours=5) for n in range(MAX_MARK_ROWS + 3)), shown(99)])
    assert drawn
    shared = [mark for mark in drawn.lanes[0].marks if mark.id is None]
    assert [mark.title.partition(",")[0] for mark in shared] == ["4 articles"]


def test_the_drawing_links_each_article_and_shows_markup_as_text() -> None:
    drawn = build_timeline([shown(1, HOSTILE), shown(2, "Minato", is_copy=True)])
    assert drawn
    figure = html.fromstring(str(timeline_svg(drawn, lambda id: f"#article-{id}")))
    assert figure.xpath("//a/@href") == ["#article-1", "#article-2"]
    assert not figure.xpath("//script")
    assert HOSTILE in figure.text_content()
    # drawn like the marks, as browsers print no backgrounds
    assert len(figure.xpath("//figcaption//*[local-name() = 'circle']")) == 2
    assert len(figure.xpath("//figcaption//*[local-name() = 'line']")) == 1
