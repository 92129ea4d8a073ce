"""`dateline watch`: crawls again and again, a fresh process a run; made to be the first process of
a container.

A fresh process gives back whatever memory a crawl took, and a crawl that dies takes nothing with
it. As PID 1 it also has to take in the ends of processes that lost their parents, and nobody else
passes signals on.
"""

from __future__ import annotations

import math
import os
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.doctor import return_from_the_dead
from archive.errors import ArchiveError, BusyError
from archive.queries.status import CRAWLS
from archive.records import now
from archive.storage.database import connect, connect_to_read, transaction
from archive.storage.lock import crawl_lock
from archive.storage.schema import ARCHIVE
from archive.storage.temporary_files import temporary_folder, told_if_full
from crawler.processes.subprocesses import environment, program

GRACE = 7.0
"""Seconds that a crawl has to end in order; what is under way then is cut off, and comes round in
the next. A container gets ten in all."""

ASKED_TO_STOP = {signal.SIGTERM, signal.SIGINT}
HEARD = {*ASKED_TO_STOP, signal.SIGCHLD}


@dataclass(frozen=True, slots=True)
class Run:
    """How one run ended."""

    code: int
    """Its exit code; of one that a signal ended, the signal's number, negative."""
    seconds: float
    said: str = ""
    """The last line of its standard error."""
    stopped: bool = False
    """By us, who were asked to."""
    killed: bool = False
    """By us, as it did not stop."""


def watch(folder: Path, every: float, command: Sequence[str], tell: Callable[[str], None]) -> None:
    """Run a command every so many seconds until asked to stop (SIGTERM, SIGINT); `tell` gets a line
    a run.

    A run that takes longer is followed by the next at once: there are never two.
    """
    # they are waited for, so none comes amid something
    waited_for = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    try:
        while True:
            began = time.monotonic()
            before = newest_crawl(folder)
            run = run_once(command)
            if run.code < 0:
                settle(folder)
            tell(f"{now()} {result(run, crawl_since(folder, before))}")
            if run.stopped or asked_to_stop(until=began + every):
                return
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, waited_for)


# -- one run ---------------------------------------------------------------------------------------


def run_once(command: Sequence[str]) -> Run:
    """Run a command to its end, or to ours: asked to stop, it is asked too, and killed with all its
    children if it does not."""
    began = time.monotonic()
    with told_if_full():
        errors = tempfile.TemporaryFile(dir=temporary_folder())  # noqa: SIM115  it is closed below
    with errors:
        pid = start(command, errors.fileno())
        status, stopped, killed = attend(pid)
        said = last_line(errors)
    return Run(os.waitstatus_to_exitcode(status), time.monotonic() - began, said, stopped, killed)


def start(command: Sequence[str], errors: int) -> int:
    """A process group of its own, so that Ctrl-C reaches it through us alone, and all of it can be
    ended."""
    return os.posix_spawn(
        command[0],
        list(command),
        environment(),
        setpgroup=0,
        setsigmask=[],
        setsigdef=ASKED_TO_STOP,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, errors, 2),
        ],
    )


def attend(pid: int) -> tuple[int, bool, bool]:
    """Wait for a process: its status, whether it was asked to stop, whether it had to be killed."""
    stopped = killed = False
    deadline = math.inf
    while True:
        heard = next_signal(deadline - time.monotonic())
        status = dict(ends()).get(pid)
        if status is not None:
            return status, stopped, killed
        if heard in ASKED_TO_STOP and not stopped:
            stopped, deadline = True, time.monotonic() + GRACE
            os.kill(pid, signal.SIGTERM)
        # asked again, or out of patience
        elif heard in ASKED_TO_STOP or time.monotonic() >= deadline:
            killed, deadline = True, math.inf
            os.killpg(pid, signal.SIGKILL)


def next_signal(timeout: float) -> int | None:
    """The next one that was sent to us; None when the time is up, or an hour."""
    info = signal.sigtimedwait(HEARD, min(max(0.0, timeout), 3600))
    return info.si_signo if info else None


def ends() -> Iterator[tuple[int, int]]:
    """Processes that ended, with their status: ours, and as PID 1 those without parents."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended


def asked_to_stop(until: float) -> bool:
    """Wait for a moment of the monotonic clock; True as soon as somebody asks us to stop."""
    while (left := until - time.monotonic()) > 0:
        heard = next_signal(left)
        if heard in ASKED_TO_STOP:
            return True
        list(ends())
    return next_signal(0) in ASKED_TO_STOP


# -- what came of it -------------------------------------------------------------------------------


def result(run: Run, crawl: Mapping[str, Any] | None) -> str:
    """A run in a line."""
    took = f"{run.seconds:.0f} s"
    if run.killed:
        return f"killed after {took}, as it did not stop; what it held waits for the next crawl"
    if run.code == BusyError.exit_code:
        return f"passed over: {run.said}"
    if run.code < 0 and run.stopped:
        return f"stopped after {took}; what it held waits for the next crawl"
    if run.code < 0:
        return f"ended by signal {-run.code} after {took}; what it held waits for the next crawl"
    if run.code and not run.stopped:
        return f"failed with exit code {run.code} after {took}: {run.said}"
    if crawl is None:
        return f"stopped after {took}" if run.stopped else f"nothing to do, {took}"
    numbers = ", ".join(f"{crawl[name]} {name}" for name in ("new", "changed", "failed"))
    reason = f" ({crawl['reason']})" if crawl["reason"] else ""
    return f"crawl {crawl['id']} {crawl['state']}{reason} in {took}: {numbers}"


def newest_crawl(folder: Path) -> int:
    """The number of the newest crawl; 0 where there is none, nor an archive."""
    crawl = crawl_since(folder, 0)
    return int(crawl["id"]) if crawl else 0


def crawl_since(folder: Path, before: int) -> Mapping[str, Any] | None:
    """The newest crawl, if it came after a number."""
    with (
        suppress(ArchiveError, sqlite3.Error),
        closing(connect_to_read(folder / "archive.db", ARCHIVE)) as db,
    ):
        row = db.execute(CRAWLS).fetchone()
        return dict(row) if row and row["id"] > before else None
    return None


def settle(folder: Path) -> None:
    """What a crawl that a signal ended had in hand waits again; where that fails, the next one does
    it at its start."""
    with (
        suppress(ArchiveError, sqlite3.Error),
        crawl_lock(folder),
        closing(connect(folder / "archive.db", ARCHIVE)) as db,
        transaction(db),
    ):
        return_from_the_dead(db)


def last_line(file: Any) -> str:
    """Of what a run wrote to its standard error."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2000))
    lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("dateline: ") if lines else ""


def this_program(*words: str) -> list[str]:
    """A call of this very program."""
    return [*program(), *words]
