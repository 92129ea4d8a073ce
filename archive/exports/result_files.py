"""Write the result of a query to a file, or as a table for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from rich.cells import cell_len, set_cell_size

from archive.exports.parquet_files import write_parquet
from archive.exports.table_columns import ColumnKind, TableColumn
from archive.exports.table_files import TEXT_TABLE_WRITERS, write_csv_with_header
from archive.queries.lookup import PlainRow
from archive.queries.sql_query import QueryResult
from archive.text.printable import printable_text

MEASURED_ROWS = 200
"""Rows of a table whose cells decide how wide its columns are."""
MIN_COLUMN_CELLS = 8
"""Cells of the terminal to which a wide column may shrink."""
RESULT_COLUMN_GAP = "  "

KIND_ORDER: tuple[ColumnKind, ...] = ("integer", "number", "text", "bytes")
"""Kinds of values in a column of SQLite; a column has the last that occurs in it."""


def result_rows(result: QueryResult) -> Iterator[PlainRow]:
    """Yield the rows of a result as JSON and CSV have them: bytes as hexadecimal digits."""
    for row in result.rows:
        values = (value.hex() if isinstance(value, bytes) else value for value in row)
        yield dict(zip(result.columns, values, strict=True))


def write_query_result(result: QueryResult, form: str, file: Any) -> int:
    """Write a result as `csv`, `json` or `jsonl`, and return the number of rows."""
    if form == "csv":
        return write_csv_with_header(result.columns, result_rows(result), file)
    return TEXT_TABLE_WRITERS[form](result_rows(result), file)


def result_column_kinds(result: QueryResult) -> list[ColumnKind]:
    """Return the kind of each column, by reading all rows: SQLite has types by value only."""
    kinds = [0] * len(result.columns)
    for row in result.rows:
        for number, value in enumerate(row):
            if value is not None:
                kinds[number] = max(kinds[number], KIND_ORDER.index(_kind_of_value(value)))
    return [KIND_ORDER[kind] for kind in kinds]


def write_typed_result(result: QueryResult, kinds: Sequence[ColumnKind], file: Any) -> int:
    """Write a result as Parquet, with columns of these kinds, and return the number of rows."""
    columns = [TableColumn(*each) for each in zip(result.columns, kinds, strict=True)]
    fit = [_value_converter(kind) for kind in kinds]
    rows = (
        {
            column.name: None if value is None else convert(value)
            for column, convert, value in zip(columns, fit, row, strict=True)
        }
        for row in result.rows
    )
    return write_parquet(columns, rows, file)


def table_lines(result: QueryResult, width: int | None) -> Iterator[str]:
    """Yield the lines of a table: the header, a rule, and a line for each row.

    Columns are as wide as their first values need. With a `width` they shrink to it, and a cell
    that is too long ends with an ellipsis; without one no cell is cut.
    """
    texts = (tuple(map(_cell_text, row)) for row in result.rows)
    first = list(islice(texts, MEASURED_ROWS))
    header = tuple(map(printable_text, result.columns))
    widths = [max(map(cell_len, column)) for column in zip(header, *first, strict=True)]
    if width is not None:
        widths = _shrunk_widths(widths, width)
    yield _table_line(header, widths, width is not None)
    yield RESULT_COLUMN_GAP.join("─" * cells for cells in widths)
    for row in chain(first, texts):
        yield _table_line(row, widths, width is not None)


def _kind_of_value(value: object) -> ColumnKind:
    """Return the kind of a value of SQLite."""
    if isinstance(value, bytes):
        return "bytes"
    if isinstance(value, str):
        return "text"
    return "integer" if isinstance(value, int) else "number"


def _value_converter(kind: ColumnKind) -> Callable[[Any], Any]:
    """Return the function that makes a value one of a column's kind."""
    converters: dict[str, Callable[[Any], Any]] = {
        "integer": int,
        "number": float,
        "text": str,
        "bytes": lambda value: value if isinstance(value, bytes) else str(value).encode(),
    }
    return converters[kind]


def _cell_text(value: object) -> str:
    """Return a value on one line for a terminal; NULL is empty."""
    text = value.hex() if isinstance(value, bytes) else value
    return " ".join(printable_text(text).split())


def _table_line(cells: Iterable[str], widths: Sequence[int], is_cut: bool) -> str:
    """Return cells as one line of a table."""
    shown = (_padded(cell, width, is_cut) for cell, width in zip(cells, widths, strict=True))
    return RESULT_COLUMN_GAP.join(shown).rstrip()


def _padded(cell: str, width: int, is_cut: bool) -> str:
    """Return a cell with the width of its column."""
    if cell_len(cell) <= width:
        return set_cell_size(cell, width)
    return set_cell_size(cell, width - 1) + "…" if is_cut else cell


def _shrunk_widths(widths: Sequence[int], available: int) -> list[int]:
    """Return the widths with the widest columns made narrower until all fit, if they can."""
    shrunk = list(widths)
    room = available - len(RESULT_COLUMN_GAP) * (len(widths) - 1)
    while sum(shrunk) > room and max(shrunk) > MIN_COLUMN_CELLS:
        widest = max(shrunk)
        next_widest = max((each for each in shrunk if each < widest), default=MIN_COLUMN_CELLS)
        excess, columns = sum(shrunk) - room, shrunk.count(widest)
        target = max(next_widest, widest - -(-excess // columns), MIN_COLUMN_CELLS)
        shrunk = [min(each, target) for each in shrunk]
    return shrunk
