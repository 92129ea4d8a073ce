"""The questions about all archives of a site, and their answers as one table, CSV and JSON."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from datasette import Forbidden, NotFound  # type: ignore[import-untyped]
from markupsafe import Markup, escape

from archive.plugin.answer_pages import MAX_FIELD_OPTIONS, answer_table, field_kind, field_options
from archive.plugin.cells import CellPlace, ValueCell, cell_html
from archive.plugin.combined.combined_pages import COMBINED_PATH, visible_archives
from archive.plugin.event_pages import FILE_ENDINGS_PATTERN, list_file_response
from archive.plugin.extending.own_questions import own_questions
from archive.plugin.guards.permissions import may_ask_question
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.metadata import Questions, canned_queries, grouped_questions
from archive.plugin.page_requests import CombinedPaths, page_request, response_of_template
from archive.plugin.site_context import site_context
from archive.queries.lookup import PlainRow

NAMED_PARAMETER = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
SAVED_STRING = re.compile(r"'(?:[^']|'')*'")
"""A string in SQL, in which nothing is a parameter."""


@dataclass(frozen=True, slots=True)
class CombinedAnswer:
    """The rows of an answer in all archives, and what could not be answered."""

    columns: tuple[str, ...]
    rows: tuple[PlainRow, ...]
    problems: tuple[str, ...]
    """An error for each archive that could not answer."""


def answer_of_archives(
    connections: Mapping[str, sqlite3.Connection],
    statements: Mapping[str, str],
    values: Mapping[str, str],
    most_rows: int,
) -> CombinedAnswer:
    """Return the answers of the archives that have a statement, at most `most_rows` of each.

    Raises sqlite3.OperationalError if reading is interrupted.
    """
    answers: dict[str, list[PlainRow]] = {}
    columns: dict[str, None] = {}
    problems = []
    for name, sql in statements.items():
        given = {parameter: values.get(parameter, "") for parameter in question_parameters(sql)}
        try:
            cursor = connections[name].execute(sql, given)
            rows = cursor.fetchmany(most_rows)
        except sqlite3.Error as error:
            if "interrupted" in str(error):
                raise
            problems.append(f"{name}: {error}")
            continue
        columns |= dict.fromkeys(column[0] for column in cursor.description)
        answers[name] = [{"archive": name, **dict(row)} for row in rows]
    merged = merge_answers(answers, tuple(columns))
    return CombinedAnswer(("archive", *columns), tuple(merged), tuple(problems))


def question_parameters(sql: str) -> list[str]:
    """Return the names of the parameters of a statement, in the order of their first use."""
    return list(dict.fromkeys(NAMED_PARAMETER.findall(SAVED_STRING.sub("''", sql))))


def merge_answers(
    answers: Mapping[str, Sequence[PlainRow]], columns: Sequence[str]
) -> list[PlainRow]:
    """Return the rows of several archives in one order.

    Where all archives have sorted their rows by one column, the greatest first, that is the order of
    the whole. Otherwise it is that of the archives.
    """
    rows = [row for each in answers.values() for row in each]
    sorted_by = next((name for name in columns if _is_order(answers, name)), None)
    if sorted_by is None:
        return rows
    return sorted(rows, key=lambda row: _sort_key(row[sorted_by]), reverse=True)


def _is_order(answers: Mapping[str, Sequence[PlainRow]], column: str) -> bool:
    """Return whether all archives sort by a column downwards, and it tells rows apart."""
    seen = set()
    for rows in answers.values():
        keys = [_sort_key(row.get(column)) for row in rows]
        if any(later > earlier for earlier, later in pairwise(keys)):
            return False
        seen.update(keys)
    return len(seen) > 1


def _sort_key(value: Any) -> tuple[int, float, str]:
    """Return what values of different types are sorted by: nothing, numbers, texts."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, int | float):
        return 1, float(value), ""
    return 2, 0.0, str(value)


# -- pages -----------------------------------------------------------------------------------------


async def respond_combined_questions(datasette: Any, request: Any) -> Any:
    """Respond with the questions of all archives that the visitor may see."""
    further: Questions = {}
    for name in reversed(await visible_archives(datasette, request.actor)):
        further |= own_questions(datasette).get(name, {})
    context = await _page_context(datasette, request, {"groups": grouped_questions(further)})
    return await response_of_template(datasette, request, "questions", context)


async def respond_combined_answer(datasette: Any, request: Any) -> Any:
    """Respond with the answer of all archives to a question, as a page or as a file."""
    asked = page_request(request)
    name = asked.vars["name"]
    questions = await _questions_named(datasette, request.actor, name)
    answer: CombinedAnswer = await page_readers(datasette).read_together(
        datasette,
        list(questions),
        lambda connections: answer_of_archives(
            connections,
            {archive: each["sql"] for archive, each in questions.items()},
            asked.args,
            int(datasette.setting("max_returned_rows")),
        ),
    )
    if form := asked.vars.get("form"):
        return list_file_response(name, answer.columns, answer.rows, form)
    first = next(iter(questions.values()))
    given = {each: asked.args.get(each, "") for each in question_parameters(first["sql"])}
    shown = {
        "name": name,
        "question": first,
        "values": given,
        "options": await _options_of_fields(datasette, list(questions), given),
        "answer": _shown_answer(datasette, name, answer, given, asked.args.get("_rows") == "all"),
        "problems": answer.problems,
        "query": urlencode({key: value for key, value in given.items() if value}),
    }
    context = await _page_context(datasette, request, shown)
    return await response_of_template(datasette, request, "combined_answer", context)


async def _questions_named(datasette: Any, actor: Any, name: str) -> dict[str, PlainRow]:
    """Return the question of a name in each archive that the visitor may ask.

    Raises NotFound if no archive has it, and Forbidden if the visitor may ask none.
    """
    known = {}
    for archive in await visible_archives(datasette, actor):
        questions = canned_queries() | own_questions(datasette).get(archive, {})
        if name in questions:
            known[archive] = questions[name]
    if not known:
        raise NotFound(f"{name}: there is no such question")
    allowed = {
        archive: question
        for archive, question in known.items()
        if await may_ask_question(datasette, actor, archive, name)
    }
    if not allowed:
        raise Forbidden("view-query")
    return allowed


async def _options_of_fields(
    datasette: Any, archives: Sequence[str], names: Mapping[str, str]
) -> dict[str, list[tuple[str, str]]]:
    """Return the values that each field suggests, those of all archives."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        options: dict[str, str] = {}
        for archive in archives:
            kind = field_kind(name)[0]
            options = dict(await field_options(datasette, archive, kind)) | options
        found[name] = sorted(options.items())[:MAX_FIELD_OPTIONS]
    return found


def _shown_answer(
    datasette: Any, name: str, answer: CombinedAnswer, given: Mapping[str, str], shows_all: bool
) -> Any:
    """Return the table of the page; each archive is a link to its own answer."""
    paths = CombinedPaths(datasette.urls)
    query = urlencode({key: value for key, value in given.items() if value})
    rows = [
        [
            _answer_cell(paths, row, column) if column != "archive"
            else _archive_cell(datasette, str(row["archive"]), name, query)
            for column in answer.columns
        ]
        for row in answer.rows
    ]  # fmt: skip
    return answer_table(answer.columns, rows, is_question=True, shows_all=shows_all)


def _answer_cell(paths: CombinedPaths, row: PlainRow, column: str) -> Markup:
    """Return the HTML of a value, with the links of its archive."""
    value = row.get(column)
    shown = cell_html(CellPlace(column, None, row, paths.of(row)), value)
    return ValueCell.of(str(escape(value)), value) if shown is None else shown


def _archive_cell(datasette: Any, archive: str, name: str, query: str) -> Markup:
    url = datasette.urls.query(archive, name) + (f"?{query}" if query else "")
    link = Markup('<a href="{}"><bdi>{}</bdi></a>').format(url, archive)
    return ValueCell.of(link, archive)


async def _page_context(datasette: Any, request: Any, shown: PlainRow) -> PlainRow:
    paths = CombinedPaths(datasette.urls)
    site = await site_context(datasette, request, paths)
    return {"site": site, "paths": paths, "database": None, "shown": shown, "work": {"may": {}}}


COMBINED_QUESTION_ROUTES: list[tuple[str, Any]] = [
    (COMBINED_PATH + r"/questions$", respond_combined_questions),
    (COMBINED_PATH + r"/question/(?P<name>[\w-]+)$", respond_combined_answer),
    (COMBINED_PATH + r"/question/(?P<name>[\w-]+)" + FILE_ENDINGS_PATTERN, respond_combined_answer),
]
