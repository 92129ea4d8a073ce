"""A reader is turned away for what it asks, never because others read too or the machine is
busy."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from typing import Any

import pytest

from archive.plugin.guards import concurrency, middleware
from archive.plugin.guards.read_pool import PAGE_CLOCK_FACTOR, time_limited
from archive.plugin.routes import PAGE_PATHS_PATTERN
from tests.archive.plugin.test_visitors import Settings, scope


async def statuses(app: Any, path: str, many: int) -> list[int]:
    async def one() -> int:
        sent: list[Any] = []

        async def send(event: Any) -> None:
            sent.append(event)

        await app(scope(path), None, send)
        return int(sent[0]["status"])

    return await asyncio.gather(*(one() for _ in range(many)))


def paced(seconds: float) -> Any:
    """Pages that two threads make, each in so many seconds, behind the lanes; statements have 0.2
    s."""
    threads = asyncio.Semaphore(2)

    async def page(asked: Any, receive: Any, send: Any) -> None:
        async with threads:
            await asyncio.sleep(seconds)
        await middleware.send_text_answer(send, 200, "read")

    return concurrency.with_request_lanes(page, Settings(), PAGE_PATHS_PATTERN)


def test_five_hundred_visitors_at_once_are_all_answered() -> None:
    began = time.monotonic()
    assert set(asyncio.run(statuses(paced(0.004), "/archive/-/stories", 500))) == {200}
    assert time.monotonic() - began > 1.5 * 0.2, (
        "longer than one statement may take, and nobody was turned away"
    )


def test_a_page_is_answered_on_a_machine_that_takes_its_time() -> None:
    assert asyncio.run(statuses(paced(0.6), "/archive/articles/1", 4)) == [200] * 4


def test_where_a_thousand_wait_another_is_turned_away_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        concurrency, "PAGE_LANE_LIMITS", concurrency.LaneLimits(waits=30, works=15, most=20)
    )
    told = asyncio.run(statuses(paced(0.001), "/archive/-/stories", 60))
    assert told.count(503) == 60 - concurrency.MAX_CONCURRENT_PAGES - 20
    assert told.count(200) == concurrency.MAX_CONCURRENT_PAGES + 20


def test_places_are_given_back_also_by_who_was_turned_away() -> None:
    async def twice() -> list[int]:
        app = paced(0.001)
        return await statuses(app, "/archive/-/home", 30) + await statuses(
            app, "/archive/-/home", 30
        )

    assert asyncio.run(twice()) == [200] * 60


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"


def test_a_statement_ends_after_its_own_work() -> None:
    began = time.thread_time()
    ended = pytest.raises(sqlite3.OperationalError, match="interrupted")
    with closing(sqlite3.connect(":memory:")) as db, time_limited(db, 0.05), ended:
        db.execute(ENDLESS).fetchone()
    assert 0.02 < time.thread_time() - began < 1


def counted(connection: sqlite3.Connection, hangs: float) -> object:
    """Three thousand rows, before the first of which all hangs for so many seconds, without any
    work."""
    connection.create_function("hangs", 0, lambda: time.sleep(hangs) or 1)
    rows = "WITH RECURSIVE n(i) AS (SELECT hangs() UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
    return connection.execute(f"{rows} SELECT count(*) FROM n").fetchone()[0]


def test_a_statement_that_has_to_wait_for_the_machine_is_not_ended() -> None:
    with closing(sqlite3.connect(":memory:")) as db, time_limited(db, 0.2):
        assert counted(db, hangs=0.3) == 3_000


def test_a_statement_that_waits_for_ever_is_ended_by_the_clock_and_the_next_begins_anew() -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        with time_limited(db, 0.05), pytest.raises(sqlite3.OperationalError, match="interrupted"):
            counted(db, hangs=0.05 * PAGE_CLOCK_FACTOR + 0.05)
        assert counted(db, hangs=0) == 3_000
