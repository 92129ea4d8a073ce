"""The list of followed stories: what is new in each, its span and its outlets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import timedelta

from archive.articles.stories import LISTED_MEMBER_SQL
from archive.pages.charts import sparkline_bars
from archive.queries.lookup import PlainRow
from archive.records import format_utc
from archive.text.formatting import parse_timestamp_as_utc

NEW_DAYS = 7
"""Days before the newest fetch in which an article or a change counts as new."""
MAX_LISTED_OUTLETS = 4
"""Outlets named for each story, those with most articles first."""

FOLLOWED_STORIES_SQL = """
SELECT s.id, s.name, s.title, s.languages, s.since, s.until, s.created_at, s.stale,
       e.ended_at, e.reason AS ended_reason,
       (SELECT count(*) FROM story_articles p
        WHERE p.story_id = s.id AND p.verdict IS NULL AND p.tier = 'perhaps') AS perhaps
FROM stories s LEFT JOIN story_crawl_ends e ON e.story_id = s.id"""

LISTED_STORY_MEMBERS_SQL = f"""
SELECT a.published_day AS day, o.host, coalesce(o.name, o.host) AS outlet_name,
       count(*) AS articles, sum(m.found_at >= :since) AS new, max(m.found_at) AS found_at
FROM story_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
WHERE m.story_id = :story AND {LISTED_MEMBER_SQL} GROUP BY 1, 2"""  # noqa: S608
"""A story's articles by day and outlet."""

LISTED_STORY_CHANGES_SQL = f"""
SELECT count(*) AS changes, coalesce(sum(r.stealth), 0) AS silent,
       coalesce(sum(r.seen_at >= :since), 0) AS new_changes
FROM story_articles m JOIN revisions r ON r.article_id = m.article_id AND r.number > 1
WHERE m.story_id = :story AND {LISTED_MEMBER_SQL}"""  # noqa: S608

NEWEST_FETCH_SQL = "SELECT max(coalesce(finished_at, started_at)) FROM crawls"


def story_list_data(connection: sqlite3.Connection) -> PlainRow:
    """Return the stories, those with the latest additions first, and since when things are new."""
    since = new_finds_since([connection])
    return {"stories": listed_stories(connection, since), "since": since}


def new_finds_since(connections: Iterable[sqlite3.Connection]) -> str | None:
    """Return since when things are new: some days before the last crawl of any of these archives.

    None before the first crawl.
    """
    written = [connection.execute(NEWEST_FETCH_SQL).fetchone()[0] for connection in connections]
    crawled = [moment for each in written if (moment := parse_timestamp_as_utc(each))]
    return format_utc(max(crawled) - timedelta(days=NEW_DAYS)) if crawled else None


def listed_stories(connection: sqlite3.Connection, since: str | None) -> list[PlainRow]:
    """Return the stories, those with the latest additions first; nothing is new without `since`."""
    rows = connection.execute(FOLLOWED_STORIES_SQL).fetchall()
    stories = [_listed_story(connection, row, since or "9") for row in rows]
    return sorted(stories, key=lambda story: (story["found_at"] or "", story["id"]), reverse=True)


def _listed_story(connection: sqlite3.Connection, row: sqlite3.Row, since: str) -> PlainRow:
    """Return a story with its counts, span, outlets and sparkline."""
    asked = {"story": row["id"], "since": since}
    members = connection.execute(LISTED_STORY_MEMBERS_SQL, asked).fetchall()
    days: dict[str, int] = {}
    outlets: dict[str, int] = {}
    for member in members:
        outlets[member["outlet_name"]] = outlets.get(member["outlet_name"], 0) + member["articles"]
        if member["day"]:
            days[member["day"]] = days.get(member["day"], 0) + member["articles"]
    by_size = sorted(outlets, key=lambda name: -outlets[name])
    return dict(row) | {
        "articles": sum(outlets.values()),
        "outlets": len(outlets),
        "named_outlets": by_size[:MAX_LISTED_OUTLETS],
        "new": sum(member["new"] for member in members),
        "found_at": max((member["found_at"] for member in members), default=None),
        "first": min(days, default=None),
        "last": max(days, default=None),
        "bars": sparkline_bars(days),
        **dict(connection.execute(LISTED_STORY_CHANGES_SQL, asked).fetchone()),
    }
