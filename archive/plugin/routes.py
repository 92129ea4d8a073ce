"""The routes of all pages of the archive, and its answer to a path without a page."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import fields
from typing import Any
from urllib.parse import unquote

from datasette import NotFound, Response  # type: ignore[import-untyped]
from datasette.utils import tilde_decode  # type: ignore[import-untyped]

from archive.pages.article import article_comparison, article_page_data
from archive.pages.home import home_page_data
from archive.pages.outlet import outlet_list_rows, outlet_page_data
from archive.pages.search_page import SearchRequest, search_page_data
from archive.pages.tables import explained_tables
from archive.plugin.capture_page import CAPTURE_ROUTES
from archive.plugin.event_pages import EVENT_ROUTES
from archive.plugin.feed_routes import FEED_ROUTES
from archive.plugin.guards.concurrency import routed_path
from archive.plugin.guards.permissions import archives, may_see_tables
from archive.plugin.guards.public import respond_robots_txt
from archive.plugin.guards.read_pool import check_comparable_length
from archive.plugin.metadata import canned_queries
from archive.plugin.page_requests import (
    ARCHIVE_PATH,
    ARTICLE_PATH,
    PAGE_TABLES,
    PageRequest,
    page_handler,
    rendered_page,
)
from archive.plugin.revision_page import REVISION_ROUTES
from archive.plugin.story_routes import STORY_ROUTES
from archive.queries.lookup import PlainRow

SEARCH_PARAMETERS = tuple(each.name for each in fields(SearchRequest))
"""The values of a query that the search page reads."""

# -- from a request to the data of a page ----------------------------------------------------------


def _article_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    return article_page_data(connection, int(asked.vars["id"]))


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


def _questions_data(_: sqlite3.Connection, __: PageRequest) -> PlainRow:
    return {"queries": canned_queries()}


def _tables_data(_: sqlite3.Connection, __: PageRequest) -> PlainRow:
    return {"tables": explained_tables()}


async def respond_no_page(request: Any) -> Any:
    """Raise Not Found with a message; 0.65 would look for a table called `-`."""
    raise NotFound(f"{unquote(request.path)}: this archive has no such page")


def page_routes(datasette: Any) -> list[tuple[str, Any]]:
    """Return the routes of the pages.

    On 0.65 they include everything else below `/archive/-`, where 1.0 has pages of its own.
    """
    return (
        PAGE_ROUTES
        if hasattr(datasette, "get_instance_metadata")
        else [*PAGE_ROUTES, (BELOW_DASH_PATH, respond_no_page)]
    )


def is_missing_page(datasette: Any, request: Any) -> bool:
    """Return True for a missing page of the archive, for which `respond_missing` responds."""
    found = PAGE_PLACES_PATTERN.match(routed_path(request.path, datasette.setting("base_url")))
    return bool(found and tilde_decode(found["database"]) in archives(datasette))


async def respond_missing(datasette: Any, request: Any, why: str) -> Any:
    """Respond with Not Found as a page of the archive, or as JSON to a program."""
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "error": why, "status": 404, "title": None}, status=404)
    path = routed_path(request.path, datasette.setting("base_url"))
    found = PAGE_PLACES_PATTERN.match(path)
    assert found is not None
    database = str(tilde_decode(found["database"]))
    if not await may_see_tables(datasette, request.actor, database, PAGE_TABLES):
        return Response.text("Not found", status=404)
    response = await rendered_page(datasette, request, "missing", database, {"why": why})
    response.status = 404
    return response


# -- routes ----------------------------------------------------------------------------------------

HOME_HANDLER = page_handler("home", _home_data)

PAGE_ROUTES: list[tuple[str, Any]] = [
    (r"^/$", HOME_HANDLER),
    (r"^/robots\.txt$", respond_robots_txt),
    (ARCHIVE_PATH + r"/-/home$", HOME_HANDLER),
    (ARTICLE_PATH + r"$", page_handler("article", _article_data)),
    (ARTICLE_PATH + r"/beside/(?P<other>\d{1,18})$", page_handler("beside", _comparison_data)),
    *FEED_ROUTES,
    *REVISION_ROUTES,
    *CAPTURE_ROUTES,
    (ARCHIVE_PATH + r"/-/search$", page_handler("search", _search_data)),
    *STORY_ROUTES,
    *EVENT_ROUTES,
    (ARCHIVE_PATH + r"/-/outlets$", page_handler("outlets", _outlets_data)),
    (ARCHIVE_PATH + r"/-/outlet/(?P<host>[^/]+)$", page_handler("outlet", _outlet_data)),
    (ARCHIVE_PATH + r"/-/questions$", page_handler("questions", _questions_data)),
    (ARCHIVE_PATH + r"/-/tables$", page_handler("tables", _tables_data)),
    (ARCHIVE_PATH + r"/-/(?:story|outlet|event)/.*$", respond_no_page),
]

BELOW_DASH_PATH = ARCHIVE_PATH + r"/-(?:/.*)?$"
PAGE_PLACES_PATTERN = re.compile(ARCHIVE_PATH + r"/(?:-(?:/|$)|articles/)")
"""Paths below which the archive's pages lie, existing or missing."""

PAGE_PATHS_PATTERN = re.compile(
    "|".join(re.sub(r"\?P<\w+>", "?:", address) for address, _ in PAGE_ROUTES)
)
"""The paths of the pages, for middleware that sees a request before Datasette does."""
