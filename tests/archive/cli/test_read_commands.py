"""The commands that read, as somebody types them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import archive.cli.read_commands  # noqa: F401  registers the commands
from archive.cli.base import CommandDependencies, cli


def run(folder: Path, *arguments: str, **options: object) -> Result:
    return CliRunner().invoke(
        cli, ["--archive", str(folder), *arguments], catch_exceptions=False, **options
    )  # type: ignore[arg-type]


def test_a_search_lists_id_day_outlet_headline_and_the_place(folder: Path) -> None:
    result = run(folder, "search", "union", "shifts")
    assert result.exit_code == 0
    assert (
        "1  2024-02-15  harbour.example  Ferry crews strike  also in 1 other outlet\n"
        in result.output
    )
    assert "The [union] asks for shorter [shifts]." in result.output


def test_a_word_can_be_left_out_of_a_search(folder: Path) -> None:
    result = run(folder, "search", "strike", "-housing", "-cut")
    assert result.exit_code == 0
    assert "No article in" in result.output


def test_a_search_without_hits_is_no_error(folder: Path) -> None:
    result = run(folder, "search", "zeppelin")
    assert (result.exit_code, result.output) == (0, f"No article in {folder} matches zeppelin\n")


def test_a_search_gives_json_lines_and_csv(folder: Path) -> None:
    (line,) = run(folder, "search", "首相", "--jsonl").output.splitlines()
    assert json.loads(line)["passage"].startswith("⟦首相⟧は会見で")
    header, *rows = run(folder, "search", "strike", "--copies", "--csv").output.splitlines()
    assert header.startswith("id,outlet,headline,published_at")
    assert len(rows) == 2


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (["--outlet", "ridge.example"], {2}),
        (["--since", "2024-02-16"], set()),
        (["--until", "2024-02-15"], {1}),
        (["--until", "2024-02-15", "--copies"], {1, 2}),
        (["--language", "ja"], set()),
        (["--limit", "1", "--copies"], {1}),
    ],
)
def test_filters_narrow_a_search(folder: Path, filters: list[str], ids: set[int]) -> None:
    lines = run(folder, "search", "strike", *filters, "--jsonl").output.splitlines()
    assert {json.loads(line)["id"] for line in lines} == ids


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["search", "…"], "nothing to search for", 2),
        (["search", "strike", "--since", "yesterday"], "neither a date nor an age", 2),
        (["search", "strike", "--nope"], "unknown option --nope", 2),
        (["search"], "Missing argument", 2),
        (["show", "999"], "999: not in", 1),
        (["show", "https://nobody.example/"], "not in", 1),
        (["show", "caf\udce9"], "not in", 1),
        (["show", "99999999999999999999999999"], "not in", 1),
        (
            ["show", "https://ridge.example/old"],
            "gone (HTTP 404) when it was fetched on 2024-03-01",
            1,
        ),
        (["show", "https://ridge.example/front"], "not article (section: 40 links)", 1),
        (["show", "https://ridge.example/next"], "not fetched yet", 1),
        (["show", "3", "--html"], "imported without its page", 1),
        (["export", "--search", "…"], "nothing to search for", 2),
        (["export", "-o", "/nowhere/at/all.csv"], "cannot be written", 1),
    ],
)
def test_a_mistake_is_told_in_one_line(
    folder: Path, arguments: list[str], says: str, code: int
) -> None:
    result = run(folder, *arguments)
    assert result.exit_code == code
    assert says in result.stderr
    assert "Traceback" not in result.output
    if result.stderr.startswith("dateline:"):
        assert result.stderr.count("\n") == 1


def test_without_an_archive_each_command_says_how_to_start_one(tmp_path: Path) -> None:
    for arguments in (["search", "a"], ["show", "1"], ["status"], ["export"], ["serve"]):
        result = run(tmp_path / "none", *arguments)
        assert result.exit_code == 1
        assert "no archive here yet" in result.stderr


def test_an_article_is_shown_with_what_is_known_of_it(folder: Path) -> None:
    shown = run(folder, "show", "1").output
    for words in ("Ferry crews strike", "The Harbour Post", "byline     By Mara Lind\n", "agency     AP\n",
                  "Thu, 15 Feb 2024 10:30 GMT",
                  "https://harbour.example/amp/1 (amphtml)", "2  2024-02-15  ridge.example  same text",
                  "The union asks for shorter shifts."):  # fmt: skip
        assert words in shown


def test_an_article_is_found_by_any_of_its_addresses(folder: Path) -> None:
    for address in ("https://harbour.example/news/1", "https://harbour.example/amp/1"):
        assert "Ferry crews strike" in run(folder, "show", address).output


def test_an_article_is_found_by_another_spelling_of_its_address(folder: Path) -> None:
    def key(url: str) -> str:
        return url.removeprefix("http://").removesuffix("?from=home")

    spelled = "http://harbour.example/news/1?from=home"
    assert "Ferry crews strike" in run(folder, "show", spelled, obj=CommandDependencies(key)).output
    assert run(folder, "show", spelled).exit_code == 1


def test_the_page_of_an_article_comes_out_byte_for_byte(folder: Path) -> None:
    page = run(folder, "show", "1", "--html").stdout_bytes
    assert (
        hashlib.sha256(page).hexdigest()
        == json.loads(run(folder, "show", "1", "--json").output)["digest"]
    )


def test_a_page_cannot_steer_the_terminal(folder: Path) -> None:
    import sqlite3

    with sqlite3.connect(folder / "archive.db") as connection:
        connection.execute(
            "UPDATE articles SET headline = ?, text = ? WHERE id = 4",
            ["a\x1b[2Jb\x07", "strike \x9b31m \u202ex"],
        )
    for arguments in (["show", "4"], ["search", "strike"]):
        assert not set("\x1b\x07\x9b\u202e") & set(run(folder, *arguments).output)


def test_status_says_what_is_there_what_waits_and_what_fails(folder: Path) -> None:
    told = run(folder, "status").output
    for words in ("6, 1 of them undated", "5 with 2 feeds and sitemaps", "1 waiting", "HTTP 503", "robots.txt",
                  "https://ridge.example/feed.xml", "listing", "video", "silent.example", "finished"):  # fmt: skip
        assert words in told


def test_the_status_of_an_empty_archive_says_what_to_do_next(tmp_path: Path) -> None:
    from archive.storage.database import open_database
    from archive.storage.schema import ARCHIVE_SCHEMA

    open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA).close()
    assert "Start with `dateline outlet add HOST`" in run(tmp_path, "status").output
    assert json.loads(run(tmp_path, "status", "--json").output)["articles"] == 0


@pytest.mark.parametrize(
    "arguments",
    [["search", "首相"], ["show", "3"], ["status"], ["export"], ["show", "5", "--json"]],
)
def test_a_terminal_without_unicode_does_not_stop_a_command(
    folder: Path, arguments: list[str]
) -> None:
    run_it = "import archive.cli.read_commands; from archive.cli.base import cli; cli(prog_name='dateline')"
    done = subprocess.run(
        [sys.executable, "-c", run_it, "--archive", str(folder), *arguments],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_each_command_says_what_it_does_with_an_example() -> None:
    for name in ("search", "show", "status", "export", "serve"):
        shown = CliRunner().invoke(cli, [name, "-h"]).output
        assert "Example" in shown
        assert f"dateline {name}" in shown
