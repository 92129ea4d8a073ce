"""The lists of several archives as one: stories, outlets, events, changes and copies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain

from archive.pages.combined.merged_rows import ArchiveConnections, merged_rows, rows_in_order
from archive.pages.findings.change_lists import (
    CHANGE_KINDS,
    ChangeFilters,
    change_counts,
    change_list_page,
    change_moments,
    changed_outlets,
    rows_of_changes,
)
from archive.pages.findings.copy_lists import (
    CopyFilters,
    copied_text_rows,
    copy_list_page,
    counted_texts,
    most_copied_texts,
)
from archive.pages.findings.day_groups import newest_coverage_of_all
from archive.pages.findings.event_lists import (
    EventFilters,
    counted_events,
    event_languages,
    event_list_page,
    event_rows,
    largest_events,
)
from archive.pages.outlet import outlet_list_rows
from archive.pages.story_list import listed_stories, new_finds_since
from archive.queries.lookup import PlainRow

OUTLET_LIST_SIZE = 100
"""Outlets per page."""


def combined_stories(connections: ArchiveConnections) -> PlainRow:
    """Return the stories of all archives, those with the latest additions first."""
    since = new_finds_since(connections.values())
    stories = merged_rows(
        connections,
        lambda connection: listed_stories(connection, since),
        lambda story: story["found_at"] or "",
    )
    return {"stories": stories, "since": since}


# -- outlets ---------------------------------------------------------------------------------------


def combined_outlets(connections: ArchiveConnections, page: int, order: str) -> PlainRow:
    """Return one page of the outlets of all archives, each once.

    `archives` are those that have it; `archive` is the one that has read its feeds last.
    """
    by_host: dict[str, list[PlainRow]] = {}
    for name, connection in connections.items():
        for row in outlet_list_rows(connection, 1, order, size=-1):
            by_host.setdefault(row["host"], []).append({**row, "archive": name})
    outlets = sorted(map(outlet_of_archives, by_host.values()), key=lambda row: row["host"])
    if order == "name":
        outlets.sort(key=lambda row: (row["name"] or row["host"]).casefold())
    else:
        outlets.sort(key=lambda row: _outlet_rank(row, order), reverse=True)
    first = (max(1, page) - 1) * OUTLET_LIST_SIZE
    return {
        "outlets": outlets[first : first + OUTLET_LIST_SIZE],
        "page": page,
        "order": order,
    }


def outlet_of_archives(rows: list[PlainRow]) -> PlainRow:
    """Return the rows of one outlet in several archives as one.

    Articles are added up; an article that two archives have counts twice. The state of the feeds
    is that of the archive which has read them last.
    """
    latest = max(rows, key=lambda row: (row["fetched_at"] or "", row["articles"]))
    newest = max((row["newest"] or "" for row in rows), default="")
    paused = [row["paused_at"] for row in rows]
    return latest | {
        "name": latest["name"] or _first_known(row["name"] for row in rows),
        "language": latest["language"] or _first_known(row["language"] for row in rows),
        "country": latest["country"] or _first_known(row["country"] for row in rows),
        "articles": sum(row["articles"] for row in rows),
        "newest": newest or None,
        "paused_at": max(paused) if all(paused) else None,
        "archives": [row["archive"] for row in rows],
    }


def _first_known(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _outlet_rank(outlet: PlainRow, order: str) -> tuple[object, int]:
    """Return what outlets are sorted by, in an order of `archive.pages.outlet.OUTLET_ORDERS`."""
    return outlet[order] or ("" if order == "newest" else 0), outlet["articles"]


# -- events, changes and copies --------------------------------------------------------------------


def combined_events(
    connections: ArchiveConnections, filters: EventFilters, page: int = 1
) -> PlainRow:
    """Return one page of the events of all archives, as `event_list_data` does of one.

    An event of two archives is listed for each.
    """
    newest = newest_coverage_of_all(connections.values())
    found = merged_rows(
        connections,
        lambda connection: map(dict, counted_events(connection, filters, newest)),
        event_size,
    )
    shown = event_list_page(
        filters,
        page,
        found,
        newest,
        lambda part: rows_in_order(
            connections, part, lambda connection, own: event_rows(connection, own, filters)
        ),
    )
    languages = chain.from_iterable(map(event_languages, connections.values()))
    return shown | {"languages": list(dict.fromkeys(languages))}


def largest_combined_events(
    connections: ArchiveConnections,
    filters: EventFilters,
    limit: int,
    newest: datetime | None = None,
) -> list[PlainRow]:
    """Return the events of all archives that most outlets covered, as `largest_events` of one."""
    newest = newest or newest_coverage_of_all(connections.values())
    found = merged_rows(
        connections,
        lambda connection: largest_events(connection, filters, limit, newest),
        event_size,
    )
    return found[:limit]


def event_size(event: PlainRow) -> tuple[int, int, int]:
    """Return what lists of events are sorted by."""
    return event["recent_outlets"], event["outlets"], event["articles"]


def combined_changes(
    connections: ArchiveConnections, filters: ChangeFilters, page: int = 1
) -> PlainRow:
    """Return one page of the changes of all archives, as `change_list_data` does of one."""
    counts = dict.fromkeys([*CHANGE_KINDS, "every"], 0)
    outlets: set[str] = set()
    for connection in connections.values():
        outlets.update(changed_outlets(connection, filters.outlet))
        for kind, count in change_counts(connection, filters).items():
            counts[kind] += count
    return change_list_page(
        filters,
        page,
        counts,
        sorted(outlets),
        lambda limit, offset: newest_changes(connections, filters, limit, offset),
    )


def newest_changes(
    connections: ArchiveConnections,
    filters: ChangeFilters,
    limit: int,
    offset: int = 0,
    with_words: bool = True,
) -> list[PlainRow]:
    """Return changes of all archives, as `change_rows` does of one."""
    most = offset + limit
    found = merged_rows(
        connections,
        lambda connection: map(dict, change_moments(connection, filters, most)),
        lambda change: change["seen_at"],
    )
    return rows_in_order(
        connections,
        found[offset:most],
        lambda connection, own: rows_of_changes(connection, [row["id"] for row in own], with_words),
    )


def combined_copies(
    connections: ArchiveConnections, filters: CopyFilters, page: int = 1
) -> PlainRow:
    """Return one page of the copied texts of all archives, as `copy_list_data` does of one."""
    newest = newest_coverage_of_all(connections.values())
    found = merged_rows(
        connections,
        lambda connection: map(dict, counted_texts(connection, filters, newest)),
        copied_text_size,
    )
    return copy_list_page(
        filters,
        page,
        found,
        newest,
        lambda part: rows_in_order(connections, part, copied_text_rows, "text_id"),
    )


def most_copied_of_all(
    connections: ArchiveConnections,
    filters: CopyFilters,
    limit: int,
    newest: datetime | None = None,
) -> list[PlainRow]:
    """Return the texts of all archives that most outlets published."""
    newest = newest or newest_coverage_of_all(connections.values())
    found = merged_rows(
        connections,
        lambda connection: most_copied_texts(connection, filters, limit, newest),
        copied_text_size,
    )
    return found[:limit]


def copied_text_size(text: PlainRow) -> tuple[int, int]:
    """Return what lists of copies are sorted by."""
    return text["outlets"], text["articles"]
