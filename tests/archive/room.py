"""The small archive of `conftest.folder`, furnished with what its pages show: a story, an event,
copies, changes."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import HOSTILE, MOMENT, add_article

TITLE = "The strike in the harbour " + HOSTILE
STORY = "harbour-strike"

SHORTENED = "Crews of the island ferry went on strike on Tuesday."
LATER = (
    "The ferry crews and the harbour office meet again on Monday.\nThe mayor is hopeful.",
    "The ferry crews and the harbour office meet again on Thursday.\nThe mayor is hopeful.",
    "The ferry crews and the harbour office meet again on Thursday.\nThe mayor is not hopeful.",
)

FIRST_DIGEST = "ab" * 32
"""The digest of the capture of article 8 before it was changed."""

PAGES = (
    "/",
    "/archive/articles/1",
    "/archive/articles/1/beside/7",
    "/archive/articles/8/revisions",
    "/archive/articles/8/revisions/2",
    f"/archive/articles/8/capture/{FIRST_DIGEST}",
    "/archive/-/stories",
    f"/archive/-/story/{STORY}",
    "/archive/-/events?days=all",
    "/archive/-/event/1",
    "/archive/-/changes",
    "/archive/-/changes?kind=silently",
    "/archive/-/copies?days=all",
    "/archive/-/attention?words=ferry",
    f"/archive/-/attention?story={STORY}&show=share",
    "/archive/-/outlets",
    "/archive/-/outlet/ridge.example",
    "/archive/-/search",
    "/archive/-/search?words=ferry",
    "/archive/-/search?words=-x",
    "/archive/-/questions",
    "/archive/-/tables",
)
"""Every kind of page that is made to be read."""

FERRIES = '["strike", "ferri", "crew"]'


def furnish(folder: Path) -> Path:
    """Put articles 7 (a shortened copy of 1) and 8 (changed twice, once without a word) in, and the
    story of them."""
    connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    connection.execute("BEGIN")
    add_article(connection, 7, {"outlet_id": 2, "headline": "Ferries stop", "published_at": "2024-02-15T12:45:00Z",
                                "text": SHORTENED, "fetched_at": MOMENT})  # fmt: skip
    add_article(connection, 8, {"outlet_id": 2, "headline": "Talks on Thursday fail", "fetched_at": MOMENT,
                                "published_at": "2024-02-17T08:00:00Z", "text": LATER[2],
                                "standfirst": HOSTILE})  # fmt: skip
    connection.execute("INSERT INTO relations VALUES (7, 1, 'excerpt', ?, 1.0, 0.6, 0.9)", [MOMENT])
    connection.execute("UPDATE articles SET fingerprint = id WHERE id > 6")
    connection.execute("INSERT INTO shared_text_articles VALUES (7, 1, 2)")
    _change(connection)
    _event(connection)
    _story(connection)
    connection.execute(
        "INSERT INTO fetches (url_id, crawl_id, fetched_at, outcome) VALUES (1, 1, ?, 'failed')",
        [MOMENT],
    )
    connection.execute("COMMIT")
    connection.close()
    return folder


def _change(connection: sqlite3.Connection) -> None:
    headlines = ("Talks on Monday", "Talks on Thursday", "Talks on Thursday fail")
    kinds = ([], ["headline", "body"], ["body", "correction"])
    for number, (headline, text, kind) in enumerate(
        zip(headlines, LATER, kinds, strict=True), start=1
    ):
        connection.execute(
            """INSERT INTO revisions (article_id, number, seen_at, kinds, stealth, headline, text, words_added,
               words_removed) VALUES (8, ?, ?, ?, ?, ?, ?, 1, 1)""",
            [
                number,
                f"2024-02-1{6 + number}T09:00:00Z",
                json.dumps(kind),
                number == 2,
                headline,
                text,
            ],
        )
    connection.execute(
        "UPDATE revisions SET digest = ? WHERE article_id = 8 AND number = 1", [FIRST_DIGEST]
    )


def _event(connection: sqlite3.Connection) -> None:
    connection.execute(
        """INSERT INTO events (id, articles, texts, dated, day, first_at, last_at, length, terms)
           VALUES (1, 4, 2, 2, 19768, '2024-02-15T10:30:00Z', '2024-02-17T08:00:00Z', 1, '{}')"""
    )
    for id, joined, score, terms in ((1, "first", None, "[]"), (2, "copy", None, "[]"), (7, "copy", None, "[]"),
                                     (8, "words", 0.41, FERRIES)):  # fmt: skip
        connection.execute(
            "INSERT INTO event_articles VALUES (?, 1, ?, ?, ?)", [id, joined, score, terms]
        )


def _story(connection: sqlite3.Connection) -> None:
    connection.execute(
        "INSERT INTO stories (id, name, title, terms, newest_id, created_at) VALUES (1, ?, ?, ?, 8, ?)",
        [STORY, TITLE, FERRIES, MOMENT],
    )
    for id, probability, tier, verdict in (
        (1, 0.99, "sure", "belongs"),
        (2, 0.97, "sure", None),
        (7, 0.93, "sure", None),
        (8, 0.55, "likely", None),
        (4, 0.41, "perhaps", None),
        (3, 0.52, "likely", "not"),
    ):
        connection.execute(
            """INSERT INTO story_articles (story_id, article_id, probability, tier, terms, verdict, judged_at, found_at)
               VALUES (1, ?, ?, ?, ?, ?, ?, ?)""",
            [
                id,
                probability,
                tier,
                FERRIES,
                verdict,
                verdict and MOMENT,
                f"2024-03-01T06:0{id}:00Z",
            ],
        )
