"""What the archive learns of words: how many articles hold each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.articles.vocabulary import count_terms, term_frequencies
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


def test_an_empty_archive_knows_no_word(db: sqlite3.Connection) -> None:
    assert term_frequencies(db, "en", ["ferri"]) == ({}, 0)


def test_each_article_counts_once_for_each_of_its_terms(db: sqlite3.Connection) -> None:
    count_terms(db, "en", ["ferri", "ferri", "strike"])
    count_terms(db, "en", ["ferri"])
    assert term_frequencies(db, "en", ["ferri", "strike", "harbour"]) == (
        {"ferri": 2, "strike": 1},
        2,
    )


def test_languages_do_not_mix(db: sqlite3.Connection) -> None:
    count_terms(db, "en", ["die"])
    count_terms(db, "de", ["die", "hafen"])
    count_terms(db, None, ["die"])
    assert term_frequencies(db, "en", ["die", "hafen"]) == ({"die": 1}, 1)
    assert term_frequencies(db, "de", ["die", "hafen"]) == ({"die": 1, "hafen": 1}, 1)
    assert term_frequencies(db, None, ["die"]) == ({"die": 1}, 1)


def test_an_article_without_words_is_an_article(db: sqlite3.Connection) -> None:
    count_terms(db, "en", [])
    assert term_frequencies(db, "en", []) == ({}, 1)


def test_what_is_learnt_is_told_at_once(db: sqlite3.Connection) -> None:
    count_terms(db, "ja", ["首相", "東京"])
    assert (
        count_terms(db, "ja", ["首相"]) == term_frequencies(db, "ja", ["首相"]) == ({"首相": 2}, 2)
    )


def test_nothing_is_learnt_of_an_article_that_is_not_kept(db: sqlite3.Connection) -> None:
    def killed() -> None:
        with transaction(db):
            count_terms(db, "en", ["ferri"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        killed()
    assert term_frequencies(db, "en", ["ferri"]) == ({}, 0)
