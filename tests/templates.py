"""New archives as copies of one that is made once per process.

The steps of the schema take a third of a second of CPU for every new archive, which was half of
what the tests of the archive took. A file that has tables is migrated as ever, and so is the one
that is copied. Programs that tests start afresh (`Popen`) take no copies.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

from archive.storage import database
from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA, DatabaseSchema

apply_all_steps = database._apply_migrations


@cache
def schema_template(schema: DatabaseSchema) -> bytes:
    """Return an empty database of a schema, as SQLite serialises it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        apply_all_steps(connection, schema, Path(":memory:"))
        return connection.serialize()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep out other processes that would fill a new file there at the same time."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_empty(connection: sqlite3.Connection) -> bool:
    """Return whether a file has no tables, once nobody is about to create them."""
    with database.transaction(connection):
        return bool(connection.execute("PRAGMA schema_version").fetchone()[0] == 0)


def _fill_new_file(connection: sqlite3.Connection, schema: DatabaseSchema, path: Path) -> None:
    if schema not in (ARCHIVE_SCHEMA, CAPTURES_SCHEMA) or not database.has_pending_steps(
        connection, schema, path
    ):
        apply_all_steps(connection, schema, path)
        return
    with _alone_in(path.parent):
        if not _is_empty(connection):
            apply_all_steps(connection, schema, path)
            return
        with closing(sqlite3.connect(":memory:")) as template:
            template.deserialize(schema_template(schema))
            template.backup(connection)


def use_templates() -> None:
    """Fill new archives of this process, and of those that it forks, from templates."""
    database._apply_migrations = _fill_new_file
