"""Job behind `dateline watch`: repeated crawls, each in a new process, made for containers.

A new process returns all memory that a crawl took, and a crash of a crawl does not end the
watch. As process 1 of a container it also reaps orphaned processes and passes signals on.
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
"""Seconds that a crawl has to stop in order; afterwards it is killed.

Its unfinished pages come up again in the next crawl. A container gets ten seconds in all.
"""

ASKED_TO_STOP = {signal.SIGTERM, signal.SIGINT}
HEARD = {*ASKED_TO_STOP, signal.SIGCHLD}
WAITING_PAGES = "its unfinished pages wait for the next crawl"


@dataclass(frozen=True, slots=True)
class Run:
    """The end of one run."""

    code: int
    """Its exit code; if a signal ended it, the number of the signal, negative."""
    seconds: float
    said: str = ""
    """The last line of its standard error."""
    stopped: bool = False
    """True if it was asked to stop because this process was."""
    killed: bool = False
    """True if it was killed because it did not stop."""


def watch(folder: Path, every: float, command: Sequence[str], tell: Callable[[str], None]) -> None:
    """Run a command every `every` seconds until SIGTERM or SIGINT; `tell` gets a line for each run.

    A run that takes longer is followed by the next one at once; two runs never overlap.
    """
    # blocked signals arrive only where the code waits for them, and interrupt nothing
    mask_before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
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
        signal.pthread_sigmask(signal.SIG_SETMASK, mask_before)


# -- one run ---------------------------------------------------------------------------------------


def run_once(command: Sequence[str]) -> Run:
    """Run a command to its end and return the outcome.

    If this process is asked to stop meanwhile, the command is asked to stop too, and killed with
    all its children if it does not.
    """
    began = time.monotonic()
    with told_if_full():
        errors = tempfile.TemporaryFile(dir=temporary_folder())  # noqa: SIM115  it is closed below
    with errors:
        pid = start(command, errors.fileno())
        status, stopped, killed = attend(pid)
        said = last_line(errors)
    return Run(os.waitstatus_to_exitcode(status), time.monotonic() - began, said, stopped, killed)


def start(command: Sequence[str], errors: int) -> int:
    """Start a command in a separate process group and return the ID of the process.

    Ctrl-C then reaches it only through this process, and the whole group can be killed.
    """
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
    """Wait for a process; return its status, and whether it was asked to stop and was killed."""
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
        # asked to stop a second time, or the time to stop is over
        elif heard in ASKED_TO_STOP or time.monotonic() >= deadline:
            killed, deadline = True, math.inf
            os.killpg(pid, signal.SIGKILL)


def next_signal(timeout: float) -> int | None:
    """Return the next signal sent to this process; None after `timeout` seconds, at most an hour."""
    info = signal.sigtimedwait(HEARD, min(max(0.0, timeout), 3600))
    return info.si_signo if info else None


def ends() -> Iterator[tuple[int, int]]:
    """Yield the IDs and statuses of processes that ended: children and, for process 1, orphans."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended


def asked_to_stop(until: float) -> bool:
    """Wait until a time of the monotonic clock; return True as soon as asked to stop."""
    while (left := until - time.monotonic()) > 0:
        heard = next_signal(left)
        if heard in ASKED_TO_STOP:
            return True
        list(ends())
    return next_signal(0) in ASKED_TO_STOP


# -- outcome ---------------------------------------------------------------------------------------


def result(run: Run, crawl: Mapping[str, Any] | None) -> str:
    """Return a line about a run and the crawl it made."""
    took = f"{run.seconds:.0f} s"
    if run.killed:
        return f"killed after {took}, because it did not stop; {WAITING_PAGES}"
    if run.code == BusyError.exit_code:
        return f"skipped: {run.said}"
    if run.code < 0 and run.stopped:
        return f"stopped after {took}; {WAITING_PAGES}"
    if run.code < 0:
        return f"ended by signal {-run.code} after {took}; {WAITING_PAGES}"
    if run.code and not run.stopped:
        return f"failed with exit code {run.code} after {took}: {run.said}"
    if crawl is None:
        return f"stopped after {took}" if run.stopped else f"nothing to do, {took}"
    numbers = ", ".join(f"{crawl[name]} {name}" for name in ("new", "changed", "failed"))
    reason = f" ({crawl['reason']})" if crawl["reason"] else ""
    return f"crawl {crawl['id']} {crawl['state']}{reason} in {took}: {numbers}"


def newest_crawl(folder: Path) -> int:
    """Return the ID of the newest crawl; 0 without a crawl or an archive."""
    crawl = crawl_since(folder, 0)
    return int(crawl["id"]) if crawl else 0


def crawl_since(folder: Path, before: int) -> Mapping[str, Any] | None:
    """Return the newest crawl if its ID is above `before`, else None."""
    with (
        suppress(ArchiveError, sqlite3.Error),
        closing(connect_to_read(folder / "archive.db", ARCHIVE)) as db,
    ):
        row = db.execute(CRAWLS).fetchone()
        return dict(row) if row and row["id"] > before else None
    return None


def settle(folder: Path) -> None:
    """Release the pages that a killed crawl had leased; on failure the next crawl does so."""
    with (
        suppress(ArchiveError, sqlite3.Error),
        crawl_lock(folder),
        closing(connect(folder / "archive.db", ARCHIVE)) as db,
        transaction(db),
    ):
        return_from_the_dead(db)


def last_line(file: Any) -> str:
    """Return the last line of a file, without the name of the program."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2000))
    lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("dateline: ") if lines else ""


def this_program(*words: str) -> list[str]:
    """Return the arguments that call this program with further `words`."""
    return [*program(), *words]
