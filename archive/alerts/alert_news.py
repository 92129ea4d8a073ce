"""The news of an alert: what the archive holds since it was last queued, and its details."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from archive.alerts.alert_store import AlertRequest, NewsItem
from archive.articles.stories import LISTED_MEMBER_SQL
from archive.queries.search import filter_conditions, match_or_nothing
from archive.queries.status import silent_outlet_rows

MAX_QUEUED_ITEMS = 2_000
"""News queued for an alert at a time; the rest follows with the next crawl."""

FIRST_OF_TEXT_SQL = """f.original_id = a.id AND NOT EXISTS (
    SELECT 1 FROM shared_text_articles v CROSS JOIN shared_text_articles w ON w.text_id = v.text_id
    CROSS JOIN alert_items i ON i.alert_id = :alert AND i.kind = 'article' AND i.subject_id = w.article_id
    WHERE v.article_id = a.id)"""
"""The condition that article `a` is the original of its text, of which no version was queued."""

IN_STORY_SQL = f"""a.id IN (SELECT m.article_id FROM story_articles m JOIN stories s ON s.id = m.story_id
    WHERE s.name = :story AND {LISTED_MEMBER_SQL})"""  # noqa: S608

NEWEST_IDS_SQL = """
SELECT (SELECT coalesce(max(id), 0) FROM articles), (SELECT coalesce(max(id), 0) FROM revisions)"""

STORY_ALERT_NEWS_SQL = """
SELECT a.id FROM articles a JOIN outlets o ON o.id = a.outlet_id JOIN originals f ON f.id = a.id
WHERE a.id > :after AND {in_story} AND {condition} AND {first}
  AND NOT EXISTS (SELECT 1 FROM alert_items i
    WHERE i.alert_id = :alert AND i.kind = 'article' AND i.subject_id = a.id)
ORDER BY a.id LIMIT :most"""

SEARCH_ALERT_NEWS_SQL = """
SELECT a.id FROM articles_fts CROSS JOIN articles a ON a.id = articles_fts.rowid
JOIN outlets o ON o.id = a.outlet_id JOIN originals f ON f.id = a.id
WHERE articles_fts MATCH :match AND articles_fts.rowid > :after AND {condition} AND {first}
ORDER BY a.id LIMIT :most"""

NEW_REVISIONS_SQL = """
SELECT r.id, r.kinds, r.stealth FROM revisions r JOIN articles a ON a.id = r.article_id
JOIN outlets o ON o.id = a.outlet_id
WHERE r.id > :after AND r.number > 1 AND {condition} ORDER BY r.id LIMIT :most"""

ARTICLE_DETAILS_SQL = """
SELECT a.id, coalesce(a.headline, a.url) AS headline, a.url, a.published_at, a.fetched_at,
       o.host AS outlet, coalesce(o.name, o.host) AS outlet_name,
       (SELECT other_outlets FROM originals WHERE id = a.id) AS other_outlets
FROM articles a JOIN outlets o ON o.id = a.outlet_id WHERE a.id = ?"""

REVISION_DETAILS_SQL = """
SELECT r.id, r.article_id, r.number, r.seen_at, r.kinds, r.stealth, r.gone_reason, r.words_added,
       r.words_removed, r.headline, r.standfirst, r.text, p.headline AS headline_before,
       p.standfirst AS standfirst_before, p.text AS text_before, a.headline AS newest_headline,
       a.url, a.published_at, o.host AS outlet, coalesce(o.name, o.host) AS outlet_name
FROM revisions r JOIN articles a ON a.id = r.article_id JOIN outlets o ON o.id = a.outlet_id
LEFT JOIN revisions p ON p.article_id = r.article_id AND p.number = r.number - 1
WHERE r.id = ?"""

OUTLET_DETAILS_SQL = (
    "SELECT id, host AS outlet, coalesce(name, host) AS outlet_name FROM outlets WHERE id = ?"
)
DETAILS_SQL = {
    "article": ARTICLE_DETAILS_SQL,
    "revision": REVISION_DETAILS_SQL,
    "outlet": OUTLET_DETAILS_SQL,
}


def newest_ids(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the newest IDs of articles and of revisions, 0 without any."""
    articles, revisions = connection.execute(NEWEST_IDS_SQL).fetchone()
    return int(articles), int(revisions)


def story_news(
    connection: sqlite3.Connection, alert_id: int, request: AlertRequest, after: int
) -> list[NewsItem]:
    """Return the articles after an ID that belong to the story by now and were not queued."""
    condition, values = _alert_conditions(request)
    sql = STORY_ALERT_NEWS_SQL.format(
        in_story=IN_STORY_SQL, condition=condition, first=FIRST_OF_TEXT_SQL
    )
    given = {**values, "story": request.subject, "alert": alert_id, "after": after}
    return _article_items(connection, sql, given)


def search_news(
    connection: sqlite3.Connection, alert_id: int, request: AlertRequest, after: int
) -> list[NewsItem]:
    """Return the articles after an ID in which the words occur."""
    condition, values = _alert_conditions(request)
    sql = SEARCH_ALERT_NEWS_SQL.format(condition=condition, first=FIRST_OF_TEXT_SQL)
    match = match_or_nothing(request.subject)
    return _article_items(
        connection, sql, {**values, "match": match, "alert": alert_id, "after": after}
    )


def _article_items(
    connection: sqlite3.Connection, sql: str, values: Mapping[str, Any]
) -> list[NewsItem]:
    rows = connection.execute(sql, {**values, "most": MAX_QUEUED_ITEMS})
    return [NewsItem("article", row["id"]) for row in rows]


def new_revision_rows(
    connection: sqlite3.Connection, request: AlertRequest, after: int
) -> list[sqlite3.Row]:
    """Return the revisions after an ID with `kinds` (JSON) and `stealth`, within the filters."""
    condition, values = _alert_conditions(request)
    sql = NEW_REVISIONS_SQL.format(condition=condition)
    return connection.execute(sql, {**values, "after": after, "most": MAX_QUEUED_ITEMS}).fetchall()


def silent_outlet_news(connection: sqlite3.Connection, request: AlertRequest) -> list[NewsItem]:
    """Return the outlets that have fallen silent by their own rhythm, as `dateline status` does."""
    only = request.filters.get("outlet")
    return [
        NewsItem("outlet", row["outlet_id"], row["last_found_at"])
        for row in silent_outlet_rows(connection, MAX_QUEUED_ITEMS)
        if only in (None, row["outlet"])
    ]


def _alert_conditions(request: AlertRequest) -> tuple[str, dict[str, str]]:
    """Return the SQL condition for the filters on article `a` of outlet `o`, and its values."""
    filters = request.filters
    condition, values = filter_conditions(
        outlet=filters.get("outlet"), language=filters.get("language")
    )
    if "story" in filters:
        return f"{condition} AND {IN_STORY_SQL}", {**values, "story": filters["story"]}
    return condition, values


def news_details(connection: sqlite3.Connection, item: NewsItem) -> sqlite3.Row | None:
    """Return the columns for a message about an item; None if what it is about was removed."""
    row: sqlite3.Row | None = connection.execute(
        DETAILS_SQL[item.kind], (item.subject_id,)
    ).fetchone()
    return row
