"""The examples of docs/research.md run on exported files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import archive.cli.read_commands  # noqa: F401  registers the commands
from archive.cli.base import cli
from tests.archive.conftest import fill
from tests.archive.room import furnish

PAGE = (Path(__file__).parent.parent / "docs" / "research.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- runs: (\w+) -->\n```python\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files that the page exports, of an archive of eight articles."""
    pytest.importorskip("pyarrow")
    folder = tmp_path_factory.mktemp("research")
    furnish(fill(folder))
    path = folder / "articles.parquet"
    tables = "copies,events,stories,revisions"
    CliRunner().invoke(
        cli,
        ["export", "-o", str(path), "--with", tables, "--archive", str(folder)],
        catch_exceptions=False,
    )
    return folder


def run_example(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the example of a library beside the files, and return its variables."""
    pytest.importorskip(name)
    monkeypatch.chdir(folder)
    variables: dict[str, Any] = {}
    exec(EXAMPLES[name], variables)
    return variables


def test_the_example_for_pandas_counts_articles_by_printed_day_and_those_that_are_no_copies(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run_example("pandas", exported, monkeypatch)
    assert made["by_day"].to_numpy().sum() == 7  # one is undated
    assert set(made["by_day"].columns) == set(made["articles"].outlet)
    assert made["share"] == 6 / 8


def test_the_example_for_duckdb_counts_the_copies_of_each_outlet(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlets = run_example("duckdb", exported, monkeypatch)["outlets"]
    assert ("ridge.example", 4, 2) in outlets
    assert sum(articles for _, articles, _ in outlets) == 8


def test_both_libraries_have_an_example() -> None:
    assert set(EXAMPLES) == {"pandas", "duckdb"}
