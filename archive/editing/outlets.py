"""Pause, resume, describe and remove outlets by hand.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

from archive.errors import BusyError, UsageError
from archive.records import current_timestamp

OUTLET_FACTS = ("name", "language", "country")
"""Columns of an outlet that a person may set."""


def pause_outlet(connection: sqlite3.Connection, host: str) -> bool:
    """Pause an outlet: it gets no requests until it is resumed; return False if it was paused.

    Raises UsageError for an unknown outlet.
    """
    _outlet_id(connection, host)
    done = connection.execute(
        "UPDATE outlets SET paused_at = ? WHERE host = ? AND paused_at IS NULL",
        (current_timestamp(), host),
    )
    return done.rowcount > 0


def resume_outlet(connection: sqlite3.Connection, host: str) -> bool:
    """Resume a paused outlet; return False if it was not paused.

    Raises UsageError for an unknown outlet.
    """
    _outlet_id(connection, host)
    done = connection.execute(
        "UPDATE outlets SET paused_at = NULL WHERE host = ? AND paused_at IS NOT NULL", (host,)
    )
    return done.rowcount > 0


def set_outlet_facts(
    connection: sqlite3.Connection, host: str, facts: Mapping[str, str | None]
) -> None:
    """Set the name, language or country of an outlet; None erases one.

    Raises UsageError for an unknown outlet.
    """
    outlet_id = _outlet_id(connection, host)
    for column in OUTLET_FACTS:
        if column in facts:
            connection.execute(
                f"UPDATE outlets SET {column} = ? WHERE id = ?",  # noqa: S608  constant names
                (facts[column], outlet_id),
            )


def remove_outlet(connection: sqlite3.Connection, host: str) -> int:
    """Remove an outlet without articles, with its sources and waiting pages; return their number.

    Its URLs that lead to articles of other outlets go over to these outlets. Raises UsageError for
    an unknown outlet and for one with articles, and BusyError while a crawl fetches its pages.
    """
    outlet_id = _outlet_id(connection, host)
    counted = "SELECT count(*) FROM articles WHERE outlet_id = ?"
    articles = connection.execute(counted, (outlet_id,)).fetchone()[0]
    if articles:
        number = "1 article" if articles == 1 else f"{articles:,} articles"
        raise UsageError(
            f"{host}: has {number}, and only an outlet without any can be removed; "
            f"`dateline outlet pause {host}` stops reading it, and "
            f"`dateline outlet remove {host} --articles` removes them too"
        )
    leased = "SELECT 1 FROM urls WHERE outlet_id = ? AND state = 'leased' LIMIT 1"
    if connection.execute(leased, (outlet_id,)).fetchone():
        raise BusyError(f"{host}: a crawl is fetching its pages; remove it when the crawl is over")
    _move_article_urls(connection, outlet_id)
    connection.execute(
        "DELETE FROM fetches WHERE url_id IN (SELECT id FROM urls WHERE outlet_id = ?)",
        (outlet_id,),
    )
    removed = connection.execute("DELETE FROM urls WHERE outlet_id = ?", (outlet_id,)).rowcount
    for table in ("boilerplate_lines", "boilerplate_candidates", "outlet_templates"):
        # constant table names
        connection.execute(f"DELETE FROM {table} WHERE outlet_id = ?", (outlet_id,))  # noqa: S608
    connection.execute("DELETE FROM outlets WHERE id = ?", (outlet_id,))
    return removed


def remove_empty_outlets(connection: sqlite3.Connection, but: Collection[str]) -> list[str]:
    """Remove the outlets of which nothing is known but pages that a person named; return them.

    Those in `but` stay, and so do all of whose pages one is being fetched.
    """
    rows = connection.execute(
        """SELECT host FROM outlets o
        WHERE NOT EXISTS (SELECT 1 FROM articles WHERE outlet_id = o.id)
          AND NOT EXISTS (SELECT 1 FROM urls WHERE outlet_id = o.id AND (
            role = 'source' OR via IS NOT 'given' OR state = 'leased'
            OR article_id IS NOT NULL OR leads_to IS NOT NULL))"""
    ).fetchall()
    removed = [row["host"] for row in rows if row["host"] not in but]
    for host in removed:
        remove_outlet(connection, host)
    return removed


def _move_article_urls(connection: sqlite3.Connection, outlet_id: int) -> None:
    """Give the URLs of an outlet that lead to articles to the outlets of these articles."""
    connection.execute(
        """UPDATE urls SET outlet_id = (
          SELECT outlet_id FROM articles WHERE id = coalesce(urls.article_id, urls.leads_to)
        ) WHERE outlet_id = ? AND (article_id IS NOT NULL OR leads_to IS NOT NULL)""",
        (outlet_id,),
    )


def _outlet_id(connection: sqlite3.Connection, host: str) -> int:
    row = connection.execute("SELECT id FROM outlets WHERE host = ?", (host,)).fetchone()
    if row is None:
        raise UsageError(
            f"{host}: no such outlet; `dateline outlet list` shows those that are there"
        )
    return int(row[0])
