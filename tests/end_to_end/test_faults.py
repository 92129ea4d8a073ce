"""What a crawl does when it is killed, the disk is full, the archive cannot be written or is gone,
or others are at it.

Nothing that was acknowledged is lost, nothing is stored twice, and what is told is one line.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from archive.doctor import examine_archive
from archive.queries.search import search_articles
from archive.storage.database import open_read_only
from archive.storage.lock import hold_crawl_lock
from archive.storage.schema import ARCHIVE_SCHEMA
from demo.web import Web, serve
from pipelines.policies import archive_policies
from tests.conftest import Dateline
from tests.patience import patient
from tests.stories import outlet, page, story, world

ALL = ("crawl", "--since", "2000-01-01", "--delay", "0")
KILLS = 5
PAGES = 40

NAMESPACES = ["unshare", "--user", "--map-root-user", "--mount"]
"""In which a user without rights may mount."""
MOUNTED = """
mount -t tmpfs -o size="$1" tmpfs "$2" && cp -a "$2.before/." "$2" && mount -o "remount,$3" "$2" || exit 99
at="$2"; shift 3; "$@"; code=$?
cp -a "$at/." "$at.after"
exit $code
"""
"""Size, folder, rw or ro, command. The folder gets a file system of its own, with what lay in
FOLDER.before."""


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACES, "true"], check=False, capture_output=True).returncode == 0


mounts = pytest.mark.skipif(
    not can_mount(), reason="no file system can be mounted here without rights"
)


def pages_asked(web: Web) -> list[str]:
    return [url for url in web.asked() if "/news/" in url]


def wait_for(what: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    while not what() and process.poll() is None:
        time.sleep(0.01)


def assert_sound(folder: Path) -> None:
    """No row without its partner, and a search that finds what there is."""
    with hold_crawl_lock(folder):
        found = examine_archive(folder, archive_policies().texts, alone=True)
    wrong = [
        finding.what for finding in found.findings if not finding.what.startswith("megabytes free")
    ]
    assert wrong == [], list(found.lines())


# -- killed ----------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_crawls_that_are_killed_again_and_again_lose_nothing_and_store_nothing_twice(dateline):
    moments = random.Random(7)
    pages = tuple(page(number, delay=0.1) for number in range(1, PAGES + 1))
    kept: set[str] = set()
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        for turn in range(KILLS):
            process = run.start(*ALL)
            before, some = len(pages_asked(web)), moments.randint(0, 14)
            wait_for(
                lambda before=before, some=some: len(pages_asked(web)) >= before + some, process
            )
            time.sleep(moments.random() * 0.5)
            if turn % 2:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()  # its readers have to see by themselves that it is gone
            process.wait()
            now = set(run.column("SELECT url FROM articles"))
            assert kept <= now
            kept = now
        run.crawl()
        asked = Counter(pages_asked(web))
    urls = run.column("SELECT url FROM articles")
    assert sorted(urls) == sorted(f"http://harbour.example{each.path}" for each in pages)
    assert all(many <= KILLS + 1 for many in asked.values())
    assert run.column("SELECT DISTINCT state FROM urls WHERE kind = 'page'") == ["done"]
    assert run.column("SELECT state FROM crawls ORDER BY id DESC LIMIT 1") == ["finished"]
    assert "running" not in run.column("SELECT state FROM crawls")
    assert_sound(run.folder)


# -- a disk that is full, an archive that cannot be written ----------------------------------------


def on_a_mount(run: Dateline, size: str, how: str) -> subprocess.CompletedProcess[str]:
    """A crawl of an archive that lies on a small file system of its own; what it left behind is in
    `run.folder`."""
    at = run.folder
    at.rename(f"{at}.before")
    at.mkdir()
    command = [*NAMESPACES, "sh", "-c", MOUNTED, "sh", size, str(at), how, *run.command(*ALL)]
    ran = subprocess.run(
        command,
        env=run.environ(),
        capture_output=True,
        text=True,
        timeout=patient(110),
        check=False,
    )
    assert ran.returncode != 99, ran.stderr
    run.folder = Path(f"{at}.after")
    return ran


def assert_one_line(ran: subprocess.CompletedProcess[str]) -> str:
    (line,) = ran.stderr.splitlines()
    assert line.startswith("dateline: ")
    assert ran.returncode == 1
    return line


@mounts
def test_a_full_disk_ends_the_crawl_in_one_line_and_what_was_kept_is_there(dateline):
    with serve(world(outlet(many=PAGES))) as web:
        run = dateline(web)
        run.knows()
        empty = sum(file.stat().st_size for file in run.folder.iterdir())
        line = assert_one_line(on_a_mount(run, f"{empty // 1024 + 1000}k", "rw"))
        assert "disk is full" in line
        kept = run.column("SELECT url FROM articles")
        acknowledged = run.column("SELECT count(*) FROM fetches WHERE outcome = 'new'")
        assert 0 < len(kept) < PAGES, "the disk is too large or too small to show anything"
        assert acknowledged == [len(kept)]
        run.crawl()  # now that there is room
    assert run.column("SELECT count(DISTINCT url) FROM articles") == [PAGES]
    assert run.column("SELECT count(*) FROM articles") == [PAGES]
    assert_sound(run.folder)


@mounts
def test_an_archive_that_can_only_be_read_is_told(dateline):
    with serve(world(outlet(many=2))) as web:
        run = dateline(web)
        run.knows()
        line = assert_one_line(on_a_mount(run, "8m", "ro"))
    assert "cannot be written (Read-only file system)" in line


@mounts
def test_an_archive_on_a_medium_that_can_only_be_read_answers(dateline, tmp_path):
    with serve(world(outlet(many=2))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    at = run.folder
    at.rename(f"{at}.before")
    at.mkdir()
    command = [
        *NAMESPACES,
        "sh",
        "-c",
        MOUNTED,
        "sh",
        "8m",
        str(at),
        "ro",
        *run.command("search", "board"),
    ]
    ran = subprocess.run(
        command, env=run.environ(), capture_output=True, text=True, timeout=patient(60), check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "harbour.example" in ran.stdout


def test_an_archive_that_is_removed_meanwhile_ends_the_crawl_in_one_line(dateline):
    pages = tuple(page(number, delay=0.1) for number in range(1, PAGES + 1))
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        process = subprocess.Popen(run.command(*ALL), env=run.environ(), stderr=subprocess.PIPE)
        wait_for(lambda: len(pages_asked(web)) > 10, process)
        shutil.rmtree(run.folder)
        _, said = process.communicate(timeout=patient(60))
    assert (
        said.decode()
        == f"dateline: {run.folder}: the archive was removed or replaced while it was in use\n"
    )
    assert process.returncode == 1
    assert not run.folder.exists()


def test_an_archive_that_is_moved_away_keeps_what_was_kept(dateline):
    pages = tuple(page(number, delay=0.1) for number in range(1, PAGES + 1))
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        process = run.start(*ALL)
        wait_for(lambda: len(pages_asked(web)) > 10, process)
        run.folder.rename(run.folder.with_name("moved"))
        assert process.wait(timeout=patient(60)) == 1
        run.folder = run.folder.with_name("moved")
        before = set(run.column("SELECT url FROM articles"))
        run.crawl()
    assert before <= set(run.column("SELECT url FROM articles"))
    assert run.column("SELECT count(*) FROM articles") == [PAGES]
    assert_sound(run.folder)


# -- several at once -------------------------------------------------------------------------------


def test_two_crawls_an_import_and_readers_at_once_never_find_the_archive_locked(dateline, tmp_path):
    pages = tuple(page(number, delay=0.1) for number in range(1, PAGES + 1))
    lines = tmp_path / "articles.jsonl"
    rows = (
        f'{{"url": "http://ridge.example/{n}", "text": "{story(n + 200)[:300]}"}}'
        for n in range(40)
    )
    lines.write_text("\n".join(rows).replace("\n\n", " "))
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        process = subprocess.Popen(run.command(*ALL), env=run.environ(), stderr=subprocess.PIPE)
        wait_for(lambda: pages_asked(web), process)
        mistakes: list[str] = []
        reading = threading.Thread(target=read_until, args=(run.folder, process, mistakes))
        reading.start()
        second = run.crawl(code=None)
        imported = run("import", lines, code=None)
        _, said = process.communicate(timeout=patient(100))
        reading.join()
    assert (process.returncode, said.decode()) == (0, "")
    assert second.returncode in (0, 75), "it says who holds the archive, or found it free already"
    assert (imported.returncode, mistakes) == (0, [])
    log = (run.folder / "crawl.log").read_text()
    assert not [
        told for told in (second.stderr, imported.stdout + imported.stderr, log) if "locked" in told
    ]
    assert run.column("SELECT count(*) FROM articles") == [PAGES + 40]
    assert_sound(run.folder)


def read_until(folder: Path, process: subprocess.Popen[bytes], mistakes: list[str]) -> None:
    """Search, and read on in one long transaction, as somebody who browses does."""
    long = sqlite3.connect(folder / "archive.db", isolation_level=None)
    long.execute("BEGIN")
    while process.poll() is None:
        try:
            long.execute("SELECT count(*), sum(length(text)) FROM articles").fetchone()
            reader = open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)
            search_articles(reader, "board")
            reader.close()
        except Exception as error:  # whatever it is, it is told
            mistakes.append(repr(error))
        time.sleep(0.02)
    long.close()
