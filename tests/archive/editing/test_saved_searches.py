"""Searches saved under a name."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.editing.saved_searches import (
    find_saved_search,
    remove_saved_search,
    save_search,
    saved_searches,
)
from archive.errors import UsageError
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


def test_a_search_is_saved_with_its_filters_and_replaced_under_the_same_name(
    db: sqlite3.Connection,
) -> None:
    save_search(db, " Ferry  strike ", "ferry", {"language": "en", "outlet": " "}, "mara")
    found = find_saved_search(db, "Ferry strike")
    assert found.values == {"words": "ferry", "language": "en"}
    assert found.author == "mara"
    save_search(db, "Ferry strike", "ferry strike", {}, None)
    assert [search.values for search in saved_searches(db)] == [{"words": "ferry strike"}]
    remove_saved_search(db, "Ferry strike")
    assert saved_searches(db) == []


@pytest.mark.parametrize(
    ("name", "words", "filters"),
    [
        ("", "ferry", {}),
        ("x" * 81, "ferry", {}),
        ("ferry", " ", {}),
        ("ferry", "x" * 1_001, {}),
        ("ferry", "ferry", {"outlet": "x" * 201}),
        ("ferry", "ferry", {str(number): "x" for number in range(13)}),
    ],
)
def test_a_search_that_makes_no_sense_is_not_saved(
    db: sqlite3.Connection, name: str, words: str, filters: dict[str, str]
) -> None:
    with pytest.raises(UsageError):
        save_search(db, name, words, filters, None)
    assert saved_searches(db) == []


def test_a_search_that_was_never_saved_is_said_to_be_unknown(db: sqlite3.Connection) -> None:
    for ask in (find_saved_search, remove_saved_search):
        with pytest.raises(UsageError, match="no such saved search"):
            ask(db, "ferries")
