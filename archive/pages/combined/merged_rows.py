"""Rows of several archives in one order, each with the name of its archive as `archive`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from archive.queries.lookup import PlainRow

ArchiveConnections = Mapping[str, sqlite3.Connection]
"""Connections to archives by the names of their databases, in the order of the site."""


def rows_of_each(
    connections: ArchiveConnections, read: Callable[[sqlite3.Connection], Iterable[PlainRow]]
) -> list[PlainRow]:
    """Return the rows of all archives, one archive after the other."""
    return [
        {**row, "archive": name}
        for name, connection in connections.items()
        for row in read(connection)
    ]


def merged_rows(
    connections: ArchiveConnections,
    read: Callable[[sqlite3.Connection], Iterable[PlainRow]],
    key: Callable[[PlainRow], Any],
) -> list[PlainRow]:
    """Return the rows of all archives, those with the greatest key first."""
    return sorted(rows_of_each(connections, read), key=key, reverse=True)


def rows_in_order(
    connections: ArchiveConnections,
    chosen: Sequence[PlainRow],
    read: Callable[[sqlite3.Connection, list[PlainRow]], Iterable[PlainRow]],
    id_name: str = "id",
) -> list[PlainRow]:
    """Return chosen rows of several archives as `read` completes them, in the order given.

    `read` gets the chosen rows of one archive, and returns rows with the `id` of each as `id_name`.
    A row that it leaves out is left out.
    """
    complete: dict[tuple[str, Any], PlainRow] = {}
    for archive, connection in connections.items():
        own = [row for row in chosen if row["archive"] == archive]
        for row in read(connection, own) if own else ():
            complete[archive, row[id_name]] = {**row, "archive": archive}
    keys = [(row["archive"], row["id"]) for row in chosen]
    return [complete[key] for key in keys if key in complete]


def once_across_archives(rows: Iterable[PlainRow]) -> list[PlainRow]:
    """Return rows without those whose URL an earlier row of another archive has.

    The first row of a URL gets the others as `elsewhere`: their `archive` and `id`.
    """
    kept: list[PlainRow] = []
    first: dict[str, PlainRow] = {}
    for row in rows:
        known = first.get(row["url"])
        if known is not None and known["archive"] != row["archive"]:
            known["elsewhere"].append({"archive": row["archive"], "id": row["id"]})
            continue
        kept.append({**row, "elsewhere": []})
        first.setdefault(row["url"], kept[-1])
    return kept
