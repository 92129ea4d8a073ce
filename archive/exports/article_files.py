"""Articles as files: JSON lines, which `dateline import` takes again, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from archive.errors import ArchiveError, UsageError
from archive.queries.lookup import Row, as_record
from archive.queries.search import conditions, match_query

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What makes a spreadsheet calculate a cell instead of showing it."""

COLUMNS = "SELECT a.*, o.host AS outlet FROM articles a JOIN outlets o ON o.id = a.outlet_id"

Write = Callable[[Iterable[Row], TextIO], int]


def articles(
    connection: sqlite3.Connection, words: str | None = None, **filters: str | None
) -> Iterator[Row]:
    """The articles that meet the filters, in the order they were archived, one at a time.

    Their fields are the columns of `articles` without `bigrams`, with `outlet` (its host);
    `authors` is a list. `filters` are those of `archive.queries.search.conditions`. Raises
    UsageError for words that name nothing.
    """
    condition, values = conditions(**filters)
    if words is not None:
        condition += " AND a.id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :match)"
        values["match"] = match_query(words)
    rows = connection.execute(f"{COLUMNS} WHERE {condition} ORDER BY a.id", values)
    return map(as_record, rows)


def write_jsonl(records: Iterable[Row], file: TextIO) -> int:
    """One JSON object a line, in UTF-8; returns how many."""
    count = 0
    for record in records:
        file.write(as_json(record) + "\n")
        count += 1
    return count


def write_csv(records: Iterable[Row], file: TextIO) -> int:
    """A header and one row a record; authors are parted by `; `. Returns how many.

    A cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
    Injection").
    """
    writer = csv.writer(file)
    count = 0
    for record in records:
        if not count:
            writer.writerow(record)
        writer.writerow([safe_cell(value) for value in record.values()])
        count += 1
    return count


FORMATS: dict[str, Write] = {"jsonl": write_jsonl, "csv": write_csv}
ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}
"""The formats that a file's name tells."""


def safe_cell(value: Any) -> Any:
    """A value that a spreadsheet shows as it is; see `write_csv`."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA) else value


def as_json(record: Any) -> str:
    """JSON on one line, its letters as they are."""
    return json.dumps(record, ensure_ascii=False)


def as_document(told: Any) -> str:
    """JSON that is read as a whole, indented, its letters as they are; ends with a line feed."""
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def format_of(path: Path | None, endings: Mapping[str, str], usual: str) -> str:
    """The format that the ending of a file's name tells; `usual` for standard output and a name
    without an ending.

    Raises UsageError for another ending: the file would hold what its name does not say.
    """
    if path is None or str(path) == "-" or not path.suffix:
        return usual
    if form := endings.get(path.suffix.lower()):
        return form
    known = ", ".join(dict.fromkeys(endings))
    raise UsageError(
        f"{path}: no such format; name the file {known}, or say what it is with --format"
    )


@contextmanager
def written_aside(path: Path, binary: bool = False) -> Iterator[Any]:
    """A file, of text or `binary`, that takes its name when it is whole; what was there before
    stays until then.

    Raises ArchiveError if it cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") if binary else aside.open("w", encoding="utf-8", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be written ({error.strerror or error})") from error
    finally:
        aside.unlink(missing_ok=True)
