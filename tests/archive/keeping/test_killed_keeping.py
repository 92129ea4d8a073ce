"""`kill -9` at any moment of a backup or a restore leaves a sound archive, which the same command
finishes."""

from __future__ import annotations

import resource
import shutil
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.keeping import backups, restores
from archive.keeping.backups import back_up_archive, complete_backups
from archive.keeping.restores import restore_backup
from archive.storage.database import open_database, open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import fill
from tests.killed import killed_by, killing_function

STEPS_OF_SWAP = 12
"""More than the files that a restore moves."""


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    fill(folder)
    (folder / "notify.json").write_text('{"targets": {}}')
    return back_up_archive(folder, tmp_path_factory.mktemp("backups"))[0]


def filled(folder: Path) -> Path:
    """An archive in a new folder."""
    folder.mkdir()
    return fill(folder)


def first_headline(folder: Path) -> str:
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        return str(db.execute("SELECT headline FROM articles WHERE id = 1").fetchone()[0])


@pytest.mark.parametrize(
    "step", ["_copy_database", "_check_copy", "_described_file", "write_manifest", "sync_file"]
)
def test_a_killed_backup_leaves_no_half_backup_and_the_next_run_makes_a_whole_one(
    tmp_path, monkeypatch, step
):
    folder, target = filled(tmp_path / "archive"), tmp_path / "backups"
    before = back_up_archive(folder, target)[0]
    monkeypatch.setattr(
        backups,
        step,
        killing_function(getattr(backups, step), 2 if step != "write_manifest" else 1),
    )
    assert killed_by(lambda: back_up_archive(folder, target))
    monkeypatch.undo()
    assert [path for path, _ in complete_backups(target)] == [before]
    after = back_up_archive(folder, target)[0]
    assert {path.name for path in target.iterdir() if path.is_dir()} == {before.name, after.name}


def test_a_restore_that_is_killed_at_any_step_is_finished_by_the_next(
    backup, tmp_path, monkeypatch
):
    killed = 0
    for step in range(1, STEPS_OF_SWAP):
        folder = filled(tmp_path / str(step))
        with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
            db.execute("UPDATE articles SET headline = 'old'")
        (folder / "dateline.toml").write_text("# by hand")
        monkeypatch.setattr(Path, "rename", killing_function(Path.rename, step))
        was_killed = killed_by(lambda folder=folder: restore_backup(backup, folder, replace=True))
        monkeypatch.undo()
        killed += was_killed
        if (folder / "archive.db").exists():
            assert first_headline(folder) in ("old", "Ferry crews strike"), step
        elif was_killed:
            with pytest.raises(ArchiveError, match="a restore was interrupted"):
                open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)
            with pytest.raises(ArchiveError, match="a restore was interrupted"):
                open_database(folder / "archive.db", ARCHIVE_SCHEMA)
        restore_backup(backup, folder, replace=True)
        assert first_headline(folder) == "Ferry crews strike", step
        assert (folder / "dateline.toml").read_text() == "# by hand", step
        assert not [path for path in folder.iterdir() if path.is_dir()], step
    assert killed >= 5


def test_a_restore_that_fails_after_a_killed_one_has_put_the_old_archive_back(
    backup, tmp_path, monkeypatch
):
    folder = filled(tmp_path / "archive")
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute("UPDATE articles SET headline = 'old'")
    monkeypatch.setattr(Path, "rename", killing_function(Path.rename, 4))
    assert killed_by(lambda: restore_backup(backup, folder, replace=True))
    monkeypatch.undo()
    assert not (folder / "archive.db").exists()
    monkeypatch.setattr(restores, "file_sha256", lambda *_: "other")
    with pytest.raises(ArchiveError, match="not copied correctly"):
        restore_backup(backup, folder, replace=True)
    assert first_headline(folder) == "old"
    assert (folder / "captures.db").exists()


def test_a_disk_that_fills_up_amid_a_backup_leaves_the_earlier_one(tmp_path):
    """A limit on the size of files stands for the disk."""
    folder, target = filled(tmp_path / "archive"), tmp_path / "backups"
    before = back_up_archive(folder, target)[0]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            back_up_archive(folder, target)
        except ArchiveError as error:
            (tmp_path / "said").write_text(str(error))

    assert not killed_by(limited)
    said = (tmp_path / "said").read_text()
    assert "cannot be written" in said
    assert "earlier backups are intact" in said
    assert "\n" not in said
    assert [path for path in target.iterdir() if path.is_dir()] == [before]


@pytest.mark.parametrize("what", ["backup", "restore"])
def test_too_little_room_is_told_before_anything_is_copied(backup, tmp_path, monkeypatch, what):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10, 10, 1_000))
    folder = filled(tmp_path / "archive")
    work = {
        "backup": lambda: back_up_archive(folder, tmp_path / "backups"),
        "restore": lambda: restore_backup(backup, folder, replace=True),
    }
    with pytest.raises(ArchiveError, match="MB are needed"):
        work[what]()
    assert first_headline(folder) == "Ferry crews strike"
