"""The progress of imports of files with many pages, as rows in `imported_files`.

Functions that write run inside the caller's transaction, which is that of the articles.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archive.records import current_timestamp


@dataclass(frozen=True, slots=True)
class FileProgress:
    """The progress of one file."""

    records: int = 0
    bytes_done: int = 0
    position: Mapping[str, Any] = field(default_factory=dict)
    """The place to go on at, for the reader of such files; empty: the beginning."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Numbers of pages that were not read, by the reason."""
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file, what is wanted of it, and the version that is being imported."""

    address: str
    selection: str
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class KnownImport:
    """The progress of a file as the archive knows it, or that the file was changed since."""

    progress: FileProgress = FileProgress()
    has_changed: bool = False


def known_import(connection: sqlite3.Connection, file: ImportedFile) -> KnownImport:
    """Return how far a file has been imported; nothing is done of one that has changed."""
    row = connection.execute(
        "SELECT * FROM imported_files WHERE address = ? AND selection = ?",
        (file.address, file.selection),
    ).fetchone()
    if row is None:
        return KnownImport()
    if row["version"] != file.version:
        return KnownImport(has_changed=True)
    progress = FileProgress(
        row["records"],
        row["bytes_done"],
        json.loads(row["position"]),
        Counter(json.loads(row["left_out"])),
        row["finished_at"] is not None,
    )
    return KnownImport(progress)


def forget_import(connection: sqlite3.Connection, file: ImportedFile) -> None:
    """Delete what is known of a file."""
    connection.execute(
        "DELETE FROM imported_files WHERE address = ? AND selection = ?",
        (file.address, file.selection),
    )


def save_file_progress(
    connection: sqlite3.Connection, file: ImportedFile, progress: FileProgress
) -> None:
    """Write how far a file has been imported."""
    now = current_timestamp()
    connection.execute(
        """INSERT INTO imported_files (address, selection, version, bytes, bytes_done, records,
            position, left_out, started_at, updated_at, finished_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (address, selection) DO UPDATE SET
            started_at = iif(version = excluded.version, started_at, excluded.started_at),
            version = excluded.version, bytes = excluded.bytes, bytes_done = excluded.bytes_done,
            records = excluded.records, position = excluded.position,
            left_out = excluded.left_out, updated_at = excluded.updated_at,
            finished_at = excluded.finished_at""",
        (
            file.address,
            file.selection,
            file.version,
            file.size,
            progress.bytes_done,
            progress.records,
            json.dumps(dict(progress.position), separators=(",", ":")),
            json.dumps(dict(progress.left_out), ensure_ascii=False),
            now,
            now,
            now if progress.is_finished else None,
        ),
    )
