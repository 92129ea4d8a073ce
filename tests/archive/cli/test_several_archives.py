"""`search`, `stories` and `outlet list` on several archives: what each has, as one list."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import crawler.cli.main  # noqa: F401  registers the commands
from archive.cli.base import cli
from archive.pages.combined.combined_search import combined_search_data
from archive.pages.search_page import SearchRequest
from tests.archive.room import STORY
from tests.archive.several import MARCH_STORY, NAMES, make_several, opened_together


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the archives."""
    folder = tmp_path_factory.mktemp("several")
    make_several(folder)
    return folder


def run(*words: object, code: int = 0) -> Any:
    result = CliRunner().invoke(cli, [*map(str, words)])
    assert result.exit_code == code, result.output
    return result


def told(months: Path, *words: object) -> Any:
    return json.loads(run(*words, "--archive", months, "--json").stdout)


def test_a_search_finds_the_same_in_the_same_order_as_the_page_of_all_archives(
    months: Path,
) -> None:
    found = told(months, "search", "ferry")
    with opened_together([months / name for name in NAMES]) as connections:
        page = combined_search_data(connections, SearchRequest(words="ferry"))
    assert [(Path(hit["archive"]).name, hit["id"]) for hit in found] == [
        (hit["archive"], hit["id"]) for hit in page["hits"]
    ]
    assert len(found) > 2
    assert [[Path(each).name for each in hit["elsewhere"]] for hit in found] == [
        [each["archive"] for each in hit["elsewhere"]] for hit in page["hits"]
    ]


def test_archives_may_be_named_one_by_one_and_each_hit_names_its_own(months: Path) -> None:
    february, march = months / "2024-02", months / "2024-03"
    lines = run("search", "ferry", "--archive", february, "--archive", march).stdout.splitlines()
    assert any(line.startswith(f"11  {march}  2024-03-07") for line in lines)
    assert any(f"  {february}  " in line for line in lines)


def test_the_newest_of_all_archives_come_first_up_to_the_limit(months: Path) -> None:
    found = told(months, "search", "ferry", "--sort", "newest", "--limit", "3")
    days = [hit["published_at"] for hit in found]
    assert days == sorted(days, reverse=True)
    text = run("search", "ferry", "--limit", "2", "--archive", months).stdout
    assert "2 of " in text


def test_a_search_of_several_archives_is_a_table_with_a_column_for_them(months: Path) -> None:
    text = run("search", "ferry", "--archive", months, "--csv").stdout
    rows = list(csv.DictReader(text.splitlines()))
    assert list(rows[0])[:3] == ["archive", "id", "outlet"]
    assert {Path(row["archive"]).name for row in rows} == {"2024-02", "2024-03"}
    lines = run("search", "ferry", "--archive", months, "--jsonl").stdout.splitlines()
    assert [json.loads(line)["url"] for line in lines] == [row["url"] for row in rows]


def test_an_outlet_that_only_some_archives_know_is_searched_there(months: Path) -> None:
    found = told(months, "search", "ferry", "--outlet", "ridge.example")
    assert {hit["outlet"] for hit in found} == {"ridge.example"}
    error = run("search", "ferry", "--outlet", "x.example", "--archive", months, code=2).stderr
    assert error.count("\n") == 1
    assert "no such outlet" in error


def test_nothing_found_in_any_archive_is_said_with_advice(months: Path) -> None:
    text = run("search", "libary", "--archive", months).stdout
    assert text.startswith("No article in 3 archives matches libary")
    assert "Did you mean: library" in text


@pytest.mark.parametrize(
    "words",
    [("search", "--list-saved"), ("search", "--save", "x", "ferry"), ("stories", "--toml"),
     ("outlet", "list", "--sources")],
)  # fmt: skip
def test_what_belongs_to_one_archive_is_refused_in_one_line(
    months: Path, words: tuple[str, ...]
) -> None:
    error = run(*words, "--archive", months, code=2).stderr
    assert error.count("\n") == 1
    assert "name it alone: --archive" in error


def test_an_archive_that_is_named_twice_is_refused(months: Path) -> None:
    words = ("--archive", months / "desk", "--archive", months / "desk")
    assert "name it once" in run("search", "ferry", *words, code=2).stderr


def test_stories_of_all_archives_are_listed_with_their_archives(months: Path) -> None:
    rows = told(months, "stories")
    assert [(Path(row["archive"]).name, row["name"]) for row in rows] == [
        ("2024-03", MARCH_STORY),
        ("2024-02", STORY),
    ]
    assert [row["name"] for row in told(months, "stories", MARCH_STORY)] == [MARCH_STORY]
    assert "no such story" in run("stories", "x", "--archive", months, code=2).stderr
    assert MARCH_STORY in run("stories", "--archive", months).stdout


def test_an_outlet_of_several_archives_is_listed_once_with_all_its_articles(months: Path) -> None:
    rows = {row["host"]: row for row in told(months, "outlet", "list")}
    alone = [json.loads(run("outlet", "list", "--archive", months / name, "--json").stdout)
             for name in NAMES]  # fmt: skip
    articles = sum(
        row["articles"] for rows in alone for row in rows if row["host"] == "harbour.example"
    )
    assert rows["harbour.example"]["articles"] == articles
    assert [Path(each).name for each in rows["harbour.example"]["archives"]] == list(NAMES)
    assert "harbour.example" in run("outlet", "list", "--archive", months).stdout


def test_one_archive_named_once_is_read_as_ever(months: Path) -> None:
    found = json.loads(run("search", "ferry", "--archive", months / "2024-03", "--json").stdout)
    assert found
    assert "archive" not in found[0]
    before = json.loads(run("--archive", months / "2024-03", "search", "ferry", "--json").stdout)
    assert before == found
