"""Paused sites, as rows in `pauses`, so that later crawls respect them too.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from archive.records import clock, now, utc

LONGEST = timedelta(days=2)
"""No pause and no interval of a source exceeds a day; an end after this is due to a wrong clock."""


def pauses(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """The sites (`https://www.harbour.example`) paused now → end and reason of the pause."""
    rows = connection.execute("SELECT site, until, reason FROM pauses WHERE until > ?", (now(),))
    return {row["site"]: (row["until"], row["reason"]) for row in rows}


def leave_alone(connection: sqlite3.Connection, site: str, until: str, reason: str) -> None:
    """Pause a site: none of its pages is leased before `until`. Past pauses are deleted."""
    connection.execute("DELETE FROM pauses WHERE until <= ?", (now(),))
    connection.execute(
        """INSERT INTO pauses (site, until, reason) VALUES (?, ?, ?)
        ON CONFLICT (site) DO UPDATE SET until = excluded.until, reason = excluded.reason
        WHERE excluded.until >= until""",
        (site, until, reason),
    )


def forget_wrong_clock(connection: sqlite3.Connection) -> None:
    """End the pauses of sites and the intervals of sources that a clock running ahead has set."""
    latest = utc(clock() + LONGEST)
    connection.execute("DELETE FROM pauses WHERE until > ?", (latest,))
    connection.execute(
        "UPDATE urls SET due_at = ? WHERE role = 'source' AND due_at > ?", (now(), latest)
    )
