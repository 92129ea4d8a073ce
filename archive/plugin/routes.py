"""The routes of all pages of the archive, and its answer to a path without a page."""

from __future__ import annotations

import re
import sqlite3
from typing import Any
from urllib.parse import unquote

from datasette import NotFound  # type: ignore[import-untyped]
from markupsafe import Markup

from archive.errors import ArchiveError, UsageError
from archive.pages.article import article_comparison
from archive.pages.home import home_page_data
from archive.pages.outlet import asked_outlet_order, outlet_list_rows, outlet_page_data
from archive.pages.search_page import SearchRequest, search_page_data
from archive.pages.tables import explained_tables
from archive.plugin.actions.all_routes import EDIT_ROUTES
from archive.plugin.actions.outlet_routes import OUTLET_LOOK_ROUTES
from archive.plugin.capture_page import CAPTURE_ROUTES
from archive.plugin.citation_pages import CITATION_ROUTES
from archive.plugin.combined.combined_files import COMBINED_FILE_ROUTES
from archive.plugin.combined.combined_pages import COMBINED_PAGE_ROUTES
from archive.plugin.combined.combined_questions import COMBINED_QUESTION_ROUTES
from archive.plugin.event_pages import EVENT_ROUTES
from archive.plugin.extending.own_questions import own_questions
from archive.plugin.feed_routes import FEED_ROUTES
from archive.plugin.guards.permissions import has_several_archives
from archive.plugin.guards.public import respond_robots_txt
from archive.plugin.guards.read_pool import check_comparable_length
from archive.plugin.metadata import grouped_questions
from archive.plugin.page_requests import (
    ARCHIVE_PATH,
    ARTICLE_PATH,
    PageRequest,
    page_handler,
    rendered_page,
    requested_archive,
)
from archive.plugin.story_routes import STORY_ROUTES
from archive.queries.lookup import PlainRow
from archive.queries.revision_diff import revision_page_data
from archive.text.formatting import direction

# -- from a request to the data of a page ----------------------------------------------------------


def _comparison_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    id, other = int(asked.vars["id"]), int(asked.vars["other"])
    check_comparable_length(connection, id, other)
    return article_comparison(connection, id, other, asked.args.get("view", ""))


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


def _search_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return search_page_data(
        connection,
        asked.filters(SearchRequest),
        asked.page,
    )


def _home_data(connection: sqlite3.Connection, _: PageRequest) -> PlainRow:
    return home_page_data(connection)


def _outlets_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    order = asked_outlet_order(asked.args)
    rows = outlet_list_rows(connection, asked.page, order)
    return {"outlets": rows, "page": asked.page, "order": order}


def _outlet_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    return outlet_page_data(connection, asked.vars["host"])


def _tables_data(_: sqlite3.Connection, __: PageRequest) -> PlainRow:
    return {"tables": explained_tables()}


async def respond_questions(datasette: Any, request: Any) -> Any:
    """Respond with the page of the questions of an archive."""
    database = await requested_archive(datasette, request)
    groups = grouped_questions(own_questions(datasette).get(database))
    return await rendered_page(datasette, request, "questions", database, {"groups": groups})


async def respond_no_page(request: Any) -> Any:
    """Raise Not Found with a message; 0.65 would look for a table called `-`."""
    raise NotFound(f"{unquote(request.path)}: this archive has no such page")


def page_routes(datasette: Any) -> list[tuple[str, Any]]:
    """Return the routes of the pages.

    On 0.65 they include everything else below `/archive/-`, where 1.0 has its own pages.
    """
    combined = COMBINED_ROUTES if has_several_archives(datasette) else []
    rest = (
        [] if hasattr(datasette, "get_instance_metadata") else [(BELOW_DASH_PATH, respond_no_page)]
    )
    return [*combined, *PAGE_ROUTES, *rest]


def page_paths_pattern(datasette: Any) -> re.Pattern[str]:
    """Return the paths of the pages, for middleware that sees a request before Datasette does."""
    return COMBINED_PATHS_PATTERN if has_several_archives(datasette) else PAGE_PATHS_PATTERN


def _paths_pattern(routes: list[tuple[str, Any]]) -> re.Pattern[str]:
    return re.compile("|".join(re.sub(r"\?P<\w+>", "?:", address) for address, _ in routes))


# -- routes ----------------------------------------------------------------------------------------

HOME_HANDLER = page_handler("home", _home_data)

PAGE_ROUTES: list[tuple[str, Any]] = [
    (r"^/$", HOME_HANDLER),
    (r"^/robots\.txt$", respond_robots_txt),
    (ARCHIVE_PATH + r"/-/home$", HOME_HANDLER),
    *CITATION_ROUTES,
    (ARTICLE_PATH + r"/beside/(?P<other>\d{1,18})$", page_handler("beside", _comparison_data)),
    *FEED_ROUTES,
    (
        ARTICLE_PATH + r"/revisions(?:/(?P<number>\d{1,9}))?$",
        page_handler("diff", _revisions_data),
    ),
    *CAPTURE_ROUTES,
    (ARCHIVE_PATH + r"/-/search$", page_handler("search", _search_data)),
    *STORY_ROUTES,
    *EDIT_ROUTES,
    *OUTLET_LOOK_ROUTES,
    *EVENT_ROUTES,
    (ARCHIVE_PATH + r"/-/outlets$", page_handler("outlets", _outlets_data)),
    (ARCHIVE_PATH + r"/-/outlet/(?P<host>[^/]+)$", page_handler("outlet", _outlet_data)),
    (ARCHIVE_PATH + r"/-/questions$", respond_questions),
    (ARCHIVE_PATH + r"/-/tables$", page_handler("tables", _tables_data)),
    (ARCHIVE_PATH + r"/-/(?:story|outlet|event)/.*$", respond_no_page),
]

COMBINED_ROUTES = [*COMBINED_PAGE_ROUTES, *COMBINED_QUESTION_ROUTES, *COMBINED_FILE_ROUTES]
"""The pages of several archives together, which precede the others."""

BELOW_DASH_PATH = ARCHIVE_PATH + r"/-(?:/.*)?$"
PAGE_PATHS_PATTERN = _paths_pattern(PAGE_ROUTES)
COMBINED_PATHS_PATTERN = _paths_pattern([*COMBINED_ROUTES, *PAGE_ROUTES])
"""With the pages of several archives together."""
