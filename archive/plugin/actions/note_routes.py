"""The routes of notes: write, edit and delete."""

from __future__ import annotations

import sqlite3
from typing import Any

from archive.editing.notes import (
    NoteRow,
    NoteSubject,
    add_note,
    delete_note,
    edit_note,
    parse_note_subject,
)
from archive.errors import UsageError
from archive.plugin.actions.edit_requests import Edited, EditRequest, edit_handler
from archive.plugin.page_requests import ARCHIVE_PATH, ArchivePaths
from archive.text.numbers import parse_row_number


def note_page_path(paths: ArchivePaths, note: NoteRow) -> str:
    """Return the path of the page that shows a note."""
    if note["subject"] == "story":
        return paths.story(note["story"])
    if note["subject"] == "event" and note["event_id"]:
        return paths.event(note["event_id"])
    return paths.article(note["article_id"])


def _write_note(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    about = _form_subject(connection, asked)
    note_id = add_note(connection, about, asked.value("text"), asked.author)
    return Edited("Your note is saved.", f"{_subject_page(asked)}#note-{note_id}")


def _edit_note(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    note = edit_note(connection, asked.number("note"), asked.value("text"))
    return Edited("The note is changed.", f"{note_page_path(asked.paths, note)}#note-{note['id']}")


def _delete_note(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    note = delete_note(connection, asked.number("note"))
    return Edited("The note is deleted.", f"{note_page_path(asked.paths, note)}#notes")


def _form_subject(connection: sqlite3.Connection, asked: EditRequest) -> NoteSubject:
    """Return what a form's note is about: `article:12`, `event:12` or `story:NAME`."""
    text = asked.value("about")
    subject = parse_note_subject(connection, text)
    if subject:
        return subject
    kind, _, rest = text.partition(":")
    article_id = parse_row_number(rest)
    if kind != "article" or article_id is None:
        raise UsageError(f"{text}: a note is on an article, an event or a story")
    return NoteSubject("article", article_id)


def _subject_page(asked: EditRequest) -> str:
    """Return the path of the page from which a note came, or of the home page."""
    kind, _, rest = asked.value("about").partition(":")
    if kind == "story" and rest:
        return asked.paths.story(rest)
    number = parse_row_number(rest)
    if kind in ("article", "event") and number is not None:
        return asked.paths.event(number) if kind == "event" else asked.paths.article(number)
    return asked.paths.home()


NOTE_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/note$", edit_handler("note", _write_note, _subject_page)),
    (
        ARCHIVE_PATH + r"/-/note/(?P<note>\d{1,18})/edit$",
        edit_handler("note", _edit_note, _subject_page),
    ),
    (
        ARCHIVE_PATH + r"/-/note/(?P<note>\d{1,18})/delete$",
        edit_handler("note", _delete_note, _subject_page),
    ),
]
