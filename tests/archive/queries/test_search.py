"""Words as people type them, against a real archive."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import UsageError
from archive.queries.search import (
    MATCH_NOTHING,
    headline_condition,
    match_or_nothing,
    match_query,
    matching_passage,
    search_articles,
)
from archive.queries.search_advice import search_advice
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.unspaced import bigrams
from archive.times import parse_duration_seconds, parse_since
from tests.growth import assert_growth

ARTICLES = {
    1: (
        "Ferry timetable changes",
        "The island ferry will leave Zürich quay at dawn, O'Brien said. Written in C++.",
    ),
    2: ("東京都知事が退任へ", "首相は会見で述べた。AI首相補佐官も同席した。2024年に始まった。"),
    3: ("한국과 쿠바와 수교", "두 나라는 오늘 쿠바와의 외교 관계를 맺었다."),
    4: ("ประชาชนไปเลือกตั้ง", "ทุกคนช่วยเหลือกันในวันหยุด"),
    5: ("Bread prices", "Bakers say the price of bread will rise before the ferry strike ends."),
    6: ("Ferry strike ends", "After a week, crews return to work on the island."),
    7: ("อาหารเช้า", "เด็กกินข้าว"),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    connection = open_database(tmp_path_factory.mktemp("search") / "archive.db", ARCHIVE_SCHEMA)
    for host in ("harbour.example", "tokyo.example"):
        connection.execute(
            "INSERT INTO outlets (host, added_at) VALUES (?, '2024-01-01T00:00:00Z')", [host]
        )
    for id, (headline, text) in ARTICLES.items():
        connection.execute(
            """INSERT INTO articles (id, outlet_id, url, headline, language, published_at, fetched_at, text, bigrams)
               VALUES (?, ?, ?, ?, ?, ?, '2024-03-01T00:00:00Z', ?, ?)""",
            [id, 2 if id == 2 else 1, f"https://a.example/{id}", headline, "ja" if id == 2 else "en",
             None if id == 7 else f"2024-02-{10 + id}" + ("T09:00:00Z" if id % 2 else ""),
             text, bigrams(f"{headline}\n{text}")],
        )  # fmt: skip
    return connection


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("ferry", {1, 5, 6}),
        ("ferry strike", {5, 6}),
        ('"ferry strike"', {5, 6}),
        ('"strike ferry"', set()),
        ("“ferry strike”", {5, 6}),
        ("ferry -bread", {1, 6}),
        ('ferry -"will rise"', {1, 6}),
        ("bread OR dawn", {1, 5}),
        ("ferry bread OR dawn", {1, 5}),
        ("bak*", {5}),
        ("bak", set()),
        ("Zürich", {1}),
        ("zurich", {1}),
        ("ZURICH", {1}),
        ("O'Brien", {1}),
        ("o’brien", {1}),
        ("C++", {1}),
        ("首相", {2}),
        ("東京都知事", {2}),
        ("京知", set()),
        ("首", {2}),
        ("事", {2}),
        ("２０２４年", {2}),
        ("AI首相", {2}),
        ("AI 首相 -쿠바", {2}),
        ("首相 OR 쿠바", {2, 3}),
        ("쿠바", {3}),
        ("쿠바와", {3}),
        ("교", {3}),
        ("ประชา", {4}),
        ("กัน", {4}),
        ("กิน", {7}),
        ("ferry AND strike", {5, 6}),
        ("OR ferry OR", {1, 5, 6}),
    ],
)
def test_words_find_the_articles_that_a_reader_would_expect(
    archive: sqlite3.Connection, words: str, ids: set[int]
) -> None:
    assert {hit.id for hit in search_articles(archive, words)} == ids


@pytest.mark.parametrize(
    "words",
    ["", "  ", "…", '""', "*", "-", "- - -", "-ferry", "OR", "\x00", "\ud800", "word " * 65],
)
def test_what_names_nothing_to_look_for_is_said_in_one_line(words: str) -> None:
    with pytest.raises(UsageError) as error:
        match_query(words)
    assert "\n" not in str(error.value)
    assert match_or_nothing(words) == MATCH_NOTHING


HOSTILE = [
    '" OR 1',
    "NEAR(",
    "NEAR(a b, 3)",
    "^a",
    "headline:a",
    "{a b}:c",
    "a + b",
    "a*b*",
    "((((",
    "a\x00b",
    "'",
    "--",
    "NOT a",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_no_syntax_of_the_search_engine_can_be_typed(
    archive: sqlite3.Connection, words: str
) -> None:
    archive.execute(
        "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?", [match_or_nothing(words)]
    ).fetchone()


@pytest.mark.slow
@settings(deadline=None)  # the machine may be busy
@given(
    st.text()
    | st.text(alphabet="ab\" *-()^:{}+'OR首쿠ก\x00,")
    | st.lists(st.sampled_from(HOSTILE)).map(" ".join)
)
def test_no_text_makes_the_search_fail(archive: sqlite3.Connection, words: str) -> None:
    archive.execute(
        "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?", [match_or_nothing(words)]
    ).fetchone()
    assert len(matching_passage("The ferry 首相 leaves.", words)) < 60


def test_a_column_cannot_be_searched_by_accident(archive: sqlite3.Connection) -> None:
    assert match_query("headline:ferry") == '"headline:ferry"'


def test_the_headline_weighs_most(archive: sqlite3.Connection) -> None:
    assert search_articles(archive, "strike")[0].id == 6


def test_a_hit_shows_the_place_with_the_words_marked(archive: sqlite3.Connection) -> None:
    (hit,) = search_articles(archive, "zurich o'brien")
    assert "⟦Zürich⟧ quay at dawn, ⟦O'Brien⟧ said" in hit.passage


def test_a_hit_among_unspaced_letters_shows_the_place_too(archive: sqlite3.Connection) -> None:
    (hit,) = search_articles(archive, "首相")
    assert hit.passage.startswith("⟦首相⟧は会見で述べた。AI⟦首相⟧補佐官")


def test_the_passage_of_a_long_text_is_cut_around_the_place_with_most_words() -> None:
    text = (
        "One ferry. "
        + "Nothing to see here. " * 100
        + "The ferry left before the strike. "
        + "And more. " * 100
    )
    shown = matching_passage(text, "strike ferry", width=80)
    assert "The ⟦ferry⟧ left before the ⟦strike⟧" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert len(shown) < 90


def test_brackets_of_the_text_itself_are_not_taken_for_marks() -> None:
    assert matching_passage("a ⟦b⟧ c", "c") == "a [b] ⟦c⟧"


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"outlet": "tokyo.example"}, set()),
        ({"since": "2024-02-15"}, {5, 6}),
        ({"since": "2024-02-15T10:00:00Z"}, {6}),
        ({"until": "2024-02-15"}, {1, 5}),
        ({"until": "2024-02-15T08:00:00Z"}, {1}),
        ({"since": "2024-02-16T23:00:00Z"}, {6}),  # known to the day alone: it may have been later
        ({"language": "en"}, {1, 5, 6}),
        ({"language": "ja"}, set()),
        ({"limit": 1}, {6}),
    ],
)
def test_filters_narrow_a_search(
    archive: sqlite3.Connection, filters: dict[str, object], ids: set[int]
) -> None:
    assert {hit.id for hit in search_articles(archive, "ferry", **filters)} == ids  # type: ignore[arg-type]


def test_a_text_that_went_round_is_one_hit_and_its_copies_can_be_listed(
    archive: sqlite3.Connection,
) -> None:
    """Articles 1 and 6 are set down as versions of one text of two outlets, for this test alone."""
    archive.execute("BEGIN")
    archive.execute("INSERT INTO shared_texts (id, original_id) VALUES (1, 1)")
    archive.execute("INSERT INTO shared_text_articles VALUES (1, 1, 1), (6, 1, 2)")
    folded = {hit.id: hit.other_outlets for hit in search_articles(archive, "ferry")}
    of_one_outlet = [hit.id for hit in search_articles(archive, "strike ferry ends crews")]
    each = {hit.id: hit.other_outlets for hit in search_articles(archive, "ferry", copies=True)}
    few = search_articles(archive, "ferry", limit=1, copies=True)
    archive.execute("ROLLBACK")
    assert folded == {1: 1, 5: 0}
    assert of_one_outlet == [6]
    assert each == {1: 0, 5: 0, 6: 0}
    assert len(few) == 1


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Only spaced words, 2024.", None),
        ("東京都", "東京 京都 都"),
        ("首", "首"),
        ("首, 相", "首 相"),
        ("ﾄｳｷｮｳ", "トウ ウキ キョ ョウ ウ"),
        ("在2024年", "在 2024 年"),
        ("쿠바와 수교", "쿠바 바와 와 수교 교"),
        ("", None),
    ],
)
def test_unspaced_letters_become_pairs(text: str, pairs: str | None) -> None:
    assert bigrams(text) == pairs


def test_the_end_of_one_run_and_the_start_of_the_next_are_no_word(
    archive: sqlite3.Connection,
) -> None:
    archive.execute(
        "CREATE VIRTUAL TABLE temp.pairs USING fts5(bigrams, tokenize='unicode61 remove_diacritics 2')"
    )
    archive.execute("INSERT INTO temp.pairs VALUES (?)", [bigrams("大首。相手")])
    assert not archive.execute(
        "SELECT 1 FROM temp.pairs WHERE pairs MATCH ?", [match_query("首相手")]
    ).fetchall()


@pytest.mark.slow
def test_pairs_are_made_in_time_that_grows_with_the_text_alone() -> None:
    assert_growth(lambda many: bigrams("a" * 2 * many + " " + "首" * many), 12_500)


def test_moments_can_be_typed_as_days_clock_times_and_ages() -> None:
    from datetime import UTC, datetime

    at = datetime(2024, 3, 15, 12, 0, tzinfo=UTC)
    meant = {
        "2024-02-15": "2024-02-15",
        "2024-02-15T10:00": "2024-02-15T10:00:00Z",
        "2024-02-15T10:00:00+09:00": "2024-02-15T01:00:00Z",
        "7d": "2024-03-08T12:00:00Z",
        "36h": "2024-03-14T00:00:00Z",
        "2w": "2024-03-01T12:00:00Z",
        "1m": "2024-02-14T12:00:00Z",
        "1y": "2023-03-16T12:00:00Z",
    }
    assert {text: parse_since(text, now=at) for text in meant} == meant


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2024-02-31", "7", "-7d", "7 parsecs", "99999y", "2024-13-01T00:00"]
)
def test_what_is_no_moment_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="neither a date nor an age"):
        parse_since(text)


def test_durations_count_minutes_where_ages_count_months() -> None:
    assert [parse_duration_seconds(text) for text in ("90s", "10m", "2h", "1d")] == [
        90,
        600,
        7200,
        86400,
    ]


@pytest.mark.parametrize("text", ["", "0m", "10", "2w", "-5m"])
def test_what_is_no_duration_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration"):
        parse_duration_seconds(text)


def test_a_passage_ends_between_words() -> None:
    assert (
        matching_passage("The ferry left the island before dawn", "ferry", width=28)
        == "The ⟦ferry⟧ left the island…"
    )


@pytest.mark.slow
def test_a_passage_is_found_in_time_whatever_was_typed() -> None:
    def passages(many: int) -> None:
        matching_passage("ferry 首相 " * many, " ".join(f"word{n} 首{n}" for n in range(many)))
        matching_passage("a" * 10 * many, "a" * many)

    assert_growth(passages, 2_500)


# -- order and advice ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("ferry strike", [6]),
        ("ferry", [1, 6]),
        ("bread OR timetable", [1, 5]),
        ('"strike ends"', [6]),
        ("東京", [2]),
        ("island -bread", []),
    ],
)
def test_only_articles_with_all_the_words_in_the_headline_fulfil_its_condition(
    archive: sqlite3.Connection, words: str, ids: list[int]
) -> None:
    condition, values = headline_condition(words)
    rows = archive.execute(f"SELECT a.id FROM articles a WHERE {condition}", values)
    assert sorted(id for (id,) in rows) == ids


def test_words_often_repeated_in_a_text_do_not_outrank_the_headline(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    connection.execute("INSERT INTO outlets (host, added_at) VALUES ('a.example', '')")
    texts = [
        ("A long day at the quay", "The heron. " * 40),
        ("Heron lands on the quay at dawn while the whole town of Lowwater looks on", "It stood."),
    ]
    for headline, text in texts:
        connection.execute(
            """INSERT INTO articles (outlet_id, url, headline, text, bigrams, fetched_at)
            VALUES (1, ?, ?, ?, '', '2024-03-01T00:00:00Z')""",
            [f"https://a.example/{headline}", headline, text],
        )
    assert [hit.id for hit in search_articles(connection, "heron")] == [2, 1]
    connection.close()


def test_the_newest_come_first_and_the_undated_last(archive: sqlite3.Connection) -> None:
    hits = search_articles(archive, "ferry OR bread", order="newest")
    assert [hit.id for hit in hits] == [6, 5, 1]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("fery", "ferry"),
        ("ferry strke", "ferry strike"),
        ("Bakres", "bakers"),
        ('"ferry strice"', '"ferry strike"'),
        ("efrry", "ferry"),
    ],
)
def test_a_misspelt_word_is_answered_by_one_that_is_there(
    archive: sqlite3.Connection, typed: str, meant: str
) -> None:
    assert search_advice(archive, typed).queries[0] == meant


@pytest.mark.parametrize("typed", ["xq", "penguin", "首相官邸", "ferry penguin"])
def test_nothing_is_offered_for_what_nothing_resembles(
    archive: sqlite3.Connection, typed: str
) -> None:
    assert search_advice(archive, typed).queries == ()


def test_each_word_is_counted_alone_where_no_article_has_them_all(
    archive: sqlite3.Connection,
) -> None:
    counts = {each.word: each.articles for each in search_advice(archive, "timetable bread").words}
    assert counts == {"timetable": 1, "bread": 1}
