"""The dossier of a story, as it is read."""

from __future__ import annotations

import json
import re
import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html
from markdown_it import MarkdownIt
from rich.cells import cell_len

from archive.articles.stories import find_story
from archive.cli.story_commands import codes
from archive.errors import UsageError
from archive.exports.dossier import (
    DOSSIER_WRITERS,
    StoryDossier,
    build_dossier,
    change_in_words,
    dossier_as_html,
    dossier_as_json,
    dossier_as_markdown,
    dossier_as_text,
    escape_markdown,
    span_in_words,
    terms_as_written,
)
from archive.pages.article import article_page_data as article_page
from archive.queries.search import search_articles
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import HOSTILE, MOMENT, WIRE, add_article

ARTICLES = {  # id → probability, verdict
    1: (0.91, "belongs"),
    2: (0.88, None),
    3: (0.25, None),
    4: (0.31, None),
    5: (0.42, None),
    6: (0.22, None),
}
HEADINGS = [
    f"date 2024-02-13 {HOSTILE}",
    "date 2024-02-14 المجلس يعلن خطة جديدة",
    "date 2024-02-15 Ferry crews strike",
    "date 2024-02-16 東京都知事が退任へ",
    "undated Bread dearer in Zürich",
]


PAGE_HEADINGS = [
    f"13 February 2024 {HOSTILE}",
    "14 February 2024 المجلس يعلن خطة جديدة",
    "15 February 2024 Ferry crews strike",
    "16 February 2024 東京都知事が退任へ",
    "undated Bread dearer in Zürich",
]
"""Dates as a reader writes them."""


@pytest.fixture
def db(folder: Path) -> sqlite3.Connection:
    """An archive in which a story has all articles, the second a copy of the first."""
    connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    connection.execute(
        "INSERT INTO stories (id, name, title, terms, created_at) VALUES (1, 'ferries', ?, ?, ?)",
        (f"Ferries & {HOSTILE}", '["ferri", "strike"]', MOMENT),
    )
    for id, (probability, verdict) in ARTICLES.items():
        connection.execute(
            """INSERT INTO story_articles (story_id, article_id, probability, tier, terms, verdict, found_at)
            VALUES (1, ?, ?, ?, '["crew", "ferri", "首相"]', ?, ?)""",
            (id, probability, "sure" if probability >= 0.3 else "likely", verdict, MOMENT),
        )
    return connection


@pytest.fixture
def told(db: sqlite3.Connection) -> StoryDossier:
    return build_dossier(db, find_story(db, "ferries"))


def test_each_text_is_headed_by_its_day_in_time_order_and_undated_ones_come_last(
    told: StoryDossier,
) -> None:
    assert [piece.heading for piece in told.pieces] == HEADINGS


def test_a_standfirst_that_its_text_begins_with_is_said_once(db: sqlite3.Connection) -> None:
    db.execute("UPDATE articles SET text = standfirst || char(10) || text WHERE id = 1")
    read = build_dossier(db, find_story(db, "ferries"))
    assert [
        form(read).count("The island is cut off.")
        for form in (dossier_as_text, dossier_as_markdown, dossier_as_html)
    ] == [1, 1, 1]
    # below the standfirst, which has its own place
    assert article_page(db, 1)["paragraphs"] == WIRE.split("\n")
    (hit,) = search_articles(db, "island cut off ferry crews")
    assert hit.passage.replace("⟦", "").replace("⟧", "").count("The island is cut off.") == 1


def test_a_heading_is_one_line_of_the_text_however_long_it_is(db: sqlite3.Connection) -> None:
    long = "A headline that goes on " * 8
    db.execute("UPDATE articles SET headline = ? WHERE id = 1", (long,))
    lines = dossier_as_text(build_dossier(db, find_story(db, "ferries"))).splitlines()
    assert f"date 2024-02-15 {long.strip()}" in lines


def test_a_copy_stands_under_its_original_and_nowhere_else(told: StoryDossier) -> None:
    text = dossier_as_text(told)
    assert "also in: ridge.example" in text
    assert "Island cut off as ferries stop" not in text
    assert told.summary == "6 articles of 4 outlets, 13 to 16 February 2024"


@pytest.mark.parametrize(
    ("id", "why"),
    [
        (1, "confirmed: crews, Ferry, 首相"),
        (5, "sure (42 %): crew, ferri, 首相"),
        (3, "likely (25 %)"),
    ],
)
def test_a_piece_says_why_it_belongs_in_its_own_words(
    told: StoryDossier, id: int, why: str
) -> None:
    said = next(piece.why for piece in told.pieces if piece.id == id)
    assert said.startswith(why)


@pytest.mark.parametrize(
    ("terms", "text", "written"),
    [
        (["embassi", "establish"], "New embassies were established.", ["embassies", "established"]),
        (["embassi"], "An Embassy opens", ["Embassy"]),
        (["zurich"], "Bread in Zürich", ["Zürich"]),
        (["art"], "a party", ["art"]),
        (["首相"], "昨日首相は述べた", ["首相"]),
        (["gone"], "nothing of it", ["gone"]),
        (["a(b"], "odd a(b signs", ["a(b"]),
    ],
)
def test_a_stem_is_shown_as_the_text_writes_it(
    terms: list[str], text: str, written: list[str]
) -> None:
    assert list(terms_as_written(terms, text)) == written


def test_text_keeps_to_88_columns_also_where_a_character_takes_two(db: sqlite3.Connection) -> None:
    db.execute("UPDATE articles SET text = ? WHERE id = 3", ("首相は会見で述べた。" * 40,))
    db.execute("UPDATE articles SET text = ? WHERE id = 4", ("Bakers say so. " * 40,))
    lines = dossier_as_text(build_dossier(db, find_story(db, "ferries"))).splitlines()
    assert max(cell_len(line) for line in lines) == 88


def test_what_a_page_said_steers_no_terminal(db: sqlite3.Connection) -> None:
    db.execute(
        "UPDATE articles SET headline = 'Red \x1b[31m\u202eflag', text = 'one\x07\ntwo\x9b1m' WHERE id = 1"
    )
    text = dossier_as_text(build_dossier(db, find_story(db, "ferries")))
    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)


# -- Markdown --------------------------------------------------------------------------------------

NASTY = [
    HOSTILE,
    "# no heading",
    "1. no list",
    "- no list",
    "+ no list",
    "> no quote",
    "*no* _emphasis_ `code`",
    "[a link](javascript:alert(1))",
    "![a picture](http://tracker.example/x.png)",
    "<javascript:alert(1)>",
    "&lt;b&gt; &amp; | a | table | ~~gone~~",
    "===",
    "back\\slash",
    "    indented",
]


@pytest.mark.parametrize("line", NASTY)
def test_nothing_that_a_page_says_is_markup_in_markdown(line: str) -> None:
    tokens = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .parse(f"{escape_markdown(line)}\n")
    )
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    children = tokens[1].children or []
    assert {child.type for child in children} <= {"text", "text_special"}
    assert "".join(child.content for child in children) == line.strip()


def test_markdown_has_a_heading_a_piece_and_links_only_to_the_web(told: StoryDossier) -> None:
    tokens = MarkdownIt("commonmark").parse(dossier_as_markdown(told))
    headings = [after for token, after in pairwise(tokens) if token.type == "heading_open"]
    _, changes, *pieces = [
        "".join(child.content for child in each.children or []) for each in headings
    ]
    assert (changes, pieces) == ("Changed after publication", HEADINGS)
    links = [
        child.attrs["href"]
        for token in tokens
        for child in token.children or []
        if child.type == "link_open"
    ]
    assert len(links) == 4
    assert all(str(link).startswith("https://") for link in links)


# -- JSON and HTML ---------------------------------------------------------------------------------


def test_json_holds_the_story_and_its_pieces_with_their_copies(told: StoryDossier) -> None:
    read = json.loads(dossier_as_json(told))
    assert set(read) == {"story", "summary", "notes", "search", "coverage"}
    assert (read["story"]["name"], read["story"]["terms"]) == ("ferries", ["ferri", "strike"])
    piece = read["coverage"][2]
    assert set(piece) == {
        "id", "headline", "date", "published_at", "outlet", "outlet_name", "byline", "agency", "language", "url",
        "standfirst", "text", "probability", "tier", "part", "terms", "verdict", "copies", "notes", "why",
        "evidence", "changes", "published_offset",
    }  # fmt: skip
    assert [copy["id"] for copy in piece["copies"]] == [2]
    assert read["coverage"][-1]["date"] is None


def test_the_page_shows_markup_as_text_and_runs_nothing(told: StoryDossier) -> None:
    page = html.fromstring(dossier_as_html(told))
    assert not page.xpath(
        "//script | //link | //img | //iframe | //*[@onclick or @onload or @onerror]"
    )
    assert ["".join(each.itertext()).split() for each in page.xpath("//article/h2")] == [
        each.split() for each in PAGE_HEADINGS
    ]
    assert HOSTILE in page.xpath("//h1")[0].text_content()
    links = page.xpath("//a/@href")
    assert all(link.startswith(("https://", "#article-")) for link in links)
    assert "default-src 'none'" in page.xpath("//meta[@http-equiv]/@content")[0]


def test_the_page_asks_no_other_host_for_anything(told: StoryDossier) -> None:
    text = dossier_as_html(told)
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style
    assert not html.fromstring(text).xpath("//*[@src or @srcset or @style]")


def test_the_page_says_the_language_of_each_piece_and_which_way_it_runs(told: StoryDossier) -> None:
    page = html.fromstring(dossier_as_html(told))
    pieces = {
        each.get("id"): (each.get("lang"), each.get("dir")) for each in page.xpath("//article")
    }
    assert pieces["article-5"] == ("ar", "rtl")
    assert pieces["article-3"] == ("ja", "ltr")
    assert [each.get("href") for each in page.xpath("//nav//a")] == [f"#{id}" for id in pieces]


def test_the_page_has_the_dress_of_the_site_light_and_dark(told: StoryDossier) -> None:
    style = dossier_as_html(told).partition("</style>")[0]
    names = set(re.findall(r"var\((--[\w-]+)\)", style))
    light, dark = style.split("@media (prefers-color-scheme: dark)", 1)
    assert {name for name in names if f"{name}:" not in light} == set()
    colours = names - {"--serif", "--sans"}
    assert {name for name in colours if f"{name}:" not in dark.partition("}")[0]} == set()


def test_the_index_of_the_page_is_open_and_its_chart_leads_to_the_pieces(
    told: StoryDossier,
) -> None:
    page = html.fromstring(dossier_as_html(told))
    assert not page.xpath("//nav/details")
    links = page.xpath("//figure//@href")
    assert links
    assert set(links) <= {f"#{each.get('id')}" for each in page.xpath("//article")}


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (("2024-02-13", "2024-02-16"), "13 to 16 February 2024"),
        (("2024-02-13", "2024-03-16"), "13 February to 16 March 2024"),
        (("2023-12-30", "2024-01-02"), "30 December 2023 to 2 January 2024"),
        (("2024-02-13", "2024-02-13"), "13 February 2024"),
        ((), ""),
    ],
)
def test_a_span_of_days_is_written_as_a_reader_writes_it(days: tuple[str, ...], words: str) -> None:
    assert span_in_words(days) == words


# -- changes and evidence --------------------------------------------------------------------------


@pytest.fixture
def changed(db: sqlite3.Connection) -> StoryDossier:
    """The dossier after the third article's headline was changed silently, and it disappeared."""
    for number, kinds, headline, stealth in (
        (1, "[]", "首相が退任へ", 0),
        (2, '["headline", "body"]', "東京都知事が退任へ", 1),
        (3, '["gone"]', None, 0),
    ):
        db.execute(
            """INSERT INTO revisions (article_id, number, seen_at, kinds, headline, text, stealth, words_added,
            words_removed) VALUES (3, ?, ?, ?, ?, ?, ?, 4, 2)""",
            (
                number,
                f"2024-03-0{number}T07:00:00Z",
                kinds,
                headline,
                "x" if headline else "",
                stealth,
            ),
        )
    db.execute("DELETE FROM revisions WHERE article_id = 1")
    return build_dossier(db, find_story(db, "ferries"))


def test_changes_are_told_in_every_format_with_the_headline_before_and_after(
    changed: StoryDossier,
) -> None:
    gone, silent = changed.changes
    assert (gone.manner, silent.manner) == ("page gone", "silently")
    line = (
        "2 Mar 2024, 07:00 UTC, 港新聞, silently, headline, text, +4 −2 words: "
        "“首相が退任へ” became “東京都知事が退任へ”"
    )
    assert change_in_words(silent) == line
    assert "silently" in dossier_as_text(changed)
    assert escape_markdown(line) in dossier_as_markdown(changed)
    page = html.fromstring(dossier_as_html(changed))
    assert page.xpath("//del")[0].text_content() == "首相が退任へ"
    assert page.xpath("//ins")[0].text_content() == "東京都知事が退任へ"
    piece = next(
        each for each in json.loads(dossier_as_json(changed))["coverage"] if each["id"] == 3
    )
    assert [(each["manner"], each["silent"]) for each in piece["changes"]] == [
        ("page gone", False),
        ("silently", True),
    ]


def test_evidence_is_told_for_each_article_and_each_copy(
    db: sqlite3.Connection, told: StoryDossier
) -> None:
    db.execute(
        """INSERT INTO fetches (url_id, fetched_at, outcome) SELECT id, '2024-03-09T10:00:00Z', 'unchanged'
        FROM urls WHERE article_id = 1 AND role = 'requested'"""
    )
    db.execute(
        """INSERT INTO fetches (url_id, fetched_at, outcome) SELECT id, '2024-03-10T10:00:00Z', 'failed'
        FROM urls WHERE article_id = 1 AND role = 'requested'"""
    )
    read = build_dossier(db, find_story(db, "ferries"))
    piece = next(each for each in read.pieces if each.id == 1)
    digest = db.execute("SELECT digest FROM articles WHERE id = 1").fetchone()[0]
    found = piece.evidence
    assert (found.published_as_printed, found.sha256) == ("Thu, 15 Feb 2024 10:30 GMT", digest)
    assert (found.first_seen, found.last_seen) == (MOMENT, "2024-03-09T10:00:00Z")
    assert (found.copy_of, piece.copies[0].evidence.copy_of_outlet) == (None, "The Harbour Post")
    for form in (dossier_as_text, dossier_as_markdown, dossier_as_html, dossier_as_json):
        assert digest in form(read)
    assert "copy of The Harbour Post" in " ".join(dossier_as_text(read).split())


def test_evidence_tells_when_a_page_was_modified_on_the_clock_of_its_outlet(
    db: sqlite3.Connection, told: StoryDossier
) -> None:
    assert "modified" not in dossier_as_text(told)
    db.execute(
        "UPDATE articles SET modified_at = '2024-02-15T22:30:00Z', modified_raw = '2024-02-16T07:30+09:00'"
    )
    dossier = build_dossier(db, told.story)
    for form, write in DOSSIER_WRITERS.items():
        written = " ".join(write(dossier).replace("\\", "").split())
        assert "16 Feb 2024, 07:30 UTC+9" in written, form


def test_what_the_story_is_about_is_told_without_stop_words_and_photo_credits(
    db: sqlite3.Connection,
) -> None:
    db.execute("UPDATE articles SET text = text || ' Photo: Getty' WHERE id = 1")
    terms = json.dumps(["ferri", "said", "getti", "photo", "crew", "the", "2024", "strike"])
    db.execute("UPDATE stories SET terms = ?", (terms,))
    told = build_dossier(db, find_story(db, "ferries"))
    assert told.about == ["Ferry", "crews", "strike"]


def test_a_story_without_coverage_says_so(db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM story_articles")
    empty = build_dossier(db, find_story(db, "ferries"))
    assert empty.summary == "0 articles of 0 outlets"
    assert "Nothing belongs to it yet." in dossier_as_html(empty)
    assert json.loads(dossier_as_json(empty))["coverage"] == []
    assert dossier_as_text(empty).startswith("Ferries & ")
    assert dossier_as_markdown(empty).startswith("# Ferries")


# -- what is listed --------------------------------------------------------------------------------


def test_what_a_person_rejected_is_left_out_and_so_is_its_copy(db: sqlite3.Connection) -> None:
    db.execute("UPDATE story_articles SET verdict = 'not' WHERE article_id = 1")
    assert {piece.id for piece in build_dossier(db, find_story(db, "ferries")).pieces} == {
        3,
        4,
        5,
        6,
    }


def test_a_copy_that_a_person_confirmed_stands_though_its_original_was_rejected(
    db: sqlite3.Connection,
) -> None:
    db.execute("UPDATE story_articles SET verdict = 'not' WHERE article_id = 1")
    db.execute("UPDATE story_articles SET verdict = 'belongs' WHERE article_id = 2")
    assert 2 in {piece.id for piece in build_dossier(db, find_story(db, "ferries")).pieces}


def test_where_the_original_is_not_in_the_story_the_earliest_version_stands_for_the_text(
    db: sqlite3.Connection,
) -> None:
    add_article(
        db,
        7,
        {"outlet_id": 3, "headline": "Ferries stop", "published_at": "2024-02-17", "text": "So."},
    )
    db.execute("INSERT INTO shared_text_articles VALUES (7, 1, 3)")
    db.execute("DELETE FROM story_articles WHERE article_id = 1")
    added = "INSERT INTO story_articles (story_id, article_id, probability, tier, found_at) VALUES (1, 7, 0.9, 'sure', ?)"
    db.execute(added, (MOMENT,))
    piece = next(
        piece for piece in build_dossier(db, find_story(db, "ferries")).pieces if piece.id == 2
    )
    assert [copy.id for copy in piece.copies] == [7]


# -- narrowed to some languages --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("languages", "headings"),
    [
        (("ja",), ["date 2024-02-16 東京都知事が退任へ"]),
        (
            ("ar", "ja"),
            ["date 2024-02-14 المجلس يعلن خطة جديدة", "date 2024-02-16 東京都知事が退任へ"],
        ),
        (("ja", "ko"), ["date 2024-02-16 東京都知事が退任へ"]),
        ((), HEADINGS),
    ],
)
def test_a_dossier_holds_what_is_in_the_languages_that_are_asked_for(
    db: sqlite3.Connection, languages, headings
):
    assert [
        piece.heading for piece in build_dossier(db, find_story(db, "ferries"), languages).pieces
    ] == headings


def test_languages_in_which_there_is_nothing_are_told_with_those_that_there_are(
    db: sqlite3.Connection,
) -> None:
    with pytest.raises(
        UsageError, match=r"nothing in ko; the languages of what is listed: en 3, ar 1, ja 1"
    ):
        build_dossier(db, find_story(db, "ferries"), ("ko",))


@pytest.mark.parametrize("words", [("es,ko",), ("es", "ko"), (" ES , ko", "es"), ("es,,ko,",)])
def test_languages_are_given_one_by_one_or_parted_by_commas(words: tuple[str, ...]) -> None:
    assert codes(words) == ("es", "ko")
