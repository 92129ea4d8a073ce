"""Opening SQLite files as the archive needs them: WAL, durable commits, one writer at a time."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive.errors import ArchiveError, NewerArchiveError
from archive.storage.counted_keys import (
    forget_counts,
    number_of_count_changes,
    undo_count_changes,
)
from archive.storage.schema import DatabaseSchema, split_statements
from archive.text.folding import needs_extra_folding
from archive.text.searchable import searchable_text
from archive.text.unspaced import bigrams

BUSY_TIMEOUT_SECONDS = 30
MAX_PREPARED_STATEMENTS = 512
"""Statements of a connection that are prepared once; writing an article takes nearly a hundred."""
PAGES_PER_CHECKPOINT = 8_000
"""Pages of 4 kB in the log from which a commit moves them into the file. A batch of articles changes
some 2,500, many of which the next one changes again."""
REPLACED_NAME = ".replaced"
"""The folder, within an archive's, of the archive that a restore replaces (`archive.keeping`)."""


def open_database(
    path: Path, schema: DatabaseSchema, patience: float = BUSY_TIMEOUT_SECONDS
) -> sqlite3.Connection:
    """Open a file for writing; the file and its tables are created if they are missing.

    `patience` is the time in seconds that a write waits for another program's write.

    Raises ArchiveError (the file cannot be opened or is not an archive) or NewerArchiveError.
    """
    _check_no_restore_pending(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=patience, isolation_level=None, cached_statements=MAX_PREPARED_STATEMENTS
        )
        connection.row_factory = sqlite3.Row
        _switch_to_wal(connection, patience)
        # a power cut loses no committed batch; with batches the cost is negligible
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        # what is deleted is overwritten; many builds of SQLite do that by default, others do not
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA cache_size = -{schema.cache}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {PAGES_PER_CHECKPOINT}")
        _apply_migrations(connection, schema, path)
    # SQLite puts raw bytes of a damaged file into its messages, hence UnicodeDecodeError
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        advice = advice_on_full_disk(error) or "check the folder, or name another"
        raise ArchiveError(f"{path}: cannot be opened for writing ({error}); {advice}") from error
    return connection


def advice_on_full_disk(error: Exception) -> str | None:
    """Return what to do about an error of a full disk, None for any other error.

    SQLite does not say which disk it is: it also writes temporary files.
    """
    is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return "make room there or in the folder for temporary files (TMPDIR)" if is_full else None


def open_read_only(path: Path, schema: DatabaseSchema) -> sqlite3.Connection:
    """Open an existing file for reading only.

    A file of an older version is migrated first. Raises the errors of `open_database`, and
    ArchiveError if the file does not exist.
    """
    _check_no_restore_pending(path)
    if not path.is_file():
        raise ArchiveError(
            f"{path}: there is no archive here yet; "
            "`dateline outlet add` or `dateline crawl URL` starts one"
        )
    try:
        connection = sqlite3.connect(read_only_uri(path), timeout=BUSY_TIMEOUT_SECONDS, uri=True)
        connection.row_factory = sqlite3.Row
        if has_pending_steps(connection, schema, path):
            connection.close()
            open_database(path, schema).close()
            return open_read_only(path, schema)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: cannot be read ({error}); is it an archive?") from error
    return connection


def open_unmigrated(path: Path, schema: DatabaseSchema) -> sqlite3.Connection:
    """Open an existing file for reading only, and leave a file of an older version as it is.

    Raises ArchiveError if it does not exist or is not an archive's, and NewerArchiveError.
    """
    if not path.is_file():
        raise ArchiveError(f"{path}: there is no such file; name the folder of an archive")
    connection = None
    try:
        connection = sqlite3.connect(
            read_only_uri(path), timeout=BUSY_TIMEOUT_SECONDS, uri=True, isolation_level=None
        )
        connection.row_factory = sqlite3.Row
        newest_step(connection, schema, path)
    except (sqlite3.Error, UnicodeDecodeError, ArchiveError) as error:
        if connection:
            connection.close()
        if isinstance(error, ArchiveError):
            raise
        raise ArchiveError(f"{path}: cannot be read ({error}); is it an archive?") from error
    return connection


def _check_no_restore_pending(path: Path) -> None:
    """Raise ArchiveError if a file is missing because a restore was interrupted."""
    if not path.exists() and (path.parent / REPLACED_NAME).is_dir():
        raise ArchiveError(
            f"{path.parent}: a restore was interrupted; run `dateline restore` again to finish it"
        )


def newest_step(connection: sqlite3.Connection, schema: DatabaseSchema, path: Path) -> str:
    """Return the name of the last step that was applied to a file.

    Raises ArchiveError if it is not a file of this schema, and NewerArchiveError.
    """
    has_pending_steps(connection, schema, path)
    applied = _applied_steps(connection, schema.name)
    if not applied:
        raise ArchiveError(f"{path}: is not a file of an archive")
    return max(applied)


def read_only_uri(path: Path) -> str:
    """Return the URI to open a file read-only, for `sqlite3.connect(…, uri=True)` and ATTACH.

    In a folder without write permission SQLite cannot create the files by which readers and a
    writer coordinate. If these files do not exist there is no writer, and the file is opened as
    immutable.
    """
    has_wal = path.with_name(path.name + "-wal").exists()
    is_immutable = not os.access(path.parent, os.W_OK) and not has_wal
    return path.absolute().as_uri() + ("?mode=ro&immutable=1" if is_immutable else "?mode=ro")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run one write transaction; an exception rolls it back.

    It takes the write lock at its start, since a reader that becomes a writer would fail at once
    instead of waiting.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        forget_counts(connection)
        if connection.in_transaction:  # an error such as a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise
    try:
        connection.execute("COMMIT")
    except BaseException:
        forget_counts(connection)
        raise


@contextmanager
def savepoint(connection: sqlite3.Connection) -> Iterator[None]:
    """Run a part of a transaction that is rolled back alone if it fails. Parts may be nested."""
    connection.execute("SAVEPOINT part")
    counted = number_of_count_changes(connection)
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # as above
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
            undo_count_changes(connection, counted)
        raise
    connection.execute("RELEASE part")


def _switch_to_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Switch the file to write-ahead logging.

    The wait is our own loop: when two programs switch a new file at the same time, SQLite rejects
    one of them without waiting.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(0.005)


def _apply_migrations(connection: sqlite3.Connection, schema: DatabaseSchema, path: Path) -> None:
    """Run the steps of the schema that have not been applied."""
    if not has_pending_steps(connection, schema, path):
        return
    # imported here, as it takes half a second and most commands have nothing to migrate
    from sqlite_utils import Database, Migrations

    migrations = Migrations(schema.name)
    for name, script in schema.steps:
        migrations(name=name)(_migration_of_script(script))
    for name, argument_count, function in (
        ("searched", 4, searchable_text),
        ("search_bigrams", 1, bigrams),
        ("search_differs", 1, needs_extra_folding),
    ):
        connection.create_function(name, argument_count, function, deterministic=True)
    # several programs may start at once: the first migrates, the others have nothing left to do
    with transaction(connection):
        migrations.apply(Database(connection, execute_plugins=False))


def _migration_of_script(script: str) -> Callable[[Any], None]:
    """Return a migration that runs a script."""

    def run_script(db: Any) -> None:
        for statement in split_statements(script):
            db.conn.execute(statement)

    return run_script


def has_pending_steps(connection: sqlite3.Connection, schema: DatabaseSchema, path: Path) -> bool:
    """Return whether there are steps to apply.

    Raises NewerArchiveError if steps were applied that this version does not know.
    """
    known = {name for name, _ in schema.steps}
    applied = set(_applied_steps(connection, schema.name))
    if applied - known:
        raise NewerArchiveError(
            f"{path}: written by a newer version of dateline ({min(applied - known)}); "
            "update dateline"
        )
    return bool(known - applied)


def _applied_steps(connection: sqlite3.Connection, name: str) -> list[str]:
    """Return the steps applied, from the table of sqlite-utils but without importing it."""
    table = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
    if not connection.execute(table).fetchone():
        return []
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (name,)
    )
    return [row["name"] for row in rows]
