"""Write tables to Parquet files with types, a row group at a time.

Parquet needs pyarrow, which is an extra of the package (`pip install '.[parquet]'`): it is
the reference writer, and who reads Parquet in pandas has it anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, BinaryIO

from archive.errors import ArchiveError, UsageError
from archive.exports.table_columns import TableColumn
from archive.queries.lookup import PlainRow

MAX_GROUP_ROWS = 20_000
"""Rows of a row group, which is held in memory."""
MAX_GROUP_TEXT_CHARS = 16_000_000
"""Characters of texts in a row group."""


def write_parquet(columns: Sequence[TableColumn], rows: Iterable[PlainRow], file: BinaryIO) -> int:
    """Write rows as Parquet and return their number; equal rows make equal bytes.

    Raises UsageError where pyarrow is not installed, and ArchiveError for a value that does not fit
    its column.
    """
    arrow, parquet = _import_pyarrow()
    schema = arrow.schema([(each.name, _arrow_type(arrow, each)) for each in columns])
    count = 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for group in _row_groups(rows):
            try:
                table = arrow.Table.from_pylist(group, schema=schema)
            except (arrow.ArrowInvalid, arrow.ArrowTypeError, OverflowError) as error:
                why = str(error).splitlines()[0]
                raise ArchiveError(f"a value does not fit the type of its column ({why})") from None
            writer.write_table(table, row_group_size=len(group))
            count += len(group)
    return count


def require_parquet() -> None:
    """Raise UsageError, which says what to install, where Parquet cannot be written."""
    _import_pyarrow()


def is_parquet_installed() -> bool:
    """Return whether Parquet can be written."""
    try:
        _import_pyarrow()
    except UsageError:
        return False
    return True


def parquet_writer_version() -> str:
    """Return the name and version of the library that writes."""
    return f"pyarrow {_import_pyarrow()[0].__version__}"


def _import_pyarrow() -> tuple[Any, Any]:
    """Return the modules `pyarrow` and `pyarrow.parquet`."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed; run: pip install pyarrow"
        ) from None
    return pyarrow, pyarrow.parquet


def _arrow_type(arrow: Any, column: TableColumn) -> Any:
    """Return the type of a column; milliseconds, as Parquet knows no seconds."""
    types = {
        "text": arrow.string(),
        "integer": arrow.int64(),
        "number": arrow.float64(),
        "flag": arrow.bool_(),
        "texts": arrow.list_(arrow.string()),
        "day": arrow.date32(),
        "time": arrow.timestamp("ms", tz="UTC"),
        "clock": arrow.timestamp("ms"),
        "bytes": arrow.binary(),
    }
    return types[column.kind]


def _row_groups(rows: Iterable[PlainRow]) -> Iterator[list[PlainRow]]:
    """Yield the rows in groups that fit into memory."""
    group: list[PlainRow] = []
    size = 0
    for row in rows:
        group.append(row)
        size += sum(len(value) for value in row.values() if isinstance(value, str | bytes))
        if len(group) >= MAX_GROUP_ROWS or size >= MAX_GROUP_TEXT_CHARS:
            yield group
            group, size = [], 0
    if group:
        yield group
