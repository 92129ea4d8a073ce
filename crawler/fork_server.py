"""The process that readers are forked from: it imports what they need (`crawler.warm`), once.

That takes a second or two, in which a crawl can read feeds: who will need readers for certain starts it beforehand.
"""

from __future__ import annotations

import multiprocessing
import signal
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext


def context() -> ForkServerContext:
    """Where readers come from; the server is started with the first of them if it is not there."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["crawler.warm"])
    return found


def start() -> None:
    """Start the server, and do not wait for it. Only from the main thread."""
    context()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C while it imports is for us; it ends when we do
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)
