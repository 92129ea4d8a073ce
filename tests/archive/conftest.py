"""A small archive, filled by hand, for what reads it back."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from archive.articles.copies import relate_article
from archive.records import Capture
from archive.storage.captures import CaptureStore
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.unspaced import bigrams
from pipelines.dedup.copies import COPY_POLICY as TEXTS
from pipelines.text.fingerprint import text_fingerprint

MOMENT = "2024-03-01T06:00:00Z"
PAGE = b"<html><title>Ferry crews strike</title><p>\xe2\x80\xa6</p></html>"
WIRE = "Crews of the island ferry went on strike on Tuesday.\nThe union asks for shorter shifts."

HOSTILE = '<script>alert("x")</script>'

ARTICLES: list[dict[str, Any]] = [
    {
        "outlet_id": 1,
        "headline": "Ferry crews strike",
        "published_at": "2024-02-15T10:30:00Z",
        "text": WIRE,
        "published_raw": "Thu, 15 Feb 2024 10:30 GMT",
        "byline": "By Mara Lind",
        "authors": '["Mara Lind", "Jo Reed"]',
        "agency": "AP",
        "standfirst": "The island is cut off.",
        "free": 0,
    },
    {
        "outlet_id": 2,
        "headline": "Island cut off as ferries stop",
        "published_at": "2024-02-15",
        "text": WIRE,
        "agency": "AP",
    },
    {
        "outlet_id": 3,
        "headline": "東京都知事が退任へ",
        "published_at": "2024-02-16T01:00:00Z",
        "language": "ja",
        "text": "首相は会見で述べた。\n会見は東京で開かれた。",
    },
    {
        "outlet_id": 1,
        "headline": "Bread dearer in Zürich",
        "published_at": None,
        "published_raw": "soon",
        "text": "Bakers say so.",
    },
    {
        "outlet_id": 4,
        "headline": "المجلس يعلن خطة جديدة",
        "published_at": "2024-02-14",
        "language": "ar",
        "text": "أعلن المجلس اليوم خطة جديدة.",
    },
    {
        "outlet_id": 2,
        "headline": HOSTILE,
        "published_at": "2024-02-13",
        "text": f"{HOSTILE}\n=1+1",
        "byline": "=HYPERLINK(1)",
        "url": "javascript:alert(1)",
    },
]

URLS = [
    ("https://ridge.example/old", "gone", "HTTP 404", "page", "done"),
    ("https://ridge.example/busy", "failed", "HTTP 503", "page", "failed"),
    ("https://ridge.example/private", "refused", "robots.txt", "page", "done"),
    ("https://ridge.example/front", "not article", "section: 40 links", "page", "done"),
    ("https://ridge.example/clip", "not article", "video: a player and a caption", "page", "done"),
    ("https://ridge.example/next", None, None, "page", "pending"),
    ("https://ridge.example/feed.xml", "failed", "HTTP 500", "feed", "done"),
    ("https://harbour.example/feed.xml", "listed", None, "feed", "done"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an archive with six articles of four outlets, two of them one text, and a page
    as it came."""
    return fill(tmp_path)


@pytest.fixture(scope="session")
def filled_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That folder for tests that only read."""
    return fill(tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="session")
def furnished_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of `tests.archive.room.furnish`, for tests that only read."""
    from tests.archive.room import furnish

    return furnish(fill(tmp_path_factory.mktemp("furnished")))


def fill(tmp_path: Path) -> Path:
    """Make that archive in a folder."""
    capture = Capture("https://harbour.example/news/1", PAGE, fetched_at=MOMENT)
    captures = CaptureStore(tmp_path / "captures.db")
    captures.store([capture])
    captures.close()
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    connection.execute("BEGIN")
    for host, name in (("harbour.example", "The Harbour Post"), ("ridge.example", None), ("minato.example", "港新聞"),
                       ("mahatta.example", "المحطة"), ("silent.example", None)):  # fmt: skip
        connection.execute(
            "INSERT INTO outlets (host, name, added_at) VALUES (?, ?, ?)", [host, name, MOMENT]
        )
    connection.execute(
        "INSERT INTO crawls (started_at, finished_at, state) VALUES (?, '2024-03-01T06:02:00Z', 'finished')",
        [MOMENT],
    )
    for id, article in enumerate(ARTICLES, start=1):
        add_article(connection, id, article | ({"digest": capture.digest} if id == 1 else {}))
    connection.execute(
        "INSERT INTO relations (article_id, other_id, kind, found_at) VALUES (2, 1, 'identical', ?)",
        [MOMENT],
    )
    for number, kinds in ((1, "[]"), (2, '["headline"]')):
        connection.execute(
            "INSERT INTO revisions (article_id, number, seen_at, kinds, text) VALUES (1, ?, ?, ?, '')",
            [number, MOMENT, kinds],
        )
    connection.execute("INSERT INTO shared_texts (id, original_id) VALUES (1, 1)")
    connection.execute(
        "INSERT INTO shared_text_articles SELECT id, 1, outlet_id FROM articles WHERE id IN (1, 2)"
    )
    connection.execute(
        """INSERT INTO urls (url, url_key, outlet_id, article_id, role, found_at, state, outcome)
           VALUES ('https://harbour.example/amp/1', 'harbour.example/amp/1', 1, 1, 'amphtml', ?, 'done', 'new')""",
        [MOMENT],
    )
    for url, outcome, reason, kind, state in URLS:
        connection.execute(
            """INSERT INTO urls (url, url_key, kind, outlet_id, found_at, state, fetched_at, outcome, reason, failures)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)""",
            [
                url,
                url[8:],
                kind,
                1 if "harbour" in url else 2,
                MOMENT,
                state,
                outcome and MOMENT,
                outcome,
                reason,
            ],
        )
    connection.execute("COMMIT")
    connection.close()
    return tmp_path


def add_report(
    connection: sqlite3.Connection,
    headline: str,
    text: str,
    language: str | None,
    day: str | None,
    at: str,
) -> int:
    """The number of an article of an outlet of its own, related to the others and fetched `at` a
    moment."""
    number = int(connection.execute("SELECT count(*) FROM articles").fetchone()[0]) + 1
    connection.execute(
        "INSERT INTO outlets (id, host, added_at) VALUES (?, ?, ?)",
        (number, f"{number}.example", at),
    )
    connection.execute(
        """INSERT INTO articles (id, outlet_id, url, headline, text, language, published_at, fetched_at,
        word_count, fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (number, number, f"https://{number}.example/1", headline, text, language, day, at,
         len(text.split()), text_fingerprint(text)),
    )  # fmt: skip
    relate_article(connection, number, TEXTS, at)
    return number


def add_article(connection: sqlite3.Connection, id: int, article: dict[str, Any]) -> None:
    """An article, its URL and the check that found it."""
    host = ["harbour", "ridge", "minato", "mahatta"][article["outlet_id"] - 1] + ".example"
    row = {
        "id": id,
        "url": f"https://{host}/news/{id}",
        "language": "en",
        "fetched_at": f"2024-03-01T06:0{id % 10}:00Z",
    }
    row |= article | {
        "word_count": len(article["text"].split()),
        "bigrams": bigrams(f"{article['headline']}\n{article['text']}"),
    }
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO articles ({names}) VALUES ({marks})", row)
    url_id = connection.execute(
        """INSERT INTO urls (url, url_key, outlet_id, article_id, found_at, state, fetched_at, outcome)
           VALUES (?, ?, ?, ?, ?, 'done', ?, 'new')""",
        [f"https://{host}/news/{id}", f"{host}/news/{id}", article["outlet_id"], id, MOMENT, MOMENT],
    ).lastrowid  # fmt: skip
    connection.execute(
        "INSERT INTO fetches (url_id, crawl_id, fetched_at, outcome) VALUES (?, 1, ?, 'new')",
        [url_id, MOMENT],
    )
