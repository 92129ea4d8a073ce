"""One crawl at a time: a lock on the archive's folder that dies with its owner."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from archive.errors import ArchiveError, BusyError
from archive.records import now

PATIENCE = 0.3
"""Seconds to wait for the lock: who merely asks whether it is held (`held_by`) holds it for a
moment."""


@contextmanager
def crawl_lock(folder: Path) -> Iterator[None]:
    """Hold the archive's lock. The system lets go of it however its owner ends, a kill -9 included.

    Raises BusyError, which names the process that holds it and since when; ArchiveError where the
    folder cannot be written.
    """
    lock = FileLock(folder / "crawl.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=PATIENCE, poll_interval=0.05)
        _owner(folder).write_text(
            f"process {os.getpid()} on {socket.gethostname()}, since {now()}\n"
        )
    except Timeout:
        raise BusyError(
            f"{folder}: a crawl is running here already ({_told(folder)}); wait for it, or stop it"
        ) from None
    except OSError as error:
        lock.release(force=True)
        raise ArchiveError(
            f"{folder}: cannot be written ({error.strerror}); check the folder, or name another"
        ) from error
    try:
        yield
    finally:
        with suppress(OSError):  # the folder may be gone or read-only by now
            _owner(folder).unlink(missing_ok=True)
        lock.release()


def held_by(folder: Path) -> str | None:
    """Who crawls here now (`process 4711 on desk, since 2026-03-10T12:00:00Z`); None where nobody
    does.

    The lock itself is asked: what a run that died left in the owner's file does not count.
    """
    try:
        file = (folder / "crawl.lock").open("rb")
    except OSError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _told(folder)
    return None


def _owner(folder: Path) -> Path:
    return folder / "crawl.owner"


def _told(folder: Path) -> str:
    try:
        return _owner(folder).read_text().strip() or "another process"
    except OSError:
        return "another process"
