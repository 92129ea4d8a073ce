"""SECURITY.md names a test for every threat, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.paths import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[`([\w/.-]+\.py)::(\w+)`\]\(([^)]+)\)")


def rows() -> dict[str, str]:
    """The last cell of each row of the tables of threats, by the first."""
    cells = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if line.startswith("| ")]
    return {row[0]: row[-1] for row in cells if row[0] != "threat" and not set(row[0]) <= set("- ")}


ROWS = rows()
NAMED = sorted({(path, name) for path, name, _ in LINK.findall(TEXT)})


@cache
def names_in(path: str) -> set[str]:
    """The tests of a file; none where there is no such file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8") if (ROOT / path).is_file() else "")
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.name.startswith("test_")
    }


def test_there_is_a_table_to_look_at() -> None:
    assert len(ROWS) >= 25
    assert len(NAMED) >= 25


@pytest.mark.parametrize("threat", ROWS)
def test_a_threat_names_the_test_that_shows_what_is_done(threat: str) -> None:
    assert LINK.search(ROWS[threat])


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_is_there(path: str, name: str) -> None:
    assert name in names_in(path)


def test_a_link_leads_to_the_file_that_it_names() -> None:
    assert all(path == to for path, _, to in LINK.findall(TEXT))


def test_no_name_of_a_test_stands_there_without_a_link() -> None:
    assert len(re.findall(r"::test_\w+", TEXT)) == len(LINK.findall(TEXT))
