"""Articles that a person removed from this archive: a merge does not bring them back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

REMOVED_URL_SQL = """SELECT 1 FROM json_each(?) AS asked
CROSS JOIN removed_urls AS u ON u.url_key = asked.value
WHERE u.fingerprint IS NULL OR u.fingerprint = ? LIMIT 1"""


def is_removed(
    connection: sqlite3.Connection, url_keys: Iterable[str], fingerprint: str | None = None
) -> bool:
    """Return whether the article with these URL keys and this text was removed from the archive.

    An archive of a version that removes no articles lacks the table.
    """
    table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'removed_urls'"
    if connection.execute(table).fetchone() is None:
        return False
    asked = (json.dumps(list(url_keys)), fingerprint)
    return connection.execute(REMOVED_URL_SQL, asked).fetchone() is not None
