"""Where an import writes: one archive, or an archive a month.

How far each file has come is written in the transaction of the pages up to there. With an archive a
month the pages of one file go to several archives. Each says how far it has the pages of a file
that belong to it; and a file beside them says up to where all of them have all pages.
"""

from __future__ import annotations

import re
import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from archive.archive import Archive
from archive.errors import UsageError
from archive.frontier.imported_files import (
    FileProgress,
    ImportedFile,
    KnownImport,
    forget_import,
    known_import,
    save_file_progress,
)
from archive.records import Check, Outcome
from archive.removal.erasure import erase_captures
from archive.storage.database import open_database, transaction
from archive.storage.schema import IMPORTED_FILE_TABLES, DatabaseSchema
from crawler.workers.pool import Worker
from crawler.workers.reextraction import make_reextractor
from pipelines.keep import CheckBatches

MAX_OPEN_MONTHS = 6
"""Archives of months that are open at once; each has its own cache."""
MONTH_FOLDER_NAME = re.compile(r"\d{4}-\d\d")
MONTHS_IMPORTS_NAME = ".imports.db"
"""The file beside the archives of months that says how far each file has come."""
MONTHS_IMPORTS_SCHEMA = DatabaseSchema(
    "dateline.imports", (("i001_first_tables", IMPORTED_FILE_TABLES),), cache=1_000
)

NoteWritten = Callable[[Check, Outcome], None]


class ImportDestination(Protocol):
    """Takes the checks of files in their order, and knows how far each file has come."""

    def known(self, file: ImportedFile) -> KnownImport:
        """Return how far a file was imported before."""
        ...

    def forget(self, file: ImportedFile) -> None:
        """Begin a file again."""
        ...

    def add(self, check: Check, file: ImportedFile | None, progress: FileProgress) -> None:
        """Take a check; with it, the file has come so far."""
        ...

    def pass_over(self, file: ImportedFile, progress: FileProgress) -> None:
        """Note that a file has come so far, without a check."""
        ...

    def flush(self) -> None:
        """Write what was taken."""
        ...

    def finish(self) -> None:
        """Write what was taken, and erase what is left of removed articles."""
        ...


class ArchiveDestination:
    """One archive."""

    def __init__(self, archive: Archive, worker: Worker, on_written: NoteWritten) -> None:
        self.archive = archive
        self._on_written = on_written
        self._batches = CheckBatches(archive, reread=make_reextractor(archive, worker))
        self._batches.write_beside = self._write_progress
        self._batches.on_written = self._note_written
        self._marks: dict[int, tuple[ImportedFile, FileProgress]] = {}
        """Identity of a check that is not written → how far its file has come when it is."""
        self._newest: dict[ImportedFile, int] = {}
        """Identity of the newest check of a file."""
        self._passed: dict[ImportedFile, FileProgress] = {}
        """The progress of files without unwritten checks."""

    def known(self, file: ImportedFile) -> KnownImport:
        """Return how far a file was imported before."""
        return known_import(self.archive.db, file)

    def forget(self, file: ImportedFile) -> None:
        """Begin a file again."""
        with transaction(self.archive.db) as db:
            forget_import(db, file)

    def add(self, check: Check, file: ImportedFile | None, progress: FileProgress) -> None:
        """Take a check; with it, the file has come so far."""
        if file is not None:
            self._marks[id(check)] = (file, progress)
            self._newest[file] = id(check)
            self._passed.pop(file, None)
        self._batches.add(check)

    def pass_over(self, file: ImportedFile, progress: FileProgress) -> None:
        """Note that a file has come so far; what is unwritten of it has to be written first."""
        newest = self._newest.get(file, 0)
        marked, _ = self._marks.get(newest, (None, None))
        if marked == file:
            self._marks[newest] = (file, progress)
        else:
            self._passed[file] = progress

    def flush(self) -> None:
        """Write what was taken."""
        self._batches.flush()
        if self._passed:
            with transaction(self.archive.db) as db:
                for file, progress in self._passed.items():
                    save_file_progress(db, file, progress)
            self._passed.clear()

    def finish(self) -> None:
        """Write what was taken, and erase what is left of removed articles."""
        self.flush()
        erase_captures(self.archive)

    def _write_progress(self, db: sqlite3.Connection, checks: Sequence[Check]) -> None:
        """Write how far the files of checks have come, in the transaction of the checks."""
        marks = (self._marks[id(check)] for check in checks if id(check) in self._marks)
        for file, progress in dict(marks).items():
            save_file_progress(db, file, progress)

    def _note_written(self, check: Check, outcome: Outcome) -> None:
        self._marks.pop(id(check), None)
        self._on_written(check, outcome)


class MonthsDestination:
    """An archive a month in one folder: `2024-02`, `2024-03` …"""

    def __init__(self, folder: Path, worker: Worker, on_written: NoteWritten) -> None:
        self.folder = folder
        self._worker, self._on_written = worker, on_written
        self._imports = open_database(folder / MONTHS_IMPORTS_NAME, MONTHS_IMPORTS_SCHEMA)
        self._months: OrderedDict[str, ArchiveDestination] = OrderedDict()
        self._reached: dict[ImportedFile, FileProgress] = {}
        self._done_in_month: dict[tuple[str, ImportedFile], int] = {}
        """Records of a file whose pages a month's archive has since an earlier import."""

    def known(self, file: ImportedFile) -> KnownImport:
        """Return up to where all archives have the pages of a file."""
        return known_import(self._imports, file)

    def forget(self, file: ImportedFile) -> None:
        """Begin a file again in all archives."""
        for month in month_folders(self.folder):
            self._destination_of(month.name).forget(file)
        self._done_in_month.clear()
        with transaction(self._imports) as db:
            forget_import(db, file)

    def add(self, check: Check, file: ImportedFile | None, progress: FileProgress) -> None:
        """Take a check for the archive of its month, unless that has it already."""
        month = month_of_check(check)
        destination = self._destination_of(month)
        if file is None:
            destination.add(check, None, progress)
            return
        if progress.records > self._records_done(month, file, destination):
            destination.add(check, file, progress)
        self._reached[file] = progress

    def pass_over(self, file: ImportedFile, progress: FileProgress) -> None:
        """Note that a file has come so far, without a check."""
        self._reached[file] = progress

    def flush(self) -> None:
        """Write what was taken in all archives, and then that all have it."""
        for destination in self._months.values():
            destination.flush()
        reached, self._reached = self._reached, {}
        if reached:
            with transaction(self._imports) as db:
                for file, progress in reached.items():
                    save_file_progress(db, file, progress)

    def finish(self) -> None:
        """Write what was taken, and erase what is left of removed articles."""
        self.flush()
        for destination in self._months.values():
            destination.finish()

    def close(self) -> None:
        """Close all files."""
        for destination in self._months.values():
            destination.archive.close()
        self._imports.close()

    def _records_done(self, month: str, file: ImportedFile, destination: ArchiveDestination) -> int:
        """Return up to which record a month's archive had a file when this import began."""
        key = (month, file)
        if key not in self._done_in_month:
            self._done_in_month[key] = destination.known(file).progress.records
        return self._done_in_month[key]

    def _destination_of(self, month: str) -> ArchiveDestination:
        """Return a month's archive, opened; close the one that was used longest ago."""
        if month in self._months:
            self._months.move_to_end(month)
            return self._months[month]
        if len(self._months) >= MAX_OPEN_MONTHS:
            _, oldest = self._months.popitem(last=False)
            oldest.finish()
            oldest.archive.close()
        archive = Archive(self.folder / month)
        destination = ArchiveDestination(archive, self._worker, self._on_written)
        self._months[month] = destination
        return destination


def month_of_check(check: Check) -> str:
    """Return the month that an article states as printed, else that of its capture: `2024-02`."""
    article = check.article
    stated = (article.published_day or article.published_at) if article else None
    return (stated or check.fetched_at)[:7]


def month_folders(folder: Path) -> list[Path]:
    """Return the archives of months in a folder, in order."""
    with suppress(FileNotFoundError):
        return sorted(
            each
            for each in folder.iterdir()
            if MONTH_FOLDER_NAME.fullmatch(each.name) and (each / "archive.db").is_file()
        )
    return []


def check_months_folder(folder: Path) -> None:
    """Raise UsageError for a folder that is an archive itself, or a file."""
    if (folder / "archive.db").exists():
        raise UsageError(f"{folder}: is an archive itself; name a folder for archives of months")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is not a folder")


@contextmanager
def open_destination(
    folder: Path, months: Path | None, worker: Worker, on_written: NoteWritten
) -> Iterator[ImportDestination]:
    """Yield where to write: an archive, or a folder for archives of months.

    Raises ArchiveError and UsageError.
    """
    if months is None:
        with Archive(folder) as archive:
            yield ArchiveDestination(archive, worker, on_written)
        return
    check_months_folder(months)
    with closing(MonthsDestination(months, worker, on_written)) as destination:
        yield destination
