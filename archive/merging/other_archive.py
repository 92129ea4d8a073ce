"""The archive that is merged into another: opened as it is at one moment, and never changed.

If an earlier version of this program wrote it, a copy is migrated and read instead.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.errors import ArchiveError
from archive.keeping.backups import SCHEMAS, copy_databases, one_moment
from archive.storage.captures import CaptureStore
from archive.storage.database import has_pending_steps, open_database

COPY_PREFIX = ".merging-"


@dataclass(frozen=True, slots=True)
class OtherArchive:
    """An archive to read from."""

    folder: Path
    db: sqlite3.Connection
    captures: CaptureStore | None
    """None without `captures.db`."""


@contextmanager
def open_other_archive(folder: Path, room: Path) -> Iterator[OtherArchive]:
    """Open an archive as it is at this moment; a copy, if one is needed, is written into `room`.

    Raises ArchiveError if there is no archive or it cannot be copied, and NewerArchiveError.
    """
    for left in room.glob(f"{COPY_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    with one_moment(folder) as sources:
        is_older = any(
            has_pending_steps(source, SCHEMAS[name], folder / name)
            for name, source in sources.items()
        )
        if not is_older:
            yield _other_archive(folder, sources)
            return
        with _migrated_copy(sources, room) as copy, one_moment(copy) as copies:
            yield _other_archive(folder, copies)


def _other_archive(folder: Path, sources: dict[str, sqlite3.Connection]) -> OtherArchive:
    captures = sources.get("captures.db")
    return OtherArchive(
        folder, sources["archive.db"], CaptureStore.over(captures) if captures else None
    )


@contextmanager
def _migrated_copy(sources: dict[str, sqlite3.Connection], room: Path) -> Iterator[Path]:
    """Yield a folder with a copy that this version has migrated."""
    with ExitStack() as stack:
        try:
            aside = TemporaryDirectory(prefix=COPY_PREFIX, dir=room, ignore_cleanup_errors=True)
            copy = Path(stack.enter_context(aside))
            copy_databases(sources, copy)
            for name in sources:
                with closing(open_database(copy / name, SCHEMAS[name])):
                    pass  # opening migrates it
        except (OSError, sqlite3.Error) as error:
            raise ArchiveError(
                f"{room}: cannot write a copy of the older archive to migrate ({error}); "
                "it needs as much room as the archive"
            ) from error
        yield copy
