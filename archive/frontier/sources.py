"""The feeds and sitemaps of the outlets: which of them is due, and when each is looked at again.

What an interval is made of is decided elsewhere (`pipelines.scheduling.source_schedule`). Functions
that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archive.frontier.urls import SITE
from archive.records import Check, Source, SourceKind, now

NEWEST = 60
"""Items of a source that its rhythm is read from."""
DUE_AT = f"max(u.due_at, coalesce((SELECT until FROM pauses WHERE site = {SITE}), u.due_at))"  # noqa: S608
"""When a source is looked at again: not before the pause that its site asked for is over."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is known of a source when it was just looked at."""

    url: str
    known_since: str
    """When it was added."""
    items: tuple[str, ...]
    """Moments of the newest items that it was the first to name: published, else changed, else
    found."""
    failures: int
    """In a row, this look counted in."""
    interval_seconds: int | None
    """As it was reckoned last."""
    wish_seconds: int | None
    """For how long it asks to be left alone: a feed's ttl, Cache-Control, Retry-After."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a source is looked at again, why then, and its interval."""

    at: str
    why: str
    interval_seconds: int


def sources(
    connection: sqlite3.Connection,
    kinds: Sequence[SourceKind],
    hosts: Sequence[str] = (),
    due: bool = False,
) -> list[Source]:
    """The feeds and sitemaps, longest unseen first; of some outlets, or of all.

    With `due`, only those due now, and none of a site that is left alone
    (`archive.frontier.pauses`).
    """
    found = connection.execute(
        f"""SELECT u.url, u.kind, o.host, u.etag, u.last_modified FROM urls u JOIN outlets o ON o.id = u.outlet_id
        WHERE u.role = 'source' AND u.kind IN ({_marks(kinds)})
          {f"AND o.host IN ({_marks(hosts)})" if hosts else ""}
          {f"AND ({DUE_AT} IS NULL OR {DUE_AT} <= ?)" if due else ""}
        ORDER BY u.checked_at, u.id""",  # noqa: S608  constants and question marks are put in
        (*kinds, *hosts, *((now(),) if due else ())),
    )
    return [Source(**dict(row)) for row in found]


def next_due(connection: sqlite3.Connection) -> str | None:
    """When the next source is due; None if there is none."""
    row = connection.execute(f"SELECT min({DUE_AT}) FROM urls u WHERE u.role = 'source'").fetchone()  # noqa: S608
    return str(row[0]) if row[0] else None


def set_due(
    connection: sqlite3.Connection, check: Check, due: Callable[[Rhythm, str], Due]
) -> None:
    """After a look at a source that was noted: when the next is due. What is no source of an outlet
    is left alone."""
    row = connection.execute(
        "SELECT * FROM urls WHERE url = ? AND role = 'source'", (check.url,)
    ).fetchone()
    if row is None:
        return
    rhythm = Rhythm(
        url=check.url,
        known_since=row["found_at"],
        items=_items(connection, check.url),
        failures=row["tries"],
        interval_seconds=row["interval_seconds"],
        wish_seconds=check.wish_seconds,
    )
    next_look = due(rhythm, check.checked_at)
    connection.execute(
        "UPDATE urls SET due_at = ?, due_why = ?, interval_seconds = ? WHERE id = ?",
        (next_look.at, next_look.why, next_look.interval_seconds, row["id"]),
    )


def _items(connection: sqlite3.Connection, url: str) -> tuple[str, ...]:
    """The newest items that a feed, a sitemap, or a sitemap that it names was the first to name."""
    rows = connection.execute(
        """SELECT coalesce(published_at, modified_at, found_at) FROM urls WHERE kind = 'page' AND found_on IN (
          SELECT ? UNION ALL SELECT url FROM urls WHERE kind = 'sitemap' AND found_on = ?
        ) ORDER BY id DESC LIMIT ?""",
        (url, url, NEWEST),
    )
    return tuple(row[0] for row in rows)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
