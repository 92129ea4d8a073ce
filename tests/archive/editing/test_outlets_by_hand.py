"""Outlets that a person pauses, resumes and removes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.editing.outlets import (
    pause_outlet,
    remove_empty_outlets,
    remove_outlet,
    resume_outlet,
)
from archive.errors import BusyError, UsageError
from archive.frontier.sources import next_source_due, sources_of_outlets
from archive.frontier.urls import add_outlet_with_sources, lease_pages, queue_leads
from archive.records import Lead, Outlet, Source
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from pipelines.identity import identify_lead, identify_source

HOST = "harbour.example"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An archive with two outlets, each with a feed and a waiting page."""
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    for host in (HOST, "ridge.example"):
        feed = identify_source(Source(f"https://{host}/feed.xml", "feed", host))
        assert add_outlet_with_sources(connection, Outlet(host), [feed]) == 1
        lead = Lead(f"https://{host}/news/1", via="feed", found_on=feed.url)
        queue_leads(connection, [identify_lead(lead)])
    yield connection
    connection.close()


def asked(db: sqlite3.Connection) -> set[str]:
    """The hosts of which a crawl would ask something."""
    sources = {source.host for source in sources_of_outlets(db, ("feed",))}
    pages = {page.host for page in lease_pages(db, 10, 10)}
    db.execute("UPDATE urls SET state = 'pending' WHERE state = 'leased'")
    assert sources == pages
    return pages


def test_a_paused_outlet_is_asked_for_nothing_until_it_is_resumed(db: sqlite3.Connection) -> None:
    assert asked(db) == {HOST, "ridge.example"}
    assert pause_outlet(db, HOST)
    assert not pause_outlet(db, HOST)
    assert asked(db) == {"ridge.example"}
    assert resume_outlet(db, HOST)
    assert not resume_outlet(db, HOST)
    assert asked(db) == {HOST, "ridge.example"}


def test_a_source_of_a_paused_outlet_is_never_due(db: sqlite3.Connection) -> None:
    db.execute("UPDATE urls SET due_at = '2026-03-01T00:00:00Z' WHERE role = 'source'")
    assert next_source_due(db)
    for host in (HOST, "ridge.example"):
        pause_outlet(db, host)
    assert next_source_due(db) is None


def test_an_outlet_without_articles_is_removed_with_all_that_belongs_to_it(
    db: sqlite3.Connection,
) -> None:
    db.execute(
        "INSERT INTO fetches (url_id, fetched_at, outcome) SELECT id, '', 'failed' FROM urls"
    )
    assert remove_outlet(db, HOST) == 2
    assert [row["host"] for row in db.execute("SELECT host FROM outlets")] == ["ridge.example"]
    assert db.execute("SELECT count(*) FROM fetches").fetchone()[0] == 2
    assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def article(db: sqlite3.Connection, outlet_id: int) -> None:
    db.execute(
        """INSERT INTO articles (outlet_id, url, text, fetched_at)
        VALUES (?, 'https://x.example/1', 'text', '2026-03-01T00:00:00Z')""",
        (outlet_id,),
    )


def test_an_outlet_with_articles_stays_and_the_message_says_what_to_do(
    db: sqlite3.Connection,
) -> None:
    article(db, 1)
    with pytest.raises(
        UsageError, match=r"has 1 article, .* `dateline outlet pause harbour.example`"
    ):
        remove_outlet(db, HOST)


def test_a_url_that_leads_to_another_outlets_article_goes_over_to_that_outlet(
    db: sqlite3.Connection,
) -> None:
    article(db, 2)
    db.execute("UPDATE urls SET article_id = 1 WHERE url = 'https://harbour.example/news/1'")
    remove_outlet(db, HOST)
    assert db.execute("SELECT outlet_id FROM urls WHERE article_id = 1").fetchone()[0] == 2


def test_an_outlet_whose_page_is_being_fetched_is_not_removed(db: sqlite3.Connection) -> None:
    lease_pages(db, 10, 10)
    with pytest.raises(BusyError, match="a crawl is fetching its pages"):
        remove_outlet(db, HOST)


def test_outlets_of_which_nothing_came_are_removed_and_no_others(db: sqlite3.Connection) -> None:
    before = {row[0] for row in db.execute("SELECT host FROM outlets")}
    given = ["https://typo.example/a", "https://known.example/a", "https://busy.example/a"]
    queue_leads(db, [identify_lead(Lead(url, via="given")) for url in given])
    db.execute("UPDATE urls SET state = 'leased' WHERE url LIKE '%busy%'")
    queue_leads(db, [identify_lead(Lead("https://listed.example/a", via="feed"))])
    add_outlet_with_sources(db, Outlet("fed.example"), [identify_source(
        Source("https://fed.example/rss", "feed", "fed.example"))])  # fmt: skip
    assert remove_empty_outlets(db, but={*before, "known.example"}) == ["typo.example"]
    left = {row[0] for row in db.execute("SELECT host FROM outlets")}
    others = {"known.example", "busy.example", "listed.example", "fed.example"}
    assert left == before | others


@pytest.mark.parametrize("change", [pause_outlet, resume_outlet, remove_outlet])
def test_an_unknown_outlet_is_said_to_be_unknown(db: sqlite3.Connection, change) -> None:
    with pytest.raises(UsageError, match="no such outlet"):
        change(db, "nowhere.example")
