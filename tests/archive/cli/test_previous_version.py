"""An archive of the previous version opens, is migrated, and gives the answers that it gave there.

`tests/fixtures/previous_version/build.py` made the archive and the answers with the code of commit
e8384cc, the last one before step m017; it says how to run it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import crawler.cli.main  # noqa: F401  registers the commands
from archive.cli.base import cli
from archive.storage.database import open_database, open_read_only
from archive.storage.described_tables import described_tables
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.paths import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "previous_version"
ANSWERS = json.loads((FIXTURES / "answers.json").read_text("utf-8"))
REWORDED_KEYS = {"summary"}
"""Sentences for readers that are worded in another way since."""
RENAMED_KEYS = {"checked_at": "fetched_at", "due_why": "due_reason", "learnt": "classifier"}
"""Keys of JSON that are columns which have another name now."""
RENAMED_TABLES = {
    "checks": "fetches",
    "texts": "shared_texts",
    "versions": "shared_text_articles",
    "sketches": "shingle_versions",
    "held": "unconfirmed_revisions",
    "habits": "boilerplate_lines",
    "seen_lines": "boilerplate_candidates",
    "left_out": "removed_lines",
    "languages": "language_counts",
    "vocabulary": "term_counts",
    "article_words": "article_terms",
    "tidies": "tidy_runs",
    "hints": "unreliable_sources",
    "lead_vocabulary": "lead_term_counts",
    "story_ends": "story_crawl_ends",
}


def previous_archive(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        db.executescript((FIXTURES / "archive.sql").read_text("utf-8"))
    return folder


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = previous_archive(tmp_path_factory.mktemp("previous"))
    open_database(folder / "archive.db", ARCHIVE_SCHEMA).close()
    return folder


def renamed(answer: Any) -> Any:
    """An answer of the previous version under the names of today."""
    if isinstance(answer, list):
        return [renamed(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    new = {
        RENAMED_KEYS.get(key, key): renamed(value)
        for key, value in answer.items()
        if key not in REWORDED_KEYS
    }
    if new.get("gone"):
        new["gone"]["reason"] = new["gone"].pop("how")
    return new


def shared_part(answer: Any, before: Any) -> Any:
    """An answer without the keys that the earlier answer does not have: keys may be added."""
    if isinstance(before, dict) and isinstance(answer, dict):
        return {key: shared_part(answer.get(key), value) for key, value in before.items()}
    if isinstance(before, list) and isinstance(answer, list) and len(before) == len(answer):
        return [shared_part(*pair) for pair in zip(answer, before, strict=True)]
    return answer


def parsed(printed: str) -> Any:
    """A JSON document, or the list of JSON lines."""
    try:
        return json.loads(printed)
    except json.JSONDecodeError:
        return [json.loads(line) for line in printed.splitlines()]


def tables(db: sqlite3.Connection) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """The tables with all rows, whose columns are compared in their order."""
    names = db.execute(
        """SELECT name FROM sqlite_master
        WHERE type = 'table' AND name NOT LIKE 'articles_fts%' AND name NOT LIKE '%sqlite%'"""
    ).fetchall()
    for (name,) in names:
        yield name, sorted(map(tuple, db.execute(f"SELECT * FROM {name}")), key=repr)


@pytest.mark.parametrize("words", ANSWERS["commands"])
def test_a_command_answers_from_an_archive_of_the_previous_version_as_that_version_did(
    migrated: Path, words: str
) -> None:
    before = renamed(ANSWERS["commands"][words])
    result = CliRunner().invoke(
        cli, [*words.split(), "--archive", str(migrated)], catch_exceptions=False
    )
    assert before
    answer = parsed(result.stdout)
    if isinstance(before, dict) and isinstance(answer, list):
        (answer,) = answer  # one hit of a search, which was a line of its own
    assert shared_part(answer, before) == before


@pytest.mark.parametrize("view", ANSWERS["views"])
def test_a_view_of_an_archive_of_the_previous_version_has_the_rows_that_it_had(
    migrated: Path, view: str
) -> None:
    before = ANSWERS["views"][view]
    columns = ", ".join(before[0])
    with closing(open_read_only(migrated / "archive.db", ARCHIVE_SCHEMA)) as db:
        rows = [dict(row) for row in db.execute(f"SELECT {columns} FROM {view}")]
    assert sorted(rows, key=repr) == sorted(before, key=repr)


def test_no_row_is_lost_or_changed_by_the_migration(tmp_path: Path, migrated: Path) -> None:
    old = previous_archive(tmp_path / "old")
    with closing(sqlite3.connect(old / "archive.db")) as db:
        before = {RENAMED_TABLES.get(name, name): rows for name, rows in tables(db)}
    with closing(sqlite3.connect(migrated / "archive.db")) as db:
        after = dict(tables(db))
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    filled = {name for name, rows in before.items() if rows}
    assert filled.issuperset(RENAMED_TABLES.values()), "the fixture has a row in each renamed table"
    for name, rows in before.items():
        assert [row[: len(old)] for row, old in zip(after[name], rows, strict=True)] == rows, name


def test_a_migrated_archive_has_the_tables_and_columns_of_a_new_one(
    tmp_path: Path, migrated: Path
) -> None:
    open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA).close()
    shapes = []
    for folder in (tmp_path, migrated):
        with closing(sqlite3.connect(folder / "archive.db")) as db:
            shapes.append(
                db.execute(
                    """SELECT m.type, m.name, c.name FROM sqlite_master m
                    LEFT JOIN pragma_table_info(m.name) c
                    WHERE m.name NOT LIKE '%sqlite%' ORDER BY 1, 2, c.cid"""
                ).fetchall()
            )
    assert shapes[0] == shapes[1]
    assert set(described_tables(ARCHIVE_SCHEMA)) <= {name for _, name, _ in shapes[0]}


def test_a_view_that_a_user_made_of_a_renamed_table_still_works(tmp_path: Path) -> None:
    folder = previous_archive(tmp_path / "own")
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        db.execute(
            "CREATE VIEW failures_by_day AS SELECT substr(checked_at, 1, 10) AS day, count(*) AS pages "
            "FROM checks WHERE outcome = 'failed' GROUP BY day"
        )
        before = db.execute("SELECT * FROM failures_by_day").fetchall()
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        assert before == list(map(tuple, db.execute("SELECT * FROM failures_by_day")))
    assert before
