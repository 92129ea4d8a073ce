"""Write tables to files whose ending is their format, complete or not at all.

Everything is read in one transaction, so that the tables fit together while a crawl writes.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from archive.errors import UsageError
from archive.exports.article_files import (
    ARTICLE_ROWS_SQL,
    as_json_line,
    atomic_file,
    write_csv,
    write_jsonl,
)
from archive.exports.parquet_files import require_parquet, write_parquet
from archive.exports.related_tables import RELATED_TABLES, related_rows, typed_related_row
from archive.exports.table_columns import TableColumn, typed_article, typed_article_columns
from archive.progress import ProgressReport, ignore_progress
from archive.queries.lookup import PlainRow, article_record

EXPORT_FILE_ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
}
"""Formats of exported articles by the ending of a file's name."""
RESULT_FILE_ENDINGS = {**EXPORT_FILE_ENDINGS, ".json": "json"}
"""Formats of the result of a query by the ending of a file's name."""
ROWS_PER_REPORT = 100
"""Rows after which progress is reported."""

SELECTED_ARTICLE_ROWS_SQL = ARTICLE_ROWS_SQL + " WHERE {condition} ORDER BY a.id"
SELECTED_ARTICLE_COUNT_SQL = """
SELECT count(*) FROM articles a JOIN outlets o ON o.id = a.outlet_id WHERE {condition}"""


@dataclass(frozen=True, slots=True)
class ArticleSelection:
    """The articles to export: an SQL condition on articles `a` and outlets `o`, and its values."""

    condition: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file to write: a table, `articles` or a name of `RELATED_TABLES`, in a format."""

    table: str
    path: Path
    form: str


@dataclass(frozen=True, slots=True)
class ExportedTable:
    """A table with its typed columns, and its rows as text files and as typed files have them."""

    name: str
    columns: Callable[[], Sequence[TableColumn]]
    rows: Callable[[], Iterable[PlainRow]]
    typed_rows: Callable[[], Iterable[PlainRow]]


def write_json_array(rows: Iterable[PlainRow], file: TextIO) -> int:
    """Write rows as one JSON array, a row on each line, and return their number."""
    count = 0
    for row in rows:
        file.write(("[\n" if count == 0 else ",\n") + as_json_line(row))
        count += 1
    file.write("[]\n" if count == 0 else "\n]\n")
    return count


TEXT_TABLE_WRITERS: Mapping[str, Callable[[Iterable[PlainRow], TextIO], int]] = {
    "jsonl": write_jsonl,
    "csv": write_csv,
    "json": write_json_array,
}
"""The writers of text files by format."""


def write_article_tables(
    connection: sqlite3.Connection,
    selection: ArticleSelection,
    files: Sequence[TableFile],
    report: ProgressReport = ignore_progress,
) -> list[int]:
    """Write the selected articles and related tables, and return the number of rows of each file.

    All files get their names when all are complete. Raises ArchiveError if one cannot be written.
    """
    if any(each.form == "parquet" for each in files):
        require_parquet()
    counts: list[int] = []
    with read_transaction(connection), ExitStack() as complete:
        for each in files:
            table = _table_of(connection, each.table, selection, report)
            file = complete.enter_context(atomic_file(each.path, binary=each.form == "parquet"))
            counts.append(write_table(table, each.form, file))
    return counts


def write_table(table: ExportedTable, form: str, file: Any) -> int:
    """Write a table to an open file, a binary one for Parquet, and return the number of rows.

    A table without rows gets its columns too.
    """
    if form == "parquet":
        return write_parquet(table.columns(), table.typed_rows(), file)
    if form == "csv":
        names = [column.name for column in table.columns() if not column.is_derived]
        return write_csv_with_header(names, table.rows(), file)
    return TEXT_TABLE_WRITERS[form](table.rows(), file)


def write_csv_with_header(names: Sequence[str], rows: Iterable[PlainRow], file: TextIO) -> int:
    """Write rows as CSV and return their number; without rows the file is the header."""
    count = write_csv(rows, file)
    if not count:
        csv.writer(file).writerow(names)
    return count


@contextmanager
def read_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Read the archive as it was at one moment; within such a transaction, at that moment."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def related_file(path: Path, name: str) -> Path:
    """Return the file of a related table: `week.csv` has its copies in `week.copies.csv`."""
    return path.with_name(f"{path.stem}.{name}{path.suffix}")


def parse_related_names(given: str | None) -> tuple[str, ...]:
    """Return the names of related tables in a list with commas; raises UsageError for others."""
    names = [name.strip().lower() for name in (given or "").split(",")]
    wanted = tuple(dict.fromkeys(filter(None, names)))
    unknown = [name for name in wanted if name not in RELATED_TABLES]
    if unknown:
        known = ", ".join(RELATED_TABLES)
        raise UsageError(f"--with {unknown[0]}: no such table; choose from {known}")
    return wanted


def _table_of(
    connection: sqlite3.Connection, name: str, selection: ArticleSelection, report: ProgressReport
) -> ExportedTable:
    """The table of this name for the selected articles."""
    if name == "articles":
        return _articles_table(connection, selection, report)
    condition, values = selection.condition, selection.values
    return ExportedTable(
        name,
        lambda: RELATED_TABLES[name].columns,
        lambda: related_rows(connection, name, condition, values),
        lambda: (
            typed_related_row(name, row)
            for row in related_rows(connection, name, condition, values)
        ),
    )


def _articles_table(
    connection: sqlite3.Connection, selection: ArticleSelection, report: ProgressReport
) -> ExportedTable:
    """The table of the selected articles, which reports its progress."""

    def records() -> Iterator[PlainRow]:
        """The articles, read one at a time."""
        counted = SELECTED_ARTICLE_COUNT_SQL.format(condition=selection.condition)
        total = int(connection.execute(counted, selection.values).fetchone()[0])
        sql = SELECTED_ARTICLE_ROWS_SQL.format(condition=selection.condition)
        for number, row in enumerate(connection.execute(sql, selection.values), 1):
            yield article_record(row)
            if number % ROWS_PER_REPORT == 0 or number == total:
                report(number, total)

    return ExportedTable(
        "articles",
        lambda: typed_article_columns(connection),
        records,
        lambda: map(typed_article, records()),
    )
