"""Addresses, names, search words and story files: what people and pages write comes to the same
thing every time."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archive.articles import stories
from archive.articles.stories import story_slug
from archive.errors import UsageError
from archive.exports.story_files import read_story_file, stories_as_toml
from archive.queries.search import MATCH_NOTHING, match_or_nothing, match_query, matching_passage
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.searchable import fold_letter_by_letter
from archive.text.unspaced import bigrams
from crawler.extraction.fields.byline import (
    byline_text,
    is_desk_credit,
    opens_like_byline,
    people_in_byline,
)
from pipelines.topics.stories import STORY_POLICY
from pipelines.urls import (
    MAX_KEY_CHARS,
    MAX_STORED_URL_CHARS,
    declared_identity,
    have_same_article_number,
    registered_domain,
    request_url,
    url_key,
)
from pipelines.urls import TRACKING_PARAMETERS as URL_TRACKING
from tests.fuzz.strategies import ANY, FEW, JSON, of_pieces

# --- addresses, on their three levels -------------------------------------------------------------

LABELS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
PATHS = st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9-]{0,12}", fullmatch=True), max_size=4).map(
    "/".join
)
NAMES = st.from_regex(r"[a-z]{1,3}id", fullmatch=True).filter(lambda name: name not in URL_TRACKING)
PARAMETERS = st.dictionaries(NAMES, st.integers(0, 10**6).map(str), max_size=3)
TRACKING = st.lists(
    st.sampled_from(["utm_source=rss", "fbclid=IwAR0", "ref=rss", "gclid=1", "at_medium=x"]),
    max_size=3,
)


@FEW
@given(LABELS, PATHS, PARAMETERS, TRACKING, st.sampled_from(["", "#top", "#"]))
def test_what_only_tracks_is_neither_asked_for_nor_looked_up_by_and_all_else_is(
    label: str, path: str, parameters: dict[str, str], tracking: list[str], place: str
) -> None:
    bare = f"https://{label}.example/{path}"
    content = [f"{name}={value}" for name, value in parameters.items()]
    plain = bare + ("?" if content else "") + "&".join(content)
    noisy = bare + ("?" if content or tracking else "") + "&".join([*tracking, *content]) + place
    assert request_url(noisy) == plain
    assert url_key(noisy) == url_key(plain)


@FEW
@given(LABELS, LABELS, PATHS, PATHS)
def test_two_sites_never_share_a_key_and_neither_speaks_for_the_other(
    a: str, b: str, path: str, other: str
) -> None:
    one, two = f"https://{a}.example/{path}", f"https://{b}.example/{other}"
    if registered_domain(one) == registered_domain(two):
        return
    assert url_key(one) != url_key(two)
    identity = declared_identity(one, two, {"og:url": two})
    assert identity.key == url_key(one)
    assert identity.also == ()
    assert not have_same_article_number(one, two)


@given(
    ANY
    | of_pieces(
        "http:// https:/ \\ @ : [::1] 0x7f.1 %00 %2e%2e .. // ? & = # ; utm_source=x \t 。 xn-- é",
        glue="",
    )
)
def test_what_is_kept_of_any_address_has_an_end_and_no_user_name(text: str) -> None:
    with suppress(UsageError):
        asked = request_url("https://harbour.example/" + text)
        assert len(asked) <= MAX_STORED_URL_CHARS
        assert "@" not in asked.split("/")[2]
        assert len(url_key(asked)) <= MAX_KEY_CHARS


# --- names of people ------------------------------------------------------------------------------

BYLINES = of_pieces(
    "By by Von Par Автор: Mara Lind Jo Reed and & , ; | – ( ) [ ] in Seoul AP Reuters Staff writer Jr. de van 기자 記者"
    " a@b.example http:// 7 <b> ! \u200b \u00a0 O'Neill Björk-Åse"
)


@given(BYLINES | ANY)
def test_the_people_of_a_byline_stand_in_it_each_once(byline: str) -> None:
    found = people_in_byline(byline)
    assert len(set(found)) == len(found)
    for name in found:
        assert 2 <= len(name) <= 60
        assert name in byline_text(byline)
        assert not any(letter.isdigit() or letter in "<>@" for letter in name)
    opens_like_byline(byline)
    is_desk_credit(byline)


# --- search words ---------------------------------------------------------------------------------

TYPED = of_pieces(
    'ferry 首相 กัน 서울 " OR AND NOT - -x * ( ) : ^ NEAR \x00 \ud800 “ « ２０２６ é e\u0301 \U0001f680',
    most=14,
)


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(headline, text, bigrams)")
    yield db
    db.close()


@given(TYPED | ANY)
def test_whatever_is_typed_sqlite_can_read_its_query(index: sqlite3.Connection, words: str) -> None:
    index.execute("SELECT count(*) FROM t WHERE t MATCH ?", (match_or_nothing(words),)).fetchone()
    with suppress(UsageError):
        assert match_query(words) != MATCH_NOTHING


@FEW
@given(st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=30))
@example("3·1운동")
@example("A·7월")
@example("在2024年")
def test_an_article_is_found_by_its_own_words(index: sqlite3.Connection, text: str) -> None:
    headline = normalize("NFKC", text)
    index.execute("DELETE FROM t")
    index.execute("INSERT INTO t VALUES (?, ?, ?)", (headline, "", bigrams(headline)))
    if headline.upper() not in ("OR", "AND"):
        assert (
            index.execute(
                "SELECT count(*) FROM t WHERE t MATCH ?", (match_query(headline),)
            ).fetchone()[0]
            == 1
        )


@FEW
@given(st.text(max_size=300), TYPED, st.integers(20, 200))
def test_a_passage_is_a_stretch_of_the_text_with_brackets(
    text: str, words: str, width: int
) -> None:
    shown = matching_passage(text, words, width)
    plain = " ".join(text.replace("⟦", "[").replace("⟧", "]").split())
    assert (
        shown.replace("⟦", "").replace("⟧", "").removeprefix("…").removesuffix("…").rstrip()
        in plain
    )
    assert shown.count("⟦") == shown.count("⟧")
    assert len(shown.replace("⟦", "").replace("⟧", "")) <= width + 2


@given(st.text(max_size=80))
def test_folding_keeps_every_letter_in_its_place(text: str) -> None:
    assert len(fold_letter_by_letter(text)) == len(text)
    assert fold_letter_by_letter(fold_letter_by_letter(text)) == fold_letter_by_letter(text)


# --- story files ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    return open_database(tmp_path_factory.mktemp("stories") / "archive.db", ARCHIVE_SCHEMA)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@FEW
@given(
    NAMES, st.none() | NAMES, st.lists(st.sampled_from(["en", "ja", "de"]), max_size=2, unique=True)
)
def test_a_story_comes_back_from_its_file_as_it_was(
    archive: sqlite3.Connection, title: str, words: str | None, languages: list[str]
) -> None:
    archive.execute("BEGIN")
    try:
        stories.save_story(
            archive,
            "a-story",
            [],
            STORY_POLICY,
            {"title": title, "words": words, "languages": languages},
        )
        (entry,) = read_story_file(
            "stories.toml", stories_as_toml(archive, stories.all_stories(archive)), request_url
        )
    finally:
        archive.execute("ROLLBACK")
    assert (entry.name, entry.definition["title"]) == ("a-story", title)
    assert (entry.definition["words"], entry.definition["languages"]) == (words, languages)


KEYS = st.sampled_from(
    ["name", "title", "words", "since", "until", "languages", "outlets", "belongs", "not", "x"]
)


@FEW
@given(st.lists(st.tuples(KEYS, JSON), max_size=4))
@example([("name", "a" * 100_000)])
@example([("name", "e" + "\u0301\u0316" * 50_000)])
@example([("name", "a"), ("since", "9" * 5_000 + "d")])
@example([("name", "a"), ("belongs", ["javascript:alert(1)"])])
def test_a_story_file_of_any_values_is_read_or_refused_in_one_line(
    rows: list[tuple[str, object]],
) -> None:
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in dict(rows).items())
    assert_read_or_refused(f"[[story]]\n{lines}\n")


@given(
    of_pieces(
        '[[story]] [ ] = name "a" \'\'\' """ # \n \\u0000 \\ud800 belongs = [] 1979-05-27 0x {a=1} . inf',
        most=16,
    )
)
@example("[[story]]\nname = " + "[" * 100_000)
def test_a_story_file_of_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    assert_read_or_refused(text)


def assert_read_or_refused(text: str) -> None:
    try:
        entries = read_story_file("stories.toml", text, request_url)
    except UsageError as error:
        told = str(error)
        assert "\n" not in told, text
        assert len(told) < 1_000, text
        return
    assert len(entries) == len(tomllib.loads(text)["story"])
    assert all(re.fullmatch(r"\S+", entry.name) for entry in entries)


@given(ANY | st.text(max_size=40))
def test_a_name_made_of_a_name_is_that_name(text: str) -> None:
    with suppress(UsageError):
        assert story_slug(story_slug(text)) == story_slug(text)
