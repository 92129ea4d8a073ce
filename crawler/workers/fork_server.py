"""The fork server: the process from which workers are forked.

It imports what they need once (`crawler.workers.preload`). That takes a second or two, in which a
crawl can fetch feeds, so callers that will certainly need workers start the server beforehand.
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

SERVER_START_LOCK = Lock()
"""Held while a thread starts the server."""
MAX_SOCKET_FOLDER_BYTES = 64
"""Bytes of the path of the folder for the server's socket: the path of a socket, with its name, may
have about a hundred."""


def worker_context() -> ForkServerContext:
    """Return the context that makes workers, with a running fork server.

    Raises DatelineError if the server cannot be started.
    """
    forkserver_context = multiprocessing.get_context("forkserver")
    forkserver_context.set_forkserver_preload(["crawler.workers.preload"])
    # the environment is all that the standard library passes on to the server
    with SERVER_START_LOCK, safe_environment(), report_start_failure():
        _use_private_socket_folder()
        # if the fork server starts the tracker, the tracker unblocks interrupts again
        resource_tracker.ensure_running()
        with _interrupts_blocked():
            forkserver.ensure_running()
    return forkserver_context


@contextmanager
def report_start_failure() -> Iterator[None]:
    """Raise DatelineError with one line if workers cannot be started within the block."""
    try:
        yield
    except OSError as error:
        raise DatelineError(f"the processes that read pages cannot be started: {error}") from error


def _use_private_socket_folder() -> None:
    """Put the server's socket into a folder in which no other user can replace it."""
    # any user may connect to abstract sockets (CVE-2022-42919)
    setattr(util, "abstract_sockets_supported", False)  # noqa: B010
    if "tempdir" not in process.current_process()._config:  # type: ignore[attr-defined]
        before, tempfile.tempdir = tempfile.tempdir, str(temporary_folder(MAX_SOCKET_FOLDER_BYTES))
        try:
            util.get_temp_dir()
        finally:
            tempfile.tempdir = before


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Block SIGINT in the processes started within the block.

    Ctrl-C is for this process, which ends them in order.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_fork_server() -> None:
    """Start the server without waiting until it is ready."""
    worker_context()
