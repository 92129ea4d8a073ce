"""The task that a worker runs: a batch of pages, each read in a guarded process.

The worker itself parses nothing. A page that hangs, crashes the parser or takes too much memory
costs its process, which is replaced, and is answered with that error.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from multiprocessing import process

from archive.errors import DatelineError
from crawler.cluster.dask_executor import shown_worker_name
from crawler.cluster.page_batches import (
    PageAnswer,
    PageToRead,
    pack_answers,
    unpack_pages,
)
from crawler.workers.pool import Worker

THREAD_READERS = threading.local()
"""`reader`: the guarded process of each thread of a worker."""


def read_packed_pages(block: bytes) -> bytes:
    """Read the pages of a block, and return a block with their answers, which may be errors."""
    allow_child_processes()
    reader = getattr(THREAD_READERS, "reader", None)
    if reader is None:
        reader = THREAD_READERS.reader = Worker()
    name = current_worker_name()
    return pack_answers([read_guarded_page(reader, page, name) for page in unpack_pages(block)])


def read_guarded_page(reader: Worker, page: PageToRead, name: str = "") -> PageAnswer:
    """Read a page in a guarded process; return the error instead of raising it."""
    cpu_before = reader.cpu_seconds
    try:
        found = reader.read_document(page.kind, page.capture, page.seconds, page.more)
    except DatelineError as error:
        return PageAnswer(error, reader.cpu_seconds - cpu_before, name)
    return PageAnswer(found, reader.cpu_seconds - cpu_before, name)


def allow_child_processes() -> None:
    """Let this process have child processes although it is a daemon, as Dask's workers are.

    Daemons may have none, as these would be left behind. Readers end when their pipe closes.
    """
    process.current_process()._config["daemon"] = False  # type: ignore[attr-defined]


def current_worker_name() -> str:
    """Return the name of the Dask worker that runs this task, with its address if that differs;
    empty outside of one."""
    with suppress(ImportError, ValueError):
        from distributed import get_worker

        worker = get_worker()
        return shown_worker_name(str(worker.name), worker.address)
    return ""
