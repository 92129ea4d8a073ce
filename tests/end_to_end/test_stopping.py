"""Ctrl-C ends a crawl in order whenever it comes, with exit code 0: also before there is anything
to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.web import serve
from tests.patience import patient, until
from tests.stories import outlet, page, world

SCRIPT = Path(sys.executable).parent / "dateline"


def until_running(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait until a condition holds; fails if the process ends before."""

    def holds() -> object:
        assert process.poll() is None, process.communicate()
        return condition()

    until(holds)


def hears(process: subprocess.Popen[str]) -> bool:
    """Does a program have a handler of its own for Ctrl-C and SIGTERM? Python has one for Ctrl-C
    alone."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(
        next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16
    )
    return bool(caught >> (signal.SIGTERM - 1) & 1)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "words", [["crawl"], ["crawl", "--due"], ["crawl", "http://harbour.example/news/1001-x"]]
)
@pytest.mark.parametrize("when", ["it loads", "it runs"])
def test_a_crawl_that_is_asked_to_stop_ends_in_order(dateline, words, when, stop):
    with serve(
        world(outlet(pages=tuple(page(number, delay=0.3) for number in range(1, 30))))
    ) as web:
        run = dateline(web)
        run.knows()
        process = subprocess.Popen(
            [str(SCRIPT), *words], env=run.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        until_running(lambda: hears(process), process)
        if when == "it runs":
            until_running(
                lambda: run.column("SELECT 1 FROM crawls") or process.poll() is not None, process
            )
        os.killpg(process.pid, stop)
        told, mistakes = process.communicate(timeout=patient(100))
    assert process.returncode == 0, (told, mistakes)
    assert "Aborted" not in told + mistakes
    assert "Traceback" not in mistakes
    assert set(run.column("SELECT state FROM crawls")) <= {"stopped", "finished"}
    if when == "it loads":
        assert "stopped before" in told.lower()


def test_another_command_that_is_interrupted_while_it_loads_ends_without_a_traceback(dateline):
    run = dateline()
    for _ in range(20):  # it may end before anybody looks at it
        process = subprocess.Popen(
            [str(SCRIPT), "search", "crawling"],
            env=run.environ(), stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until(lambda: process.poll() is not None or hears(process))  # noqa: B023
        if process.poll() is None:
            break
    process.send_signal(signal.SIGINT)
    assert "Traceback" not in process.communicate(timeout=patient(60))[1]
    assert process.returncode != 0
