"""How the archive stands: what it holds, what its crawls did, what waits and what fails."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Report = dict[str, Any]

DAYS = 30
"""How far back the articles a day are counted."""

SHOWN = 20
"""Outlets, failures and reasons are listed to this number, the greatest first; their totals are whole."""

COUNTS = """
SELECT (SELECT count(*) FROM articles) AS articles,
       (SELECT count(*) FROM outlets) AS outlets,
       (SELECT count(*) FROM urls WHERE kind <> 'page') AS sources,
       (SELECT count(*) FROM urls WHERE kind = 'page') AS urls,
       (SELECT count(*) FROM urls WHERE state IN ('pending', 'leased') AND kind = 'page') AS waiting,
       (SELECT count(*) FROM articles WHERE published_at IS NULL) AS undated,
       (SELECT max(fetched_at) FROM articles) AS last_fetched_at"""

CRAWLS = """
SELECT c.id, c.started_at, c.finished_at, c.state, c.reason, c.command,
       round((julianday(c.finished_at) - julianday(c.started_at)) * 86400) AS seconds,
       count(k.id) AS checks,
       count(k.id) FILTER (WHERE k.outcome = 'new') AS new,
       count(k.id) FILTER (WHERE k.outcome = 'changed') AS changed,
       count(k.id) FILTER (WHERE k.outcome IN ('failed', 'refused', 'gone')) AS failed
FROM (SELECT * FROM crawls ORDER BY id DESC LIMIT 5) c LEFT JOIN checks k ON k.crawl_id = c.id
GROUP BY c.id ORDER BY c.id DESC"""

WAITING = """
SELECT o.host AS outlet, count(*) AS waiting FROM urls u JOIN outlets o ON o.id = u.outlet_id
WHERE u.state IN ('pending', 'leased') AND u.kind = 'page' GROUP BY o.id ORDER BY waiting DESC, o.host LIMIT :shown"""

SILENT = """
SELECT host AS outlet FROM outlets o WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.outlet_id = o.id)
ORDER BY host LIMIT :shown"""

FAILING_SOURCES = """
SELECT u.url, u.kind, o.host AS outlet, u.outcome, u.status, u.reason, u.tries, u.checked_at
FROM urls u JOIN outlets o ON o.id = u.outlet_id
WHERE u.kind <> 'page' AND u.outcome IN ('failed', 'refused', 'gone') ORDER BY u.tries DESC, u.url LIMIT :shown"""

FAILING_PAGES = """
SELECT o.host AS outlet, u.outcome, u.reason, count(*) AS pages, min(u.url) AS example
FROM urls u JOIN outlets o ON o.id = u.outlet_id
WHERE u.kind = 'page' AND u.outcome IN ('failed', 'refused', 'gone')
GROUP BY o.id, u.outcome, u.reason ORDER BY pages DESC, o.host LIMIT :shown"""

NOT_ARTICLES = """
SELECT substr(reason, 1, instr(reason || ':', ':') - 1) AS type, count(*) AS pages FROM urls
WHERE outcome = 'not article' GROUP BY 1 ORDER BY pages DESC, 1 LIMIT :shown"""

PER_DAY = "SELECT substr(fetched_at, 1, 10), count(*) FROM articles WHERE fetched_at >= :first GROUP BY 1"


def report(connection: sqlite3.Connection, folder: Path, today: datetime | None = None) -> Report:
    """How the archive in `folder` stands, ready for JSON; sizes in bytes, `days` from the oldest to today (UTC)."""

    def rows(sql: str) -> list[Report]:
        return [dict(row) for row in connection.execute(sql, {"shown": SHOWN})]

    return {
        "archive": str(folder),
        "size": {name: _size(folder, name) for name in ("archive.db", "captures.db")},
        **rows(COUNTS)[0],
        "crawls": rows(CRAWLS),
        "waiting_by_outlet": rows(WAITING),
        "outlets_without_articles": [row["outlet"] for row in rows(SILENT)],
        "failing_sources": rows(FAILING_SOURCES),
        "failing_pages": rows(FAILING_PAGES),
        "not_articles": rows(NOT_ARTICLES),
        "days": _per_day(connection, today or datetime.now(UTC)),
    }


def _per_day(connection: sqlite3.Connection, today: datetime) -> dict[str, int]:
    days = [(today - timedelta(days=back)).strftime("%Y-%m-%d") for back in reversed(range(DAYS))]
    counted = dict(tuple(row) for row in connection.execute(PER_DAY, {"first": days[0]}))
    return {day: counted.get(day, 0) for day in days}


def _size(folder: Path, name: str) -> int:
    """A database's bytes, with what still lies in its write-ahead log."""
    files = (folder / (name + ending) for ending in ("", "-wal"))
    return sum(file.stat().st_size for file in files if file.is_file())
