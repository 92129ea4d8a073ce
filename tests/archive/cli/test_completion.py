"""Completion in the shell, as click's own scripts ask for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from archive.cli.base import cli
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completion")
    connection = open_database(folder / "archive.db", ARCHIVE_SCHEMA)
    for host in ("harbour.example", "harvest.example", "tokyo.example"):
        connection.execute("INSERT INTO outlets (host, added_at) VALUES (?, '')", [host])
    connection.execute(
        "INSERT INTO stories (name, title, created_at) VALUES ('harbour-strike', 'A strike', '')"
    )
    connection.close()
    return folder


def completed(words: list[str], start: str) -> list[str]:
    """What the shell offers after `dateline WORDS start`."""
    assert main
    shell = BashComplete(cli, {}, "dateline", "_DATELINE_COMPLETE")
    return [item.value for item in shell.get_completions(words, start)]


@pytest.mark.parametrize(
    ("words", "start", "offered"),
    [
        (["crawl", "--outlet"], "har", ["harbour.example", "harvest.example"]),
        (["search", "ferry", "--outlet"], "t", ["tokyo.example"]),
        (["crawl", "--story"], "", ["harbour-strike"]),
        (["story"], "har", ["harbour-strike"]),
        (["unfollow"], "x", []),
        (["outlet", "suggest"], "h", ["harbour-strike"]),
    ],
)
def test_hosts_and_stories_of_the_archive_are_offered(
    folder: Path, words: list[str], start: str, offered: list[str]
) -> None:
    assert completed([words[0], *words[1:-1], "--archive", str(folder), words[-1]]
                     if words[-1].startswith("--") else [*words, "--archive", str(folder)], start) == offered  # fmt: skip


def test_the_archive_of_the_environment_is_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATELINE_ARCHIVE", str(folder))
    assert completed(["crawl", "--outlet"], "harb") == ["harbour.example"]


def test_nothing_is_offered_where_there_is_no_archive(tmp_path: Path) -> None:
    assert completed(["crawl", "--archive", str(tmp_path), "--outlet"], "h") == []


def test_nothing_is_offered_from_a_file_that_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_text("no database")
    assert completed(["crawl", "--archive", str(tmp_path), "--outlet"], "h") == []
