"""Small inputs that once failed, from the material beside the checkout: each gives what its case
expects.

A page case is a file `tests/cases/CASE.toml` with a table for each page of the case
(`["page.html"]`, or `["page.html@why"]` where it is read a second time under other circumstances).
Its keys are fields of the article with the values expected, and:

    story = 6          paragraphs of the common story that must each stand as a line of the text
    foreign = 0        lines of the text that are no paragraph of the story
    has = ["…"]        what the text must contain
    lacks = ["…"]      what neither text nor headline may contain
    now = "…"          the moment at which the page is read, as DATELINE_NOW

A case that needs a site is a test of its own in `tests/test_cases_*.py`, with the fixture
`case_site`.
"""

from __future__ import annotations

import json
import runpy
import tomllib
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from crawler.extraction.extract import extract_article
from crawler.files.saved_pages import capture_saved_page

pytestmark = pytest.mark.shared
EXPECTED = Path(__file__).parent / "cases"
PAGES = [
    pytest.param(file.stem, page, expected, id=f"{file.stem}/{page}")
    for file in sorted(EXPECTED.glob("*.toml"))
    for page, expected in tomllib.loads(file.read_text(encoding="utf-8")).items()
]


@cache
def story(cases: Path) -> tuple[str, ...]:
    """The paragraphs that the pages of most cases share."""
    return tuple(" ".join(line.split()) for line in runpy.run_path(str(cases / "lib.py"))["STORY"])


@pytest.mark.parametrize(("case", "page", "expected"), PAGES)
def test_a_page_of_a_case_gives_what_the_case_expects(
    shared: Path, case: str, page: str, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    expected = dict(expected)
    if moment := expected.pop("now", None):
        monkeypatch.setenv("DATELINE_NOW", moment)
    article = extract_article(
        capture_saved_page(shared / "cases" / case / page.partition("@")[0], None)
    )
    row = json.loads(json.dumps(asdict(article)))
    lines = [" ".join(line.split()) for line in (row["text"] or "").splitlines() if line.strip()]
    found: dict[str, Any] = {}
    for key, value in expected.items():
        if key == "story":
            found[key] = sum(line in lines for line in story(shared / "cases"))
        elif key == "foreign":
            found[key] = sum(line not in story(shared / "cases") for line in lines)
        elif key == "has":
            found[key] = [words for words in value if words in row["text"]]
        elif key == "lacks":
            found[key] = [
                words for words in value if words not in f"{row['headline']}\n{row['text']}"
            ]
        else:
            found[key] = row[key]
    assert found == expected, "\n".join(lines)
