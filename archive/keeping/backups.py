"""Back up an archive while it is used: both databases as they were at one moment, verified.

Both files are read through transactions that begin while no program writes. Nothing waits longer
than that moment: a crawl goes on writing, into SQLite's log, while the pages are copied. The copy
is made in a hidden folder, which gets its name when all of it is checked and on the disk. So a run
that is killed, or meets a full disk, leaves no half backup, and touches no earlier one.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock, Timeout

from archive.errors import ArchiveError, BusyError
from archive.keeping.backup_manifest import (
    DATABASE_NAMES,
    SIDE_FILE_NAMES,
    BackedUpFile,
    BackupManifest,
    file_sha256,
    read_manifest,
    write_manifest,
)
from archive.progress import ProgressReport, ignore_progress
from archive.records import current_timestamp
from archive.storage.damage import database_damage
from archive.storage.database import (
    BUSY_TIMEOUT_SECONDS,
    advice_on_full_disk,
    newest_step,
    open_unmigrated,
)
from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA

UNFINISHED_PREFIX = ".unfinished-"
BACKUP_NAME_PREFIX = "dateline-"
BACKUP_LOCK_NAME = ".dateline-backup.lock"
PAGES_PER_STEP = 4_000
"""Pages of a database that are copied between two reports of progress."""
SCHEMAS = {"archive.db": ARCHIVE_SCHEMA, "captures.db": CAPTURES_SCHEMA}
COUNTED_TABLES = {
    "archive.db": (
        "outlets", "articles", "revisions", "urls", "fetches", "relations", "events", "stories",
        "story_articles", "notes", "saved_searches",
    ),
    "captures.db": ("captures", "bodies"),
}  # fmt: skip
"""Tables whose rows are counted in the archive and in its copy."""

Sources = dict[str, sqlite3.Connection]
"""Connections by the name of their file, each within a read transaction."""


def back_up_archive(
    folder: Path, target: Path, report: ProgressReport = ignore_progress
) -> tuple[Path, BackupManifest]:
    """Back up an archive into a new folder below `target`; return it and its manifest.

    `report` gets the pages copied of a file, and their number. Raises ArchiveError if there is no
    archive, if it is damaged, or if the backup cannot be written, and BusyError while another
    backup is written to `target`. Earlier backups stay as they are.
    """
    with _hold_backup_lock(target), _one_line_errors(target):
        for left in target.glob(f"{UNFINISHED_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        taken_at = current_timestamp()
        unfinished = target / f"{UNFINISHED_PREFIX}{os.getpid()}"
        unfinished.mkdir(mode=0o700)
        try:
            manifest = _copy_archive(folder, unfinished, taken_at, report)
            finished = _free_backup_name(target, taken_at)
            unfinished.rename(finished)
            sync_folder(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
        return finished, manifest


def drop_old_backups(target: Path, archive: str, kept: int) -> list[Path]:
    """Remove the oldest backups of an archive but `kept` complete ones; return those removed.

    A folder that is incomplete, or of another archive, is neither counted nor removed.
    """
    with _hold_backup_lock(target), _one_line_errors(target):
        complete = [
            (manifest.taken_at, folder)
            for folder, manifest in complete_backups(target)
            if manifest.archive == archive
        ]
        dropped = [folder for _, folder in sorted(complete, reverse=True)[kept:]]
        for folder in dropped:
            # renamed first: a run that is killed here leaves nothing that looks like a backup
            doomed = folder.with_name(f"{UNFINISHED_PREFIX}{folder.name}")
            folder.rename(doomed)
            shutil.rmtree(doomed)
        return dropped


def complete_backups(target: Path) -> Iterator[tuple[Path, BackupManifest]]:
    """Yield the backups in a folder whose files have the sizes of their manifest."""
    for folder in sorted(target.glob(f"{BACKUP_NAME_PREFIX}*")):
        try:
            manifest = read_manifest(folder)
        except ArchiveError:
            continue
        sizes = {name: file.bytes for name, file in manifest.files.items()}
        if all(_file_size(folder / name) == size for name, size in sizes.items()):
            yield folder, manifest


def _file_size(file: Path) -> int:
    """Return the size of a file in bytes, -1 without a file."""
    return file.stat().st_size if file.is_file() else -1


# -- one moment ------------------------------------------------------------------------------------


@contextmanager
def one_moment(folder: Path) -> Iterator[Sources]:
    """Open the databases of an archive as they are at one moment, and yield the connections.

    Raises ArchiveError without an archive, and NewerArchiveError.
    """
    with ExitStack() as stack:
        names = [
            name for name in DATABASE_NAMES if name == "archive.db" or (folder / name).exists()
        ]
        sources = {
            name: stack.enter_context(closing(open_unmigrated(folder / name, SCHEMAS[name])))
            for name in names
        }
        with _no_writers([folder / name for name in sources]):
            # the archive first: if a writer could not be kept out, a page may be here that no
            # article was extracted from, and never an article without its page
            for source in sources.values():
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield sources


@contextmanager
def _no_writers(files: list[Path]) -> Iterator[None]:
    """Hold the write locks of the files, where this is possible.

    It is not in a folder without write permission, and while one transaction takes very long.
    """
    with ExitStack() as stack:
        for file in files:
            lock = stack.enter_context(
                closing(sqlite3.connect(file, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None))
            )
            try:
                lock.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                continue
            stack.callback(lock.execute, "ROLLBACK")
        yield


# -- the copy --------------------------------------------------------------------------------------


def _copy_archive(
    folder: Path, unfinished: Path, taken_at: str, report: ProgressReport
) -> BackupManifest:
    """Copy the files of an archive and check the copies; return the manifest, which is written."""
    with one_moment(folder) as sources:
        _check_room(sources, unfinished)
        schema = {
            name: newest_step(source, SCHEMAS[name], folder / name)
            for name, source in sources.items()
        }
        counts = {name: _table_counts(source, name) for name, source in sources.items()}
        copy_databases(sources, unfinished, report)
    for name in SIDE_FILE_NAMES:
        if (folder / name).is_file():
            shutil.copy2(folder / name, unfinished / name)
    for name, rows in counts.items():
        _check_copy(unfinished / name, rows, folder)
        for ending in ("-wal", "-shm"):  # empty, as the copy was only read
            (unfinished / f"{name}{ending}").unlink(missing_ok=True)
    names = [name for name in (*DATABASE_NAMES, *SIDE_FILE_NAMES) if (unfinished / name).exists()]
    files = {name: _described_file(unfinished / name) for name in names}
    all_counts = {
        f"{name}: {table}": rows for name, found in counts.items() for table, rows in found.items()
    }
    manifest = BackupManifest(
        archive=str(folder.absolute()),
        taken_at=taken_at,
        program=f"dateline {version('dateline')}",
        schema=schema,
        counts=all_counts,
        files=files,
    )
    write_manifest(unfinished, manifest)
    for file in unfinished.iterdir():
        sync_file(file)
    sync_folder(unfinished)
    return manifest


def _check_room(sources: Sources, unfinished: Path) -> None:
    """Raise ArchiveError if the disk has less room than the databases need."""
    needed = 0
    for source in sources.values():
        pages, size = (
            int(source.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "page_size")
        )
        needed += pages * size
    check_room(unfinished.parent, needed)


def check_room(folder: Path, needed: int) -> None:
    """Raise ArchiveError if the disk of a folder has less room than this number of bytes."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ArchiveError(
            f"{folder}: {needed / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free; "
            "make room, or name a folder on another disk"
        )


def copy_databases(
    sources: Sources, folder: Path, report: ProgressReport = ignore_progress
) -> None:
    """Copy databases into a folder, as the transactions of their connections see them."""
    for name, source in sources.items():
        _copy_database(source, folder / name, report)


def _copy_database(source: sqlite3.Connection, copy: Path, report: ProgressReport) -> None:
    """Copy a database as the transaction of its connection sees it."""

    def progress(_: int, remaining: int, total: int) -> None:
        report(total - remaining, total)

    descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    with closing(sqlite3.connect(copy, isolation_level=None)) as target:
        # the copy is written to the disk at its end, and thrown away if that fails
        target.execute("PRAGMA synchronous = OFF")
        target.execute("PRAGMA journal_mode = OFF")
        source.backup(target, pages=PAGES_PER_STEP, progress=progress, sleep=0)


def _check_copy(copy: Path, counts: dict[str, int], folder: Path) -> None:
    """Raise ArchiveError if a copy is damaged, or lacks rows of the original."""
    damage = database_damage(copy)
    if damage:
        raise ArchiveError(
            f"{folder / copy.name}: is damaged ({damage[0]}), and was not backed up; "
            "`dateline doctor` says what to do"
        )
    with closing(open_unmigrated(copy, SCHEMAS[copy.name])) as connection:
        found = _table_counts(connection, copy.name)
    if found != counts:
        raise ArchiveError(f"{copy}: the copy lacks rows of {folder / copy.name}; try again")


def _table_counts(connection: sqlite3.Connection, name: str) -> dict[str, int]:
    """Return the number of rows of the tables of a file that are counted."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    there = {str(row[0]) for row in rows}
    return {
        # constant table names
        table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
        for table in COUNTED_TABLES[name]
        if table in there
    }


def _described_file(file: Path) -> BackedUpFile:
    """Return size and SHA-256 of a file."""
    return BackedUpFile(file.stat().st_size, file_sha256(file))


# -- the disk --------------------------------------------------------------------------------------


def _free_backup_name(target: Path, taken_at: str) -> Path:
    """Return the path of a backup taken at a time, which does not exist yet."""
    stamp = taken_at.replace("-", "").replace(":", "")
    path = target / f"{BACKUP_NAME_PREFIX}{stamp}"
    number = 2
    while path.exists():
        path = target / f"{BACKUP_NAME_PREFIX}{stamp}-{number}"
        number += 1
    return path


def sync_file(file: Path) -> None:
    """Have a file written to the disk."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def sync_folder(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _hold_backup_lock(target: Path) -> Iterator[None]:
    """Hold the lock of a folder of backups, which ends with this process."""
    lock = FileLock(target / BACKUP_LOCK_NAME)
    try:
        target.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(f"{target}: another backup is being written here; wait for it") from None
    except OSError as error:
        lock.release(force=True)
        raise ArchiveError(
            f"{target}: cannot be written ({error.strerror}); check the folder, or name another"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _one_line_errors(target: Path) -> Iterator[None]:
    """Turn errors of the disk into an ArchiveError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        if type(error) is sqlite3.DatabaseError:  # an OperationalError is the disk's
            raise ArchiveError(
                f"the archive cannot be read ({error}); `dateline doctor` says what to do; "
                "earlier backups are intact"
            ) from error
        reason = disk_error_reason(error)
        raise ArchiveError(
            f"{target}: the backup cannot be written {reason}; earlier backups are intact"
        ) from error


def disk_error_reason(error: OSError | sqlite3.Error) -> str:
    """Return an error of the disk in parentheses, and what to do about it."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    advice = advice_on_full_disk(error) or "make room, or name another folder"
    return f"({said}); {advice}"
