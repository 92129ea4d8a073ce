"""A word is found however the page wrote it and however it is typed, and shown as the page wrote
it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.queries.search import matching_passage, search_articles
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.unspaced import bigrams

TEXTS = {
    "soft hyphens": "Die Hafen\u00adbehörde sperrt den Fähr\u00adanleger.",
    "zero-width spaces": "The light\u200bhouse keeper waved.",
    "word joiners": "The quay\u2060side stays dry.",
    "vowel signs": "قالَ مُدِيرُ المِينَاء",
    "tatweel": "بحـــــر الشمال",
    "alef and ya": "أحمد إلى آسيا مستشفى مدرسة",
    "Persian": "کشتی یونانی",
    "Arabic digits": "عام ٢٠٢٤",
    "points": "הַנָּמֵל נִסְגַּר",
    "presentation forms": "\ufb2aמש \ufef5",
    "yo": "Самолёт ещё на взлётной полосе",
    "short i": "Чёрный чай",
    "ligatures": "Eﬃcient oﬀshore ﬂeet of ﬁve",
    "dotless i": "Kıyı balıkçısı ağ ördü, IĞDIR",
    "full width": "The ＦＥＲＲＹ of ２０３１",
    "half width": "ﾌｪﾘｰ は 港",
    "Polish": "Wrocław i Słupsk",
    "Nordic": "Tromsø, Æbeltoft og Þingvellir",
    "German": "Großer Fußweg",
    "French": "Un œuf et une cœurée",
    "Vietnamese": "Đà Nẵng",
}


def archive_of(connection: sqlite3.Connection, fill: bool = True) -> sqlite3.Connection:
    connection.execute(
        "INSERT INTO outlets (host, added_at) VALUES ('a.example', '2024-01-01T00:00:00Z')"
    )
    for name, text in TEXTS.items():
        connection.execute(
            """INSERT INTO articles (outlet_id, url, headline, fetched_at, text, bigrams)
               VALUES (1, ?, ?, '2024-03-01T00:00:00Z', ?, ?)""",
            [name, text, text, bigrams(f"{text} {text}") if fill else None],
        )
    return connection


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    return archive_of(
        open_database(tmp_path_factory.mktemp("folding") / "archive.db", ARCHIVE_SCHEMA)
    )


TYPED = [
    ("soft hyphens", "Hafenbehörde|hafenbehorde|Hafen\u00adbehörde|fähranleger|hafenbeh*|\"sperrt den Fähranleger\""),
    ("zero-width spaces", "lighthouse|\"lighthouse keeper\"|light\u200bhouse"),
    ("word joiners", "quayside"),
    ("vowel signs", "مدير|مُدير|قال|الميناء|\"قال مدير\""),
    ("tatweel", "بحر|بـحر"),
    ("alef and ya", "احمد|أحمد|الى|اسيا|مستشفي|مدرسه|مدرسة"),
    ("Persian", "کشتی|كشتي|یونانی"),
    ("Arabic digits", "2024|٢٠٢٤|۲۰۲۴"),
    ("points", "הנמל|הַנָּמֵל|נסגר|\"הנמל נסגר\""),
    ("presentation forms", "שמש"),
    ("yo", "самолет|самолёт|САМОЛЕТ|взлетной|\"еще на взлетной\"|\"ещё на взлётной\""),
    ("short i", "черный|чёрный|\"черный чай\""),
    ("ligatures", "efficient|offshore|fleet|five|ﬁve|\"efficient offshore\""),
    ("dotless i", "kıyı|kiyi|balikcisi|IĞDIR|ığdır|igdir"),
    ("full width", "ferry|ＦＥＲＲＹ|2031"),
    ("half width", "フェリー"),
    ("Polish", "Wrocław|wroclaw|slupsk|SŁUPSK|\"Wrocław i Słupsk\""),
    ("Nordic", "Tromsø|tromso|aebeltoft|Æbeltoft|thingvellir"),
    ("German", "grosser|Großer|fussweg|GROSSER|GROẞER"),
    ("French", "oeuf|œuf|coeuree"),
    ("Vietnamese", "Đà|da nang|\"Đà Nẵng\""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"), [(name, word) for name, words in TYPED for word in words.split("|")]
)
def test_a_word_is_found_however_it_is_written_or_typed(
    archive: sqlite3.Connection, name: str, words: str
) -> None:
    assert name in {hit.url for hit in search_articles(archive, words)}


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("мои", "yo"),
        ("чаи", "short i"),
        ("pier", "German"),
        ('"fussweg grosser"', "German"),
        ("hafen", "soft hyphens x"),
    ],
)
def test_other_words_stay_other_words(archive: sqlite3.Connection, words: str, name: str) -> None:
    assert name not in {hit.url for hit in search_articles(archive, words)}


def test_an_unwanted_word_is_unwanted_in_every_spelling(archive: sqlite3.Connection) -> None:
    assert {hit.url for hit in search_articles(archive, "tromso")} == {"Nordic"}
    assert search_articles(archive, "tromso -aebeltoft") == []


@pytest.mark.parametrize(
    ("name", "words", "shown"),
    [
        ("soft hyphens", "Hafenbehörde", "⟦Hafen\u00adbehörde⟧"),
        ("vowel signs", "مدير", "⟦مُدِيرُ⟧"),
        ("points", "הנמל", "⟦הַנָּמֵל⟧"),
        ("ligatures", "efficient", "⟦Eﬃcient⟧"),
        ("German", "fussweg", "⟦Fußweg⟧"),
        ("yo", "самолет", "⟦Самолёт⟧"),
        ("full width", "2031", "⟦２０３１⟧"),
    ],
)
def test_the_passage_shows_the_word_as_the_page_wrote_it(name: str, words: str, shown: str) -> None:
    found = matching_passage(TEXTS[name], words)
    assert shown in found
    assert found.replace("⟦", "").replace("⟧", "") == TEXTS[name]


def test_an_archive_of_the_step_before_finds_them_too(tmp_path: Path) -> None:
    before = replace(
        ARCHIVE_SCHEMA, steps=tuple(step for step in ARCHIVE_SCHEMA.steps if step[0] < "m010")
    )
    archive_of(open_database(tmp_path / "archive.db", before), fill=False).close()

    archive = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)

    for name, words in TYPED:
        if name != "half width":  # Japanese has had its pairs ever since
            assert name in {hit.url for hit in search_articles(archive, words.split("|")[0])}
    archive.execute("INSERT INTO articles_fts(articles_fts, rank) VALUES ('integrity-check', 1)")


def test_a_step_that_fails_leaves_the_archive_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = replace(
        ARCHIVE_SCHEMA, steps=tuple(step for step in ARCHIVE_SCHEMA.steps if step[0] < "m010")
    )
    archive_of(open_database(tmp_path / "archive.db", before), fill=False).close()
    calls = []

    def fails(text: str) -> str | None:
        calls.append(text)
        if len(calls) > 5:
            raise ValueError
        return bigrams(text)

    monkeypatch.setattr("archive.storage.database.bigrams", fails)
    with pytest.raises(ArchiveError):
        open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)

    archive = open_database(tmp_path / "archive.db", before)
    assert (
        archive.execute("SELECT count(*) FROM articles WHERE bigrams IS NOT NULL").fetchone()[0]
        == 0
    )
    found = "SELECT rowid FROM articles_fts WHERE articles_fts MATCH 'hafenbehorde'"
    assert archive.execute(found).fetchall() == []
