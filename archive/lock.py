"""One crawl at a time: a lock on the archive's folder that dies with its owner."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from archive.errors import ArchiveError, BusyError
from archive.records import now


@contextmanager
def crawl_lock(folder: Path) -> Iterator[None]:
    """Hold the archive's lock. The system lets go of it however its owner ends, a kill -9 included.

    Raises BusyError, which names the process that holds it and since when; ArchiveError where the folder cannot be
    written.
    """
    owner = folder / "crawl.owner"
    lock = FileLock(folder / "crawl.lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        held = owner.read_text().strip() if owner.exists() else "another process"
        raise BusyError(f"{folder}: a crawl is running here already ({held}); wait for it, or stop it") from None
    except OSError as error:
        raise ArchiveError(
            f"{folder}: cannot be written ({error.strerror}); check the folder, or name another"
        ) from error
    try:
        owner.write_text(f"process {os.getpid()}, since {now()}\n")
        yield
    finally:
        owner.unlink(missing_ok=True)
        lock.release()
