"""Pages without an article that no browser has fetched yet, although they need one."""

from __future__ import annotations

import sqlite3

from archive.records import NEEDS_BROWSER_REASON


def queue_unrendered_pages(connection: sqlite3.Connection, most: int) -> int:
    """Queue the newest such pages again, up to a number; return how many."""
    cursor = connection.execute(
        """UPDATE urls SET state = 'pending', due_at = NULL WHERE id IN (
          SELECT id FROM urls
          WHERE outcome IN ('failed', 'refused', 'gone', 'not article')  -- as their index has it
            AND outcome = 'not article' AND kind = 'page' AND state = 'done'
            AND article_id IS NULL AND substr(reason, 1, :length) = :reason
          ORDER BY published_at DESC, id DESC LIMIT :most)""",
        {
            "length": len(NEEDS_BROWSER_REASON),
            "reason": NEEDS_BROWSER_REASON,
            "most": most,
        },
    )
    return cursor.rowcount
