"""The process that readers are forked from: it imports what they need (`crawler.warm`), once.

That takes a second or two, in which a crawl can read feeds: who will need readers for certain starts it beforehand.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext
from threading import Lock

from crawler.processes import safe_environment

STARTING = Lock()


def context() -> ForkServerContext:
    """Where readers come from; the server is started if it is not there, or not any more."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["crawler.warm"])
    with STARTING, safe_environment():  # all that the standard library passes on
        resource_tracker.ensure_running()  # the fork server has it started otherwise, and it lets interrupts in again
        with _without_interrupts():
            forkserver.ensure_running()
    return found


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """What is started meanwhile never hears Ctrl-C, which is for us; it ends when we do."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start() -> None:
    """Start the server, and do not wait for it."""
    context()
