"""The command that runs SQL on the archive."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.base import (
    archive_option,
    cli,
    opened_archive,
    output_option,
    typed_text,
)
from archive.errors import UsageError
from archive.progress import ProgressReport

if TYPE_CHECKING:
    from archive.queries.sql_query import QueryResult


@cli.command("sql")
@click.argument("statement", metavar="SELECT…")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "jsonl", "parquet"]),
    help="Format.  [default: by FILE's ending; a table without FILE]",
)
@output_option
@click.option("--timeout", metavar="TIME", help="Give up after this time, such as 90s or 10m.")
@archive_option
def sql_command(
    statement: str, form: str | None, output: Path | None, timeout: str | None, folder: Path
) -> None:
    """Run an SQL query on the archive, and print or write all rows.

    The query can only read. `-` reads it from standard input. docs/tables.md describes the tables.

    \b
    Examples: dateline sql "SELECT outlet, count(*) FROM coverage GROUP BY 1"
              dateline sql "SELECT * FROM coverage" -o coverage.parquet
    """
    from archive.exports.article_files import format_by_ending
    from archive.exports.table_files import RESULT_FILE_ENDINGS
    from archive.text.formatting import many
    from archive.times import parse_duration_seconds

    sql = sys.stdin.read() if statement == "-" else typed_text(statement)
    to_file = None if output is None or str(output) == "-" else output
    usual = "table" if output is None else "csv"
    chosen = form or format_by_ending(to_file, RESULT_FILE_ENDINGS, usual)
    if chosen == "parquet" and to_file is None:
        raise UsageError("Parquet needs a file name: -o result.parquet")
    seconds = parse_duration_seconds(timeout) if timeout else None
    with opened_archive(folder) as connection:
        if chosen == "parquet" and to_file is not None:
            rows = _write_parquet_result(connection, sql, seconds, to_file)
        else:
            rows = _write_text_result(connection, sql, seconds, chosen, to_file)
    click.echo(f"{many(rows, 'row')}{f' → {to_file}' if to_file else ''}", err=True)


def _write_text_result(
    connection: sqlite3.Connection, sql: str, seconds: float | None, form: str, path: Path | None
) -> int:
    """Write the result as text to a file or to standard output, and return the number of rows."""
    from archive.cli import terminal
    from archive.cli.progress_bar import progress_bar
    from archive.exports.article_files import atomic_file
    from archive.exports.result_files import table_lines, write_query_result
    from archive.queries.sql_query import run_sql_query

    with run_sql_query(connection, sql, seconds) as result:
        if form == "table":
            console = terminal.terminal_console()
            lines = table_lines(result, console.width if console.is_terminal else None)
            return _print_table(lines)
        if path is None:
            return write_query_result(result, form, terminal.data_output())
        with atomic_file(path) as file, progress_bar("writing", "rows") as report:
            return write_query_result(_reported(result, report), form, file)


def _write_parquet_result(
    connection: sqlite3.Connection, sql: str, seconds: float | None, path: Path
) -> int:
    """Write the result as Parquet, and return the number of rows.

    The query runs twice, as the types of its columns are known only when all rows were read.
    """
    from archive.cli.progress_bar import progress_bar
    from archive.exports.article_files import atomic_file
    from archive.exports.parquet_files import require_parquet
    from archive.exports.result_files import result_column_kinds, write_typed_result
    from archive.exports.table_files import read_transaction
    from archive.queries.sql_query import run_sql_query

    require_parquet()
    with read_transaction(connection), progress_bar("reading", "rows") as report:
        with run_sql_query(connection, sql, seconds) as result:
            kinds = result_column_kinds(_reported(result, report))
        with (
            run_sql_query(connection, sql, seconds) as result,
            atomic_file(path, binary=True) as file,
        ):
            return write_typed_result(_reported(result, report), kinds, file)


def _print_table(lines: Iterator[str]) -> int:
    """Print a table, and return the number of its rows, without the two lines of the header."""
    rows = -2
    for line in lines:
        click.echo(line)
        rows += 1
    return rows


def _reported(result: QueryResult, report: ProgressReport) -> QueryResult:
    """Return a result that reports the number of rows as they are read."""
    from archive.queries.sql_query import QueryResult

    def rows() -> Iterator[tuple[object, ...]]:
        """Yield the rows, and report every thousandth."""
        for number, row in zip(count(1), result.rows, strict=False):
            if number % 1_000 == 0:
                report(number, None)
            yield row

    return QueryResult(result.columns, rows())
