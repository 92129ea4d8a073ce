"""Pages of removed articles that were moved to a WARC file, which no removal reaches."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

WARC_FILES_OF_ARTICLES_SQL = """
WITH asked AS (SELECT value AS id FROM json_each(?)),
pages AS (
  SELECT a.digest FROM asked JOIN articles a ON a.id = asked.id
  UNION SELECT r.digest FROM asked JOIN revisions r ON r.article_id = asked.id
  UNION SELECT f.digest FROM asked JOIN urls u ON u.article_id = asked.id
    JOIN fetches f ON f.url_id = u.id
)
SELECT DISTINCT w.path FROM pages JOIN moved_pages m ON m.digest = pages.digest
JOIN warc_files w ON w.id = m.warc_file_id ORDER BY w.path"""

FORGET_MOVED_PAGES_SQL = """
DELETE FROM moved_pages WHERE digest IN (SELECT value FROM json_each(?))
AND NOT EXISTS (
  SELECT 1 FROM articles a WHERE substr(a.digest, 1, 16) = substr(moved_pages.digest, 1, 16)
    AND a.digest = moved_pages.digest
) AND NOT EXISTS (
  SELECT 1 FROM revisions r WHERE substr(r.digest, 1, 16) = substr(moved_pages.digest, 1, 16)
    AND r.digest = moved_pages.digest
)"""


def warc_files_of_articles(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[str]:
    """Return the WARC files that have pages of articles, before these are removed."""
    rows = connection.execute(WARC_FILES_OF_ARTICLES_SQL, (json.dumps(list(article_ids)),))
    return [str(row[0]) for row in rows]


def forget_moved_pages(connection: sqlite3.Connection, digests: Sequence[str]) -> None:
    """Forget where pages are that no article is left of, within the caller's transaction."""
    connection.execute(FORGET_MOVED_PAGES_SQL, (json.dumps(list(digests)),))
