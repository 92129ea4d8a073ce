"""What CONTRIBUTING.md names exists, and its examples are today's code.

`python -m tests.test_contributing` writes the excerpts again from the code.
"""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.paths import ROOT

GUIDE = ROOT / "CONTRIBUTING.md"
EXCERPT = re.compile(r"(<!-- (excerpt|line): (\S+) (.+?) -->\n```\w+\n)(.*?)(```\n)", re.DOTALL)
EXAMPLE = re.compile(r"<!-- example: (\w+) -->\n```python\n(.*?)```\n", re.DOTALL)
PATH = re.compile(r"`([\w.-]+/[\w./-]*)`")
"""A path from the root of the project; commands hold blanks."""
DOTTED = re.compile(r"`((?:crawler|pipelines|archive)(?:\.\w+)+)`")


def text() -> str:
    return GUIDE.read_text("utf-8")


def source_of(path: Path, name: str) -> str:
    """Return the source of one module-level name of a Python file, with its comment."""
    source = path.read_text("utf-8")
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if name in names_of(node):
            return "".join(lines[node.lineno - 1 : node.end_lineno])
    raise LookupError(f"{path}: no {name}")


def names_of(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def table_of(path: Path, name: str) -> str:
    """Return one table of a TOML file, as it is written there."""
    parts = re.split(r"^(?=\[)", path.read_text("utf-8"), flags=re.MULTILINE)
    return next(part for part in parts if part.startswith(f"[{name}]")).rstrip("\n") + "\n"


def line_of(path: Path, words: str) -> str:
    """Return the one line of a file that holds the words."""
    found = [line for line in path.read_text("utf-8").splitlines() if words in line]
    assert len(found) == 1, f"{path}: {words!r} stands on {len(found)} lines"
    return found[0].strip() + "\n"


def excerpt(kind: str, path: str, what: str) -> str:
    file = ROOT / path
    if kind == "line":
        return line_of(file, what)
    if file.suffix == ".toml":
        return table_of(file, what)
    return "\n\n".join(source_of(file, name) for name in what.split())


def updated(guide: str) -> str:
    """Return the guide with each excerpt as the code has it now."""
    return EXCERPT.sub(lambda found: found[1] + excerpt(*found.group(2, 3, 4)) + found[6], guide)


def test_the_excerpts_of_the_guide_are_what_the_code_says():
    assert updated(text()) == text(), "`python -m tests.test_contributing` updates them"
    assert len(EXCERPT.findall(text())) >= 8


@pytest.mark.parametrize("path", sorted(set(PATH.findall(text()))))
def test_every_path_that_the_guide_names_is_there(path):
    made = {"tests/screenshots/"}
    assert path in made or (ROOT / path).exists()


@pytest.mark.parametrize("name", sorted(set(DOTTED.findall(text()))))
def test_every_name_of_code_in_the_guide_exists(name):
    assert pkgutil.resolve_name(name)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        ("crawler.settings", ["ITEM_PIPELINES"]),
        ("crawler.services", ["SEARCH_SERVICES"]),
        ("crawler.sources.outlet_lists", ["parse_outlet_list", "_list_format"]),
        ("archive.plugin.routes", ["PAGE_ROUTES"]),
        ("archive.plugin.page_requests", ["ArchivePaths"]),
        ("archive.storage.schema", ["ARCHIVE_SCHEMA", "CAPTURES_SCHEMA"]),
        ("demo.outlets", ["Outlet", "Page"]),
    ],
)
def test_what_the_guide_says_to_change_is_where_it_says(module, names):
    assert all(f"`{name}`" in text() for name in names)
    assert all(hasattr(importlib.import_module(module), name) for name in names)


def test_the_example_of_a_service_makes_requests_and_reads_answers():
    from crawler.services import SearchQuery

    space: dict[str, Any] = {"__name__": "crawler.services.gazette"}
    code = dict(EXAMPLE.findall(text()))["service"]
    exec(compile(code, GUIDE, "exec", dont_inherit=True), space)
    service = space["Gazette"]()
    (ask,) = service.requests(SearchQuery(words=("ferry", "landing")))
    assert ask.url == "https://gazette.example/search?q=ferry+landing"
    body = json.dumps({"hits": [{"url": "https://courier.example/1"}, {}]}).encode()
    answer = service.read(body, ask)
    assert [(lead.url, lead.found_on) for lead in answer.leads] == [
        ("https://courier.example/1", ask.url)
    ]
    assert "The Gazette" in (service.read(b"<html>", ask).problem or "")
    assert service.read(b"", ask, 503).asks


def test_the_example_of_a_question_is_one_of_the_plugin():
    from archive.plugin.metadata import canned_queries

    named = re.search(r"<!-- excerpt: archive/plugin/queries\.toml (\w+) -->", text())
    assert named
    question = tomllib.loads(excerpt("excerpt", "archive/plugin/queries.toml", named[1]))
    assert question[named[1]]["title"] == canned_queries()[named[1]]["title"]


if __name__ == "__main__":
    GUIDE.write_text(updated(text()), "utf-8")
