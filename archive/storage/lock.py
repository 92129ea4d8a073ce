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
from archive.records import current_timestamp

LOCK_TIMEOUT_SECONDS, UNOWNED_LOCK_TIMEOUT_SECONDS = 0.3, 10.0
"""Time to wait for the lock, and if no crawl says that it holds it: then `crawl_lock_owner` does, which
takes a moment, or longer on a machine with much else to do."""


@contextmanager
def hold_crawl_lock(folder: Path) -> Iterator[None]:
    """Hold the archive's lock. The system releases it however the process ends, even by kill -9.

    Raises BusyError, with the process that holds the lock and since when; ArchiveError if the
    folder cannot be written.
    """
    lock = FileLock(folder / "crawl.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _acquire(lock, _lock_owner_file(folder))
        _lock_owner_file(folder).write_text(
            f"process {os.getpid()} on {socket.gethostname()}, since {current_timestamp()}\n"
        )
    except Timeout:
        raise BusyError(
            f"{folder}: a crawl is running here already ({_describe_lock_owner(folder)}); wait for it, or stop it"
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
            _lock_owner_file(folder).unlink(missing_ok=True)
        lock.release()


def _acquire(lock: FileLock, owner_file: Path) -> None:
    """Acquire the lock. Raises Timeout if a crawl holds it."""
    try:
        lock.acquire(timeout=LOCK_TIMEOUT_SECONDS, poll_interval=0.05)
    except Timeout:
        if owner_file.exists():
            raise
        lock.acquire(timeout=UNOWNED_LOCK_TIMEOUT_SECONDS, poll_interval=0.05)


def crawl_lock_owner(folder: Path) -> str | None:
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
            return _describe_lock_owner(folder)
    return None


def _lock_owner_file(folder: Path) -> Path:
    """The file that describes the process which holds the lock."""
    return folder / "crawl.owner"


def _describe_lock_owner(folder: Path) -> str:
    """Return the description of the process which holds the lock."""
    try:
        return _lock_owner_file(folder).read_text().strip() or "another process"
    except OSError:
        return "another process"
