"""A copy of the archive for public display, taken at one instant and free of locks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.errors import ArchiveError
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA

PRIVATE_TABLES = (
    "notes",
    "saved_searches",
    "alert_deliveries",
    "alert_items",
    "alert_targets",
    "alerts",
    "deposit_services",
    "erasures",
    "moved_pages",
    "warc_files",
)
"""Tables whose rows are not for the public; nor are the reasons of removals."""


@contextmanager
def archive_snapshot(folder: Path, name: str = "archive") -> Iterator[Path]:
    """Yield a copy of `folder`'s archive.db (VACUUM INTO) called `name`.db, deleted afterwards.

    It has everything but notes, saved searches, alerts, failed deposits and the places of WARC files.

    The copy lies beside the original, where there is room for such files. Raises ArchiveError if
    there is no archive or the copy cannot be written.
    """
    try:
        with TemporaryDirectory(prefix=".public-", dir=folder, ignore_cleanup_errors=True) as aside:
            copy = Path(aside) / f"{name}.db"
            with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
                connection.execute("VACUUM INTO ?", [str(copy)])
            _remove_private_rows(copy)
            copy.chmod(0o400)
            yield copy
    except (OSError, sqlite3.Error) as error:
        raise ArchiveError(
            f"{folder}: cannot write a copy to publish ({error}); "
            "it needs as much room as archive.db"
        ) from error


def _remove_private_rows(copy: Path) -> None:
    """Delete from a copy what people wrote for themselves, without a trace in free pages."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        for table in PRIVATE_TABLES:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608  constant table names
        connection.execute("DELETE FROM deposits WHERE state <> 'done'")
        connection.execute("UPDATE removals SET reason = '', removed_by = NULL")
        for table in ("urls", "fetches"):  # earlier versions wrote the reason there too
            connection.execute(
                f"""UPDATE {table} SET reason = substr(reason, 1, length('removed on 2000-01-01'))
                WHERE outcome = 'refused' AND reason GLOB 'removed on ????-??-??: *'"""  # noqa: S608
            )
