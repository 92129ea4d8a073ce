"""The archive: one folder with `archive.db` and `captures.db`.

What is read and written there is done by functions over a connection, in `archive.frontier`,
`archive.articles` and `archive.queries`; those that need both files take the archive.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

from archive.errors import ArchiveError
from archive.storage.captures import CaptureStore
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA


class Archive:
    """An archive open for writing. As a context manager it closes itself at the end.

    Raises ArchiveError or NewerArchiveError if the folder cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.db = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
        """The connection to `archive.db`, for functions over a connection."""
        self._file = _archive_file_identity(folder)
        self.captures = CaptureStore(folder / "captures.db")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close both files."""
        self.db.close()
        self.captures.close()

    def check_in_place(self) -> None:
        """Raise ArchiveError if `archive.db` was removed or replaced.

        SQLite would go on writing to a removed file, and these writes would be lost.
        """
        if _archive_file_identity(self.folder) != self._file:
            raise ArchiveError(
                f"{self.folder}: the archive was removed or replaced while it was in use"
            )


def _archive_file_identity(folder: Path) -> tuple[int, int] | None:
    """Return device and inode of `archive.db`, or None if the file does not exist."""
    try:
        stat = (folder / "archive.db").stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
