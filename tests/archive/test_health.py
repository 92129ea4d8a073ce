"""Is it alive? What a monitor is told: crawls that stopped, sources that fail, outlets that fell
silent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.queries.status import status_problems, status_report
from archive.records import format_utc
from archive.storage.database import open_database
from archive.storage.lock import hold_crawl_lock
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.formatting import duration_text

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = 86400


def hours_ago(hours: float) -> str:
    return format_utc(NOW - timedelta(hours=hours))


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An archive whose last crawl ended an hour ago."""
    connection = open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)
    connection.execute(
        "INSERT INTO crawls (started_at, finished_at, state) VALUES (?, ?, 'finished')",
        [hours_ago(2), hours_ago(1)],
    )
    yield connection
    connection.close()


def publishes(
    db: sqlite3.Connection, host: str, gap: float, last: float, many: int = 20, source: bool = True
) -> None:
    """An outlet with an article every `gap` hours, the last one published and found `last` hours
    ago."""
    id = db.execute("INSERT INTO outlets (host, added_at) VALUES (?, '')", [host]).lastrowid
    if source:
        add_url(db, id, f"https://{host}/feed.xml", "feed", hours_ago(1), None)
    for number in range(many):
        moment = hours_ago(last + number * gap)
        article = db.execute(
            "INSERT INTO articles (outlet_id, url, fetched_at, published_at, text) VALUES (?, ?, ?, ?, '')",
            [id, f"https://{host}/{number}", moment, moment],
        ).lastrowid
        add_url(db, id, f"https://{host}/{number}", "page", moment, article)


def add_url(
    db: sqlite3.Connection,
    outlet: int | None,
    url: str,
    kind: str,
    found_at: str,
    article: int | None,
    **more: object,
) -> None:
    row = {
        "url": url,
        "url_key": url,
        "kind": kind,
        "outlet_id": outlet,
        "found_at": found_at,
        "state": "done",
    }
    row |= {"article_id": article} | more
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    db.execute(f"INSERT INTO urls ({names}) VALUES ({marks})", row)


def told(
    db: sqlite3.Connection, folder: Path, max_age: float = DAY, now: datetime = NOW
) -> list[str]:
    lines = status_problems(status_report(db, folder, now), max_age, now)
    return [line for line in lines if "MB are free" not in line]


@pytest.mark.parametrize(
    ("gap", "last", "silent"),
    [
        (1, 20, False),  # a night
        (1, 30, True),
        (0.1, 23, False),
        (24, 60, False),  # a Sunday
        (24, 24 * 4, False),
        (24, 24 * 6, True),
        (24 * 7, 24 * 20, False),
    ],
)
def test_an_outlet_fell_silent_by_its_own_rhythm_and_not_by_anothers(
    db, tmp_path, gap, last, silent
):
    publishes(db, "harbour.example", gap, last)
    lines = told(db, tmp_path)
    assert bool(lines) == silent, lines
    assert all("harbour.example: nothing new for" in line for line in lines)


def test_an_outlet_of_few_articles_or_without_sources_has_no_rhythm(db, tmp_path):
    publishes(db, "few.example", 1, 100, many=4)
    publishes(db, "named.example", 1, 100, source=False)
    assert told(db, tmp_path) == []


def test_silence_is_not_counted_while_nobody_listened(db, tmp_path):
    publishes(db, "harbour.example", 1, 3)
    week_later = NOW + timedelta(days=7)
    assert told(db, tmp_path, 14 * DAY, week_later) == []
    (line,) = told(db, tmp_path, DAY, week_later)
    assert "the last crawl finished 7 d ago; is the schedule active?" in line


def test_an_old_archive_that_was_taken_in_today_has_not_fallen_silent(db, tmp_path):
    publishes(db, "harbour.example", 1, 24 * 365)
    db.execute("UPDATE urls SET found_at = ?", [hours_ago(1)])
    assert told(db, tmp_path) == []


def test_a_source_is_a_problem_from_its_third_failure_in_a_row(db, tmp_path):
    publishes(db, "harbour.example", 1, 2)
    for failures in (1, 2, 3):
        url = f"https://harbour.example/{failures}.xml"
        add_url(
            db,
            1,
            url,
            "feed",
            hours_ago(9),
            None,
            outcome="failed",
            reason="HTTP 500",
            failures=failures,
        )
    assert told(db, tmp_path) == [
        "https://harbour.example/3.xml: failed 3 times in a row: HTTP 500"
    ]


def test_crawls_that_never_come_to_an_end_are_told_though_they_start(db, tmp_path):
    db.execute("UPDATE crawls SET state = 'interrupted', finished_at = NULL")
    assert "no crawl has finished yet" in told(db, tmp_path)[0]
    with hold_crawl_lock(tmp_path):
        assert told(db, tmp_path) == [], "the first one is at it"
    db.execute("UPDATE crawls SET state = 'stopped', finished_at = ?", [hours_ago(50)])
    with hold_crawl_lock(tmp_path):
        assert "2 d ago; one is running (process " in told(db, tmp_path)[0]


def test_a_disk_that_is_nearly_full_is_told(db, tmp_path):
    stands = status_report(db, tmp_path, NOW) | {"free": 12_000_000}
    assert status_problems(stands, DAY, NOW) == [f"{tmp_path}: only 12 MB free on the disk"]


def test_what_is_due_now_is_counted_pages_and_sources_apart(db, tmp_path):
    publishes(db, "harbour.example", 1, 2, many=3)
    db.execute("UPDATE urls SET due_at = ? WHERE kind = 'feed' OR url LIKE '%/1'", [hours_ago(1)])
    db.execute("UPDATE urls SET due_at = ? WHERE url LIKE '%/2'", [hours_ago(-1)])
    assert status_report(db, tmp_path, NOW)["due"] == {"pages": 1, "sources": 1}


def test_a_span_of_time_is_told_as_people_say_it():
    assert [duration_text(seconds) for seconds in (5, 119, 120, 7199, 7200, 172799, 172800)] == [
        "5 s", "119 s", "2 min", "120 min", "2 h", "48 h", "2 d"
    ]  # fmt: skip
