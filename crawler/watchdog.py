"""Ends a crawl that does not end by itself once its time is up or it was asked to stop.

The event loop closes a crawl in order. Where something holds the loop, or what is under way takes too long, a thread of
its own does so after `GRACE`: what waits to be written is written if the loop still answers, readers are ended, the
crawl's row says why, and the process ends with exit code 0, as after any crawl that was stopped. The frontier lies in
SQLite, so nothing that was written is lost and what was under way waits again.

A thread cannot act while a single call holds the interpreter's lock; for `--max-time` the system then ends the process,
twice the grace after the deadline, with exit code 1.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

import click

from archive.database import connect
from archive.errors import ArchiveError
from archive.frontier import end_crawl
from archive.schema import ARCHIVE

GRACE = 20.0
"""Seconds from the request to stop to the end: most requests that are under way are answered by then."""
WRITING = 3.0
"""Seconds of patience for what waits to be written, and for the archive's write lock."""
ASKED_TO_STOP = {signal.SIGTERM, signal.SIGINT}
STOPPED, TIME_IS_UP = "stopped by the user", "the time was up"


class Watchdog:
    """Watches over one crawl; a context manager, entered in the main thread.

    `seconds` is the time that the crawl may take (None: any), `grace` GRACE if left out, `end` what ends the process.
    """

    def __init__(
        self,
        folder: Path,
        crawl_id: int | None = None,
        seconds: float | None = None,
        grace: float | None = None,
        end: Callable[[int], Any] = os._exit,
    ) -> None:
        self.folder, self.crawl_id, self.end = folder, crawl_id, end
        self.grace = GRACE if grace is None else grace
        self.write_now: Callable[[], object] | None = None
        """Has the event loop write what waits; set once there is such a thing."""
        self.deadline = time.monotonic() + seconds if seconds else None
        self.stop_asked: float | None = None
        self._heard, self._ours = socket.socketpair()
        self._ours.setblocking(False)
        self._others: int | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        if self.deadline is not None:
            left = self.deadline - time.monotonic() + 2 * self.grace
            self._nowhere = Path(os.devnull).open("w")
            faulthandler.dump_traceback_later(left, exit=True, file=self._nowhere)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._others is not None:
            signal.set_wakeup_fd(self._others)
        with suppress(OSError):
            self._ours.send(b"\0")
        self._thread.join()
        self._ours.close()
        self._heard.close()
        if self.deadline is not None:
            faulthandler.cancel_dump_traceback_later()
            self._nowhere.close()

    def listen(self) -> None:
        """Hear of signals beside the event loop; call it in the main thread once the loop runs.

        The interpreter writes a signal's number to a file descriptor as it comes, whatever the main thread does then.
        """
        self._others = signal.set_wakeup_fd(self._ours.fileno(), warn_on_full_buffer=False)

    # -- the thread --------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        while not self._over.is_set():
            due = self._due()
            self._heard.settimeout(max(0.01, due - time.monotonic()) if due is not None else None)
            try:
                heard = self._heard.recv(64)
            except TimeoutError:
                self._end()
                return
            if self._over.is_set():
                return
            self._pass_on(heard)
            if self.stop_asked is None and not ASKED_TO_STOP.isdisjoint(heard):
                self.stop_asked = time.monotonic()

    def _due(self) -> float | None:
        moments = [moment for moment in (self.stop_asked, self.deadline) if moment is not None]
        return min(moments) + self.grace if moments else None

    def _pass_on(self, heard: bytes) -> None:
        """To whoever listened before: the event loop wakes up by it."""
        if self._others not in (None, -1):
            with suppress(OSError):
                os.write(int(self._others or 0), heard)

    def _end(self) -> None:
        self._have_it_written()
        for reader in multiprocessing.active_children():
            reader.kill()
        reason = self.reason
        if self.crawl_id is not None:
            with (
                suppress(sqlite3.Error, ArchiveError),
                closing(connect(self.folder / "archive.db", ARCHIVE, WRITING)) as db,
            ):
                end_crawl(db, self.crawl_id, reason)
        with suppress(OSError, ValueError):
            click.echo(f"The crawl stopped before its end: {reason}. What waits is taken up by the next crawl.")
            sys.stdout.flush()
        self.end(0)

    @property
    def reason(self) -> str:
        """Why the crawl is ended."""
        return STOPPED if self.stop_asked is not None else TIME_IS_UP

    def _have_it_written(self) -> None:
        from twisted.internet import reactor

        written, write = threading.Event(), self.write_now

        def on_loop() -> None:
            try:
                if write:
                    write()
            finally:
                written.set()

        running: Any = reactor
        if write and running.running:
            running.callFromThread(on_loop)
            written.wait(WRITING)
