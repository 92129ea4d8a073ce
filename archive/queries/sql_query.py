"""Run one SQL statement of a user on the archive, which it can only read."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from archive.errors import ArchiveError, UsageError

INSTRUCTIONS_PER_CHECK = 100_000
"""Instructions of SQLite's machine after which Ctrl-C and the time limit are looked at."""
REFUSED_ACTIONS = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})
"""Actions that reach another file; VACUUM INTO uses the first."""
NAMED_PLACE = re.compile(
    r'near "(?P<near>.+)": syntax error|no such (?:column|table|function): (?P<name>\S+)'
    r'|ambiguous column name: (?P<ambiguous>\S+)|unrecognized token: "(?P<token>.+)"',
    re.DOTALL,
)
"""The word at which SQLite says that a statement fails."""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The rows of a query, which are read one at a time."""

    columns: tuple[str, ...]
    """Names, each once."""
    rows: Iterator[tuple[object, ...]]


@contextmanager
def run_sql_query(
    connection: sqlite3.Connection, sql: str, timeout_seconds: float | None = None
) -> Iterator[QueryResult]:
    """Run one statement that only reads, on a connection that is used for nothing else afterwards.

    Raises UsageError for a statement that is invalid or would write, with its place in the text, and
    ArchiveError if it takes longer than the time limit.
    """
    deadline = time.monotonic() + timeout_seconds if timeout_seconds else None
    connection.row_factory = None
    connection.execute("PRAGMA query_only = 1")
    connection.set_authorizer(_allow_reading)
    connection.set_progress_handler(lambda: _is_overdue(deadline), INSTRUCTIONS_PER_CHECK)
    try:
        cursor = connection.execute(sql)
        if cursor.description is None:
            raise UsageError("the statement returns no rows; give a SELECT")
        yield QueryResult(unique_names([each[0] for each in cursor.description]), cursor)
    except (sqlite3.Error, sqlite3.Warning) as error:
        if _is_overdue(deadline):
            raise ArchiveError(
                f"the query took longer than {timeout_seconds:g} s; raise --timeout, or limit the query"
            ) from None
        if str(error) == "interrupted":  # by Ctrl-C, which SQLite takes for its own end
            raise KeyboardInterrupt from None
        raise UsageError(sql_error_text(connection, sql, error)) from None
    finally:
        connection.set_progress_handler(None, 0)
        connection.set_authorizer(None)


def _is_overdue(deadline: float | None) -> bool:
    """Return whether the time limit has passed."""
    return deadline is not None and time.monotonic() > deadline


def _allow_reading(action: int, first: str | None, second: str | None, *_: object) -> int:
    """Refuse actions that reach other files, and pragmas that set something."""
    is_setting = action == sqlite3.SQLITE_PRAGMA and first == "query_only" and second is not None
    return sqlite3.SQLITE_DENY if action in REFUSED_ACTIONS or is_setting else sqlite3.SQLITE_OK


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns with a number behind repeated ones: `id`, `id_2`."""
    unique: dict[str, None] = {}
    for name in names:
        number, candidate = 1, name
        while candidate in unique:
            number += 1
            candidate = f"{name}_{number}"
        unique[candidate] = None
    return tuple(unique)


def sql_error_text(
    connection: sqlite3.Connection, sql: str, error: sqlite3.Error | sqlite3.Warning
) -> str:
    """Return an error of SQLite in one line, with its place in the statement where it is known."""
    message = " ".join(str(error).split())
    if "readonly" in message or message in ("not authorized", "authorization denied"):
        return f"only statements that read are allowed ({message})"
    at = _error_offset(connection, sql, str(error))
    if at is None:
        return f"the SQL is not valid: {message}"
    line, column = sql.count("\n", 0, at) + 1, at - sql.rfind("\n", 0, at)
    return f"the SQL is not valid at line {line}, column {column}: {message}"


def _error_offset(connection: sqlite3.Connection, sql: str, message: str) -> int | None:
    """Return where in a statement the word of an error is, None if it is not there.

    A syntax error is where the text before the word is a valid beginning, and with it no more.
    """
    if message == "incomplete input":
        return len(sql.rstrip())
    found = NAMED_PLACE.search(message)
    if found is None:
        return None
    word = next(group for group in found.groups() if group)
    if found["near"] is None:
        return _whole_word_offset(sql, word)
    places = [match.start() for match in re.finditer(re.escape(word), sql)]
    for at in places:
        ends = at + len(word)
        if _is_valid_beginning(connection, sql[:at]) and not _is_valid_beginning(
            connection, sql[:ends]
        ):
            return at
    return places[0] if len(places) == 1 else None


def _whole_word_offset(sql: str, word: str) -> int | None:
    """Return where a name is in a statement, as written or without its table."""
    for name in (word, word.rpartition(".")[2]):
        if match := re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", sql, re.IGNORECASE):
            return match.start()
    return None


def _is_valid_beginning(connection: sqlite3.Connection, sql: str) -> bool:
    """Return whether text is the beginning of some statement."""
    try:
        connection.execute(f"EXPLAIN {sql}")
    except (sqlite3.Error, sqlite3.Warning) as error:
        return "syntax error" not in str(error)
    return True
