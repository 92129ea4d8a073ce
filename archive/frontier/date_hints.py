"""Feeds and sitemaps that give unchanged pages newer dates: count them and stop believing them.

A known page is fetched again when a source gives it a newer date. If `MAX_WRONG_DATES` such pages
in a row prove unchanged, the dates of that source count only for a sample of its pages, until one
of these did change. All functions run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

from archive.records import Lead, Outcome

MAX_WRONG_DATES = 6
"""Consecutive wrong dates after which the dates of a source no longer count."""
DISTRUSTED_SOURCE_SAMPLE = 2
"""Pages of such a source that are fetched all the same, for each reading of it."""
MAX_SITEMAP_NESTING = 4
"""Largest depth of nested sitemap indexes."""


class DateHints:
    """Decides which newer dates accepts_date in one reading of a source."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.sources: dict[str, str] = {}
        self.wrong: dict[str, int] = {}
        self.sampled: Counter[str] = Counter()

    def source_of(self, lead: Lead) -> str | None:
        """Return the feed or sitemap that listed a lead; for a sitemap in an index, the index."""
        if lead.found_on is None or lead.found_on in self.sources:
            return self.sources.get(lead.found_on or "")
        source = lead.found_on
        for _ in range(MAX_SITEMAP_NESTING):
            row = self.connection.execute(
                "SELECT found_on FROM urls WHERE url = ? AND kind = 'sitemap'", (source,)
            ).fetchone()
            if row is None or row["found_on"] is None:
                break
            source = str(row["found_on"])
        self.sources[lead.found_on] = source
        return source

    def accepts_date(self, source: str | None) -> bool:
        """Return whether one more newer date of a source counts."""
        if source is None:
            return True
        if source not in self.wrong:
            self.wrong[source] = count_wrong_dates(self.connection, source)
        if self.wrong[source] < MAX_WRONG_DATES:
            return True
        self.sampled[source] += 1
        return self.sampled[source] <= DISTRUSTED_SOURCE_SAMPLE


def count_wrong_dates(connection: sqlite3.Connection, source: str) -> int:
    """Return how many newer dates of a source were wrong in a row."""
    row = connection.execute(
        "SELECT wrong_dates FROM unreliable_sources WHERE source_url = ?", (source,)
    ).fetchone()
    return int(row["wrong_dates"]) if row else 0


def note_date_hint(connection: sqlite3.Connection, url_id: int, outcome: Outcome) -> None:
    """Record whether the date that queued a page was right, by the outcome of its check.

    After the last wrong date, the other pages queued by that source are taken off the queue.
    """
    row = connection.execute("SELECT queued_by FROM urls WHERE id = ?", (url_id,)).fetchone()
    source = row["queued_by"]
    if source is None or outcome in ("failed", "refused"):
        return
    connection.execute("UPDATE urls SET queued_by = NULL WHERE id = ?", (url_id,))
    if outcome not in ("unchanged", "not article"):
        connection.execute("DELETE FROM unreliable_sources WHERE source_url = ?", (source,))
        return
    connection.execute(
        """INSERT INTO unreliable_sources (source_url, wrong_dates) VALUES (?, 1)
        ON CONFLICT (source_url) DO UPDATE SET wrong_dates = wrong_dates + 1""",
        (source,),
    )
    if count_wrong_dates(connection, source) == MAX_WRONG_DATES:
        connection.execute(
            """UPDATE urls SET state = 'done', queued_by = NULL
            WHERE queued_by = ? AND state = 'pending'""",
            (source,),
        )
