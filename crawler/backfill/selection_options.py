"""The selection of an import from what a person typed."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from archive.articles.leads import confirmed_texts
from archive.articles.stories import find_story, story_profile_inputs
from archive.errors import UsageError
from archive.storage.database import open_database, open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.times import parse_since
from crawler.backfill.destinations import month_folders
from crawler.backfill.known_pages import KnownPages, known_pages_of_archive
from crawler.backfill.selection import Selection, selected_hosts
from crawler.backfill.story_words import StoryWords, words_of_story
from crawler.sources.outlet_lists import parse_outlet_list
from crawler.text.language import language_code
from pipelines.topics.stories import STORY_POLICY


@dataclass(frozen=True)
class SelectionOptions:
    """The options of `dateline import` that select pages."""

    hosts: Sequence[str] = ()
    outlets: Path | None = None
    since: str | None = None
    until: str | None = None
    languages: Sequence[str] = ()
    story: str | None = None
    skip_known: bool = False


def selection_of_options(
    options: SelectionOptions, folder: Path, months: Path | None = None
) -> Selection:
    """Return the selection of options; the story and the known pages are those of an archive.

    Known are also the pages of the archives of `months`. The limits of a story apply where no
    option is given. Raises UsageError.
    """
    hosts = [*options.hosts, *(_hosts_of_list(options.outlets) if options.outlets else ())]
    languages = [_language_of_option(language) for language in options.languages]
    since, until = options.since, options.until
    words = None
    if options.story:
        with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
            story = find_story(connection, options.story)
            words = _words_of_archive_story(connection, story.id, options.story)
        hosts, languages = hosts or [*story.hosts], languages or [*story.languages]
        since, until = since or story.since, until or story.until
    return Selection(
        selected_hosts(hosts),
        _day_of_option(since),
        _day_of_option(until),
        frozenset(languages),
        options.story or "",
        words,
        _all_known_pages(folder, months) if options.skip_known else None,
    )


def _hosts_of_list(path: Path) -> list[str]:
    """Return the hosts of a list of outlets. Raises UsageError."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error})") from error
    found = parse_outlet_list(path.name, body)
    hosts = [entry.host for entry in found.entries]
    if found.unread:
        raise UsageError(
            f"{path}: {found.unread[0]}; correct the list, as its outlets are a filter"
        )
    if not hosts:
        raise UsageError(f"{path}: has no outlets")
    return hosts


def _language_of_option(text: str) -> str:
    """Return the code of a language. Raises UsageError."""
    code = language_code(text)
    if code is None:
        raise UsageError(f"{text!r} is not the code of a language; try en, de, zh")
    return code


def _day_of_option(text: str | None) -> str:
    """Return the day of a date or age; empty without one. Raises UsageError."""
    return parse_since(text)[:10] if text else ""


def _words_of_archive_story(connection: sqlite3.Connection, story_id: int, name: str) -> StoryWords:
    """Return the words of a story. Raises UsageError for one without articles and words."""
    profile = STORY_POLICY.profile(*story_profile_inputs(connection, story_id))
    words = words_of_story(profile, confirmed_texts(connection, story_id))
    if not words.words:
        raise UsageError(
            f"the story {name} has neither confirmed articles nor words; "
            f"`dateline verdict` confirms some"
        )
    return words


def _all_known_pages(folder: Path, months: Path | None) -> KnownPages:
    """Return the pages of an archive and of the archives of months."""
    hashes: set[int] = set()
    for each in (folder, *(month_folders(months) if months else ())):
        if (each / "archive.db").is_file():
            with closing(open_database(each / "archive.db", ARCHIVE_SCHEMA)) as connection:
                hashes.update(known_pages_of_archive(connection).hashes)
    return KnownPages(array("Q", sorted(hashes)))
