"""Limits on how many requests run at once, and for how long.

A visitor's query must not delay readers, and no request should wait in vain. Pages of the archive,
Datasette's own pages and streamed tables each have a lane. A request that gets no place, or does
not finish, in time is answered with 503 and Retry-After; it is cancelled between two statements,
and SQLite interrupts the one that runs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from archive.plugin.guards.middleware import (
    App,
    Event,
    Receive,
    Scope,
    Send,
    raw_path,
    send_text_answer,
)

MAX_CONCURRENT_QUERIES, MAX_CONCURRENT_PAGES, MAX_CONCURRENT_STREAMS = 2, 16, 2
"""Requests at once in each lane. Datasette has three threads, but holds whole answers in memory,
so two."""


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """Time limits of a request, in multiples of a statement's limit (`sql_time_limit_ms`)."""

    waits: float
    """For a place in its lane."""
    works: float
    """From then until its answer begins."""
    most: int
    """Requests that may wait at once; further ones are refused."""


QUERY_LANE_LIMITS = LaneLimits(waits=5, works=5, most=200)
PAGE_LANE_LIMITS = LaneLimits(waits=30, works=15, most=1_000)
"""A page takes milliseconds and has its own time limit (`archive.plugin.guards.read_pool`), so a visitor
among five hundred others is better served late than refused, as on a busy machine."""


@dataclass(slots=True)
class RequestLane:
    """A limited number of places, and the requests that wait for one."""

    places: asyncio.Semaphore
    patience: LaneLimits
    waiting: int = 0


class RequestLanes:
    """Assigns requests to lanes; `ours` matches the paths of the archive's pages."""

    def __init__(self, ours: re.Pattern[str], base_url: str, limit_ms: int) -> None:
        self.limit = limit_ms / 1000
        self._ours = ours
        self._base_url = base_url
        self._queries = RequestLane(asyncio.Semaphore(MAX_CONCURRENT_QUERIES), QUERY_LANE_LIMITS)
        self._pages = RequestLane(asyncio.Semaphore(MAX_CONCURRENT_PAGES), PAGE_LANE_LIMITS)
        self._streams = RequestLane(asyncio.Semaphore(MAX_CONCURRENT_STREAMS), QUERY_LANE_LIMITS)

    def lane_of(self, scope: Scope) -> RequestLane | None:
        """Return the lane of a request, or None for static files and forms, which never wait."""
        path = routed_path(raw_path(scope), self._base_url)
        if scope["method"] not in ("GET", "HEAD") or path.startswith(
            ("/-/static", "/favicon.ico", "/robots.txt")
        ):
            return None
        if self._ours.match(path):
            return self._pages
        return self._streams if b"_stream" in scope.get("query_string", b"") else self._queries


def routed_path(path: str, base_url: str) -> str:
    """Return a path as Datasette routes it, without the base_url."""
    return "/" + path[len(base_url) :] if base_url != "/" and path.startswith(base_url) else path


def with_request_lanes(app: App, datasette: Any, ours: re.Pattern[str]) -> App:
    """Return the application with limits from the settings of its Datasette."""
    lanes = RequestLanes(
        ours, datasette.setting("base_url"), datasette.setting("sql_time_limit_ms")
    )

    async def pace(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request within the limits of its lane."""
        lane = lanes.lane_of(scope) if scope["type"] == "http" else None
        if lane is None:
            return await app(scope, receive, send)
        await datasette.invoke_startup()  # slow, if the web server has not done it yet
        begun = False
        try:
            async with (
                _lane_place(lane, lanes.limit),
                asyncio.timeout(lane.patience.works * lanes.limit) as patience,
            ):

                async def begin(event: Event) -> None:
                    """Send an event; once the answer has begun, it has no time limit."""
                    nonlocal begun
                    begun = True
                    patience.reschedule(None)  # streaming a table may take long
                    await send(event)

                await app(scope, receive, begin)
        except TimeoutError:
            if begun:
                raise
            await send_text_answer(
                send, 503, "The server is busy, or this takes too long; try again.", retry_after="2"
            )
        return None

    return pace


@asynccontextmanager
async def _lane_place(lane: RequestLane, limit: float) -> AsyncIterator[None]:
    """Hold a place in a lane.

    Raises TimeoutError if none becomes free in time, or if too many requests wait for one.
    """
    if lane.waiting >= lane.patience.most:
        raise TimeoutError
    lane.waiting += 1
    try:
        async with asyncio.timeout(lane.patience.waits * limit):
            await lane.places.acquire()
    finally:
        lane.waiting -= 1
    try:
        yield
    finally:
        lane.places.release()
