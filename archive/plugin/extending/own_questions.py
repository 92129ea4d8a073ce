"""The questions of a site: the project's own, and those of extensions and of the user's files.

The configuration of the plugin names files (`questions`), which `dateline serve` checks before it
starts. Those of an extension, and `questions.toml` beside an archive, are found without it. A plain
Datasette reports a file that cannot be used in one line, and leaves it out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from archive.errors import UsageError
from archive.extensions import (
    AcceptExtension,
    report_extension_problem,
    usable_extensions,
)
from archive.plugin.guards.permissions import archive_file, archives
from archive.plugin.guards.sql_limits import limit_connection
from archive.plugin.metadata import Questions, canned_queries
from archive.queries.question_files import (
    QUESTION_FILE_NAME,
    QuestionSource,
    checked_questions,
    read_question_file,
)
from archive.queries.sql_functions import add_archive_functions
from archive.storage.database import read_only_uri

QUESTION_GROUP = "dateline.questions"

SiteQuestions = dict[str, Questions]
"""The further questions of each archive, by the name of its database."""

_questions_of_sites: WeakKeyDictionary[Any, SiteQuestions] = WeakKeyDictionary()


def own_questions(datasette: Any) -> SiteQuestions:
    """Return the further questions of each archive; they are read once for each server."""
    known = _questions_of_sites.setdefault(datasette, {})
    for database in archives(datasette):
        if database not in known:
            known[database] = _load_questions(datasette, database)
    return known


def is_site_question(datasette: Any, name: str) -> bool:
    """Return True for the name of a question of any archive of the site."""
    return name in canned_queries() or any(name in own for own in own_questions(datasette).values())


def question_title(datasette: Any, database: str, name: str) -> str:
    """Return the title of a question, or the name of another query."""
    questions = canned_queries() | own_questions(datasette).get(database, {})
    return str(questions.get(name, {}).get("title", name))


def check_question_files(archive_path: Path, paths: list[Path]) -> None:
    """Raise UsageError, with file, question and key, if one of the files cannot be used."""
    taken = set(canned_queries())
    with closing(_checking_connection(archive_path)) as connection:
        for path in paths:
            taken |= checked_questions(read_question_file(path), connection, taken).keys()


def accept_questions(name: str, found: Any) -> QuestionSource:
    """Return the `questions.toml` in the package that an extension names.

    Raises UsageError without such a file.
    """
    if not hasattr(found, "__path__"):
        raise UsageError(f"it is not a package; put {QUESTION_FILE_NAME} into a package")
    file = files(found.__name__) / QUESTION_FILE_NAME
    if not file.is_file():
        raise UsageError(f"its package has no {QUESTION_FILE_NAME}")
    return QuestionSource(f"{QUESTION_FILE_NAME} of the extension {name}", file.read_text("utf-8"))


def questions_on_archive(archive_path: Path) -> AcceptExtension[QuestionSource]:
    """Return a function like `accept_questions` that checks them on an archive, if there is one."""

    def accept(name: str, found: Any) -> QuestionSource:
        """Return the questions; raises UsageError."""
        source = accept_questions(name, found)
        if archive_path.is_file():
            with closing(_checking_connection(archive_path)) as connection:
                checked_questions(source, connection, canned_queries())
        return source

    return accept


def _load_questions(datasette: Any, database: str) -> Questions:
    """Return the further questions of an archive; problems are reported in a line each."""
    path = archive_file(datasette, database)
    found: Questions = {}
    sources = list(_question_sources(datasette, database, path))
    if not sources:
        return found
    with closing(_checking_connection(path)) as connection:
        for source in sources:
            try:
                taken = canned_queries().keys() | found.keys()
                checked = checked_questions(source, connection, taken)
            except UsageError as error:
                report_extension_problem(f"questions are left out: {error}")
            else:
                found |= {name: each | {"hide_sql": True} for name, each in checked.items()}
    return found


def _question_sources(
    datasette: Any, database: str, archive_path: Path
) -> Iterator[QuestionSource]:
    """Yield the files for an archive: of extensions, beside it, and as configured."""
    yield from usable_extensions(QUESTION_GROUP, accept_questions).values()
    beside = archive_path.with_name(QUESTION_FILE_NAME)
    paths = [beside] if beside.is_file() else []
    paths += _configured_question_files(datasette.plugin_config("dateline", database=database))
    paths += _configured_question_files(datasette.plugin_config("dateline"))
    for path in dict.fromkeys(path.absolute() for path in paths):
        try:
            yield read_question_file(path)
        except UsageError as error:
            report_extension_problem(f"questions are left out: {error}")


def _configured_question_files(config: dict[str, Any] | None) -> list[Path]:
    """Return the files that a configuration names, as one text or as a list."""
    named = (config or {}).get("questions") or ()
    return [Path(named)] if isinstance(named, str) else [Path(each) for each in named]


def _checking_connection(path: Path) -> sqlite3.Connection:
    """Open an archive as for a visitor, to prepare statements on it."""
    connection = sqlite3.connect(read_only_uri(path), uri=True)
    add_archive_functions(connection)
    limit_connection(connection)
    return connection
