"""Pages are read in processes of our own: one that crashes or hangs a worker costs that page alone.

One process and one pipe a worker, awaited through a thread, with a limit of time a page. The standard library's
process pool is not safe here: a worker that dies takes the pages of all the others with it (cpython#94777), and one
that hangs is never ended. Workers come from a fork server that has imported the extractor once, so that a new one is
there in milliseconds; they end by themselves when the other end of their pipe is gone, also after a kill -9.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import time
from multiprocessing.connection import Connection
from typing import Any, Self

from archive.errors import ReadingError
from archive.records import Article, Capture

PAGE_SECONDS = 20.0
"""A page of ordinary size takes 0.02–0.2 s."""
PAGES_A_PROCESS = 150
"""What the parsers keep in memory between pages grows with every large one; a new process costs milliseconds."""


def _serve(pipe: Connection) -> None:
    """The loop of a worker: captures in, articles out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the crawl, which ends its workers in order
    from crawler.extract import extract

    with contextlib.suppress(EOFError, OSError):
        while True:
            capture = pipe.recv()
            began = time.process_time()
            try:
                answer: Article | ReadingError = extract(capture)
            except Exception as error:
                answer = ReadingError(f"{capture.url}: the reader failed: {type(error).__name__}: {error}")
            pipe.send((answer, time.process_time() - began))


class Worker:
    """One process that reads pages; started when it is first asked."""

    def __init__(self) -> None:
        self.cpu_seconds = 0.0
        """Spent on reading so far."""
        self._pages = 0
        self._process: Any = None
        self._pipe: Connection | None = None

    def read(self, capture: Capture, seconds: float) -> Article:
        """Blocks until the page is read. Raises ReadingError when it crashed the worker or took too long."""
        if self._pages == PAGES_A_PROCESS:
            self.stop()
        pipe = self._pipe or self._start()
        self._pages += 1
        try:
            pipe.send(capture)
            if not pipe.poll(seconds):
                raise ReadingError(f"{capture.url}: reading took longer than {seconds:g} s")
            answer, seconds = pipe.recv()
            self.cpu_seconds += seconds
        except (EOFError, OSError) as error:
            code = self.stop()
            raise ReadingError(f"{capture.url}: the page crashed its reader (exit code {code})") from error
        except ReadingError:
            self.stop()
            raise
        if isinstance(answer, ReadingError):
            raise answer
        return answer  # type: ignore[no-any-return]

    def _start(self) -> Connection:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["crawler.extract"])
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True, name="dateline reader")
        self._process.start()
        theirs.close()
        self._pipe = ours
        return ours

    def stop(self) -> int | None:
        """End the process at once; its exit code, or None if there was none."""
        if self._process is None:
            return None
        if self._pipe:
            self._pipe.close()
        self._process.join(0.05)
        self._process.kill()
        self._process.join()
        code: int | None = self._process.exitcode
        self._process = self._pipe = None
        self._pages = 0
        return code

    close = stop


class Workers:
    """A few workers and the queue of those that are free, for use on an event loop."""

    def __init__(self, count: int | None = None, seconds: float = PAGE_SECONDS) -> None:
        self._workers = [Worker() for _ in range(count or os.cpu_count() or 1)]
        self._seconds = seconds
        self._free: asyncio.Queue[Worker] | None = None

    async def read(self, capture: Capture) -> Article:
        """The article of a page. Raises ReadingError where the page cannot be read."""
        if self._free is None:
            self._free = asyncio.Queue()
            for worker in self._workers:
                self._free.put_nowait(worker)
        worker = await self._free.get()
        try:
            return await asyncio.to_thread(worker.read, capture, self._seconds)
        finally:
            self._free.put_nowait(worker)

    @property
    def cpu_seconds(self) -> float:
        """Spent on reading so far, by all workers."""
        return sum(worker.cpu_seconds for worker in self._workers)

    def stop(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
