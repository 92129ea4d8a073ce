"""A story as an Atom feed, the latest finds first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from archive.articles.stories import Story
from archive.pages.feeds.atom import MAX_ATOM_ENTRIES, AtomFeed, FeedEntry, write_atom
from archive.pages.story import STORY_COVERAGE_CTE
from archive.text.html import text_excerpt

STORY_FEED_SQL = """
SELECT n.id, n.headline, n.url, n.published_at, n.language, coalesce(n.outlet_name, n.outlet) AS outlet_name,
       n.found_at, a.standfirst, substr(a.text, 1, 600) AS text
FROM (SELECT * FROM members WHERE original_id = id ORDER BY found_at DESC, published_at DESC, id DESC LIMIT :most) n
JOIN articles a ON a.id = n.id ORDER BY n.found_at DESC, n.published_at DESC, n.id DESC"""


def story_as_atom(
    connection: sqlite3.Connection,
    story: Story,
    own: str,
    page_of: Callable[[int], str],
    page: str | None = None,
) -> str:
    """Return the feed of a story, without copies.

    `own` is the feed's URL; `page_of` returns the URL of an article's page; `page` is the story's.
    """
    rows = connection.execute(
        STORY_COVERAGE_CTE + STORY_FEED_SQL, {"story": story.id, "most": MAX_ATOM_ENTRIES}
    )
    query = "SELECT created_at FROM stories WHERE id = ?"
    created = connection.execute(query, (story.id,)).fetchone()[0]
    entries = [
        FeedEntry(
            about=row["url"],
            title=row["headline"] or row["url"],
            page=page_of(row["id"]),
            updated=row["found_at"],
            published=row["published_at"],
            author=row["outlet_name"],
            via=row["url"],
            summary=text_excerpt(row["standfirst"] or row["text"], 300),
            language=row["language"],
        )
        for row in rows
    ]
    about = f"dateline:{story.name}:{created}"
    return write_atom(AtomFeed(about, story.title, own, entries, page, created))
