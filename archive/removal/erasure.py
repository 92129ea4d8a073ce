"""Erase what was removed or pruned: captures, the index of searches, and the write-ahead logs.

The work is recorded in `erasures` in the transaction that deletes the articles, and its rows are
deleted once it is done. A run that is killed leaves them, and the next one finishes the work. A
transaction takes well under a second, so that a crawl can write meanwhile.

The functions open the transactions that they need.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from itertools import chain

from archive.archive import Archive
from archive.progress import ProgressReport, ignore_progress
from archive.storage.database import transaction

ERASURES_PER_TRANSACTION = 100
"""URLs or digests whose captures are deleted in one transaction."""
ERASED_CAPTURES_PER_TRANSACTION = 500
STRAY_ROWS_PER_TRANSACTION = 5_000
UNINDEXED_REFERENCES: dict[str, tuple[str, ...]] = {
    "boilerplate_candidates": ("outlet_id", "line_hash", "article_id"),
    "shingles": ("hash", "article_id"),
    "strong_keys": ("key", "day", "article_id"),
    "strong_terms": ("term", "day", "article_id"),
}
"""Tables that mention articles and have no index by article, with their primary keys."""
MERGED_PAGES_PER_TRANSACTION = 500
"""Pages of the search index that are merged in one transaction."""
CHECKPOINT_TIMEOUT_MS = 2_000
"""Milliseconds to wait for programs that read an old state of a file."""


def finish_erasures(archive: Archive, report: ProgressReport = ignore_progress) -> bool:
    """Erase all that is recorded in `erasures`; return True if both files are free of it.

    It is False if another program reads an older state of a file, whose log then still has it. The
    record stays, and the next call tries again.
    """
    erase_captures(archive, report)
    if not archive.db.execute("SELECT 1 FROM erasures WHERE kind = 'index'").fetchone():
        return True
    delete_stray_rows(archive.db)
    merge_search_index(archive.db)
    connections = (archive.db, archive.captures.connection)
    written_back = [write_back_log(connection) for connection in connections]  # both, in any case
    if not all(written_back):
        return False
    with transaction(archive.db) as db:
        db.execute("DELETE FROM erasures WHERE kind = 'index'")
    return True


def count_waiting_captures(connection: sqlite3.Connection) -> int:
    """Return the number of URLs and bodies whose captures are to be deleted."""
    query = "SELECT count(*) FROM erasures WHERE kind <> 'index'"
    return int(connection.execute(query).fetchone()[0])


def erase_captures(archive: Archive, report: ProgressReport = ignore_progress) -> int:
    """Delete the captures recorded in `erasures`; return their number."""
    total = count_waiting_captures(archive.db)
    done = deleted = 0
    while True:
        rows = archive.db.execute(
            "SELECT kind, value FROM erasures WHERE kind <> 'index' LIMIT ?",
            (ERASURES_PER_TRANSACTION,),
        ).fetchall()
        if not rows:
            return deleted
        found = [_captures_to_delete(archive, row["kind"], row["value"]) for row in rows]
        ids = list(dict.fromkeys(chain.from_iterable(found)))
        deleted += len(ids)
        for start in range(0, len(ids), ERASED_CAPTURES_PER_TRANSACTION):
            archive.captures.delete(ids[start : start + ERASED_CAPTURES_PER_TRANSACTION])
        with transaction(archive.db) as db:
            db.executemany(
                "DELETE FROM erasures WHERE kind = ? AND value = ?",
                [(row["kind"], row["value"]) for row in rows],
            )
        done += len(rows)
        report(done, max(total, done))


def _captures_to_delete(archive: Archive, kind: str, value: str) -> list[int]:
    """Return the captures to delete; those of a body are kept at URLs that lead to an article."""
    if kind == "url":
        if _article_ids_of_urls(archive.db, [value]):  # archived again meanwhile
            return []
        rows = archive.captures.connection.execute(
            "SELECT id FROM captures WHERE url = ?", (value,)
        )
        return [int(row["id"]) for row in rows]
    if kind == "page":
        digest, _, page_url = value.partition(" ")
        return [id for id, url in archive.captures.captures_of_body(digest) if url == page_url]
    found = archive.captures.captures_of_body(value)
    with_article = _article_ids_of_urls(archive.db, [url for _, url in found])
    return [id for id, url in found if url not in with_article]


def _article_ids_of_urls(connection: sqlite3.Connection, urls: Sequence[str]) -> set[str]:
    """Return those of the URLs that lead to an article."""
    rows = connection.execute(
        """SELECT u.url FROM json_each(?) AS asked JOIN urls u ON u.url = asked.value
        WHERE u.article_id IS NOT NULL OR u.leads_to IS NOT NULL""",
        (json.dumps(urls),),
    )
    return {row[0] for row in rows}


def delete_stray_rows(connection: sqlite3.Connection) -> None:
    """Delete rows of missing articles from the tables of `UNINDEXED_REFERENCES`.

    They are left if the text or the date of an article changed after it was indexed. The search for
    them reads all rows, but keeps no other program from writing.
    """
    for table, key in UNINDEXED_REFERENCES.items():
        columns = ", ".join(key)
        rows = connection.execute(
            f"SELECT {columns} FROM {table} WHERE article_id NOT IN (SELECT id FROM articles)"  # noqa: S608
        ).fetchall()
        matches = " AND ".join(f"{column} = ?" for column in key)
        for start in range(0, len(rows), STRAY_ROWS_PER_TRANSACTION):
            with transaction(connection) as db:
                db.executemany(
                    f"DELETE FROM {table} WHERE {matches}",  # noqa: S608  our own names
                    rows[start : start + STRAY_ROWS_PER_TRANSACTION],
                )


def merge_search_index(connection: sqlite3.Connection) -> None:
    """Merge the search index into one segment, in steps; deleted words are gone then.

    A negative number starts a merge of all segments, positive ones continue it (FTS5, “merge”).
    """
    pages = -MERGED_PAGES_PER_TRANSACTION
    while True:
        before = connection.total_changes
        with transaction(connection) as db:
            db.execute("INSERT INTO articles_fts(articles_fts, rank) VALUES ('merge', ?)", (pages,))
        if connection.total_changes - before < 2:
            return
        pages = MERGED_PAGES_PER_TRANSACTION


def write_back_log(connection: sqlite3.Connection) -> bool:
    """Write the log back and empty it; return False if a program reads an older state."""
    [before] = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {CHECKPOINT_TIMEOUT_MS}")
    try:
        [is_busy, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(before)}")
    return not is_busy
