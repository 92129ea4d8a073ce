"""The archives that tests copy are those that the program makes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA, DatabaseSchema
from tests.templates import apply_all_steps


def dump_of(connection: sqlite3.Connection) -> list[str]:
    lines = list(connection.iterdump())
    return [line for line in lines if not line.startswith('INSERT INTO "_sqlite_migrations"')]


@pytest.mark.parametrize("schema", [ARCHIVE_SCHEMA, CAPTURES_SCHEMA], ids=lambda each: each.name)
def test_a_copied_archive_has_the_tables_rows_and_steps_of_one_made_step_by_step(
    tmp_path: Path, schema: DatabaseSchema
) -> None:
    with (
        closing(open_database(tmp_path / "copied.db", schema)) as copied,
        closing(sqlite3.connect(tmp_path / "made.db", isolation_level=None)) as made,
    ):
        made.row_factory = sqlite3.Row
        apply_all_steps(made, schema, tmp_path / "made.db")
        assert dump_of(copied) == dump_of(made)
        steps = "SELECT migration_set, name FROM _sqlite_migrations ORDER BY id"
        assert [*map(tuple, copied.execute(steps))] == [*map(tuple, made.execute(steps))]
        for pragma in ("journal_mode", "user_version", "application_id", "page_size"):
            expected = "wal" if pragma == "journal_mode" else None
            value = copied.execute(f"PRAGMA {pragma}").fetchone()[0]
            assert value == (expected or made.execute(f"PRAGMA {pragma}").fetchone()[0])


def add_outlet(file: Path, number: int) -> None:
    with closing(open_database(file, ARCHIVE_SCHEMA)) as connection:
        connection.execute(
            "INSERT INTO outlets (host, added_at) VALUES (?, '2026-03-04')", [f"{number}.example"]
        )


def test_programs_that_open_a_new_archive_at_once_overwrite_nothing(tmp_path: Path) -> None:
    context = get_context("fork")
    for turn in range(5):
        file = tmp_path / f"{turn}.db"
        programs = [context.Process(target=add_outlet, args=(file, each)) for each in range(4)]
        for program in programs:
            program.start()
        for program in programs:
            program.join()
        with closing(open_database(file, ARCHIVE_SCHEMA)) as connection:
            assert connection.execute("SELECT count(*) FROM outlets").fetchone()[0] == 4
