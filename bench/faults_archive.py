"""Twenty SIGKILLs at random moments during crawls of 571 outlets and 1,099 real pages.

Everything stored before a kill must exist after it. At the end every page is stored exactly once,
and the archive is consistent.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from archive.doctor import examine_archive
from archive.storage.lock import hold_crawl_lock
from bench.crawl import add_outlets, asked, newsweb, run
from bench.figures import Figure
from pipelines.policies import archive_policies

KILLS = 20
PAGES = 90
"""Maximum number of pages requested before a kill: progress, unlike time, does not depend on the
load of the machine."""

DONE_WITHOUT = """SELECT count(*) FROM urls WHERE kind = 'page' AND state = 'done'
  AND outcome IN ('new', 'changed') AND article_id IS NULL"""
SETTLED = (
    "SELECT count(*) FROM urls WHERE kind = 'page' AND outcome IS NOT NULL AND outcome <> 'failed'"
)
"""Pages stored as articles, or recorded with a reason: no article, gone, or refused by the page
itself (noarchive)."""
TWICE = "SELECT count(*) - count(DISTINCT url) FROM articles"


def figures(shared: Path) -> Iterator[Figure]:
    """Kill, resume and check; the archive is deleted."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    try:
        with newsweb(shared, "pages") as address:
            hosts = add_outlets(address, folder)
            kill_once_sources_are_read(address, folder)
            yield from measured(address, folder, sum(hosts.values()))
    finally:
        shutil.rmtree(folder)


def measured(address: str, folder: Path, listed: int) -> Iterator[Figure]:
    """Yield the figures of an archive that knows all pages and has fetched hardly any."""
    killed, amid, lost = kill_again_and_again(address, folder)
    run(address, folder, "crawl", "--since", "2000-01-01")
    fetched = asked(address)
    yield Figure("crawls killed with SIGKILL", killed, "", None, "", f"{KILLS}")
    yield Figure("of them, that had kept something new by then", amid)
    yield Figure("articles lost by a kill", lost, "", None, "", "0")
    yield from told(folder, listed, fetched)


def kill_once_sources_are_read(address: str, folder: Path) -> None:
    """Kill a crawl after all sources were read, and disable the sources.

    Otherwise every later crawl would be killed while it reads them.
    """
    process = start(address, folder)
    while unread_sources(folder) and process.poll() is None:
        time.sleep(0.05)
    wait_for_pages(address, 1, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    with closing(sqlite3.connect(folder / "archive.db")) as db, db:
        db.execute("UPDATE urls SET role = 'listed' WHERE role = 'source'")


def unread_sources(folder: Path) -> int:
    """Return the number of feeds and sitemaps whose content is not stored yet."""
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        row = db.execute(
            "SELECT count(*) FROM urls WHERE role = 'source' AND fetched_at IS NULL"
        ).fetchone()
    return int(row[0])


def wait_for_pages(address: str, many: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until that many pages were requested, or the process ends."""
    while asked(address) < many and process.poll() is None:
        time.sleep(0.05)


def kill_again_and_again(address: str, folder: Path) -> tuple[int, int, int]:
    """Return the number of killed crawls, of those that had stored something, and of lost
    articles."""
    moments = random.Random(20)
    killed = amid = lost = 0
    before = articles(folder)
    for _ in range(KILLS):
        process = start(address, folder)
        wait_for_pages(address, asked(address) + moments.randint(0, PAGES), process)
        time.sleep(moments.random())
        seen = articles(folder)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        after = articles(folder)
        lost += len((before | seen) - after)
        amid += len(after) > len(before)
        before = after
    return killed, amid, lost


def start(address: str, folder: Path) -> subprocess.Popen[bytes]:
    """Start a crawl in a process group that can be killed."""
    command = [
        sys.executable,
        "-m",
        "crawler",
        "crawl",
        "--since",
        "2000-01-01",
        "--archive",
        str(folder),
    ]
    quiet = subprocess.DEVNULL
    environment = {**os.environ, "http_proxy": address, "https_proxy": address}
    return subprocess.Popen(
        command, env=environment, stdout=quiet, stderr=quiet, start_new_session=True
    )


def articles(folder: Path) -> set[str]:
    """Return the URLs of all articles."""
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        return {url for (url,) in db.execute("SELECT url FROM articles")}


def told(folder: Path, listed: int, fetched: int) -> Iterator[Figure]:
    """Yield the figures of the archive at the end."""
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        settled, twice, without = (
            db.execute(query).fetchone()[0] for query in (SETTLED, TWICE, DONE_WITHOUT)
        )
        left = db.execute(
            "SELECT count(*) FROM urls WHERE state IN ('pending', 'leased')"
        ).fetchone()[0]
    with hold_crawl_lock(folder):
        found = examine_archive(folder, archive_policies().texts, alone=True)
    wrong = [finding for finding in found.findings if not finding.what.startswith("megabytes free")]
    kept = 100 * settled / listed
    yield Figure(
        "pages kept, or recorded with why not, of those listed", kept, "%", 98, "bound", "≥ 98 %"
    )
    yield Figure("articles stored twice", twice, "", None, "", "0")
    yield Figure("addresses done without their article", without, "", None, "", "0")
    yield Figure("addresses left waiting", left, "", None, "", "0")
    yield Figure(
        "findings of the doctor: both files, search, references", len(wrong), "", None, "", "0"
    )
    yield Figure("pages fetched again because of the kills", fetched - listed, "", listed, "pages")
