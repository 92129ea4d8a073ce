"""`dateline remove` changes nothing where it is asked to try or to list."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import crawler.cli.removal_commands  # noqa: F401  registers the commands
from archive.archive import Archive
from archive.cli.base import cli
from archive.frontier.tombstones import all_removals
from tests.removal_room import SECRET_URL, fill_with_secret


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an archive from which one article was removed."""
    path = tmp_path_factory.mktemp("removed") / "archive"
    number = fill_with_secret(path)
    run(path, str(number), "--reason", "letter of 3 March")
    return path


def run(folder: Path, *words: str, code: int = 0) -> str:
    """Run `dateline remove`, and return what it prints."""
    ran = CliRunner().invoke(cli, ["--archive", str(folder), "remove", *words])
    assert ran.exit_code == code, ran.output
    return ran.stdout if code == 0 else ran.stderr


def removed_ids(folder: Path) -> list[int]:
    with Archive(folder) as archive:
        return [each.article_id for each in all_removals(archive.db)]


def test_undo_with_a_dry_run_says_what_it_would_lift_and_lifts_nothing(folder: Path) -> None:
    before = removed_ids(folder)
    said = run(folder, "--undo", SECRET_URL, "--dry-run")
    assert said.startswith(f"{before[0]}: ")
    assert said.endswith("1 removal would be lifted.\n")
    assert removed_ids(folder) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--list", "--undo"], "--list only lists; leave out --undo"),
        (["--list", "--reason", "letter"], "--list only lists; leave out --reason"),
        (["--list", "--dry-run"], "--list only lists; leave out --dry-run"),
        (["--list", SECRET_URL], "--list only lists; leave out ID|URL"),
        (
            ["--undo", SECRET_URL, "--reason", "letter"],
            "--undo lifts a removal; it takes no --reason",
        ),
    ],
)
def test_options_that_contradict_each_other_are_refused_and_nothing_changes(
    folder: Path, words: list[str], message: str
) -> None:
    before = removed_ids(folder)
    assert message in run(folder, *words, code=2)
    assert removed_ids(folder) == before
