"""The pages of several archives together: home, search, stories, outlets, events and so on.

They are read-only: what a visitor may change is on the pages of the archive that it belongs to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from datasette import Forbidden  # type: ignore[import-untyped]

from archive.pages.combined.combined_home import combined_home
from archive.pages.combined.combined_lists import (
    combined_changes,
    combined_copies,
    combined_events,
    combined_outlets,
    combined_stories,
)
from archive.pages.combined.combined_search import combined_search_data
from archive.pages.combined.merged_rows import ArchiveConnections
from archive.pages.findings.attention import AttentionRequest, attention_of_archives
from archive.pages.findings.change_lists import ChangeFilters
from archive.pages.findings.copy_lists import CopyFilters
from archive.pages.findings.event_lists import EventFilters
from archive.pages.outlet import asked_outlet_order
from archive.pages.search_page import SearchRequest
from archive.plugin.guards.permissions import archives, may_see_tables
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.page_requests import (
    PAGE_TABLES,
    CombinedPaths,
    PageRequest,
    page_request,
    response_of_template,
)
from archive.plugin.site_context import site_context
from archive.queries.lookup import PlainRow

COMBINED_PATH = r"^/-/all"
"""The beginning of a route of a page about all archives."""

NO_FORMS: PlainRow = {"may": {}, "hindrance": None, "notes": (), "stories": (), "searches": ()}
"""The result of `archive.plugin.page_work` for a page on which nothing can be changed."""

CombinedDataFunction = Callable[[ArchiveConnections, PageRequest], PlainRow]


async def visible_archives(datasette: Any, actor: Any) -> list[str]:
    """Return the archives that a visitor may see. Raises Forbidden without any."""
    names = archives(datasette)
    seen = [name for name in names if await may_see_tables(datasette, actor, name, PAGE_TABLES)]
    if not seen:
        raise Forbidden("view-instance")
    return seen


async def read_visible_archives(
    datasette: Any, request: Any, make: Callable[[ArchiveConnections], Any]
) -> Any:
    """Return the result of `make` on all archives that the visitor may see."""
    names = await visible_archives(datasette, request.actor)
    return await page_readers(datasette).read_together(datasette, names, make)


def combined_handler(template: str, make: CombinedDataFunction) -> Callable[..., Awaitable[Any]]:
    """Return a handler that renders what `make` returns about all archives."""

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond with the page."""
        asked = page_request(request)
        shown = await read_visible_archives(
            datasette, request, lambda connections: make(connections, asked)
        )
        paths = CombinedPaths(datasette.urls)
        context = {
            "site": await site_context(datasette, request, paths),
            "paths": paths,
            "shown": shown,
            "work": NO_FORMS,
        }
        return await response_of_template(datasette, request, template, context)

    return handler


def _home_of_all(connections: ArchiveConnections, _: PageRequest) -> PlainRow:
    return combined_home(connections)


def _search_of_all(connections: ArchiveConnections, asked: PageRequest) -> PlainRow:
    return combined_search_data(connections, asked.filters(SearchRequest), asked.page)


def _stories_of_all(connections: ArchiveConnections, _: PageRequest) -> PlainRow:
    return combined_stories(connections)


def _outlets_of_all(connections: ArchiveConnections, asked: PageRequest) -> PlainRow:
    return combined_outlets(connections, asked.page, asked_outlet_order(asked.args))


def _events_of_all(connections: ArchiveConnections, asked: PageRequest) -> PlainRow:
    return combined_events(connections, asked.filters(EventFilters), asked.page)


def _changes_of_all(connections: ArchiveConnections, asked: PageRequest) -> PlainRow:
    return combined_changes(connections, asked.filters(ChangeFilters), asked.page)


def _copies_of_all(connections: ArchiveConnections, asked: PageRequest) -> PlainRow:
    return combined_copies(connections, asked.filters(CopyFilters), asked.page)


def _attention_of_all(connections: ArchiveConnections, asked: PageRequest) -> PlainRow:
    return attention_of_archives(list(connections.values()), attention_request_of_all(asked))


def attention_request_of_all(asked: PageRequest) -> AttentionRequest:
    """Return what is asked for, without an event: that is one archive's."""
    return replace(asked.filters(AttentionRequest), event="")


COMBINED_PAGE_ROUTES: list[tuple[str, Any]] = [
    (r"^/$", combined_handler("home", _home_of_all)),
    (COMBINED_PATH + r"/search$", combined_handler("search", _search_of_all)),
    (COMBINED_PATH + r"/stories$", combined_handler("stories", _stories_of_all)),
    (COMBINED_PATH + r"/outlets$", combined_handler("outlets", _outlets_of_all)),
    (COMBINED_PATH + r"/events$", combined_handler("events", _events_of_all)),
    (COMBINED_PATH + r"/changes$", combined_handler("changes", _changes_of_all)),
    (COMBINED_PATH + r"/copies$", combined_handler("copies", _copies_of_all)),
    (COMBINED_PATH + r"/attention$", combined_handler("attention", _attention_of_all)),
]
