"""Threads and connections of their own for the pages of the archive: a visitor's SQL never stands
in their way."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from datasette.views.base import DatasetteError  # type: ignore[import-untyped]

from archive.plugin.sql_limits import LENGTH_OF_PAGES

THREADS = 2

PATIENCE = 1.3
"""How long a page may work, in time limits of one statement (`sql_time_limit_ms`)."""
BY_THE_CLOCK = 8
"""So many times as long it may take by the clock: a machine that is busy is not the page's
fault."""
STEPS = 1_000
"""Of SQLite's virtual machine between two looks at the time, some 0.1 ms."""

TOO_LONG = "This page took too long to make; try again, or ask for less."

COMPARED = 200_000
"""Letters of a text that is compared with another: minutes go by over two million, and nothing ends
that."""

Make = Callable[[sqlite3.Connection], Any]


@contextmanager
def limited(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Statements inside end after so many seconds of this thread's own work, or some times as many
    by the clock."""
    worked, clock = time.thread_time() + seconds, time.monotonic() + BY_THE_CLOCK * seconds
    connection.set_progress_handler(
        lambda: time.thread_time() >= worked or time.monotonic() >= clock, STEPS
    )
    try:
        yield
    finally:
        connection.set_progress_handler(None, STEPS)


class Readers:
    """Those of one Datasette."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="dateline-page")
        self._of_thread = threading.local()

    async def read(self, datasette: Any, database: str, make: Make) -> Any:
        """What a function finds in a database. Raises DatasetteError if it takes too long."""
        db = datasette.get_database(database)
        seconds = PATIENCE * datasette.setting("sql_time_limit_ms") / 1000

        def timed() -> Any:
            with limited(self._connection(db), seconds):
                return make(self._connection(db))

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, timed)
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            raise DatasetteError(TOO_LONG, status=503) from error

    def _connection(self, db: Any) -> sqlite3.Connection:
        """Of this thread to a database, opened as Datasette opens it."""
        held: dict[Any, sqlite3.Connection] = self._of_thread.__dict__
        if db.path not in held:
            connection: sqlite3.Connection = db.connect()
            connection.row_factory = sqlite3.Row
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LENGTH_OF_PAGES)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            held[db.path] = connection
        return held[db.path]


_readers: WeakKeyDictionary[Any, Readers] = WeakKeyDictionary()


def readers(datasette: Any) -> Readers:
    """Those of a Datasette, made when they are first asked for."""
    if datasette not in _readers:
        _readers[datasette] = Readers()
    return _readers[datasette]


def check_length(connection: sqlite3.Connection, *articles: int) -> None:
    """Raises DatasetteError where a text, or a revision of it, is too long to be compared while a
    visitor waits."""
    longest = """SELECT max(coalesce((SELECT length(text) FROM articles WHERE id = :id), 0),
                            coalesce((SELECT max(length(text)) FROM revisions WHERE article_id = :id), 0))"""
    if any(connection.execute(longest, {"id": id}).fetchone()[0] > COMPARED for id in articles):
        raise DatasetteError(
            "This text is too long to be compared here; `dateline diff` does it.", status=413
        )
