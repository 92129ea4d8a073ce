"""The routes of what the archive finds: events, changes, copies and attention; each as a page, as
CSV and as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from datasette import NotFound, Response  # type: ignore[import-untyped]

from archive.pages.findings.attention import (
    AttentionRequest,
    attention_days,
    attention_file_row,
    attention_page_data,
)
from archive.pages.findings.change_lists import (
    ChangeFilters,
    change_file_row,
    change_list_data,
    change_rows,
)
from archive.pages.findings.copy_lists import (
    CopyFilters,
    copy_file_row,
    copy_list_data,
    most_copied_texts,
)
from archive.pages.findings.event_lists import (
    EventFilters,
    event_file_row,
    event_list_data,
    largest_events,
)
from archive.pages.findings.event_page import (
    EventPageFilters,
    event_article_file_row,
    event_articles,
    event_of_id,
    event_page_data,
)
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.page_requests import (
    ARCHIVE_PATH,
    FILE_CONTENT_POLICY,
    ArchivePaths,
    PageRequest,
    page_handler,
    page_request,
    rendered_page,
    requested_archive,
)
from archive.queries.lookup import PlainRow

MAX_FILE_ROWS = 500
"""Events, changes or texts in a file; an event has all its articles, attention all its days."""

FILE_CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
}
"""Content types by the ending of the path."""

RowsFunction = Callable[[sqlite3.Connection, PageRequest], Sequence[PlainRow] | None]


# -- pages -----------------------------------------------------------------------------------------


def _events_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return event_list_data(connection, asked.filters(EventFilters), asked.page)


def _changes_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return change_list_data(connection, asked.filters(ChangeFilters), asked.page)


def _copies_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return copy_list_data(connection, asked.filters(CopyFilters), asked.page)


def _attention_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return attention_page_data(connection, asked.filters(AttentionRequest))


async def respond_event(datasette: Any, request: Any) -> Any:
    """Respond with an event's page; an article's ID redirects to the event of the article."""
    database = await requested_archive(datasette, request)
    asked = page_request(request)
    id = int(asked.vars["id"])
    filters = asked.filters(EventPageFilters)

    def read_event(connection: sqlite3.Connection) -> PlainRow | int | None:
        """Return the data of the page, or the ID to which it redirects."""
        event_id = event_of_id(connection, id)
        if event_id in (None, id):
            return event_page_data(connection, id, filters, asked.page)
        return event_id

    found = await page_readers(datasette).read(datasette, database, read_event)
    if found is None:
        raise NotFound(f"{id}: this archive has no such event")
    if isinstance(found, int):
        return Response.redirect(ArchivePaths(datasette.urls, database).event(found))
    return await rendered_page(datasette, request, "event", database, found)


# -- files -----------------------------------------------------------------------------------------


def _event_file_rows(connection: sqlite3.Connection, asked: PageRequest) -> list[PlainRow]:
    rows = largest_events(connection, asked.filters(EventFilters), MAX_FILE_ROWS)
    return [event_file_row(row) for row in rows]


def _change_file_rows(connection: sqlite3.Connection, asked: PageRequest) -> list[PlainRow]:
    rows = change_rows(connection, asked.filters(ChangeFilters), MAX_FILE_ROWS, with_words=False)
    return [change_file_row(row) for row in rows]


def _copy_file_rows(connection: sqlite3.Connection, asked: PageRequest) -> list[PlainRow]:
    rows = most_copied_texts(connection, asked.filters(CopyFilters), MAX_FILE_ROWS)
    return [copy_file_row(row) for row in rows]


def _attention_file_rows(connection: sqlite3.Connection, asked: PageRequest) -> list[PlainRow]:
    series = attention_days(connection, asked.filters(AttentionRequest))
    return [attention_file_row(day) for day in series["days"]]


def _event_article_rows(
    connection: sqlite3.Connection, asked: PageRequest
) -> list[PlainRow] | None:
    event_id = event_of_id(connection, int(asked.vars["id"]))
    if event_id is None:
        return None
    return [event_article_file_row(row) for row in event_articles(connection, event_id)]


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list that is also served as a file."""

    name: str
    """The beginning of the file's name, and the key of its rows in JSON."""
    rows: RowsFunction
    columns: tuple[str, ...]
    """The columns of a file without rows."""


def list_file_handler(file: ListFile) -> Callable[..., Any]:
    """Return a handler that responds with a list as CSV or JSON."""

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond with the file."""
        database = await requested_archive(datasette, request)
        asked = page_request(request)
        rows = await page_readers(datasette).read(
            datasette, database, lambda connection: file.rows(connection, asked)
        )
        if rows is None:
            raise NotFound(f"{request.path}: this archive has no such list")
        return list_file_response(file.name, file.columns, rows, asked.vars["form"])

    return handler


def list_file_response(
    name: str, columns: tuple[str, ...], rows: Sequence[PlainRow], form: str
) -> Any:
    """Return a response with rows as CSV to save, or as JSON; see `ListFile` for its name."""
    from archive.exports.article_files import as_json_document, rows_as_csv

    headers = {"content-security-policy": FILE_CONTENT_POLICY}
    if form == "csv":
        headers["content-disposition"] = f'attachment; filename="{name}.csv"'
        text = rows_as_csv(rows, columns)
    else:
        text = as_json_document({name: list(rows)})
    return Response(text, content_type=FILE_CONTENT_TYPES[form], headers=headers)


EVENT_FILE = ListFile("events", _event_file_rows, ("id", "headline", "outlets", "articles"))
EVENT_ARTICLES_FILE = ListFile(
    "articles", _event_article_rows, ("id", "published_at", "outlet", "headline", "url")
)
CHANGE_FILE = ListFile(
    "changes", _change_file_rows, ("article_id", "number", "seen_at", "outlet", "kinds")
)
COPY_FILE = ListFile("copies", _copy_file_rows, ("id", "headline", "outlet", "outlets"))
ATTENTION_FILE = ListFile("attention", _attention_file_rows, ("day", "articles", "of", "share"))

# -- routes ----------------------------------------------------------------------------------------

FILE_ENDINGS_PATTERN = rf"\.(?P<form>{'|'.join(FILE_CONTENT_TYPES)})$"
"""The end of the path of a list as a file."""
_EVENT_PATH = ARCHIVE_PATH + r"/-/event/(?P<id>\d{1,18})"

EVENT_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/events$", page_handler("events", _events_data)),
    (ARCHIVE_PATH + r"/-/events" + FILE_ENDINGS_PATTERN, list_file_handler(EVENT_FILE)),
    (_EVENT_PATH + r"$", respond_event),
    (_EVENT_PATH + FILE_ENDINGS_PATTERN, list_file_handler(EVENT_ARTICLES_FILE)),
    (ARCHIVE_PATH + r"/-/changes$", page_handler("changes", _changes_data)),
    (ARCHIVE_PATH + r"/-/changes" + FILE_ENDINGS_PATTERN, list_file_handler(CHANGE_FILE)),
    (ARCHIVE_PATH + r"/-/copies$", page_handler("copies", _copies_data)),
    (ARCHIVE_PATH + r"/-/copies" + FILE_ENDINGS_PATTERN, list_file_handler(COPY_FILE)),
    (ARCHIVE_PATH + r"/-/attention$", page_handler("attention", _attention_data)),
    (ARCHIVE_PATH + r"/-/attention" + FILE_ENDINGS_PATTERN, list_file_handler(ATTENTION_FILE)),
]
