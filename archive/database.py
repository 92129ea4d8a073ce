"""Opening SQLite files the way the archive needs them: WAL, nothing lost, one writer at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database, Migrations

from archive.errors import ArchiveError, NewerArchiveError

BUSY_SECONDS = 30


def connect(path: Path, migrations: Migrations) -> sqlite3.Connection:
    """Open a file for writing, making it and its tables where they are missing.

    Raises ArchiveError (cannot be opened or is no archive) or NewerArchiveError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # in batches it costs nothing, and a power cut loses nothing
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, migrations, path)
    except (OSError, sqlite3.Error) as error:
        raise ArchiveError(f"{path}: cannot be opened for writing ({error}); check the folder, or name another") from error
    return connection


def connect_to_read(path: Path, migrations: Migrations) -> sqlite3.Connection:
    """Open a file that is there, for reading alone. Raises as `connect`, and ArchiveError if it is not there."""
    if not path.is_file():
        raise ArchiveError(f"{path}: there is no archive here yet; `dateline outlet add` or `dateline crawl URL` starts one")
    try:
        connection = sqlite3.connect(path.absolute().as_uri() + "?mode=ro", timeout=BUSY_SECONDS, uri=True)
        connection.row_factory = sqlite3.Row
        if _pending(connection, migrations, path):
            connection.close()
            connect(path, migrations).close()
            return connect_to_read(path, migrations)
    except sqlite3.Error as error:
        raise ArchiveError(f"{path}: cannot be read ({error}); is it an archive?") from error
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction. It takes the lock at its start: a reader that turns writer would fail without waiting."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        if connection.in_transaction:  # an error such as a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _migrate(connection: sqlite3.Connection, migrations: Migrations, path: Path) -> None:
    if not _pending(connection, migrations, path):
        return
    with transaction(connection):  # several programs may start at once: the first migrates, the others find it done
        migrations.apply(Database(connection, execute_plugins=False))


def _pending(connection: sqlite3.Connection, migrations: Migrations, path: Path) -> bool:
    db = Database(connection, execute_plugins=False)
    known = {migration.name for migration in migrations._migrations}
    applied = {migration.name for migration in migrations.applied(db)}
    if applied - known:
        raise NewerArchiveError(f"{path}: written by a newer version of dateline ({min(applied - known)}); update dateline")
    return bool(known - applied)
