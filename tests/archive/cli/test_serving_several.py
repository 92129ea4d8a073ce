"""`dateline serve A B C`: the names of the databases, their files, and their questions."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from pathlib import Path
from urllib.request import Request

import pytest
from click.testing import CliRunner

import archive.cli.read_commands  # noqa: F401  registers the commands
from archive.cli.base import cli
from archive.cli.serving import serve as serving
from archive.cli.serving.serve import ServeOptions, whole_configuration
from archive.cli.serving.served_files import database_names, served_files
from archive.errors import UsageError
from tests.archive.several import NAMES, make_several
from tests.servers import direct, running_server

QUESTION = """
[library]
title = "Libraries"
description = "Articles about libraries."
sql = "SELECT id AS article, headline FROM articles WHERE headline LIKE '%library%'"
"""


@pytest.mark.parametrize(
    ("folders", "names"),
    [
        (["a"], ["archive"]),
        (["a", "b"], ["a", "b"]),
        (["months/2024-01", "months/2024-02"], ["2024-01", "2024-02"]),
        (["desk/data", "laptop/data"], ["desk-data", "laptop-data"]),
        (["desk/data", "laptop/data", "other"], ["desk-data", "laptop-data", "other"]),
        (["a/x/data", "b/x/data"], ["a-x-data", "b-x-data"]),
        (["a/b-c", "a-b/c", "d/c"], ["b-c", "a-b-c", "d-c"]),
        (["a/-", "b"], ["-_", "b"]),
        (["50%", "b#1"], ["50_", "b_1"]),
    ],
)
def test_a_database_has_the_name_of_its_folder(
    tmp_path: Path, folders: list[str], names: list[str]
) -> None:
    named = database_names([tmp_path / folder for folder in folders])
    assert list(named) == names
    assert list(named.values()) == [tmp_path / folder for folder in folders]


def test_names_that_would_be_the_same_are_told_apart(tmp_path: Path) -> None:
    assert list(database_names([tmp_path / "a#", tmp_path / "a%"])) == ["a_", "a__"]


def test_an_archive_that_is_named_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(UsageError, match="the same archive as"):
        database_names([tmp_path / "a", tmp_path / "link"])


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    made = make_several(tmp_path_factory.mktemp("several"))
    (made[1] / "questions.toml").write_text(QUESTION)
    return made


def test_one_archive_is_served_from_where_it_is(folders: list[Path]) -> None:
    with served_files({"archive": folders[0]}, public=False) as files:
        assert files == [folders[0] / "archive.db"]


def test_several_archives_are_served_as_links_that_are_gone_afterwards(folders: list[Path]) -> None:
    with served_files(database_names(folders), public=False) as files:
        assert [file.stem for file in files] == list(NAMES)
        assert [file.resolve().parent for file in files] == [each.resolve() for each in folders]
    assert not any(file.is_symlink() for file in files)


def test_a_public_site_of_several_archives_has_a_copy_of_each(folders: list[Path]) -> None:
    with served_files(database_names(folders), public=True) as files:
        assert [file.stem for file in files] == list(NAMES)
        for file in files:
            assert not file.is_symlink()
            with sqlite3.connect(f"file:{file}?immutable=1", uri=True) as connection:
                assert connection.execute("SELECT count(*) FROM articles").fetchone()[0] > 0
    assert not any(file.exists() for file in files)


def test_the_questions_beside_an_archive_are_asked_of_it_alone(folders: list[Path]) -> None:
    whole = whole_configuration(folders[0], ServeOptions(others=tuple(folders[1:])))
    assert list(whole["databases"]) == ["2024-03"]
    assert whole["plugins"]["dateline"]["questions"] == []
    alone = whole_configuration(folders[1], ServeOptions())
    assert "databases" not in alone
    assert len(alone["plugins"]["dateline"]["questions"]) == 1


def test_a_wrong_question_beside_any_of_the_archives_ends_in_one_line(tmp_path: Path) -> None:
    folders = make_several(tmp_path)
    (folders[2] / "questions.toml").write_text(QUESTION.replace("FROM articles", "FROM nothing"))
    with pytest.raises(UsageError, match="nothing"):
        whole_configuration(folders[0], ServeOptions(others=tuple(folders[1:])))


# -- the command -----------------------------------------------------------------------------------


def served_by(
    monkeypatch: pytest.MonkeyPatch, *words: str, env: dict[str, str] | None = None
) -> tuple[object, ...]:
    """Return the first folder and the others that a command would serve."""
    given: list[tuple[object, ...]] = []
    monkeypatch.setattr(
        serving, "serve_archive", lambda folder, how, *_: given.append((folder, *how.others))
    )
    result = CliRunner().invoke(cli, [*words], env=env, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return given[0]


def test_the_archives_that_are_named_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = {"DATELINE_ARCHIVE": "elsewhere"}
    assert served_by(monkeypatch, "serve", "a", "b", env=elsewhere) == (Path("a"), Path("b"))
    assert served_by(monkeypatch, "serve", "a", "--port", "9") == (Path("a"),)
    assert served_by(monkeypatch, "serve", env=elsewhere) == (Path("elsewhere"),)
    assert served_by(monkeypatch, "serve", "--archive", "a") == (Path("a"),)
    assert served_by(monkeypatch, "--archive", "a", "serve") == (Path("a"),)


def test_the_configuration_of_the_first_archive_applies(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "dateline.toml").write_text(f'[serve]\ntitle = "Site {name}"\n')
    titles: list[str | None] = []
    monkeypatch.setattr(serving, "serve_archive", lambda _, how, *__: titles.append(how.title))
    for first, second in (("a", "b"), ("b", "a")):
        words = ["serve", str(tmp_path / first), str(tmp_path / second)]
        CliRunner().invoke(cli, words, catch_exceptions=False)
    assert titles == ["Site a", "Site b"]


@pytest.mark.parametrize(
    "words", [["serve", "a", "--archive", "b"], ["--archive", "b", "serve", "a"]]
)
def test_archives_named_in_two_ways_end_in_one_line(words: list[str]) -> None:
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 2
    assert "not both" in result.output


def test_a_folder_without_an_archive_ends_in_one_line(folders: list[Path], tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["serve", str(folders[0]), str(tmp_path / "none")])
    assert result.exit_code != 0
    assert "none" in result.output
    assert "Traceback" not in result.output


@pytest.mark.slow
@pytest.mark.parametrize("public", [False, True])
def test_the_command_serves_all_archives_as_one_site(folders: list[Path], public: bool) -> None:
    command = [sys.executable, "-m", "crawler", "serve", *folders, *["--public"] * public]
    with running_server(command, os.environ | {"DATELINE_ARCHIVE": "nowhere"}) as server:
        home = direct.open(f"{server.address}/").read().decode()
        assert "Ferry wages rise" in home
        assert "Ferry crews strike" in home
        assert "3 archives (2024-02, 2024-03, desk) as one site" in server.output.read_text()
        own = direct.open(f"{server.address}/2024-03/library.json?_shape=array").read()
        assert [row["headline"] for row in json.loads(own)] == ["Library opens"]
        if not public:
            capture = Request(f"{server.address}/2024-02/articles/1/capture")
            assert b"Ferry crews strike" in direct.open(capture).read()
