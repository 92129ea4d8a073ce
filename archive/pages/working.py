"""Offers of a page to those who may change the archive: notes, stories to choose, searches."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from archive.articles.stories import all_stories
from archive.editing.following import event_article_ids, proposed_story_name
from archive.editing.notes import NoteRow, NoteSubject, notes_about
from archive.editing.saved_searches import SavedSearch, saved_searches
from archive.errors import UsageError
from archive.queries.lookup import PlainRow

SEARCH_TEMPLATES = ("search", "home")
"""Pages that list the saved searches."""


@dataclass(frozen=True, slots=True)
class WorkOptions:
    """Permissions of a visitor on a page."""

    sees_private: bool = False
    """They may see the notes of a page that has a subject, or else the saved searches."""
    may_follow: bool = False
    may_judge: bool = False


@dataclass(frozen=True, slots=True)
class PageWork:
    """The notes and choices of one page."""

    notes: tuple[NoteRow, ...] = ()
    stories: tuple[tuple[str, str], ...] = ()
    """Name and title of the stories to which the page's articles may be added."""
    proposed_name: str = ""
    """A name for a story that starts from the page's articles."""
    articles: int = 0
    """Number of articles from which a story would start."""
    searches: tuple[SavedSearch, ...] = ()


def note_subject_of_page(template: str, shown: PlainRow) -> NoteSubject | None:
    """Return what the notes of a page are about; None for a page without notes."""
    if template == "article":
        return NoteSubject("article", int(shown["id"]))
    if template == "story":
        return NoteSubject("story", int(_field(shown["story"], "id")))
    if template == "event":
        event = shown.get("event", shown)
        return NoteSubject("event", int(_field(event, "id")))
    return None


def has_page_work(template: str, about: NoteSubject | None) -> bool:
    """Return True for a page that shows notes, stories to choose or saved searches."""
    return about is not None or template in SEARCH_TEMPLATES


def page_work_data(
    connection: sqlite3.Connection, about: NoteSubject | None, options: WorkOptions
) -> PageWork:
    """Return the notes and choices of a page about a subject, or of one that lists searches."""
    if about is None:
        searches = saved_searches(connection) if options.sees_private else []
        return PageWork(searches=tuple(searches))
    notes = tuple(notes_about(connection, about)) if options.sees_private else ()
    if not (options.may_follow or options.may_judge):
        return PageWork(notes=notes)
    ids = _articles_to_follow(connection, about)
    return PageWork(
        notes=notes,
        stories=_stories_to_choose(connection, ids) if ids and options.may_judge else (),
        proposed_name=_proposed_name(connection, ids) if ids and options.may_follow else "",
        articles=len(ids),
    )


def _articles_to_follow(connection: sqlite3.Connection, about: NoteSubject) -> list[int]:
    """Return the articles from which a story may start on a page."""
    if about.kind == "story":
        return []
    return [about.id] if about.kind == "article" else event_article_ids(connection, about.id)


def _stories_to_choose(
    connection: sqlite3.Connection, ids: list[int]
) -> tuple[tuple[str, str], ...]:
    """Return the stories in which not all of these articles are confirmed."""
    complete: set[int] = set()
    if len(ids) == 1:
        rows = connection.execute(
            "SELECT story_id FROM story_articles WHERE article_id = ? AND verdict = 'belongs'", ids
        )
        complete = {int(row[0]) for row in rows}
    return tuple(
        (each.name, each.title) for each in all_stories(connection) if each.id not in complete
    )


def _proposed_name(connection: sqlite3.Connection, ids: list[int]) -> str:
    try:
        return proposed_story_name(connection, ids[0])
    except UsageError:  # a headline without any letter
        return ""


def _field(record: Any, name: str) -> Any:
    """Return a field of a dict or of a dataclass."""
    return record[name] if isinstance(record, dict) else getattr(record, name)
