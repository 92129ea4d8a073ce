"""The page of an article's changes: `/archive/articles/12/revisions`, `…/revisions/3` for one."""

from __future__ import annotations

import sqlite3
from typing import Any

from datasette import NotFound, Response  # type: ignore[import-untyped]
from markupsafe import Markup

from archive.errors import ArchiveError, UsageError
from archive.plugin.guards.read_pool import check_comparable_length, page_readers
from archive.plugin.page_requests import (
    ARTICLE_PATH,
    PAGE_CONTENT_POLICY,
    ArchivePaths,
    requested_archive,
)
from archive.plugin.site_context import site_context
from archive.queries.revision_diff import revision_page_data
from archive.text.formatting import direction

REVISION_TABLES = ("articles", "revisions")
"""Visitors who may not see these tables may not see this page."""


async def respond_revisions(datasette: Any, request: Any) -> Any:
    """Respond with the page.

    Raises NotFound for an unknown archive, article or revision, and Forbidden without permission.
    """
    database = await requested_archive(datasette, request, REVISION_TABLES)
    id, number = int(request.url_vars["id"]), request.url_vars["number"]

    def read_rows(connection: sqlite3.Connection) -> Any:
        """Return the data of the page."""
        check_comparable_length(connection, id)
        return revision_page_data(connection, id, int(number) if number else None)

    try:
        shown = await page_readers(datasette).read(datasette, database, read_rows)
    except (ArchiveError, UsageError) as error:
        raise NotFound(str(error)) from error
    # `as_markup` escaped the texts
    comparison = Markup(shown["comparison"]) if shown["comparison"] else None  # noqa: S704
    paths = ArchivePaths(datasette.urls, database)
    site = await site_context(datasette, request, paths)
    context = {
        "title": site["title"],
        "site": site,
        "changes": shown | {"direction": direction(shown["language"]), "comparison": comparison},
        "paths": paths,
        "database": database,
        "may_ask_in_sql": site["may_ask_in_sql"],
    }
    page = await datasette.render_template("dateline_diff.html", context, request=request)
    return Response.html(page, headers={"content-security-policy": PAGE_CONTENT_POLICY})


REVISION_ROUTES = [
    (
        ARTICLE_PATH + r"/revisions(?:/(?P<number>\d{1,9}))?$",
        respond_revisions,
    )
]
