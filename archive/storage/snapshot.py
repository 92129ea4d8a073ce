"""A copy of the archive to show to everybody: as it was at one moment, and nobody's locks on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from archive.errors import ArchiveError
from archive.storage.database import connect_to_read
from archive.storage.schema import ARCHIVE


@contextmanager
def snapshot(folder: Path) -> Iterator[Path]:
    """A copy of `folder`'s archive.db, whole and by itself (VACUUM INTO), gone when it is no longer
    used.

    It lies beside the original, where there is room for such files. Raises ArchiveError if there is
    no archive, or none can be written there.
    """
    try:
        with TemporaryDirectory(prefix=".public-", dir=folder, ignore_cleanup_errors=True) as aside:
            copy = Path(aside) / "archive.db"
            with closing(connect_to_read(folder / "archive.db", ARCHIVE)) as connection:
                connection.execute("VACUUM INTO ?", [str(copy)])
            copy.chmod(0o400)
            yield copy
    except (OSError, sqlite3.Error) as error:
        raise ArchiveError(
            f"{folder}: no copy to publish can be made there ({error}); it needs as much room as archive.db"
        ) from error
