"""Notes on articles, events and stories."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.articles.stories import delete_story, find_story
from archive.editing.notes import (
    MAX_NOTE_CHARS,
    MAX_SHOWN_NOTES,
    NoteSubject,
    add_note,
    delete_note,
    delete_notes_on_articles,
    edit_note,
    notes_about,
    notes_on_story_and_events,
    notes_on_story_articles,
    parse_note_subject,
)
from archive.errors import UsageError
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.room import STORY, furnish

ARTICLE, EVENT, FOLLOWED = (
    NoteSubject("article", 1),
    NoteSubject("event", 1),
    NoteSubject("story", 1),
)


@pytest.fixture
def db(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = open_database(furnish(folder) / "archive.db", ARCHIVE_SCHEMA)
    yield connection
    connection.close()


def texts(db: sqlite3.Connection, about: NoteSubject) -> list[str]:
    return [note["text"] for note in notes_about(db, about)]


@pytest.mark.parametrize("about", [ARTICLE, EVENT, FOLLOWED])
def test_a_note_is_kept_with_its_author_and_time_where_it_was_written(
    db: sqlite3.Connection, about: NoteSubject
) -> None:
    add_note(db, about, "  They confirm.\r\nBut not the number. ", "mara")
    [note] = notes_about(db, about)
    assert note["text"] == "They confirm.\nBut not the number."
    assert (note["author"], note["edited_at"]) == ("mara", None)
    assert note["created_at"].endswith("Z")
    others = {ARTICLE, EVENT, FOLLOWED} - {about}
    assert [texts(db, other) for other in others] == [[], []]


def test_an_edited_note_says_when_it_was_edited_and_a_deleted_one_is_gone(
    db: sqlite3.Connection,
) -> None:
    number = add_note(db, ARTICLE, "first", None)
    assert edit_note(db, number, "second")["edited_at"]
    assert texts(db, ARTICLE) == ["second"]
    delete_note(db, number)
    assert texts(db, ARTICLE) == []
    with pytest.raises(UsageError, match="no such note"):
        delete_note(db, number)


@pytest.mark.parametrize("text", ["", " \n ", "x" * (MAX_NOTE_CHARS + 1)])
def test_a_note_without_text_or_of_endless_text_is_refused(
    db: sqlite3.Connection, text: str
) -> None:
    with pytest.raises(UsageError):
        add_note(db, ARTICLE, text, None)


@pytest.mark.parametrize("kind", ["article", "event", "story"])
def test_a_note_on_what_the_archive_lacks_is_refused(db: sqlite3.Connection, kind: str) -> None:
    with pytest.raises(UsageError, match=f"99: no such {kind}"):
        add_note(db, NoteSubject(kind, 99), "text", None)  # type: ignore[arg-type]


def test_a_note_on_an_event_stays_with_it_when_events_are_rebuilt_under_other_numbers(
    db: sqlite3.Connection,
) -> None:
    add_note(db, EVENT, "who was first?", None)
    with transaction(db):  # as a rebuild does: the event now begins with article 7
        db.execute("DELETE FROM event_articles")
        db.execute("UPDATE events SET id = 7")
        db.executemany(
            """INSERT INTO event_articles (article_id, event_id, joined, terms)
            VALUES (?, 7, 'first', '[]')""",
            [(1,), (7,)],
        )
    [note] = notes_about(db, NoteSubject("event", 7))
    assert (note["text"], note["event_id"]) == ("who was first?", 7)
    assert notes_about(db, NoteSubject("event", 1)) == []


def test_a_note_on_an_event_goes_over_to_another_of_its_articles_when_one_is_removed(
    db: sqlite3.Connection,
) -> None:
    add_note(db, EVENT, "of the event", None)
    add_note(db, ARTICLE, "of the article", None)
    assert delete_notes_on_articles(db, [1]) == 1
    assert texts(db, EVENT) == ["of the event"]
    assert texts(db, ARTICLE) == []


def test_a_story_gathers_the_notes_on_itself_its_events_and_its_articles(
    db: sqlite3.Connection,
) -> None:
    for about, text in (
        (ARTICLE, "a"),
        (EVENT, "e"),
        (FOLLOWED, "s"),
        (replace(ARTICLE, id=5), "other"),
    ):
        add_note(db, about, text, None)
    assert [note["text"] for note in notes_on_story_and_events(db, 1)] == ["e", "s"]
    assert {id: [note["text"] for note in notes] for id, notes in notes_on_story_articles(db, 1).items()} == {
        1: ["a"]
    }  # fmt: skip


def test_a_page_has_the_newest_notes_and_a_dossier_all_of_them(db: sqlite3.Connection) -> None:
    written = [f"note {number}" for number in range(MAX_SHOWN_NOTES + 2)]
    for text in written:
        add_note(db, FOLLOWED, text, None)
    assert texts(db, FOLLOWED) == written[2:]
    assert [note["text"] for note in notes_on_story_and_events(db, 1)] == written


def test_unfollowing_a_story_deletes_its_notes_and_no_others(db: sqlite3.Connection) -> None:
    add_note(db, FOLLOWED, "s", None)
    add_note(db, ARTICLE, "a", None)
    with transaction(db):
        delete_story(db, find_story(db, STORY).id)
    assert [row["text"] for row in db.execute("SELECT text FROM notes")] == ["a"]
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_subject_is_named_by_its_kind_and_its_name_or_number(db: sqlite3.Connection) -> None:
    assert parse_note_subject(db, f"story:{STORY}") == FOLLOWED
    assert parse_note_subject(db, "event:1") == EVENT
    assert parse_note_subject(db, "12") is None
    for text in ("event:x", "story:nothing-like-it"):
        with pytest.raises(UsageError):
            parse_note_subject(db, text)
