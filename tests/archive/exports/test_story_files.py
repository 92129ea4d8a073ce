"""Definitions of stories go out as TOML and come in as they were."""

from __future__ import annotations

import sqlite3
import tomllib
from pathlib import Path

import pytest

from archive.articles import stories
from archive.errors import UsageError
from archive.exports.story_files import (
    follow_story_entry,
    read_story_file,
    stories_as_toml,
    stories_by_name,
)
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.articles.test_stories import JUDGE

TITLES = [
    "Plain",
    'He said “no” and "never"',
    "back\\slash",
    "東京 🚢",
    "line\nfeed\ttab \x01 \x7f end",
    "'''",
    "[[story]]",
]


def as_is(url: str) -> str:
    return url


@pytest.fixture
def db(folder: Path) -> sqlite3.Connection:
    return open_database(folder / "archive.db", ARCHIVE_SCHEMA)


@pytest.mark.parametrize("title", TITLES)
def test_a_title_comes_back_letter_for_letter(db: sqlite3.Connection, title: str) -> None:
    stories.save_story(
        db, "a-story", [], JUDGE, {"title": title, "words": title, "hosts": ["ridge.example"]}
    )
    text = stories_as_toml(db, stories.all_stories(db))
    (entry,) = read_story_file("stories.toml", text, as_is)
    assert (entry.definition["title"], entry.definition["words"]) == (title, title)
    assert tomllib.loads(text)["story"][0]["outlets"] == ["ridge.example"]


def test_what_is_taken_in_goes_out_the_same_also_what_the_archive_lacks(
    db: sqlite3.Connection,
) -> None:
    text = """[[story]]
name = "ferries"
title = "Ferries"
words = "crews strike"
languages = ["en", "ja"]
since = "2024-02-01"
until = "2024-03-01"
outlets = ["harbour.example"]
belongs = [
  "https://harbour.example/news/1",
  "https://harbour.example/news/99",
]
not = [
  "https://ridge.example/news/2",
  "https://ridge.example/news/98",
]
"""
    (entry,) = read_story_file("stories.toml", text, as_is)
    for _ in range(2):
        missing = follow_story_entry(db, entry, JUDGE, lambda url: url.removeprefix("https://"))
        assert missing == ["https://harbour.example/news/99"]
        assert stories_as_toml(db, stories.all_stories(db)) == text
    judged = db.execute(
        "SELECT article_id, verdict FROM story_articles WHERE verdict IS NOT NULL ORDER BY 1"
    )
    assert [tuple(row) for row in judged] == [(1, "belongs"), (2, "not")]


def test_stories_are_chosen_by_name_each_once(db: sqlite3.Connection) -> None:
    for name in ("ferries", "bread"):
        stories.save_story(db, name, [], JUDGE)
    assert [each.name for each in stories_by_name(db, ["bread", "Bread"])] == ["bread"]
    with pytest.raises(UsageError, match="no such story"):
        stories_by_name(db, ["bread", "zeppelin"])
