"""The watchdog that ends a crawl which does not end by itself in time.

A crawl should end when its time is up or when a signal requests it, and normally the event loop
closes it in order. If something blocks the loop, or running requests take too long, a separate
thread ends the crawl after `STOP_GRACE_SECONDS`: the loop, if it still responds, writes what waits
to be written; workers are killed; the crawl's row gets the reason; and the process ends with exit
code 0, like any crawl that was stopped. The frontier is stored in SQLite, so no written data is
lost, and unfinished URLs wait again.

A thread cannot act while a single call holds the interpreter's lock, but a process beside the crawl
can (`crawler.processes.last_resort`): it kills a crawl that ignores a request to stop for
`MAX_DEAF_SECONDS`, and a crawl that is overdue. The next crawl marks a killed crawl as interrupted.
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
from archive.frontier.crawls import finish_crawl
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.processes import last_resort
from crawler.processes.last_resort import MAX_DEAF_SECONDS, STOP_REQUEST_SIGNALS

STOP_GRACE_SECONDS = 20.0
"""Seconds from a request to stop to the forced end; by then most running requests are answered."""
WRITE_TIMEOUT_SECONDS = 3.0
"""Timeout in seconds for writing what waits, and for the archive's write lock."""
SECOND_REQUEST_GRACE_SECONDS = 1.0
"""Seconds from a second request to stop to the forced end."""
STOPPED_BY_USER, TIME_IS_UP = "stopped by the user", "the time was up"
"""Reasons why a crawl ended early, as the archive stores them."""


class Watchdog:
    """The watchdog of one crawl; a context manager, to be entered in the main thread.

    `seconds` is the time that the crawl may take (None: no limit), `grace` the seconds from a
    request to stop to the forced end (default: `STOP_GRACE_SECONDS`), `end` the function that ends
    the process.
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
        self.grace = STOP_GRACE_SECONDS if grace is None else grace
        self.write_now: Callable[[], object] | None = None
        """A function for the event loop that writes what waits; set by the caller."""
        self.deadline = time.monotonic() + seconds if seconds else None
        """The time of the monotonic clock at which the crawl's time is up."""
        self.stop_asked: list[float] = []
        """The times of the monotonic clock at which a stop was requested."""
        self._heard, self._ours = socket.socketpair()
        self._ours.setblocking(False)
        self._others: int | None = None
        """The file descriptor that received signals before; -1 for none."""
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
        """Receive signals, and pass them on to the event loop.

        Call this method in the main thread once the loop runs. The interpreter writes the number
        of a signal to a file descriptor when it arrives, whatever the main thread does then.
        """
        self._others = signal.set_wakeup_fd(self._ours.fileno(), warn_on_full_buffer=False)

    # -- the thread --------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Wait for signals until the crawl is over, or end it when it is due to end."""
        passed_on = 0
        while not self._over.is_set():
            due = self._due()
            if due is not None:
                self.last_resort.send_end_time(due + 2 * WRITE_TIMEOUT_SECONDS + MAX_DEAF_SECONDS)
            # signals are taken only now: any call before may have been the last that got the
            # interpreter's lock, and signals that stay untaken show this to the last resort
            if passed_on:
                self._heard.recv(passed_on)
            timeout = None if due is None else max(0.01, due - time.monotonic())
            self._heard.settimeout(timeout)
            try:
                heard = self._heard.recv(64, socket.MSG_PEEK)
            except TimeoutError:
                self._end()
                return
            if self._over.is_set():
                return
            self._pass_on(heard)
            passed_on = len(heard)
            self.stop_asked += [time.monotonic() for each in heard if each in STOP_REQUEST_SIGNALS]

    def _due(self) -> float | None:
        """Return the time of the monotonic clock at which to end the crawl; None for no such time.

        Later requests to stop, and a deadline set later, may change it.
        """
        times = [asked + self.grace for asked in self.stop_asked[:1]]
        times += [asked + SECOND_REQUEST_GRACE_SECONDS for asked in self.stop_asked[1:2]]
        if self.deadline is not None:
            times.append(self.deadline + self.grace)
        return min(times, default=None)

    def _pass_on(self, heard: bytes) -> None:
        """Pass signals on to the previous receiver, the event loop, which wakes up."""
        if self._others not in (None, -1):
            with suppress(OSError):
                os.write(int(self._others or 0), heard)

    def _end(self) -> None:
        """End the crawl and the process by force."""
        self._write_now_on_loop()
        for worker in multiprocessing.active_children():
            worker.kill()
        reason = self.reason
        if self.crawl_id is not None:
            with (
                suppress(sqlite3.Error, ArchiveError),
                closing(
                    open_database(self.folder / "archive.db", ARCHIVE_SCHEMA, WRITE_TIMEOUT_SECONDS)
                ) as db,
            ):
                finish_crawl(db, self.crawl_id, reason)
        with suppress(OSError, ValueError):
            click.echo(
                f"The crawl stopped before its end: {reason}. What waits is taken up by the next crawl."
            )
            sys.stdout.flush()
        self.end(0)

    @property
    def reason(self) -> str:
        """The reason why the crawl ends early."""
        return STOPPED_BY_USER if self.stop_asked else TIME_IS_UP

    def _write_now_on_loop(self) -> None:
        """Have the event loop write what waits, and wait for at most `WRITE_TIMEOUT_SECONDS`
        seconds."""
        from twisted.internet import reactor

        written, write = threading.Event(), self.write_now

        def on_loop() -> None:
            try:
                if write:
                    write()
            finally:
                written.set()

        loop: Any = reactor  # typed as a module
        if write and loop.running:
            loop.callFromThread(on_loop)
            written.wait(WRITE_TIMEOUT_SECONDS)


class LastResort:
    """The process beside a crawl that kills the crawl if nothing else ends it.

    If the process cannot be started, the crawl runs without it.
    """

    def __init__(self, signals: socket.socket) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        descriptor = signals.fileno()
        arguments = (os.getpid(), descriptor, MAX_DEAF_SECONDS)
        command = [sys.executable, "-I", "-S", last_resort.__file__, *map(str, arguments)]
        # these signals are for the crawl alone
        before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_REQUEST_SIGNALS)
        try:
            with suppress(OSError):
                # safe: the running Python and a file of this package
                self._process = subprocess.Popen(  # noqa: S603
                    command, stdin=subprocess.PIPE, pass_fds=[descriptor], bufsize=0
                )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def send_end_time(self, ends_by: float) -> None:
        """Send the time of the monotonic clock by which the crawl will have ended."""
        if self._process and self._process.stdin:
            with suppress(OSError):
                self._process.stdin.write(f"{ends_by}\n".encode())

    def close(self) -> None:
        """End the process, as the crawl is over."""
        if self._process and self._process.stdin:
            self._process.kill()
            self._process.stdin.close()
            self._process.wait()
