"""Move old captures to a WARC file: written, read back and compared before anything is removed.

What was moved is recorded in `archive.db` before it is removed from `captures.db`. A run that is
killed in between leaves pages in both places, and the next one goes on with the same file.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from archive.archive import Archive
from archive.errors import ArchiveError, UsageError
from archive.exports.article_files import atomic_file
from archive.exports.warc import write_warc
from archive.frontier.urls import lead_to_url
from archive.keeping.backup_manifest import file_sha256
from archive.progress import ProgressReport, ignore_progress
from archive.records import current_timestamp
from archive.storage.captures import CaptureStore
from archive.storage.compaction import compact_files, is_compaction_due
from archive.storage.database import transaction

WARC_ENDING = ".warc.gz"
MOVED_CAPTURES_PER_TRANSACTION = 500
BODY_RECORDS = ("response", "resource")

MONTHS_SQL = """SELECT substr(fetched_at, 1, 7) AS month, count(*) AS captures,
  sum(is_first) AS bodies, sum(iif(is_first, stored, 0)) AS bytes
FROM (SELECT c.fetched_at, length(b.body) AS stored,
    c.id = (SELECT min(id) FROM captures WHERE digest = c.digest) AS is_first
  FROM captures c JOIN bodies b ON b.digest = c.digest)
GROUP BY 1 ORDER BY 1"""


@dataclass(frozen=True, slots=True)
class MovedCaptures:
    """The result of writing old captures to a WARC file."""

    path: Path
    captures: int
    bytes: int
    removed: int = 0
    compacted: bool = False
    """True if the file captures.db was rewritten without the room that became free."""


def captures_by_month(captures: CaptureStore) -> list[dict[str, Any]]:
    """Return for each month the captures, the new bodies among them, and their stored bytes."""
    return [dict(row) for row in captures.connection.execute(MONTHS_SQL)]


def warc_path(target: Path, until: str) -> Path:
    """Return the WARC file for captures made until a time, in a folder or as named.

    Raises UsageError for a name with another ending.
    """
    if target.is_dir():
        return target / f"captures-until-{until[:10]}{WARC_ENDING}"
    if not target.name.lower().endswith(WARC_ENDING):
        raise UsageError(
            f"{target}: name a folder that exists, or a file that ends in {WARC_ENDING}"
        )
    return target


def move_captures(
    archive: Archive,
    path: Path,
    until: str,
    remove: bool,
    report: ProgressReport = ignore_progress,
) -> MovedCaptures:
    """Write the captures made before a time to a WARC file, and with `remove` remove them here.

    A file that is there already is used if it holds exactly these captures, or these among others
    that an earlier run, which was killed, recorded and removed. Raises UsageError if
    it holds others, ArchiveError if the file cannot be written or does not hold what was to be
    written; then nothing is removed.
    """
    newest_id = _newest_capture_id(archive.captures)
    expected = _expected_records(archive.captures.connection, until)
    if not expected:
        return MovedCaptures(path, 0, 0)
    if not path.exists():
        with atomic_file(path, binary=True) as file:
            lead_to = partial(lead_to_url, archive.db)
            write_warc(archive.captures, file, lead_to=lead_to, report=report, until=until)
        found = _warc_records(path)
        if found != expected:
            raise ArchiveError(f"{path}: does not hold what was written; nothing was removed")
    else:
        found = _warc_records(path)
        if found != expected and not (expected <= found and _is_recorded(archive.db, path)):
            raise UsageError(f"{path}: is there already, with other captures; name another file")
    written = MovedCaptures(path, found.total(), path.stat().st_size)
    if not remove:
        return written
    _record_moved(archive.db, written, list(expected))
    removed = _remove_captures(archive.captures, until, newest_id)
    return replace(written, removed=removed, compacted=_compact(archive))


def _expected_records(connection: sqlite3.Connection, until: str) -> Counter[str]:
    """Return the digests of the captures made before a time, and how often each occurs."""
    rows = connection.execute(
        "SELECT digest, count(*) FROM captures WHERE fetched_at < ? GROUP BY digest", (until,)
    )
    return Counter({str(digest): int(many) for digest, many in rows})


def _warc_records(path: Path) -> Counter[str]:
    """Return the SHA-256 of the bodies in a WARC file, with the captures of each.

    Raises ArchiveError if the file cannot be read.
    """
    found: Counter[str] = Counter()
    digest_of: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                if record.rec_type in BODY_RECORDS:
                    digest = hashlib.sha256(record.content_stream().read()).hexdigest()
                    digest_of[record.rec_headers["WARC-Record-ID"]] = digest
                    found[digest] += 1
                elif record.rec_type == "revisit":
                    found[digest_of.get(record.rec_headers["WARC-Refers-To"], "unknown")] += 1
    except (OSError, ValueError) as error:
        raise ArchiveError(f"{path}: cannot be read back ({error}); nothing was removed") from error
    except Exception as error:  # warcio raises errors of its own
        raise ArchiveError(f"{path}: is not a WARC file ({error}); nothing was removed") from error
    return found


def _is_recorded(db: sqlite3.Connection, path: Path) -> bool:
    """Return whether an earlier run recorded a file with moved pages, unchanged since."""
    row = db.execute(
        "SELECT sha256 FROM warc_files WHERE path = ?", (str(path.absolute()),)
    ).fetchone()
    return row is not None and row[0] == file_sha256(path)


def _record_moved(db: sqlite3.Connection, written: MovedCaptures, digests: list[str]) -> None:
    """Record in one transaction where the pages are."""
    path = str(written.path.absolute())
    values = (path, file_sha256(written.path), written.bytes, written.captures, current_timestamp())
    with transaction(db):
        db.execute(
            """INSERT INTO warc_files (path, sha256, bytes, captures, written_at)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET sha256 = excluded.sha256,
              bytes = excluded.bytes, captures = excluded.captures""",
            values,
        )
        [file_id] = db.execute("SELECT id FROM warc_files WHERE path = ?", (path,)).fetchone()
        db.executemany(
            """INSERT INTO moved_pages (digest, warc_file_id) VALUES (?, ?)
            ON CONFLICT DO UPDATE SET warc_file_id = excluded.warc_file_id""",
            [(digest, file_id) for digest in digests],
        )


def _newest_capture_id(captures: CaptureStore) -> int:
    return int(captures.connection.execute("SELECT max(id) FROM captures").fetchone()[0] or 0)


def _remove_captures(captures: CaptureStore, until: str, newest_id: int) -> int:
    """Remove the captures made before a time, some in each transaction; return their number.

    Those with an id above `newest_id` were imported since, and are not in the file.
    """
    removed = 0
    while True:
        rows = captures.connection.execute(
            "SELECT id FROM captures WHERE fetched_at < ? AND id <= ? LIMIT ?",
            (until, newest_id, MOVED_CAPTURES_PER_TRANSACTION),
        ).fetchall()
        if not rows:
            return removed
        captures.delete([int(row["id"]) for row in rows])
        removed += len(rows)


def _compact(archive: Archive) -> bool:
    """Rewrite captures.db if much of it is free; return whether that was done.

    Without the room, while a crawl runs, or while another program reads, it stays as it is, and the
    free room is used for new captures.
    """
    files = {"captures.db": archive.captures.connection}
    return is_compaction_due(files["captures.db"]) and compact_files(archive.folder, files) is None
