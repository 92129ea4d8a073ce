"""Captured pages: compressed bodies, stored by digest, and response headers, in a separate file.

The file stands beside the archive, so that the database that people browse and copy stays small.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from archive.errors import ReadingError
from archive.records import Capture
from archive.storage.database import open_database, transaction
from archive.storage.deltas import compress_delta, decompress_delta, is_delta_worthwhile
from archive.storage.schema import CAPTURES_SCHEMA

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ZSTD_LEVEL = 3
"""A page shrinks to a fifth in under 2 ms; higher levels cost more than they save."""

BODIES_SQL = """SELECT b.digest, b.body, whole.body AS whole
  FROM bodies b LEFT JOIN bodies whole ON whole.digest = b.base"""
CAPTURES_WITH_BODIES_SQL = """SELECT c.*, b.body, whole.body AS whole FROM captures c
  JOIN bodies b ON b.digest = c.digest LEFT JOIN bodies whole ON whole.digest = b.base"""
NEWEST_FULL_BODY_SQL = """SELECT whole.digest, whole.body FROM captures c
  JOIN bodies b ON b.digest = c.digest
  JOIN bodies whole ON whole.digest = coalesce(b.base, b.digest)
  WHERE c.url = ? ORDER BY c.fetched_at DESC LIMIT 1"""
"""The newest body of a URL, or the full body that it is a delta to.

Deltas are never based on deltas, so reading a body takes at most two steps.
"""


class CaptureStore:
    """The captures of one archive. Raises ArchiveError if the file cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.connection = open_database(path, CAPTURES_SCHEMA)

    @classmethod
    def over(cls, connection: sqlite3.Connection) -> CaptureStore:
        """Return the captures of a connection that is open already."""
        store = cls.__new__(cls)
        store.connection = connection
        return store

    def store(self, captures: Iterable[Capture]) -> None:
        """Store captures in one transaction; a body that is already stored is not written again."""
        with transaction(self.connection) as connection:
            for capture in captures:
                _store_capture(connection, capture)

    def body(self, digest: str) -> bytes | None:
        """Return the body with this digest, or None.

        Raises ReadingError if the stored bytes are damaged.
        """
        row = self.connection.execute(f"{BODIES_SQL} WHERE b.digest = ?", (digest,)).fetchone()
        return _body_of_row(row) if row else None

    def newest(self, digest: str) -> Capture | None:
        """Return the newest capture with this body, or None.

        Raises ReadingError if the stored bytes are damaged.
        """
        row = self.connection.execute(
            f"{CAPTURES_WITH_BODIES_SQL} WHERE c.digest = ? ORDER BY c.fetched_at DESC LIMIT 1",
            (digest,),
        ).fetchone()
        return capture_of_row(row) if row else None

    def captures_of_body(self, digest: str) -> list[tuple[int, str]]:
        """Return id and URL of the captures with this body."""
        rows = self.connection.execute("SELECT id, url FROM captures WHERE digest = ?", (digest,))
        return [(row["id"], row["url"]) for row in rows]

    def delete(self, capture_ids: Iterable[int]) -> None:
        """Delete captures in one transaction, and the bodies that no other capture has."""
        with transaction(self.connection) as connection:
            _delete_captures(connection, capture_ids)

    def newest_at(self, url: str) -> Capture | None:
        """Return the newest capture of a URL, or None. Raises ReadingError like `newest`."""
        row = self.connection.execute(
            f"{CAPTURES_WITH_BODIES_SQL} WHERE c.url = ? ORDER BY c.fetched_at DESC LIMIT 1", (url,)
        ).fetchone()
        return capture_of_row(row) if row else None

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def _store_capture(connection: sqlite3.Connection, capture: Capture) -> None:
    """Insert a capture, and its body if that is new."""
    known = connection.execute(
        "SELECT 1 FROM bodies WHERE digest = ?", (capture.digest,)
    ).fetchone()
    if not known:
        body, base = _smallest_form(connection, capture)
        connection.execute(
            "INSERT INTO bodies (digest, size, body, base) VALUES (?, ?, ?, ?)",
            (capture.digest, len(capture.body), body, base),
        )
    connection.execute(
        """INSERT INTO captures (url, fetched_at, status, final_url, redirects, headers, digest)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            capture.url,
            capture.fetched_at,
            capture.status,
            capture.final_url,
            json.dumps(capture.redirects),
            json.dumps(capture.headers),
            capture.digest,
        ),
    )


def _delete_captures(connection: sqlite3.Connection, capture_ids: Iterable[int]) -> None:
    """Delete captures and the bodies that no other capture has."""
    asked = json.dumps(list(capture_ids))
    rows = connection.execute(
        "SELECT DISTINCT digest FROM captures WHERE id IN (SELECT value FROM json_each(?))",
        (asked,),
    ).fetchall()
    connection.execute(
        "DELETE FROM captures WHERE id IN (SELECT value FROM json_each(?))", (asked,)
    )
    unused = [
        row["digest"]
        for row in rows
        if not connection.execute(
            "SELECT 1 FROM captures WHERE digest = ? LIMIT 1", (row["digest"],)
        ).fetchone()
    ]
    deltas_first = sorted(unused, key=lambda digest: not _is_delta(connection, digest))
    for digest in deltas_first:
        _store_deltas_whole(connection, digest)
        connection.execute("DELETE FROM bodies WHERE digest = ?", (digest,))


def _is_delta(connection: sqlite3.Connection, digest: str) -> bool:
    """Return whether a body is stored as a delta."""
    query = "SELECT 1 FROM bodies WHERE digest = ? AND base IS NOT NULL"
    return connection.execute(query, (digest,)).fetchone() is not None


def _store_deltas_whole(connection: sqlite3.Connection, base: str) -> None:
    """Store the bodies that are deltas to a body in full, as the body is about to be deleted.

    A delta that is damaged cannot be read either way; it is deleted with its captures.
    """
    rows = connection.execute(f"{BODIES_SQL} WHERE b.base = ?", (base,)).fetchall()
    for row in rows:
        try:
            alone = zstd.compress(_body_of_row(row), ZSTD_LEVEL)
        except ReadingError:
            connection.execute("DELETE FROM captures WHERE digest = ?", (row["digest"],))
            connection.execute("DELETE FROM bodies WHERE digest = ?", (row["digest"],))
            continue
        connection.execute(
            "UPDATE bodies SET body = ?, base = NULL WHERE digest = ?", (alone, row["digest"])
        )


def _smallest_form(connection: sqlite3.Connection, capture: Capture) -> tuple[bytes, str | None]:
    """Return the compressed body and None, or a delta and its base's digest if that is smaller."""
    alone = zstd.compress(capture.body, ZSTD_LEVEL)
    earlier = connection.execute(NEWEST_FULL_BODY_SQL, (capture.url,)).fetchone()
    if earlier:
        with suppress(zstd.ZstdError):  # a damaged body cannot be the base of a delta
            delta = compress_delta(capture.body, zstd.decompress(earlier["body"]))
            if is_delta_worthwhile(delta, alone):
                return delta, earlier["digest"]
    return alone, None


def _body_of_row(row: sqlite3.Row) -> bytes:
    """Decompress the body of a row. Raises ReadingError if the stored bytes are damaged."""
    try:
        if row["whole"] is None:
            return zstd.decompress(row["body"])
        return decompress_delta(row["body"], zstd.decompress(row["whole"]))
    except zstd.ZstdError as error:
        raise ReadingError(
            f"the stored page {row['digest']} is damaged ({error}); run `dateline doctor`"
        ) from error


def capture_of_row(row: sqlite3.Row) -> Capture:
    """Return the capture in a row. Raises ReadingError if the stored bytes are damaged."""
    return Capture(
        url=row["url"],
        body=_body_of_row(row),
        status=row["status"],
        headers=tuple((name, value) for name, value in json.loads(row["headers"])),
        fetched_at=row["fetched_at"],
        final_url=row["final_url"],
        redirects=tuple(json.loads(row["redirects"])),
        digest=row["digest"],
    )
