"""How far files have been imported is a row for each file and selection."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.frontier.imported_files import (
    FileProgress,
    ImportedFile,
    KnownImport,
    forget_import,
    known_import,
    save_file_progress,
)
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, DatabaseSchema

FILE = ImportedFile("/data/news.warc.gz", "host paper.example", "100 bytes, a", 100)
HALF = FileProgress(10, 50, {"records": 10}, {"another host": 3})


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as connection:
        yield connection


def save(db: sqlite3.Connection, file: ImportedFile, progress: FileProgress) -> None:
    with transaction(db):
        save_file_progress(db, file, progress)


def test_the_progress_of_a_file_is_known_by_its_address_and_what_is_wanted_of_it(db):
    assert known_import(db, FILE) == KnownImport()
    save(db, FILE, HALF)
    assert known_import(db, FILE) == KnownImport(HALF)
    other = ImportedFile(FILE.address, "", FILE.version, FILE.size)
    assert known_import(db, other) == KnownImport()


def test_of_a_file_that_has_changed_nothing_is_done(db):
    save(db, FILE, HALF)
    changed = ImportedFile(FILE.address, FILE.selection, "101 bytes, b", 101)
    assert known_import(db, changed) == KnownImport(has_changed=True)
    save(db, changed, FileProgress(2, 10))
    assert known_import(db, changed).progress.records == 2
    assert db.execute("SELECT count(*) FROM imported_files").fetchone()[0] == 1


def test_a_finished_file_has_the_time_of_its_end_and_can_be_forgotten(db):
    save(db, FILE, FileProgress(20, 100, is_finished=True))
    assert known_import(db, FILE).progress.is_finished
    assert db.execute("SELECT finished_at IS NOT NULL FROM imported_files").fetchone()[0]
    with transaction(db):
        forget_import(db, FILE)
    assert known_import(db, FILE) == KnownImport()


def test_an_older_archive_gets_the_table_and_keeps_its_articles(tmp_path):
    steps = [name for name, _ in ARCHIVE_SCHEMA.steps]
    before = ARCHIVE_SCHEMA.steps[: steps.index("m027_imported_files")]
    path = tmp_path / "archive.db"
    with closing(open_database(path, DatabaseSchema(ARCHIVE_SCHEMA.name, before))) as db:
        db.execute(
            "INSERT INTO outlets (id, host, added_at) VALUES (1, 'paper.example', '2024-02-15')"
        )
    with closing(open_database(path, ARCHIVE_SCHEMA)) as db:
        save(db, FILE, HALF)
        assert known_import(db, FILE) == KnownImport(HALF)
        assert db.execute("SELECT host FROM outlets").fetchone()[0] == "paper.example"
