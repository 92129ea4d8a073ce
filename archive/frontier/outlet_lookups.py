"""What was found out about outlets when they were looked up: it goes before what a catalogue says
of them.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from archive.frontier.hosts import bare_host
from archive.records import clock, utc

Found = Literal["works", "moved", "gone", "unreachable"]
"""`works`: it answers under the host that was looked up, or the same with or without `www.` ·
`moved`: it sends to another outlet's host · `gone`: no such host, or one that says so ·
`unreachable`: it did not answer, which may pass."""

BELIEVED: Mapping[Found, timedelta] = {
    "works": timedelta(days=180),
    "moved": timedelta(days=180),
    "gone": timedelta(days=60),
    "unreachable": timedelta(days=2),
}
"""For how long it is taken to be so."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """What one look at an outlet came to."""

    host: str
    """That was looked up."""
    looked_up_at: str
    outcome: Found
    found_host: str | None = None
    """Where it answers."""
    feeds: tuple[str, ...] = ()
    """That worked."""
    sitemaps: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def answers(self) -> bool:
        return self.outcome in ("works", "moved")


def note(connection: sqlite3.Connection, lookup: Lookup) -> None:
    """Keep what was found out, in the place of what was before; feeds that worked outlast an
    unreachable host."""
    connection.execute(
        """INSERT INTO outlet_lookups (host, looked_up_at, outcome, found_host, feeds, sitemaps, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (host) DO UPDATE SET looked_up_at = excluded.looked_up_at, outcome = excluded.outcome,
          reason = excluded.reason,
          found_host = iif(excluded.outcome = 'unreachable', found_host, excluded.found_host),
          feeds = iif(excluded.outcome = 'unreachable', feeds, excluded.feeds),
          sitemaps = iif(excluded.outcome = 'unreachable', sitemaps, excluded.sitemaps)""",
        (
            bare_host(lookup.host),
            lookup.looked_up_at,
            lookup.outcome,
            lookup.found_host,
            json.dumps(lookup.feeds),
            json.dumps(lookup.sitemaps),
            lookup.reason,
        ),
    )


def lookups(
    connection: sqlite3.Connection, hosts: Iterable[str] | None = None
) -> dict[str, Lookup]:
    """What is known of outlets and still believed, by host without `www.`; of some hosts, or of
    all."""
    asked = None if hosts is None else json.dumps([bare_host(host) for host in hosts])
    rows = connection.execute(
        "SELECT * FROM outlet_lookups WHERE ? IS NULL OR host IN (SELECT value FROM json_each(?))",
        (asked, asked),
    )
    return {each.host: each for row in rows if _is_believed(each := _lookup(row))}


def _lookup(row: sqlite3.Row) -> Lookup:
    return Lookup(
        row["host"],
        row["looked_up_at"],
        row["outcome"],
        row["found_host"],
        tuple(json.loads(row["feeds"])),
        tuple(json.loads(row["sitemaps"])),
        row["reason"],
    )


def _is_believed(lookup: Lookup) -> bool:
    return lookup.looked_up_at > utc(clock() - BELIEVED[lookup.outcome])
