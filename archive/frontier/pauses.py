"""Paused sites, as rows in `paused_sites`, so that later crawls respect them too.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from archive.records import current_time, current_timestamp, format_utc

MAX_SITE_PAUSE = timedelta(days=2)
"""No pause and no interval of a source exceeds a day; an end after this is due to a wrong clock."""


def paused_sites(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """The sites (`https://www.harbour.example`) paused now → end and reason of the pause."""
    rows = connection.execute(
        "SELECT site, until, reason FROM pauses WHERE until > ?", (current_timestamp(),)
    )
    return {row["site"]: (row["until"], row["reason"]) for row in rows}


def pause_site(connection: sqlite3.Connection, site: str, until: str, reason: str) -> None:
    """Pause a site: none of its pages is leased before `until`. Past pauses are deleted."""
    connection.execute("DELETE FROM pauses WHERE until <= ?", (current_timestamp(),))
    connection.execute(
        """INSERT INTO pauses (site, until, reason) VALUES (?, ?, ?)
        ON CONFLICT (site) DO UPDATE SET until = excluded.until, reason = excluded.reason
        WHERE excluded.until >= until""",
        (site, until, reason),
    )


def end_wrong_clock_pauses(connection: sqlite3.Connection) -> None:
    """End the pauses of sites and the intervals of sources that a clock running ahead has set."""
    latest = format_utc(current_time() + MAX_SITE_PAUSE)
    connection.execute("DELETE FROM pauses WHERE until > ?", (latest,))
    connection.execute(
        "UPDATE urls SET due_at = ? WHERE role = 'source' AND due_at > ?",
        (current_timestamp(), latest),
    )
