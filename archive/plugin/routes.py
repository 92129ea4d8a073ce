"""The routes of all pages of the archive, and its answer to a path without a page."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import fields
from typing import Any
from urllib.parse import unquote

from datasette import NotFound  # type: ignore[import-untyped]

from archive.pages.article import article_comparison
from archive.pages.home import home_page_data
from archive.pages.outlet import outlet_list_rows, outlet_page_data
from archive.pages.search_page import SearchRequest, search_page_data
from archive.pages.tables import explained_tables
from archive.plugin.actions.all_routes import EDIT_ROUTES
from archive.plugin.capture_page import CAPTURE_ROUTES
from archive.plugin.citation_pages import CITATION_ROUTES
from archive.plugin.event_pages import EVENT_ROUTES
from archive.plugin.extending.own_questions import own_questions
from archive.plugin.feed_routes import FEED_ROUTES
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
from archive.plugin.revision_page import REVISION_ROUTES
from archive.plugin.story_routes import STORY_ROUTES
from archive.queries.lookup import PlainRow

SEARCH_PARAMETERS = tuple(each.name for each in fields(SearchRequest))
"""The values of a query that the search page reads."""

# -- from a request to the data of a page ----------------------------------------------------------


def _comparison_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    id, other = int(asked.vars["id"]), int(asked.vars["other"])
    check_comparable_length(connection, id, other)
    return article_comparison(connection, id, other)


def _search_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return search_page_data(
        connection,
        SearchRequest(**asked.pick(*SEARCH_PARAMETERS)),
        asked.page,
    )


def _home_data(connection: sqlite3.Connection, _: PageRequest) -> PlainRow:
    return home_page_data(connection)


def _outlets_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return {"outlets": outlet_list_rows(connection, asked.page), "page": asked.page}


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
    return (
        PAGE_ROUTES
        if hasattr(datasette, "get_instance_metadata")
        else [*PAGE_ROUTES, (BELOW_DASH_PATH, respond_no_page)]
    )


# -- routes ----------------------------------------------------------------------------------------

HOME_HANDLER = page_handler("home", _home_data)

PAGE_ROUTES: list[tuple[str, Any]] = [
    (r"^/$", HOME_HANDLER),
    (r"^/robots\.txt$", respond_robots_txt),
    (ARCHIVE_PATH + r"/-/home$", HOME_HANDLER),
    *CITATION_ROUTES,
    (ARTICLE_PATH + r"/beside/(?P<other>\d{1,18})$", page_handler("beside", _comparison_data)),
    *FEED_ROUTES,
    *REVISION_ROUTES,
    *CAPTURE_ROUTES,
    (ARCHIVE_PATH + r"/-/search$", page_handler("search", _search_data)),
    *STORY_ROUTES,
    *EDIT_ROUTES,
    *EVENT_ROUTES,
    (ARCHIVE_PATH + r"/-/outlets$", page_handler("outlets", _outlets_data)),
    (ARCHIVE_PATH + r"/-/outlet/(?P<host>[^/]+)$", page_handler("outlet", _outlet_data)),
    (ARCHIVE_PATH + r"/-/questions$", respond_questions),
    (ARCHIVE_PATH + r"/-/tables$", page_handler("tables", _tables_data)),
    (ARCHIVE_PATH + r"/-/(?:story|outlet|event)/.*$", respond_no_page),
]

BELOW_DASH_PATH = ARCHIVE_PATH + r"/-(?:/.*)?$"
PAGE_PATHS_PATTERN = re.compile(
    "|".join(re.sub(r"\?P<\w+>", "?:", address) for address, _ in PAGE_ROUTES)
)
"""The paths of the pages, for middleware that sees a request before Datasette does."""


def has_archive_page(route: str) -> bool:
    """Return True if a path, without base_url, is that of a page of the archive."""
    return PAGE_PATHS_PATTERN.match(route) is not None
