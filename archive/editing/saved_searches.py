"""Searches that people save under a name: words and filters.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.errors import UsageError
from archive.records import current_timestamp
from archive.times import AGE_PATTERN, parse_since

MAX_SEARCH_NAME_CHARS = 80
MAX_SEARCH_WORDS_CHARS = 1_000
MAX_FILTER_CHARS = 200
MAX_SEARCH_FILTERS = 12
MAX_SAVED_SEARCHES = 500
"""Saved searches of one archive."""

SAVED_SEARCH_COLUMNS = "name, words, filters, author, created_at"


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search with its name; `filters` are those of the search page or of the command."""

    name: str
    words: str
    filters: dict[str, str]
    author: str | None
    created_at: str

    @property
    def values(self) -> dict[str, str]:
        """The words and the filters, as the query of the search page has them.

        An age, which the command takes, becomes the day that long ago.
        """
        days = {
            name: parse_since(value)[:10] if AGE_PATTERN.fullmatch(value) else value
            for name, value in self.filters.items()
        }
        return {"words": self.words, **days}


def save_search(
    connection: sqlite3.Connection,
    name: str,
    words: str,
    filters: Mapping[str, str],
    author: str | None,
) -> SavedSearch:
    """Save a search; one of the same name is replaced.

    Raises UsageError without a name or words, and if one of them is too long.
    """
    name, words = " ".join(name.split()), " ".join(words.split())
    given = {key: value.strip() for key, value in filters.items() if value.strip()}
    _check_search(name, words, given)
    counted = "SELECT count(*) FROM saved_searches WHERE name <> ?"
    if connection.execute(counted, (name,)).fetchone()[0] >= MAX_SAVED_SEARCHES:
        raise UsageError(f"{MAX_SAVED_SEARCHES} searches are saved already; remove some first")
    connection.execute(
        """INSERT INTO saved_searches (name, words, filters, author, created_at)
        VALUES (?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET words = excluded.words,
          filters = excluded.filters, author = excluded.author, created_at = excluded.created_at""",
        (name, words, json.dumps(given, ensure_ascii=False), author, current_timestamp()),
    )
    return find_saved_search(connection, name)


def find_saved_search(connection: sqlite3.Connection, name: str) -> SavedSearch:
    """Return the saved search of a name; raises UsageError for an unknown one."""
    row = connection.execute(
        f"SELECT {SAVED_SEARCH_COLUMNS} FROM saved_searches WHERE name = ?",  # noqa: S608  ours
        (" ".join(name.split()),),
    ).fetchone()
    if row is None:
        raise UsageError(f"{name}: no such saved search; `dateline search --list-saved` lists them")
    return _saved_search(row)


def remove_saved_search(connection: sqlite3.Connection, name: str) -> SavedSearch:
    """Remove a saved search, and return it; raises UsageError for an unknown one."""
    search = find_saved_search(connection, name)
    connection.execute("DELETE FROM saved_searches WHERE name = ?", (search.name,))
    return search


def saved_searches(connection: sqlite3.Connection) -> list[SavedSearch]:
    """Return the saved searches, by name."""
    rows = connection.execute(
        f"""SELECT {SAVED_SEARCH_COLUMNS} FROM saved_searches
        ORDER BY name COLLATE NOCASE, name"""  # noqa: S608  our own text
    )
    return [_saved_search(row) for row in rows]


def _saved_search(row: Sequence[Any]) -> SavedSearch:
    """Return the search of a row of `SAVED_SEARCH_COLUMNS`."""
    name, words, filters, author, created_at = tuple(row)
    return SavedSearch(str(name), str(words), json.loads(filters), author, str(created_at))


def _check_search(name: str, words: str, filters: Mapping[str, str]) -> None:
    """Raise UsageError if a search cannot be saved."""
    if not name or len(name) > MAX_SEARCH_NAME_CHARS:
        raise UsageError(
            f"a saved search needs a name of at most {MAX_SEARCH_NAME_CHARS} characters"
        )
    if not words or len(words) > MAX_SEARCH_WORDS_CHARS:
        raise UsageError(
            f"a saved search needs words, of at most {MAX_SEARCH_WORDS_CHARS:,} characters"
        )
    if len(filters) > MAX_SEARCH_FILTERS or any(
        len(value) > MAX_FILTER_CHARS for value in filters.values()
    ):
        raise UsageError("a saved search has too many filters, or one that is too long")
