"""Removals that a restore would undo, because they were made after the backup was taken.

A removal of an article that the backup lacks is taken over into the restored archive. One of an
article that the backup has is listed: a person removes that again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive.errors import ArchiveError
from archive.storage.database import open_unmigrated, transaction
from archive.storage.schema import ARCHIVE_SCHEMA

REMOVAL_COLUMNS = ("article_id", "reason", "removed_at", "method", "removed_by", "kept_out_at")
RETURNED_SQL = """SELECT u.article_id FROM urls u JOIN articles a ON a.id = u.article_id
WHERE u.url_key = ?1 AND (?2 IS NULL OR a.fingerprint = ?2)"""


@dataclass(frozen=True, slots=True)
class UndoneRemoval:
    """A removed article that a backup brings back."""

    article_id: int
    """Its id in the restored archive."""
    reason: str
    removed_at: str


def carry_removals_over(replaced: Path, restored: Path) -> list[UndoneRemoval] | None:
    """Take over removals from the archive.db that is replaced; return those that are undone.

    None: the replaced file cannot be read. Raises sqlite3.Error if the other cannot be written.
    """
    if not replaced.is_file():
        return []
    try:
        with closing(open_unmigrated(replaced, ARCHIVE_SCHEMA)) as old:
            removals = _removals_with_urls(old)
    except (sqlite3.Error, ArchiveError):
        return None
    if not removals:
        return []
    undone: list[UndoneRemoval] = []
    with closing(sqlite3.connect(restored, isolation_level=None)) as new, transaction(new) as db:
        known = {(row["article_id"], row["removed_at"]) for row, _ in _removals_with_urls(db)}
        for row, urls in removals:
            if (row["article_id"], row["removed_at"]) in known:
                continue
            back = _returned_articles(db, urls)
            undone += [UndoneRemoval(each, row["reason"], row["removed_at"]) for each in back]
            if not back and _has_removals(db):
                _insert_removal(db, row, urls)
    return undone


def _has_removals(db: sqlite3.Connection) -> bool:
    """Return False for a file of a version that could not remove articles."""
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'removed_urls'").fetchone())


def _removals_with_urls(
    db: sqlite3.Connection,
) -> list[tuple[sqlite3.Row, Sequence[sqlite3.Row]]]:
    """Return the removals of an archive, each with its rows of `removed_urls`."""
    db.row_factory = sqlite3.Row
    if not _has_removals(db):
        return []
    urls = "SELECT url_digest, url_key, fingerprint FROM removed_urls WHERE removal_id = ?"
    return [
        (row, db.execute(urls, (row["id"],)).fetchall())
        for row in db.execute("SELECT * FROM removals ORDER BY id").fetchall()
    ]


def _returned_articles(db: sqlite3.Connection, urls: Sequence[sqlite3.Row]) -> list[int]:
    """Return the articles of the restored archive at the URLs of a removal."""
    found: set[int] = set()
    for each in urls:
        rows = db.execute(RETURNED_SQL, (each["url_key"], each["fingerprint"]))
        found |= {int(row[0]) for row in rows}
    return sorted(found)


def _insert_removal(db: sqlite3.Connection, row: sqlite3.Row, urls: Sequence[sqlite3.Row]) -> None:
    """Insert a removal with its URLs, under an id that no article has if its own is taken."""
    taken = db.execute("SELECT 1 FROM removals WHERE article_id = ?", (row["article_id"],))
    lowest = db.execute("SELECT min(0, coalesce(min(article_id), 0)) FROM removals").fetchone()[0]
    article_id = lowest - 1 if taken.fetchone() else row["article_id"]
    names, marks = ", ".join(REMOVAL_COLUMNS), ", ".join("?" * len(REMOVAL_COLUMNS))
    done = db.execute(
        f"INSERT INTO removals ({names}) VALUES ({marks})",  # noqa: S608  our own names
        [article_id, *(row[name] for name in REMOVAL_COLUMNS[1:])],
    )
    db.executemany(
        "INSERT INTO removed_urls (removal_id, url_digest, url_key, fingerprint) VALUES (?, ?, ?, ?)",
        [(done.lastrowid, *tuple(each)) for each in urls],
    )
