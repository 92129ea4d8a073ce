"""Pages without an article that no browser has fetched yet, although they need one."""

from __future__ import annotations

import sqlite3

from archive.records import NEEDS_BROWSER_REASON


def queue_unrendered_pages(connection: sqlite3.Connection, most: int, per_outlet: int) -> int:
    """Queue the newest such pages again, up to `most` and `per_outlet`; return their number."""
    cursor = connection.execute(
        """UPDATE urls SET state = 'pending', due_at = NULL WHERE id IN (
          SELECT id FROM (
            SELECT id, published_at,
              row_number() OVER (PARTITION BY outlet_id ORDER BY published_at DESC, id DESC) AS nth
            FROM urls WHERE outcome IN ('failed', 'refused', 'gone', 'not article')  -- as their index has it
            AND outcome = 'not article' AND kind = 'page' AND state = 'done'
            AND article_id IS NULL AND substr(reason, 1, :length) = :reason
          ) WHERE nth <= :per_outlet ORDER BY published_at DESC, id DESC LIMIT :most)""",
        {
            "length": len(NEEDS_BROWSER_REASON),
            "reason": NEEDS_BROWSER_REASON,
            "most": most,
            "per_outlet": per_outlet,
        },
    )
    return cursor.rowcount
