"""`make demo`: crawl an invented news web on loopback, report the results, and serve the archive.

Every step is a `dateline` command, shown as one would type it; only the web is invented.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from archive.queries import lookup
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.processes.subprocesses import subprocess_environment
from demo.web import Web, load_world, serve

HERE = Path(__file__).parent
ARCHIVE_FOLDER = HERE.parent / "demo-data"
STORY = "Lirio"
"""A search word for the running story."""
FOLLOWED = (
    "http://meridian.example/dispatch/10412/aldermark-santa-lirio-open-relations",
    "http://meridian.example/dispatch/10447/tavresk-recalls-envoy-from-santa-lirio",
)
"""Articles from which the story is followed."""
FIRST_VISIT = datetime(2026, 3, 13, 7, tzinfo=UTC)
"""Time of the invented web at the first crawl; the second is at the time of its world."""
SILENTLY_CHANGED = "http://courier.example/2026/03/09/parliament-splits-over-lirio-pact"
REMOVED = "http://ledger.example/banking/norland-and-quay-bank-in-merger-talks"
"""Between the two crawls one outlet changes an article silently and another one removes one; a
third change is a correction, which its outlet's sitemap announces."""
console = Console(highlight=False)


def main() -> int:
    """Run the demo; return the exit code."""
    options = argparse.ArgumentParser(prog="make demo", description=__doc__)
    options.add_argument("--no-serve", action="store_true", help="end after the report")
    options.add_argument(
        "--port", default="8001", help="where the archive is served (default 8001)"
    )
    asked = options.parse_args()
    began = time.monotonic()
    shutil.rmtree(ARCHIVE_FOLDER, ignore_errors=True)
    with serve(load_world(HERE / "world"), now=FIRST_VISIT) as web, proxied(web):
        say(
            f"A small news web of {len(web.hosts)} invented outlets runs on {web.proxy}; "
            "nothing leaves this machine."
        )
        dateline("outlet", "add", *web.hosts)
        dateline("crawl", "--since", "2026-03-01", "--delay", "0")
        crawl_later(web)
        report(web, time.monotonic() - began)
        dateline("follow", *FOLLOWED, "--name", "lirio-ties")
    if asked.no_serve:
        say(
            f"The archive is in {ARCHIVE_FOLDER.name}/. `make demo` without --no-serve shows it in the browser."
        )
        return 0
    return dateline("serve", "--port", asked.port)


def crawl_later(web: Web) -> None:
    """Move the web's clock forward and crawl again: new articles, and three that changed."""
    web.now = web.world.now
    days = (web.now - FIRST_VISIT).days
    say(f"{days} days later there are new articles, and a sitemap announces a correction:")
    dateline("crawl", "--since", "2026-03-01", "--delay", "0")
    say("Two articles are fetched again: one was removed, the other changed without saying so.")
    dateline("crawl", SILENTLY_CHANGED, REMOVED, "--delay", "0")
    dateline("diff", SILENTLY_CHANGED)


@contextmanager
def proxied(web: Web) -> Iterator[None]:
    """Let commands started inside see the invented web and no other."""
    before = dict(os.environ)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        os.environ.pop(name, None)
    os.environ |= {
        "http_proxy": web.proxy,
        "https_proxy": web.proxy,
        "DATELINE_CONTACT": "demo@dateline.example",
    }
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def dateline(*words: str) -> int:
    """Print a command as it is typed, and run it on the demo's archive; return its exit code."""
    console.print(f"\n[bold]$ dateline {' '.join(words)}[/bold]")
    sys.stdout.flush()
    command = [sys.executable, "-P", "-m", "crawler", *words, "--archive", str(ARCHIVE_FOLDER)]
    return subprocess.call(command, env=subprocess_environment())


def say(text: str) -> None:
    """Print a paragraph."""
    console.print(f"\n{text}", soft_wrap=True)


def report(web: Web, seconds: float) -> None:
    """Print the results of the crawl: the numbers, and the coverage of the story."""
    db = open_read_only(ARCHIVE_FOLDER / "archive.db", ARCHIVE_SCHEMA)

    def one(query: str) -> int:
        return int(db.execute(query).fetchone()[0])

    say(
        f"[bold]{one('SELECT count(*) FROM articles')} articles[/bold] of "
        f"{one('SELECT count(DISTINCT outlet_id) FROM articles')} outlets in "
        f"{one('SELECT count(DISTINCT language) FROM articles')} languages, "
        f"{len(web.requests)} requests, {seconds:.0f} seconds. Set aside, each with its reason; no articles: "
        f"{one('''SELECT count(*) FROM urls WHERE outcome = 'not article' ''')}, not to be had: "
        f"{one('''SELECT count(*) FROM urls WHERE outcome IN ('gone', 'failed', 'refused')''')}."
    )
    coverage = Table(
        "day",
        "outlet",
        "lang",
        "headline",
        title=f"The running story: “{STORY}” in time order",
        box=None,
    )
    rows = matching_coverage(db, STORY)
    for row in rows[:14]:
        coverage.add_row(row["day"] or "undated", row["outlet"], row["language"], row["headline"])
    console.print()
    console.print(coverage)
    if len(rows) > 14:
        console.print(
            f"… and {len(rows) - 14} more: dateline search {STORY} --archive {ARCHIVE_FOLDER.name}"
        )
    copies(db)


def matching_coverage(db: sqlite3.Connection, words: str) -> list[sqlite3.Row]:
    """Return printed day, outlet, language and headline of the articles with these words, by time."""
    return db.execute(
        """SELECT published_day AS day, outlet, language, headline FROM coverage
        WHERE id IN (SELECT rowid FROM articles_fts WHERE articles_fts MATCH ?)
        ORDER BY published_at IS NULL, published_at""",
        (words,),
    ).fetchall()


def copies(db: sqlite3.Connection) -> None:
    """Print the reports that several outlets ran: the original, and the copies of the others."""
    table = Table("outlet", "headline", "", title="Who ran whose text", box=None)
    texts = db.execute(
        """SELECT c.id, c.outlet, c.headline FROM shared_texts t JOIN coverage c ON c.id = t.original_id
        JOIN originals f ON f.id = c.id WHERE f.other_outlets > 0 ORDER BY f.other_outlets DESC, c.published_at"""
    )
    for text in texts.fetchall():
        table.add_section()
        table.add_row(text["outlet"], text["headline"], "the original")
        for other in lookup.related_articles(db, text["id"]):
            table.add_row(f"  {other['outlet']}", other["headline"], other["how"])
    console.print()
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
