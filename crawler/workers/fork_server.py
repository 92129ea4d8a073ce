"""The process that readers are forked from: it imports what they need (`crawler.workers.preload`),
once.

That takes a second or two, in which a crawl can read feeds: who will need readers for certain
starts it beforehand.
"""

from __future__ import annotations

import multiprocessing
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, process, resource_tracker, util
from multiprocessing.context import ForkServerContext
from threading import Lock

from archive.errors import DatelineError
from archive.storage.temporary_files import temporary_folder
from crawler.processes.subprocesses import safe_environment

STARTING = Lock()
LONGEST = 64
"""Bytes of the path of the folder for temporary files: a socket's own path may have a hundred, with
its name."""


def context() -> ForkServerContext:
    """Where readers come from; the server is started if it is not there, or not any more."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["crawler.workers.preload"])
    with STARTING, safe_environment(), told():  # all that the standard library passes on
        _name_a_folder()
        # the fork server has it started otherwise, and it lets interrupts in again
        resource_tracker.ensure_running()
        with _without_interrupts():
            forkserver.ensure_running()
    return found


@contextmanager
def told() -> Iterator[None]:
    """Readers that cannot be started are told in one line. Raises DatelineError."""
    try:
        yield
    except OSError as error:
        raise DatelineError(f"the processes that read pages cannot be started: {error}") from error


def _name_a_folder() -> None:
    """The server's socket lies in a folder where no stranger can put his own in its place."""
    # anybody may connect to those (CVE-2022-42919)
    setattr(util, "abstract_sockets_supported", False)  # noqa: B010
    if "tempdir" not in process.current_process()._config:  # type: ignore[attr-defined]
        before, tempfile.tempdir = tempfile.tempdir, str(temporary_folder(LONGEST))
        try:
            util.get_temp_dir()
        finally:
            tempfile.tempdir = before


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
