"""Sites that are left alone, as rows in `pauses`, so that a later crawl keeps what a site asked of
an earlier one.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from datetime import timedelta

from archive.records import clock, now, utc

LONGEST = timedelta(days=2)
"""No pause lasts longer than a day, and no source rests longer: what ends later was said by a clock
that was wrong."""


def pauses(connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
    """The sites (`https://www.harbour.example`) that are left alone now: until when, and why."""
    rows = connection.execute("SELECT site, until, reason FROM pauses WHERE until > ?", (now(),))
    return {row["site"]: (row["until"], row["reason"]) for row in rows}


def leave_alone(connection: sqlite3.Connection, site: str, until: str, reason: str) -> None:
    """Nothing of a site is leased before that moment; pauses that are over are forgotten."""
    connection.execute("DELETE FROM pauses WHERE until <= ?", (now(),))
    connection.execute(
        """INSERT INTO pauses (site, until, reason) VALUES (?, ?, ?)
        ON CONFLICT (site) DO UPDATE SET until = excluded.until, reason = excluded.reason
        WHERE excluded.until >= until""",
        (site, until, reason),
    )


def forget_wrong_clock(connection: sqlite3.Connection) -> None:
    """End what a clock that ran ahead has put off: pauses of sites, and the next looks at feeds and
    sitemaps."""
    latest = utc(clock() + LONGEST)
    connection.execute("DELETE FROM pauses WHERE until > ?", (latest,))
    connection.execute(
        "UPDATE urls SET due_at = ? WHERE role = 'source' AND due_at > ?", (now(), latest)
    )
