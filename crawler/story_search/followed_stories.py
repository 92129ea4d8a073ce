"""Start, extend and import followed stories in the archive."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.articles import stories
from archive.articles.stories import Story, StoryDefinition, StoryPolicy
from archive.editing.following import follow_articles
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
    """Start a story from articles, or extend one; see `following.follow_articles`."""
    judge = story_judge(archive)
    with transaction(archive.db) as db:
        return follow_articles(db, name, ids, definition, judge)


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
