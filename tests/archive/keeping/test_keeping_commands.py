"""What the commands that keep an archive take, refuse and print."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import archive.cli.keeping_commands  # noqa: F401  defines the commands
from archive.articles.store import next_article_id
from archive.cli.base import cli
from archive.frontier.tombstones import removal_of_article, removal_of_key
from archive.storage.database import open_database, open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
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


def removed(folder: Path, at: str, article_id: int, key: str) -> None:
    """Remember a removal at a time, and delete the article if it is there."""
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        done = db.execute(
            """INSERT INTO removals (article_id, reason, removed_at, method)
            VALUES (?, 'a letter', ?, 'command')""",
            (article_id, at),
        )
        db.execute("INSERT INTO removed_urls VALUES (?, 'x', ?, NULL)", (done.lastrowid, key))
        db.execute(
            "DELETE FROM fetches WHERE url_id IN (SELECT id FROM urls WHERE url_key = ?)", (key,)
        )
        db.execute("DELETE FROM urls WHERE url_key = ?", (key,))


def test_a_restore_lists_the_removed_articles_that_it_brings_back_and_keeps_the_others_out(
    filled, tmp_path
):
    removed(filled, "2024-02-01T00:00:00Z", 90, "ridge.example/before")
    run("backup", tmp_path / "b", default=filled)
    removed(filled, "2030-02-01T00:00:00Z", 2, "ridge.example/news/2")
    removed(filled, "2030-02-02T00:00:00Z", 91, "ridge.example/since")
    ran = run("restore", tmp_path / "b", "--replace", default=filled)
    assert ran.exit_code == 0, ran.output
    assert ran.output.splitlines()[1:] == [
        "article 2, removed on 2030-02-01, is back: dateline remove 2 --reason 'a letter'"
    ]
    with closing(open_read_only(filled / "archive.db", ARCHIVE_SCHEMA)) as db:
        for key in ("ridge.example/before", "ridge.example/since"):
            assert removal_of_key(db, key), key
        assert removal_of_key(db, "ridge.example/news/2") is None
    again = run("restore", tmp_path / "b", "--replace", default=filled)
    assert again.output.count("\n") == 1


def test_no_article_gets_the_id_of_a_removal_that_a_restore_takes_over(filled, tmp_path):
    run("backup", tmp_path / "b", default=filled)
    removed(filled, "2030-02-02T00:00:00Z", 91, "ridge.example/since")
    assert run("restore", tmp_path / "b", "--replace", default=filled).exit_code == 0
    with closing(open_read_only(filled / "archive.db", ARCHIVE_SCHEMA)) as db:
        assert removal_of_article(db, 91)
        assert next_article_id(db) == 92


def test_a_restore_says_that_removals_of_an_unreadable_archive_are_lost(filled, tmp_path):
    run("backup", tmp_path / "b", default=filled)
    other = tmp_path / "other"
    other.mkdir()
    (other / "archive.db").write_bytes(b"damaged")
    ran = run("restore", tmp_path / "b", other, "--replace", default=filled)
    assert ran.exit_code == 0
    assert "later removals are undone" in ran.stderr


def test_nothing_old_enough_is_said_so(filled, tmp_path):
    ran = run("captures", "--export-warc", tmp_path, "--older", "2001-01-01", default=filled)
    assert "no captures from before 2001-01-01" in ran.output
    assert not list(tmp_path.glob("*.warc.gz"))
