"""A process beside a crawl that kills the crawl if the crawl cannot end itself.

A crawl cannot end itself while a single call holds the interpreter's lock. This module is run as a
file and imports only the standard library: it starts in milliseconds, and no action of the crawl
can block it. It has two inputs. On standard input, the crawl writes lines with the time by which it
will have ended (in seconds of the monotonic clock, which is the same in all processes); the end of
the input means that the crawl is over. A socket holds the numbers of the signals that arrived until
the crawl's watchdog takes them: a crawl that leaves a request to stop there for
`MAX_DEAF_SECONDS` is blocked.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time

MAX_DEAF_SECONDS = 5.0
"""Seconds for which a crawl may leave a request to stop untaken."""
STOP_REQUEST_SIGNALS = {signal.SIGTERM, signal.SIGINT}
"""The signals that request a crawl to stop."""
CRAWL_KILLED_MESSAGE = (
    "The crawl could not stop by itself and was killed. What waits is taken up by the next crawl."
)


def watch_crawl(crawl: int, signals: socket.socket, max_deaf_seconds: float) -> None:
    """Wait until the process `crawl` ends, or kill it when it is overdue or blocked."""
    ends_by: float | None = None
    untaken_since: float | None = None
    partial_line = untaken = b""
    while True:
        # with signals in it the socket is always readable, so it is polled instead
        inputs = [0] if untaken else [0, signals.fileno()]
        readable, _, _ = select.select(inputs, [], [], _wait_seconds(untaken, ends_by))
        if 0 in readable:
            received = os.read(0, 4096)
            if not received:
                return
            *lines, partial_line = (partial_line + received).split(b"\n")
            if lines:
                ends_by = float(lines[-1])
        now, untaken = time.monotonic(), _untaken_signals(signals)
        has_request = not STOP_REQUEST_SIGNALS.isdisjoint(untaken)
        untaken_since = (untaken_since or now) if has_request else None
        is_blocked = untaken_since is not None and now > untaken_since + max_deaf_seconds
        is_overdue = ends_by is not None and now > ends_by
        if is_blocked or is_overdue:
            _kill_crawl(crawl)
            return


def _wait_seconds(untaken: bytes, ends_by: float | None) -> float | None:
    """Return the seconds to wait for input; None to wait without limit."""
    if untaken:
        return 0.05
    if ends_by is None:
        return None
    return max(0.0, ends_by - time.monotonic()) + 0.01


def _untaken_signals(signals: socket.socket) -> bytes:
    """Return the numbers of the signals that arrived and that the watchdog has not taken."""
    try:
        return signals.recv(256, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def _kill_crawl(crawl: int) -> None:
    """Kill the crawl, and print that it was killed."""
    if os.getppid() != crawl:
        return  # it has ended by itself
    os.kill(crawl, signal.SIGKILL)
    with contextlib.suppress(OSError):
        print(CRAWL_KILLED_MESSAGE, flush=True)


if __name__ == "__main__":
    crawl_pid, descriptor, seconds = sys.argv[1:]
    watch_crawl(int(crawl_pid), socket.socket(fileno=int(descriptor)), float(seconds))
    os._exit(0)
