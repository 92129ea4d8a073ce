"""The lists of several archives together as Atom feeds, as CSV and as JSON."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from datasette.views.base import DatasetteError  # type: ignore[import-untyped]

from archive.errors import UsageError
from archive.pages.combined import combined_feeds
from archive.pages.combined.merged_rows import ArchiveConnections
from archive.pages.findings.attention import attention_file_row, days_of_archives
from archive.pages.findings.change_lists import ChangeFilters
from archive.pages.findings.copy_lists import CopyFilters
from archive.pages.findings.event_lists import EventFilters
from archive.pages.search_page import SearchRequest
from archive.plugin.combined.combined_pages import (
    COMBINED_PATH,
    attention_request_of_all,
    read_visible_archives,
)
from archive.plugin.event_pages import (
    ATTENTION_FILE,
    CHANGE_FILE,
    COPY_FILE,
    EVENT_FILE,
    FILE_ENDINGS_PATTERN,
    MAX_FILE_ROWS,
    list_file_response,
)
from archive.plugin.feed_routes import atom_response, feed_urls, page_urls
from archive.plugin.page_requests import PageRequest, page_request
from archive.queries.lookup import PlainRow

CombinedFeedFunction = Callable[
    [ArchiveConnections, PageRequest, str, str, combined_feeds.PagesOfArchive], str
]
"""Connections, request, the feed's own URL, its page's URL, URLs of pages → XML."""
CombinedRowsFunction = Callable[[ArchiveConnections, PageRequest], list[PlainRow]]


def combined_feed_handler(make: CombinedFeedFunction) -> Callable[..., Awaitable[Any]]:
    """Return a handler that responds with the feed that `make` returns."""

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond with the feed."""
        asked = page_request(request)
        own, page = feed_urls(datasette, request)

        def pages_of(archive: str) -> Any:
            """Return the function that gives the full URLs of an archive's pages."""
            return page_urls(datasette, request, archive)

        try:
            text = await read_visible_archives(
                datasette,
                request,
                lambda connections: make(connections, asked, own, page, pages_of),
            )
        except UsageError as error:
            raise DatasetteError(str(error), status=400) from error
        return atom_response(request, text)

    return handler


def combined_file_handler(
    name: str, columns: tuple[str, ...], make: CombinedRowsFunction
) -> Callable[..., Awaitable[Any]]:
    """Return a handler that responds with the rows that `make` returns as CSV or JSON."""

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond with the file."""
        asked = page_request(request)
        try:
            rows = await read_visible_archives(
                datasette, request, lambda connections: make(connections, asked)
            )
        except UsageError as error:
            raise DatasetteError(str(error), status=400) from error
        return list_file_response(name, columns, rows, asked.vars["form"])

    return handler


# -- routes ----------------------------------------------------------------------------------------


def _search_feed_of_all(connections: ArchiveConnections, asked: PageRequest, *urls: Any) -> str:
    return combined_feeds.combined_search_atom(connections, asked.filters(SearchRequest), *urls)


def _events_feed_of_all(connections: ArchiveConnections, asked: PageRequest, *urls: Any) -> str:
    return combined_feeds.combined_events_atom(connections, asked.filters(EventFilters), *urls)


def _changes_feed_of_all(connections: ArchiveConnections, asked: PageRequest, *urls: Any) -> str:
    return combined_feeds.combined_changes_atom(connections, asked.filters(ChangeFilters), *urls)


def _copies_feed_of_all(connections: ArchiveConnections, asked: PageRequest, *urls: Any) -> str:
    return combined_feeds.combined_copies_atom(connections, asked.filters(CopyFilters), *urls)


def _found_rows(connections: ArchiveConnections, asked: PageRequest) -> list[PlainRow]:
    wanted = asked.filters(SearchRequest)
    return combined_feeds.found_article_rows(connections, wanted, MAX_FILE_ROWS)


def _event_rows(connections: ArchiveConnections, asked: PageRequest) -> list[PlainRow]:
    filters = asked.filters(EventFilters)
    return combined_feeds.event_rows_of_all(connections, filters, MAX_FILE_ROWS)


def _change_rows(connections: ArchiveConnections, asked: PageRequest) -> list[PlainRow]:
    filters = asked.filters(ChangeFilters)
    return combined_feeds.change_rows_of_all(connections, filters, MAX_FILE_ROWS)


def _copy_rows(connections: ArchiveConnections, asked: PageRequest) -> list[PlainRow]:
    filters = asked.filters(CopyFilters)
    return combined_feeds.copy_rows_of_all(connections, filters, MAX_FILE_ROWS)


def _attention_rows(connections: ArchiveConnections, asked: PageRequest) -> list[PlainRow]:
    series = days_of_archives(list(connections.values()), attention_request_of_all(asked))
    return [attention_file_row(day) for day in series["days"]]


def _file_route(name: str, columns: tuple[str, ...], make: CombinedRowsFunction) -> tuple[str, Any]:
    path = f"{COMBINED_PATH}/{name}{FILE_ENDINGS_PATTERN}"
    return path, combined_file_handler(name, columns, make)


COMBINED_FILE_ROUTES: list[tuple[str, Any]] = [
    (COMBINED_PATH + r"/search\.atom$", combined_feed_handler(_search_feed_of_all)),
    (COMBINED_PATH + r"/events\.atom$", combined_feed_handler(_events_feed_of_all)),
    (COMBINED_PATH + r"/changes\.atom$", combined_feed_handler(_changes_feed_of_all)),
    (COMBINED_PATH + r"/copies\.atom$", combined_feed_handler(_copies_feed_of_all)),
    _file_route("search", combined_feeds.FOUND_ARTICLE_COLUMNS, _found_rows),
    _file_route("events", ("archive", *EVENT_FILE.columns), _event_rows),
    _file_route("changes", ("archive", *CHANGE_FILE.columns), _change_rows),
    _file_route("copies", ("archive", *COPY_FILE.columns), _copy_rows),
    _file_route("attention", ATTENTION_FILE.columns, _attention_rows),
]
