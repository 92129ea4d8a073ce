"""A process beside a crawl that kills it where it cannot end itself, as one call holds its
interpreter's lock.

It is run as a file and imports nothing but the standard library: it starts in milliseconds, and
nothing that a crawl may do can hold it. Two things come to it. On standard input the crawl writes,
a line each time, by when it will have ended (seconds of the monotonic clock, the same in all
processes); the end of it means that the crawl is over. The socket that is named holds the signals
that came, until the crawl's watchdog takes them: who leaves a request to stop there for `HELD`
seconds cannot act any more.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time

HELD = 5.0
"""Seconds for which the lock may be held after a request to stop."""
ASKED_TO_STOP = {signal.SIGTERM, signal.SIGINT}
TOLD = (
    "The crawl could not stop by itself and was killed. What waits is taken up by the next crawl."
)


def main(crawl: int, signals: socket.socket, held: float) -> None:
    """Wait for the end of the process `crawl`, or bring it about."""
    ends_by: float | None = None
    unheard_since: float | None = None
    lines = came = b""
    while True:
        waits_for = [0] if came else [0, signals.fileno()]
        patience = (
            0.05
            if came
            else None
            if ends_by is None
            else max(0.0, ends_by - time.monotonic()) + 0.01
        )
        if 0 in select.select(waits_for, [], [], patience)[0]:
            if not (more := os.read(0, 4096)):
                return
            *whole, lines = (lines + more).split(b"\n")
            ends_by = float(whole[-1]) if whole else ends_by
        now, came = time.monotonic(), _lying(signals)
        unheard_since = None if ASKED_TO_STOP.isdisjoint(came) else unheard_since or now
        if (unheard_since is not None and now > unheard_since + held) or (
            ends_by is not None and now > ends_by
        ):
            _kill(crawl)
            return


def _lying(signals: socket.socket) -> bytes:
    """The numbers of the signals that came and were not taken yet."""
    try:
        return signals.recv(256, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


def _kill(crawl: int) -> None:
    if os.getppid() != crawl:
        return  # it ended meanwhile
    os.kill(crawl, signal.SIGKILL)
    with contextlib.suppress(OSError):
        print(TOLD, flush=True)


if __name__ == "__main__":
    who, number, seconds = sys.argv[1:]
    main(int(who), socket.socket(fileno=int(number)), float(seconds))
    os._exit(0)
