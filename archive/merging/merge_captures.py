"""Merging captures: each response once, its body stored as this archive stores bodies.

The captures of a batch are written before the articles that were extracted from them, as a crawl
does it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from archive.archive import Archive
from archive.errors import ReadingError
from archive.frontier.tombstones import first_removal
from archive.merging.merge_report import MergeReport
from archive.merging.other_archive import OtherArchive
from archive.progress import ProgressReport
from archive.records import Capture
from archive.storage.captures import CAPTURES_WITH_BODIES_SQL, CaptureStore, capture_of_row

MERGED_CAPTURES_PER_TRANSACTION = 200
PAGE_WAS_MOVED_SQL = """SELECT 1 FROM moved_pages WHERE digest = ?1
UNION ALL SELECT 1 FROM pruned_bodies WHERE digest = ?1"""
CAPTURE_IS_THERE_SQL = "SELECT 1 FROM captures WHERE url = ? AND fetched_at = ? AND digest = ?"


def merge_captures(
    ours: Archive, other: OtherArchive, result: MergeReport, report: ProgressReport
) -> None:
    """Add the captures that are missing here, in the order in which they were made.

    Pages of articles that were removed here stay out, and so do pages that were pruned or moved to
    a WARC file (`archive.keeping.moved_captures`), of which the places are merged. A page whose stored bytes are damaged is
    reported as a conflict and left out.
    """
    if other.captures is None:
        return
    theirs = other.captures.connection
    total = int(theirs.execute("SELECT count(*) FROM captures").fetchone()[0])
    batch: list[Capture] = []
    for done, row in enumerate(_rows_by_age(theirs), 1):
        report(done, total)
        there = (row["url"], row["fetched_at"], row["digest"])
        is_there = ours.captures.connection.execute(CAPTURE_IS_THERE_SQL, there).fetchone()
        if is_there or ours.db.execute(PAGE_WAS_MOVED_SQL, (row["digest"],)).fetchone():
            result.known["captures"] += 1
        elif first_removal(ours.db, _url_keys(other.db, row["url"]), None) is None:
            capture = _read_capture(theirs, row["id"], row["url"], result)
            batch += [capture] if capture else []
        if len(batch) >= MERGED_CAPTURES_PER_TRANSACTION:
            _store_batch(ours.captures, batch, result)
    _store_batch(ours.captures, batch, result)


def _url_keys(connection: sqlite3.Connection, url: str) -> list[str]:
    rows = connection.execute("SELECT url_key FROM urls WHERE url = ?", (url,))
    return [str(row[0]) for row in rows]


def _rows_by_age(connection: sqlite3.Connection) -> Iterator[sqlite3.Row]:
    return connection.execute(
        "SELECT id, url, fetched_at, digest FROM captures ORDER BY fetched_at, id"
    )


def _store_batch(ours: CaptureStore, batch: list[Capture], result: MergeReport) -> None:
    """Store a batch in one transaction, and empty it."""
    ours.store(batch)
    result.added["captures"] += len(batch)
    batch.clear()


def _read_capture(
    connection: sqlite3.Connection, capture_id: int, url: str, result: MergeReport
) -> Capture | None:
    """Return a capture with its body; None if its body is damaged or was moved to a WARC file."""
    row = connection.execute(f"{CAPTURES_WITH_BODIES_SQL} WHERE c.id = ?", (capture_id,)).fetchone()
    try:
        return capture_of_row(row) if row else None
    except ReadingError as error:
        result.note_conflict("page", url, None, str(error))
        return None


def merge_moved_pages(ours: Archive, theirs: sqlite3.Connection) -> None:
    """Merge which pages are in WARC files or were pruned, except those that are stored here.

    Runs inside the caller's transaction.
    """
    for row in theirs.execute("SELECT * FROM warc_files"):
        ours.db.execute(
            """INSERT INTO warc_files (path, sha256, bytes, captures, written_at)
            VALUES (:path, :sha256, :bytes, :captures, :written_at) ON CONFLICT DO NOTHING""",
            dict(row),
        )
    rows = theirs.execute(
        "SELECT p.digest, f.path FROM moved_pages p JOIN warc_files f ON f.id = p.warc_file_id"
    )
    is_stored = "SELECT 1 FROM bodies WHERE digest = ?"
    for digest, path in rows:
        if not ours.captures.connection.execute(is_stored, (digest,)).fetchone():
            ours.db.execute(
                """INSERT INTO moved_pages (digest, warc_file_id)
                SELECT ?, id FROM warc_files WHERE path = ? ON CONFLICT DO NOTHING""",
                (digest, path),
            )
    for row in theirs.execute("SELECT digest, pruned_at FROM pruned_bodies"):
        if not ours.captures.connection.execute(is_stored, (row["digest"],)).fetchone():
            ours.db.execute("INSERT OR IGNORE INTO pruned_bodies VALUES (?, ?)", tuple(row))
