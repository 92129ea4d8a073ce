"""One convention for JSON, over all commands: `--json` prints one document, `--jsonl` lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import crawler.cli.main  # noqa: F401  registers the commands
from archive.cli.base import cli
from archive.outlet_preview import OutletPreview
from archive.records import Outlet
from crawler.jobs import preview_outlet
from tests.archive.conftest import fill
from tests.archive.room import STORY, furnish

WORDS = {
    "captures": [],
    "config": [],
    "doctor": [],
    "extensions": [],
    "note": ["1"],
    "notify list": [],
    "outlet list": [],
    "outlet look": ["harbour.example"],
    "outlet search": ["korea", "--most", "3"],
    "outlet suggest": [STORY],
    "remove": ["--list"],
    "search": ["strike"],
    "show": ["1"],
    "status": [],
    "stories": [],
}
"""Commands with `--json`, and words with which each has something to print."""
OTHER_FOLDERS = {"backup", "merge"}
"""Commands with `--json` that need the folder of something else, too."""


def commands(group: click.Group = cli, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} ")
        else:
            yield path + name, command


def option_help(command: click.Command, name: str) -> str | None:
    found = [each for each in command.params if name in each.opts]
    return getattr(found[0], "help", None) if found else None


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(fill(tmp_path_factory.mktemp("json")))


def printed(folder: Path, *words: str) -> str:
    result = CliRunner().invoke(cli, [*words, "--archive", str(folder)])
    findings = words[0] == "doctor" and result.exit_code == 1  # the furnished room is not sound
    assert result.exit_code == 0 or findings, result.output
    return result.stdout


def test_every_command_describes_its_json_in_the_same_words_and_is_tested_here() -> None:
    found = {name: option_help(each, "--json") for name, each in commands()}
    assert {name for name, text in found.items() if text} == set(WORDS) | OTHER_FOLDERS
    assert set(filter(None, found.values())) == {"Print one JSON document."}


@pytest.mark.parametrize("name", WORDS)
def test_json_is_one_indented_document(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    preview = OutletPreview(Outlet("harbour.example", "Hafen – 港"), (), None)
    monkeypatch.setattr(preview_outlet, "preview_outlet", lambda *_: preview)
    told = printed(folder, *name.split(), *WORDS[name], "--json")
    assert told == json.dumps(json.loads(told), ensure_ascii=False, indent=2) + "\n"


def test_json_of_a_backup_and_of_a_merge_is_one_indented_document(
    folder: Path, tmp_path: Path
) -> None:
    backup = printed(folder, "backup", str(tmp_path / "backups"), "--json")
    made = json.loads(backup)["backup"]
    for told in (backup, printed(tmp_path / "all", "merge", made, "--json")):
        assert told == json.dumps(json.loads(told), ensure_ascii=False, indent=2) + "\n"


def test_a_search_without_hits_and_the_saved_searches_are_documents_too(folder: Path) -> None:
    assert json.loads(printed(folder, "search", "zeppelin", "--json")) == []
    printed(folder, "search", "--save", "strikes", "strike")
    (saved,) = json.loads(printed(folder, "search", "--list-saved", "--json"))
    assert (saved["name"], saved["words"]) == ("strikes", "strike")


def test_a_search_prints_the_same_records_as_a_document_and_as_lines(folder: Path) -> None:
    document = json.loads(printed(folder, "search", "strike", "--copies", "--json"))
    lines = printed(folder, "search", "strike", "--copies", "--jsonl").splitlines()
    assert [json.loads(line) for line in lines] == document
    assert len(document) > 1


@pytest.mark.parametrize(
    "words",
    [
        ["search", "strike", "--json", "--csv"],
        ["search", "strike", "--json", "--jsonl"],
        ["outlet", "search", "korea", "--json", "--csv"],
        ["stories", "--json", "--toml"],
        ["note", "1", "text", "--json"],
        ["outlet", "suggest", STORY, "--add", "--json"],
    ],
)
def test_two_formats_at_once_are_refused_in_one_line(folder: Path, words: list[str]) -> None:
    result = CliRunner().invoke(cli, [*words, "--archive", str(folder)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
