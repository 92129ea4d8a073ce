"""Threads and connections reserved for the archive's pages.

So a visitor's SQL never delays them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any
from weakref import WeakKeyDictionary

from datasette.views.base import DatasetteError  # type: ignore[import-untyped]

from archive.plugin.guards.sql_limits import MAX_PAGE_VALUE_BYTES

PAGE_READER_THREADS = 2
"""Threads that read for pages."""

PAGE_WORK_FACTOR = 1.3
"""Working time of a page, in multiples of a statement's limit (`sql_time_limit_ms`)."""
PAGE_CLOCK_FACTOR = 8
"""Factor by which a page may exceed that by the clock: a busy machine is not the page's fault."""
PROGRESS_CHECK_STEPS = 1_000
"""Instructions of SQLite's virtual machine between two checks of the time, about 0.1 ms."""

PAGE_TIMEOUT_MESSAGE = "This page took too long; try again, or ask for less."

MAX_PAGE_DIFF_CHARS = 200_000
"""Characters up to which a text is compared with another: two million would take minutes, and such
a comparison cannot be interrupted."""

ReadFunction = Callable[[sqlite3.Connection], Any]
ReadTogetherFunction = Callable[[dict[str, sqlite3.Connection]], Any]
"""Gets the connections to several databases by name."""


@contextmanager
def time_limited(connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
    """Interrupt statements inside after `seconds` of this thread's own work.

    By the clock they may take `PAGE_CLOCK_FACTOR` times as long.
    """
    work_ends = time.thread_time() + seconds
    clock_ends = time.monotonic() + PAGE_CLOCK_FACTOR * seconds
    connection.set_progress_handler(
        lambda: time.thread_time() >= work_ends or time.monotonic() >= clock_ends,
        PROGRESS_CHECK_STEPS,
    )
    try:
        yield
    finally:
        connection.set_progress_handler(None, PROGRESS_CHECK_STEPS)


class PageReaders:
    """The reading threads of one Datasette."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(PAGE_READER_THREADS, thread_name_prefix="dateline-page")
        self._of_thread = threading.local()

    async def read(self, datasette: Any, database: str, make: ReadFunction) -> Any:
        """Return the result of `make` on a database. Raises DatasetteError if it takes too long."""
        return await self.read_together(
            datasette, [database], lambda connections: make(connections[database])
        )

    async def read_together(
        self, datasette: Any, databases: Sequence[str], make: ReadTogetherFunction
    ) -> Any:
        """Return the result of `make` on several databases.

        They are read in one thread, within the time that a page of one has. Raises DatasetteError
        if it takes longer.
        """
        files = {name: datasette.get_database(name) for name in databases}
        seconds = PAGE_WORK_FACTOR * datasette.setting("sql_time_limit_ms") / 1000

        def timed() -> Any:
            """Run `make` within the time limit."""
            connections = {name: self._connection(db) for name, db in files.items()}
            with ExitStack() as limits:
                for connection in connections.values():
                    limits.enter_context(time_limited(connection, seconds))
                return make(connections)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, timed)
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            raise DatasetteError(PAGE_TIMEOUT_MESSAGE, status=503) from error

    def _connection(self, db: Any) -> sqlite3.Connection:
        """Return this thread's connection to a database, opened as Datasette opens it."""
        connections: dict[Any, sqlite3.Connection] = self._of_thread.__dict__
        if db.path not in connections:
            connection: sqlite3.Connection = db.connect()
            connection.row_factory = sqlite3.Row
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_PAGE_VALUE_BYTES)
            connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            connections[db.path] = connection
        return connections[db.path]


_readers_by_datasette: WeakKeyDictionary[Any, PageReaders] = WeakKeyDictionary()


def page_readers(datasette: Any) -> PageReaders:
    """Return the reading threads of a Datasette, starting them on first use."""
    if datasette not in _readers_by_datasette:
        _readers_by_datasette[datasette] = PageReaders()
    return _readers_by_datasette[datasette]


def check_comparable_length(connection: sqlite3.Connection, *articles: int) -> None:
    """Raise DatasetteError if a text or one of its revisions is too long to compare here."""
    longest = """
    SELECT max(coalesce((SELECT length(text) FROM articles WHERE id = :id), 0),
               coalesce((SELECT max(length(text)) FROM revisions WHERE article_id = :id), 0))"""
    lengths = [connection.execute(longest, {"id": id}).fetchone()[0] for id in articles]
    if any(length > MAX_PAGE_DIFF_CHARS for length in lengths):
        raise DatasetteError(
            "This text is too long to be compared here; use `dateline diff`.", status=413
        )
