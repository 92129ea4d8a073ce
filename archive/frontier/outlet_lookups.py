"""Results of looking up outlets; they take precedence over the catalogue.

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
from archive.records import current_time, format_utc

LookupOutcome = Literal["works", "moved", "gone", "unreachable"]
"""The result of looking an outlet up.

`works`: the host answers, with or without `www.` · `moved`: it redirects to another outlet's host ·
`gone`: the host does not exist, or it says so · `unreachable`: it did not answer, perhaps
temporarily.
"""

LOOKUP_VALIDITY: Mapping[LookupOutcome, timedelta] = {
    "works": timedelta(days=180),
    "moved": timedelta(days=180),
    "gone": timedelta(days=60),
    "unreachable": timedelta(days=2),
}
"""Validity of each result."""


@dataclass(frozen=True, slots=True)
class OutletLookup:
    """The result of looking up one outlet."""

    host: str
    """The host that was looked up."""
    looked_up_at: str
    outcome: LookupOutcome
    found_host: str | None = None
    """The host that answers."""
    feeds: tuple[str, ...] = ()
    """The URLs of the feeds that worked."""
    sitemaps: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def answers(self) -> bool:
        """True if the outlet answers, perhaps at another host."""
        return self.outcome in ("works", "moved")


def store_lookup(connection: sqlite3.Connection, lookup: OutletLookup) -> None:
    """Store a result in place of the earlier one; known feeds survive an unreachable host."""
    connection.execute(
        """INSERT INTO outlet_lookups
          (host, looked_up_at, outcome, found_host, feeds, sitemaps, reason)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (host) DO UPDATE SET
          looked_up_at = excluded.looked_up_at, outcome = excluded.outcome,
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


def valid_lookups(
    connection: sqlite3.Connection, hosts: Iterable[str] | None = None
) -> dict[str, OutletLookup]:
    """Return the valid results by host without `www.`, for some hosts or for all."""
    asked = None if hosts is None else json.dumps([bare_host(host) for host in hosts])
    rows = connection.execute(
        "SELECT * FROM outlet_lookups WHERE ? IS NULL OR host IN (SELECT value FROM json_each(?))",
        (asked, asked),
    )
    found = map(_lookup_of_row, rows)
    return {lookup.host: lookup for lookup in found if _is_lookup_valid(lookup)}


def _lookup_of_row(row: sqlite3.Row) -> OutletLookup:
    """Return the result in a row."""
    return OutletLookup(
        row["host"],
        row["looked_up_at"],
        row["outcome"],
        row["found_host"],
        tuple(json.loads(row["feeds"])),
        tuple(json.loads(row["sitemaps"])),
        row["reason"],
    )


def _is_lookup_valid(lookup: OutletLookup) -> bool:
    """Return whether a result is still valid."""
    return lookup.looked_up_at > format_utc(current_time() - LOOKUP_VALIDITY[lookup.outcome])
