"""Copies of articles that no removal reaches: in WARC files, and at other archives."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from archive.removal.moved_pages import warc_files_of_articles
from archive.text.formatting import many

SNAPSHOTS_OF_ARTICLES_SQL = """
SELECT d.snapshot_url FROM json_each(?) AS asked JOIN deposits d ON d.article_id = asked.value
WHERE d.state = 'done' ORDER BY d.id"""
MAX_LISTED_SNAPSHOTS = 20


def unreached_lines(connection: sqlite3.Connection, article_ids: Sequence[int]) -> list[str]:
    """Return a sentence for each place that has articles beyond their removal, before it."""
    lines = [
        f"Stored pages of what was removed are also in {path}."
        for path in warc_files_of_articles(connection, article_ids)
    ]
    rows = connection.execute(SNAPSHOTS_OF_ARTICLES_SQL, (json.dumps(list(article_ids)),))
    urls = [str(row[0]) for row in rows]
    lines += [
        f"Another archive keeps {url}; only it can remove that."
        for url in urls[:MAX_LISTED_SNAPSHOTS]
    ]
    more = len(urls) - MAX_LISTED_SNAPSHOTS
    if more > 0:
        lines.append(f"So it does {many(more, 'further page')} of what was removed.")
    return lines
