"""So many requests at once, and so long: a visitor's query keeps no reader waiting, and nobody waits in vain.

Pages of the archive, Datasette's own and streamed tables go in lanes of their own. A request that finds no place, or no
end, in its time is told so (503, with Retry-After); it is cancelled between two statements, and SQLite ends the one
that runs.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any

from archive.plugin.safety import App, Event, Receive, Scope, Send, answer, raw_path

QUERIES, PAGES, STREAMS = 2, 16, 2
"""At once. Datasette has three threads; its answers are held in memory whole, so two."""

PATIENCE = 1.5
"""How long a request may take before its answer begins, in time limits of one statement (`sql_time_limit_ms`)."""


class Lanes:
    """Which request goes in which lane. `ours` matches the addresses of the archive's pages."""

    def __init__(self, ours: re.Pattern[str], base_url: str, limit_ms: int) -> None:
        self.seconds = PATIENCE * limit_ms / 1000
        self._ours = ours
        self._base_url = base_url
        self._queries = asyncio.Semaphore(QUERIES)
        self._pages = asyncio.Semaphore(PAGES)
        self._streams = asyncio.Semaphore(STREAMS)

    def of(self, scope: Scope) -> asyncio.Semaphore | None:
        """None for what goes at once: files, and what is sent to be kept."""
        path = routed(raw_path(scope), self._base_url)
        if scope["method"] not in ("GET", "HEAD") or path.startswith(("/-/static", "/favicon.ico", "/robots.txt")):
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
            async with asyncio.timeout(lanes.seconds) as patience, lane:

                async def begin(event: Event) -> None:
                    nonlocal begun
                    begun = True
                    patience.reschedule(None)  # a table that is streamed may take its time
                    await send(event)

                await app(scope, receive, begin)
        except TimeoutError:
            if begun:
                raise
            await answer(send, 503, "The server is busy, or this takes too long; try again.", retry_after="2")
        return None

    return pace
