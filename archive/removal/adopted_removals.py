"""Removals that are taken over from another archive: of a merge, or of one that a restore replaces."""

from __future__ import annotations

import sqlite3

from archive.articles.store import next_article_id
from archive.frontier.tombstones import Removal

ID_IS_TAKEN_SQL = """SELECT 1 FROM articles WHERE id = ?1
UNION ALL SELECT 1 FROM removals WHERE article_id = ?1"""
RETIRE_ID_SQL = """INSERT INTO retired_articles (only_row, highest_id) VALUES (1, ?)
ON CONFLICT (only_row) DO UPDATE SET highest_id = max(highest_id, excluded.highest_id)"""


def adopt_removal(
    connection: sqlite3.Connection, removal: Removal, *, keep_id: bool = False
) -> tuple[int, int]:
    """Store a removal of another archive, without its URLs; return its id and the article's.

    No article here ever gets the article's id. That is a new one, or with `keep_id` the one that it
    had there, if it is free here.
    """
    former = (removal.article_id,)
    is_kept = keep_id and connection.execute(ID_IS_TAKEN_SQL, former).fetchone() is None
    article_id = removal.article_id if is_kept else next_article_id(connection)
    connection.execute(RETIRE_ID_SQL, (article_id,))
    done = connection.execute(
        """INSERT INTO removals (article_id, reason, removed_at, method, removed_by, kept_out_at)
        VALUES (?, ?, ?, ?, ?, ?)""",
        (article_id, removal.reason, removal.removed_at, removal.method, removal.removed_by,
         removal.kept_out_at),
    )  # fmt: skip
    return int(done.lastrowid or 0), article_id
