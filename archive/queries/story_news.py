"""The news of a crawl for the followed stories: new, changed and removed articles."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive.articles.stories import LISTED_MEMBER_SQL

CRAWL_STORY_NEWS_SQL = f"""
SELECT s.name,
  count(DISTINCT CASE WHEN f.outcome = 'new' THEN u.article_id END) AS new,
  count(DISTINCT CASE WHEN f.outcome = 'changed' THEN u.article_id END) AS changed,
  count(DISTINCT CASE WHEN f.outcome = 'changed' AND EXISTS (
    SELECT 1 FROM revisions r
    WHERE r.article_id = u.article_id AND r.stealth AND r.seen_at >= c.started_at
  ) THEN u.article_id END) AS silently,
  count(DISTINCT CASE WHEN f.outcome = 'gone' THEN u.article_id END) AS gone
FROM crawls c JOIN fetches f ON f.crawl_id = c.id AND f.outcome IN ('new', 'changed', 'gone')
JOIN urls u ON u.id = f.url_id
JOIN story_articles m ON m.article_id = u.article_id
JOIN stories s ON s.id = m.story_id
WHERE c.id = ?
  AND {LISTED_MEMBER_SQL}
GROUP BY s.id ORDER BY s.name"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class StoryNews:
    """Articles of a followed story that a crawl found new, changed or gone."""

    name: str
    new: int
    changed: int
    silently: int
    """Those of the changed ones whose page does not say so."""
    gone: int


def news_of_stories(connection: sqlite3.Connection, crawl_id: int) -> list[StoryNews]:
    """Return the stories for which a crawl found something, by name."""
    rows = connection.execute(CRAWL_STORY_NEWS_SQL, (crawl_id,))
    found = [StoryNews(**dict(row)) for row in rows]
    return [news for news in found if news.new or news.changed or news.gone]
