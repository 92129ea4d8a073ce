"""Read and write story definitions as TOML, to save, to share, to follow in another archive.

A file consists of `[[story]]` tables:

    [[story]]
    name = "harbour-strike"
    title = "The strike in the harbour"
    languages = ["en"]
    since = "2026-03-01"
    belongs = ["https://harbour.example/news/1"]
    not = ["https://ridge.example/football"]

`name` is required; `words`, `until` and `outlets` are optional too. Articles are named by their
URLs, so that another archive can identify them.
"""

from __future__ import annotations

import json
import sqlite3
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from archive.articles.stories import (
    Story,
    StoryDefinition,
    StoryPolicy,
    StoryVerdict,
    await_article_verdict,
    find_story,
    record_verdict,
    save_story,
    story_slug,
)
from archive.errors import UsageError
from archive.queries.lookup import UrlKeyFunction, find_article_id
from archive.times import parse_since as moment

STORY_LIST_KEYS = ("languages", "outlets", "belongs", "not")
STORY_TEXT_KEYS = ("name", "title", "words", "since", "until")
MAX_STORY_FILE_CHARS = 2_000
"""Maximum number of characters of a text in a file. The file may come from a stranger, and folding
an unlimited text would take hours."""


@dataclass(frozen=True, slots=True)
class StoryEntry:
    """A story as a file defines it."""

    name: str
    definition: StoryDefinition
    belongs: tuple[str, ...]
    """URLs of articles that a person confirmed."""
    rejected: tuple[str, ...]
    """URLs of articles that a person rejected."""


# -- out -------------------------------------------------------------------------------------------


def stories_as_toml(connection: sqlite3.Connection, stories: Iterable[Story]) -> str:
    """Return the definitions of stories, with the URLs of the articles that a person judged."""
    return "\n".join("\n".join(_story_toml_lines(connection, each)) + "\n" for each in stories)


def _story_toml_lines(connection: sqlite3.Connection, about: Story) -> Iterator[str]:
    """Yield the lines of a story's table."""
    yield "[[story]]"
    values: dict[str, Any] = {
        name: getattr(about, name) for name in ("name", "title", "words", "languages")
    }
    values |= {"since": about.since, "until": about.until, "outlets": about.hosts}
    for name, value in values.items():
        if value:
            yield f"{name} = {_toml_value(list(value) if isinstance(value, tuple) else value)}"
    for word in ("belongs", "not"):
        if urls := _judged_urls(connection, about.id, word):
            yield f"{word} = [\n" + "".join(f"  {_toml_value(url)},\n" for url in urls) + "]"


def _judged_urls(connection: sqlite3.Connection, story_id: int, word: str) -> list[str]:
    """Return the URLs that have this verdict, including pages that are not in the archive yet."""
    rows = connection.execute(
        """SELECT a.url FROM story_articles m JOIN articles a ON a.id = m.article_id
        WHERE m.story_id = :story AND m.verdict = :word
        UNION SELECT url FROM story_urls WHERE story_id = :story AND verdict = :word ORDER BY 1""",
        {"story": story_id, "word": word},
    )
    return [row["url"] for row in rows]


def _toml_value(value: object) -> str:
    """Return a text or a list of texts in TOML, whose strings are JSON's except for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# -- in --------------------------------------------------------------------------------------------


def read_story_file(name: str, text: str, as_url: Callable[[str], str]) -> list[StoryEntry]:
    """Return the stories that a file defines.

    `as_url` returns a URL in the form in which it is requested, and raises UsageError if the text
    is not a URL. Raises UsageError, naming the file and the story, for invalid content.
    """
    try:
        tables = tomllib.loads(text).get("story")
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name}: not readable as TOML: {' '.join(str(error).split())}") from error
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(
            f"{name}: it has no [[story]] table; `dateline stories --toml` writes such files"
        )
    entries = []
    for number, table in enumerate(tables, 1):
        try:
            entries.append(_story_entry(table, as_url))
        except UsageError as error:
            raise UsageError(f"{name}, story {number}: {error}") from error
    return entries


def _story_entry(table: dict[str, Any], as_url: Callable[[str], str]) -> StoryEntry:
    _check_story_table(table)
    definition: StoryDefinition = {
        "title": table.get("title") or table["name"],
        "words": table.get("words"),
        "languages": table.get("languages", []),
        "since": moment(table["since"]) if table.get("since") else None,
        "until": moment(table["until"]) if table.get("until") else None,
        "hosts": table.get("outlets", []),
    }
    belongs, rejected = (tuple(map(as_url, table.get(word, ()))) for word in ("belongs", "not"))
    return StoryEntry(story_slug(table["name"]), definition, belongs, rejected)


def _check_story_table(table: dict[str, Any]) -> None:
    """Raise UsageError for unknown keys, values of the wrong type or length, or a missing name."""
    for key, value in table.items():
        if key in STORY_LIST_KEYS:
            texts, wanted = value, "a list of texts"
        elif key in STORY_TEXT_KEYS:
            texts, wanted = [value], "a text"
        else:
            raise UsageError(
                f"unknown key `{key}`; choose from {', '.join((*STORY_TEXT_KEYS, *STORY_LIST_KEYS))}"
            )
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise UsageError(f"`{key}` must be {wanted}")
        if any(len(text) > MAX_STORY_FILE_CHARS for text in texts):
            raise UsageError(f"`{key}` is longer than {MAX_STORY_FILE_CHARS:,} characters")
    if not table.get("name"):
        raise UsageError("it has no name")


def follow_story_entry(
    connection: sqlite3.Connection, entry: StoryEntry, judge: StoryPolicy, keys: UrlKeyFunction
) -> list[str]:
    """Follow a story as a file defines it, and return the URLs that the archive does not have.

    Only URLs that belong to the story are returned. If the story exists, its verdicts stay and the
    rest is taken from the file. A verdict on a page that is not in the archive waits for it. Runs
    inside the caller's transaction.
    """
    ids = {url: find_article_id(connection, url, keys) for url in (*entry.belongs, *entry.rejected)}
    belongs = [id for url in entry.belongs if (id := ids[url]) is not None]
    rejected = [id for url in entry.rejected if (id := ids[url]) is not None]
    story_id = save_story(connection, entry.name, belongs, judge, entry.definition)
    record_verdict(connection, story_id, rejected, False, judge)
    for url, id in ids.items():
        if id is None:
            word: StoryVerdict = "belongs" if url in entry.belongs else "not"
            await_article_verdict(connection, story_id, url, keys(url), word)
    return [url for url in entry.belongs if ids[url] is None]


def stories_by_name(connection: sqlite3.Connection, names: Iterable[str]) -> list[Story]:
    """Return the stories of these names, each once. Raises UsageError for an unknown name."""
    stories = [find_story(connection, name) for name in names]
    return list({each.id: each for each in stories}.values())
