"""Start, extend and import followed stories in the archive."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.articles import stories
from archive.articles.stories import Story, StoryDefinition, StoryPolicy
from archive.errors import UsageError
from archive.exports.story_files import follow_story_entry, read_story_file
from archive.frontier.urls import queue_leads
from archive.rebuilds import prepare_archive
from archive.records import Lead
from archive.storage.database import transaction
from pipelines.identity import identify_lead
from pipelines.policies import archive_policies
from pipelines.urls import request_url, url_key


def follow_story(
    archive: Archive, name: str | None, ids: Sequence[int], definition: StoryDefinition
) -> tuple[Story, bool]:
    """Start a story from articles, or extend one; return the story and whether it is new.

    Without a name, the story that was started from these articles is extended, or else a new one is
    named after the first headline. Raises UsageError where several stories were started from the
    articles, and for an unknown name where no articles are given.
    """
    judge = story_judge(archive)
    with transaction(archive.db) as db:
        name = name or _story_started_from(db, ids)
        new = name is None or (
            bool(ids)
            and stories.story_slug(name) not in {each.name for each in stories.all_stories(db)}
        )
        if not new:
            name = stories.find_story(db, str(name)).name
        headline = _story_headline(db, ids[0]) if new else ""
        name = name or stories.free_story_name(db, headline)
        if new and stories.story_slug(name) == name:
            definition = {"title": headline, **definition}
        story_id = stories.save_story(db, name, ids, judge, definition)
        return stories.story_profile_inputs(db, story_id)[0], new


def follow_file(folder: Path, file: Path) -> list[tuple[dict[str, Any], list[str]]]:
    """Follow the stories that a file defines.

    Return each story in numbers (`stories.story_summaries`), and the URLs of its articles that the
    archive lacks; these wait for the next crawl. Raises UsageError if the file cannot be read or is
    invalid.
    """
    try:
        entries = read_story_file(str(file), file.read_text("utf-8"), request_url)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read ({error})") from error
    with Archive(folder) as archive:
        judge = story_judge(archive)
        with transaction(archive.db) as db:
            missing = {
                entry.name: follow_story_entry(db, entry, judge, url_key) for entry in entries
            }
            queue_leads(
                db,
                [
                    identify_lead(Lead(url, via="import"))
                    for urls in missing.values()
                    for url in urls
                ],
            )
        rows = stories.story_summaries(
            archive.db, [stories.find_story(archive.db, name) for name in missing]
        )
    return [(row, missing[row["name"]]) for row in rows]


def story_judge(archive: Archive) -> StoryPolicy:
    """Return the project's policy for stories, and prepare the archive for it."""
    ours = archive_policies()
    prepare_archive(archive.db, ours)
    return ours.stories


def _story_started_from(db: sqlite3.Connection, ids: Sequence[int]) -> str | None:
    names = stories.story_names_of(db, ids)
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} were started from this; say which one with --name")
    return names[0] if names else None


def _story_headline(db: sqlite3.Connection, article_id: int) -> str:
    row = db.execute(
        "SELECT headline, page_title FROM articles WHERE id = ?", (article_id,)
    ).fetchone()
    headline = row["headline"] or row["page_title"] or ""
    return headline if any(map(str.isalnum, headline)) else f"story {article_id}"
