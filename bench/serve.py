"""Response times of pages on an archive of 100,000 articles, while a crawl writes to it.

The articles consist of invented words with Zipf's frequencies; one in ten is a copy of another
outlet's text. The server is the plain `datasette` command in its own process; pages are requested
one after the other, each time another article, story or search.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from bench.figures import Figure

ARTICLES = 100_000
OUTLETS = 200
WORDS = 30_000
STORIES, LARGEST = 12, 3_000
"""Number of followed stories, and articles of the largest; each next one has half as many."""
ASKED = 100
"""Requests per kind of page."""
WANTED = "≤ 150 ms"
GZIP_MAGIC = b"\x1f\x8b"

BATCH, PAUSE = 40, 1.0
"""Writes during the requests: articles per transaction, and seconds between two transactions."""


def figures(_shared: Path) -> Iterator[Figure]:
    """Yield the 95th percentile of each kind of page, and the bytes of a first visit."""
    with TemporaryDirectory(prefix="dateline-bench-") as name:
        folder = Path(name)
        words = Words(random.Random(6))
        fill(folder, words)
        with served(folder) as address, writing(folder, words):
            for kind, path in paths(words).items():
                get(address + path(0))
                taken = sorted(timed(address + path(number)) for number in range(ASKED))
                yield Figure(
                    f"{kind}: p95 of {ASKED}", taken[int(ASKED * 0.95)] * 1000, "ms", wanted=WANTED
                )
                yield Figure(f"{kind}: median", taken[ASKED // 2] * 1000, "ms")
            for kind, path in paths(words).items():
                yield Figure(
                    f"{kind}: first visit",
                    first_visit(address, path(0)) / 1000,
                    "kB",
                    wanted="≤ 60 kB",
                )


# -- an archive ------------------------------------------------------------------------------------


class Words:
    """Invented words, the most common first."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        parts = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
        self.all = [
            "".join(chance.choices(parts, k=2 + number % 3)) + str(number % 7)
            for number in range(WORDS)
        ]
        self.weights = list(accumulate(1 / (rank + 8) for rank in range(WORDS)))

    def draw(self, count: int) -> list[str]:
        """Return random words with Zipf's frequencies."""
        whole = self.weights[-1]
        return [
            self.all[bisect_left(self.weights, self.chance.random() * whole)] for _ in range(count)
        ]


def fill(folder: Path, words: Words) -> None:
    """Create the archive: articles, URLs, checks, copies, changes, events, stories."""
    connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    moment = "2026-01-01T00:00:00Z"
    with transaction(connection):
        connection.execute(
            "INSERT INTO crawls (started_at, finished_at, state) VALUES (?, ?, 'finished')",
            [moment, moment],
        )
        connection.executemany(
            "INSERT INTO outlets (host, name, added_at) VALUES (?, ?, ?)",
            [(f"outlet{number}.example", f"Outlet {number}", moment) for number in range(OUTLETS)],
        )
    for start in range(1, ARTICLES + 1, 2_000):
        with transaction(connection):
            write(connection, words, start, min(2_000, ARTICLES + 1 - start))
    with transaction(connection):
        group(connection, words.chance)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def write(connection: sqlite3.Connection, words: Words, start: int, count: int) -> None:
    """Insert articles with their URLs and checks; every tenth is a copy of the one before."""
    rows, text = [], ""
    for id in range(start, start + count):
        text = (
            text if id % 10 == 0 and text else "\n".join(" ".join(words.draw(45)) for _ in range(5))
        )
        at = datetime(2024, 1, 1) + timedelta(minutes=id * 10)
        outlet = words.chance.randrange(OUTLETS) + 1
        headline, published_at = " ".join(words.draw(9)), f"{at:%Y-%m-%dT%H:%M:%SZ}"
        language = words.chance.choice(("en", "en", "es", "fr"))
        rows.append(
            (
                id,
                outlet,
                f"https://outlet{outlet}.example/{id}",
                headline,
                published_at,
                text,
                language,
            )
        )
    connection.executemany(
        """INSERT INTO articles (id, outlet_id, url, headline, published_at, text, language, fetched_at, word_count)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?5, 225)""",
        rows,
    )
    connection.executemany(
        """INSERT INTO urls (id, url, url_key, outlet_id, article_id, found_at, state, fetched_at, outcome)
           VALUES (?1, ?3, ?3, ?2, ?1, ?5, 'done', ?5, 'new')""",
        [row[:5] for row in rows],
    )
    connection.executemany(
        "INSERT INTO fetches (url_id, crawl_id, fetched_at, outcome) VALUES (?, 1, ?, 'new')",
        [(row[0], row[4]) for row in rows],
    )


def group(connection: sqlite3.Connection, chance: random.Random) -> None:
    """Group copies under their originals, change one article in twenty, and add events and
    stories."""
    copies = [(id - 1, id) for id in range(10, ARTICLES + 1, 10)]
    connection.executemany(
        "INSERT INTO shared_texts (id, original_id) VALUES (?1, ?1)",
        [(first,) for first, _ in copies],
    )
    versions = "INSERT INTO shared_text_articles SELECT id, ?, outlet_id FROM articles WHERE id = ?"
    connection.executemany(
        versions, [(first, id) for pair in copies for first, id in [(pair[0], pair[0]), pair]]
    )
    connection.executemany(
        "INSERT INTO relations VALUES (?2, ?1, 'copy', '2026-01-01T00:00:00Z', 0.95, 0.95, 1)",
        copies,
    )
    connection.execute(
        """INSERT INTO revisions (article_id, number, seen_at, kinds, stealth, headline, text)
           SELECT a.id, n.value, a.published_at,
                  iif(a.id % 60 = 3, '["headline","body"]', '["body"]'), a.id % 40 = 3,
                  iif(n.value = 1, 'Report: ', '') || a.headline,
                  iif(n.value = 1, replace(a.text, 'ba', 'bu'), a.text)
           FROM articles a, json_each('[1, 2]') n WHERE a.id % 20 = 3"""
    )
    connection.execute(
        """INSERT INTO events (id, articles, texts, dated, first_at, last_at, length, terms)
           SELECT id, 5, 5, 5, published_at, published_at, 1, '{}' FROM articles WHERE id % 5 = 1"""
    )
    connection.execute(
        """INSERT INTO event_articles (article_id, event_id, joined, score, terms)
           SELECT id, (id - 1) / 5 * 5 + 1, 'words', 0.4, '["a", "b"]' FROM articles"""
    )
    for number in range(STORIES):
        terms = json.dumps(["ba", "de", "fi", "go"])
        story = "INSERT INTO stories (name, title, terms, created_at) VALUES (?, ?, ?, '2026-01-01T00:00:00Z')"
        id = connection.execute(story, (f"story-{number}", f"Story {number}", terms)).lastrowid
        members = chance.sample(range(1, ARTICLES + 1), max(20, LARGEST >> number))
        connection.executemany(
            """INSERT INTO story_articles (story_id, article_id, probability, tier, terms, found_at)
               VALUES (?, ?, 0.9, 'sure', ?, '2026-01-01T00:00:00Z')""",
            [(id, member, terms) for member in members],
        )


# -- pages -----------------------------------------------------------------------------------------


def paths(words: Words) -> dict[str, Callable[[int], str]]:
    """Return kind of page → path of its n-th page; searches have one or two words, common and rare
    ones."""
    chance = random.Random(7)
    searches = [" ".join(words.draw(1 + number % 2)) for number in range(ASKED + 1)]
    return {
        "home": lambda _: "/",
        "article": lambda _: f"/archive/articles/{chance.randrange(ARTICLES) + 1}",
        "story": lambda number: f"/archive/-/story/story-{number % STORIES}",
        "stories": lambda _: "/archive/-/stories",
        "the largest story": lambda number: f"/archive/-/story/story-0?page={number % 20 + 1}",
        "search": lambda number: f"/archive/-/search?words={quote(searches[number])}",
        "search within a month": lambda number: (
            f"/archive/-/search?month=2025-03&words={quote(searches[number])}"
        ),
        "outlet": lambda number: f"/archive/-/outlet/outlet{number}.example",
        "events": lambda number: (
            f"/archive/-/events?days={(2, 7, 30)[number % 3]}&page={number % 4}"
        ),
        "events of all time": lambda number: f"/archive/-/events?days=all&page={number % 15 + 1}",
        "event": lambda _: f"/archive/-/event/{chance.randrange(ARTICLES // 5) * 5 + 1}",
        "changes": lambda number: f"/archive/-/changes?page={number + 1}",
        "silent changes of an outlet": lambda number: (
            f"/archive/-/changes?kind=silently&outlet=outlet{number}.example"
        ),
        "copies": lambda number: f"/archive/-/copies?days=30&page={number % 20 + 1}",
        "copies of all time": lambda number: f"/archive/-/copies?days=all&page={number % 50 + 1}",
        "attention of a search": lambda number: (
            f"/archive/-/attention?words={quote(searches[number])}"
        ),
        "attention of a story": lambda number: (
            f"/archive/-/attention?show=share&story=story-{number % STORIES}"
        ),
    }


def get(address: str) -> bytes:
    """Return the body of a response as it is sent: a browser takes it compressed."""
    asked = urllib.request.Request(address, headers={"accept-encoding": "gzip"})
    with urllib.request.urlopen(asked) as response:
        body: bytes = response.read()
    return body


def page_and_size(address: str) -> tuple[bytes, int]:
    """Return a page, and the bytes that were sent for it."""
    body = get(address)
    return (gzip.decompress(body) if body.startswith(GZIP_MAGIC) else body), len(body)


def timed(address: str) -> float:
    """Return the duration of a request in seconds."""
    began = time.perf_counter()
    get(address)
    return time.perf_counter() - began


def first_visit(address: str, path: str) -> int:
    """Return the bytes that are sent for a page, its style sheets and its scripts."""
    page, size = page_and_size(address + path)
    resources = re.findall(rb'<(?:link rel="stylesheet" href|script src)="([^"]+)"', page)
    assert resources
    return size + sum(len(get(address + each.decode())) for each in resources)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the archive with `datasette` on a free port, and yield its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        "-m",
        "datasette",
        "serve",
        str(folder / "archive.db"),
        "--port",
        str(port),
    ]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
    ) as process:
        try:
            _wait_for(address)
            yield address
        finally:
            process.terminate()


def _wait_for(address: str) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        try:
            get(address + "/-/versions.json")
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(address)


@contextmanager
def writing(folder: Path, words: Words) -> Iterator[None]:
    """Insert a batch of articles every second while the context is open."""
    stop = threading.Event()

    def write_on() -> None:
        connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
        start = connection.execute("SELECT max(id) FROM articles").fetchone()[0] + 1
        while not stop.wait(PAUSE):
            with transaction(connection):
                write(connection, words, start, BATCH)
            start += BATCH
        connection.close()

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()
