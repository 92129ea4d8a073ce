"""The page of an outlet says which of its rules are out of date."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.archive.plugin.test_plugin import getter

RULES = "trafilatura 2.3.1, dateline 0.1.0, rules 81665a2d"


def page_with(folder: Path, extractor: str) -> str:
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        db.execute(
            "UPDATE articles SET extractor = ? WHERE outlet_id = "
            "(SELECT id FROM outlets WHERE host = 'ridge.example')",
            (extractor,),
        )
        db.commit()
    text: str = getter(folder / "archive.db")("/archive/-/outlet/ridge.example").text
    return text


def test_a_rule_that_matched_nothing_is_named_with_the_number_of_articles(folder: Path) -> None:
    page = page_with(folder, f"{RULES}; no match: byline")
    assert "The rule for the byline is out of date:" in page
    assert "read without it" in page


def test_rules_that_matched_are_mentioned_and_an_outlet_without_any_has_no_such_part(
    folder: Path,
) -> None:
    assert "; all matched." in page_with(folder, RULES)
    assert ">Rules</h3>" not in page_with(folder, "trafilatura 2.3.1, dateline 0.1.0")
