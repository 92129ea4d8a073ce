"""Backups and their restoration: what they hold, what they refuse, and what they leave alone."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.errors import ArchiveError, BusyError, NewerArchiveError, UsageError
from archive.keeping.backup_manifest import read_manifest
from archive.keeping.backups import (
    BACKUP_LOCK_NAME,
    back_up_archive,
    complete_backups,
    drop_old_backups,
    one_moment,
)
from archive.keeping.restores import find_backup, restore_backup
from archive.records import Capture
from archive.storage.database import open_database, open_read_only
from archive.storage.lock import hold_crawl_lock
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import fill
from tests.patience import until

ALERTS = '{"targets": {"1": "json://desk:secret@desk.example"}}\n'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with six articles and the addresses of alerts."""
    folder = fill(tmp_path_factory.mktemp("made"))
    file = folder / "notify.json"
    file.write_text(ALERTS)
    file.chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def backup(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return back_up_archive(made, tmp_path_factory.mktemp("backups"))[0]


def copied(backup: Path, folder: Path) -> Path:
    """A copy of a backup to do harm to."""
    target = folder / backup.name
    target.mkdir(parents=True)
    for file in backup.iterdir():
        (target / file.name).write_bytes(file.read_bytes())
    return target


def headlines(folder: Path) -> list[str]:
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        return [row[0] for row in db.execute("SELECT headline FROM articles ORDER BY id")]


def listing(folder: Path) -> dict[str, bytes]:
    """What lies in a folder but the lock and its owner."""
    return {
        file.name: file.read_bytes()
        for file in folder.iterdir()
        if file.is_file() and not file.name.startswith("crawl.")
    }


def test_a_backup_has_both_files_the_addresses_of_alerts_and_a_manifest(made, backup):
    assert {file.name for file in backup.iterdir()} == {
        "archive.db", "captures.db", "notify.json", "manifest.json",
    }  # fmt: skip
    manifest = read_manifest(backup)
    assert manifest.archive == str(made)
    assert manifest.counts["archive.db: articles"] == 6
    assert manifest.counts["captures.db: bodies"] == 1
    assert manifest.schema["archive.db"] == ARCHIVE_SCHEMA.steps[-1][0]


def test_a_backup_can_be_read_by_nobody_else(backup):
    assert backup.stat().st_mode & 0o777 == 0o700
    assert (backup / "notify.json").stat().st_mode & 0o777 == 0o600


def test_a_restored_archive_says_what_the_original_says(made, backup, tmp_path):
    restore_backup(backup, tmp_path / "new", replace=False)
    assert headlines(tmp_path / "new") == headlines(made)
    assert (tmp_path / "new" / "notify.json").read_text() == ALERTS
    with Archive(tmp_path / "new") as archive:
        digest = archive.db.execute("SELECT digest FROM articles WHERE id = 1").fetchone()[0]
        assert archive.captures.body(digest)


def test_the_newest_complete_backup_of_a_folder_is_found(backup, tmp_path):
    older, newer, broken = (copied(backup, tmp_path / f"_{n}") for n in range(3))
    folder = tmp_path / "all"
    folder.mkdir()
    for place, (path, taken) in enumerate(
        ((older, "2026-01"), (newer, "2026-02"), (broken, "2026-03"))
    ):
        manifest = json.loads((path / "manifest.json").read_text())
        (path / "manifest.json").write_text(json.dumps(manifest | {"taken_at": taken}))
        path.rename(folder / f"dateline-{place}")
    (folder / "dateline-2" / "captures.db").unlink()
    assert find_backup(folder) == folder / "dateline-1"


def test_a_folder_without_a_backup_is_named_in_one_line(tmp_path):
    with pytest.raises(ArchiveError, match="is not a backup"):
        find_backup(tmp_path)


def test_an_archive_that_is_there_is_not_replaced_unasked(backup, tmp_path):
    (tmp_path / "archive.db").write_bytes(b"mine")
    with pytest.raises(UsageError, match="--replace"):
        restore_backup(backup, tmp_path, replace=False)
    assert listing(tmp_path) == {"archive.db": b"mine"}


def test_a_restore_keeps_the_small_files_that_the_backup_lacks(backup, tmp_path):
    (tmp_path / "archive.db").write_bytes(b"old")
    (tmp_path / "dateline.toml").write_text("# written by hand")
    (tmp_path / "notify.json").write_text("older")
    restore_backup(backup, tmp_path, replace=True)
    assert (tmp_path / "dateline.toml").read_text() == "# written by hand"
    assert (tmp_path / "notify.json").read_text() == ALERTS


def test_without_replacing_no_file_of_the_folder_is_replaced(backup, tmp_path):
    (tmp_path / "notify.json").write_text("mine")
    assert restore_backup(backup, tmp_path, replace=False).kept_files == ["notify.json"]
    assert (tmp_path / "notify.json").read_text() == "mine"
    assert len(headlines(tmp_path)) == 6


def test_a_backup_has_the_questions_and_settings_that_people_wrote(tmp_path):
    made, again = fill(tmp_path), tmp_path / "again"
    for name in ("dateline.toml", "questions.toml"):
        (made / name).write_text(f"# {name}")
    restore_backup(back_up_archive(made, tmp_path / "backups")[0], again, replace=False)
    for name in ("dateline.toml", "questions.toml"):
        assert (again / name).read_text() == f"# {name}"


def test_a_replaced_archive_leaves_nothing_behind_that_sqlite_could_take_for_the_new_ones(
    made, backup, tmp_path
):
    """A log that belongs to another file would damage it."""
    for name in ("archive.db", "archive.db-wal", "archive.db-shm", "captures.db-wal"):
        (tmp_path / name).write_bytes(b"old")
    (tmp_path / "schedule.log").write_text("kept")
    restore_backup(backup, tmp_path, replace=True)
    assert set(listing(tmp_path)) == {"archive.db", "captures.db", "notify.json", "schedule.log"}
    assert headlines(tmp_path) == headlines(made)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@pytest.mark.parametrize("name", ["archive.db", "captures.db", "notify.json"])
def test_a_file_that_was_changed_by_one_bit_is_refused_in_one_line(backup, tmp_path, name):
    harmed = copied(backup, tmp_path / "backups")
    content = bytearray((harmed / name).read_bytes())
    content[len(content) // 2] ^= 1
    (harmed / name).write_bytes(content)
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "archive.db").write_bytes(b"mine")
    with pytest.raises(ArchiveError, match=f"{name} is damaged.*nothing was restored"):
        restore_backup(harmed, tmp_path / "archive", replace=True)
    assert listing(tmp_path / "archive") == {"archive.db": b"mine"}


def test_a_backup_that_lacks_a_file_is_refused(backup, tmp_path):
    harmed = copied(backup, tmp_path)
    (harmed / "captures.db").unlink()
    with pytest.raises(ArchiveError, match=r"captures\.db is missing"):
        restore_backup(harmed, tmp_path / "archive", replace=False)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 1, "files": {"../x": {"bytes": 1, "sha256": ""}}}']
)
def test_a_manifest_that_is_not_one_is_refused(backup, tmp_path, text):
    harmed = copied(backup, tmp_path)
    (harmed / "manifest.json").write_text(text)
    with pytest.raises(ArchiveError, match=r"manifest\.json"):
        restore_backup(harmed, tmp_path / "archive", replace=False)


def test_a_backup_of_a_newer_version_is_refused(backup, tmp_path):
    newer = copied(backup, tmp_path)
    manifest = json.loads((newer / "manifest.json").read_text())
    manifest["schema"]["archive.db"] = "m999_flying"
    (newer / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(NewerArchiveError, match="update dateline"):
        restore_backup(newer, tmp_path / "archive", replace=False)


def test_an_archive_that_is_crawled_is_not_replaced(backup, tmp_path):
    (tmp_path / "archive.db").write_bytes(b"mine")
    with hold_crawl_lock(tmp_path), pytest.raises(BusyError):
        restore_backup(backup, tmp_path, replace=True)


def test_only_the_newest_complete_backups_of_the_archive_are_kept(made, backup, tmp_path):
    folder = tmp_path / "backups"
    taken = {"a": "2026-01", "b": "2026-02", "c": "2026-03", "other": "2026-01", "broken": "2025"}
    for name, at in taken.items():
        path = copied(backup, tmp_path / name)
        manifest = json.loads((path / "manifest.json").read_text()) | {"taken_at": at}
        if name == "other":
            manifest["archive"] = "/elsewhere"
        (path / "manifest.json").write_text(json.dumps(manifest))
        folder.mkdir(exist_ok=True)
        path.rename(folder / f"dateline-{name}")
    (folder / "dateline-broken" / "archive.db").unlink()
    assert drop_old_backups(folder, str(made), 2) == [folder / "dateline-a"]
    assert {path.name for path in folder.glob("dateline-*")} == {
        "dateline-b", "dateline-c", "dateline-other", "dateline-broken",
    }  # fmt: skip


def test_a_damaged_archive_is_not_backed_up_and_the_earlier_backup_stays(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    fill(folder)
    back_up_archive(folder, tmp_path / "backups")
    with closing(sqlite3.connect(folder / "captures.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((folder / "captures.db").read_bytes())
    content[4096:8192] = os.urandom(4096)
    (folder / "captures.db").write_bytes(content)
    with pytest.raises(ArchiveError, match="dateline doctor"):
        back_up_archive(folder, tmp_path / "backups")
    assert len(list(complete_backups(tmp_path / "backups"))) == 1
    assert not list((tmp_path / "backups").glob(".unfinished*"))


def test_an_archive_of_an_older_version_is_backed_up_as_it_is(tmp_path):
    """So that a new version can be tried, and the old one taken back."""
    folder = tmp_path / "archive"
    folder.mkdir()
    older = ARCHIVE_SCHEMA.__class__("dateline.archive", ARCHIVE_SCHEMA.steps[:4])
    open_database(folder / "archive.db", older).close()
    made, manifest = back_up_archive(folder, tmp_path / "backups")
    assert manifest.schema == {"archive.db": "m004_events"}
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        names = [row[0] for row in db.execute("SELECT name FROM _sqlite_migrations")]
    assert max(names) == "m004_events"
    restore_backup(made, tmp_path / "restored", replace=False)
    assert headlines(tmp_path / "restored") == []


def test_without_an_archive_there_is_nothing_to_back_up(tmp_path):
    with pytest.raises(ArchiveError, match="no such file"):
        back_up_archive(tmp_path / "nothing", tmp_path / "backups")


def test_two_backups_into_one_folder_do_not_meet(made, tmp_path):
    from filelock import FileLock

    with (
        FileLock(tmp_path / BACKUP_LOCK_NAME),
        pytest.raises(BusyError, match="another backup"),
    ):
        back_up_archive(made, tmp_path)


def test_both_files_are_seen_as_they_were_at_one_moment(tmp_path):
    """What is written while a backup is made is in neither copy."""
    fill(tmp_path)
    capture = Capture("https://harbour.example/late", b"late", fetched_at="2024-03-02T00:00:00Z")
    with one_moment(tmp_path) as sources, Archive(tmp_path) as archive:
        archive.captures.store([capture])
        archive.db.execute("DELETE FROM notes")
        archive.db.execute("UPDATE articles SET headline = 'changed'")
        assert sources["captures.db"].execute("SELECT count(*) FROM bodies").fetchone()[0] == 1
        seen = sources["archive.db"].execute("SELECT headline FROM articles").fetchall()
    assert "changed" not in {row[0] for row in seen}


def test_a_moment_is_not_taken_amid_a_batch_that_is_being_written(tmp_path):
    """It waits until the writer of the moment is done."""
    fill(tmp_path)
    found: list[str] = []
    with Archive(tmp_path) as archive:
        archive.db.execute("BEGIN IMMEDIATE")

        def take() -> None:
            with one_moment(tmp_path) as sources:
                row = sources["archive.db"].execute("SELECT headline FROM articles").fetchone()
                found.append(row[0])

        thread = threading.Thread(target=take)
        thread.start()
        archive.db.execute("UPDATE articles SET headline = 'written'")
        until(lambda: _waits_for_lock(tmp_path) or found)
        archive.db.execute("COMMIT")
        thread.join()
    assert found == ["written"]


def _waits_for_lock(folder: Path) -> bool:
    """Whether another connection of this process has the captures' file open, which comes last."""
    fds = Path("/proc/self/fd").iterdir()
    names = [str(fd.readlink()) for fd in fds if fd.is_symlink()]
    return names.count(str(folder / "archive.db")) >= 3
