"""Notes that people write on articles, events and stories.

Events are rebuilt, and get other ids then. A note on an event is therefore attached to one of its
articles, and belongs to the event that this article is in now. Functions that write run inside the
caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from archive.articles.stories import find_story
from archive.errors import UsageError
from archive.records import current_timestamp
from archive.text.numbers import parse_row_number

NoteKind = Literal["article", "event", "story"]

MAX_NOTE_CHARS = 20_000
MAX_SHOWN_NOTES = 200
"""Notes on one page: the newest ones, the oldest of them first."""

NOTE_COLUMNS = """n.id, n.subject, n.article_id, n.story_id, n.author, n.text, n.created_at,
  n.edited_at, s.name AS story, m.event_id"""
NOTE_SOURCES = """notes n LEFT JOIN stories s ON s.id = n.story_id
  LEFT JOIN event_articles m ON m.article_id = n.article_id AND n.subject = 'event'"""

NoteRow = dict[str, Any]
"""A note: id, subject, article_id, story_id, author, text, created_at, edited_at, `story` (the name
of its story) and `event_id`; None for what it has not."""


@dataclass(frozen=True, slots=True)
class NoteSubject:
    """The subject of a note; `id` is the number of the article, the event or the story."""

    kind: NoteKind
    id: int


def add_note(
    connection: sqlite3.Connection, about: NoteSubject, text: str, author: str | None
) -> int:
    """Store a note, and return its id.

    Raises UsageError for an unknown subject, and for a text that is empty or too long.
    """
    article_id, story_id = _attached_to(connection, about)
    done = connection.execute(
        """INSERT INTO notes (subject, article_id, story_id, author, text, created_at)
        VALUES (?, ?, ?, ?, ?, ?)""",
        (about.kind, article_id, story_id, author, _checked_note_text(text), current_timestamp()),
    )
    return int(done.lastrowid or 0)


def edit_note(connection: sqlite3.Connection, note_id: int, text: str) -> NoteRow:
    """Replace a note's text, and return the note; raises UsageError as `add_note`."""
    find_note(connection, note_id)
    connection.execute(
        "UPDATE notes SET text = ?, edited_at = ? WHERE id = ?",
        (_checked_note_text(text), current_timestamp(), note_id),
    )
    return find_note(connection, note_id)


def delete_note(connection: sqlite3.Connection, note_id: int) -> NoteRow:
    """Delete a note, and return it; raises UsageError for an unknown one."""
    note = find_note(connection, note_id)
    connection.execute("DELETE FROM notes WHERE id = ?", (note_id,))
    return note


def find_note(connection: sqlite3.Connection, note_id: int) -> NoteRow:
    """Return a note; raises UsageError for an unknown one."""
    found = _note_rows(connection, "n.id = ?", (note_id,))
    if not found:
        raise UsageError(f"{note_id}: no such note")
    return found[0]


def notes_about(connection: sqlite3.Connection, about: NoteSubject) -> list[NoteRow]:
    """Return the newest notes on an article, an event or a story, oldest first."""
    conditions = {
        "article": "n.subject = 'article' AND n.article_id = ?",
        "event": """n.subject = 'event' AND n.article_id IN
          (SELECT article_id FROM event_articles WHERE event_id = ?)""",
        "story": "n.story_id = ?",
    }
    return _note_rows(connection, conditions[about.kind], (about.id,), MAX_SHOWN_NOTES)


def notes_on_story_articles(
    connection: sqlite3.Connection, story_id: int
) -> dict[int, list[NoteRow]]:
    """Return the notes on the articles of a story: article → its notes, oldest first."""
    rows = _note_rows(
        connection,
        """n.subject = 'article' AND n.article_id IN
        (SELECT id FROM story_coverage WHERE story_id = ?)""",
        (story_id,),
    )
    found: dict[int, list[NoteRow]] = {}
    for row in rows:
        found.setdefault(row["article_id"], []).append(row)
    return found


def notes_on_story_and_events(connection: sqlite3.Connection, story_id: int) -> list[NoteRow]:
    """Return the notes on a story and on the events of its articles, oldest first."""
    return _note_rows(
        connection,
        """n.story_id = ?1 OR n.subject = 'event' AND m.event_id IN (
          SELECT e.event_id FROM story_coverage c JOIN event_articles e ON e.article_id = c.id
          WHERE c.story_id = ?1)""",
        (story_id,),
    )


def delete_notes_on_articles(connection: sqlite3.Connection, article_ids: Sequence[int]) -> int:
    """Delete the notes on articles that are removed; return their number.

    Notes on an event go over to another article of the event, if one is left.
    """
    asked = json.dumps(article_ids)
    connection.execute(
        """UPDATE notes SET article_id = coalesce((
          SELECT min(n.article_id) FROM event_articles m
          JOIN event_articles n ON n.event_id = m.event_id
          WHERE m.article_id = notes.article_id
            AND n.article_id NOT IN (SELECT value FROM json_each(?1))
        ), article_id)
        WHERE subject = 'event' AND article_id IN (SELECT value FROM json_each(?1))""",
        (asked,),
    )
    return connection.execute(
        "DELETE FROM notes WHERE article_id IN (SELECT value FROM json_each(?))", (asked,)
    ).rowcount


def parse_note_subject(connection: sqlite3.Connection, text: str) -> NoteSubject | None:
    """Return the subject that `story:NAME` or `event:ID` names; None for anything else.

    Raises UsageError for an unknown story, and for an event without a number.
    """
    kind, _, rest = text.partition(":")
    if kind == "story":
        return NoteSubject("story", find_story(connection, rest).id)
    if kind != "event":
        return None
    event_id = parse_row_number(rest)
    if event_id is None:
        raise UsageError(f"{text}: an event is named by its number, as in event:12")
    return NoteSubject("event", event_id)


def _attached_to(
    connection: sqlite3.Connection, about: NoteSubject
) -> tuple[int | None, int | None]:
    """Return the article and the story in the row of a note; raises UsageError without either."""
    queries = {
        "article": "SELECT id FROM articles WHERE id = ?",
        # its own article first: an event has the number of the article that it began with
        "event": """SELECT article_id FROM event_articles WHERE event_id = ?1
          ORDER BY article_id = ?1 DESC, article_id LIMIT 1""",
        "story": "SELECT id FROM stories WHERE id = ?",
    }
    row = connection.execute(queries[about.kind], (about.id,)).fetchone()
    if row is None:
        raise UsageError(f"{about.id}: no such {about.kind}")
    return (None, int(row[0])) if about.kind == "story" else (int(row[0]), None)


def _checked_note_text(text: str) -> str:
    """Return the text of a note without blank ends; raises UsageError if it cannot be stored."""
    clean = "\n".join(text.replace("\x00", "").splitlines()).strip()
    if not clean:
        raise UsageError("a note needs a text")
    if len(clean) > MAX_NOTE_CHARS:
        raise UsageError(
            f"a note may have {MAX_NOTE_CHARS:,} characters, and this one has {len(clean):,}"
        )
    return clean


def _note_rows(
    connection: sqlite3.Connection, condition: str, values: tuple[object, ...], most: int = -1
) -> list[NoteRow]:
    """Return the newest `most` notes that meet a condition, by default all of them, oldest first."""
    rows = connection.execute(
        f"""SELECT * FROM (SELECT {NOTE_COLUMNS} FROM {NOTE_SOURCES} WHERE {condition}
        ORDER BY n.id DESC LIMIT {most}) ORDER BY id""",  # noqa: S608  our own text
        values,
    )
    names = [column[0] for column in rows.description]
    return [dict(zip(names, tuple(row), strict=True)) for row in rows]
