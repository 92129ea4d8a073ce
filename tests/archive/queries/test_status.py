"""How the archive stands, in figures."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from archive.queries.lookup import outlet_totals
from archive.queries.status import status_report
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA


def test_the_report_counts_what_is_in_the_archive(folder: Path) -> None:
    connection = open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)
    stands = status_report(connection, folder, today=datetime(2024, 3, 2, tzinfo=UTC))
    connection.close()
    counts = {
        name: stands[name]
        for name in ("articles", "outlets", "sources", "urls", "waiting", "undated")
    }
    assert counts == {
        "articles": 6,
        "outlets": 5,
        "sources": 2,
        "urls": 13,
        "waiting": 1,
        "undated": 1,
    }
    assert stands["waiting_by_outlet"] == [{"outlet": "ridge.example", "waiting": 1}]
    assert stands["outlets_without_articles"] == ["silent.example"]
    assert [(row["url"], row["reason"]) for row in stands["failing_sources"]] == [
        ("https://ridge.example/feed.xml", "HTTP 500")
    ]
    assert {(row["outcome"], row["reason"], row["pages"]) for row in stands["failing_pages"]} == {
        ("gone", "HTTP 404", 1), ("failed", "HTTP 503", 1), ("refused", "robots.txt", 1)
    }  # fmt: skip
    assert {row["type"]: row["pages"] for row in stands["not_articles"]} == {
        "listing": 1,
        "video": 1,
    }
    (crawl,) = stands["crawls"]
    assert (crawl["state"], crawl["seconds"], crawl["new"], crawl["failed"]) == (
        "finished",
        120,
        6,
        0,
    )
    assert len(stands["days"]) == 30
    assert {day: count for day, count in stands["days"].items() if count} == {"2024-03-01": 6}
    assert min(stands["size"].values()) > 0


def test_outlets_come_with_their_sources_and_articles(folder: Path) -> None:
    found = {row["host"]: row for row in outlet_totals(folder)}
    assert (
        found["harbour.example"]
        | {"feeds": 1, "sitemaps": 0, "articles": 2, "newest": "2024-02-15T10:30:00Z"}
        == found["harbour.example"]
    )
    assert (found["silent.example"]["articles"], found["silent.example"]["newest"]) == (0, None)
