"""What the pages of events, changes, copies and attention show, as rows: no web server runs here."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from archive.pages.findings.attention import (
    SEARCHED_DAYS_SQL,
    AttentionRequest,
    attention_days,
    attention_file_row,
    attention_page_data,
)
from archive.pages.findings.change_lists import (
    CHANGE_COUNTS_SQL,
    CHANGE_KINDS,
    MAX_SNIPPET_CHARS,
    ChangeFilters,
    change_counts,
    change_file_row,
    change_list_data,
    change_rows,
    change_title,
    changed_passages,
    changed_words_html,
    notable_changes,
    summarize_article_changes,
)
from archive.pages.findings.copy_lists import CopyFilters, copy_file_row, copy_list_data
from archive.pages.findings.day_groups import (
    day_label,
    group_by_day,
    newest_change_at,
    newest_coverage_at,
)
from archive.pages.findings.event_lists import (
    COUNTED_EVENTS_SQL,
    EVENTS_OF_ALL_TIME_SQL,
    EVENTS_OF_PERIOD_SQL,
    EventFilters,
    event_bars,
    event_file_row,
    event_list_data,
    first_report,
    largest_events,
)
from archive.pages.findings.event_page import EventPageFilters, event_of_id, event_page_data
from archive.pages.findings.series_chart import (
    MAX_DAY_STEPS,
    build_series_chart,
    group_into_steps,
    scale_values,
)
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import HOSTILE, fill
from tests.archive.room import STORY, furnish

NOON = datetime(2024, 2, 17, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def shared_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """The furnished archive, to read."""
    folder = furnish(fill(tmp_path_factory.mktemp("archive")))
    connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A furnished archive of one's own, to write to."""
    connection = open_database(furnish(fill(tmp_path)) / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


# -- days ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("2024-02-17T01:00:00Z", "Today"),
        ("2024-02-16", "Yesterday"),
        ("2024-02-15T23:00:00-05:00", "Yesterday"),  # the 16th in UTC
        ("2024-02-15", "Thursday, 15 Feb 2024"),
        (None, "Undated"),
    ],
)
def test_days_are_named_as_readers_name_them(written: str | None, label: str) -> None:
    assert day_label(written, NOON) == label


def test_rows_stand_under_their_days_in_their_order() -> None:
    rows = [{"at": "2024-02-17T09:00"}, {"at": "2024-02-17T08:00"}, {"at": None}]
    grouped = group_by_day(rows, lambda row: row["at"], NOON)
    assert [(day["label"], len(day["rows"])) for day in grouped] == [("Today", 2), ("Undated", 1)]


def test_days_are_counted_back_from_the_newest_coverage_but_not_from_a_mistaken_date(
    room: sqlite3.Connection,
) -> None:
    room.execute("UPDATE articles SET published_at = '2999-01-01' WHERE id = 4")
    assert newest_coverage_at(room) == datetime(2024, 2, 17, 8, tzinfo=UTC)
    assert newest_change_at(room) == datetime(2024, 3, 1, 6, tzinfo=UTC)
    room.execute("UPDATE articles SET published_at = '2024-02-18' WHERE id = 4")
    assert newest_coverage_at(room) == datetime(2024, 2, 18, 23, 59, 59, tzinfo=UTC)


# -- events ----------------------------------------------------------------------------------------


def test_an_event_names_its_outlets_and_who_was_first(shared_room: sqlite3.Connection) -> None:
    (event,) = largest_events(shared_room, EventFilters(), 5)
    assert (event["id"], event["headline"], event["outlets"], event["articles"]) == (
        1,
        "Island cut off as ferries stop",  # a day without a time sorts first
        2,
        4,
    )
    assert (event["first"]["outlet"], event["first"]["published_at"]) == (
        "harbour.example",
        "2024-02-15T10:30:00Z",
    )
    assert event["names"] == ["ridge.example"]
    assert event_file_row(event)["first_outlet"] == "harbour.example"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, 1),
        ({"days": "1"}, 1),
        ({"days": "all", "language": "en"}, 1),
        ({"language": "ja"}, 0),
        ({"outlets": "3"}, 0),
        ({"outlets": "-1", "days": "many"}, 1),  # nonsense filters nothing
    ],
)
def test_events_are_filtered_by_days_language_and_outlets(
    shared_room: sqlite3.Connection, filters: dict[str, str], found: int
) -> None:
    assert event_list_data(shared_room, EventFilters(**filters))["total"] == found


def test_an_event_before_the_period_is_not_listed(room: sqlite3.Connection) -> None:
    room.execute("UPDATE events SET last_at = '2024-02-01T00:00:00Z'")
    assert event_list_data(room, EventFilters(days="7"))["total"] == 0
    assert event_list_data(room, EventFilters(days="all"))["total"] == 1


def test_outlets_of_one_minute_share_the_first_place_and_a_day_alone_wins_nothing() -> None:
    def article(id: int, outlet: str, published_at: str | None) -> dict[str, object]:
        dated = {"published_at": published_at, "published_day": None, "published_offset": None}
        return {"id": id, "outlet": outlet, "outlet_name": outlet, **dated}

    day_only = article(1, "a.example", "2024-02-15")
    ten, also_ten = (
        article(2, "b.example", "2024-02-15T10:00:00Z"),
        article(3, "c.example", "2024-02-15T11:00:00+01:00"),
    )
    assert first_report([day_only, ten]) is None
    first = first_report([day_only, ten, also_ten])
    assert first
    assert (first["outlet"], first["together"]) == ("b.example", ["c.example"])


def test_the_spark_line_of_an_event_counts_every_article() -> None:
    times = ["2024-02-15T10:00:00Z", "2024-02-15T10:10:00Z", "2024-02-17T10:00:00Z", "2024-02-16"]
    bars = event_bars([{"published_at": at, "fetched_at": at} for at in times])
    assert sum(bar.count for bar in bars) == 4
    assert (bars[0].count, bars[-1].count) == (2, 1)


def test_the_page_of_an_event_says_who_was_first_who_copied_and_what_was_changed(
    shared_room: sqlite3.Connection,
) -> None:
    told = event_page_data(shared_room, 1, EventPageFilters())
    assert told
    assert [(row["outlet"], row["later"], row["is_copy"]) for row in told["order"]] == [
        ("harbour.example", None, False),
        ("ridge.example", "2 h later", True),
    ]
    (spread,) = told["spreads"]
    assert (spread["first"]["id"], [row["id"] for row in spread["others"]]) == (1, [2, 7])
    assert (told["changes"]["changes"], told["changes"]["silent"]) == (3, 1)
    assert [row["id"] for row in told["coverage"]] == [1, 8]
    assert [story["name"] for story in told["stories"]] == [STORY]
    assert told["timeline"]


def test_the_articles_of_an_event_are_filtered_by_outlet(shared_room: sqlite3.Connection) -> None:
    told = event_page_data(shared_room, 1, EventPageFilters(outlet="harbour.example"))
    assert told
    assert (told["selected"], [row["id"] for row in told["coverage"]]) == (1, [1])


def test_an_old_link_leads_to_the_event_of_its_article(shared_room: sqlite3.Connection) -> None:
    assert [event_of_id(shared_room, id) for id in (1, 8, 3)] == [1, 1, None]
    assert event_page_data(shared_room, 3, EventPageFilters()) is None


# -- changes ---------------------------------------------------------------------------------------


def test_changes_are_listed_with_the_changed_words(shared_room: sqlite3.Connection) -> None:
    change = change_rows(shared_room, ChangeFilters(kind="silently"), 5)[0]
    assert (change["article_id"], change["number"], change["silent"]) == (8, 2, True)
    assert change["labels"] == ["headline", "text"]
    assert "Monday</del>" in change["headline_diff"]
    assert "Thursday</ins>" in change["headline_diff"]
    assert "Thursday" in change["snippet"]
    assert change_title(change) == "ridge.example: headline, text, silently · Talks on Thursday"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, [(1, 2), (8, 3), (8, 2)]),
        ({"kind": "headline"}, [(1, 2), (8, 2)]),
        ({"kind": "silently"}, [(8, 2)]),
        ({"kind": "correction"}, [(8, 3)]),
        ({"kind": "gone"}, []),
        ({"outlet": "harbour.example"}, [(1, 2)]),
        ({"outlet": "nobody.example"}, []),
        ({"day": "2024-02-18"}, [(8, 2)]),
        ({"since": "2024-02-19"}, [(1, 2), (8, 3)]),
    ],
)
def test_changes_are_filtered_by_kind_outlet_and_day(
    shared_room: sqlite3.Connection, filters: dict[str, str], found: list[tuple[int, int]]
) -> None:
    rows = change_rows(shared_room, ChangeFilters(**filters), 10)
    assert [(row["article_id"], row["number"]) for row in rows] == found
    assert change_list_data(shared_room, ChangeFilters(**filters))["total"] == len(found)


def test_the_kinds_of_changes_are_counted_within_the_other_filters(
    shared_room: sqlite3.Connection,
) -> None:
    counts = change_counts(shared_room, ChangeFilters(kind="gone", outlet="ridge.example"))
    assert counts == {"every": 2, "headline": 1, "silently": 1, "correction": 1, "gone": 0}


def test_the_most_notable_changes_come_first_and_typography_never(room: sqlite3.Connection) -> None:
    room.execute("UPDATE revisions SET kinds = '[\"typographic\"]' WHERE article_id = 1")
    rows = notable_changes(room, "2024-02-01", 5)
    assert [(row["article_id"], row["number"]) for row in rows] == [(8, 2), (8, 3)]


def test_a_page_that_is_gone_keeps_its_headline_and_has_no_changed_words(
    room: sqlite3.Connection,
) -> None:
    for number, kinds, at in ((4, ["gone"], "20"), (5, ["restored"], "21")):
        room.execute(
            """INSERT INTO revisions (article_id, number, seen_at, kinds, text, gone_reason)
               VALUES (8, ?, ?, ?, '', 'HTTP 410')""",
            [number, f"2024-02-{at}T09:00:00Z", json.dumps(kinds)],
        )
    gone, back = (
        change_rows(room, ChangeFilters(day=f"2024-02-{day}"), 1)[0] for day in ("20", "21")
    )
    assert (gone["headline"], gone["gone"], gone["gone_reason"]) == (
        "Talks on Thursday fail",
        True,
        "HTTP 410",
    )
    assert gone["snippet"] is None
    assert back["snippet"] is None
    assert change_file_row(gone)["kinds"] == ["gone"]


def test_a_snippet_shows_the_changed_words_and_little_else() -> None:
    before = (
        "The first line.\n" + "Some words that stay. " * 40 + "The mayor is hopeful.\nThe last."
    )
    after = before.replace("is hopeful", "is not hopeful")
    snippet = changed_words_html(before, after)
    assert snippet
    assert "not</ins>" in snippet
    assert len(snippet) < MAX_SNIPPET_CHARS
    assert "first line" not in snippet


def test_a_snippet_of_a_text_that_was_rewritten_is_cut() -> None:
    before, after = (
        "\n".join(f"{word} {number} goes on and on for a while." for number in range(60))
        for word in ("Sentence", "Paragraph")
    )
    snippet = changed_words_html(before, after)
    assert snippet
    assert len(snippet.striptags()) < 3 * MAX_SNIPPET_CHARS
    assert snippet.endswith("…")


def test_a_snippet_is_safe_html() -> None:
    snippet = changed_words_html("The end.", f"The end. {HOSTILE} was added here.")
    assert snippet
    assert "<script" not in snippet
    assert "&lt;script&gt;" in snippet


def test_texts_without_a_difference_have_no_snippet() -> None:
    assert changed_words_html("One line.\nTwo.", "One line.\nTwo.") is None


def test_only_lines_that_differ_are_compared_word_by_word() -> None:
    assert list(changed_passages("a\nb\nc\nd", "a\nx\ny\nd")) == [("b", "x"), ("c", "y")]
    assert list(changed_passages("a\nb", "a\nb\nc\nd")) == [("", "c\nd")]
    assert list(changed_passages("a\nb", "a\nb")) == []


def test_the_changes_of_some_articles_are_counted_and_the_last_shown(
    shared_room: sqlite3.Connection,
) -> None:
    told = summarize_article_changes(shared_room, [8], 1)
    assert (told["changes"], told["silent"]) == (2, 1)
    assert [(row["article_id"], row["number"]) for row in told["rows"]] == [(8, 3)]


# -- copies ----------------------------------------------------------------------------------------


def test_a_copied_text_names_its_original_and_who_published_it_when(
    shared_room: sqlite3.Connection,
) -> None:
    (text,) = copy_list_data(shared_room, CopyFilters())["texts"]
    assert (text["id"], text["outlet_name"], text["outlets"], text["articles"]) == (
        1,
        "The Harbour Post",
        2,
        3,
    )
    assert [(copy["id"], copy["later"], copy["is_same"]) for copy in text["copies"]] == [
        (2, None, False),
        (7, "2 h later", False),
    ]
    assert copy_file_row(text)["copied_by"] == ["ridge.example"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"days": "all"}, 1),
        ({"days": "1"}, 0),
        ({"outlets": "3"}, 0),
        ({"outlet": "ridge.example"}, 1),
        ({"outlet": "minato.example"}, 0),
        ({"outlet": "nobody.example"}, 0),
    ],
)
def test_copied_texts_are_filtered_by_days_outlets_and_outlet(
    shared_room: sqlite3.Connection, filters: dict[str, str], found: int
) -> None:
    assert copy_list_data(shared_room, CopyFilters(**filters))["total"] == found


# -- attention -------------------------------------------------------------------------------------


def test_the_articles_with_some_words_are_counted_by_day_beside_all_of_the_day(
    shared_room: sqlite3.Connection,
) -> None:
    series = attention_days(shared_room, AttentionRequest(words="ferry"))
    assert [day for day in series["days"] if day[1]] == [("2024-02-15", 3, 3), ("2024-02-17", 1, 1)]
    assert attention_file_row(("2024-02-15", 1, 3))["share"] == 0.333333


@pytest.mark.parametrize(
    ("wanted", "articles"),
    [
        ({"words": "ferry", "outlet": "ridge.example"}, 3),
        ({"words": "ferry", "since": "2024-02-16"}, 1),
        ({"words": "ferry", "until": "2024-02-16"}, 3),
        ({"story": STORY}, 4),
        ({"event": "1"}, 4),
        ({"event": "77"}, 0),
        ({}, 7),  # one is undated
        ({"since": "soon"}, 7),
        ({"since": "2024-03-01", "until": "2024-02-16"}, 1),  # a period that ends first is a day
    ],
)
def test_attention_is_that_of_a_search_a_story_an_event_or_all(
    shared_room: sqlite3.Connection, wanted: dict[str, str], articles: int
) -> None:
    assert attention_page_data(shared_room, AttentionRequest(**wanted))["total"] == articles


def test_outlets_are_compared_on_one_scale(shared_room: sqlite3.Connection) -> None:
    told = attention_page_data(shared_room, AttentionRequest(words="ferry"))
    assert [(row["host"], row["articles"], row["share"]) for row in told["compared"]] == [
        ("ridge.example", 3, 0.75),
        ("harbour.example", 1, 1.0),
    ]
    assert max(bar.height for bar in told["compared"][1]["bars"]) == 50.0


@pytest.mark.parametrize("wanted", [{"words": "-x"}, {"words": "a", "outlet": "nobody.example"}])
def test_attention_says_in_words_why_nothing_is_counted(
    shared_room: sqlite3.Connection, wanted: dict[str, str]
) -> None:
    told = attention_page_data(shared_room, AttentionRequest(**wanted))
    assert told["error"]
    assert told["chart"] is None


# -- the chart -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("most", "as_share", "values"),
    [
        (1, False, [0, 1]),
        (4, False, [0, 1, 2, 3, 4]),
        (7, False, [0, 2, 4, 6, 8]),
        (1234, False, [0, 500, 1000, 1500]),
        (0, False, [0, 1]),
        (0.013, True, [0, 0.005, 0.01, 0.015]),
        (1.0, True, [0, 0.5, 1.0]),
    ],
)
def test_the_scale_has_round_numbers(most: float, as_share: bool, values: list[float]) -> None:
    assert scale_values(most, as_share) == values


@pytest.mark.parametrize(
    ("days", "unit", "steps"),
    [(3, "day", 3), (MAX_DAY_STEPS + 1, "week", 18), (3_000, "month", 99)],
)
def test_a_long_series_is_shown_by_weeks_or_months_without_gaps(
    days: int, unit: str, steps: int
) -> None:
    first = date(2016, 1, 1).toordinal()
    ends = [(date.fromordinal(first + offset).isoformat(), 1, 2) for offset in (0, days - 1)]
    grouped = group_into_steps(ends)
    assert (grouped[0].unit, len(grouped)) == (unit, steps)
    assert (sum(step.count for step in grouped), sum(step.total for step in grouped)) == (2, 4)


def test_no_bar_and_no_label_leaves_the_chart() -> None:
    days = [(f"2024-02-{day:02}", day % 5, 10) for day in range(1, 30)]
    for as_share in (False, True):
        chart = build_series_chart(group_into_steps(days), as_share)
        assert all(chart.left <= bar.x and bar.x + bar.width <= 100 for bar in chart.bars)
        assert all(bar.y >= 0 and bar.y + bar.height <= chart.foot + 0.1 for bar in chart.bars)
        assert [label for _, label in chart.days][:2] == ["1 Feb", "6 Feb"]
        assert len({label for _, label in chart.scale}) == len(chart.scale)


# -- indexes ---------------------------------------------------------------------------------------


def test_an_archive_of_before_gets_the_indexes_of_the_lists(tmp_path: Path) -> None:
    steps = ARCHIVE_SCHEMA.steps
    before = steps[: [name for name, _ in steps].index("m019_lists")]
    open_database(tmp_path / "archive.db", replace(ARCHIVE_SCHEMA, steps=before)).close()
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    indexes = {row["name"] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert {"events_of_several", "events_by_articles", "revisions_listed"} <= indexes
    connection.close()


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (EVENTS_OF_PERIOD_SQL + COUNTED_EVENTS_SQL, "events_of_several"),
        (EVENTS_OF_ALL_TIME_SQL + COUNTED_EVENTS_SQL, "events_by_articles"),
        (CHANGE_COUNTS_SQL, "revisions_listed"),
        (SEARCHED_DAYS_SQL, "articles_by_outlet"),
    ],
)
def test_lists_are_counted_without_reading_rows(
    shared_room: sqlite3.Connection, sql: str, index: str
) -> None:
    kinds = {kind: condition for kind, (_, condition) in CHANGE_KINDS.items()}
    filled = sql.format(condition="1", **kinds)
    plan = shared_room.execute(f"EXPLAIN QUERY PLAN {filled}", defaultdict(str))
    assert any(f"COVERING INDEX {index}" in row["detail"] for row in plan)
