"""What a site writes is made fit to be stored."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.records import Article, Check, Lead, format_utc
from pipelines.clean import (
    MAX_AUTHORS,
    MAX_FIELD_CHARS,
    CleanPipeline,
    clean_article,
    clean_check,
    clean_lead,
    refusal_reason,
)

FETCHED = "2024-02-15T12:00:00Z"
STORY = Article(
    "https://news.example/story-5",
    headline="Ties open",
    text="Seoul opens an embassy.",
    fetched_at=FETCHED,
)
LEAD = Lead("https://news.example/story-5", "feed")

LINES = [
    ("lone surrogate", "Ties \ud83d open", "Ties open"),
    ("two surrogates that make a character", "Ties \ud83d\ude00", "Ties 😀"),
    ("NUL and other controls", "Ti\x00es\x07 op\x9fen", "Ties open"),
    ("white space", "  Ties\n\t\u00a0 open\u3000", "Ties open"),
    ("line ends of every kind", "Ties\r\nopen\u2028now\x85then\x0bon", "Ties open now then on"),
    ("decomposed letters", "Cafe\u0301", "Caf\u00e9"),
    ("invisible at the ends", "\ufeff\u200bTies\u200e open\u2060", "Ties\u200e open"),
    ("soft hyphens", "Fer\u00adry\u00ad ties", "Ferry ties"),
    ("byte order mark inside", "Ti\ufeffes", "Ties"),
    ("joiners that spell a word", "می\u200cخواهم", "می\u200cخواهم"),
    ("joiners that make a picture", "👩\u200d🚀 lands", "👩\u200d🚀 lands"),
]


@pytest.mark.parametrize(("_name", "given_", "kept"), LINES, ids=[row[0] for row in LINES])
def test_a_line_is_kept_as_text(_name: str, given_: str, kept: str) -> None:
    assert clean_article(replace(STORY, headline=given_)).headline == kept


@pytest.mark.parametrize("nothing", ["", "  ", "\x00", "\u200b", "\ud800"])
def test_a_field_without_a_character_is_none(nothing: str) -> None:
    assert clean_article(replace(STORY, standfirst=nothing)).standfirst is None


def test_paragraphs_stay_paragraphs() -> None:
    text = "Seoul  opens.\r\n\r\n\x00An embassy\u00a0follows. \n\u200b\n End."
    assert (
        clean_article(replace(STORY, text=text)).text == "Seoul opens.\nAn embassy follows.\nEnd."
    )


@pytest.mark.parametrize(
    ("name", "limit"),
    [("headline", 1_000), ("standfirst", 5_000), ("byline", 1_000), ("text", 2_000_000)],
)
def test_what_has_no_end_is_cut(name: str, limit: int) -> None:
    assert MAX_FIELD_CHARS[name] == limit
    kept = getattr(clean_article(replace(STORY, **{name: "x" * (limit + 5)})), name)
    assert kept == "x" * limit


def test_authors_are_cut_in_number_and_length_and_named_once() -> None:
    crowd = tuple(f"Reporter {number}" for number in range(90))
    kept = clean_article(
        replace(STORY, authors=("A. Writer", " A.  Writer ", "", "y" * 300, *crowd))
    ).authors
    assert kept[:3] == ("A. Writer", "y" * 200, "Reporter 0")
    assert len(kept) == MAX_AUTHORS == 50


MOMENTS = [
    ("in UTC", "2024-02-15T10:30:00Z", "2024-02-15T10:30:00Z"),
    ("in a zone", "2024-02-15T19:30:00+09:00", "2024-02-15T10:30:00Z"),
    ("with fractions", "2024-02-15 10:30:00.123", "2024-02-15T10:30:00"),
    ("a clock time", "2024-02-15T05:30:00", "2024-02-15T05:30:00"),
    ("a day", "2024-02-15", "2024-02-15"),
    ("within a day of the fetch", "2024-02-16T11:59:00Z", "2024-02-16T11:59:00Z"),
    ("no such day", "2026-02-31", None),
    ("year 9999", "9999-12-31T23:59:59Z", None),
    ("year 1", "0001-01-01T00:00:00", None),
    ("year 1 in the east", "0001-01-01T00:00:00+09:00", None),
    ("next year", "2025-02-15T10:30:00Z", None),
    ("more than a day ahead", "2024-02-16T12:00:01Z", None),
    ("words", "yesterday", None),
    ("hour 25", "2024-02-15T25:00:00Z", None),
]


@pytest.mark.parametrize(("_name", "moment", "kept"), MOMENTS, ids=[row[0] for row in MOMENTS])
def test_a_moment_that_cannot_be_is_none_and_stays_as_it_was_written(
    _name: str, moment: str, kept: str | None
) -> None:
    article = clean_article(replace(STORY, published_at=moment, modified_at=moment))
    assert (article.published_at, article.modified_at) == (kept, kept)
    assert article.published_raw == article.modified_raw == (None if kept else moment)


def test_what_the_page_wrote_stays_beside_a_moment_that_cannot_be() -> None:
    article = clean_article(
        replace(STORY, published_at="2026-02-31", published_raw="31 February 2026")
    )
    assert (article.published_at, article.published_raw) == (None, "31 February 2026")


def test_without_a_fetch_nothing_may_lie_after_tomorrow() -> None:
    soon, late = (format_utc(datetime.now(UTC) + timedelta(hours=hours)) for hours in (20, 30))
    assert clean_article(replace(STORY, fetched_at=None, published_at=soon)).published_at == soon
    assert clean_article(replace(STORY, fetched_at=None, published_at=late)).published_at is None


def test_addresses_that_are_none_go_and_others_stay_as_declared() -> None:
    article = clean_article(
        replace(
            STORY,
            url="HTTPS://News.Example/story-5?utm_source=x#top",
            canonical_url="https://other.example/wire?utm_source=kept",
            image_url="data:image/gif;base64,R0lGOD",
            addresses={"og:url": " https://news.example/story-5 ", "amphtml": "javascript:void(0)"},
        )
    )
    assert article.url == "https://news.example/story-5"
    assert article.canonical_url == "https://other.example/wire?utm_source=kept"
    assert article.image_url is None
    assert article.addresses == {"og:url": "https://news.example/story-5"}


@pytest.mark.parametrize(
    ("article", "why"),
    [
        (STORY, None),
        (replace(STORY, headline=None), None),
        (replace(STORY, text=" \u200b\n"), "no text"),
        (replace(STORY, url="file:///etc/hosts"), "no http address"),
    ],
)
def test_only_an_article_with_address_and_text_is_worth_storing(
    article: Article, why: str | None
) -> None:
    assert refusal_reason(clean_article(article)) == why


def test_a_lead_without_an_address_is_none() -> None:
    assert clean_lead(replace(LEAD, url="javascript:void(0)")) is None


def test_a_lead_is_cleaned_as_an_article_is() -> None:
    lead = clean_lead(replace(LEAD, headline="Ti\x00es ", published_at="2026-02-31"))
    assert lead == replace(LEAD, headline="Ties", published_raw="2026-02-31")


def test_a_lead_whose_address_lost_its_tracking_still_says_how_it_was_listed() -> None:
    listed = LEAD.url + "?utm_source=rss"
    lead = clean_lead(replace(LEAD, url=listed))
    assert lead == replace(LEAD, listed_as=listed)
    assert clean_lead(replace(LEAD, listed_as=listed)) == lead


def test_a_look_keeps_its_outcome_unless_nothing_is_left_to_store() -> None:
    look = Check(STORY.url, "new", FETCHED, article=STORY)
    assert (
        CleanPipeline().process_item(look)
        == clean_check(look)
        == replace(look, article=clean_article(STORY))
    )
    empty = clean_check(replace(look, article=replace(STORY, text="\x00")))
    assert (empty.article, empty.outcome, empty.reason) == (None, "not article", "no text")


def test_a_look_leaves_out_leads_that_cannot_be_asked_for_and_says_how_many() -> None:
    bad = replace(LEAD, url="javascript:void(0)")
    look = Check(
        "https://news.example/feed",
        "listed",
        FETCHED,
        leads=(replace(LEAD, headline=" Ties "), bad),
    )
    cleaned = clean_check(look)
    assert cleaned.leads == (replace(LEAD, headline="Ties"),)
    assert cleaned.reason == "1 left out: no http address"


ANY = st.text(st.characters(codec=None), max_size=40)
MAYBE = st.none() | ANY
ARTICLES = st.builds(
    Article,
    url=ANY | st.just("https://news.example/a"), canonical_url=MAYBE, headline=MAYBE, standfirst=MAYBE, byline=MAYBE,
    authors=st.lists(ANY, max_size=3).map(tuple), language=MAYBE, published_at=MAYBE | st.datetimes().map(str),
    published_raw=MAYBE, modified_at=MAYBE, fetched_at=MAYBE | st.just(FETCHED), text=ANY, image_url=MAYBE,
    addresses=st.dictionaries(ANY, ANY, max_size=3),
)  # fmt: skip


@given(ARTICLES)
def test_whatever_a_page_says_it_can_be_stored_and_is_clean_at_once(article: Article) -> None:
    cleaned = clean_article(article)
    assert clean_article(cleaned) == cleaned
    texts = [value for value in asdict(cleaned).values() if isinstance(value, str)]
    texts += [*cleaned.authors, *cleaned.addresses, *cleaned.addresses.values()]
    with sqlite3.connect(":memory:") as db:
        for text in texts:
            assert db.execute("select ?", (text,)).fetchone() == (text,)
            assert "\x00" not in text


@given(st.builds(Lead, url=ANY | st.just(LEAD.url), via=st.just("feed"), headline=MAYBE, lede=MAYBE, guid=MAYBE,
                 published_at=MAYBE, modified_at=MAYBE | st.datetimes().map(str)))  # fmt: skip
def test_whatever_a_feed_says_a_lead_is_clean_at_once_or_none(lead: Lead) -> None:
    cleaned = clean_lead(lead)
    assert cleaned is None or clean_lead(cleaned) == cleaned


@pytest.mark.parametrize("field", ["headline", "standfirst", "byline", "section", "text"])
def test_soft_hyphens_are_no_part_of_a_word(field: str) -> None:
    """Wherever they stand, in a page or in a JSON line."""
    article = Article(
        **{
            "url": "https://courier.example/1",
            "text": "Fähre.",
            field: "Der \u00adFähr\u00adan\u00adleger\u00ad",
        }
    )

    assert getattr(clean_article(article), field) == "Der Fähranleger"
