"""The routes by which a story is started from an article or event, and gets further articles."""

from __future__ import annotations

import sqlite3
from typing import Any

from archive.articles.stories import find_story, record_verdict
from archive.editing.following import event_article_ids, start_story, story_headline
from archive.errors import UsageError
from archive.plugin.actions.edit_requests import Edited, EditRequest, edit_handler
from archive.plugin.page_requests import ARCHIVE_PATH
from archive.story_policy import story_policy
from archive.text.formatting import many


def _follow(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    """Start a story from an article, or from all articles of an event."""
    ids = _form_articles(connection, asked)
    name = asked.value("name")
    if not name:
        raise UsageError("a story needs a name, such as harbour-strike")
    judge = story_policy()
    story = start_story(connection, name, ids, judge)
    listed = _listed_articles(connection, story.id)
    now = (
        f"it lists {many(listed, 'article')} of this archive now"
        if judge
        else "the next crawl lists its articles"
    )
    return Edited(f"You follow {story.name}: {now}.", asked.paths.story(story.name))


def _add_to_story(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    """Confirm articles as part of a story, as `dateline verdict --belongs` does."""
    ids = _form_articles(connection, asked)
    story = find_story(connection, asked.value("story"))
    record_verdict(connection, story.id, ids, True, story_policy())
    what = "The article is" if len(ids) == 1 else f"{len(ids):,} articles are"
    return Edited(f"{what} part of {story.title} now.", _origin_page(asked))


def _form_articles(connection: sqlite3.Connection, asked: EditRequest) -> list[int]:
    """Return the articles that a form names: one, or those of an event."""
    if asked.value("event"):
        ids = event_article_ids(connection, asked.number("event"))
        if not ids:
            raise UsageError(f"{asked.value('event')}: no such event")
        return ids
    article_id = asked.number("article")
    story_headline(connection, article_id)  # raises UsageError if there is no such article
    return [article_id]


def _listed_articles(connection: sqlite3.Connection, story_id: int) -> int:
    """Return the number of articles that a story lists."""
    row = connection.execute(
        "SELECT count(*) FROM story_coverage WHERE story_id = ?", (story_id,)
    ).fetchone()
    return int(row[0])


def _origin_page(asked: EditRequest) -> str:
    """Return the path of the article or event from which a form was sent."""
    try:
        if asked.value("event"):
            return asked.paths.event(asked.number("event"))
        return asked.paths.article(asked.number("article"))
    except UsageError:
        return asked.paths.stories()


FOLLOW_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/follow$", edit_handler("follow", _follow, _origin_page)),
    (ARCHIVE_PATH + r"/-/add-to-story$", edit_handler("verdict", _add_to_story, _origin_page)),
]
