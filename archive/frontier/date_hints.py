"""Feeds and sitemaps that give every page a new date at each look: how often that was wrong, and
does it still count?

Pages are looked at again because a source gave them a newer date; where they prove unchanged
`MOST_WRONG` times in a row, the dates of that source count for a sample of its pages alone. One of
those that did change, and they count again. All functions run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections import Counter

from archive.records import Lead, Outcome

MOST_WRONG = 6
"""In a row; then the dates of the source count no more."""
SAMPLE = 2
"""Pages of such a source that are looked at all the same, of each reading of it."""
DEPTH = 4
"""Sitemaps of sitemaps of sitemaps."""


class Hints:
    """The newer dates of one reading of a source: which of them count."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.sources: dict[str, str] = {}
        self.wrong: dict[str, int] = {}
        self.sampled: Counter[str] = Counter()

    def source_of(self, lead: Lead) -> str | None:
        """The feed or sitemap that a lead is from; of a sitemap that an index names, the index."""
        if lead.found_on is None or lead.found_on in self.sources:
            return self.sources.get(lead.found_on or "")
        source = lead.found_on
        for _ in range(DEPTH):
            row = self.connection.execute(
                "SELECT found_on FROM urls WHERE url = ? AND kind = 'sitemap'", (source,)
            ).fetchone()
            if row is None or row["found_on"] is None:
                break
            source = str(row["found_on"])
        self.sources[lead.found_on] = source
        return source

    def count(self, source: str | None) -> bool:
        """Whether one more newer date of a source counts."""
        if source is None:
            return True
        if source not in self.wrong:
            self.wrong[source] = times_wrong(self.connection, source)
        if self.wrong[source] < MOST_WRONG:
            return True
        self.sampled[source] += 1
        return self.sampled[source] <= SAMPLE


def times_wrong(connection: sqlite3.Connection, source: str) -> int:
    """How often in a row a newer date of a source was wrong."""
    row = connection.execute("SELECT wrong FROM hints WHERE source = ?", (source,)).fetchone()
    return int(row["wrong"]) if row else 0


def note_hint(connection: sqlite3.Connection, url_id: int, outcome: Outcome) -> None:
    """What a look at a page says of the source whose date made it wait.

    With the last wrong one, what still waits for a date of that source waits no longer.
    """
    source = connection.execute("SELECT hinted_by FROM urls WHERE id = ?", (url_id,)).fetchone()[
        "hinted_by"
    ]
    if source is None or outcome in ("failed", "refused"):
        return
    connection.execute("UPDATE urls SET hinted_by = NULL WHERE id = ?", (url_id,))
    if outcome not in ("unchanged", "not article"):
        connection.execute("DELETE FROM hints WHERE source = ?", (source,))
        return
    connection.execute(
        "INSERT INTO hints (source, wrong) VALUES (?, 1) ON CONFLICT (source) DO UPDATE SET wrong = wrong + 1",
        (source,),
    )
    if times_wrong(connection, source) == MOST_WRONG:
        connection.execute(
            "UPDATE urls SET state = 'done', hinted_by = NULL WHERE hinted_by = ? AND state = 'pending'",
            (source,),
        )
