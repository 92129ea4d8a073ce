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
from archive.frontier.tombstones import Removal, all_removals
from archive.removal.adopted_removals import adopt_removal
from archive.storage.database import open_unmigrated, transaction
from archive.storage.schema import ARCHIVE_SCHEMA

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
        known = {(each.article_id, each.removed_at) for each, _ in _removals_with_urls(db)}
        for removal, urls in removals:
            if (removal.article_id, removal.removed_at) in known:
                continue
            back = _returned_articles(db, urls)
            undone += [UndoneRemoval(each, removal.reason, removal.removed_at) for each in back]
            if not back and _has_removals(db):
                _take_over(db, removal, urls)
    return undone


def _has_removals(db: sqlite3.Connection) -> bool:
    """Return False for a file of a version that could not remove articles."""
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = 'removed_urls'").fetchone())


def _removals_with_urls(db: sqlite3.Connection) -> list[tuple[Removal, Sequence[sqlite3.Row]]]:
    """Return the removals of an archive, each with its rows of `removed_urls`."""
    db.row_factory = sqlite3.Row
    if not _has_removals(db):
        return []
    urls = "SELECT url_digest, url_key, fingerprint FROM removed_urls WHERE removal_id = ?"
    return [
        (removal, db.execute(urls, (removal.id,)).fetchall())
        for removal in reversed(all_removals(db))
    ]


def _returned_articles(db: sqlite3.Connection, urls: Sequence[sqlite3.Row]) -> list[int]:
    """Return the articles of the restored archive at the URLs of a removal."""
    found: set[int] = set()
    for each in urls:
        rows = db.execute(RETURNED_SQL, (each["url_key"], each["fingerprint"]))
        found |= {int(row[0]) for row in rows}
    return sorted(found)


def _take_over(db: sqlite3.Connection, removal: Removal, urls: Sequence[sqlite3.Row]) -> None:
    """Store a removal with its URLs, under the article's former id if that is free."""
    removal_id, _ = adopt_removal(db, removal, keep_id=True)
    db.executemany(
        "INSERT INTO removed_urls (removal_id, url_digest, url_key, fingerprint) VALUES (?, ?, ?, ?)",
        [(removal_id, *each) for each in urls],
    )
