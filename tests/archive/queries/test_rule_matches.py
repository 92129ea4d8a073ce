"""Rules that match nothing are counted for the newest articles, as read by the rules in force."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.pages.outlet import outlet_page_data
from archive.queries.rule_matches import (
    MAX_RULED_ARTICLES,
    RuleMatches,
    is_rule_problem,
    rule_matches,
    rules_note,
    rules_out_of_date,
)
from archive.queries.status import status_problems, status_report
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA

PLAIN = "trafilatura 2.3.1, dateline 0.1.0"
HOSTS = ("harbour.example", "www.skerry.example", "plain.example")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        for id, host in enumerate(HOSTS, 1):
            db.execute("INSERT INTO outlets (id, host, added_at) VALUES (?, ?, '')", (id, host))
        yield db


def add(
    db: sqlite3.Connection, outlet: int, number: int, extractor: str, dated: bool = True
) -> None:
    day = f"2026-01-{1 + number // 24:02}T{number % 24:02}:00:00Z"
    db.execute(
        "INSERT INTO articles (outlet_id, url, fetched_at, published_at, text, extractor) VALUES (?, ?, ?, ?, '', ?)",
        (outlet, f"http://x.example/{outlet}/{number}", day, day if dated else None, extractor),
    )


def test_only_the_newest_articles_that_the_rules_in_force_read_count(archive):
    for number in range(3):
        add(archive, 1, number, f"{PLAIN}, rules 11111111; no match: headline")
    add(archive, 1, 3, f"{PLAIN}, rules 22222222; no match: text, byline")
    add(archive, 1, 4, PLAIN)
    add(archive, 1, 5, f"{PLAIN}, rules 22222222; no match: byline")
    add(archive, 1, 6, f"{PLAIN}, rules 22222222")
    assert rule_matches(archive, 1) == RuleMatches(3, {"byline": 2, "text": 1})


def test_articles_that_lost_their_date_with_the_rule_for_it_count_too(archive):
    for number in range(MAX_RULED_ARTICLES + 10):
        add(archive, 1, number, f"{PLAIN}, rules 11111111")
    for number in range(4):
        add(archive, 1, 80 + number, f"{PLAIN}, rules 11111111; no match: date", dated=False)
    assert rule_matches(archive, 1) == RuleMatches(MAX_RULED_ARTICLES, {"date": 4})


def test_an_outlet_without_rules_has_nothing_to_count(archive):
    add(archive, 3, 1, PLAIN)
    assert rule_matches(archive, 3) is None
    assert rules_note(PLAIN) == rules_note(None) == ""
    page = outlet_page_data(archive, "plain.example")
    assert page is not None
    assert page["rules"] is None


def test_the_status_lists_rules_of_hosts_and_subdomains_and_reports_those_that_mostly_fail(
    archive, tmp_path
):
    for number in range(4):
        missing = "; no match: text" if number else ""
        add(archive, 2, number, f"{PLAIN}, rules 11111111{missing}")
    add(archive, 1, 1, f"{PLAIN}, rules 11111111; no match: text")
    archive.commit()
    rows = rules_out_of_date(archive, ["skerry.example"])
    assert rows == [{"outlet": "www.skerry.example", "rule": "text", "unmatched": 3, "articles": 4}]
    report = status_report(archive, tmp_path, ruled_hosts=["skerry.example", "harbour.example"])
    assert len(report["rules_out_of_date"]) == 2
    problems = [line for line in status_problems(report, 1e12) if "the rule" in line]
    assert problems == [
        "www.skerry.example: the rule 'text' matched nothing on 3 of 4 articles; "
        "try it with `dateline extract --explain URL`"
    ]


@pytest.mark.parametrize(
    ("unmatched", "articles", "reported"),
    [(2, 2, False), (3, 3, True), (2, 4, False), (3, 4, True)],
)
def test_a_rule_is_a_problem_if_it_fails_on_most_of_three_articles_or_more(
    unmatched, articles, reported
):
    assert is_rule_problem({"unmatched": unmatched, "articles": articles}) is reported


def test_the_note_on_an_article_says_what_its_rules_did():
    note = rules_note(f"{PLAIN}, rules 81665a2d; no match: byline, date")
    assert note == "read by the outlet’s rules 81665a2d; nothing matched for byline, date"
