"""Write articles to files: JSON lines, which `dateline import` reads, and CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from archive.errors import ArchiveError, UsageError
from archive.queries.lookup import PlainRow, article_record
from archive.queries.search import filter_conditions, match_query

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet evaluate a cell instead of showing it."""

ARTICLE_ROWS_SQL = (
    "SELECT a.*, o.host AS outlet FROM articles a JOIN outlets o ON o.id = a.outlet_id"
)

ArticleWriter = Callable[[Iterable[PlainRow], TextIO], int]
"""Writes records to a file and returns their number."""


def export_articles(
    connection: sqlite3.Connection, words: str | None = None, **filters: str | None
) -> Iterator[PlainRow]:
    """Return the articles that match the filters, in the order in which they were archived.

    They are read one at a time. Their fields are the columns of `export_articles` without
    `bigrams`, plus `outlet` (the host); `authors` is a list. `filters` are those of
    `archive.queries.search.filter_conditions`. Raises UsageError for a search without words.
    """
    condition, values = article_condition(words, **filters)
    rows = connection.execute(f"{ARTICLE_ROWS_SQL} WHERE {condition} ORDER BY a.id", values)
    return map(article_record, rows)


def article_condition(
    words: str | None = None, **filters: str | None
) -> tuple[str, dict[str, str]]:
    """Return the SQL condition for the articles `a` that `export_articles` returns, and its values.

    Raises UsageError for a search without words.
    """
    condition, values = filter_conditions(**filters)
    if words is not None:
        condition += " AND a.id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH :match)"
        values["match"] = match_query(words)
    return condition, values


def write_jsonl(records: Iterable[PlainRow], file: TextIO) -> int:
    """Write one JSON object per line, in UTF-8, and return their number."""
    count = 0
    for record in records:
        file.write(as_json_line(record) + "\n")
        count += 1
    return count


def write_csv(records: Iterable[PlainRow], file: TextIO) -> int:
    """Write a header and one row per record, and return the number of records.

    Several authors are separated by `; `. A cell that a spreadsheet would take for a formula gets
    an apostrophe in front (OWASP, "CSV Injection").
    """
    writer = csv.writer(file)
    count = 0
    for record in records:
        if not count:
            writer.writerow(record)
        writer.writerow([safe_cell(value) for value in record.values()])
        count += 1
    return count


def rows_as_csv(rows: Iterable[PlainRow], columns: Sequence[str]) -> str:
    """Return rows as CSV for a spreadsheet; without any, the header has `columns`."""
    file = io.StringIO(newline="")
    file.write("\ufeff")  # tells spreadsheets that the file is UTF-8
    if not write_csv(rows, file):
        csv.writer(file).writerow(columns)
    return file.getvalue()


ARTICLE_WRITERS: dict[str, ArticleWriter] = {"jsonl": write_jsonl, "csv": write_csv}


def safe_cell(value: Any) -> Any:
    """Return a value that a spreadsheet shows as it is; see `write_csv`."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return "'" + value if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def as_json_line(record: Any) -> str:
    """Return one line of JSON, with non-ASCII letters as they are."""
    return json.dumps(record, ensure_ascii=False)


def as_json_document(content: Any) -> str:
    """Return an indented JSON document with non-ASCII letters as they are and a final newline."""
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def format_by_ending(path: Path | None, endings: Mapping[str, str], usual: str) -> str:
    """Return the format that the ending of a file's name stands for.

    Standard output and names without an ending get `usual`. Raises UsageError for another ending,
    because the file would not hold what its name says.
    """
    if path is None or str(path) == "-" or not path.suffix:
        return usual
    if form := endings.get(path.suffix.lower()):
        return form
    known = ", ".join(dict.fromkeys(endings))
    raise UsageError(f"{path}: unknown file type; use one of {known}, or choose with --format")


@contextmanager
def atomic_file(path: Path, binary: bool = False) -> Iterator[Any]:
    """Open a file, text or `binary`, that takes its name only when it is complete.

    Until then an earlier file of that name stays. Raises ArchiveError if the file cannot be
    written.
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
