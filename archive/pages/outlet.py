"""The page of an outlet: when it publishes, whose texts, what it changes, what fails."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from archive.frontier.outlet_templates import (
    left_out_places,
    stored_template,
    template_places,
)
from archive.pages.charts import chart_bars, sparkline_bars
from archive.queries.lookup import PlainRow
from archive.queries.rule_matches import rule_matches
from archive.text.formatting import (
    WEEKDAY_NAMES,
    direction,
    parse_json_texts,
    parse_timestamp_as_written,
)
from archive.text.html import outward_link

MAX_STATISTICS_ARTICLES = 2_000
"""The newest articles that an outlet's statistics cover."""
MAX_OUTLET_ROWS = 15
"""Rows of each list."""

OUTLET_LIST_SQL = """
SELECT o.id, o.host, o.name, o.language, o.country, o.paused_at,
       (SELECT count(*) FROM articles WHERE outlet_id = o.id) AS articles,
       (SELECT max(published_at) FROM articles WHERE outlet_id = o.id) AS newest,
       (SELECT max(fetched_at) FROM urls WHERE outlet_id = o.id AND kind <> 'page') AS fetched_at,
       (SELECT count(*) FROM urls WHERE outlet_id = o.id AND kind <> 'page') AS sources,
       (SELECT count(*) FROM urls WHERE outlet_id = o.id AND kind <> 'page' AND failures >= 3) AS failing
FROM outlets o ORDER BY {order}, o.host LIMIT ? OFFSET ?"""

OUTLET_ORDERS = {
    "articles": "articles DESC",
    "name": "coalesce(o.name, o.host) COLLATE NOCASE",
    "newest": "newest DESC",
    "failing": "failing DESC, articles DESC",
}
"""Orders of the list of outlets, by the word in its URL; the first is the usual one."""

OUTLET_STATISTICS_SQL = """
SELECT a.published_at, a.published_day, a.agency IS NOT NULL AS is_wire, a.fetched_at,
       EXISTS (
         SELECT 1 FROM articles b WHERE b.id = t.original_id AND b.outlet_id <> a.outlet_id
       ) AS is_copy,
       t.original_id = a.id AND EXISTS (
         SELECT 1 FROM shared_text_articles w WHERE w.text_id = t.id AND w.outlet_id <> a.outlet_id
       ) AS is_original
FROM articles a LEFT JOIN shared_text_articles v ON v.article_id = a.id LEFT JOIN shared_texts t ON t.id = v.text_id
WHERE a.outlet_id = ? ORDER BY a.published_at DESC LIMIT ?"""

OUTLET_NEWEST_SQL = """
SELECT a.id, a.headline,
       a.published_at, a.published_day, a.published_offset, a.language, a.url, f.original_id, f.other_outlets
FROM articles a JOIN originals f ON f.id = a.id
WHERE a.outlet_id = ? ORDER BY a.published_at DESC, a.id DESC LIMIT ?"""

OUTLET_CHANGES_SQL = """
SELECT r.article_id, r.number, r.seen_at, r.kinds, r.stealth,
       coalesce(r.headline, a.headline) AS headline, a.language
FROM revisions r JOIN articles a ON a.id = r.article_id
WHERE a.outlet_id = ? AND r.number > 1 ORDER BY r.seen_at DESC"""

OUTLET_SOURCES_SQL = """
SELECT url, kind, fetched_at, outcome, status, reason, failures FROM urls
WHERE outlet_id = ? AND kind <> 'page' ORDER BY failures DESC, kind, url LIMIT ?"""

OUTLET_FAILURES_SQL = """
SELECT url, outcome, status, reason, fetched_at FROM urls
WHERE outlet_id = ? AND outcome IN ('failed', 'refused', 'gone') AND kind = 'page'
ORDER BY fetched_at DESC LIMIT ?"""

COPIED_FROM_SQL = """
SELECT o.host, coalesce(o.name, o.host) AS name, count(*) AS texts
FROM shared_text_articles v JOIN shared_texts t ON t.id = v.text_id JOIN articles a ON a.id = t.original_id
JOIN outlets o ON o.id = a.outlet_id
WHERE v.outlet_id = :outlet AND a.outlet_id <> :outlet GROUP BY o.id ORDER BY texts DESC, o.host LIMIT 8"""


def asked_outlet_order(args: Mapping[str, str]) -> str:
    """Return the order of the list of outlets that a query asks for, or the usual one."""
    order = args.get("sort", "")
    return order if order in OUTLET_ORDERS else next(iter(OUTLET_ORDERS))


def outlet_list_rows(
    connection: sqlite3.Connection, page: int = 1, order: str = "articles", size: int = 100
) -> list[PlainRow]:
    """Return one page of the outlets in an order, which is one of `OUTLET_ORDERS`.

    With a `size` of -1, all of them are on the first page.
    """
    sql = OUTLET_LIST_SQL.format(order=OUTLET_ORDERS[order])
    return [dict(row) for row in connection.execute(sql, (size, (max(1, page) - 1) * size))]


def outlet_page_data(connection: sqlite3.Connection, host: str) -> PlainRow | None:
    """Return everything that the page of an outlet shows, or None for an unknown host."""
    row = connection.execute("SELECT * FROM outlets WHERE host = ?", (host,)).fetchone()
    if row is None:
        return None
    id = row["id"]
    changed = [_changed_article(each) for each in connection.execute(OUTLET_CHANGES_SQL, (id,))]
    count = "SELECT count(*) FROM articles WHERE outlet_id = ?"
    newest = _outlet_rows(connection, OUTLET_NEWEST_SQL, (id, MAX_OUTLET_ROWS))
    sources = _outlet_rows(connection, OUTLET_SOURCES_SQL, (id, MAX_OUTLET_ROWS))
    return dict(row) | {
        "articles": connection.execute(count, (id,)).fetchone()[0],
        "statistics": outlet_statistics(
            connection.execute(OUTLET_STATISTICS_SQL, (id, MAX_STATISTICS_ARTICLES)).fetchall()
        ),
        "from_whom": _outlet_rows(connection, COPIED_FROM_SQL, {"outlet": id}),
        "rules": rule_matches(connection, id),
        "template": outlet_template_data(connection, id),
        "newest": [each | {"direction": direction(each["language"])} for each in newest],
        "changes": len(changed),
        "stealth": sum(each["stealth"] for each in changed),
        "corrections": sum("correction" in each["kinds"] for each in changed),
        "changed": changed[:MAX_OUTLET_ROWS],
        "sources": [each | {"link": outward_link(each["url"]) or each["url"]} for each in sources],
        "failed": _outlet_rows(connection, OUTLET_FAILURES_SQL, (id, MAX_OUTLET_ROWS)),
    }


def outlet_template_data(connection: sqlite3.Connection, outlet_id: int) -> PlainRow | None:
    """Return where the articles of an outlet stand on its pages, or None if that is not known."""
    evidence, template = stored_template(connection, outlet_id)
    if template is None:
        return None
    left_out = left_out_places(evidence, template)
    return {
        "pages": template.pages,
        "places": template_places(evidence),
        "left_out": left_out[:MAX_OUTLET_ROWS],
        "further": max(0, len(left_out) - MAX_OUTLET_ROWS),
    }


def _outlet_rows(connection: sqlite3.Connection, sql: str, values: Any) -> list[PlainRow]:
    return [dict(row) for row in connection.execute(sql, values)]


def _changed_article(row: sqlite3.Row) -> PlainRow:
    return dict(row) | {
        "kinds": parse_json_texts(row["kinds"]),
        "direction": direction(row["language"]),
    }


def outlet_statistics(rows: Sequence[sqlite3.Row]) -> PlainRow:
    """Return statistics of an outlet's newest articles.

    `hours` and `weekdays` (UTC) and `days` are bars; only articles with a known time count for the
    hours. `wire` is the share that names an agency, `copied` the share of other outlets' texts,
    `lent` that of its texts which others published; shares are from 0 to 1.
    """
    read = [parse_timestamp_as_written(row["published_at"]) for row in rows]
    published = [date for date in read if date]
    by_day = Counter(row["published_day"] for row in rows if row["published_day"])
    total = len(rows) or 1
    return {
        "counted": len(rows),
        **_usual_times(published),
        "days": sparkline_bars(by_day),
        "wire": sum(row["is_wire"] for row in rows) / total,
        "copied": sum(row["is_copy"] for row in rows) / total,
        "lent": sum(row["is_original"] or 0 for row in rows) / total,
        "undated": len(rows) - len(published),
        "fetched_at": max((row["fetched_at"] for row in rows), default=None),
    }


def _usual_times(published: Sequence[datetime]) -> PlainRow:
    """Return the bars of hours and weekdays, and how many articles have a time (`timed`)."""
    by_hour = Counter(date.hour for date in published if date.tzinfo)
    by_weekday = Counter(date.weekday() for date in published)
    hours = [(f"{hour:02}:00", by_hour[hour]) for hour in range(24)]
    weekdays = [(name, by_weekday[number]) for number, name in enumerate(WEEKDAY_NAMES)]
    return {
        "timed": by_hour.total(),
        "hours": chart_bars(hours),
        "weekdays": chart_bars(weekdays),
    }
