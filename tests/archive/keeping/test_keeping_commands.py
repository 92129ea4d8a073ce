"""What the commands that keep an archive take, refuse and print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import archive.cli.keeping_commands  # noqa: F401  defines the commands
from archive.cli.base import cli
from tests.archive.conftest import fill


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    folder = tmp_path / "filled"
    folder.mkdir()
    return fill(folder)


def run(*words: object, default: Path) -> Result:
    """A command, where `default` is the archive that the environment names."""
    environment = {"DATELINE_ARCHIVE": str(default)}
    return CliRunner().invoke(cli, [str(word) for word in words], env=environment)


def test_a_folder_named_before_or_after_the_command_counts_more_than_the_environment(
    filled, tmp_path
):
    for words in (("--archive", filled, "captures"), ("captures", "--archive", filled)):
        ran = run(*words, default=tmp_path / "none")
        assert ran.exit_code == 0, ran.output
        assert "2024-03" in ran.output
    assert run("captures", default=filled).exit_code == 0
    assert run("captures", default=tmp_path / "none").exit_code == 1


def test_a_backup_is_told_in_one_line_and_what_was_dropped_in_another(filled, tmp_path):
    first = run("backup", tmp_path / "b", default=filled)
    assert "6 articles, 1 captures" in first.output
    assert first.output.count("\n") == 1
    second = run("backup", tmp_path / "b", "--keep", "1", default=filled)
    assert "removed: " in second.output
    told = json.loads(run("backup", tmp_path / "b", "--json", default=filled).stdout)
    assert told["counts"]["archive.db: articles"] == 6
    assert Path(told["backup"]).is_dir()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("backup", "b", "--keep", "0"), 2, "x>=1"),
        (("captures", "--remove"), 2, "--older belong together"),
        (("captures", "--export-warc", "x.warc.gz"), 2, "--older belong together"),
        (("captures", "--export-warc", "x.warc.gz", "--older", "soon"), 2, "neither a date nor an age"),
        (("captures", "--export-warc", "x.zip", "--older", "1y"), 2, r".warc.gz"),
        (("restore", "nowhere"), 2, "no such folder"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_changes_nothing(filled, words, code, said):
    before = sorted(file.name for file in filled.iterdir())
    ran = run(*words, default=filled)
    assert ran.exit_code == code
    assert said in ran.output + (ran.stderr if ran.stderr_bytes else "")
    names = sorted(file.name for file in filled.iterdir())
    assert [name for name in names if not name.endswith(("-wal", "-shm"))] == before


def test_nothing_old_enough_is_said_so(filled, tmp_path):
    ran = run("captures", "--export-warc", tmp_path, "--older", "2001-01-01", default=filled)
    assert "no captures from before 2001-01-01" in ran.output
    assert not list(tmp_path.glob("*.warc.gz"))
