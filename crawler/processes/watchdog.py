"""Ends a crawl that does not end by itself once its time is up or it was asked to stop.

The event loop closes a crawl in order. Where something holds the loop, or what is under way takes
too long, a thread of its own does so after `GRACE`: what waits to be written is written if the loop
still answers, readers are ended, the crawl's row says why, and the process ends with exit code 0,
as after any crawl that was stopped. The frontier lies in SQLite, so nothing that was written is
lost and what was under way waits again.

A thread cannot act while a single call holds the interpreter's lock. A process beside the crawl can
(`crawler.processes.last_resort`): it kills a crawl that takes no notice of a request to stop for
five seconds, and one that has not ended when it should have. The next crawl marks such a crawl as
interrupted.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self

import click

from archive.errors import ArchiveError
from archive.frontier.urls import end_crawl
from archive.storage.database import connect
from archive.storage.schema import ARCHIVE
from crawler.processes import last_resort
from crawler.processes.last_resort import ASKED_TO_STOP, HELD

GRACE = 20.0
"""Seconds from the request to stop to the end: most requests that are under way are answered by
then."""
WRITING = 3.0
"""Seconds of patience for what waits to be written, and for the archive's write lock."""
SOON = 1.0
"""Seconds from a second request to stop to the end."""
STOPPED, TIME_IS_UP = "stopped by the user", "the time was up"


class Watchdog:
    """Watches over one crawl; a context manager, entered in the main thread.

    `seconds` is the time that the crawl may take (None: any), `grace` GRACE if left out, `end` what
    ends the process.
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
        self.stop_asked: list[float] = []
        self._heard, self._ours = socket.socketpair()
        self._ours.setblocking(False)
        self._others: int | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self.last_resort = LastResort(self._heard)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._others is not None:
            signal.set_wakeup_fd(self._others)
        with suppress(OSError):
            self._ours.send(b"\0")
        self._thread.join()
        self.last_resort.close()
        self._ours.close()
        self._heard.close()

    def listen(self) -> None:
        """Hear of signals beside the event loop; call it in the main thread once the loop runs.

        The interpreter writes a signal's number to a file descriptor as it comes, whatever the main
        thread does then.
        """
        self._others = signal.set_wakeup_fd(self._ours.fileno(), warn_on_full_buffer=False)

    # -- the thread --------------------------------------------------------------------------------

    def _watch(self) -> None:
        taken = 0
        while not self._over.is_set():
            due = self._due()
            if due is not None:
                self.last_resort.tell(due + 2 * WRITING + HELD)
            # only now, as the lock may not come back after any call: what lies there, nobody heard
            if taken:
                self._heard.recv(taken)
            self._heard.settimeout(max(0.01, due - time.monotonic()) if due is not None else None)
            try:
                heard = self._heard.recv(64, socket.MSG_PEEK)
            except TimeoutError:
                self._end()
                return
            if self._over.is_set():
                return
            self._pass_on(heard)
            taken = len(heard)
            self.stop_asked += [time.monotonic() for each in heard if each in ASKED_TO_STOP]

    def _due(self) -> float | None:
        """When this thread ends the crawl, as far as it knows now (seconds of the monotonic
        clock)."""
        moments = [
            moment + self.grace
            for moment in (*self.stop_asked[:1], self.deadline)
            if moment is not None
        ]
        return min(moments + [moment + SOON for moment in self.stop_asked[1:2]], default=None)

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
            click.echo(
                f"The crawl stopped before its end: {reason}. What waits is taken up by the next crawl."
            )
            sys.stdout.flush()
        self.end(0)

    @property
    def reason(self) -> str:
        """Why the crawl is ended."""
        return STOPPED if self.stop_asked else TIME_IS_UP

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


class LastResort:
    """The process beside a crawl, which kills it where nothing else ends it; without it, it is as
    it was before."""

    def __init__(self, signals: socket.socket) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        number = signals.fileno()
        words = [
            sys.executable,
            "-I",
            "-S",
            last_resort.__file__,
            str(os.getpid()),
            str(number),
            str(HELD),
        ]
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ASKED_TO_STOP)  # they are for the crawl
        try:
            with suppress(OSError):
                # this very Python, and a file of ours
                self._process = subprocess.Popen(  # noqa: S603
                    words, stdin=subprocess.PIPE, pass_fds=[number], bufsize=0
                )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def tell(self, ends_by: float) -> None:
        """By when the crawl will have ended."""
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.write(f"{ends_by}\n".encode())

    def close(self) -> None:
        """The crawl is over."""
        if self._process and self._process.stdin:
            self._process.kill()
            self._process.stdin.close()
            self._process.wait()
