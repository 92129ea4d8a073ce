"""The feeds and sitemaps of the outlets: which are due, and when each is fetched again.

Intervals are decided in `pipelines.scheduling.source_schedule`. Functions that write run inside the
caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archive.frontier.urls import SITE_OF_URL_SQL, sql_placeholders
from archive.records import Check, Source, SourceKind, current_timestamp

RHYTHM_ITEMS = 60
"""Newest items of a source from which its publishing rhythm is estimated."""
SOURCE_DUE_AT_SQL = (
    f"max(u.due_at, coalesce((SELECT until FROM pauses WHERE site = {SITE_OF_URL_SQL}), u.due_at))"  # noqa: S608
)
"""SQL: when a source is fetched again, not before its site's pause is over."""


@dataclass(frozen=True, slots=True)
class SourceHistory:
    """The history of a source at the time of a check."""

    url: str
    known_since: str
    """When the source was added."""
    items: tuple[str, ...]
    """Dates of the newest items that it listed first: published, else changed, else found."""
    failures: int
    """Consecutive failures, with this check."""
    interval_seconds: int | None
    """The interval computed last."""
    wish_seconds: int | None
    """The interval that the source asks for: a feed's ttl, Cache-Control or Retry-After."""


@dataclass(frozen=True, slots=True)
class SourceDue:
    """When a source is fetched again, the reason, and its interval."""

    at: str
    why: str
    interval_seconds: int


def sources_of_outlets(
    connection: sqlite3.Connection,
    kinds: Sequence[SourceKind],
    hosts: Sequence[str] = (),
    due: bool = False,
) -> list[Source]:
    """The feeds and sitemaps of some outlets, or of all; those not fetched for longest first.

    Those of outlets that a person paused are left out. With `due`, only those due now whose sites
    are not paused (`archive.frontier.pauses`).
    """
    of_hosts = f"AND o.host IN ({sql_placeholders(hosts)})" if hosts else ""
    only_due = f"AND ({SOURCE_DUE_AT_SQL} IS NULL OR {SOURCE_DUE_AT_SQL} <= ?)" if due else ""
    due_values = (current_timestamp(),) if due else ()
    found = connection.execute(
        f"""SELECT u.url, u.kind, o.host, u.etag, u.last_modified
        FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE u.role = 'source' AND o.paused_at IS NULL
          AND u.kind IN ({sql_placeholders(kinds)}) {of_hosts} {only_due}
        ORDER BY u.fetched_at, u.id""",  # noqa: S608  only constants and question marks are put in
        (*kinds, *hosts, *due_values),
    )
    return [Source(**dict(row)) for row in found]


def next_source_due(connection: sqlite3.Connection) -> str | None:
    """Return when the next source is due, or None without sources."""
    row = connection.execute(
        f"""SELECT min({SOURCE_DUE_AT_SQL}) FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE u.role = 'source' AND o.paused_at IS NULL"""  # noqa: S608
    ).fetchone()
    return str(row[0]) if row[0] else None


def set_source_due(
    connection: sqlite3.Connection, check: Check, due: Callable[[SourceHistory, str], SourceDue]
) -> None:
    """Set when a source is fetched next, after its check; URLs that are not sources are ignored."""
    row = connection.execute(
        "SELECT * FROM urls WHERE url = ? AND role = 'source'", (check.url,)
    ).fetchone()
    if row is None:
        return
    rhythm = SourceHistory(
        url=check.url,
        known_since=row["found_at"],
        items=_newest_item_dates(connection, check.url),
        failures=row["failures"],
        interval_seconds=row["interval_seconds"],
        wish_seconds=check.wish_seconds,
    )
    next_fetch = due(rhythm, check.fetched_at)
    connection.execute(
        "UPDATE urls SET due_at = ?, due_reason = ?, interval_seconds = ? WHERE id = ?",
        (next_fetch.at, next_fetch.why, next_fetch.interval_seconds, row["id"]),
    )


def _newest_item_dates(connection: sqlite3.Connection, url: str) -> tuple[str, ...]:
    """Return the dates of the newest items that a source, or a sitemap in it, listed first."""
    rows = connection.execute(
        """SELECT coalesce(published_at, modified_at, found_at) FROM urls
        WHERE kind = 'page' AND found_on IN (
          SELECT ? UNION ALL SELECT url FROM urls WHERE kind = 'sitemap' AND found_on = ?
        ) ORDER BY id DESC LIMIT ?""",
        (url, url, RHYTHM_ITEMS),
    )
    return tuple(row[0] for row in rows)
