"""Rows that refer to articles which are no longer there, because a program deleted them.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from archive.articles.events import reform_event
from archive.articles.store import Decisions
from archive.articles.stories import relist_story
from archive.removal.erasure import UNINDEXED_REFERENCES
from archive.removal.forget_articles import forget_articles
from archive.removal.prune_articles import release_pruned_urls

ARTICLE_REFERENCES: tuple[tuple[str, str], ...] = (
    ("article_keys", "article_id"),
    ("article_terms", "article_id"),
    ("boilerplate_candidates", "article_id"),
    ("boilerplate_lines", "article_id"),
    ("deposits", "article_id"),
    ("event_articles", "article_id"),
    ("events", "id"),
    ("notes", "article_id"),
    ("relations", "article_id"),
    ("relations", "other_id"),
    ("removed_lines", "article_id"),
    ("revisions", "article_id"),
    ("shared_text_articles", "article_id"),
    ("shared_texts", "original_id"),
    ("shingles", "article_id"),
    ("story_articles", "article_id"),
    ("story_articles", "nearest_id"),
    ("strong_keys", "article_id"),
    ("strong_terms", "article_id"),
    ("unconfirmed_revisions", "article_id"),
    ("urls", "article_id"),
    ("urls", "leads_to"),
)
"""Columns that hold the id of an article; `alert_items` is emptied by a trigger."""
ID_MARKS: tuple[tuple[str, str], ...] = (
    ("alerts", "after_article_id"),
    ("removals", "article_id"),
    ("retired_articles", "highest_id"),
    ("stories", "newest_id"),
)
"""Columns with an id up to which something was done, or of an article that is gone on purpose."""


def orphan_counts(connection: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    """Yield the tables with rows that refer to missing articles, and the number of the rows."""
    for table, column in ARTICLE_REFERENCES:
        if table in UNINDEXED_REFERENCES:
            continue
        count = connection.execute(
            f"SELECT count(*) FROM {table} WHERE {_is_orphan(column)}"  # noqa: S608  our own names
        ).fetchone()[0]
        if count:
            yield table, int(count)


def delete_orphans(connection: sqlite3.Connection, decisions: Decisions) -> None:
    """Delete what refers to missing articles, and form copies, events and stories again.

    Their URLs stay known and are not fetched again unless they are listed with a newer date.
    """
    missing = sorted(_missing_articles(connection))
    connection.execute(f"UPDATE urls SET leads_to = NULL WHERE {_is_orphan('leads_to')}")  # noqa: S608
    for article_id in missing:
        release_pruned_urls(connection, article_id)
    stories = forget_articles(connection, missing, decisions)
    asked = json.dumps(missing)
    connection.execute(
        """UPDATE story_articles SET nearest_id = NULL
        WHERE nearest_id IN (SELECT value FROM json_each(?))""",
        (asked,),
    )
    first = "SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?))"
    for (event_id,) in connection.execute(first, (asked,)).fetchall():
        reform_event(connection, event_id)
    delete_unindexed_orphans(connection)
    connection.execute(
        "DELETE FROM alert_deliveries WHERE item_id NOT IN (SELECT id FROM alert_items)"
    )
    for story_id in sorted(stories):
        relist_story(connection, story_id, decisions.stories)


def delete_unindexed_orphans(connection: sqlite3.Connection) -> None:
    """Delete the rows of missing articles from the tables without an index by article."""
    for table in UNINDEXED_REFERENCES:
        connection.execute(
            f"DELETE FROM {table} WHERE {_is_orphan('article_id')}"  # noqa: S608  our own names
        )


def _missing_articles(connection: sqlite3.Connection) -> set[int]:
    """Return the ids of articles that are referred to and missing."""
    return {
        int(row[0])
        for table, column in ARTICLE_REFERENCES
        for row in connection.execute(
            f"SELECT DISTINCT {column} FROM {table} WHERE {_is_orphan(column)}"  # noqa: S608
        )
    }


def _is_orphan(column: str) -> str:
    """Return the SQL condition that a column names a missing article."""
    return f"{column} IS NOT NULL AND {column} NOT IN (SELECT id FROM articles)"  # noqa: S608
