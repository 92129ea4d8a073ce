"""Three small archives that are shown together: of February, of March, and a desk's copy of some."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import add_article, fill
from tests.archive.room import furnish

NAMES = ("2024-02", "2024-03", "desk")
"""February has all that `tests.archive.room` furnishes; the desk has its first six articles too."""
MARCH_STORY = "harbour-wages"
MARCH = "2024-03-09T06:00:00Z"
MARCH_ARTICLES = (
    (11, 1, "Ferry wages rise", "2024-03-07T09:00:00Z", "The crews of the ferry get more pay."),
    (12, 2, "More pay on ferries", "2024-03-07T11:00:00Z", "Wages of the harbour crews rise."),
    (13, 1, "Library opens", "2024-03-08", "A library opens on the island."),
)
"""ID, outlet, headline, date and text."""


def make_several(folder: Path) -> list[Path]:
    """Make the archives in folders of these names."""
    folders = [folder / name for name in NAMES]
    for each in folders:
        each.mkdir()
    furnish(fill(folders[0]))
    _fill_march(folders[1])
    fill(folders[2])
    return folders


def _fill_march(folder: Path) -> None:
    connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    connection.execute("BEGIN")
    for host in ("harbour.example", "ridge.example"):
        connection.execute("INSERT INTO outlets (host, added_at) VALUES (?, ?)", (host, MARCH))
    connection.execute(
        "INSERT INTO crawls (started_at, finished_at, state) VALUES (?, ?, 'finished')",
        (MARCH, MARCH),
    )
    for id, outlet, headline, day, text in MARCH_ARTICLES:
        article = {"outlet_id": outlet, "headline": headline, "published_at": day, "text": text}
        add_article(connection, id, article | {"fetched_at": MARCH})
    connection.execute(
        """INSERT INTO events (id, articles, texts, dated, day, first_at, last_at, length, terms)
           VALUES (11, 2, 2, 2, 19789, '2024-03-07T09:00:00Z', '2024-03-07T11:00:00Z', 1, '{}')"""
    )
    connection.execute(
        """INSERT INTO stories (id, name, title, terms, newest_id, created_at)
           VALUES (1, ?, 'Wages in the harbour', '["wage"]', 12, ?)""",
        (MARCH_STORY, MARCH),
    )
    for id, joined in ((11, "first"), (12, "words")):
        connection.execute("INSERT INTO event_articles VALUES (?, 11, ?, NULL, '[]')", (id, joined))
        connection.execute(
            """INSERT INTO story_articles (story_id, article_id, probability, tier, terms, found_at)
               VALUES (1, ?, 0.9, 'sure', '[]', ?)""",
            (id, MARCH),
        )
    connection.execute("INSERT INTO language_counts (language, articles) VALUES ('en', 3)")
    connection.execute("COMMIT")
    connection.close()


def linked_files(folders: list[Path], aside: Path) -> list[Path]:
    """Return links to the archives called after their folders, as `dateline serve` makes them."""
    links = [aside / f"{folder.name}.db" for folder in folders]
    for link, folder in zip(links, folders, strict=True):
        link.symlink_to(folder / "archive.db")
    return links


@contextmanager
def opened_together(folders: list[Path]) -> Iterator[dict[str, sqlite3.Connection]]:
    """Yield connections to the archives by the names of their folders."""
    connections = {
        folder.name: open_database(folder / "archive.db", ARCHIVE_SCHEMA) for folder in folders
    }
    try:
        yield connections
    finally:
        for connection in connections.values():
            connection.close()
