"""A crawl ends when its time is up and when it is asked to, whatever it is doing; what was written
is there."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.storage.lock import crawl_lock_owner
from demo.strangers import Answer, stranger
from tests.conftest import Dateline
from tests.end_to_end.test_hostile_web import html, knows, rss
from tests.paths import ROOT
from tests.patience import patient

LEASE = "crawler.spiders.archive_spider:has_waiting_pages"
PATIENCE = 100
"""Seconds after which a crawl counts as one that does not end."""


@dataclass
class Held(Dateline):
    """The command with something that never returns."""

    place: str = LEASE
    how: str = "asleep"

    def command(self, *words: object) -> list[str]:  # type: ignore[override]
        return [sys.executable, "-m", "tests.held", self.place, self.how, "--", *map(str, words)]

    def environ(self) -> dict[str, str]:
        return super().environ() | {"PYTHONPATH": str(ROOT)}


@pytest.fixture
def outlet(tmp_path):
    """An outlet of one page; gives the command, held as asked."""
    says = {"/1": html(1), "/feed": Answer(200, rss("http://courier.example/1"))}
    with stranger(says) as there:

        def on(place: str, how: str) -> Held:
            run = Held(
                tmp_path / "archive",
                None,
                {"http_proxy": there.url, "https_proxy": there.url},
                place,
                how,
            )
            knows(run, "courier.example", ("http://courier.example/feed", "feed"))
            return run

        yield on


def told_after(run: Held, *words: str, signals: tuple[signal.Signals, ...] = ()) -> tuple[int, str]:
    """The exit code of a crawl that is held, and what it told; the signals are sent once it is
    held."""
    process = subprocess.Popen(
        run.command("crawl", "--delay", "0", *words),
        env=run.environ(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        for each in signals:
            process.send_signal(each)
        told, _ = process.communicate(timeout=patient(PATIENCE))
    finally:
        process.kill()
        process.wait()
    return process.returncode, told


@pytest.mark.parametrize("how", ["asleep", "busy", "writing"])
def test_a_crawl_whose_time_is_up_ends_while_its_loop_is_held_and_the_next_takes_up_what_waited(
    outlet, how
):
    run = outlet(LEASE, how)
    code, told = told_after(run, "--max-time", "1h")
    assert code == 0
    assert "stopped before its end: the time was up" in told
    assert crawl_lock_owner(run.folder) is None
    if how != "writing":  # who is ended amid a transaction is marked interrupted by the next crawl
        assert run.column("SELECT state || ': ' || reason FROM crawls") == [
            "stopped: the time was up"
        ]
    Dateline(run.folder, None, run.environment).crawl()
    assert run.column("SELECT url FROM articles") == ["http://courier.example/1"]
    assert run.column("PRAGMA integrity_check") == ["ok"]


@pytest.mark.parametrize(
    ("how", "signals"), [("asleep", (signal.SIGTERM,)), ("busy", (signal.SIGINT,))]
)
def test_a_crawl_that_is_asked_to_stop_ends_while_its_loop_is_held(outlet, how, signals):
    run = outlet(LEASE, how)
    code, told = told_after(run, signals=signals)
    assert code == 0
    assert "stopped before its end: stopped by the user" in told
    assert run.column("SELECT state || ': ' || reason FROM crawls") == [
        "stopped: stopped by the user"
    ]


@pytest.mark.parametrize(("how", "expected"), [("busy", 0), ("locked", -signal.SIGKILL)])
def test_a_second_request_to_stop_waits_for_nothing(outlet, how, expected):
    run = outlet(LEASE, how)
    run.environment["HELD_GRACE"] = "1000"
    process = subprocess.Popen(
        run.command("crawl", "--delay", "0"), env=run.environ(), stdout=subprocess.PIPE
    )
    assert process.stdout
    assert process.stdout.readline() == b"held\n"
    last = time.monotonic() + patient(PATIENCE)
    while process.poll() is None:
        assert time.monotonic() < last
        # again and again, as those that come at once are one to the system
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
    assert process.wait() == expected


@pytest.mark.parametrize(
    ("words", "signals"),
    [((), (signal.SIGTERM,)), ((), (signal.SIGINT,)), (("--max-time", "1h"), ())],
)
def test_a_crawl_ends_while_one_call_holds_the_lock_of_the_interpreter(outlet, words, signals):
    run = outlet(LEASE, "locked")
    code, told = told_after(run, *words, signals=signals)
    assert code == -signal.SIGKILL  # who is killed cannot say anything else
    assert "was killed. What waits is taken up by the next crawl." in told
    assert crawl_lock_owner(run.folder) is None
    Dateline(run.folder, None, run.environment).crawl()
    assert run.column("SELECT state FROM crawls") == ["interrupted", "finished"]
    assert run.column("SELECT url FROM articles") == ["http://courier.example/1"]


def test_nothing_is_left_of_what_watches_over_a_crawl(outlet):
    """Neither after its end in order, nor after its kill."""
    run = outlet(LEASE, "asleep")
    process = subprocess.Popen(
        run.command("crawl"), env=run.environ(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    beside = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(beside) >= 1
    process.kill()
    assert process.stdout.read() == ""  # which they all have open
    process.wait()


def test_a_crawl_ends_whose_last_writing_never_returns(outlet):
    run = outlet("pipelines.keep:CheckBatches.finish", "asleep")
    assert told_after(run, "--max-time", "1h")[0] == 0
    assert run.column("SELECT url FROM articles") == ["http://courier.example/1"]
