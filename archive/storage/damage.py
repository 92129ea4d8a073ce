"""SQLite's own check of a database file, which reads every page of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from archive.storage.database import BUSY_TIMEOUT_SECONDS, read_only_uri

MAX_DAMAGE_LINES = 5
"""Lines of SQLite's own damage report that are passed on; the first says most."""


def database_damage(path: Path) -> list[str]:
    """Return what is damaged in a file, a line for each fault; empty if it is sound.

    A damaged full-text index is not counted, as it can be rebuilt. Raises sqlite3.OperationalError
    if the file cannot be opened, which says nothing about its contents.
    """
    try:
        with closing(
            sqlite3.connect(read_only_uri(path), timeout=BUSY_TIMEOUT_SECONDS, uri=True)
        ) as db:
            rows = db.execute(f"PRAGMA integrity_check({MAX_DAMAGE_LINES})").fetchall()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return [str(error)]
    lines = [" ".join(str(row[0]).split())[:200] for row in rows]
    return [] if lines == ["ok"] or _only_of_search(lines) else lines


def _only_of_search(lines: Sequence[str]) -> bool:
    """Return True if only the full-text index is damaged, which can be rebuilt.

    Newer versions of SQLite include the index in their check.
    """
    return all("fts5" in line.lower() for line in lines)
