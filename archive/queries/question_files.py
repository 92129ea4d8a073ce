"""Files with questions of the user: in TOML, a table for each, as in `archive/plugin/queries.toml`.

    [strikes]
    title = "Strikes"
    description = "The newest articles on strikes of an outlet."
    params = ["outlet"]
    sql = "SELECT id AS article, headline FROM coverage WHERE outlet = :outlet"

`title` and `sql` are required. `group` is a heading, `params` gives the order of the fields.
"""

from __future__ import annotations

import re
import sqlite3
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.errors import UsageError

QUESTION_FILE_NAME = "questions.toml"
"""The file in an archive's folder whose questions are found without being named."""
QUESTION_KEYS = {"title": str, "sql": str, "description": str, "group": str, "params": list}
REQUIRED_QUESTION_KEYS = ("title", "sql")
OWN_QUESTIONS_GROUP = "Own questions"
"""The heading of questions without a `group`."""
QUESTION_NAME_PATTERN = re.compile(r"[a-z][a-z0-9_]{0,60}")
MAX_QUESTION_FILE_BYTES = 1_000_000

Question = dict[str, Any]
"""A canned query: `title`, `description`, `group`, `sql` and `params`."""


@dataclass(frozen=True, slots=True)
class QuestionSource:
    """The text of a file with questions, and its name for messages."""

    name: str
    text: str


class _NoticedParameters(dict[str, None]):
    """Values for a statement: NULL for each parameter, which is noticed when SQLite asks for it."""

    def __missing__(self, name: str) -> None:
        self[name] = None


def read_question_file(path: Path) -> QuestionSource:
    """Return a file with questions; raises UsageError if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_QUESTION_FILE_BYTES + 1)
        text = content.decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8") from error
    if len(content) > MAX_QUESTION_FILE_BYTES:
        raise UsageError(f"{path}: larger than {MAX_QUESTION_FILE_BYTES:,} bytes")
    return QuestionSource(str(path), text)


def checked_questions(
    source: QuestionSource, connection: sqlite3.Connection, taken: Collection[str] = ()
) -> dict[str, Question]:
    """Return the questions of a file by name, once SQLite has prepared each on the archive.

    `connection` is read-only and has the functions and limits of a visitor's; `taken` are the
    names of other questions. Raises UsageError that names file, question and key.
    """
    try:
        tables = tomllib.loads(source.text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{source.name}: not readable as TOML: {error}") from error
    questions = {}
    for name, table in tables.items():
        place = f"{source.name}: [{name}]"
        _check_question_name(place, name, taken, connection)
        _check_question_table(place, table)
        found = _parameters_of_sql(place, table["sql"], connection)
        params = _ordered_parameters(place, table.get("params"), found)
        questions[name] = {
            "group": OWN_QUESTIONS_GROUP,
            "description": "",
            **table,
            "sql": table["sql"].strip(),
            "params": params,
        }
    return questions


def _check_question_name(
    place: str, name: str, taken: Collection[str], connection: sqlite3.Connection
) -> None:
    if not QUESTION_NAME_PATTERN.fullmatch(name):
        raise UsageError(f"{place}: not a name; use lower-case letters, digits and _, as in a URL")
    if name in taken:
        raise UsageError(f"{place}: there is another question of this name; choose another name")
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", [name]).fetchone()
    if known:
        raise UsageError(f"{place}: a table has this name; choose another name")


def _check_question_table(place: str, table: Any) -> None:
    """Raise UsageError for unknown or missing keys, and for values of the wrong type."""
    if not isinstance(table, Mapping):
        raise UsageError(f"{place}: not a table; a question begins with a line such as [strikes]")
    for key, value in table.items():
        if key not in QUESTION_KEYS:
            raise UsageError(f"{place} {key}: unknown key; choose from {', '.join(QUESTION_KEYS)}")
        if not isinstance(value, QUESTION_KEYS[key]):
            wanted = "a text" if QUESTION_KEYS[key] is str else "a list of texts"
            raise UsageError(f"{place} {key}: must be {wanted}")
    missing = [key for key in REQUIRED_QUESTION_KEYS if not str(table.get(key, "")).strip()]
    if missing:
        raise UsageError(f"{place} {missing[0]}: missing or empty")


def _parameters_of_sql(place: str, sql: str, connection: sqlite3.Connection) -> list[str]:
    """Return the names of a statement's parameters in their order.

    Raises UsageError where SQLite cannot prepare the statement, or it would write.
    """
    noticed = _NoticedParameters()
    try:
        steps = connection.execute(f"EXPLAIN {sql}", noticed).fetchall()
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise UsageError(f"{place} sql: {error}") from error
    begins = re.match(r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(\w+)", sql, re.DOTALL)
    is_query = bool(begins) and begins[1].lower() in ("select", "with", "values")  # type: ignore[index]
    writes = any(step[1] == "Transaction" and step[3] for step in steps)
    if not is_query or writes:
        raise UsageError(f"{place} sql: must be a SELECT, which changes nothing")
    return list(noticed)


def _ordered_parameters(place: str, given: list[Any] | None, found: list[str]) -> list[str]:
    """Return the parameters in the order that a question gives, or else in that of its SQL.

    Raises UsageError unless both name the same.
    """
    if given is None:
        return found
    if other := next((name for name in given if name not in found), None):
        raise UsageError(f"{place} params: {other} is not in the SQL; write it there as :{other}")
    if other := next((name for name in found if name not in given), None):
        raise UsageError(f"{place} params: :{other} of the SQL is missing")
    return [str(name) for name in given]
