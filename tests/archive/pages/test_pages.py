"""What the pages show, as rows: no web server runs here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from archive.errors import UsageError
from archive.pages.article import article_comparison, article_page_data
from archive.pages.charts import chart_bars, sparkline_bars
from archive.pages.feeds.atom import ATOM_NAMESPACE
from archive.pages.feeds.story_feed import story_as_atom
from archive.pages.home import home_page_data
from archive.pages.outlet import outlet_list_rows, outlet_page_data
from archive.pages.search_page import SearchRequest, search_page_data
from archive.pages.story import StoryFilters, story_for_page, story_page_data
from archive.pages.story_verdicts import store_page_verdict
from archive.pages.tables import EXPLAINED_TABLES, explained_tables, schema_descriptions
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.formatting import format_hours, format_query_string, many, moment, percent
from tests.archive.room import STORY, TITLE, furnish


@pytest.fixture
def db(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(furnish(folder) / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2024-02-15T10:30:00Z", "15 Feb 2024, 10:30 UTC"),
        ("2024-02-15T10:30:00+09:00", "15 Feb 2024, 01:30 UTC"),
        ("2024-02-15T10:30:00", "15 Feb 2024, 10:30"),
        ("2024-02-15", "15 Feb 2024"),
        ("soon", "soon"),
        (None, "undated"),
    ],
)
def test_a_moment_is_told_as_far_as_it_is_known(written: str | None, said: str) -> None:
    assert moment(written) == said


def test_numbers_are_told_as_people_say_them() -> None:
    assert [many(1, "outlet"), many(2000, "outlet")] == ["1 outlet", "2,000 outlets"]
    assert [format_hours(0.5), format_hours(3), format_hours(72)] == ["30 min", "3 h", "3 d"]
    assert [percent(0.999), percent(1.0), percent(0), percent(None)] == ["99 %", "100 %", "0 %", ""]
    assert format_query_string({"outlet": "a b", "page": "3"}, page=None) == "?outlet=a+b"


# -- charts ----------------------------------------------------------------------------------------


def test_the_highest_bar_fills_the_chart_and_none_leaves_it() -> None:
    drawn = chart_bars([("Mon", 1), ("Tue", 4), ("Wed", 0)])
    assert [bar.height for bar in drawn] == [25.0, 100.0, 0.0]
    assert all(bar.x + bar.width <= 100 for bar in drawn)
    assert chart_bars([]) == []


def test_a_sparkline_counts_every_dated_article_once_whatever_the_time() -> None:
    days = [
        f"{datetime(2020, 1, 1) + timedelta(days=7 * number):%Y-%m-%d}" for number in range(300)
    ]
    drawn = sparkline_bars({**dict.fromkeys(days, 1), "soon": 4})
    assert sum(bar.count for bar in drawn) == 300
    assert len(drawn) <= 60
    assert sparkline_bars({"soon": 1}) == []
    assert [bar.count for bar in sparkline_bars({"2024-02-15": 1})][-1] == 1


# -- home ------------------------------------------------------------------------------------------


def test_home_shows_what_happens_now_the_stories_and_the_last_crawl(db: sqlite3.Connection) -> None:
    told = home_page_data(db)
    assert [(day["day"], [row["id"] for row in day["rows"]]) for day in told["days"]][:3] == [
        ("2024-02-17", [8]),
        ("2024-02-16", [3]),
        ("2024-02-15", [1]),
    ]
    assert told["is_old"]
    assert (told["now"]["lead"]["id"], told["now"]["lead"]["outlets"]) == (1, 2)
    assert [(s["name"], s["articles"], s["outlets"], s["last"]) for s in told["stories"]] == [
        (STORY, 4, 2, "2024-02-17")
    ]
    assert sum(bar.count for bar in told["stories"][0]["bars"]) == 4
    assert (told["crawl"]["state"], told["crawl"]["fetches"], told["crawl"]["failures"]) == (
        "finished",
        9,
        2,
    )


def test_home_says_what_is_new_in_a_story_since_the_last_day(db: sqlite3.Connection) -> None:
    (story,) = home_page_data(db)["stories"]
    assert (story["new_articles"], story["latest"]["id"]) == (1, 8)
    assert (story["changes"], story["silent"]) == (1, 0)  # another was seen a fortnight before


def test_home_shows_the_changes_and_the_copies_of_the_day(db: sqlite3.Connection) -> None:
    told = home_page_data(db)
    assert [(row["article_id"], row["number"]) for row in told["changes"]["rows"]] == [(1, 2)]
    assert [(text["id"], text["outlets"]) for text in told["copies"]["texts"]] == [(1, 2)]


def test_an_empty_archive_has_a_home(empty: sqlite3.Connection) -> None:
    told = home_page_data(empty)
    assert told["counts"] == {"articles": 0, "outlets": 0, "stories": 0}
    assert (told["now"]["lead"], told["stories"], told["days"], told["crawl"]) == (
        None,
        [],
        [],
        None,
    )
    assert (told["changes"]["rows"], told["copies"]["texts"]) == ([], [])


# -- an article ------------------------------------------------------------------------------------


def test_an_article_says_how_much_of_it_each_copy_has(db: sqlite3.Connection) -> None:
    told = article_page_data(db, 1)
    assert told
    assert [
        (each["id"], each["how"], each["ours"], each["theirs"]) for each in told["related"]
    ] == [
        (2, "same text", None, None),
        (7, "cut from this", 0.6, 1.0),
    ]
    back = article_page_data(db, 7)
    assert back
    assert (1, 1.0, 0.6) in [(each["id"], each["ours"], each["theirs"]) for each in back["related"]]


def test_an_article_says_why_it_belongs_to_its_event_and_its_stories(
    db: sqlite3.Connection,
) -> None:
    told = article_page_data(db, 8)
    assert told
    assert told["event"]["why"] == "It shares words with it."
    # as it writes them; a stem that it lacks as it is
    assert told["event"]["terms"] == ["strike", "ferry", "crews"]
    assert [other["id"] for other in told["event"]["others"]] == [1]  # copies fold under it
    assert [
        (story["name"], story["probability"], story["verdict"]) for story in told["stories"]
    ] == [(STORY, 0.55, None)]
    rejected = article_page_data(db, 3)
    assert rejected
    assert [story["verdict"] for story in rejected["stories"]] == ["not"]
    assert rejected["event"] is None


def test_an_article_lists_its_changes_newest_first(db: sqlite3.Connection) -> None:
    told = article_page_data(db, 8)
    assert told
    assert [
        (change["number"], change["nature"], change["stealth"]) for change in told["changes"]
    ] == [
        (3, "body, correction", False),
        (2, "headline, body", True),
        (1, "first seen", False),
    ]
    assert article_page_data(db, 99) is None


def test_two_articles_are_compared_from_the_earlier_to_the_later(db: sqlite3.Connection) -> None:
    told = article_comparison(db, 7, 1)
    assert told
    assert (told["old"]["id"], told["new"]["id"]) == (1, 7)
    assert (told["added"], told["removed"]) == (0, 6)
    assert "<del>" in told["text"]
    assert article_comparison(db, 1, 1) is None
    assert article_comparison(db, 1, 99) is None


def test_a_hostile_headline_is_text_in_a_comparison(db: sqlite3.Connection) -> None:
    told = article_comparison(db, 6, 1)
    assert told
    assert "<script" not in told["headline"] + told["text"]


# -- a story ---------------------------------------------------------------------------------------


def test_a_story_shows_each_text_once_newest_first(db: sqlite3.Connection) -> None:
    told = story_page_data(db, STORY, StoryFilters())
    assert told
    assert [(row["id"], [copy["id"] for copy in row["copies"]]) for row in told["coverage"]] == [
        (1, [2, 7]),
        (8, []),  # newer, but a weak match
    ]
    assert (told["articles"], told["texts"]) == (4, 2)
    assert told["outlets"] == [
        ("ridge.example", "ridge.example", 3),
        ("harbour.example", "The Harbour Post", 1),
    ]
    assert told["coverage"][0]["terms"] == ["strike", "Ferry", "crews"]
    assert [row["id"] for row in told["left_out"]] == [3]


def test_a_story_tells_who_ran_a_text_first_and_how_much_later_the_others(
    db: sqlite3.Connection,
) -> None:
    told = story_page_data(db, STORY, StoryFilters())
    assert told
    [spread] = told["spreads"]
    assert spread["first"]["outlet"] == "harbour.example"
    # 2 has but a day
    assert [(row["id"], row["later"]) for row in spread["others"]] == [(2, None), (7, "2 h later")]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (StoryFilters(outlet="harbour.example"), [1]),
        (StoryFilters(since="2024-02-16"), [8]),
        (StoryFilters(until="2024-02-15"), [1]),
        (StoryFilters(language="ja"), []),
        # without its original the first version stands
        (StoryFilters(outlet="ridge.example", until="2024-02-16"), [2]),
    ],
)
def test_filters_leave_a_part_of_a_story(
    db: sqlite3.Connection, filters: StoryFilters, ids: list[int]
) -> None:
    told = story_page_data(db, STORY, filters)
    assert told
    assert [row["id"] for row in told["coverage"]] == ids
    assert told["outlets"][0][2] == 3  # counted over the whole story


def test_a_story_that_nobody_follows_has_no_page(db: sqlite3.Connection) -> None:
    for name in ("harbour", "!", ""):
        assert story_page_data(db, name, StoryFilters()) is None


def test_pages_beyond_the_last_show_the_last(db: sqlite3.Connection) -> None:
    told = story_page_data(db, STORY, StoryFilters(), page=9)
    assert told
    assert (told["page"], told["pages"], told["older"], told["newer"]) == (1, 1, None, None)


def test_a_persons_word_changes_the_coverage_at_once_and_tells_the_next_crawl(
    db: sqlite3.Connection,
) -> None:
    store_page_verdict(db, STORY, 8, "not")
    store_page_verdict(db, STORY, 3, "unsaid")
    store_page_verdict(db, STORY, 4, "belongs")
    told = story_page_data(db, STORY, StoryFilters())
    assert told
    assert {row["id"] for row in told["coverage"]} == {1, 3, 4}
    assert db.execute("SELECT newest_id FROM stories").fetchone()[0] == 0
    assert (
        db.execute("SELECT judged_at FROM story_articles WHERE article_id = 3").fetchone()[0]
        is None
    )


@pytest.mark.parametrize(
    ("name", "id", "word"), [("other", 1, "not"), (STORY, 99, "not"), (STORY, 1, "maybe")]
)
def test_a_word_on_what_there_is_not_is_refused(
    db: sqlite3.Connection, name: str, id: int, word: str
) -> None:
    with pytest.raises(UsageError, match="no such"):
        store_page_verdict(db, name, id, word)


# -- a feed ----------------------------------------------------------------------------------------


def test_a_feed_holds_what_atom_asks_for(db: sqlite3.Connection) -> None:
    told = story_for_page(db, STORY)
    assert told
    feed = ET.fromstring(
        story_as_atom(
            db, told, "https://here.example/feed", lambda id: f"https://here.example/{id}"
        )
    )
    name = f"{{{ATOM_NAMESPACE}}}"
    entries = feed.findall(f"{name}entry")
    assert feed.findtext(f"{name}title") == TITLE
    assert [entry.find(f"{name}link").attrib["href"] for entry in entries] == [  # type: ignore[union-attr]
        "https://here.example/8",
        "https://here.example/1",
    ]
    ids = [element.findtext(f"{name}id") for element in (feed, *entries)]
    assert len(set(ids)) == 3
    assert all(id and id.startswith("urn:uuid:") for id in ids)
    for element in (feed, *entries):
        assert element.findtext(f"{name}updated")
        assert element.findtext(f"{name}title")
        assert element.findtext(f"{name}author/{name}name")


def test_a_feed_leaves_out_what_xml_cannot_hold(db: sqlite3.Connection) -> None:
    db.execute("UPDATE articles SET headline = ? WHERE id = 1", ["A\x00\x0b\ufffe & <b>"])
    told = story_for_page(db, STORY)
    assert told
    feed = ET.fromstring(story_as_atom(db, told, "https://here.example/feed", str))
    assert "A & <b>" in [element.text for element in feed.iter(f"{{{ATOM_NAMESPACE}}}title")]


# -- an outlet -------------------------------------------------------------------------------------


def test_an_outlet_tells_its_habits_and_its_changes(db: sqlite3.Connection) -> None:
    told = outlet_page_data(db, "ridge.example")
    assert told
    assert (told["articles"], told["changes"], told["stealth"], told["corrections"]) == (4, 2, 1, 1)
    assert told["statistics"]["copied"] == 0.5
    assert told["statistics"]["timed"] == 2
    assert [bar.label for bar in told["statistics"]["hours"] if bar.count] == ["08:00", "12:00"]
    assert [(each["host"], each["texts"]) for each in told["from_whom"]] == [("harbour.example", 2)]
    assert [source["outcome"] for source in told["sources"]] == ["failed"]
    assert {page["outcome"] for page in told["failed"]} == {"gone", "failed", "refused"}


def test_an_outlet_without_articles_has_a_page_and_an_unknown_one_has_none(
    db: sqlite3.Connection,
) -> None:
    told = outlet_page_data(db, "silent.example")
    assert told
    assert (told["articles"], told["statistics"]["counted"], told["statistics"]["wire"]) == (
        0,
        0,
        0,
    )
    assert outlet_page_data(db, "nobody.example") is None
    assert outlet_list_rows(db)[0]["host"] == "ridge.example"
    assert outlet_list_rows(db, page=2) == []


def test_the_list_of_outlets_is_ordered_by_name_newest_article_and_failures_too(
    db: sqlite3.Connection,
) -> None:
    def hosts(order: str) -> list[str]:
        return [row["host"] for row in outlet_list_rows(db, order=order)]

    names = [(row["name"] or row["host"]).casefold() for row in outlet_list_rows(db, order="name")]
    assert names == sorted(names)
    newest = [row["newest"] or "" for row in outlet_list_rows(db, order="newest")]
    assert newest == sorted(newest, reverse=True)
    db.execute("UPDATE urls SET failures = 3 WHERE kind <> 'page' AND outlet_id = 1")
    assert outlet_list_rows(db, order="failing")[0]["failing"] > 0
    assert set(hosts("failing")) == set(hosts("articles"))


# -- searching -------------------------------------------------------------------------------------


def test_versions_of_one_text_are_one_hit_and_counted_apart(db: sqlite3.Connection) -> None:
    told = search_page_data(db, SearchRequest("strike"))
    assert [hit["id"] for hit in told["hits"]] == [1]
    assert (told["articles"], told["texts"], told["hits"][0]["other_outlets"]) == (3, 1, 1)
    assert "⟦strike⟧" in told["hits"][0]["passage"]


def test_facets_say_what_each_choice_leaves_and_leave_just_that(db: sqlite3.Connection) -> None:
    told = search_page_data(db, SearchRequest("ferry"))
    assert set(told["facets"]) == {"outlet", "month", "language", "story"}
    for name, facet in told["facets"].items():
        for each in facet["values"]:
            within = search_page_data(db, SearchRequest("ferry", **{name: each["value"]}))
            assert within["articles"] == each["count"], (name, each)
            assert name not in within["facets"]


def test_an_outlet_is_offered_by_its_name(db: sqlite3.Connection) -> None:
    outlets = search_page_data(db, SearchRequest("ferry"))["facets"]["outlet"]["values"]
    names = dict(db.execute("SELECT host, coalesce(name, host) FROM outlets").fetchall())
    assert {each["value"]: each["label"] for each in outlets}.items() <= names.items()
    assert any(each["value"] != each["label"] for each in outlets)


def test_all_values_of_a_facet_are_shown_when_more_are_asked_for(db: sqlite3.Connection) -> None:
    for number in range(30):
        db.execute("INSERT INTO outlets (host, added_at) VALUES (?, '')", [f"o{number}.example"])
        db.execute(
            """INSERT INTO articles (outlet_id, url, headline, text, bigrams, fetched_at)
            VALUES (last_insert_rowid(), ?, 'Heron seen', 'A heron.', '', '2024-03-01T00:00:00Z')""",
            [f"https://o{number}.example/heron"],
        )
    few = search_page_data(db, SearchRequest("heron"))["facets"]["outlet"]
    whole = search_page_data(db, SearchRequest("heron", more="outlet"))["facets"]["outlet"]
    assert (len(few["values"]), few["others"]) == (12, 18)
    assert (len(whole["values"]), whole["others"]) == (30, 0)


def test_a_search_is_limited_to_days_with_both_ends_included(db: sqlite3.Connection) -> None:
    hits = search_page_data(db, SearchRequest("ferry"))["hits"]
    day = min(hit["published_at"][:10] for hit in hits if hit["published_at"])
    within = search_page_data(db, SearchRequest("ferry", since=day, until=day))
    assert 0 < within["articles"] < search_page_data(db, SearchRequest("ferry"))["articles"]
    assert all(hit["published_at"].startswith(day) for hit in within["hits"])


def test_the_newest_articles_come_first_when_that_is_asked_for(db: sqlite3.Connection) -> None:
    newest = search_page_data(db, SearchRequest("ferry", sort="newest"))["hits"]
    dates = [hit["published_at"] or "" for hit in newest]
    assert len(dates) > 1
    assert dates == sorted(dates, reverse=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sort": "worst"}, "sort=worst: choose best or newest"),
        ({"since": "yesterday"}, "since=yesterday: a date looks like 2024-02-15"),
        ({"until": "2024-13-01"}, "until=2024-13-01: a date looks like 2024-02-15"),
    ],
)
def test_an_unknown_order_or_date_is_named(
    db: sqlite3.Connection, given: dict[str, str], message: str
) -> None:
    assert search_page_data(db, SearchRequest("ferry", **given))["error"] == message


def test_the_histogram_counts_each_dated_article_found_once(db: sqlite3.Connection) -> None:
    found = search_page_data(db, SearchRequest("ferry"))
    bars = found["histogram"].bars
    assert sum(each.bar.count for each in bars) == found["articles"]
    for each in bars:
        limited = SearchRequest("ferry", since=each.period, until=each.period)
        assert search_page_data(db, limited)["articles"] == each.bar.count


def test_without_hits_the_search_without_filters_or_a_similar_word_is_offered(
    db: sqlite3.Connection,
) -> None:
    filtered = search_page_data(db, SearchRequest("ferry", outlet="nobody.example"))
    assert (filtered["unfiltered"], filtered["advice"]) == (
        search_page_data(db, SearchRequest("ferry"))["articles"],
        None,
    )
    assert "ferry" in search_page_data(db, SearchRequest("fery"))["advice"].queries


@pytest.mark.parametrize(
    ("words", "ids"),
    [("首相", [3]), ("東京", [3]), ("zurich", [4]), ("خطة", [5]), ('"shorter shifts"', [1])],
)
def test_any_script_is_found(db: sqlite3.Connection, words: str, ids: list[int]) -> None:
    assert [hit["id"] for hit in search_page_data(db, SearchRequest(words))["hits"]] == ids


@pytest.mark.parametrize("words", ["-strike", '"', "* ( ) :", "OR", "\x00"])
def test_what_cannot_be_searched_for_is_explained(db: sqlite3.Connection, words: str) -> None:
    told = search_page_data(db, SearchRequest(words))
    assert "give at least one word" in told["error"]
    assert told["hits"] == []


def test_nothing_asked_is_nothing_found_and_no_error(db: sqlite3.Connection) -> None:
    assert (
        search_page_data(db, SearchRequest("  "))["error"],
        search_page_data(db, SearchRequest())["hits"],
    ) == (None, [])
    assert search_page_data(db, SearchRequest("strike", outlet="nobody.example"))["texts"] == 0


# -- tables ----------------------------------------------------------------------------------------


def test_every_table_and_view_of_an_archive_is_described_with_all_its_columns(
    empty: sqlite3.Connection,
) -> None:
    told = schema_descriptions()
    rows = empty.execute(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view')"
    ).fetchall()
    names = {
        row["name"]
        for row in rows
        if not row["name"].startswith(("sqlite_", "_sqlite", "articles_fts"))
    }
    assert names | {"articles_fts"} == set(told)
    for name in names:
        columns = [
            row["name"] for row in empty.execute(f"SELECT name FROM pragma_table_info('{name}')")
        ]
        assert set(told[name]["columns"]) == set(columns), name
        assert told[name]["description"]


def test_each_example_runs_on_any_archive(
    db: sqlite3.Connection, empty: sqlite3.Connection
) -> None:
    assert [table["name"] for table in explained_tables()] == list(EXPLAINED_TABLES)
    for table in explained_tables():
        title, sql = table["example"]
        assert title
        for connection in (db, empty):
            connection.execute(sql).fetchall()
