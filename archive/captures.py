"""Pages as they came: compressed bodies by their digest, with the headers, in a file of their own.

They lie beside the archive so that the file which people browse and copy stays small.
"""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path

from archive.database import connect, transaction
from archive.records import Capture
from archive.schema import CAPTURES

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 3
"""A page shrinks to a fifth in under 2 ms; higher levels cost more than they save."""


class Captures:
    """The captures of one archive. Raises ArchiveError where the file cannot be opened."""

    def __init__(self, path: Path) -> None:
        self.connection = connect(path, CAPTURES)

    def keep(self, captures: Iterable[Capture]) -> None:
        """Write captures in one transaction; a body that is there already is not written again."""
        with transaction(self.connection) as connection:
            for capture in captures:
                _keep(connection, capture)

    def body(self, digest: str) -> bytes | None:
        """A body by its digest, or None."""
        row = self.connection.execute("SELECT body FROM bodies WHERE digest = ?", (digest,)).fetchone()
        return zstd.decompress(row["body"]) if row else None

    def newest(self, digest: str) -> Capture | None:
        """The newest capture with that body, or None."""
        row = self.connection.execute(
            "SELECT * FROM captures JOIN bodies USING (digest) WHERE digest = ? ORDER BY fetched_at DESC LIMIT 1",
            (digest,),
        ).fetchone()
        return _capture(row) if row else None

    def close(self) -> None:
        self.connection.close()


def _keep(connection: sqlite3.Connection, capture: Capture) -> None:
    known = connection.execute("SELECT 1 FROM bodies WHERE digest = ?", (capture.digest,)).fetchone()
    if not known:
        connection.execute(
            "INSERT INTO bodies (digest, size, body) VALUES (?, ?, ?)",
            (capture.digest, len(capture.body), zstd.compress(capture.body, LEVEL)),
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


def _capture(row: sqlite3.Row) -> Capture:
    return Capture(
        url=row["url"],
        body=zstd.decompress(row["body"]),
        status=row["status"],
        headers=tuple((name, value) for name, value in json.loads(row["headers"])),
        fetched_at=row["fetched_at"],
        final_url=row["final_url"],
        redirects=tuple(json.loads(row["redirects"])),
        digest=row["digest"],
    )
