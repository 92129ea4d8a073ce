"""Start and extend followed stories: the same functions for commands and pages.

They run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from archive.articles import stories
from archive.articles.stories import Story, StoryDefinition, StoryPolicy
from archive.errors import UsageError

MAX_CONFIRMED_EVENT_ARTICLES = 500
"""Articles of an event that are confirmed at once, the earliest first."""


def follow_articles(
    connection: sqlite3.Connection,
    name: str | None,
    ids: Sequence[int],
    definition: StoryDefinition,
    judge: StoryPolicy | None,
) -> tuple[Story, bool]:
    """Start a story from articles, or extend one; return the story and whether it is new.

    Without a name, the story that was started from these articles is extended, or else a new one is
    named after the first headline. Without a policy to judge by, the next crawl lists the story.
    Raises UsageError where several stories were started from the articles, and for an unknown name
    where no articles are given.
    """
    name = name or _story_started_from(connection, ids)
    new = name is None or (bool(ids) and not _story_exists(connection, name))
    if not new:
        name = stories.find_story(connection, str(name)).name
    headline = story_headline(connection, ids[0]) if new else ""
    name = name or stories.free_story_name(connection, headline)
    if new and stories.story_slug(name) == name:
        definition = {"title": headline, **definition}
    story_id = stories.save_story(connection, name, ids, judge, definition)
    return stories.story_profile_inputs(connection, story_id)[0], new


def start_story(
    connection: sqlite3.Connection, name: str, ids: Sequence[int], judge: StoryPolicy | None
) -> Story:
    """Start a story of a name that is not used yet; return it.

    Raises UsageError for a name in use, and without articles.
    """
    if not ids:
        raise UsageError("a story starts from articles, and none is left here")
    if _story_exists(connection, name):
        raise UsageError(
            f"{stories.story_slug(name)}: a story of this name is followed already; "
            "choose another name, or add the article to that story"
        )
    return follow_articles(connection, name, ids, {}, judge)[0]


def proposed_story_name(connection: sqlite3.Connection, article_id: int) -> str:
    """Return an unused name for a story that starts from an article, made from its headline."""
    return stories.free_story_name(connection, story_headline(connection, article_id))


def event_article_ids(connection: sqlite3.Connection, event_id: int) -> list[int]:
    """Return the articles of an event, the earliest first."""
    rows = connection.execute(
        """SELECT m.article_id FROM event_articles m JOIN articles a ON a.id = m.article_id
        WHERE m.event_id = ? ORDER BY a.published_at IS NULL, a.published_at, a.id LIMIT ?""",
        (event_id, MAX_CONFIRMED_EVENT_ARTICLES),
    )
    return [int(row[0]) for row in rows]


def story_headline(connection: sqlite3.Connection, article_id: int) -> str:
    """Return an article's headline as the title of a story; raises UsageError without article."""
    row = connection.execute(
        "SELECT headline, page_title FROM articles WHERE id = ?", (article_id,)
    ).fetchone()
    if row is None:
        raise UsageError(f"{article_id}: no such article")
    headline = row[0] or row[1] or ""
    return headline if any(map(str.isalnum, headline)) else f"story {article_id}"


def _story_exists(connection: sqlite3.Connection, name: str) -> bool:
    slug = stories.story_slug(name)
    return slug in {each.name for each in stories.all_stories(connection)}


def _story_started_from(connection: sqlite3.Connection, ids: Sequence[int]) -> str | None:
    names = stories.story_names_of(connection, ids)
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} were started from this; say which one with --name")
    return names[0] if names else None
