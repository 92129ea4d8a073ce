"""Delete articles with everything that refers to them, and form again what they were part of.

Copies find another original, events and stories are computed from the articles that are left. The
caller decides before what becomes of the articles' URLs. All functions run inside the caller's
transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence

from archive.articles.copies import delete_hashes, delete_relations, relate_article
from archive.articles.events import (
    delete_event_terms,
    is_event_text,
    join_event,
    reform_event,
)
from archive.articles.language_keys import delete_keys, save_keys
from archive.articles.store import Decisions
from archive.editing.notes import delete_notes_on_articles
from archive.frontier.tombstones import request_erasure
from archive.removal.moved_pages import forget_moved_pages

ROWS_OF_ARTICLE = ("revisions", "unconfirmed_revisions", "removed_lines", "deposits")
"""Tables whose rows with an `article_id` are deleted with the article. Other functions delete the
rows of all other tables in `archive.removal.orphans.ARTICLE_REFERENCES`."""


def forget_articles(
    connection: sqlite3.Connection, article_ids: Sequence[int], decisions: Decisions
) -> set[int]:
    """Delete articles and all that refers to them; return the stories that lost one.

    No URL may lead to them any more. The stories are marked as stale: the caller lists them again.
    For articles that a program has deleted already, the rest is deleted.
    """
    gone = sorted(set(article_ids))
    groups = _text_groups(connection, gone)
    events = _events_of(connection, gone)
    stories = _leave_stories(connection, gone)
    delete_notes_on_articles(connection, gone)
    digests = _digests_of(connection, gone)
    request_erasure(connection, "body", digests)
    request_erasure(connection, "index", [""])
    related: set[int] = set()
    for article_id in gone:
        related |= _delete_derived(connection, article_id, decisions)
        _leave_boilerplate(connection, article_id, gone)
    unsettled = _uncounted_versions(connection, groups, gone)
    events = sorted({*events, *_events_of(connection, unsettled)})
    for article_id in unsettled:
        delete_event_terms(connection, article_id, decisions.events)
        delete_keys(connection, article_id)
    for event_id in events:
        reform_event(connection, event_id)
    _delete_rows(connection, gone)
    forget_moved_pages(connection, digests)
    members = {member for group in groups for member in group}
    _form_again(connection, (related | members).difference(gone), unsettled, decisions)
    return stories


def _text_groups(connection: sqlite3.Connection, gone: Sequence[int]) -> list[list[int]]:
    """Return the versions of each text of which an article is a version."""
    rows = connection.execute(
        """SELECT w.text_id, w.article_id FROM shared_text_articles w WHERE w.text_id IN (
          SELECT v.text_id FROM json_each(?) AS asked
          JOIN shared_text_articles v ON v.article_id = asked.value
        ) ORDER BY w.text_id, w.article_id""",
        (json.dumps(gone),),
    )
    groups: dict[int, list[int]] = {}
    for text_id, article_id in rows:
        groups.setdefault(text_id, []).append(article_id)
    return list(groups.values())


def _events_of(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[int]:
    """Return the events of articles."""
    rows = connection.execute(
        """SELECT DISTINCT m.event_id FROM json_each(?) AS asked
        JOIN event_articles m ON m.article_id = asked.value ORDER BY 1""",
        (json.dumps(article_ids),),
    )
    return [int(row[0]) for row in rows]


def _leave_stories(connection: sqlite3.Connection, gone: Sequence[int]) -> set[int]:
    """Take the articles out of all stories, and return the stories."""
    asked = json.dumps(gone)
    rows = connection.execute(
        """SELECT DISTINCT story_id FROM story_articles
        WHERE article_id IN (SELECT value FROM json_each(?))""",
        (asked,),
    )
    stories = {int(row[0]) for row in rows}
    connection.execute(
        "DELETE FROM story_articles WHERE article_id IN (SELECT value FROM json_each(?))", (asked,)
    )
    for story_id in stories:
        connection.execute(
            """UPDATE story_articles SET nearest_id = NULL
            WHERE story_id = ? AND nearest_id IN (SELECT value FROM json_each(?))""",
            (story_id, asked),
        )
        connection.execute("UPDATE stories SET stale = 1 WHERE id = ?", (story_id,))
    return stories


def _digests_of(connection: sqlite3.Connection, gone: Sequence[int]) -> list[str]:
    """Return the digests of the pages from which articles and their revisions were extracted."""
    rows = connection.execute(
        """SELECT a.digest FROM json_each(?1) AS asked JOIN articles a ON a.id = asked.value
        UNION SELECT r.digest FROM json_each(?1) AS asked
          JOIN revisions r ON r.article_id = asked.value
        UNION SELECT h.digest FROM json_each(?1) AS asked
          JOIN unconfirmed_revisions h ON h.article_id = asked.value""",
        (json.dumps(gone),),
    )
    return [row[0] for row in rows if row[0]]


def _delete_derived(
    connection: sqlite3.Connection, article_id: int, decisions: Decisions
) -> set[int]:
    """Delete what was derived from the text of an article; return the articles related to it."""
    texts = connection.execute(
        """SELECT text FROM articles WHERE id = ?1
        UNION SELECT text FROM revisions WHERE article_id = ?1""",
        (article_id,),
    ).fetchall()
    delete_hashes(connection, article_id, [row[0] for row in texts], decisions.texts)
    delete_keys(connection, article_id)
    delete_event_terms(connection, article_id, decisions.events)
    return delete_relations(connection, article_id, decisions.texts)


def _leave_boilerplate(
    connection: sqlite3.Connection, article_id: int, gone: Sequence[int]
) -> None:
    """Attach the boilerplate that an article completed to the newest other article without it.

    A line that was removed from no other article is deleted.
    """
    outlet = "SELECT outlet_id FROM articles WHERE id = ?"
    found = connection.execute(outlet, (article_id,)).fetchone()
    of_outlet = "outlet_id = ? AND" if found else "? IS NULL AND"  # unknown: all are searched
    values = (found[0] if found else None, article_id)
    connection.execute(
        f"DELETE FROM boilerplate_candidates WHERE {of_outlet} article_id = ?",  # noqa: S608
        values,
    )
    lines = connection.execute(
        f"SELECT outlet_id, line_hash FROM boilerplate_lines WHERE {of_outlet} article_id = ?",  # noqa: S608
        values,
    ).fetchall()
    for outlet_id, line_hash in lines:
        other = connection.execute(
            """SELECT max(r.article_id) FROM removed_lines r JOIN articles a ON a.id = r.article_id
            WHERE r.line_hash = ? AND a.outlet_id = ?
              AND a.id NOT IN (SELECT value FROM json_each(?))""",
            (line_hash, outlet_id, json.dumps(gone)),
        ).fetchone()[0]
        place = (outlet_id, line_hash)
        if other is None:
            connection.execute(
                "DELETE FROM boilerplate_lines WHERE outlet_id = ? AND line_hash = ?", place
            )
        else:
            connection.execute(
                "UPDATE boilerplate_lines SET article_id = ? WHERE outlet_id = ? AND line_hash = ?",
                (other, *place),
            )


def _uncounted_versions(
    connection: sqlite3.Connection, groups: Iterable[Sequence[int]], gone: Sequence[int]
) -> list[int]:
    """Return the remaining versions of texts of which no version is counted any more."""
    unsettled: list[int] = []
    for group in groups:
        left = [member for member in group if member not in gone]
        if not any(is_event_text(connection, member) for member in left):
            unsettled += left
    return sorted(unsettled)


def _delete_rows(connection: sqlite3.Connection, gone: Sequence[int]) -> None:
    """Delete the articles and their rows in other tables."""
    asked = json.dumps(gone)
    for table in ROWS_OF_ARTICLE:
        connection.execute(
            f"DELETE FROM {table} WHERE article_id IN (SELECT value FROM json_each(?))",  # noqa: S608
            (asked,),
        )
    connection.execute(
        "DELETE FROM articles WHERE id IN (SELECT value FROM json_each(?))", (asked,)
    )


def _form_again(
    connection: sqlite3.Connection,
    left: Iterable[int],
    unsettled: Sequence[int],
    decisions: Decisions,
) -> None:
    """Relate the articles that shared text with deleted ones, and count versions in their place."""
    for article_id in sorted(left):
        found_at = connection.execute(
            "SELECT fetched_at FROM articles WHERE id = ?", (article_id,)
        ).fetchone()[0]
        relate_article(connection, article_id, decisions.texts, found_at, newest=article_id)
    for article_id in unsettled:
        keys = save_keys(connection, article_id, decisions.keys)
        join_event(connection, article_id, decisions.events, keys)
