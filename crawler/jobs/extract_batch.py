"""A batch of extracted pages, stored until the boilerplate of each outlet is known.

What an outlet repeats shows only when all pages are read. Meanwhile they are in a nameless
SQLite file in the folder for temporary files, which disappears with the process, so that memory
stays small. The rules for boilerplate are those of an archive (`archive.articles.boilerplate`).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from archive.articles.boilerplate import (
    OutletText,
    classify_lines,
    lines_to_remove,
    remember_lines,
    trim_text,
)
from archive.errors import UsageError
from archive.records import is_stored_type
from archive.storage.schema import BOILERPLATE_SCHEMA_SQL, split_statements
from pipelines.dedup.boilerplate import BOILERPLATE_POLICY

ArticleRow = dict[str, Any]

BATCH_TABLES = """
CREATE TABLE outlets (id INTEGER PRIMARY KEY, host TEXT NOT NULL UNIQUE);
CREATE TABLE articles (
  id INTEGER PRIMARY KEY, outlet_id INTEGER, language TEXT, text TEXT NOT NULL, line TEXT NOT NULL
);
"""


class ExtractBatch:
    """Rows of articles in the order of the input.

    Raises UsageError where the disk has no room for them.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # a file without a name
        with _batch_errors():
            for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -24000"):
                self._db.execute(f"PRAGMA {pragma}")
            for statement in split_statements(BATCH_TABLES + BOILERPLATE_SCHEMA_SQL):
                self._db.execute(statement)
            self._db.execute("BEGIN")  # never committed: no other connection reads it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, row: ArticleRow, host: str | None) -> None:
        """Store a page, and learn from it if it is an article of a known host."""
        learns = host is not None and is_stored_type(row["page_type"]) and row["text"]
        with _batch_errors():
            outlet_id = self._outlet(host) if host and learns else None
            line = json.dumps(row, ensure_ascii=False)
            done = self._db.execute(
                "INSERT INTO articles (outlet_id, language, text, line) VALUES (?, ?, ?, ?)",
                (outlet_id, row["language"], row["text"], line),
            )
            if outlet_id is not None:
                text = OutletText(outlet_id, row["text"], row["language"])
                found = classify_lines(self._db, text, BOILERPLATE_POLICY)
                remember_lines(self._db, text, int(done.lastrowid or 0), found, BOILERPLATE_POLICY)

    def lines(self) -> Iterator[str]:
        """Yield every page as a JSON line without the boilerplate of its outlet.

        `left_out` holds the removed lines, if there are any.
        """
        query = """
        SELECT (SELECT outlet_id FROM boilerplate_lines WHERE outlet_id = a.outlet_id LIMIT 1),
            language, text, line
        FROM articles AS a ORDER BY id"""
        with _batch_errors():
            for outlet_id, language, text, line in self._db.execute(query):
                if outlet_id is None:
                    yield line
                else:
                    yield self._trimmed(OutletText(outlet_id, text, language), line)

    def _trimmed(self, text: OutletText, line: str) -> str:
        """Return the JSON line of a page without boilerplate."""
        trimmed = trim_text(
            text.text, lines_to_remove(self._db, text, BOILERPLATE_POLICY), BOILERPLATE_POLICY
        )
        if not trimmed.left_out:
            return line
        lines = text.text.split("\n")
        changed = {
            "text": trimmed.text,
            "word_count": BOILERPLATE_POLICY.word_count(trimmed.text, text.language),
            "left_out": [lines[place] for place in trimmed.left_out],
        }
        return json.dumps(json.loads(line) | changed, ensure_ascii=False)

    def _outlet(self, host: str) -> int:
        """Return the ID of a host, new or known."""
        self._db.execute("INSERT OR IGNORE INTO outlets (host) VALUES (?)", (host,))
        return int(self._db.execute("SELECT id FROM outlets WHERE host = ?", (host,)).fetchone()[0])


@contextmanager
def _batch_errors() -> Iterator[None]:
    """Turn errors of SQLite into a UsageError that names the folder for temporary files."""
    try:
        yield
    except sqlite3.Error as error:
        raise UsageError(
            f"the folder for temporary files cannot hold the batch ({error}); make room, "
            "name another folder in TMPDIR, or use --one-by-one"
        ) from error
