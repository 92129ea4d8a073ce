"""Counts that are kept in memory while a batch is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.articles.events import rebuild_all_events
from archive.articles.vocabulary import (
    TERM_COUNTS,
    count_terms,
    subtract_terms,
    term_frequencies,
)
from archive.storage import counted_keys
from archive.storage.counted_keys import add_to_counts, counts_in_memory, read_counts
from archive.storage.database import open_database, savepoint, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from pipelines.topics.events import EVENT_POLICY

ENGLISH = ("en",)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


def count_and_fail(db: sqlite3.Connection) -> None:
    count_terms(db, "en", ["ferri", "strike"])
    raise ValueError("unfit")


def count_and_fail_late(db: sqlite3.Connection) -> None:
    with transaction(db):
        with counts_in_memory(db):
            count_terms(db, "en", ["ferri"])
        raise ValueError("late")


def stored_counts(db: sqlite3.Connection) -> dict[str, int]:
    return dict(db.execute("SELECT term, articles FROM term_counts").fetchall())


def test_a_batch_counts_as_its_articles_do_one_by_one(db: sqlite3.Connection) -> None:
    with transaction(db), counts_in_memory(db):
        told = [count_terms(db, "en", terms) for terms in (["ferri"], ["ferri", "strike"])]
        assert term_frequencies(db, "en", ["ferri", "strike", "mine"]) == told[1]
    assert told == [({"ferri": 1}, 1), ({"ferri": 2, "strike": 1}, 2)]
    assert stored_counts(db) == {"ferri": 2, "strike": 1}


def test_a_batch_reads_a_count_once_and_writes_it_once(db: sqlite3.Connection) -> None:
    add_to_counts(db, TERM_COUNTS, ENGLISH, ["ferri"])
    said: list[str] = []
    with transaction(db), counts_in_memory(db):
        db.set_trace_callback(said.append)
        for _ in range(9):
            add_to_counts(db, TERM_COUNTS, ENGLISH, ["ferri"])
    db.set_trace_callback(None)
    verbs = [statement.split()[0] for statement in said]
    assert (verbs.count("SELECT"), verbs.count("INSERT")) == (1, 1)
    assert stored_counts(db) == {"ferri": 10}


def test_an_article_that_is_rolled_back_is_not_counted_in_its_batch(db: sqlite3.Connection) -> None:
    with transaction(db), counts_in_memory(db):
        count_terms(db, "en", ["ferri"])
        with pytest.raises(ValueError, match="unfit"), savepoint(db):
            count_and_fail(db)
        assert count_terms(db, "en", ["ferri"]) == ({"ferri": 2}, 2)
    assert stored_counts(db) == {"ferri": 2}


def test_a_term_that_sqlite_cannot_hold_leaves_the_counts_of_its_batch_right(
    db: sqlite3.Connection,
) -> None:
    count_terms(db, "en", ["ferri", "strike"])
    with transaction(db), counts_in_memory(db):
        with pytest.raises(UnicodeEncodeError), savepoint(db):
            count_terms(db, "en", ["ferri", "\ud800"])
        assert count_terms(db, "en", ["ferri"]) == ({"ferri": 2}, 2)
    assert stored_counts(db) == {"ferri": 2, "strike": 1}


def test_terms_with_signs_of_json_are_counted_as_they_are(db: sqlite3.Connection) -> None:
    terms = ['say "no"', "back\\slash", "tab\tstop", "$.path", "né"]
    with transaction(db), counts_in_memory(db):
        count_terms(db, "en", terms)
    assert stored_counts(db) == dict.fromkeys(terms, 1)
    assert count_terms(db, "en", terms)[0] == dict.fromkeys(terms, 2)


def test_a_batch_that_fails_counts_nothing_and_the_next_one_begins_from_the_file(
    db: sqlite3.Connection,
) -> None:
    count_terms(db, "en", ["ferri"])
    with pytest.raises(ValueError, match="unfit"), transaction(db), counts_in_memory(db):
        count_and_fail(db)
    assert stored_counts(db) == {"ferri": 1}
    with transaction(db), counts_in_memory(db):
        assert count_terms(db, "en", ["ferri"]) == ({"ferri": 2}, 2)


def test_counts_of_another_connection_are_seen_by_the_next_batch(
    db: sqlite3.Connection, tmp_path: Path
) -> None:
    with transaction(db), counts_in_memory(db):
        count_terms(db, "en", ["ferri"])
    other = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    count_terms(other, "en", ["ferri"])
    other.close()
    with transaction(db), counts_in_memory(db):
        assert count_terms(db, "en", ["ferri"]) == ({"ferri": 3}, 3)


@pytest.mark.parametrize("together", [False, True], ids=["alone", "in a batch"])
def test_a_term_that_no_article_has_any_more_leaves_no_row(
    db: sqlite3.Connection, together: bool
) -> None:
    count_terms(db, "en", ["ferri", "strike"])
    count_terms(db, "en", ["ferri"])
    if together:
        with transaction(db), counts_in_memory(db):
            subtract_terms(db, "en", ["ferri", "strike", "mine"])
            assert term_frequencies(db, "en", ["ferri", "strike"]) == ({"ferri": 1}, 1)
    else:
        subtract_terms(db, "en", ["ferri", "strike", "mine"])
    assert stored_counts(db) == {"ferri": 1}


def test_a_batch_within_a_batch_is_a_part_of_it(db: sqlite3.Connection) -> None:
    with transaction(db), counts_in_memory(db):
        count_terms(db, "en", ["ferri"])
        with counts_in_memory(db):
            count_terms(db, "en", ["ferri"])
        assert read_counts(db, TERM_COUNTS, ENGLISH, ["ferri"]) == {"ferri": 2}
        assert stored_counts(db) == {}
    assert stored_counts(db) == {"ferri": 2}


def written_words(db: sqlite3.Connection) -> list[str]:
    """The first words of the statements of a batch that counts an article with two terms."""
    said: list[str] = []
    db.set_trace_callback(said.append)
    with transaction(db), counts_in_memory(db):
        add_to_counts(db, TERM_COUNTS, ENGLISH, ["ferri", "strike"])
    db.set_trace_callback(None)
    return [statement.split()[0] for statement in said]


def test_a_batch_does_not_read_the_counts_that_the_one_before_it_knew(
    db: sqlite3.Connection,
) -> None:
    assert written_words(db) == ["BEGIN", "PRAGMA", "SELECT", "INSERT", "COMMIT"]
    assert written_words(db) == ["BEGIN", "PRAGMA", "INSERT", "COMMIT"]
    assert stored_counts(db) == {"ferri": 2, "strike": 2}


def test_a_batch_reads_its_counts_again_where_the_one_before_it_knew_too_many(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counted_keys, "MAX_REMEMBERED_COUNTS", 1)
    assert "SELECT" in written_words(db)
    assert "SELECT" in written_words(db)


def test_a_transaction_that_fails_after_its_batch_leaves_no_count_to_the_next_one(
    db: sqlite3.Connection,
) -> None:
    written_words(db)
    with pytest.raises(ValueError, match="late"):
        count_and_fail_late(db)
    with transaction(db), counts_in_memory(db):
        assert count_terms(db, "en", ["ferri"]) == ({"ferri": 2}, 1)


def test_a_count_without_a_batch_is_seen_by_the_next_batch(db: sqlite3.Connection) -> None:
    written_words(db)
    count_terms(db, "en", ["ferri"])
    with transaction(db), counts_in_memory(db):
        assert count_terms(db, "en", ["ferri"])[0] == {"ferri": 3}


def test_a_batch_after_all_events_were_built_again_counts_from_nothing(
    db: sqlite3.Connection,
) -> None:
    written_words(db)
    with transaction(db):
        rebuild_all_events(db, EVENT_POLICY)
    with transaction(db), counts_in_memory(db):
        assert count_terms(db, "en", ["ferri"]) == ({"ferri": 1}, 1)
