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

from archive.doctor import release_stale_leases
from archive.errors import ArchiveError, BusyError
from archive.queries.status import RECENT_CRAWLS_SQL
from archive.records import current_timestamp
from archive.storage.database import open_database, open_read_only, transaction
from archive.storage.lock import hold_crawl_lock
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.storage.temporary_files import report_full_folder, temporary_folder
from crawler.processes.subprocesses import dateline_command, subprocess_environment

STOP_TIMEOUT_SECONDS = 7.0
"""Seconds that a crawl has to stop in order; afterwards it is killed.

Its unfinished pages come up again in the next crawl. A container gets ten seconds in all.
"""

SECONDS_PER_DAY = 86_400
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
AWAITED_SIGNALS = {*STOP_SIGNALS, signal.SIGCHLD}
UNFINISHED_PAGES_NOTE = "its unfinished pages wait for the next crawl"


@dataclass(frozen=True, slots=True)
class WatchedRun:
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


def watch_archive(
    folder: Path,
    every: float,
    command: Sequence[str],
    tell: Callable[[str], None],
    daily: Sequence[str] = (),
) -> None:
    """Run a command every `every` seconds until SIGTERM or SIGINT; `tell` gets a line for each run.

    A run that takes longer is followed by the next one at once; two runs never overlap. `daily` is
    a command that is run after the first run and then once a day; `tell` gets a line if it fails.
    """
    daily_from = time.monotonic()
    # blocked signals arrive only where the code waits for them, and interrupt nothing
    mask_before = signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED_SIGNALS)
    try:
        while True:
            began = time.monotonic()
            before = newest_crawl_id(folder)
            run = run_command_once(command)
            if run.code < 0:
                release_killed_crawl(folder)
            tell(f"{current_timestamp()} {run_summary(run, newer_crawl(folder, before))}")
            if daily and not run.stopped and time.monotonic() >= daily_from:
                daily_from += SECONDS_PER_DAY
                run = run_command_once(daily)
                if run.code and not run.stopped:
                    tell(f"{current_timestamp()} pruning failed: {run.said}")
            if run.stopped or wait_until_stopped(until=began + every):
                return
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask_before)


# -- one run ---------------------------------------------------------------------------------------


def run_command_once(command: Sequence[str]) -> WatchedRun:
    """Run a command to its end and return the outcome.

    If this process is asked to stop meanwhile, the command is asked to stop too, and killed with
    all its children if it does not.
    """
    began = time.monotonic()
    with report_full_folder():
        errors = tempfile.TemporaryFile(dir=temporary_folder())  # noqa: SIM115  it is closed below
    with errors:
        pid = start_command(command, errors.fileno())
        status, stopped, killed = wait_for_process(pid)
        said = last_error_line(errors)
    return WatchedRun(
        os.waitstatus_to_exitcode(status), time.monotonic() - began, said, stopped, killed
    )


def start_command(command: Sequence[str], errors: int) -> int:
    """Start a command in a separate process group and return the ID of the process.

    Ctrl-C then reaches it only through this process, and the whole group can be killed.
    """
    return os.posix_spawn(
        command[0],
        list(command),
        subprocess_environment(),
        setpgroup=0,
        setsigmask=[],
        setsigdef=STOP_SIGNALS,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, errors, 2),
        ],
    )


def wait_for_process(pid: int) -> tuple[int, bool, bool]:
    """Wait for a process; return its status, and whether it was asked to stop and was killed."""
    stopped = killed = False
    deadline = math.inf
    while True:
        heard = wait_for_signal(deadline - time.monotonic())
        status = dict(ended_processes()).get(pid)
        if status is not None:
            return status, stopped, killed
        if heard in STOP_SIGNALS and not stopped:
            stopped, deadline = True, time.monotonic() + STOP_TIMEOUT_SECONDS
            os.kill(pid, signal.SIGTERM)
        # asked to stop a second time, or the time to stop is over
        elif heard in STOP_SIGNALS or time.monotonic() >= deadline:
            killed, deadline = True, math.inf
            os.killpg(pid, signal.SIGKILL)


def wait_for_signal(timeout: float) -> int | None:
    """Return the next signal sent to this process; None after `timeout` seconds, at most an
    hour."""
    info = signal.sigtimedwait(AWAITED_SIGNALS, min(max(0.0, timeout), 3600))
    return info.si_signo if info else None


def ended_processes() -> Iterator[tuple[int, int]]:
    """Yield the IDs and statuses of processes that ended: children and, for process 1, orphans."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            yield ended


def wait_until_stopped(until: float) -> bool:
    """Wait until a time of the monotonic clock; return True as soon as asked to stop."""
    while (left := until - time.monotonic()) > 0:
        heard = wait_for_signal(left)
        if heard in STOP_SIGNALS:
            return True
        list(ended_processes())
    return wait_for_signal(0) in STOP_SIGNALS


# -- outcome ---------------------------------------------------------------------------------------


def run_summary(run: WatchedRun, crawl: Mapping[str, Any] | None) -> str:
    """Return a line about a run and the crawl it made."""
    took = f"{run.seconds:.0f} s"
    if run.killed:
        return f"killed after {took}, because it did not stop; {UNFINISHED_PAGES_NOTE}"
    if run.code == BusyError.exit_code:
        return f"skipped: {run.said}"
    if run.code < 0 and run.stopped:
        return f"stopped after {took}; {UNFINISHED_PAGES_NOTE}"
    if run.code < 0:
        return f"ended by signal {-run.code} after {took}; {UNFINISHED_PAGES_NOTE}"
    if run.code and not run.stopped:
        return f"failed with exit code {run.code} after {took}: {run.said}"
    if crawl is None:
        return f"stopped after {took}" if run.stopped else f"nothing to do, {took}"
    numbers = ", ".join(f"{crawl[name]} {name}" for name in ("new", "changed", "failed"))
    reason = f" ({crawl['reason']})" if crawl["reason"] else ""
    return f"crawl {crawl['id']} {crawl['state']}{reason} in {took}: {numbers}"


def newest_crawl_id(folder: Path) -> int:
    """Return the ID of the newest crawl; 0 without a crawl or an archive."""
    crawl = newer_crawl(folder, 0)
    return int(crawl["id"]) if crawl else 0


def newer_crawl(folder: Path, before: int) -> Mapping[str, Any] | None:
    """Return the newest crawl if its ID is above `before`, else None."""
    with (
        suppress(ArchiveError, sqlite3.Error),
        closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as db,
    ):
        row = db.execute(RECENT_CRAWLS_SQL).fetchone()
        return dict(row) if row and row["id"] > before else None
    return None


def release_killed_crawl(folder: Path) -> None:
    """Release the pages that a killed crawl had leased; on failure the next crawl does so."""
    with (
        suppress(ArchiveError, sqlite3.Error),
        hold_crawl_lock(folder),
        closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db,
        transaction(db),
    ):
        release_stale_leases(db)


def last_error_line(file: Any) -> str:
    """Return the last line of a file, without the name of the program."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2000))
    lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("dateline: ") if lines else ""


def program_command(*words: str) -> list[str]:
    """Return the arguments that call this program with further `words`."""
    return [*dateline_command(), *words]
