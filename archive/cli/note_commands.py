"""The command that writes notes: note."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.base import (
    archive_option,
    changed_archive,
    cli,
    command_dependencies,
    json_option,
    opened_archive,
    print_json,
    typed_text,
    user_name,
)
from archive.errors import UsageError

if TYPE_CHECKING:
    from archive.editing.notes import NoteRow, NoteSubject


@cli.command()
@click.argument("subject", metavar="ID|URL|event:ID|story:NAME|NOTE")
@click.argument("text", required=False, metavar="[TEXT|-]")
@click.option("--edit", is_flag=True, help="Replace the text of the note with this number.")
@click.option("--delete", is_flag=True, help="Delete the note with this number.")
@click.option("--author", metavar="NAME", help="Who writes it.  [default: your user name]")
@json_option
@archive_option
def note_command(
    subject: str,
    text: str | None,
    edit: bool,
    delete: bool,
    author: str | None,
    as_json: bool,
    folder: Path,
) -> None:
    """Write a note on an article, an event or a story.

    Without TEXT it prints the notes there are, with their numbers; - reads the text from standard
    input. Notes are shown on the pages, by `dateline show` and in the dossier. In public mode
    strangers do not see them.

    \b
    Examples: dateline note 12 "Called the harbour office: they confirm."
              dateline note story:harbour-strike "Deadline on Friday"
              dateline note 12
              dateline note --edit 3 "They confirm, but not the number."
              dateline note --delete 3
    """
    from archive.editing.notes import add_note, delete_note, edit_note

    if as_json and (text or edit or delete):
        raise UsageError("--json prints notes; it goes without TEXT, --edit and --delete")
    if edit and delete:
        raise UsageError("--edit and --delete exclude each other")
    written = _note_text(text)
    if delete:
        with changed_archive(folder) as db:
            note = delete_note(db, _note_number(subject))
        click.echo(f"Note {note['id']} is deleted.")
    elif edit:
        if written is None:
            raise UsageError('give the new text: dateline note --edit 3 "TEXT"')
        with changed_archive(folder) as db:
            note = edit_note(db, _note_number(subject), written)
        click.echo(f"Note {note['id']} is changed.")
    elif written is None:
        _show_notes(folder, typed_text(subject), as_json=as_json)
    else:
        with opened_archive(folder) as connection:
            about = _named_subject(connection, typed_text(subject), folder)
        signed = typed_text(author) if author else user_name()
        with changed_archive(folder) as db:
            number = add_note(db, about, written, signed)
        click.echo(f"Note {number} is saved.")


def _show_notes(folder: Path, subject: str, *, as_json: bool) -> None:
    """Print the notes about an article, an event or a story."""
    from archive.editing.notes import notes_about

    with opened_archive(folder) as connection:
        notes = notes_about(connection, _named_subject(connection, subject, folder))
    if as_json:
        print_json([dict(note) for note in notes])
    else:
        _print_notes(notes, subject)


def note_heading(note: NoteRow) -> str:
    """Return number, author and time of a note on one line."""
    from archive.text.formatting import moment
    from archive.text.printable import printable_text

    author = f" · {printable_text(note['author'])}" if note["author"] else ""
    edited = f" · edited {moment(note['edited_at'])}" if note["edited_at"] else ""
    return f"Note {note['id']}{author} · {moment(note['created_at'])}{edited}"


def _print_notes(notes: list[NoteRow], subject: str) -> None:
    """Print notes with their numbers."""
    from archive.text.printable import printable_text

    if not notes:
        click.echo(f'No notes; `dateline note {subject} "TEXT"` writes one.')
    for note in notes:
        click.echo(note_heading(note))
        for line in note["text"].splitlines():
            click.echo(f"  {printable_text(line)}")


def _note_text(text: str | None) -> str | None:
    """Return the text of a note, read from standard input for `-`."""
    if text == "-":
        return sys.stdin.read()
    return None if text is None else typed_text(text)


def _note_number(text: str) -> int:
    """Return the number of a note; raises UsageError for anything else."""
    from archive.text.numbers import parse_row_number

    number = parse_row_number(text)
    if number is None:
        raise UsageError(f"{text}: name the note by its number; `dateline note ID` lists them")
    return number


def _named_subject(connection: sqlite3.Connection, text: str, folder: Path) -> NoteSubject:
    """Return what a note is about; raises ArchiveError or UsageError if there is no such thing."""
    from archive.cli.read_commands import known_article_id
    from archive.editing.notes import NoteSubject, parse_note_subject

    return parse_note_subject(connection, text) or NoteSubject(
        "article", known_article_id(connection, text, command_dependencies().keys, folder)
    )
