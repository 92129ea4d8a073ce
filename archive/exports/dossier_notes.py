"""The notes in a dossier."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from archive.editing.notes import (
    NoteRow,
    notes_on_story_and_events,
    notes_on_story_articles,
)
from archive.text.formatting import moment
from archive.text.printable import printable_text


@dataclass(frozen=True, slots=True)
class DossierNote:
    """A note on an article, an event or a story."""

    about: str
    """`article`, `event` or `story`."""
    author: str | None
    text: str
    written_at: str
    """When it was written, or last edited."""

    @property
    def heading(self) -> str:
        """Kind, author and time: `note (mara, 3 Mar 2026, 10:30 UTC)`."""
        word = "note on the event" if self.about == "event" else "note"
        author = printable_text(self.author) if self.author else ""
        return f"{word} ({', '.join(filter(None, (author, moment(self.written_at))))})"

    @property
    def line(self) -> str:
        """The text on one line, without characters that would control a terminal."""
        return " ".join(printable_text(self.text).split())


def dossier_notes_by_article(
    connection: sqlite3.Connection, story_id: int
) -> dict[int, tuple[DossierNote, ...]]:
    """Return the notes on the articles of a story, by article."""
    found = notes_on_story_articles(connection, story_id)
    return {article_id: tuple(map(_dossier_note, rows)) for article_id, rows in found.items()}


def story_dossier_notes(connection: sqlite3.Connection, story_id: int) -> tuple[DossierNote, ...]:
    """Return the notes on a story and on its events."""
    return tuple(map(_dossier_note, notes_on_story_and_events(connection, story_id)))


def _dossier_note(row: NoteRow) -> DossierNote:
    return DossierNote(
        row["subject"], row["author"], row["text"], row["edited_at"] or row["created_at"]
    )
