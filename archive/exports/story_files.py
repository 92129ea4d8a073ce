"""Definitions of stories as a TOML file, to keep, to pass on, to follow elsewhere: `[[story]]`
tables.

    [[story]]
    name = "harbour-strike"
    title = "The strike in the harbour"
    languages = ["en"]
    since = "2026-03-01"
    belongs = ["https://harbour.example/news/1"]
    not = ["https://ridge.example/football"]

`name` is needed; `words`, `until` and `outlets` may be given too. Articles are named by their
addresses, so that another archive knows them.
"""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from archive.articles.stories import (
    Definition,
    Judge,
    Story,
    await_verdict,
    follow,
    slug,
    story,
    verdict,
)
from archive.errors import UsageError
from archive.queries.lookup import Keys, lookup
from archive.times import since as moment

LISTS = ("languages", "outlets", "belongs", "not")
TEXTS = ("name", "title", "words", "since", "until")
LONGEST = 2_000
"""Characters of a text in a file. What has no end would be folded for hours: the file may be a
stranger's."""


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """A story as a file defines it."""

    name: str
    definition: Definition
    belongs: tuple[str, ...]
    rejected: tuple[str, ...]


# -- out -------------------------------------------------------------------------------------------


def as_toml(connection: sqlite3.Connection, stories: Iterable[Story]) -> str:
    """The definitions of stories, with the addresses of what a person judged."""
    return "\n".join("\n".join(_table(connection, each)) + "\n" for each in stories)


def _table(connection: sqlite3.Connection, about: Story) -> Iterator[str]:
    yield "[[story]]"
    values: dict[str, Any] = {
        name: getattr(about, name) for name in ("name", "title", "words", "languages")
    }
    values |= {"since": about.since, "until": about.until, "outlets": about.hosts}
    for name, value in values.items():
        if value:
            yield f"{name} = {_toml(list(value) if isinstance(value, tuple) else value)}"
    for word in ("belongs", "not"):
        if urls := _urls(connection, about.id, word):
            yield f"{word} = [\n" + "".join(f"  {_toml(url)},\n" for url in urls) + "]"


def _urls(connection: sqlite3.Connection, story_id: int, word: str) -> list[str]:
    rows = connection.execute(
        """SELECT a.url FROM story_articles m JOIN articles a ON a.id = m.article_id
        WHERE m.story_id = :story AND m.verdict = :word
        UNION SELECT url FROM story_urls WHERE story_id = :story AND verdict = :word ORDER BY 1""",
        {"story": story_id, "word": word},
    )
    return [row["url"] for row in rows]


def _toml(value: object) -> str:
    """A text or a list of texts; TOML's basic strings are JSON's but for the delete character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# -- in --------------------------------------------------------------------------------------------


def read_story_file(name: str, text: str, as_url: Callable[[str], str]) -> list[StoryEntry]:
    """The stories that a file defines. Raises UsageError, with the file and the story, for what
    cannot be meant.

    `as_url` gives an address as it is asked for, and raises UsageError for what is none.
    """
    try:
        tables = tomllib.loads(text).get("story")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: not readable as TOML: {' '.join(str(error).split())}") from error
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(
            f"{name}: no [[story]] table in it; `dateline stories --toml` writes such files"
        )
    entries = []
    for number, table in enumerate(tables, 1):
        try:
            entries.append(_entry(table, as_url))
        except UsageError as error:
            raise UsageError(f"{name}, story {number}: {error}") from error
    return entries


def _entry(table: dict[str, Any], as_url: Callable[[str], str]) -> StoryEntry:
    _check(table)
    definition: Definition = {
        "title": table.get("title") or table["name"],
        "words": table.get("words"),
        "languages": table.get("languages", []),
        "since": moment(table["since"]) if table.get("since") else None,
        "until": moment(table["until"]) if table.get("until") else None,
        "hosts": table.get("outlets", []),
    }
    belongs, rejected = (tuple(map(as_url, table.get(word, ()))) for word in ("belongs", "not"))
    return StoryEntry(slug(table["name"]), definition, belongs, rejected)


def _check(table: dict[str, Any]) -> None:
    for key, value in table.items():
        if key not in (*TEXTS, *LISTS):
            raise UsageError(f"`{key}` is not known; known are {', '.join((*TEXTS, *LISTS))}")
        texts = value if key in LISTS and isinstance(value, list) else [value]
        if not all(isinstance(each, str) for each in texts) or (key in LISTS) != isinstance(
            value, list
        ):
            raise UsageError(f"`{key}` has to be {'a list of texts' if key in LISTS else 'a text'}")
        if any(len(each) > LONGEST for each in texts):
            raise UsageError(f"`{key}` is longer than {LONGEST:,} characters")
    if not table.get("name"):
        raise UsageError("it has no name")


def take(connection: sqlite3.Connection, entry: StoryEntry, judge: Judge, keys: Keys) -> list[str]:
    """Follow a story as a file defines it; the addresses of what belongs and the archive does not
    have.

    A story of that name keeps what a person said of its articles, and takes the rest from the file.
    A word on a page that is not there waits for it. Runs inside the caller's transaction.
    """
    found = {url: lookup(connection, url, keys) for url in (*entry.belongs, *entry.rejected)}
    belongs = [id for url in entry.belongs if (id := found[url]) is not None]
    story_id = follow(connection, entry.name, belongs, judge, entry.definition)
    verdict(
        connection,
        story_id,
        [id for url in entry.rejected if (id := found[url]) is not None],
        False,
        judge,
    )
    for url, id in found.items():
        if id is None:
            await_verdict(
                connection, story_id, url, keys(url), "belongs" if url in entry.belongs else "not"
            )
    return [url for url in entry.belongs if found[url] is None]


def named(connection: sqlite3.Connection, names: Iterable[str]) -> list[Story]:
    """The stories of these names, each once. Raises UsageError for one that is none."""
    return list({found.id: found for found in (story(connection, name) for name in names)}.values())
