"""Give the free pages of SQLite files back to the disk."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from archive.errors import BusyError
from archive.storage.lock import hold_crawl_lock

MIN_FREE_SHARE = 0.1
"""Share of free pages from which a file is rewritten."""


def is_compaction_due(connection: sqlite3.Connection) -> bool:
    """Return True if many pages of a file are free."""
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    [free] = connection.execute("PRAGMA freelist_count").fetchone()
    return bool(free > MIN_FREE_SHARE * pages)


def has_room_to_compact(connection: sqlite3.Connection, path: Path) -> bool:
    """Return True if the disk has room for the two copies that a rewrite needs."""
    [pages] = connection.execute("PRAGMA page_count").fetchone()
    [free] = connection.execute("PRAGMA freelist_count").fetchone()
    [page_bytes] = connection.execute("PRAGMA page_size").fetchone()
    return bool(shutil.disk_usage(path.parent).free > 2.2 * (pages - free) * page_bytes)


def compact_files(
    folder: Path, connections: Mapping[str, sqlite3.Connection], always: bool = False
) -> str | None:
    """Rewrite the files that have many free pages, or all; return why it was not possible.

    Holds the archive's lock, so that no crawl waits for a file that is rewritten. With `always` it
    raises BusyError while a crawl runs.
    """
    try:
        with hold_crawl_lock(folder):
            for name, connection in connections.items():
                if not always and not is_compaction_due(connection):
                    continue
                if not has_room_to_compact(connection, folder / name):
                    return f"{name} keeps its size: the disk has no room for a smaller copy"
                compact_file(connection, folder / name)
    except BusyError as error:
        if always:
            raise BusyError(f"{error}; the files are not rewritten") from error
        return "the files keep their size while a crawl runs; what is free is used again"
    except sqlite3.Error as error:
        return f"the files keep their size ({error}); what is free is used again"
    return None


def compact_file(connection: sqlite3.Connection, path: Path) -> None:
    """Rewrite a file without its free pages; nothing else may write it meanwhile.

    Raises sqlite3.Error if it cannot be rewritten, and then leaves it as it was.
    """
    with _temporary_files_in(path.parent):
        connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Let SQLite write its temporary files into a folder, as /tmp is often small."""
    before = os.environ.get("SQLITE_TMPDIR")
    os.environ["SQLITE_TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SQLITE_TMPDIR"]
        else:
            os.environ["SQLITE_TMPDIR"] = before
