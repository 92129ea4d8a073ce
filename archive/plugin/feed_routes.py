"""The routes of Atom feeds, and the output format `.atom` of canned queries."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from datasette import NotFound, Response  # type: ignore[import-untyped]
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]

from archive.errors import UsageError
from archive.pages.feeds import list_feeds
from archive.pages.findings.change_lists import ChangeFilters
from archive.pages.findings.copy_lists import CopyFilters
from archive.pages.findings.event_lists import EventFilters
from archive.pages.findings.event_page import event_of_id
from archive.pages.search_page import SearchRequest
from archive.plugin.extending.own_questions import question_title
from archive.plugin.guards.permissions import archives
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.page_requests import (
    ARCHIVE_PATH,
    FILE_CONTENT_POLICY,
    ArchivePaths,
    PageRequest,
    page_request,
    requested_archive,
)

ATOM_CONTENT_TYPE = "application/atom+xml; charset=utf-8"

FeedFunction = Callable[
    [sqlite3.Connection, PageRequest, str, str, list_feeds.FeedPages], str | None
]
"""Connection, request, the feed's own URL, its page's URL, URLs of pages → XML, or None."""


def atom_response(request: Any, text: str) -> Any:
    """Respond with a feed, or with 304 if the reader has it already."""
    parts = feed_response_parts(request, text)
    return Response(
        parts["body"],
        status=parts["status_code"],
        headers=parts["headers"],
        content_type=parts["content_type"],
    )


def feed_response_parts(request: Any, text: str) -> dict[str, Any]:
    """Return the parts of that response by the names that Datasette's output formats use."""
    tag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
    headers = {
        "etag": tag,
        "cache-control": "no-cache",
        "content-security-policy": FILE_CONTENT_POLICY,
    }
    known = request.headers.get("if-none-match") or ""
    is_known = tag in [each.strip().removeprefix("W/") for each in known.split(",")]
    return {
        "body": "" if is_known else text,
        "status_code": 304 if is_known else 200,
        "headers": headers,
        "content_type": ATOM_CONTENT_TYPE,
    }


def feed_handler(make: FeedFunction) -> Callable[..., Any]:
    """Return a handler that responds with the feed that `make` returns; None is Not Found."""

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond with the feed."""
        database = await requested_archive(datasette, request)
        asked = page_request(request)
        own, page = feed_urls(datasette, request)
        url_of = page_urls(datasette, request, database)
        try:
            text = await page_readers(datasette).read(
                datasette, database, lambda connection: make(connection, asked, own, page, url_of)
            )
        except UsageError as error:
            raise DatasetteError(str(error), status=400) from error
        if text is None:
            raise NotFound(f"{request.path}: this archive has no such feed")
        return atom_response(request, text)

    return handler


def feed_urls(datasette: Any, request: Any) -> tuple[str, str]:
    """Return the full URLs of a feed and of the page that it belongs to."""
    given = {name: request.args[name] for name in request.args}
    query = f"?{urlencode(given)}" if given else ""
    own = str(datasette.absolute_url(request, request.path))
    return own + query, own.removesuffix(".atom") + query


def page_urls(datasette: Any, request: Any, database: str) -> list_feeds.FeedPages:
    """Return the function that gives feeds the full URLs of pages."""
    paths = ArchivePaths(datasette.urls, database)
    paths_by_name = {"article": paths.article, "event": paths.event, "change": paths.revisions}

    def url_of(name: str, *which: int) -> str:
        """Return the full URL of a page."""
        return str(datasette.absolute_url(request, paths_by_name[name](*which)))

    return url_of


# -- routes ----------------------------------------------------------------------------------------


def _search_feed(connection: sqlite3.Connection, asked: PageRequest, *urls: Any) -> str | None:
    wanted = asked.filters(SearchRequest)
    return list_feeds.search_as_atom(connection, wanted, *urls)


def _outlet_feed(connection: sqlite3.Connection, asked: PageRequest, *urls: Any) -> str | None:
    return list_feeds.outlet_as_atom(connection, asked.vars["host"], *urls)


def _event_feed(connection: sqlite3.Connection, asked: PageRequest, *urls: Any) -> str | None:
    id = event_of_id(connection, int(asked.vars["id"]))
    return None if id is None else list_feeds.event_as_atom(connection, id, *urls)


def _events_feed(connection: sqlite3.Connection, asked: PageRequest, *urls: Any) -> str | None:
    filters = asked.filters(EventFilters)
    return list_feeds.events_as_atom(connection, filters, *urls)


def _changes_feed(connection: sqlite3.Connection, asked: PageRequest, *urls: Any) -> str | None:
    filters = asked.filters(ChangeFilters)
    return list_feeds.changes_as_atom(connection, filters, *urls)


def _copies_feed(connection: sqlite3.Connection, asked: PageRequest, *urls: Any) -> str | None:
    filters = asked.filters(CopyFilters)
    return list_feeds.copies_as_atom(connection, filters, *urls)


FEED_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/search\.atom$", feed_handler(_search_feed)),
    (ARCHIVE_PATH + r"/-/outlet/(?P<host>[^/]+)\.atom$", feed_handler(_outlet_feed)),
    (ARCHIVE_PATH + r"/-/event/(?P<id>\d{1,18})\.atom$", feed_handler(_event_feed)),
    (ARCHIVE_PATH + r"/-/events\.atom$", feed_handler(_events_feed)),
    (ARCHIVE_PATH + r"/-/changes\.atom$", feed_handler(_changes_feed)),
    (ARCHIVE_PATH + r"/-/copies\.atom$", feed_handler(_copies_feed)),
]


# -- canned queries --------------------------------------------------------------------------------


def atom_output() -> dict[str, Any]:
    """Return the output format for queries whose rows are articles, as Datasette registers it."""
    return {"extension": "atom", "render": render_query_feed, "can_render": can_render_feed}


def can_render_feed(datasette: Any, columns: Sequence[str], database: str) -> bool:
    """Return True for a query of an archive with a column of articles."""
    return list_feeds.QUESTION_ARTICLE_COLUMN in columns and database in archives(datasette)


async def render_query_feed(
    datasette: Any,
    columns: Sequence[str],
    rows: Sequence[Any],
    query_name: str | None,
    database: str,
    request: Any,
) -> Any:
    """Respond with the rows of a query as a feed. Raises DatasetteError for rows without articles."""
    if not can_render_feed(datasette, columns, database):
        raise DatasetteError("Only a query with a column `article` has a feed.", status=400)
    records: list[Mapping[str, Any]] = [
        dict(zip(columns, tuple(row.values() if isinstance(row, dict) else row), strict=False))
        for row in rows
    ]
    name = query_name or "sql"
    title = question_title(datasette, database, name)
    own, page = feed_urls(datasette, request)
    url_of = page_urls(datasette, request, database)
    text = await page_readers(datasette).read(
        datasette,
        database,
        lambda connection: list_feeds.question_as_atom(
            connection, name, title, records, own, page, url_of
        ),
    )
    # 0.65 would set the status of a Response to 200
    return feed_response_parts(request, text)
