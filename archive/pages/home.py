"""The home page: the newest coverage, the followed stories, the last crawl."""

from __future__ import annotations

import sqlite3

from archive.pages.charts import sparkline_bars
from archive.queries.lookup import PlainRow, newest_articles
from archive.text.formatting import direction
from archive.text.html import text_excerpt

MAX_HOME_ARTICLES = 18
"""Articles on the home page."""
MAX_HOME_STORIES = 8
"""Stories on the home page."""
MAX_CARD_LEDE_CHARS = 200
"""Characters shown of an article's beginning."""

HOME_COUNTS_SQL = """
SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM outlets) AS outlets,
       (SELECT count(*) FROM stories) AS stories"""

STORY_MEMBERS_SQL = """
FROM story_articles m JOIN articles a ON a.id = m.article_id
WHERE m.story_id = ? AND (
  m.verdict = 'belongs' OR (m.verdict IS NULL AND m.tier IN ('sure', 'likely'))
)"""

STORY_TOTALS_SQL = """
SELECT count(*) AS articles, count(DISTINCT a.outlet_id) AS outlets, min(a.published_at) AS first,
       max(a.published_at) AS last"""

STORY_PER_DAY_SQL = "SELECT substr(a.published_at, 1, 10), count(*)"

LAST_CRAWL_SQL = """
WITH c AS (SELECT *, coalesce(finished_at, '9') AS until FROM crawls ORDER BY id DESC LIMIT 1)
SELECT c.*,
       (SELECT count(*) FROM fetches WHERE crawl_id = c.id) AS fetches,
       (SELECT count(*) FROM articles
        WHERE fetched_at BETWEEN c.started_at AND c.until) AS articles,
       (SELECT count(*) FROM revisions
        WHERE seen_at BETWEEN c.started_at AND c.until AND number > 1) AS changes,
       (SELECT count(*) FROM urls
        WHERE outcome = 'failed' AND fetched_at BETWEEN c.started_at AND c.until) AS failures
FROM c"""
"""Counted by indexes alone, because a crawl may have made a hundred thousand checks."""


def home_page_data(connection: sqlite3.Connection) -> PlainRow:
    """Return the data of the home page.

    It has `counts`, `article_cards`, `followed_story_rows` with their sparklines, and the last
    `crawl` (None before the first).
    """
    counts = dict(connection.execute(HOME_COUNTS_SQL).fetchone())
    crawl = connection.execute(LAST_CRAWL_SQL).fetchone()
    return {
        "counts": counts,
        "cards": article_cards(connection, MAX_HOME_ARTICLES),
        "stories": followed_story_rows(connection, MAX_HOME_STORIES),
        "crawl": dict(crawl) if crawl else None,
    }


def article_cards(connection: sqlite3.Connection, count: int) -> list[PlainRow]:
    """Return the newest articles with their first words, copies folded under their original."""
    return [_article_card(row) for row in newest_articles(connection, count)]


def _article_card(row: PlainRow) -> PlainRow:
    lede = text_excerpt(row["standfirst"] or row["beginning"], MAX_CARD_LEDE_CHARS)
    return row | {"beginning": lede, "direction": direction(row["language"])}


def followed_story_rows(connection: sqlite3.Connection, count: int | None = None) -> list[PlainRow]:
    """Return the stories, those with the latest addition first.

    Each has `name`, `title`, `articles`, `outlets`, `first` and `last` (ISO dates or None) and
    `bars`.
    """
    chosen = connection.execute(
        """SELECT s.id, s.name, s.title, s.words, s.created_at,
                  (SELECT max(found_at) FROM story_articles m WHERE m.story_id = s.id) AS found_at
           FROM stories s ORDER BY found_at DESC, s.id DESC LIMIT ?""",
        (-1 if count is None else count,),
    ).fetchall()
    return [dict(row) | _story_over_time(connection, row["id"]) for row in chosen]


def _story_over_time(connection: sqlite3.Connection, story_id: int) -> PlainRow:
    """Return a story's totals and its sparkline."""
    totals = connection.execute(STORY_TOTALS_SQL + STORY_MEMBERS_SQL, (story_id,)).fetchone()
    per_day = connection.execute(
        f"{STORY_PER_DAY_SQL}{STORY_MEMBERS_SQL} AND a.published_at IS NOT NULL GROUP BY 1",
        (story_id,),
    )
    return dict(totals) | {"bars": sparkline_bars(dict(tuple(row) for row in per_day))}
