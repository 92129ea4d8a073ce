"""Error pages in the frame of all others; programs that ask for JSON get JSON."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from datasette import NotFound, Response  # type: ignore[import-untyped]
from datasette.utils import tilde_decode  # type: ignore[import-untyped]
from datasette.utils.asgi import Base400  # type: ignore[import-untyped]
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]

from archive.frontier.tombstones import Removal, removal_of_article
from archive.plugin.guards.concurrency import routed_path
from archive.plugin.guards.middleware import CLEARED_ERROR_HEADER
from archive.plugin.guards.permissions import archives, may_run_sql
from archive.plugin.guards.public import is_public_archive
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.page_requests import (
    PAGE_CONTENT_POLICY,
    archive_to_link,
    paths_to_link,
)
from archive.plugin.site_context import site_context
from archive.queries.lookup import PlainRow, newest_articles

MAX_ERROR_PAGE_ARTICLES = 5
"""Newest articles on an error page."""
MAX_SHOWN_PATH_CHARS = 120
"""Characters of a path that an error page repeats."""

MISSING_PAGES = (
    (r"/[^/]+/articles/(\d{1,18})(?:/.*)?", "There is no article {} in this archive"),
    (r"/[^/]+/-/story/([^/]+?)(?:\.\w+)?(?:/.*)?", "There is no story {} in this archive"),
    (r"/[^/]+/-/outlet/([^/]+)(?:/.*)?", "There is no outlet {} in this archive"),
    (r"/[^/]+/-/event/([^/]+)(?:/.*)?", "There is no event {} in this archive"),
)
"""Paths of pages that may be missing, and what to say then."""

REMOVED_ARTICLE_PATH = r"/[^/]+/articles/(\d{1,18})(?:\.\w+|/.*)?"
"""The path of an article, and of all that belongs to it."""

ERROR_HEADINGS = {
    400: "This request is not valid",
    403: "You may not see this page",
    404: "There is no such page",
    410: "This was removed",
    413: "This is too large",
    500: "Something went wrong",
    503: "The server is busy",
}
"""Headings of error pages by status."""
FAILURE_MESSAGE = "The server's log has the details."
INTERRUPTED_MESSAGE = (
    "This took longer than the {:,} ms that the server allows a query; ask for less, or for fewer "
    "days."
)


@dataclass(frozen=True, slots=True)
class PageProblem:
    """The HTTP status, the heading and the sentence of an error page."""

    status: int
    heading: str
    message: str

    @property
    def sentence(self) -> str:
        """The problem in one line, for programs."""
        return self.message or self.heading


def problem_of(exception: Exception, path: str, limit_ms: int) -> PageProblem:
    """Return what to tell a visitor about an exception; `path` is without base_url."""
    if isinstance(exception, NotFound):
        return _missing_page(path, str(exception))
    visitor = visitor_error(exception)
    if visitor is not None:
        return PageProblem(400, ERROR_HEADINGS[400], visitor)
    if isinstance(exception, DatasetteError):
        return _datasette_problem(exception, limit_ms)
    if isinstance(exception, Base400):
        return PageProblem(exception.status, _heading_of(exception.status), str(exception.args[0]))
    return PageProblem(500, ERROR_HEADINGS[500], FAILURE_MESSAGE)


def _datasette_problem(exception: DatasetteError, limit_ms: int) -> PageProblem:
    if exception.message_is_html:  # only a query that took too long has such a message
        return PageProblem(
            exception.status, "This took too long", INTERRUPTED_MESSAGE.format(limit_ms)
        )
    if exception.status == 404:
        return PageProblem(404, ERROR_HEADINGS[404], str(exception.message))
    return PageProblem(
        exception.status, _heading_of(exception.status, exception.title), str(exception.message)
    )


def _heading_of(status: int, title: str | None = None) -> str:
    return title or ERROR_HEADINGS.get(status, f"Error {status}")


def _missing_page(path: str, message: str) -> PageProblem:
    """Return the problem of a page that does not exist: what is missing, in one sentence."""
    decoded = str(tilde_decode(unquote(path)))
    for pattern, heading in MISSING_PAGES:
        found = re.fullmatch(pattern, decoded)
        if found:
            detail = "" if "no such page" in message or "no such" in message else message
            return PageProblem(404, heading.format(found[1][:MAX_SHOWN_PATH_CHARS]), detail)
    shown = decoded[:MAX_SHOWN_PATH_CHARS]
    return PageProblem(404, ERROR_HEADINGS[404], f"Nothing is at {shown}")


def visitor_error(exception: Exception) -> str | None:
    """Return the message for an error that the request caused, or None for any other error."""
    if isinstance(exception, MemoryError):
        return "The query needs more memory than this server allows."
    if isinstance(exception, OverflowError):
        return "A number is too large."
    if (
        isinstance(exception, DatasetteError)
        and exception.status == 500
        and not exception.message_is_html
    ):
        return str(exception.message)  # such as a column that cannot be sorted
    if isinstance(exception, sqlite3.DatabaseError):
        return str(exception)
    return "The request is invalid." if isinstance(exception, ValueError) else None


async def respond_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Respond to an exception with a page, or as JSON or text to a program.

    A visitor's SQL that fails is shown again in its editor, with the reason.
    """
    path = routed_path(request.path, datasette.setting("base_url"))
    problem = problem_of(exception, path, datasette.setting("sql_time_limit_ms"))
    if problem.status == 404:
        problem = await _removed_article(datasette, request, path) or problem
    database = await _sql_database(datasette, request, path)
    if database and problem.status != 404:
        return await _respond_failed_sql(datasette, request, database, problem)
    return await respond_problem(datasette, request, problem)


async def respond_missing(datasette: Any, request: Any) -> Any:
    """Respond to a request for something that does not exist, or that strangers may not see."""
    path = routed_path(request.path, datasette.setting("base_url"))
    problem = await _removed_article(datasette, request, path) or _missing_page(path, "")
    return await respond_problem(datasette, request, problem)


async def _removed_article(datasette: Any, request: Any, path: str) -> PageProblem | None:
    """Return what to tell of an article that was removed, or None for any other path.

    In public mode the reason is not shown.
    """
    found = re.fullmatch(REMOVED_ARTICLE_PATH, path)
    if found is None:
        return None
    database = str(tilde_decode(path.split("/")[1]))
    if await archive_to_link(datasette, request.actor, database) != database:
        return None
    article_id = int(found[1])

    def read_removal(connection: sqlite3.Connection) -> Removal | None:
        """Return the removal."""
        return removal_of_article(connection, article_id)

    removal = await page_readers(datasette).read(datasette, database, read_removal)
    if removal is None:
        return None
    shown = removal.sentence
    if is_public_archive(datasette):
        shown = f"removed on {removal.removed_at[:10]}"
    heading = f"Article {article_id} was removed from this archive"
    return PageProblem(410, heading, f"{shown[0].upper()}{shown[1:]}.")


async def respond_forbidden(datasette: Any, request: Any) -> Any:
    """Respond to a visitor who lacks a permission."""
    message = "Sign in with an account that may see it." if request.actor is None else ""
    return await respond_problem(datasette, request, PageProblem(403, ERROR_HEADINGS[403], message))


async def respond_problem(datasette: Any, request: Any, problem: PageProblem) -> Any:
    """Respond with an error page, or as JSON or text to a program."""
    if request.path.endswith(".json"):
        body = {"ok": False, "error": problem.sentence, "status": problem.status, "title": None}
        return _cleared(Response.json(body, status=problem.status))
    if request.path.endswith(".csv"):
        return _cleared(Response.text(problem.sentence, status=problem.status))
    path = routed_path(request.path, datasette.setting("base_url"))
    database = str(tilde_decode(path.split("/")[1])) if path.count("/") else None
    paths = await paths_to_link(datasette, request.actor, database)
    linked = paths.database if paths else None
    context = {
        "site": await site_context(datasette, request, paths),
        "heading": problem.heading,
        "message": problem.message,
        "newest": await _newest_coverage(datasette, linked, problem.status),
    }
    text = await datasette.render_template("dateline_error.html", context, request=request)
    headers = {"content-security-policy": PAGE_CONTENT_POLICY}
    return _cleared(Response.html(text, status=problem.status, headers=headers))


def _cleared(response: Any) -> Any:
    """Return a response marked as fit for strangers; the middleware replaces other failures."""
    response.headers[CLEARED_ERROR_HEADER] = "1"
    return response


async def _newest_coverage(datasette: Any, database: str | None, status: int) -> list[PlainRow]:
    """Return the newest articles for an error page; none if the archive cannot be read now."""
    if database is None or status >= 500:
        return []

    def read_newest(connection: sqlite3.Connection) -> list[PlainRow]:
        """Return the newest articles."""
        return newest_articles(connection, MAX_ERROR_PAGE_ARTICLES)

    try:
        newest: list[PlainRow] = await page_readers(datasette).read(
            datasette, database, read_newest
        )
    except (sqlite3.Error, DatasetteError):
        return []
    return newest


async def _sql_database(datasette: Any, request: Any, path: str) -> str | None:
    """Return the archive to which a visitor sent SQL from a page, or None."""
    found = re.fullmatch(r"/([^/.]+)(?:/-/query)?", path)
    if found is None or not request.args.get("sql"):
        return None
    database = str(tilde_decode(found[1]))
    allowed = database in archives(datasette) and await may_run_sql(
        datasette, request.actor, database
    )
    return database if allowed else None


async def _respond_failed_sql(
    datasette: Any, request: Any, database: str, problem: PageProblem
) -> Any:
    """Respond with the SQL in its editor and the reason why it failed."""
    sql = request.args["sql"]
    others = {name: request.args[name] for name in request.args if name != "sql"}
    context = {
        "database": database,
        "query": {"sql": sql, "params": others},
        "error": problem.sentence,
        "named_parameter_values": {
            name: value for name, value in others.items() if not name.startswith("_")
        },
        "metadata": {},
        "renderers": {},
    }
    text = await datasette.render_template("query.html", context, request=request)
    return _cleared(Response.html(text, status=problem.status))
