"""Files that are opened by several programs at once, and transactions of which a part may fail."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from archive.storage.database import advice_on_full_disk, open_database, savepoint, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.patience import patient

OPEN = """
import sys, time
from pathlib import Path
from archive.archive import Archive
for number in range(12):
    while time.time() < float(sys.argv[2]) + number / 2:
        pass
    with Archive(Path(sys.argv[1]) / str(number)) as archive:
        print(archive.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
"""


@pytest.mark.slow
def test_four_programs_that_open_new_archives_at_once_all_find_them_whole(tmp_path: Path) -> None:
    start = str(time.time() + 1.5)
    command = [sys.executable, "-c", OPEN, str(tmp_path / "archive"), start]
    programs = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(4)
    ]
    told = [
        (*program.communicate(timeout=patient(100)), program.returncode) for program in programs
    ]
    assert [code for _, _, code in told] == [0] * 4, told
    assert len({out for out, _, _ in told}) == 1


@pytest.fixture
def db(tmp_path: Path) -> sqlite3.Connection:
    return open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)


def add(db: sqlite3.Connection, host: str | None) -> None:
    db.execute("INSERT INTO outlets (host, added_at) VALUES (?, '2026-03-04')", (host,))


def hosts(db: sqlite3.Connection) -> list[str]:
    return [row["host"] for row in db.execute("SELECT host FROM outlets ORDER BY id")]


def add_in_vain(db: sqlite3.Connection, host: str) -> None:
    with savepoint(db):
        add(db, host)
        add(db, None)


def test_a_part_that_fails_is_undone_alone_and_parts_may_lie_within_parts(
    db: sqlite3.Connection,
) -> None:
    with transaction(db):
        add(db, "before.example")
        with savepoint(db):
            add(db, "outer.example")
            with pytest.raises(sqlite3.IntegrityError):
                add_in_vain(db, "inner.example")
        with pytest.raises(sqlite3.IntegrityError):
            add_in_vain(db, "failed.example")
        add(db, "after.example")
    assert hosts(db) == ["before.example", "outer.example", "after.example"]


def test_a_transaction_that_fails_takes_its_parts_with_it(db: sqlite3.Connection) -> None:
    def fail() -> None:
        with transaction(db):
            with savepoint(db):
                add(db, "undone.example")
            add(db, None)

    with pytest.raises(sqlite3.IntegrityError):
        fail()
    assert hosts(db) == []


def test_a_full_disk_is_told_with_both_places_that_need_room(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small.db")) as small:
        small.executescript("PRAGMA page_size = 512; PRAGMA max_page_count = 3; CREATE TABLE a (b)")
        with pytest.raises(sqlite3.OperationalError) as raised:
            small.execute("INSERT INTO a VALUES (zeroblob(9000))")

    assert "TMPDIR" in str(advice_on_full_disk(raised.value))
    assert advice_on_full_disk(OSError("broken")) is None
