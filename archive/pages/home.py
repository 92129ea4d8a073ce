"""The home page: what happens now, what changed, what is copied, and the newest coverage."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from archive.articles.stories import LISTED_MEMBER_SQL
from archive.pages.charts import sparkline_bars
from archive.pages.findings.change_lists import ChangeFilters, change_counts, notable_changes
from archive.pages.findings.copy_lists import CopyFilters, most_copied_texts
from archive.pages.findings.day_groups import (
    group_by_day,
    is_older_than_a_day,
    newest_change_at,
    newest_coverage_at,
)
from archive.pages.findings.event_lists import EventFilters, largest_events
from archive.pages.findings.event_page import event_articles
from archive.queries.lookup import PlainRow, newest_articles
from archive.records import format_utc
from archive.text.formatting import direction
from archive.text.html import text_excerpt

MAX_HOME_ARTICLES = 15
"""Articles on the home page."""
MAX_HOME_STORIES = 6
"""Stories on the home page."""
MAX_HOME_EVENTS, FEW_EVENTS = 6, 3
"""Events on the home page, and the number below which it looks further back."""
HOME_PERIODS = ("2", "7", "30")
"""Days that the home page covers: the first period in which enough happened."""
MAX_HOME_CHANGES, MAX_HOME_COPIES = 4, 3
"""Changes and copied texts on the home page."""
MAX_LEAD_HEADLINES = 3
"""Headlines of other outlets below that of the largest event."""
MAX_LEAD_CHARS = 220
"""Characters shown of the beginning of the largest event's article."""

HOME_COUNTS_SQL = """
SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM outlets) AS outlets,
       (SELECT count(*) FROM stories) AS stories"""

HOME_STORY_MEMBERS_SQL = f"""
SELECT a.id, a.outlet_id, a.published_at, a.published_day, a.fetched_at
FROM story_articles m CROSS JOIN articles a ON a.id = m.article_id
WHERE m.story_id = ? AND {LISTED_MEMBER_SQL}"""  # noqa: S608

HOME_STORY_CHANGES_SQL = f"""
SELECT count(*) AS changes, coalesce(sum(r.stealth), 0) AS silent
FROM revisions r CROSS JOIN story_articles m ON m.story_id = ? AND m.article_id = r.article_id
WHERE r.number > 1 AND r.seen_at >= ? AND {LISTED_MEMBER_SQL}"""  # noqa: S608

NEWEST_OF_STORIES_SQL = """
SELECT a.id, coalesce(a.headline, a.url) AS headline, a.language, a.published_at, a.published_day, a.published_offset,
       coalesce(o.name, o.host) AS outlet_name
FROM json_each(?) j JOIN articles a ON a.id = j.value JOIN outlets o ON o.id = a.outlet_id"""

ARTICLE_BEGINNING_SQL = (
    "SELECT coalesce(nullif(standfirst, ''), substr(text, 1, 600)) FROM articles WHERE id = ?"
)

LAST_CRAWL_SQL = """
WITH c AS (SELECT *, coalesce(finished_at, '9') AS until FROM crawls ORDER BY id DESC LIMIT 1)
SELECT c.*,
       (SELECT count(*) FROM fetches WHERE crawl_id = c.id) AS fetches,
       (SELECT count(*) FROM articles
        WHERE fetched_at BETWEEN c.started_at AND c.until) AS articles,
       (SELECT count(*) FROM revisions
        WHERE seen_at BETWEEN c.started_at AND c.until AND number > 1) AS changes,
       (SELECT count(*) FROM urls
        WHERE outcome IN ('failed', 'refused', 'gone', 'not article') AND outcome = 'failed'
          AND fetched_at BETWEEN c.started_at AND c.until) AS failures
FROM c"""
"""Counted by indexes alone, because a crawl may have made a hundred thousand checks; the condition of
the index `urls_failed` is repeated, as SQLite does not infer it."""


def home_page_data(connection: sqlite3.Connection) -> PlainRow:
    """Return the data of the home page.

    It has `counts`, `now` (the largest events), `stories` with what is new in them, `changes` and
    `copies` of the day, the newest coverage by `days`, and the last `crawl` (None before the
    first). Days are counted back from the newest coverage; `is_old` is True if that is more than a
    day ago.
    """
    newest = newest_coverage_at(connection)
    crawl = connection.execute(LAST_CRAWL_SQL).fetchone()
    return {
        "counts": dict(connection.execute(HOME_COUNTS_SQL).fetchone()),
        "newest": format_utc(newest),
        "is_old": is_older_than_a_day(newest),
        "now": _events_now(connection, newest),
        "stories": followed_story_rows(connection, MAX_HOME_STORIES, newest),
        "changes": _changes_of_the_day(connection),
        "copies": _copies_of_the_day(connection, newest),
        "days": group_by_day(
            newest_articles(connection, MAX_HOME_ARTICLES), lambda row: row["published_at"]
        ),
        "crawl": dict(crawl) if crawl else None,
    }


def _events_now(connection: sqlite3.Connection, newest: datetime) -> PlainRow:
    """Return the largest events of the last days: the `lead`, the `others`, and the `period`."""
    events: list[PlainRow] = []
    period = HOME_PERIODS[0]
    for period in HOME_PERIODS:
        events = largest_events(connection, EventFilters(days=period), MAX_HOME_EVENTS, newest)
        if len(events) >= FEW_EVENTS:
            break
    lead = events[0] | lead_details(connection, events[0]) if events else None
    return {"lead": lead, "others": events[1:], "period": period}


def lead_details(connection: sqlite3.Connection, event: PlainRow) -> PlainRow:
    """Return the beginning of the article that names an event, and `headlines` of other outlets."""
    beginning = connection.execute(ARTICLE_BEGINNING_SQL, (event["article_id"],)).fetchone()[0]
    headlines: dict[str, PlainRow] = {}
    for row in event_articles(connection, event["id"]):
        is_text_of_its_own = row["original_id"] == row["id"] and row["id"] != event["article_id"]
        if is_text_of_its_own and row["language"] == event["language"]:
            headlines.setdefault(row["outlet"], dict(row))
    return {
        "beginning": text_excerpt(beginning or "", MAX_LEAD_CHARS),
        "headlines": list(headlines.values())[:MAX_LEAD_HEADLINES],
    }


def _changes_of_the_day(connection: sqlite3.Connection) -> PlainRow:
    """Return the notable changes of the last day with changes, and how many there were."""
    newest = newest_change_at(connection)
    since = format_utc(newest - timedelta(days=1))
    return {
        "rows": notable_changes(connection, since, MAX_HOME_CHANGES),
        "counts": change_counts(connection, ChangeFilters(since=since)),
        "newest": format_utc(newest),
        "is_old": is_older_than_a_day(newest),
        "since": since,
    }


def _copies_of_the_day(connection: sqlite3.Connection, newest: datetime) -> PlainRow:
    """Return the texts that most outlets published in the first period that has any."""
    for period in HOME_PERIODS:
        texts = most_copied_texts(connection, CopyFilters(days=period), MAX_HOME_COPIES, newest)
        if texts:
            return {"texts": texts, "period": period}
    return {"texts": [], "period": HOME_PERIODS[-1]}


def followed_story_rows(
    connection: sqlite3.Connection, count: int | None = None, newest: datetime | None = None
) -> list[PlainRow]:
    """Return the stories, those with the latest addition first.

    Each has `name`, `title`, `articles`, `outlets`, `first` and `last` (ISO dates or None), `bars`,
    and what came in the day before the newest coverage: `new_articles`, `changes` and how many of
    these were `silent`; `latest` is its newest article or None.
    """
    chosen = connection.execute(
        """SELECT s.id, s.name, s.title, s.words, s.created_at,
                  (SELECT max(found_at) FROM story_articles m WHERE m.story_id = s.id) AS found_at
           FROM stories s ORDER BY found_at DESC, s.id DESC LIMIT ?""",
        (-1 if count is None else count,),
    ).fetchall()
    since = format_utc((newest or newest_coverage_at(connection)) - timedelta(days=1))
    changed_since = format_utc(newest_change_at(connection) - timedelta(days=1))
    rows = []
    for row in chosen:
        members = connection.execute(HOME_STORY_MEMBERS_SQL, (row["id"],)).fetchall()
        changes = connection.execute(HOME_STORY_CHANGES_SQL, (row["id"], changed_since)).fetchone()
        rows.append(dict(row) | story_over_time(members, since) | dict(changes))
    return _with_latest_articles(connection, rows)


def story_over_time(members: Iterable[sqlite3.Row], since: str) -> PlainRow:
    """Return a story's totals, its sparkline, its articles since a moment, and its newest one."""
    listed = list(members)
    dated = [row for row in listed if row["published_at"]]
    days = [row["published_day"] for row in dated]
    newest = max(dated, key=lambda row: (row["published_at"], row["id"]), default=None)
    new = [row for row in listed if (row["published_at"] or row["fetched_at"]) >= since]
    return {
        "articles": len(listed),
        "outlets": len({row["outlet_id"] for row in listed}),
        "first": min(days, default=None),
        "last": max(days, default=None),
        "bars": sparkline_bars(Counter(days)),
        "new_articles": len(new),
        "latest_id": newest and newest["id"],
    }


def _with_latest_articles(connection: sqlite3.Connection, rows: list[PlainRow]) -> list[PlainRow]:
    """Return the stories with their newest articles as `latest`."""
    ids = json.dumps([row["latest_id"] for row in rows if row["latest_id"]])
    found = {row["id"]: dict(row) for row in connection.execute(NEWEST_OF_STORIES_SQL, (ids,))}
    for row in found.values():
        row["direction"] = direction(row["language"])
    return [row | {"latest": found.get(row["latest_id"])} for row in rows]
