"""Whatever strangers wrote is read in processes of our own: what crashes or hangs its reader costs
itself alone.

That is pages, feeds, sitemaps and home pages of any size, and robots.txt beyond a few lines. One
process, one pipe and one thread a worker, with a limit of time a page; threads take what waits by
themselves, site by site (`crawler.workers.fair_queue`), so that no worker waits for a crawl that is
busy writing. The standard library's process pool is not safe here: a worker that dies takes the
pages of all the others with it (cpython#94777), and one that hangs is never ended. Workers come
from a fork server that has imported the extractor once, so that a new one is there in milliseconds;
they end by themselves when the other end of their pipe is gone, also after a kill -9.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, Self, cast

from archive.errors import DatelineError, ReadingError
from archive.records import Article, Capture
from crawler.network.robots_rules import Groups, read_groups
from crawler.sources.feed_parser import Feed, read_feed
from crawler.sources.navigation import Listed, Search, Ways
from crawler.sources.sitemap_parser import Sitemap, read_sitemap
from crawler.sources.source_discovery import Home, read_home, robots_sitemaps
from crawler.workers import fork_server
from crawler.workers.fair_queue import Closed, FairQueue
from pipelines.urls import registered_domain

Kind = Literal[
    "page", "page and ways", "ways", "topic", "site search", "description",
    "hosts", "feed", "sitemap", "home", "robots", "robots sitemaps",
]  # fmt: skip
Linked = tuple[Article, Ways]
"""A page's article, and where the page leads."""
Read = Article | Linked | Ways | Listed | list[Search] | Feed | Sitemap | Home | Groups | list[str]
Job = tuple[Kind, Capture, tuple[str, ...], "Future[Read]"]
"""What is to be read, with the names of crawlers for a robots.txt, and where the answer goes."""

READER_NICENESS = 5
"""Readers leave the cores to the crawl, which hands out the work, and to whoever else uses the
machine."""
PAGE_SECONDS = 20.0
"""A page of ordinary size takes 0.02–0.2 s."""
PAGES_A_PROCESS = 50
"""What the parsers keep in memory between pages grows with every one; a new process costs
milliseconds."""
LARGE_PAGE = 1_000_000
"""Bytes of a page after which the process is renewed at once."""
FEW_LINES = 8_192
"""Bytes of a robots.txt that is read where it came in: at worst in 3 ms, as its cost grows with its
length alone."""
ORPHANED = 5
"""Seconds beyond its limit after which a reader ends by itself, whose crawl is gone and cannot end
it."""
PAGE_MEMORY = 256 * 1024 * 1024
"""Bytes that reading one page may take; the largest news pages take 40 MB."""


def _serve(pipe: Connection) -> None:
    """The loop of a worker: captures in, articles out, until the pipe closes."""
    # Ctrl-C is for the crawl, which ends its workers in order
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(READER_NICENESS)
    from crawler.extraction.extract import extract
    from crawler.extraction.links import linked_hosts
    from crawler.sources.navigation_parser import article_and_ways, listed, read_description, ways

    readers: dict[Kind, Callable[..., Read]] = {
        "page": extract,
        "page and ways": article_and_ways,
        "ways": ways,
        "topic": lambda capture: listed(capture, "topic"),
        "site search": lambda capture: listed(capture, "site search"),
        "hosts": linked_hosts,
        "description": lambda capture: read_description(capture.body, capture.url),
        "feed": lambda capture: read_feed(capture.body, capture.url),
        "sitemap": lambda capture: read_sitemap(capture.body, capture.url),
        "home": lambda capture: read_home(capture.body, capture.url),
        "robots": lambda capture, *agents: read_groups(capture.body, agents),
        "robots sitemaps": lambda capture: robots_sitemaps(capture.body, capture.url),
    }
    _limit_memory()
    with contextlib.suppress(EOFError, OSError):
        while True:
            kind, capture, more, seconds = pipe.recv()
            began = time.process_time()
            signal.alarm(int(seconds) + ORPHANED)
            answer = _read(readers[kind], capture, more)
            signal.alarm(0)
            pipe.send((answer, time.process_time() - began))


def _read(
    reader: Callable[..., Read], capture: Capture, more: tuple[str, ...]
) -> Read | DatelineError:
    try:
        return reader(capture, *more)
    except DatelineError as error:
        return error
    except MemoryError:
        return ReadingError(
            f"{capture.url}: reading took more than {PAGE_MEMORY // 1024**2} MB of memory"
        )
    except Exception as error:
        return ReadingError(f"{capture.url}: the reader failed: {type(error).__name__}: {error}")


def _limit_memory() -> None:
    """A page that would take all the memory fails alone; where the system knows no such limit
    (macOS), it may."""
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
        """Blocks until the page is read. Raises ReadingError when it crashed the worker or took too
        long, and another DatelineError where no worker can be started."""
        return cast(Article, self.read_as("page", capture, seconds))

    def read_as(
        self, kind: Kind, capture: Capture, seconds: float, more: tuple[str, ...] = ()
    ) -> Read:
        """As `read`, for whatever is read. Raises also SourceError, as the readers of feeds and
        sitemaps do."""
        if self._pages == PAGES_A_PROCESS:
            self.stop()
        pipe = self._pipe or self._start()
        self._pages += 1
        try:
            pipe.send((kind, capture, more, seconds))
            if not pipe.poll(seconds):
                raise ReadingError(f"{capture.url}: reading took longer than {seconds:g} s")
            answer, seconds = pipe.recv()
            self.cpu_seconds += seconds
        except (EOFError, OSError) as error:
            code = self.stop()
            raise ReadingError(
                f"{capture.url}: the page crashed its reader (exit code {code})"
            ) from error
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
        started = context.Process(
            target=_serve, args=(theirs,), daemon=True, name="dateline reader"
        )
        with fork_server.told():
            started.start()
        self._process = started
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
    """A few workers, those of them that are free, and as many threads, for use on an event loop."""

    def __init__(self, count: int | None = None, seconds: float = PAGE_SECONDS) -> None:
        self._workers = [Worker() for _ in range(count or os.cpu_count() or 1)]
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(len(self._workers))
        self._free: SimpleQueue[Worker] = SimpleQueue()
        self._waiting: FairQueue[Job] = FairQueue(len(self._workers))
        for worker in self._workers:
            self._free.put(worker)

    async def read(self, capture: Capture) -> Article:
        """The article of a page. Raises ReadingError where the page cannot be read."""
        return cast(Article, await self._read("page", capture))

    async def read_linked(self, capture: Capture) -> Linked:
        """The article of a page and where the page leads, from one parse. Raises as `read`."""
        return cast(Linked, await self._read("page and ways", capture))

    async def ways(self, capture: Capture) -> Ways:
        """Where a page leads, its article left unread. Raises as `read`."""
        return cast(Ways, await self._read("ways", capture))

    async def listed(self, capture: Capture, via: Literal["topic", "site search"]) -> Listed:
        """As `crawler.sources.navigation.listed`. Raises as `read`."""
        return cast(Listed, await self._read(via, capture))

    async def read_description(self, body: bytes, url: str) -> list[Search]:
        """As `crawler.sources.navigation.read_description`. Raises SourceError and ReadingError."""
        return cast(list[Search], await self._read("description", Capture(url, body)))

    async def read_feed(self, body: bytes, url: str) -> Feed:
        """As `crawler.sources.feed_parser.read_feed`. Raises SourceError and ReadingError."""
        return cast(Feed, await self._read("feed", Capture(url, body)))

    async def read_sitemap(self, body: bytes, url: str) -> Sitemap:
        """As `crawler.sources.sitemap_parser.read_sitemap`. Raises SourceError and ReadingError."""
        return cast(Sitemap, await self._read("sitemap", Capture(url, body)))

    async def read_home(self, body: bytes, url: str) -> Home:
        """As `crawler.sources.source_discovery.read_home`. Raises ReadingError."""
        return cast(Home, await self._read("home", Capture(url, body)))

    async def read_robots(self, body: bytes, url: str, agents: tuple[str, ...]) -> Groups:
        """As `crawler.network.robots_rules.read_groups`, which reads a few lines here. Raises
        ReadingError."""
        if len(body) <= FEW_LINES:
            return read_groups(body, agents)
        return cast(Groups, await self._read("robots", Capture(url, body), agents))

    async def robots_sitemaps(self, body: bytes, url: str) -> list[str]:
        """As `crawler.sources.source_discovery.robots_sitemaps`. Raises ReadingError."""
        return cast(list[str], await self._read("robots sitemaps", Capture(url, body)))

    async def _read(self, kind: Kind, capture: Capture, more: tuple[str, ...] = ()) -> Read:
        answer: Future[Read] = Future()
        self._waiting.put(registered_domain(capture.url), (kind, capture, more, answer))
        self._threads.submit(self._read_next)
        return await asyncio.wrap_future(answer)

    def _read_next(self) -> None:
        """In a thread: read what has its turn."""
        try:
            site, (kind, capture, more, answer) = self._waiting.take()
        except Closed:
            return
        worker, began = self._free.get(), time.monotonic()
        read_before = worker.cpu_seconds
        try:
            if answer.set_running_or_notify_cancel():
                answer.set_result(
                    worker.read_as(kind, capture, self._waiting.seconds(site, self._seconds), more)
                )
        except BaseException as error:
            answer.set_exception(error)
            self._waiting.done(site, time.monotonic() - began)
        else:
            self._waiting.done(site, worker.cpu_seconds - read_before)
        finally:
            self._free.put(worker)

    @property
    def cpu_seconds(self) -> float:
        """Spent on reading so far, by all workers."""
        return sum(worker.cpu_seconds for worker in self._workers)

    def stop(self) -> None:
        """End all workers; what still waits is not read."""
        for _, _, _, answer in self._waiting.close():
            answer.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
