"""A URL is in progress from its request until its check is written."""

from __future__ import annotations

import asyncio

from crawler.session.change_signal import ChangeSignal
from crawler.session.download_slots import SLOT_TIMEOUT_SECONDS
from crawler.session.urls_in_progress import MAX_PAGES_IN_PROGRESS, UrlsInProgress

PAGE, SLOW = "http://harbour.example/1", "http://slow.example/1"
FEED = "http://courier.example/feed"


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_site_that_does_not_answer_takes_no_place_while_an_answered_page_keeps_its_own():
    clock = Clock()
    progress = UrlsInProgress(clock, ChangeSignal())
    progress.note_request(PAGE)
    progress.note_request(SLOW)
    progress.note_answer(PAGE)
    assert progress.free_page_places() == MAX_PAGES_IN_PROGRESS - 2
    clock.now = SLOT_TIMEOUT_SECONDS + 1
    assert progress.counted() == {PAGE}
    assert progress.urls == {PAGE, SLOW}, "it is in progress all the same"
    assert progress.free_page_places() == MAX_PAGES_IN_PROGRESS - 1


def test_feeds_take_no_place_of_a_page():
    progress = UrlsInProgress(Clock(), ChangeSignal())
    progress.sources.expect_source(FEED, "courier.example")
    progress.note_request(FEED)
    assert progress.counted() == {FEED}
    assert progress.free_page_places() == MAX_PAGES_IN_PROGRESS


def test_a_settled_url_wakes_those_that_wait_for_a_change_and_ends_its_source():
    async def settle() -> None:
        waiting = asyncio.ensure_future(progress.changes.wait())
        await asyncio.sleep(0)
        progress.settle(FEED)
        await waiting

    progress = UrlsInProgress(Clock(), ChangeSignal())
    progress.sources.expect_source(FEED, "courier.example")
    progress.note_request(FEED)
    asyncio.run(settle())
    assert progress.urls == set()
    assert progress.sources.take_finished(1) == ["courier.example"]
