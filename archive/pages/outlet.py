"""The page of an outlet: when it publishes, whose texts, what it changes, what fails."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any

from archive.pages.charts import bars, sparkline
from archive.queries.lookup import Row
from archive.text.formatting import WEEKDAYS, direction, parsed, texts

RECENT = 2_000
"""The newest articles that an outlet's statistics cover."""
SHOWN = 15
"""Rows of each list."""

OUTLETS = """
SELECT o.id, o.host, o.name, o.language, o.country,
       (SELECT count(*) FROM articles WHERE outlet_id = o.id) AS articles,
       (SELECT max(published_at) FROM articles WHERE outlet_id = o.id) AS newest,
       (SELECT max(checked_at) FROM urls WHERE outlet_id = o.id AND kind <> 'page') AS checked_at,
       (SELECT count(*) FROM urls WHERE outlet_id = o.id AND kind <> 'page') AS sources,
       (SELECT count(*) FROM urls WHERE outlet_id = o.id AND kind <> 'page' AND tries >= 3) AS failing
FROM outlets o ORDER BY articles DESC, o.host LIMIT ? OFFSET ?"""

HABITS = """
SELECT a.published_at, a.agency IS NOT NULL AS is_wire, a.fetched_at,
       EXISTS (
         SELECT 1 FROM articles b WHERE b.id = t.original_id AND b.outlet_id <> a.outlet_id
       ) AS is_copy,
       t.original_id = a.id AND EXISTS (
         SELECT 1 FROM versions w WHERE w.text_id = t.id AND w.outlet_id <> a.outlet_id
       ) AS is_original
FROM articles a LEFT JOIN versions v ON v.article_id = a.id LEFT JOIN texts t ON t.id = v.text_id
WHERE a.outlet_id = ? ORDER BY a.published_at DESC LIMIT ?"""

NEWEST = """
SELECT a.id, a.headline, a.published_at, a.language, a.url, f.original_id, f.other_outlets
FROM articles a JOIN folded f ON f.id = a.id
WHERE a.outlet_id = ? ORDER BY a.published_at DESC, a.id DESC LIMIT ?"""

CHANGED = """
SELECT r.article_id, r.number, r.seen_at, r.kinds, r.stealth,
       coalesce(r.headline, a.headline) AS headline, a.language
FROM revisions r JOIN articles a ON a.id = r.article_id
WHERE a.outlet_id = ? AND r.number > 1 ORDER BY r.seen_at DESC"""

SOURCES = """
SELECT url, kind, checked_at, outcome, status, reason, tries FROM urls
WHERE outlet_id = ? AND kind <> 'page' ORDER BY tries DESC, kind, url LIMIT ?"""

AMISS = """
SELECT url, outcome, status, reason, checked_at FROM urls
WHERE outlet_id = ? AND outcome IN ('failed', 'refused', 'gone') AND kind = 'page'
ORDER BY checked_at DESC LIMIT ?"""

FROM_WHOM = """
SELECT o.host, coalesce(o.name, o.host) AS name, count(*) AS texts
FROM versions v JOIN texts t ON t.id = v.text_id JOIN articles a ON a.id = t.original_id
JOIN outlets o ON o.id = a.outlet_id
WHERE v.outlet_id = :outlet AND a.outlet_id <> :outlet GROUP BY o.id ORDER BY texts DESC, o.host LIMIT 8"""


def outlets(connection: sqlite3.Connection, page: int = 1, size: int = 100) -> list[Row]:
    """Return one page of the outlets, those with most articles first."""
    return [dict(row) for row in connection.execute(OUTLETS, (size, (max(1, page) - 1) * size))]


def outlet(connection: sqlite3.Connection, host: str) -> Row | None:
    """Return everything that the page of an outlet shows, or None for an unknown host."""
    row = connection.execute("SELECT * FROM outlets WHERE host = ?", (host,)).fetchone()
    if row is None:
        return None
    id = row["id"]
    changed = [_change(each) for each in connection.execute(CHANGED, (id,))]
    count = "SELECT count(*) FROM articles WHERE outlet_id = ?"
    newest = _rows(connection, NEWEST, (id, SHOWN))
    return dict(row) | {
        "articles": connection.execute(count, (id,)).fetchone()[0],
        "statistics": habits(connection.execute(HABITS, (id, RECENT)).fetchall()),
        "from_whom": _rows(connection, FROM_WHOM, {"outlet": id}),
        "newest": [each | {"direction": direction(each["language"])} for each in newest],
        "changes": len(changed),
        "stealth": sum(each["stealth"] for each in changed),
        "corrections": sum("correction" in each["kinds"] for each in changed),
        "changed": changed[:SHOWN],
        "sources": _rows(connection, SOURCES, (id, SHOWN)),
        "failed": _rows(connection, AMISS, (id, SHOWN)),
    }


def _rows(connection: sqlite3.Connection, sql: str, values: Any) -> list[Row]:
    return [dict(row) for row in connection.execute(sql, values)]


def _change(row: sqlite3.Row) -> Row:
    return dict(row) | {"kinds": texts(row["kinds"]), "direction": direction(row["language"])}


def habits(rows: Sequence[sqlite3.Row]) -> Row:
    """Return statistics of an outlet's newest articles.

    `hours` and `weekdays` (UTC) and `days` are bars; only articles with a known time count for the
    hours. `wire` is the share that names an agency, `copied` the share of other outlets' texts,
    `lent` that of its own texts which others published; shares are from 0 to 1.
    """
    published = [date for row in rows if (date := parsed(row["published_at"]))]
    by_hour = Counter(date.hour for date in published if date.tzinfo)
    by_weekday = Counter(date.weekday() for date in published)
    by_day = Counter(row["published_at"][:10] for row in rows if row["published_at"])
    total = len(rows) or 1
    return {
        "counted": len(rows),
        "timed": by_hour.total(),
        "hours": bars([(f"{hour:02}:00", by_hour[hour]) for hour in range(24)]),
        "weekdays": bars([(name, by_weekday[number]) for number, name in enumerate(WEEKDAYS)]),
        "days": sparkline(by_day),
        "wire": sum(row["is_wire"] for row in rows) / total,
        "copied": sum(row["is_copy"] for row in rows) / total,
        "lent": sum(row["is_original"] or 0 for row in rows) / total,
        "undated": len(rows) - len(published),
        "fetched_at": max((row["fetched_at"] for row in rows), default=None),
    }
