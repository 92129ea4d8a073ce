"""Pages, and large feeds and sitemaps, are read in processes of our own: one that crashes or hangs costs itself alone.

One process, one pipe and one thread a worker, with a limit of time a page; threads take what waits by themselves, so
that no worker waits for a crawl that is busy writing. The standard library's process pool is not safe here: a worker
that dies takes the pages of all the others with it (cpython#94777), and one that hangs is never ended. Workers come
from a fork server that has imported the extractor once, so that a new one is there in milliseconds; they end by
themselves when the other end of their pipe is gone, also after a kill -9.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, Self, cast

from archive.errors import DatelineError, ReadingError
from archive.records import Article, Capture, Lead
from crawler import fork_server
from crawler.feeds import Feed, read_feed
from crawler.sitemaps import Sitemap, read_sitemap

Kind = Literal["page", "page and links", "links", "feed", "sitemap"]
Linked = tuple[Article, list[Lead]]
"""A page's article, and leads to the pages that it links to."""
Read = Article | Linked | list[Lead] | Feed | Sitemap

READER_NICENESS = 5
"""Readers leave the cores to the crawl, which hands out the work, and to whoever else uses the machine."""
PAGE_SECONDS = 20.0
"""A page of ordinary size takes 0.02–0.2 s."""
PAGES_A_PROCESS = 50
"""What the parsers keep in memory between pages grows with every one; a new process costs milliseconds."""
LARGE_PAGE = 1_000_000
"""Bytes of a page after which the process is renewed at once."""
SMALL_SOURCE = 500_000
"""Bytes of a feed or sitemap that is read where it came in: at worst 0.3 s and 25 MB."""
PAGE_MEMORY = 256 * 1024 * 1024
"""Bytes that reading one page may take; the largest news pages take 40 MB."""


def _serve(pipe: Connection) -> None:
    """The loop of a worker: captures in, articles out, until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the crawl, which ends its workers in order
    os.nice(READER_NICENESS)
    from crawler.extract import extract
    from crawler.links import article_and_links, links

    readers: dict[Kind, Callable[[Capture], Read]] = {
        "page": extract,
        "page and links": article_and_links,
        "links": links,
        "feed": lambda capture: read_feed(capture.body, capture.url),
        "sitemap": lambda capture: read_sitemap(capture.body, capture.url),
    }
    _limit_memory()
    with contextlib.suppress(EOFError, OSError):
        while True:
            kind, capture = pipe.recv()
            began = time.process_time()
            pipe.send((_read(readers[kind], capture), time.process_time() - began))


def _read(reader: Callable[[Capture], Read], capture: Capture) -> Read | DatelineError:
    try:
        return reader(capture)
    except DatelineError as error:
        return error
    except MemoryError:
        return ReadingError(f"{capture.url}: reading took more than {PAGE_MEMORY // 1024**2} MB of memory")
    except Exception as error:
        return ReadingError(f"{capture.url}: the reader failed: {type(error).__name__}: {error}")


def _limit_memory() -> None:
    """A page that would take all the memory fails alone; where the system knows no such limit (macOS), it may."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        words = Path("/proc/self/statm").read_text().split()
        most = int(words[5]) * resource.getpagesize() + PAGE_MEMORY
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


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
        return cast(Article, self.read_as("page", capture, seconds))

    def read_as(self, kind: Kind, capture: Capture, seconds: float) -> Read:
        """As `read`, for a page, its links, a feed or sitemap. Raises also SourceError, as their readers do."""
        if self._pages == PAGES_A_PROCESS:
            self.stop()
        pipe = self._pipe or self._start()
        self._pages += 1
        try:
            pipe.send((kind, capture))
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
        if len(capture.body) > LARGE_PAGE:
            self.stop()
        if isinstance(answer, DatelineError):
            raise answer
        return cast(Read, answer)

    def _start(self) -> Connection:
        context = fork_server.context()
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


def is_small(body: bytes) -> bool:
    """Is a feed or sitemap read in milliseconds and in little memory, whatever it holds?"""
    return len(body) <= SMALL_SOURCE and not body.startswith(b"\x1f\x8b")


class Workers:
    """A few workers, those of them that are free, and as many threads, for use on an event loop."""

    def __init__(self, count: int | None = None, seconds: float = PAGE_SECONDS) -> None:
        self._workers = [Worker() for _ in range(count or os.cpu_count() or 1)]
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(len(self._workers))
        self._free: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)

    async def read(self, capture: Capture) -> Article:
        """The article of a page. Raises ReadingError where the page cannot be read."""
        return cast(Article, await self._read("page", capture))

    async def read_linked(self, capture: Capture) -> Linked:
        """The article of a page and what it links to, from one parse. Raises as `read`."""
        return cast(Linked, await self._read("page and links", capture))

    async def links(self, capture: Capture) -> list[Lead]:
        """What a page links to, its article left unread. Raises as `read`."""
        return cast(list[Lead], await self._read("links", capture))

    async def read_feed(self, body: bytes, url: str) -> Feed:
        """As `crawler.feeds.read_feed`, which reads a small one here. Raises SourceError and ReadingError."""
        return read_feed(body, url) if is_small(body) else cast(Feed, await self._read("feed", Capture(url, body)))

    async def read_sitemap(self, body: bytes, url: str) -> Sitemap:
        """As `crawler.sitemaps.read_sitemap`, which reads a small one here. Raises SourceError and ReadingError."""
        if is_small(body):
            return read_sitemap(body, url)
        return cast(Sitemap, await self._read("sitemap", Capture(url, body)))

    async def _read(self, kind: Kind, capture: Capture) -> Read:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read_now, kind, capture)

    def _read_now(self, kind: Kind, capture: Capture) -> Read:
        worker = self._free.get()
        try:
            return worker.read_as(kind, capture, self._seconds)
        finally:
            self._free.put(worker)

    @property
    def cpu_seconds(self) -> float:
        """Spent on reading so far, by all workers."""
        return sum(worker.cpu_seconds for worker in self._workers)

    def stop(self) -> None:
        """End all workers; what still waits is not read."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
