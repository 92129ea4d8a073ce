"""Limits on a statement: by connection, by process, and by the size of its result.

SQLite's own time limit (Datasette's `sql_time_limit_ms`) is checked between instructions. A
function that works on megabytes is a single instruction, so values are limited in size, and
functions whose time grows with the square of their arguments are replaced.
"""

from __future__ import annotations

import sqlite3
import sys
import weakref
from collections.abc import Callable
from contextlib import closing
from functools import cache
from typing import Any

STATEMENT_LIMITS = {
    # bytes of one value; otherwise one request could build a gigabyte
    sqlite3.SQLITE_LIMIT_LENGTH: 20_000_000,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,  # a long pattern with many % takes minutes
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 50_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 250,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 25_000,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 10,
}
"""SQLite's limits for a visitor's connection."""

MAX_PAGE_VALUE_BYTES = 40_000_000
"""Bytes of one value for our own pages: the longest stored text has two million characters of four
bytes, and as many pairs."""

MAX_SQLITE_HEAP_BYTES = 48 << 20
"""Bytes that SQLite may allocate in the whole process; only a statement that needs more fails."""

MAX_RESULT_BYTES, MAX_RESULT_CELLS = 10_000_000, 30_000
"""Maximum size of a result: Datasette holds all of it in memory, and the rendered page as well."""


def _name_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


HARMLESS_FUNCTIONS = _name_set(
    """
    -> ->> abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling changes char coalesce concat concat_ws cos cosh
    count cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp first_value floor
    glob group_concat hex if ifnull iif instr json json_array json_array_length json_error_position json_extract
    json_group_array json_group_object json_insert json_object json_pretty json_quote json_remove json_replace json_set
    json_type json_valid julianday lag last_insert_rowid last_value lead length like likelihood likely ln log log10 log2
    lower ltrim max min mod nth_value ntile nullif octet_length percent_rank pi pow power quote radians random rank
    replace round row_number rtrim sign sin sinh soundex sqlite_version sqrt strftime string_agg substr substring
    subtype sum tan tanh time timediff total total_changes trim trunc typeof unhex unicode unixepoch unlikely upper
    """
)
"""SQLite's own functions that may be called; a function that a later SQLite adds is refused until
it is listed here. Excluded are functions that create large values (randomblob, zeroblob, printf,
format), that reach outside (load_extension), and whose time grows with the square of their
arguments (json_patch)."""

REFUSED_FUNCTIONS = frozenset(
    {"load_extension", "fts3_tokenizer", "rtreecheck", "snippet", "highlight"}
)
"""Functions of SQLite's modules that are refused too. `snippet` and `highlight` take hours if a
word occurs a million times in a text; `passage`, a function of the archive, replaces them."""

HARMLESS_PRAGMAS = _name_set(
    """
    collation_list compile_options data_version database_list defer_foreign_keys encoding foreign_key_list foreign_keys
    freelist_count function_list index_info index_list index_xinfo max_page_count module_list page_count page_size
    pragma_list query_only recursive_triggers schema_version table_info table_list table_xinfo user_version
    """
)
# Datasette's own tools and sqlite-utils set these; they act on writes alone
SETTABLE_PRAGMAS = frozenset({"defer_foreign_keys", "foreign_keys", "recursive_triggers"})
PRAGMAS_ABOUT_A_NAME = frozenset(
    {
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "table_info",
        "table_list",
        "table_xinfo",
    }
)


def limit_connection(connection: sqlite3.Connection) -> None:
    """Limit a visitor's connection: its values, its functions, and the size of results."""
    for category, most in STATEMENT_LIMITS.items():
        connection.setlimit(category, most)
    for name, arguments, function in (
        ("instr", 2, sql_instr),
        ("replace", 3, sql_replace),
        ("trim", 1, sql_trim),
        ("trim", 2, sql_trim),
        ("ltrim", 1, sql_ltrim),
        ("ltrim", 2, sql_ltrim),
        ("rtrim", 1, sql_rtrim),
        ("rtrim", 2, sql_rtrim),
    ):
        connection.create_function(name, arguments, function, deterministic=True)
    connection.row_factory = bounded_row_factory(MAX_RESULT_BYTES, MAX_RESULT_CELLS)
    connection.set_authorizer(authorize_action)


def limit_heap() -> bool:
    """Limit SQLite's memory in this process, and return True if this SQLite supports that."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA soft_heap_limit = {MAX_SQLITE_HEAP_BYTES // 2}")
        found = connection.execute(f"PRAGMA hard_heap_limit = {MAX_SQLITE_HEAP_BYTES}").fetchone()
    return bool(found and 0 < found[0] <= MAX_SQLITE_HEAP_BYTES)


# -- what may be called ----------------------------------------------------------------------------


def authorize_action(
    action: int, first: str | None, second: str | None, _: str | None, __: str | None
) -> int:
    """Decide, while SQLite prepares a statement, whether it may perform an action."""
    if action == sqlite3.SQLITE_READ and (first, second) == ("pragma_database_list", "file"):
        return sqlite3.SQLITE_IGNORE  # NULL, to hide the file's path
    is_permitted = True
    if action == sqlite3.SQLITE_FUNCTION:
        is_permitted = may_call_function((second or "").lower())
    elif action == sqlite3.SQLITE_PRAGMA:
        is_permitted = may_run_pragma((first or "").lower(), second)
    elif action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
        is_permitted = False
    return sqlite3.SQLITE_OK if is_permitted else sqlite3.SQLITE_DENY


def may_call_function(function: str) -> bool:
    """Return True for harmless functions of SQLite and all functions that programs added."""
    return function not in REFUSED_FUNCTIONS and (
        function in HARMLESS_FUNCTIONS or function not in built_in_functions()
    )


def may_run_pragma(pragma: str, value: str | None) -> bool:
    """Return True for a PRAGMA that describes the file and sets nothing."""
    return pragma in HARMLESS_PRAGMAS and (
        value is None or pragma in SETTABLE_PRAGMAS or pragma in PRAGMAS_ABOUT_A_NAME
    )


@cache
def built_in_functions() -> frozenset[str]:
    """Return the functions that this SQLite brings."""
    with closing(sqlite3.connect(":memory:")) as connection:
        return frozenset(
            name
            for (name,) in connection.execute("SELECT name FROM pragma_function_list WHERE builtin")
        )


# -- functions in place of SQLite's, whose time grows with the square of their arguments -----------

SqlValue = str | bytes | int | float | None

MAX_TRIMMED_CHARS = 100
"""Maximum number of different characters to trim."""


def sql_instr(where: SqlValue, what: SqlValue) -> int | None:
    """Return the position of the first occurrence, from 1, as SQLite does.

    0 without an occurrence, None if either argument is NULL.
    """
    if where is None or what is None:
        return None
    if isinstance(where, bytes) and isinstance(what, bytes):
        return where.find(what) + 1
    return _value_as_text(where).find(_value_as_text(what)) + 1


def sql_replace(where: SqlValue, old: SqlValue, new: SqlValue) -> SqlValue:
    """Replace as SQLite does.

    Raises ValueError if the result would be longer than a value may be.
    """
    if where is None or old is None:
        return None
    text, before = _value_as_text(where), _value_as_text(old)
    if not before or new is None:
        return None if before else where
    after = _value_as_text(new)
    growth = len(after) - len(before)
    max_length = STATEMENT_LIMITS[sqlite3.SQLITE_LIMIT_LENGTH]
    if growth > 0 and len(text) + text.count(before) * growth > max_length:
        raise ValueError("string or blob too big")
    return text.replace(before, after)


def sql_trim(where: SqlValue, what: SqlValue = " ") -> str | None:
    """Trim as SQLite does, at most a hundred different characters."""
    return (
        None
        if where is None or what is None
        else _value_as_text(where).strip(_trim_characters(what))
    )


def sql_ltrim(where: SqlValue, what: SqlValue = " ") -> str | None:
    """See `sql_trim`."""
    return (
        None
        if where is None or what is None
        else _value_as_text(where).lstrip(_trim_characters(what))
    )


def sql_rtrim(where: SqlValue, what: SqlValue = " ") -> str | None:
    """See `sql_trim`."""
    return (
        None
        if where is None or what is None
        else _value_as_text(where).rstrip(_trim_characters(what))
    )


def _trim_characters(what: SqlValue) -> str:
    characters = "".join(set(_value_as_text(what)))
    if len(characters) > MAX_TRIMMED_CHARS:
        raise ValueError("too many characters to trim")
    return characters


def _value_as_text(value: SqlValue) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


# -- what is returned ------------------------------------------------------------------------------


def bounded_row_factory(
    most_bytes: int, most_cells: int
) -> Callable[[sqlite3.Cursor, tuple[Any, ...]], sqlite3.Row]:
    """Return a row factory that interrupts a statement whose result is too large.

    It makes sqlite3.Row, and raises OperationalError beyond the limits.
    """
    of: weakref.ref[sqlite3.Cursor] | None = None
    size = cells = 0

    def row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        """Add a row to the cursor's result."""
        nonlocal of, size, cells
        if of is None or of() is not cursor:
            of, size, cells = weakref.ref(cursor), 0, 0
        cells += len(values)
        size += sum(_value_weight(value) for value in values if isinstance(value, str | bytes))
        if size > most_bytes:
            raise sqlite3.OperationalError(
                "the answer is too long; ask for fewer rows, or for fewer columns"
            )
        if cells > most_cells:
            raise sqlite3.OperationalError(
                f"the answer has more than {most_cells:,} cells; ask for fewer rows"
            )
        return sqlite3.Row(cursor, values)

    return row


JSON_ESCAPED_BYTES = bytes(byte for byte in range(32) if byte not in b"\n\r\t")


def _value_weight(value: str | bytes) -> int:
    r"""Return the bytes of a value in memory, or a third of its size as JSON if that is larger.

    JSON may write a character as `\u2028`.
    """
    if isinstance(value, bytes) or len(value) < 100:
        return len(value)
    in_memory = sys.getsizeof(value)  # one, two or four bytes per character
    if not value.isascii():
        return max(in_memory, 2 * len(value))
    controls = len(value) - len(value.encode().translate(None, JSON_ESCAPED_BYTES))
    return in_memory + controls
