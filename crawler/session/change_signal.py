"""Signal by which coroutines of a crawl wait until something has changed."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class ChangeSignal:
    """Wakes all coroutines that wait when the state of the crawl changes.

    A waiter checks its condition, waits, and checks again. All of it happens on one event loop, so
    no change between the check and the wait is lost.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Wake the coroutines that wait now."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait(self, timeout: float | None = None) -> None:
        """Wait for the next change, or for `timeout` seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout)
