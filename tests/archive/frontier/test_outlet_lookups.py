"""What was found out about outlets, and who else was named for a story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.articles import outlet_evidence
from archive.articles.outlet_evidence import note_named_outlets
from archive.frontier.outlet_lookups import OutletLookup, store_lookup, valid_lookups
from archive.frontier.urls import add_outlet_with_sources, outlet_host_in_archive, queue_leads
from archive.records import Lead, Outlet, Source
from pipelines.identity import identify_lead, identify_source

WORKS = OutletLookup(
    "www.quay.example",
    "2026-03-01T09:00:00Z",
    "works",
    "www.quay.example",
    ("http://quay.example/rss",),
)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("DATELINE_NOW", "2026-03-02T09:00:00+00:00")
    with Archive(tmp_path) as opened:
        yield opened


def test_what_was_found_out_is_known_by_the_host_with_or_without_www(archive):
    store_lookup(archive.db, WORKS)
    assert valid_lookups(archive.db, ["quay.example"]) == {
        "quay.example": replace(WORKS, host="quay.example")
    }
    assert valid_lookups(archive.db, ["www.quay.example"]) == valid_lookups(archive.db)
    assert valid_lookups(archive.db, ["ridge.example"]) == {}


def test_feeds_that_worked_outlast_a_host_that_does_not_answer_and_end_with_one_that_is_gone(
    archive,
):
    store_lookup(archive.db, WORKS)
    store_lookup(
        archive.db,
        OutletLookup("quay.example", "2026-03-02T08:00:00Z", "unreachable", reason="timed out"),
    )
    kept = valid_lookups(archive.db)["quay.example"]
    assert (kept.outcome, kept.feeds, kept.found_host) == (
        "unreachable",
        WORKS.feeds,
        "www.quay.example",
    )
    store_lookup(
        archive.db,
        OutletLookup("quay.example", "2026-03-02T08:30:00Z", "gone", reason="host name not found"),
    )
    assert valid_lookups(archive.db)["quay.example"].feeds == ()


@pytest.mark.parametrize(
    ("outcome", "days", "believed"),
    [("unreachable", 1, True), ("unreachable", 3, False), ("gone", 59, True), ("gone", 61, False), ("works", 170, True),
     ("works", 190, False), ("moved", 170, True)],
)  # fmt: skip
def test_what_was_found_out_is_believed_for_a_time(archive, monkeypatch, outcome, days, believed):
    store_lookup(archive.db, replace(WORKS, outcome=outcome, looked_up_at="2026-03-02T09:00:00Z"))
    monkeypatch.setenv(
        "DATELINE_NOW", (datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(days=days)).isoformat()
    )
    assert bool(valid_lookups(archive.db)) is believed


def test_an_outlet_is_kept_under_the_host_that_the_archive_knows_it_by(archive):
    add_outlet_with_sources(archive.db, Outlet("quay.example"))
    assert outlet_host_in_archive(archive.db, "www.quay.example") == "quay.example"
    assert outlet_host_in_archive(archive.db, "ridge.example") == "ridge.example"
    add_outlet_with_sources(archive.db, Outlet("www.ridge.example"))
    assert outlet_host_in_archive(archive.db, "ridge.example") == "www.ridge.example"


def test_only_outlets_with_a_feed_or_sitemap_are_read(archive):
    add_outlet_with_sources(
        archive.db,
        Outlet("www.quay.example"),
        [identify_source(Source("http://quay.example/rss", "feed", "www.quay.example"))],
    )
    queue_leads(archive.db, [identify_lead(Lead("http://ridge.example/a", via="link"))])
    assert outlet_evidence.hosts_with_sources(archive.db) == {"quay.example"}
    assert outlet_evidence.known_hosts(archive.db) == {"quay.example", "ridge.example"}


def test_outlets_that_a_service_names_are_kept_for_the_story_and_forgotten_with_it(archive):
    from archive.articles.stories import delete_story
    from archive.storage.database import transaction

    db = archive.db
    db.execute(
        "INSERT INTO stories (id, name, title, created_at) VALUES (1, 'a', 'A', '2026-03-01T00:00:00Z')"
    )
    note_named_outlets(
        archive.db, 1, "GDELT", ["www.quay.example", "quay.example", "ridge.example"]
    )
    note_named_outlets(archive.db, 1, "GDELT", ["quay.example"])
    note_named_outlets(archive.db, 1, "Google News", ["quay.example"])
    assert outlet_evidence.hosts_named_by_services(db, 1) == {
        "quay.example": {"GDELT": 2, "Google News": 1},
        "ridge.example": {"GDELT": 1},
    }
    with transaction(db):
        delete_story(db, 1)
    assert outlet_evidence.hosts_named_by_services(db, 1) == {}
