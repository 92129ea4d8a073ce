"""The routes of outlets: look one up, add, pause, resume and remove it."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from datasette import Forbidden, NotFound, Response  # type: ignore[import-untyped]

from archive.editing.outlets import (
    pause_outlet,
    remove_outlet,
    resume_outlet,
)
from archive.errors import BusyError, UsageError
from archive.frontier.urls import add_outlet_with_sources
from archive.outlet_preview import OutletPreview, outlet_previewer
from archive.plugin.actions.edit_requests import (
    Edited,
    EditRequest,
    edit_handler,
    form_handler,
    redirect_with_message,
    respond_to_edit,
)
from archive.plugin.actions.outlet_looks import outlet_looks
from archive.plugin.guards.permissions import is_editor
from archive.plugin.page_requests import ARCHIVE_PATH, rendered_page, requested_archive
from archive.text.formatting import many

NO_PREVIEWER_MESSAGE = (
    "This server cannot look outlets up; `dateline serve` can, and `dateline outlet add HOST`."
)
MAX_HOST_CHARS = 300
LOOK_REFRESH_SECONDS = 2
"""Interval at which a page asks whether a lookup is finished."""


async def respond_look(datasette: Any, request: Any, asked: EditRequest) -> Any:
    """Start the lookup of an outlet, and redirect to the page that waits for it."""
    previewer, host = outlet_previewer(), asked.value("host")[:MAX_HOST_CHARS]
    try:
        if previewer is None:
            raise UsageError(NO_PREVIEWER_MESSAGE)
        if not host:
            raise UsageError("name the outlet by its host, such as www.harbour.example")
        token = outlet_looks(datasette).begin(host, previewer)
    except UsageError as error:
        outlets = asked.paths.outlets()
        return redirect_with_message(datasette, request, outlets, str(error), error=True)
    return Response.redirect(asked.paths.outlet_look(token))


async def respond_look_page(datasette: Any, request: Any) -> Any:
    """Respond with the state or the result of a lookup."""
    database = await requested_archive(datasette, request)
    if not await is_editor(datasette, request.actor, database, "outlet"):
        raise Forbidden("dateline-outlet")
    token = unquote(request.url_vars["token"])
    look = outlet_looks(datasette).find(token)
    if look is None:
        raise NotFound("this lookup is over; look the outlet up again")
    shown = {"token": token, "host": look.host, "found": look.found, "seconds": look.seconds}
    response = await rendered_page(datasette, request, "outlet_look", database, shown)
    if look.found is None:
        response.headers["refresh"] = str(LOOK_REFRESH_SECONDS)
    return response


async def respond_add(datasette: Any, request: Any, asked: EditRequest) -> Any:
    """Add an outlet that was looked up, with the sources that were chosen."""
    look = outlet_looks(datasette).find(asked.value("token"))
    found = look.found if look else None
    if found is None or found.problem:
        why = "this lookup is over; look the outlet up again"
        return redirect_with_message(datasette, request, asked.paths.outlets(), why, error=True)
    preview: OutletPreview = found

    def add(connection: sqlite3.Connection, form: EditRequest) -> Edited:
        """Store the outlet."""
        return _add_previewed(connection, form, preview)

    return await respond_to_edit(datasette, request, asked, add, asked.paths.outlets())


def _add_previewed(
    connection: sqlite3.Connection, asked: EditRequest, found: OutletPreview
) -> Edited:
    """Store an outlet with those of its sources that the form names."""
    chosen = set(asked.form.get("source", ()))
    sources = [each.source for each in found.sources if each.source.url in chosen]
    name = asked.value("name")[:200] or found.outlet.name
    add_outlet_with_sources(connection, replace(found.outlet, name=name), sources)
    resume_outlet(connection, found.outlet.host)
    return Edited(
        f"{found.outlet.host} is added with {many(len(sources), 'source')}; "
        "the next crawl reads it.",
        asked.paths.outlet(found.outlet.host),
    )


def _pause(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    host = asked.vars["host"]
    pause_outlet(connection, host)
    return Edited(
        f"{host} is paused: it gets no requests until it is resumed.", asked.paths.outlet(host)
    )


def _resume(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    host = asked.vars["host"]
    resume_outlet(connection, host)
    return Edited(f"{host} is read again from the next crawl on.", asked.paths.outlet(host))


def _remove(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    host = asked.vars["host"]
    try:
        remove_outlet(connection, host)
    except BusyError as error:
        raise UsageError(str(error)) from error
    return Edited(f"{host} is removed, with its feeds and waiting pages.", asked.paths.outlets())


def _outlet_list(asked: EditRequest) -> str:
    """Return the path of the list of outlets."""
    return asked.paths.outlets()


def _outlet_page(asked: EditRequest) -> str:
    """Return the path of the outlet of a form."""
    return asked.paths.outlet(asked.vars["host"])


_OUTLET_PATH = ARCHIVE_PATH + r"/-/outlet/(?P<host>[^/]+)"

OUTLET_EDIT_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/outlets/look$", form_handler("outlet", respond_look, _outlet_list)),
    (ARCHIVE_PATH + r"/-/outlets/add$", form_handler("outlet", respond_add, _outlet_list)),
    (_OUTLET_PATH + r"/pause$", edit_handler("outlet", _pause, _outlet_page)),
    (_OUTLET_PATH + r"/resume$", edit_handler("outlet", _resume, _outlet_page)),
    (_OUTLET_PATH + r"/remove$", edit_handler("outlet", _remove, _outlet_page)),
]

OUTLET_LOOK_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/outlets/look/(?P<token>[\w-]{1,40})$", respond_look_page),
]
"""The page that waits for a lookup, which changes nothing."""
