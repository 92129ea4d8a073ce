"""Opening SQLite files the way the archive needs them: WAL, nothing lost, one writer at a time."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive.errors import ArchiveError, NewerArchiveError
from archive.storage.schema import Schema, statements
from archive.text.folding import differs
from archive.text.searchable import searchable_text
from archive.text.unspaced import bigrams

BUSY_SECONDS = 30


def connect(path: Path, schema: Schema, patience: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open a file for writing, making it and its tables where they are missing.

    `patience` are the seconds that a write waits for another program's.

    Raises ArchiveError (cannot be opened or is no archive) or NewerArchiveError.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
        connection.row_factory = sqlite3.Row
        _turn_to_wal(connection, patience)
        # in batches it costs nothing, and a power cut loses nothing
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{schema.cache}")
        _migrate(connection, schema, path)
    # the last: SQLite names what is damaged as it is
    except (OSError, sqlite3.Error, UnicodeDecodeError) as error:
        raise ArchiveError(
            f"{path}: cannot be opened for writing ({error}); check the folder, or name another"
        ) from error
    return connection


def connect_to_read(path: Path, schema: Schema) -> sqlite3.Connection:
    """Open a file that is there, for reading alone. Raises as `connect`, and ArchiveError if it is
    not there."""
    if not path.is_file():
        raise ArchiveError(
            f"{path}: there is no archive here yet; `dateline outlet add` or `dateline crawl URL` starts one"
        )
    try:
        connection = sqlite3.connect(read_only_uri(path), timeout=BUSY_SECONDS, uri=True)
        connection.row_factory = sqlite3.Row
        if _pending(connection, schema, path):
            connection.close()
            connect(path, schema).close()
            return connect_to_read(path, schema)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ArchiveError(f"{path}: cannot be read ({error}); is it an archive?") from error
    return connection


def read_only_uri(path: Path) -> str:
    """For `sqlite3.connect(…, uri=True)` and ATTACH.

    In a folder that cannot be written SQLite cannot make the files by which readers and a writer
    agree. Where there are none, there is no writer, and the file is read as one that does not
    change.
    """
    frozen = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    return path.absolute().as_uri() + ("?mode=ro&immutable=1" if frozen else "?mode=ro")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One write transaction. It takes the lock at its start: a reader that turns writer would fail
    without waiting."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        if connection.in_transaction:  # an error such as a full disk has rolled back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def part(connection: sqlite3.Connection) -> Iterator[None]:
    """A part of a transaction that is undone alone where it fails; parts may lie within parts."""
    connection.execute("SAVEPOINT part")
    try:
        yield
    except BaseException:
        if connection.in_transaction:  # as above
            connection.execute("ROLLBACK TO part")
            connection.execute("RELEASE part")
        raise
    connection.execute("RELEASE part")


def _turn_to_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Waits itself: where two programs turn one new file at once, SQLite refuses one of them
    without waiting."""
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.005)


def _migrate(connection: sqlite3.Connection, schema: Schema, path: Path) -> None:
    if not _pending(connection, schema, path):
        return
    # half a second to import, and most commands find nothing to do
    from sqlite_utils import Database, Migrations

    migrations = Migrations(schema.name)
    for name, script in schema.steps:
        migrations(name=name)(_runs(script))
    for name, many, function in (
        ("searched", 4, searchable_text),
        ("search_bigrams", 1, bigrams),
        ("search_differs", 1, differs),
    ):
        connection.create_function(name, many, function, deterministic=True)
    # several programs may start at once: the first migrates, the others find it done
    with transaction(connection):
        migrations.apply(Database(connection, execute_plugins=False))


def _runs(script: str) -> Callable[[Any], None]:
    def step(db: Any) -> None:
        for statement in statements(script):
            db.conn.execute(statement)

    return step


def _pending(connection: sqlite3.Connection, schema: Schema, path: Path) -> bool:
    """Are there steps to take? Raises NewerArchiveError where steps were taken that this version
    does not know."""
    known = {name for name, _ in schema.steps}
    applied = set(_applied(connection, schema.name))
    if applied - known:
        raise NewerArchiveError(
            f"{path}: written by a newer version of dateline ({min(applied - known)}); update dateline"
        )
    return bool(known - applied)


def _applied(connection: sqlite3.Connection, name: str) -> list[str]:
    """Read as sqlite-utils writes it, without importing it."""
    table = "SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'"
    if not connection.execute(table).fetchone():
        return []
    rows = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ?", (name,)
    )
    return [row["name"] for row in rows]
