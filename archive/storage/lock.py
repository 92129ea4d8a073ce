"""One crawl at a time: a lock on the archive's folder that ends with its process."""

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
"""Time to wait for the lock, as `held_by` holds it briefly while it checks."""


@contextmanager
def crawl_lock(folder: Path) -> Iterator[None]:
    """Hold the archive's lock. The system releases it however the process ends, even by kill -9.

    Raises BusyError, with the process that holds the lock and since when; ArchiveError if the
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
    """Return who crawls here now (`process 4711 on desk, since 2026-03-10T12:00:00Z`), or None.

    The lock itself is tested, since a run that died may have left its file `crawl.owner` behind.
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
    """The file that describes the process which holds the lock."""
    return folder / "crawl.owner"


def _told(folder: Path) -> str:
    """Return the description of the process which holds the lock."""
    try:
        return _owner(folder).read_text().strip() or "another process"
    except OSError:
        return "another process"
