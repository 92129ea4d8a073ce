"""The archive's status: its size, its last crawls, what waits and what fails."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from archive.queries.rule_matches import is_rule_problem, rules_out_of_date
from archive.records import current_time, format_utc
from archive.storage.cluster_state import read_cluster_state
from archive.storage.lock import crawl_lock_owner
from archive.text.formatting import duration_text, many

StatusReport = dict[str, Any]

LOW_DISK_BYTES = 500_000_000
"""Free bytes below which a crawl may soon fill the disk."""

STATUS_DAYS = 30
"""Days for which articles per day are counted."""

MAX_STATUS_ROWS = 20
"""Outlets, failures and reasons that are listed, largest first; totals are always complete."""

RHYTHM_MAX_ARTICLES, RHYTHM_MIN_ARTICLES = 50, 5
"""An outlet's usual interval is the mean gap between its newest articles, 50 at most; with fewer
than five it has none."""
SILENCE_FACTOR, MIN_SILENCE_HOURS = 5, 24
"""An outlet has fallen silent after five times its usual interval, but not before 24 hours: there
are nights and Sundays."""

MIN_SOURCE_FAILURES = 3
"""Failures in a row after which a source is reported; a single bad answer is not."""

STATUS_COUNTS_SQL = """
SELECT (SELECT count(*) FROM articles) AS articles,
       (SELECT count(*) FROM outlets) AS outlets,
       (SELECT count(*) FROM urls WHERE kind <> 'page') AS sources,
       (SELECT count(*) FROM urls WHERE kind = 'page') AS urls,
       (SELECT count(*) FROM urls WHERE state IN ('pending', 'leased') AND kind = 'page') AS waiting,
       (SELECT count(*) FROM articles WHERE published_at IS NULL) AS undated,
       (SELECT max(fetched_at) FROM articles) AS last_fetched_at"""

RECENT_CRAWLS_SQL = """
SELECT c.id, c.started_at, c.finished_at, c.state, c.reason, c.command,
       round((julianday(c.finished_at) - julianday(c.started_at)) * 86400) AS seconds,
       count(k.id) AS checks,
       count(k.id) FILTER (WHERE k.outcome = 'new') AS new,
       count(k.id) FILTER (WHERE k.outcome = 'changed') AS changed,
       count(k.id) FILTER (WHERE k.outcome IN ('failed', 'refused', 'gone')) AS failed
FROM (SELECT * FROM crawls ORDER BY id DESC LIMIT 5) c LEFT JOIN fetches k ON k.crawl_id = c.id
GROUP BY c.id ORDER BY c.id DESC"""

WAITING_BY_OUTLET_SQL = """
SELECT o.host AS outlet, count(*) AS waiting FROM urls u JOIN outlets o ON o.id = u.outlet_id
WHERE u.state IN ('pending', 'leased') AND u.kind = 'page'
GROUP BY o.id ORDER BY waiting DESC, o.host LIMIT :shown"""

OUTLETS_WITHOUT_ARTICLES_SQL = """
SELECT host AS outlet FROM outlets o
WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.outlet_id = o.id)
ORDER BY host LIMIT :shown"""

FAILING_SOURCES_SQL = """
SELECT u.url, u.kind, o.host AS outlet, u.outcome, u.status, u.reason, u.failures, u.fetched_at
FROM urls u JOIN outlets o ON o.id = u.outlet_id
WHERE u.kind <> 'page' AND u.outcome IN ('failed', 'refused', 'gone')
ORDER BY u.failures DESC, u.url LIMIT :shown"""

FAILING_PAGES_SQL = """
SELECT o.host AS outlet, u.outcome, u.reason, count(*) AS pages, min(u.url) AS example
FROM urls u JOIN outlets o ON o.id = u.outlet_id
WHERE u.kind = 'page' AND u.outcome IN ('failed', 'refused', 'gone')
GROUP BY o.id, u.outcome, u.reason ORDER BY pages DESC, o.host LIMIT :shown"""

NOT_ARTICLES_SQL = """
SELECT page_type AS type, count(*) AS pages FROM other_pages GROUP BY 1 ORDER BY pages DESC, 1 LIMIT :shown"""

DUE_COUNTS_SQL = """
SELECT count(*) FILTER (WHERE kind = 'page') AS pages,
       count(*) FILTER (WHERE kind <> 'page') AS sources
FROM urls WHERE due_at <= :now"""

LAST_FINISHED_CRAWL_SQL = (
    "SELECT max(finished_at) FROM crawls WHERE state IN ('finished', 'stopped')"
)

SILENT_OUTLETS_SQL = """
WITH latest AS MATERIALIZED (
  SELECT o.id, o.host, a.published_at,
         (SELECT min(u.found_at) FROM urls u WHERE u.article_id = a.id) AS found_at
  FROM outlets o JOIN articles a ON a.id IN (
    SELECT b.id FROM articles b WHERE b.outlet_id = o.id AND b.published_at IS NOT NULL
    ORDER BY b.published_at DESC LIMIT :recent
  )
  WHERE o.id IN (SELECT s.outlet_id FROM urls s WHERE s.kind <> 'page')
)
SELECT id AS outlet_id, host AS outlet, max(found_at) AS last_found_at,
       (julianday(max(published_at)) - julianday(min(published_at))) * 24 / (count(*) - 1) AS usual_hours,
       (julianday(:seen) - julianday(max(found_at))) * 24 AS silent_hours
FROM latest GROUP BY host HAVING count(*) >= :enough
  AND silent_hours > max(:shortest, :patience * usual_hours)
ORDER BY silent_hours / max(usual_hours, 1) DESC, host LIMIT :shown"""
"""The gap between articles is that of their publication. Silence counts from when a crawl last
found an article, because an old archive that is imported has not fallen silent, and ends with
the last crawl, because nothing was fetched after that."""

SILENT_OUTLET_COLUMNS = ("outlet", "last_found_at", "usual_hours", "silent_hours")

FAILING_TARGETS_SQL = """
SELECT t.alert_id AS alert, t.label AS target, t.failures, t.error, t.retry_at,
       (SELECT count(*) FROM alert_deliveries d WHERE d.target_id = t.id) AS waiting
FROM alert_targets t WHERE t.failures > 0 ORDER BY t.failures DESC, t.id LIMIT :shown"""

DEPOSIT_COUNTS_SQL = """
SELECT d.service, count(*) FILTER (WHERE d.state = 'done') AS done,
       count(*) FILTER (WHERE d.state IN ('waiting', 'asked')) AS waiting,
       count(*) FILTER (WHERE d.state = 'refused') AS refused,
       s.failures, s.error, s.paused_until
FROM deposits d LEFT JOIN deposit_services s ON s.name = d.service GROUP BY d.service"""

FAILED_DEPOSITS_SQL = """
SELECT article_id AS article, service, failures, error, retry_at, url FROM deposits
WHERE error IS NOT NULL AND state <> 'done' ORDER BY retry_at IS NULL, retry_at, article_id LIMIT :shown"""

MIN_DEPOSIT_REFUSALS = 3
"""Refusals in a row after which an archive that is to keep pages is reported."""

ARTICLES_PER_DAY_SQL = (
    "SELECT substr({column}, 1, 10), count(*) FROM articles WHERE {column} >= :first GROUP BY 1"
)


def status_report(
    connection: sqlite3.Connection,
    folder: Path,
    today: datetime | None = None,
    ruled_hosts: Collection[str] = (),
) -> StatusReport:
    """Return the state of the archive in `folder`, ready for JSON.

    `ruled_hosts` are the hosts that have rules. Sizes are in bytes; `days` run from the oldest to today (UTC).
    """
    now = format_utc(today or current_time())
    last = connection.execute(LAST_FINISHED_CRAWL_SQL).fetchone()[0]

    def rows(sql: str, **values: object) -> list[StatusReport]:
        """Run a query with the usual limit."""
        return [dict(row) for row in connection.execute(sql, {"shown": MAX_STATUS_ROWS, **values})]

    return {
        "archive": str(folder),
        "size": {name: _database_bytes(folder, name) for name in ("archive.db", "captures.db")},
        "free": shutil.disk_usage(folder).free,
        **rows(STATUS_COUNTS_SQL)[0],
        "running": crawl_lock_owner(folder),
        "cluster": read_cluster_state(folder),
        "last_crawl_at": last,
        "due": rows(DUE_COUNTS_SQL, now=now)[0],
        "crawls": rows(RECENT_CRAWLS_SQL),
        "waiting_by_outlet": rows(WAITING_BY_OUTLET_SQL),
        "outlets_without_articles": [row["outlet"] for row in rows(OUTLETS_WITHOUT_ARTICLES_SQL)],
        "failing_sources": rows(FAILING_SOURCES_SQL),
        "silent_outlets": [
            {name: row[name] for name in SILENT_OUTLET_COLUMNS}
            for row in silent_outlet_rows(connection, MAX_STATUS_ROWS, now)
        ],
        "rules_out_of_date": rules_out_of_date(connection, ruled_hosts),
        "failing_targets": rows(FAILING_TARGETS_SQL),
        "deposits": rows(DEPOSIT_COUNTS_SQL),
        "failed_deposits": rows(FAILED_DEPOSITS_SQL),
        "failing_pages": rows(FAILING_PAGES_SQL),
        "not_articles": rows(NOT_ARTICLES_SQL),
        "days": _articles_per_day(connection, "fetched_at", today or current_time()),
        "published_days": _articles_per_day(connection, "published_day", today or current_time()),
    }


def silent_outlet_rows(
    connection: sqlite3.Connection, limit: int, now: str | None = None
) -> list[sqlite3.Row]:
    """Return the outlets that have fallen silent, judged by their own rhythm, longest first."""
    last = connection.execute(LAST_FINISHED_CRAWL_SQL).fetchone()[0]
    values = {
        "recent": RHYTHM_MAX_ARTICLES,
        "enough": RHYTHM_MIN_ARTICLES,
        "patience": SILENCE_FACTOR,
        "shortest": MIN_SILENCE_HOURS,
        "seen": last or now or format_utc(current_time()),
        "shown": limit,
    }
    return connection.execute(SILENT_OUTLETS_SQL, values).fetchall()


def status_problems(
    report: StatusReport, max_age: float, today: datetime | None = None
) -> list[str]:
    """Return the problems that a monitor should report, one line each.

    `max_age` is the greatest number of seconds since the last crawl finished in order.
    """
    found = _crawls_stopped(report, max_age, today or current_time())
    for source in report["failing_sources"]:
        if source["failures"] >= MIN_SOURCE_FAILURES:
            found.append(
                f"{source['url']}: failed {source['failures']} times in a row: {source['reason']}"
            )
    for outlet in report["silent_outlets"]:
        usual, silent = (
            duration_text(outlet["usual_hours"] * 3600),
            duration_text(outlet["silent_hours"] * 3600),
        )
        found.append(f"{outlet['outlet']}: nothing new for {silent}; its usual interval is {usual}")
    for row in filter(is_rule_problem, report["rules_out_of_date"]):
        found.append(
            f"{row['outlet']}: the rule {row['rule']!r} matched nothing on {row['unmatched']} of "
            f"{row['articles']} articles; try it with `dateline extract --explain URL`"
        )
    for target in report["failing_targets"]:
        found.append(
            f"alert {target['alert']}: {target['target']} failed "
            f"{many(target['failures'], 'time')} in a row: {target['error']}; "
            f"{many(target['waiting'], 'item')} waiting"
        )
    for service in report["deposits"]:
        if (service["failures"] or 0) >= MIN_DEPOSIT_REFUSALS:
            found.append(
                f"deposits at {service['service']}: refused {many(service['failures'], 'time')} in a "
                f"row: it {service['error']}; {many(service['waiting'], 'article')} waiting"
            )
    if report["free"] < LOW_DISK_BYTES:
        found.append(
            f"{report['archive']}: only {report['free'] // 1_000_000:,} MB free on the disk"
        )
    return found


def _crawls_stopped(report: StatusReport, max_age: float, today: datetime) -> list[str]:
    """Return the problem that crawls have stopped, if they have."""
    folder, running = report["archive"], report["running"]
    last = report["last_crawl_at"]
    if last is None:
        return [] if running else [f"{folder}: no crawl has finished yet"]
    seconds = (today - datetime.fromisoformat(last)).total_seconds()
    if seconds <= max_age:
        return []
    hint = f"one is running ({running})" if running else "is the schedule active?"
    return [f"{folder}: the last crawl finished {duration_text(seconds)} ago; {hint}"]


def _articles_per_day(
    connection: sqlite3.Connection, column: str, today: datetime
) -> dict[str, int]:
    """Return the number of articles by day of a date column, for the last `STATUS_DAYS` days."""
    days = [
        (today - timedelta(days=back)).strftime("%Y-%m-%d") for back in reversed(range(STATUS_DAYS))
    ]
    rows = connection.execute(ARTICLES_PER_DAY_SQL.format(column=column), {"first": days[0]})
    counted = dict(tuple(row) for row in rows)
    return {day: counted.get(day, 0) for day in days}


def _database_bytes(folder: Path, name: str) -> int:
    """Return the bytes of a database, including its write-ahead log."""
    files = (folder / (name + ending) for ending in ("", "-wal"))
    return sum(file.stat().st_size for file in files if file.is_file())
