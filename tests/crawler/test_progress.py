"""The line that shows how far a crawl is."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.archive import Archive
from archive.frontier.pauses import pause_site
from archive.frontier.urls import queue_leads, waiting_pages_by_host
from archive.records import Lead
from archive.storage.database import transaction
from crawler.progress import KnownWork, PagePace, progress_line
from crawler.session.request_budget import RequestBudget
from pipelines.identity import identify_lead

COUNTS = {"new": 320, "failed": 3, "older": 9}


@pytest.mark.parametrize(
    ("work", "left", "line"),
    [
        (KnownWork(), None, "12 s · 320 new · 3 failed"),
        (KnownWork(323, 217), 130, "12 s · 323 of 540 pages (59 %) · about 2 min left · 320 new · 3 failed"),
        (KnownWork(323, 217, 41, 28, may_grow=True), 70,
         "12 s · 323 of 540 pages known so far · at least 70 s left · 41 of 69 feeds and sitemaps · 320 new · 3 failed"),
        (KnownWork(323, 0, 69, 0), None, "12 s · 323 of 323 pages (100 %) · 320 new · 3 failed"),
        (KnownWork(0, 1, remark="looking for the feeds of quay.example"), None,
         "12 s · 0 of 1 page (0 %) · looking for the feeds of quay.example · 320 new · 3 failed"),
    ],
)  # fmt: skip
def test_the_line_gives_the_share_done_and_promises_nothing_while_more_may_come(
    work: KnownWork, left: float | None, line: str
) -> None:
    assert progress_line(work, COUNTS, 12.3, left) == line


def test_the_time_left_follows_the_pace_of_the_last_minute() -> None:
    pace = PagePace()
    assert pace.seconds_left(100) is None
    pace.note_pages(0.0, 0)
    pace.note_pages(3.0, 90)
    assert pace.seconds_left(100) is None, "three seconds say nothing yet"
    pace.note_pages(10.0, 100)
    assert pace.seconds_left(100) == pytest.approx(10)
    pace.note_pages(65.0, 155)
    pace.note_pages(70.0, 160)
    assert pace.seconds_left(100) == pytest.approx(100), "the quick start is a minute ago"


def test_what_the_budgets_do_not_allow_is_not_counted_as_work() -> None:
    waiting = {"harbour.example": 8, "ridge.example": 2}
    assert RequestBudget(None, None).room_for(waiting) == 10
    limited = RequestBudget(6, 5)
    assert limited.room_for(waiting) == 6
    for _ in range(4):
        limited.take_page("harbour.example")
    assert limited.room_for(waiting) == 2
    assert RequestBudget(None, 5).room_for(waiting) == 7


def test_pages_of_paused_outlets_and_sites_do_not_count_as_waiting(tmp_path: Path) -> None:
    urls = ["https://harbour.example/1", "https://harbour.example/2", "https://ridge.example/1"]
    urls += ["https://quay.example/1"]
    with Archive(tmp_path) as archive, transaction(archive.db) as db:
        queue_leads(db, [identify_lead(Lead(url, via="given")) for url in urls])
        assert waiting_pages_by_host(db) == {
            "harbour.example": 2,
            "ridge.example": 1,
            "quay.example": 1,
        }
        pause_site(db, "https://quay.example", "2999-01-01T00:00:00Z", "HTTP 429")
        db.execute("UPDATE outlets SET paused_at = '2024' WHERE host = 'ridge.example'")
        assert waiting_pages_by_host(db) == {"harbour.example": 2}
        assert waiting_pages_by_host(db, ["quay.example", "harbour.example"]) == {
            "harbour.example": 2
        }
