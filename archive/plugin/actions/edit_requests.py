"""Requests that change an archive: who may send them, and the code between a form and a function.

Every form is a POST with a token. A change runs in one transaction on Datasette's writing thread,
and ends with a redirect to a page that shows it.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from datasette import Forbidden, Response  # type: ignore[import-untyped]
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]

from archive.errors import DatelineError, UsageError
from archive.plugin.guards.permissions import is_editor, write_hindrance
from archive.plugin.page_requests import ArchivePaths, requested_archive
from archive.text.numbers import parse_row_number

MAX_FORM_FIELDS = 200


@dataclass(frozen=True, slots=True)
class EditRequest:
    """A form from a visitor who may change the archive."""

    paths: ArchivePaths
    author: str | None
    """The id of the signed-in person."""
    vars: dict[str, str]
    """Values from the path."""
    form: dict[str, list[str]]

    def value(self, name: str) -> str:
        """Return the first value of a field, or an empty text."""
        return next(iter(self.form.get(name, ())), "").strip()

    def number(self, name: str) -> int:
        """Return a number from the form, or else from the path; raises UsageError for no number."""
        text = self.value(name) or self.vars.get(name, "")
        number = parse_row_number(text)
        if number is None:
            raise UsageError(f"{text or name}: not a number")
        return number


@dataclass(frozen=True, slots=True)
class Edited:
    """The result of a change: a message if the page has none, and the path of the page."""

    message: str
    path: str


EditFunction = Callable[[sqlite3.Connection, EditRequest], Edited]
"""Changes the archive inside a transaction; raises UsageError for a visitor's mistake."""
PathFunction = Callable[[EditRequest], str]
RequestHandler = Callable[..., Awaitable[Any]]
FormResponder = Callable[[Any, Any, EditRequest], Awaitable[Any]]
"""Responds to a form: Datasette, the request, the form."""


def edit_handler(word: str, change: EditFunction, back: PathFunction) -> RequestHandler:
    """Return a handler for the forms of a change; `word` is its permission.

    `back` gives the page to which a visitor returns after a mistake.
    """

    async def respond(datasette: Any, request: Any, asked: EditRequest) -> Any:
        """Make the change."""
        return await respond_to_edit(datasette, request, asked, change, back(asked))

    return form_handler(word, respond, back)


def form_handler(word: str, respond: FormResponder, back: PathFunction) -> RequestHandler:
    """Return a handler that passes forms on from visitors who may send them; all changes need one.

    It raises Forbidden without the permission of `word`, and for a form without its token, and
    DatasetteError for an archive that cannot be written. A visitor who only opens the path is
    redirected to the page that `back` gives.
    """

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond to a form."""
        database = await requested_archive(datasette, request)
        if request.method != "POST":
            return Response.redirect(back(_edit_request(datasette, request, database, {})))
        if not await is_editor(datasette, request.actor, database, word):
            raise Forbidden(f"dateline-{word}")
        if hindrance := write_hindrance(datasette, database):
            raise DatasetteError(hindrance, status=403)
        form = _parsed_form(await request.post_body())
        _check_form_token(datasette, request, form)
        return await respond(datasette, request, _edit_request(datasette, request, database, form))

    return handler


async def respond_to_edit(
    datasette: Any, request: Any, asked: EditRequest, change: EditFunction, back: str
) -> Any:
    """Make a change, and redirect to the page that shows it, or after a mistake to `back`."""
    database = datasette.get_database(asked.paths.database)
    try:
        done = await database.execute_write_fn(
            lambda connection: _in_transaction(connection, asked, change)
        )
    except UsageError as error:
        return redirect_with_message(datasette, request, back, str(error), error=True)
    except DatelineError as error:
        raise DatasetteError(str(error), status=503) from error
    return redirect_with_message(datasette, request, done.path, done.message)


def _edit_request(
    datasette: Any, request: Any, database: str, form: dict[str, list[str]]
) -> EditRequest:
    path_values = {name: unquote(value) for name, value in request.url_vars.items() if value}
    author = _author_of_actor(request.actor)
    return EditRequest(ArchivePaths(datasette.urls, database), author, path_values, form)


def _parsed_form(body: bytes) -> dict[str, list[str]]:
    """Return the fields of a form; raises DatasetteError if it has too many."""
    try:
        return parse_qs(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS
        )
    except ValueError as error:
        raise DatasetteError("The form has too many fields.", status=400) from error


def redirect_with_message(
    datasette: Any, request: Any, path: str, message: str, *, error: bool = False
) -> Any:
    """Redirect to a page, which shows a message once if there is one."""
    if message:
        datasette.add_message(request, message, datasette.ERROR if error else datasette.INFO)
    return Response.redirect(path)


def _check_form_token(datasette: Any, request: Any, form: dict[str, list[str]]) -> None:
    """Raise Forbidden if a form lacks the token of 0.65.

    Datasette lets requests without cookies pass, but a proxy may sign visitors in without any. 1.0
    has no tokens: there the headers decide (`archive.plugin.guards.middleware`).
    """
    if hasattr(datasette, "allowed"):  # 1.0
        return
    expected = request.cookies.get("ds_csrftoken", "")
    sent = next(iter(form.get("csrftoken", ())), "")
    if not expected or not secrets.compare_digest(expected.encode(), sent.encode()):
        raise Forbidden("This form has no valid token; open its page again.")


def _author_of_actor(actor: Any) -> str | None:
    """Return the id of a signed-in person."""
    id = str((actor or {}).get("id") or "")
    return id[:200] or None


def _in_transaction(
    connection: sqlite3.Connection, asked: EditRequest, change: EditFunction
) -> Edited:
    """Run a change in a transaction; raises DatelineError if the archive cannot be written."""
    try:
        with connection:
            return change(connection, asked)
    except sqlite3.Error as error:
        raise DatelineError(unsaved_change_text(error)) from error


def unsaved_change_text(error: sqlite3.Error) -> str:
    """Say that a change could not be saved, and what to do."""
    return (
        f"The change could not be saved ({error}). Go back and try again: "
        "what you wrote is still in the form."
    )
