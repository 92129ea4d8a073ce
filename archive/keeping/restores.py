"""Restore a backup: checked first, copied beside the archive, then put in its place.

The copy lies in a hidden folder within the archive's, so that it also works where that is the root
of a volume. An archive that is replaced is first moved into another hidden folder, and removed once
the new one is in place. A run that is killed in between leaves both, and the next run goes on.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.errors import ArchiveError, NewerArchiveError, UsageError
from archive.keeping.backup_manifest import (
    DATABASE_NAMES,
    MANIFEST_NAME,
    SIDE_FILE_NAMES,
    BackupManifest,
    backup_faults,
    file_sha256,
    read_manifest,
)
from archive.keeping.backups import (
    SCHEMAS,
    check_room,
    complete_backups,
    disk_error_reason,
    sync_file,
    sync_folder,
)
from archive.keeping.undone_removals import UndoneRemoval, carry_removals_over
from archive.progress import ProgressReport, ignore_progress
from archive.storage.database import REPLACED_NAME
from archive.storage.lock import hold_crawl_lock

INCOMING_NAME = ".restoring"
"""The folder of a copy that is not complete, or not yet in place."""
ALL_MOVED_NAME = "all-moved"
"""A file in the folder of the replaced archive, once all of that is there."""
SIDE_NAMES_NAME = "side-files"
"""A file in the folder of the replaced archive: the names of the small files that were exchanged."""
DISCARDED_PREFIX = ".discarded-"
DATABASE_COMPANIONS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class RestoredBackup:
    """The result of a restore."""

    manifest: BackupManifest
    undone: list[UndoneRemoval] | None
    """Articles that were removed since and are back; None: the replaced archive was unreadable."""
    kept_files: list[str]
    """Small files of the folder that stayed, and of which the backup has others."""


def find_backup(path: Path) -> Path:
    """Return the backup at a path: the folder itself, or the newest complete backup in it.

    Raises ArchiveError if neither is one.
    """
    if (path / MANIFEST_NAME).is_file():
        return path
    found = sorted((manifest.taken_at, folder) for folder, manifest in complete_backups(path))
    if not found:
        read_manifest(path)  # raises, as this is no backup
    return found[-1][1]


def restore_backup(
    backup: Path, folder: Path, replace: bool, report: ProgressReport = ignore_progress
) -> RestoredBackup:
    """Restore a backup as the archive in `folder`, with the removals made there since.

    Raises ArchiveError if the backup is damaged or cannot be copied, UsageError if there is an
    archive already and `replace` is False, BusyError while a crawl runs there. In all these cases
    the archive stays as it was. Small files that the backup lacks stay, and without `replace` all.
    """
    manifest = read_manifest(backup)
    _check_backup(backup, manifest)
    incoming = folder / INCOMING_NAME
    with hold_crawl_lock(folder), _restore_errors(folder):
        _settle_interrupted(folder)
        there = [name for name in DATABASE_NAMES if (folder / name).exists()]
        if there and not replace:
            raise UsageError(
                f"{folder}: holds an archive already ({there[0]}); "
                "name another folder, or replace it with --replace"
            )
        shutil.rmtree(incoming, ignore_errors=True)
        try:
            _copy_backup(backup, manifest, incoming, report)
        except BaseException:
            shutil.rmtree(incoming, ignore_errors=True)
            raise
        kept = [] if replace else _leave_side_files(folder, incoming)
        undone = carry_removals_over(folder / "archive.db", incoming / "archive.db")
        sync_file(incoming / "archive.db")
        _swap(folder, incoming)
    return RestoredBackup(manifest, undone, kept)


def _check_backup(backup: Path, manifest: BackupManifest) -> None:
    """Raise ArchiveError if a backup is not intact, or if it is of a newer version."""
    faults = backup_faults(backup, manifest)
    if "archive.db" not in manifest.files:
        faults.append("archive.db is missing")
    if faults:
        raise ArchiveError(f"{backup}: {faults[0]}; nothing was restored, use another backup")
    for name, step in manifest.schema.items():
        if step not in dict(SCHEMAS[name].steps):
            raise NewerArchiveError(
                f"{backup / name}: written by a newer version of dateline ({step}); update dateline"
            )


def _copy_backup(
    backup: Path, manifest: BackupManifest, incoming: Path, report: ProgressReport
) -> None:
    """Copy the files of a backup, and compare the copies with the manifest."""
    check_room(incoming.parent, manifest.bytes)
    incoming.mkdir(mode=0o700)
    for done, (name, expected) in enumerate(manifest.files.items()):
        report(done, len(manifest.files))
        copy = incoming / name
        shutil.copy2(backup / name, copy)
        if file_sha256(copy) != expected.sha256:
            raise ArchiveError(f"{copy}: was not copied correctly; check the disk and try again")
        sync_file(copy)
    sync_folder(incoming)


# -- into its place --------------------------------------------------------------------------------


def _leave_side_files(folder: Path, incoming: Path) -> list[str]:
    """Drop the small files of a backup that are in the folder already; return their names."""
    both = [
        name for name in SIDE_FILE_NAMES if (folder / name).exists() and (incoming / name).exists()
    ]
    for name in both:
        (incoming / name).unlink()
    return both


def _swap(folder: Path, incoming: Path) -> None:
    """Move the archive away, move the new one in, and remove the old one.

    `archive.db` goes first and comes last: while it is missing, the exchange is not complete. A
    small file stays if the new archive has none of its name.
    """
    replaced = folder / REPLACED_NAME
    replaced.mkdir(mode=0o700)
    side_names = [name for name in SIDE_FILE_NAMES if (incoming / name).exists()]
    (replaced / SIDE_NAMES_NAME).write_text("\n".join(side_names), encoding="utf-8")
    for name in _moved_names(side_names):
        if (folder / name).exists():
            (folder / name).rename(replaced / name)
    (replaced / ALL_MOVED_NAME).touch()
    sync_folder(replaced)
    sync_folder(folder)
    for name in reversed(_moved_names(side_names)):
        if (incoming / name).exists():
            (incoming / name).rename(folder / name)
    sync_folder(folder)
    _discard(replaced)
    _discard(incoming)


def _settle_interrupted(folder: Path) -> None:
    """Undo an exchange that was interrupted, or finish one that only had to clear up.

    The archive that was moved away is complete; what has come in of the new one will come again.
    Raises ArchiveError if another archive was begun in between.
    """
    replaced, incoming = folder / REPLACED_NAME, folder / INCOMING_NAME
    all_moved = (replaced / ALL_MOVED_NAME).exists()
    if not replaced.is_dir():
        return
    if (folder / "archive.db").exists():
        if all_moved and not (incoming / "archive.db").exists():
            _discard(replaced)
            return
        if (replaced / "archive.db").exists():
            raise ArchiveError(
                f"{folder}: a restore was interrupted, and another archive was begun since; move "
                f"archive.db and captures.db away, and restore again ({replaced} has the old one)"
            )
    moved = _moved_names(_exchanged_side_names(replaced))
    if all_moved:
        for name in moved:
            (folder / name).unlink(missing_ok=True)
        (replaced / ALL_MOVED_NAME).unlink()
    for name in reversed(moved):
        if (replaced / name).exists():
            (replaced / name).rename(folder / name)
    _discard(replaced)


def _discard(folder: Path) -> None:
    """Remove a folder, after it has a name that no run takes for an archive."""
    doomed = folder.with_name(f"{DISCARDED_PREFIX}{os.getpid()}-{folder.name[1:]}")
    folder.rename(doomed)
    sync_folder(folder.parent)
    for left in folder.parent.glob(f"{DISCARDED_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def _exchanged_side_names(replaced: Path) -> Sequence[str]:
    """Return the small files that an interrupted exchange moved; earlier versions moved all."""
    file = replaced / SIDE_NAMES_NAME
    return file.read_text(encoding="utf-8").split() if file.exists() else SIDE_FILE_NAMES


def _moved_names(side_names: Sequence[str]) -> list[str]:
    """Return the names of the files to move, `archive.db` first."""
    databases = [
        f"{name}{ending}" for name in DATABASE_NAMES for ending in ("", *DATABASE_COMPANIONS)
    ]
    return [*databases, *side_names]


@contextmanager
def _restore_errors(folder: Path) -> Iterator[None]:
    """Turn errors of the disk into an ArchiveError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = disk_error_reason(error)
        raise ArchiveError(f"{folder}: the archive cannot be restored {reason}") from error
