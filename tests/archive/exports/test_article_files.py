"""Articles as files that other programs, and this one, take in."""

from __future__ import annotations

import csv
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import archive.cli.read_commands  # noqa: F401  registers the commands
from archive.cli.base import cli
from archive.errors import ArchiveError
from archive.exports.article_files import atomic_file, safe_cell


def export(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        cli, ["export", "--archive", str(folder), *arguments], catch_exceptions=False
    )


def test_json_lines_have_the_columns_of_the_table(folder: Path) -> None:
    records = [json.loads(line) for line in export(folder).stdout.splitlines()]
    with sqlite3.connect(folder / "archive.db") as connection:
        columns = {row[1] for row in connection.execute("PRAGMA table_info(articles)")}
    assert {frozenset(record) for record in records} == {
        frozenset(columns - {"bigrams"} | {"outlet"})
    }
    assert [record["id"] for record in records] == [1, 2, 3, 4, 5, 6]
    assert records[0]["authors"] == ["Mara Lind", "Jo Reed"]
    assert records[0]["outlet"] == "harbour.example"
    assert (records[0]["free"], records[1]["free"]) == (False, None)
    assert records[2]["text"] == "首相は会見で述べた。\n会見は東京で開かれた。"


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (["--outlet", "harbour.example"], [1, 4]),
        (["--language", "ja"], [3]),
        (["--since", "2024-02-15"], [1, 2, 3, 4]),  # one is undated: its fetch counts
        (["--since", "2024-02-15", "--until", "2024-02-15"], [1, 2]),
        (["--search", "strike -cut"], []),
        (["--search", "首相"], [3]),
    ],
)
def test_filters_choose_what_is_exported(folder: Path, filters: list[str], ids: list[int]) -> None:
    assert [json.loads(line)["id"] for line in export(folder, *filters).stdout.splitlines()] == ids


def test_csv_holds_the_same_and_no_formula(folder: Path) -> None:
    file = folder / "all.csv"
    assert export(folder, "-o", str(file)).exit_code == 0
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["id"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert rows[0]["authors"] == "Mara Lind; Jo Reed"
    assert rows[2]["headline"] == "東京都知事が退任へ"
    assert rows[5]["byline"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\tx", "\rx", "＝1"])
def test_a_cell_that_begins_like_a_formula_is_shown_as_text(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["1=1", "a-b", "", None, 5, -5, 1.5])
def test_other_cells_stay_as_they_are(cell: object) -> None:
    assert safe_cell(cell) == cell


def test_a_file_takes_its_name_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("before")
    with pytest.raises(ZeroDivisionError), atomic_file(file) as aside:
        aside.write(f"half {1 // 0}")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [
        ("out.jsonl", "before")
    ]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(ArchiveError, match="cannot be written"),
        atomic_file(tmp_path / "no" / "out.csv"),
    ):
        pass


def test_the_format_follows_the_ending_unless_it_is_named(folder: Path) -> None:
    export(folder, "-o", str(folder / "a.csv"), "--format", "jsonl")
    assert json.loads((folder / "a.csv").read_text().splitlines()[0])["id"] == 1
    assert export(folder, "-o", "-", "--format", "csv").stdout.startswith("id,outlet_id,url")
