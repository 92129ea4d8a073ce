"""So many requests at once, and so long: a visitor's query keeps no reader waiting, and nobody
waits in vain.

Pages of the archive, Datasette's own and streamed tables go in lanes of their own. A request that
finds no place, or no end, in its time is told so (503, with Retry-After); it is cancelled between
two statements, and SQLite ends the one that runs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from archive.plugin.middleware import App, Event, Receive, Scope, Send, answer, raw_path

QUERIES, PAGES, STREAMS = 2, 16, 2
"""At once. Datasette has three threads; its answers are held in memory whole, so two."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a request may take, in time limits of one statement (`sql_time_limit_ms`)."""

    waits: float
    """For its turn."""
    works: float
    """From then on, until its answer begins."""
    most: int
    """Requests that wait at once; another is turned away."""


OF_QUERIES = Patience(waits=5, works=5, most=200)
OF_PAGES = Patience(waits=30, works=15, most=1_000)
"""A page takes some milliseconds, and its reading ends by itself (`archive.plugin.read_pool`):
whoever wants one among five hundred others is better served late than turned away, and so is
everybody on a machine that is busy."""


@dataclass(slots=True)
class Lane:
    """So many at once, and who waits for a place."""

    places: asyncio.Semaphore
    patience: Patience
    waiting: int = 0


class Lanes:
    """Which request goes in which lane. `ours` matches the addresses of the archive's pages."""

    def __init__(self, ours: re.Pattern[str], base_url: str, limit_ms: int) -> None:
        self.limit = limit_ms / 1000
        self._ours = ours
        self._base_url = base_url
        self._queries = Lane(asyncio.Semaphore(QUERIES), OF_QUERIES)
        self._pages = Lane(asyncio.Semaphore(PAGES), OF_PAGES)
        self._streams = Lane(asyncio.Semaphore(STREAMS), OF_QUERIES)

    def of(self, scope: Scope) -> Lane | None:
        """None for what goes at once: files, and what is sent to be kept."""
        path = routed(raw_path(scope), self._base_url)
        if scope["method"] not in ("GET", "HEAD") or path.startswith(
            ("/-/static", "/favicon.ico", "/robots.txt")
        ):
            return None
        if self._ours.match(path):
            return self._pages
        return self._streams if b"_stream" in scope.get("query_string", b"") else self._queries


def routed(path: str, base_url: str) -> str:
    """A path as Datasette routes it, without its base_url."""
    return "/" + path[len(base_url) :] if base_url != "/" and path.startswith(base_url) else path


def paced(app: App, datasette: Any, ours: re.Pattern[str]) -> App:
    """The application, its requests in their lanes, by the settings of its Datasette."""
    lanes = Lanes(ours, datasette.setting("base_url"), datasette.setting("sql_time_limit_ms"))

    async def pace(scope: Scope, receive: Receive, send: Send) -> None:
        lane = lanes.of(scope) if scope["type"] == "http" else None
        if lane is None:
            return await app(scope, receive, send)
        await datasette.invoke_startup()  # which takes its time where no web server has done it
        begun = False
        try:
            async with (
                _place(lane, lanes.limit),
                asyncio.timeout(lane.patience.works * lanes.limit) as patience,
            ):

                async def begin(event: Event) -> None:
                    nonlocal begun
                    begun = True
                    patience.reschedule(None)  # a table that is streamed may take its time
                    await send(event)

                await app(scope, receive, begin)
        except TimeoutError:
            if begun:
                raise
            await answer(
                send, 503, "The server is busy, or this takes too long; try again.", retry_after="2"
            )
        return None

    return pace


@asynccontextmanager
async def _place(lane: Lane, limit: float) -> AsyncIterator[None]:
    """A place in a lane. Raises TimeoutError where none is free in time, or too many wait for
    one."""
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
