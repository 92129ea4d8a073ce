"""What the archive learns of words: how many articles hold each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.articles.vocabulary import frequencies, learn
from archive.storage.database import connect, transaction
from archive.storage.schema import ARCHIVE


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path / "archive.db", ARCHIVE)
    yield connection
    connection.close()


def test_an_empty_archive_knows_no_word(db: sqlite3.Connection) -> None:
    assert frequencies(db, "en", ["ferri"]) == ({}, 0)


def test_each_article_counts_once_for_each_of_its_terms(db: sqlite3.Connection) -> None:
    learn(db, "en", ["ferri", "ferri", "strike"])
    learn(db, "en", ["ferri"])
    assert frequencies(db, "en", ["ferri", "strike", "harbour"]) == ({"ferri": 2, "strike": 1}, 2)


def test_languages_do_not_mix(db: sqlite3.Connection) -> None:
    learn(db, "en", ["die"])
    learn(db, "de", ["die", "hafen"])
    learn(db, None, ["die"])
    assert frequencies(db, "en", ["die", "hafen"]) == ({"die": 1}, 1)
    assert frequencies(db, "de", ["die", "hafen"]) == ({"die": 1, "hafen": 1}, 1)
    assert frequencies(db, None, ["die"]) == ({"die": 1}, 1)


def test_an_article_without_words_is_an_article(db: sqlite3.Connection) -> None:
    learn(db, "en", [])
    assert frequencies(db, "en", []) == ({}, 1)


def test_what_is_learnt_is_told_at_once(db: sqlite3.Connection) -> None:
    learn(db, "ja", ["首相", "東京"])
    assert learn(db, "ja", ["首相"]) == frequencies(db, "ja", ["首相"]) == ({"首相": 2}, 2)


def test_nothing_is_learnt_of_an_article_that_is_not_kept(db: sqlite3.Connection) -> None:
    def killed() -> None:
        with transaction(db):
            learn(db, "en", ["ferri"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        killed()
    assert frequencies(db, "en", ["ferri"]) == ({}, 0)
