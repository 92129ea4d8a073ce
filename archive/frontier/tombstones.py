"""Removed articles, which no crawl and no import archives again.

A removal is remembered by the keys of the article's URLs. A URL that showed another article too
keeps out only a text with the same fingerprint. Functions that write run inside the caller's
transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from archive.records import Check, current_timestamp

UNPROVEN_ROLES = ("elsewhere", "part", "listed")
"""Roles of URLs that do not say which article a page shows."""


ErasureKind = Literal["url", "body", "page", "index"]
"""Kinds of deletions: the captures of a URL, those of a body, those of a body at a URL that another
article has now (digest, blank, URL), or what the search index still holds."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A removed article."""

    id: int
    article_id: int
    """The id that it had."""
    reason: str
    removed_at: str
    method: str
    """The way of removing it: `command`, `outlet` or `page`."""
    removed_by: str | None
    kept_out_at: str | None
    """When a crawl or import last left it out."""

    @property
    def public_sentence(self) -> str:
        """When it was removed, without the reason, which is not for the public."""
        return f"removed on {self.removed_at[:10]}"

    @property
    def sentence(self) -> str:
        """When and why it was removed, in one line."""
        return f"{self.public_sentence}: {self.reason}"


REMOVAL_COLUMNS_SQL = (
    "r.id, r.article_id, r.reason, r.removed_at, r.method, r.removed_by, r.kept_out_at"
)


def first_removal(
    connection: sqlite3.Connection, keys: Iterable[str], fingerprint: str | None
) -> Removal | None:
    """Return the first removal with one of the keys and, where it names one, the fingerprint."""
    row = connection.execute(
        f"""SELECT {REMOVAL_COLUMNS_SQL} FROM json_each(?) AS asked
        CROSS JOIN removed_urls AS u ON u.url_key = asked.value
        JOIN removals AS r ON r.id = u.removal_id
        WHERE u.fingerprint IS NULL OR u.fingerprint = ? ORDER BY r.id LIMIT 1""",  # noqa: S608
        (json.dumps(list(keys)), fingerprint or None),
    ).fetchone()
    return Removal(*row) if row else None


def removal_of_key(connection: sqlite3.Connection, url_key: str) -> Removal | None:
    """Return the removal for which nothing is fetched from URLs of a key, or None."""
    return first_removal(connection, [url_key], None)


def removal_of_check(connection: sqlite3.Connection, check: Check) -> Removal | None:
    """Return the removal of the article that a check's page shows, or None."""
    proven = (each.url_key for each in check.addresses if each.role not in UNPROVEN_ROLES)
    keys = dict.fromkeys([check.url_key, *proven])
    return first_removal(connection, keys, check.fingerprint)


def removal_of_article(connection: sqlite3.Connection, article_id: int) -> Removal | None:
    """Return the removal of the article that had this id, or None."""
    row = connection.execute(
        f"SELECT {REMOVAL_COLUMNS_SQL} FROM removals r WHERE r.article_id = ?",  # noqa: S608
        (article_id,),
    ).fetchone()
    return Removal(*row) if row else None


def all_removals(connection: sqlite3.Connection) -> list[Removal]:
    """Return all removals, the newest first."""
    rows = connection.execute(f"SELECT {REMOVAL_COLUMNS_SQL} FROM removals r ORDER BY r.id DESC")  # noqa: S608
    return [Removal(*row) for row in rows]


def note_kept_out(connection: sqlite3.Connection, removal: Removal) -> None:
    """Record that a removed article was met again and left out."""
    connection.execute(
        "UPDATE removals SET kept_out_at = ? WHERE id = ?", (current_timestamp(), removal.id)
    )


def count_kept_out(connection: sqlite3.Connection, since: str) -> int:
    """Return the number of removed articles that were left out since a time."""
    query = "SELECT count(*) FROM removals WHERE kept_out_at >= ?"
    return int(connection.execute(query, (since,)).fetchone()[0])


def request_erasure(
    connection: sqlite3.Connection, kind: ErasureKind, values: Iterable[str]
) -> None:
    """Record what is to be deleted for good, after this transaction (`archive.removal.erasure`)."""
    connection.executemany(
        "INSERT OR IGNORE INTO erasures (kind, value) VALUES (?, ?)",
        [(kind, value) for value in values],
    )
