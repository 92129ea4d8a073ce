"""Record the beginning and the end of a crawl, each in one transaction."""

from __future__ import annotations

import sqlite3

from archive.frontier.pauses import end_wrong_clock_pauses
from archive.frontier.urls import queue_due_rechecks, queue_failed_pages, return_all_leases
from archive.records import current_timestamp
from archive.storage.database import transaction

MAX_OUTLET_RECHECKS = 50
"""Articles of one outlet that a crawl fetches again, longest overdue first."""


def start_crawl(connection: sqlite3.Connection, command: str, recheck: bool = False) -> int:
    """Start a crawl and return its id. Earlier crawls without an end are marked as interrupted.

    URLs that they had leased are queued again, and with `recheck` also the articles that are due.
    The caller holds the archive's lock, so no other crawl is running.
    """
    with transaction(connection) as db:
        db.execute("UPDATE crawls SET state = 'interrupted' WHERE state = 'running'")
        return_all_leases(db)
        queue_failed_pages(db)
        end_wrong_clock_pauses(db)
        if recheck:
            queue_due_rechecks(db, MAX_OUTLET_RECHECKS)
        done = db.execute(
            "INSERT INTO crawls (started_at, command) VALUES (?, ?)",
            (current_timestamp(), command),
        )
        return int(done.lastrowid or 0)


def crawl_start(connection: sqlite3.Connection, crawl_id: int) -> str:
    """Return when a crawl began."""
    query = "SELECT started_at FROM crawls WHERE id = ?"
    return str(connection.execute(query, (crawl_id,)).fetchone()[0])


def finish_crawl(connection: sqlite3.Connection, crawl_id: int, reason: str | None = None) -> None:
    """End a crawl as `finished`, or `stopped` for a reason, and queue its leased URLs again."""
    with transaction(connection) as db:
        return_all_leases(db)
        db.execute(
            "UPDATE crawls SET finished_at = ?, state = ?, reason = ? WHERE id = ?",
            (current_timestamp(), "stopped" if reason else "finished", reason, crawl_id),
        )
