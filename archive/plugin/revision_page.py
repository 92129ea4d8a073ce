"""The page of an article's changes: `/archive/articles/12/revisions`, `…/revisions/3` for one."""

from __future__ import annotations

import sqlite3

from datasette import NotFound  # type: ignore[import-untyped]
from markupsafe import Markup

from archive.errors import ArchiveError, UsageError
from archive.plugin.guards.read_pool import check_comparable_length
from archive.plugin.page_requests import ARTICLE_PATH, PageRequest, page_handler
from archive.queries.lookup import PlainRow
from archive.queries.revision_diff import revision_page_data
from archive.text.formatting import direction


def _revisions_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    """Return the data of the page. Raises NotFound for an unknown article or revision."""
    id, number = int(asked.vars["id"]), asked.vars.get("number")
    check_comparable_length(connection, id)
    try:
        shown = revision_page_data(connection, id, int(number) if number else None)
    except (ArchiveError, UsageError) as error:
        raise NotFound(str(error)) from error
    # `comparison_as_html` escaped the texts
    comparison = Markup(shown["comparison"]) if shown["comparison"] else None  # noqa: S704
    return shown | {"direction": direction(shown["language"]), "comparison": comparison}


REVISION_ROUTES = [
    (
        ARTICLE_PATH + r"/revisions(?:/(?P<number>\d{1,9}))?$",
        page_handler("diff", _revisions_data),
    )
]
