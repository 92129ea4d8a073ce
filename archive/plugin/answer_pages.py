"""Pages of questions and SQL: fields of the form, columns of the answer, its chart."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from archive.pages.answer_chart import AnswerChart, answer_chart
from archive.pages.tables import explained_tables
from archive.plugin.cells import UNGROUPED_NUMBERS, column_label
from archive.plugin.guards.read_pool import page_readers

MAX_SHOWN_ROWS = 50
"""Rows of an answer on a page at first; a link shows all of them."""
MAX_FIELD_OPTIONS = 500
"""Outlets or stories that a field suggests."""

FIELD_KINDS = {
    "words": "search",
    "since": "date",
    "until": "date",
    "day": "date",
    "outlet": "outlet",
    "host": "outlet",
    "story": "story",
    "language": "language",
}
"""Kinds of fields by the parameter's name; any other is a text."""

FIELD_LABELS = {
    "words": "Words",
    "since": "Since",
    "until": "Until",
    "outlet": "Outlet",
    "story": "Story",
    "language": "Language",
}

FIELD_OPTIONS_SQL = {
    "outlet": "SELECT host AS value, name AS label FROM outlets ORDER BY host LIMIT ?",
    "story": "SELECT name AS value, title AS label FROM stories ORDER BY name LIMIT ?",
    "language": "SELECT DISTINCT language AS value, NULL AS label FROM outlets "
    "WHERE language IS NOT NULL ORDER BY language LIMIT ?",
}


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """A column of an answer: its place among the values, its heading, and whether it has numbers."""

    at: int
    name: str
    label: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """The answer of a query: what is shown of it, and its chart if it has one."""

    columns: tuple[AnswerColumn, ...]
    rows: Sequence[Sequence[Any]]
    total: int
    chart: AnswerChart | None

    @property
    def is_cut(self) -> bool:
        """True if not all rows are shown."""
        return len(self.rows) < self.total


def field_kind(parameter: str) -> tuple[str, str]:
    """Return the kind and the label of the field for a parameter of a query."""
    words = parameter.replace("_", " ")
    label = FIELD_LABELS.get(parameter) or words[:1].upper() + words[1:]
    return FIELD_KINDS.get(parameter, "text"), label


async def field_options(datasette: Any, database: str, kind: str) -> list[tuple[str, str]]:
    """Return the values that a field suggests, each with its label."""
    sql = FIELD_OPTIONS_SQL.get(kind)
    if sql is None:
        return []

    def read_options(connection: sqlite3.Connection) -> list[tuple[str, str]]:
        """Return the values and labels."""
        rows = connection.execute(sql, (MAX_FIELD_OPTIONS,))
        return [(str(row["value"]), str(row["label"] or row["value"])) for row in rows]

    options: list[tuple[str, str]] = await page_readers(datasette).read(
        datasette, database, read_options
    )
    return options


def answer_table(
    columns: Sequence[str],
    display_rows: Sequence[Sequence[Any]],
    is_question: bool,
    shows_all: bool = False,
) -> AnswerTable:
    """Return what the page of a question, or of a visitor's SQL, shows of the answer.

    The cells of questions have headings in words; an article's number is left out beside its
    headline, which links to it.
    """
    raw_rows = [[getattr(cell, "raw", None) for cell in row] for row in display_rows]
    shown = [
        AnswerColumn(at, name, name, _has_numbers(name, at, raw_rows))
        for at, name in enumerate(columns)
    ]
    rows = display_rows if shows_all else display_rows[:MAX_SHOWN_ROWS]
    chart = answer_chart(columns, raw_rows, only_ranked=is_question)
    return AnswerTable(
        tuple(_columns_of_question(shown) if is_question else shown),
        rows,
        len(display_rows),
        chart,
    )


def _columns_of_question(columns: Sequence[AnswerColumn]) -> list[AnswerColumn]:
    """Return the columns of a question's answer with headings in words, headlines first.

    On a narrow screen the first columns are all that shows.
    """
    labelled = [replace(column, label=column_label(column.name)) for column in columns]
    headlines = [column for column in labelled if column.name.startswith("headline")]
    others = [column for column in labelled if column not in headlines]
    if headlines:
        others = [column for column in others if column.name != "article"]
    return [*headlines, *others]


def _has_numbers(name: str, at: int, rows: Sequence[Sequence[Any]]) -> bool:
    if UNGROUPED_NUMBERS.fullmatch(name):
        return False
    values = [row[at] for row in rows if row[at] is not None]
    return bool(values) and all(isinstance(value, int | float) for value in values)


@cache
def table_column_names() -> list[tuple[str, list[str]]]:
    """Return the tables that people query, each with its columns."""
    return [(table["name"], list(table["columns"])) for table in explained_tables()]
