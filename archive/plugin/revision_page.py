"""The page of an article's changes: `/archive/articles/12/revisions`, `…/revisions/3` for one."""

from __future__ import annotations

import sqlite3
from typing import Any

from datasette import NotFound, Response  # type: ignore[import-untyped]
from markupsafe import Markup

from archive.errors import ArchiveError, UsageError
from archive.plugin.permissions import may_ask_in_sql
from archive.plugin.read_pool import check_length, readers
from archive.queries.revision_diff import page_rows
from archive.text.formatting import direction

TABLES = ("articles", "revisions")
"""Visitors who may not see these tables may not see this page."""


async def changes(datasette: Any, request: Any) -> Any:
    """Respond with the page.

    Raises NotFound for an unknown archive, article or revision, and Forbidden without permission.
    """
    from archive.plugin.routes import POLICY, Paths, opened, title  # which imports this module

    database = await opened(datasette, request, TABLES)
    id, number = int(request.url_vars["id"]), request.url_vars["number"]

    def read_rows(connection: sqlite3.Connection) -> Any:
        """Return the data of the page."""
        check_length(connection, id)
        return page_rows(connection, id, int(number) if number else None)

    try:
        shown = await readers(datasette).read(datasette, database, read_rows)
    except (ArchiveError, UsageError) as error:
        raise NotFound(str(error)) from error
    # `as_markup` escaped the texts
    comparison = Markup(shown["comparison"]) if shown["comparison"] else None  # noqa: S704
    context = {
        "title": await title(datasette),
        "changes": shown | {"direction": direction(shown["language"]), "comparison": comparison},
        "paths": Paths(datasette.urls, database),
        "database": database,
        "may_ask_in_sql": await may_ask_in_sql(datasette, request.actor, database),
    }
    page = await datasette.render_template("dateline_diff.html", context, request=request)
    return Response.html(page, headers={"content-security-policy": POLICY})


ROUTES = [
    (
        r"^/(?P<database>[^/]+)/articles/(?P<id>\d{1,18})/revisions(?:/(?P<number>\d{1,9}))?$",
        changes,
    )
]
