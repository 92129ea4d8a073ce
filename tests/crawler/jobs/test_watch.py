"""A loop that crawls, tells a line a run, and ends when it is told to, with all that came of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.frontier.urls import queue_leads
from archive.records import Lead
from archive.storage.lock import hold_crawl_lock
from crawler.jobs.watch import WatchedRun, run_summary
from demo.web import serve
from tests.patience import patient, until
from tests.stories import NOW, outlet, page, world

pytestmark = pytest.mark.slow  # each starts a program that runs others

CRAWL = {"id": 7, "state": "finished", "reason": None, "new": 12, "changed": 1, "failed": 0}

WATCH = """
import ctypes, os, sys; from pathlib import Path; import crawler.jobs.watch; from crawler.jobs.watch import watch_archive
crawler.jobs.watch.STOP_TIMEOUT_SECONDS = float(os.environ.get("WATCH_GRACE") or crawler.jobs.watch.STOP_TIMEOUT_SECONDS)
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # as PID 1 does, it gets the processes that lose their parents
watch_archive(Path(sys.argv[1]), float(sys.argv[2]), [sys.executable, "-c", sys.argv[3], *sys.argv[4:]],
      lambda line: print(line, flush=True))
"""
STUBBORN = """
import os, signal, subprocess, sys, time; from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "1000"])
Path(sys.argv[1]).write_text(f"{os.getpid()} {child.pid}")
time.sleep(1000)
"""
ORPHANING = 'import subprocess; subprocess.Popen(["sleep", "0.2"])'


def watching(
    folder: Path, every: float, script: str, *words: object, grace: str = ""
) -> subprocess.Popen[str]:
    """A watch; it kills what does not stop after `grace` seconds, as usual if that is empty."""
    return subprocess.Popen(
        [sys.executable, "-c", WATCH, str(folder), str(every), script, *map(str, words)],
        env=os.environ | {"WATCH_GRACE": grace},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def ended(process: subprocess.Popen[str], how: int = signal.SIGTERM) -> str:
    """Stop a watch, and return all that it printed."""
    process.send_signal(how)
    told, _ = process.communicate(timeout=patient(20))
    assert process.returncode == 0, told
    return told


@pytest.mark.parametrize(
    ("run", "crawl", "line"),
    [
        (WatchedRun(0, 34.2), CRAWL, "crawl 7 finished in 34 s: 12 new, 1 changed, 0 failed"),
        (WatchedRun(0, 2), None, "nothing to do, 2 s"),
        (WatchedRun(75, 0.4, "data: a crawl is running"), None, "skipped: data: a crawl is running"),
        (WatchedRun(1, 3, "data: the disk is full"), CRAWL, "failed with exit code 1 after 3 s: data: the disk is full"),
        (WatchedRun(-9, 3), CRAWL, "ended by signal 9 after 3 s; its unfinished pages wait for the next crawl"),
        (WatchedRun(0, 5, stopped=True), CRAWL | {"state": "stopped", "reason": "stopped by the user"},
         "crawl 7 stopped (stopped by the user) in 5 s: 12 new, 1 changed, 0 failed"),
        (WatchedRun(-15, 1, stopped=True), None, "stopped after 1 s; its unfinished pages wait for the next crawl"),
        (WatchedRun(-9, 7, stopped=True, killed=True), CRAWL,
         "killed after 7 s, because it did not stop; its unfinished pages wait for the next crawl"),
    ],
)  # fmt: skip
def test_a_run_is_told_in_a_line(run, crawl, line):
    assert run_summary(run, crawl) == line


@pytest.mark.slow
def test_every_run_finds_what_is_new_and_the_end_is_an_orderly_one(dateline):
    with serve(world(outlet(many=3)), now=NOW.replace(hour=9, minute=30)) as web:
        run = dateline(web)
        run.knows()
        process = subprocess.Popen(
            run.command("watch", "--every", "1s"),
            env=run.environ(),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout
            first = [process.stdout.readline() for _ in range(2)][1]
            web.now = NOW
            with closing(
                sqlite3.connect(run.folder / "archive.db", isolation_level=None)
            ) as archive:
                # hours have passed
                archive.execute("UPDATE urls SET due_at = NULL WHERE role = 'source'")
            until(lambda: run.column("SELECT count(*) FROM articles") == [3])
            told = ended(process)
        finally:
            process.kill()
    assert "crawl 1 finished" in first
    assert "1 new" in first
    assert "2 new" in told
    assert set(run.column("SELECT state FROM crawls")) <= {"finished", "stopped"}


@pytest.mark.slow
def test_a_crawl_that_is_under_way_is_told_to_stop_and_gives_back_what_it_holds(dateline):
    with serve(
        world(outlet(pages=tuple(page(number, delay=20) for number in range(1, 20))))
    ) as web:
        run = dateline(web)
        run.knows()
        with Archive(run.folder) as archive:  # listed long ago, whatever day it is today
            queue_leads(
                archive.db,
                [Lead(f"http://harbour.example{page(n).path}", via="feed") for n in range(1, 20)],
            )
        process = subprocess.Popen(
            run.command("watch"), env=run.environ(), stdout=subprocess.PIPE, text=True
        )
        until(lambda: [url for url in web.asked() if "/news/" in url])
        assert run.column("SELECT count(*) FROM urls WHERE state = 'leased'") > [0]
        told = ended(process)
    assert len(told.splitlines()) == 2
    assert run.column("SELECT count(*) FROM urls WHERE state = 'leased'") == [0]
    assert run.column("SELECT count(*) FROM crawls WHERE state = 'running'") == [0]


def test_a_run_that_does_not_stop_is_killed_with_its_children(tmp_path):
    pids = tmp_path / "pids"
    process = watching(tmp_path / "archive", 60, STUBBORN, pids)
    until(lambda: pids.exists() and pids.read_text())
    told = ended(process)
    assert "because it did not stop" in told
    until(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().split()))


def test_a_second_signal_does_not_wait(tmp_path):
    pids = tmp_path / "pids"
    process = watching(tmp_path / "archive", 60, STUBBORN, pids, grace="10000")
    until(lambda: pids.exists() and pids.read_text())
    # two kinds, as two of one kind that come at once are one to the system
    process.send_signal(signal.SIGTERM)
    ended(process, signal.SIGINT)


def test_while_it_waits_for_the_next_run_it_ends_at_once(tmp_path):
    process = watching(tmp_path / "archive", 3600, "pass")
    assert process.stdout
    assert re.search(r"nothing to do, \d+ s$", process.stdout.readline().strip())
    ended(process)


@pytest.mark.slow
def test_a_busy_archive_is_passed_over_and_tried_again(dateline):
    with serve(world(outlet(many=1))) as web:
        run = dateline(web)
        run.knows()
        with hold_crawl_lock(run.folder):
            process = subprocess.Popen(
                run.command("watch", "--every", "1s"),
                env=run.environ(),
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout
            busy = [process.stdout.readline() for _ in range(2)][1]
        told = next(line for line in process.stdout if "crawl 1" in line)
        ended(process)
    assert f"skipped: {run.folder}: a crawl is running here already (process {os.getpid()} " in busy
    assert "crawl 1 finished" in told


def test_a_run_that_fails_is_told_with_its_reason_and_the_next_comes(tmp_path):
    process = watching(
        tmp_path / "archive", 0.1, "import sys; sys.exit('dateline: no outlets yet')"
    )
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(2)]
    ended(process)
    failed = re.compile(r"failed with exit code 1 after \d+ s: no outlets yet")
    assert all(failed.search(line) for line in lines)


def test_processes_that_lost_their_parents_are_taken_in(tmp_path):
    process = watching(tmp_path / "archive", 0.1, ORPHANING)
    assert process.stdout
    for _ in range(5):
        process.stdout.readline()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

    def zombies() -> list[str]:
        pids = children.read_text().split()
        return [pid for pid in pids if Path(f"/proc/{pid}").exists() and not is_alive(int(pid))]

    # one may have ended this very moment; without a parent all five would stay
    until(lambda: len(zombies()) <= 1, "zombies stay")
    ended(process)


NAMESPACE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child"]


def can_be_first() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.skipif(
    not can_be_first(), reason="no process can be the first of its namespace here without rights"
)
def test_as_the_first_process_of_a_container_it_hears_the_signal_to_stop(tmp_path):
    script = "import time; time.sleep(1000)"
    command = [*NAMESPACE, sys.executable, "-c", WATCH, str(tmp_path / "archive"), "60", script]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until(lambda: [below for pid in children.read_text().split() for below in below_of(pid)])
    os.kill(int(children.read_text().split()[0]), signal.SIGTERM)
    told, _ = process.communicate(timeout=patient(20))
    assert "stopped after" in told


def below_of(pid: str) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
