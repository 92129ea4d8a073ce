"""Columns of exported tables with their types, and the values of articles in those types.

In the archive a timestamp is text that is as exact as the page was. A typed file cannot hold that in
one column, so a date of publication becomes a time in UTC where it is known, the clock time and
the day at the outlet, and the precision.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from archive.queries.lookup import PlainRow
from archive.timestamps import DAY_CHARS, local_timestamp

ColumnKind = Literal["text", "integer", "number", "flag", "texts", "day", "time", "clock", "bytes"]
"""The type of a column. `texts`: a list of texts · `time`: a point in time, UTC · `clock`: a date
and time on some clock, without time zone."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of an exported table."""

    name: str
    kind: ColumnKind
    is_derived: bool = False
    """True for a column of typed files alone."""


KIND_OF_SQL_TYPE: Mapping[str, ColumnKind] = {
    "INTEGER": "integer",
    "REAL": "number",
    "TEXT": "text",
    "BLOB": "bytes",
}
ARTICLE_COLUMN_KINDS: Mapping[str, ColumnKind] = {
    "authors": "texts",
    "free": "flag",
    "fetched_at": "time",
    "published_at": "time",
    "published_day": "day",
    "modified_at": "time",
}
"""Columns of `articles` that hold something more special than their type in SQL says."""
DERIVED_COLUMNS: Mapping[str, tuple[TableColumn, ...]] = {
    "published_at": (
        TableColumn("published_precision", "text", is_derived=True),
        TableColumn("published_local", "clock", is_derived=True),
    ),
    "modified_at": (TableColumn("modified_precision", "text", is_derived=True),),
}
"""Columns that are added after a column of `articles`."""


def typed_article_columns(connection: sqlite3.Connection) -> tuple[TableColumn, ...]:
    """Return the columns of the articles in a typed file: those of the table, and the derived."""
    return tuple(_article_columns(connection))


def _article_columns(connection: sqlite3.Connection) -> Iterator[TableColumn]:
    """Yield the columns in the order of the table, with the outlet's host at the end."""
    for row in connection.execute("PRAGMA table_info(articles)"):
        name, sql_type = row["name"], row["type"]
        if name == "bigrams":
            continue
        yield TableColumn(name, ARTICLE_COLUMN_KINDS.get(name) or KIND_OF_SQL_TYPE[sql_type])
        yield from DERIVED_COLUMNS.get(name, ())
    yield TableColumn("outlet", "text")


def typed_article(record: PlainRow) -> PlainRow:
    """Return the record of an article, as `export` writes it, with typed values."""
    published, modified = record["published_at"], record["modified_at"]
    return record | {
        "published_at": exact_time(published),
        "published_precision": date_precision(published),
        "published_local": _outlet_clock(published, record["published_offset"]),
        "published_day": calendar_day(record["published_day"]),
        "modified_at": exact_time(modified),
        "modified_precision": date_precision(modified),
        "fetched_at": exact_time(record["fetched_at"]),
    }


def date_precision(written: str | None) -> str | None:
    """Return the precision of a stored timestamp: `time` (its time zone is known), `clock` (it is
    not), `day`; None without a timestamp."""
    if not written:
        return None
    if len(written) <= DAY_CHARS:
        return "day"
    return "time" if written.endswith("Z") else "clock"


def exact_time(written: str | None) -> datetime | None:
    """Return a stored timestamp as a point in time; None where only a day or a clock is known."""
    return _parsed_time(written) if date_precision(written) == "time" else None


def calendar_day(written: str | None) -> date | None:
    """Return a stored day; None if it is missing or not a day."""
    try:
        return date.fromisoformat(written or "")
    except ValueError:
        return None


def _outlet_clock(written: str | None, offset: int | None) -> datetime | None:
    """Return the time on the outlet's clock, as far as it is known."""
    precision = date_precision(written)
    if not written or precision in (None, "day") or (precision == "time" and offset is None):
        return None
    there = _parsed_time(local_timestamp(written, offset))
    return there.replace(tzinfo=None) if there else None


def _parsed_time(written: str | None) -> datetime | None:
    """Return a stored timestamp as a datetime, None if it is invalid."""
    try:
        return datetime.fromisoformat(written or "")
    except ValueError:
        return None
