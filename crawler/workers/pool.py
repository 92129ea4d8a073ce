"""Worker processes that parse untrusted documents, so that one document cannot affect the others.

These are pages, feeds, sitemaps and home pages of any size, and robots.txt beyond a few lines. Each
worker has one process, one pipe and one thread, and each document a time limit. The threads take
documents from the queue themselves, site by site (`crawler.workers.fair_queue`), so no worker waits
for a crawl that is busy writing.

The standard library's process pool is not safe here: a worker that dies takes the documents of all
the others with it (cpython#94777), and one that hangs is never ended. Other pools end such workers,
but do not account CPU time by site, nor renew a process after a large page.

Workers are forked from a server that has imported the extractor (`crawler.workers.fork_server`), so
a new worker is there in milliseconds. Workers end when the other end of their pipe closes, even
after a kill -9 of the crawl.
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
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRule, OutletRules
from crawler.network.robots_rules import RobotsGroups, parse_robots_groups
from crawler.sources.feed_parser import ParsedFeed, parse_feed
from crawler.sources.navigation import ListedPages, PageNavigation, SiteSearch
from crawler.sources.sitemap_parser import ParsedSitemap, parse_sitemap
from crawler.sources.source_discovery import HomePage, parse_home_page, parse_robots_sitemaps
from crawler.workers import fork_server
from crawler.workers.fair_queue import FairQueue, QueueClosed
from pipelines.urls import registered_domain

DocumentKind = Literal[
    "page", "page to store", "page and ways", "ways", "topic", "site search", "description",
    "hosts", "feed", "sitemap", "home", "robots", "robots sitemaps",
]  # fmt: skip
ArticleWithLinks = tuple[Article, PageNavigation]
"""A page's article, and the links on the page."""
ParsedDocument = (
    Article
    | ArticleWithLinks
    | PageNavigation
    | ListedPages
    | list[SiteSearch]
    | ParsedFeed
    | ParsedSitemap
    | HomePage
    | RobotsGroups
    | list[str]
)
ParserArguments = tuple[str | OutletRule, ...]
"""Further arguments of a parser: the names of crawlers for a robots.txt, or the rule of an outlet."""
PoolJob = tuple[DocumentKind, Capture, ParserArguments, "Future[ParsedDocument]"]
"""The kind of a document, the document, further arguments of its parser, and the future."""
RULED_KINDS: tuple[DocumentKind, ...] = ("page", "page to store", "page and ways")
"""The kinds that are read by the rules of their outlets."""

WORKER_NICENESS = 5
"""Workers leave the cores to the crawl, which hands out the work, and to other programs."""
PAGE_TIMEOUT_SECONDS = 20.0
"""Time limit of a page; one of ordinary size takes 0.02–0.2 s."""
MAX_PAGES_PER_PROCESS = 50
"""Pages after which a process is renewed, which takes milliseconds: the parsers' memory grows with
every page."""
LARGE_PAGE_BYTES = 1_000_000
"""Bytes of a page after which the process is renewed at once."""
MAX_INLINE_ROBOTS_BYTES = 8_192
"""Bytes of a robots.txt that the crawl parses itself, in 3 ms at worst: the time grows linearly."""
ORPHAN_GRACE_SECONDS = 5
"""Seconds beyond its time limit after which a worker ends itself, in case its crawl was killed."""
MAX_PAGE_MEMORY_BYTES = 256 * 1024 * 1024
"""Bytes of memory for one page; the largest news pages take 40 MB."""


def _run_worker(pipe: Connection) -> None:
    """Run the loop of a worker process: documents in, results out, until the pipe closes."""
    # Ctrl-C is for the crawl, which ends its workers in order
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(WORKER_NICENESS)
    parsers = _document_parsers()
    _limit_memory()
    with contextlib.suppress(EOFError, OSError):
        while True:
            kind, capture, more, seconds = pipe.recv()
            cpu_before = time.process_time()
            signal.alarm(int(seconds) + ORPHAN_GRACE_SECONDS)
            answer = _parse_document(parsers[kind], capture, more)
            signal.alarm(0)
            pipe.send((answer, time.process_time() - cpu_before))


def _document_parsers() -> dict[DocumentKind, Callable[..., ParsedDocument]]:
    """Return the parser of each kind of document."""
    from crawler.extraction.extract import extract_article
    from crawler.extraction.links import hosts_linked_to
    from crawler.sources.navigation_parser import (
        article_and_navigation,
        page_navigation,
        parse_listing,
        parse_opensearch,
    )
    from pipelines.text_features import with_text_features

    def article_to_store(capture: Capture, rule: OutletRule | None = None) -> Article:
        return with_text_features(extract_article(capture, rule))

    def article_and_links(capture: Capture, rule: OutletRule | None = None) -> ArticleWithLinks:
        article, navigation = article_and_navigation(capture, rule)
        return with_text_features(article), navigation

    return {
        "page": extract_article,
        "page to store": article_to_store,
        "page and ways": article_and_links,
        "ways": page_navigation,
        "topic": lambda capture: parse_listing(capture, "topic"),
        "site search": lambda capture: parse_listing(capture, "site search"),
        "hosts": hosts_linked_to,
        "description": lambda capture: parse_opensearch(capture.body, capture.url),
        "feed": lambda capture: parse_feed(capture.body, capture.url),
        "sitemap": lambda capture: parse_sitemap(capture.body, capture.url),
        "home": lambda capture: parse_home_page(capture.body, capture.url),
        "robots": lambda capture, *agents: parse_robots_groups(capture.body, agents),
        "robots sitemaps": lambda capture: parse_robots_sitemaps(capture.body, capture.url),
    }


def _parse_document(
    parser: Callable[..., ParsedDocument], capture: Capture, more: ParserArguments
) -> ParsedDocument | DatelineError:
    """Return what a parser makes of a document, or the error that it raises as a DatelineError."""
    try:
        return parser(capture, *more)
    except DatelineError as error:
        return error
    except MemoryError:
        return ReadingError(
            f"{capture.url}: extraction took more than {MAX_PAGE_MEMORY_BYTES // 1024**2} MB of memory"
        )
    except Exception as error:
        return ReadingError(f"{capture.url}: extraction failed: {type(error).__name__}: {error}")


def _limit_memory() -> None:
    """Limit the memory of this process, so that a page which takes too much fails alone.

    Without effect on systems that know no such limit (macOS).
    """
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        data_pages = int(Path("/proc/self/statm").read_text().split()[5])
        limit = data_pages * resource.getpagesize() + MAX_PAGE_MEMORY_BYTES
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


class Worker:
    """A process that parses documents, started with the first one.

    It reads pages by the `rules` of their outlets, which are sent to it with the page.
    """

    def __init__(self, rules: OutletRules = NO_OUTLET_RULES) -> None:
        self.rules = rules
        self.cpu_seconds = 0.0
        """CPU time spent on documents so far."""
        self._pages = 0
        self._process: Any = None
        self._pipe: Connection | None = None

    def read_article(self, capture: Capture, seconds: float) -> Article:
        """Return the article of a page; blocks for at most `seconds`.

        Raises ReadingError if the page crashed the process or took too long, and another
        DatelineError if no process can be started.
        """
        return cast(Article, self.read_document("page", capture, seconds))

    def read_article_to_store(self, capture: Capture, seconds: float) -> Article:
        """Return the article of a page with the features of its text, as `read_article`."""
        return cast(Article, self.read_document("page to store", capture, seconds))

    def read_document(
        self, kind: DocumentKind, capture: Capture, seconds: float, more: ParserArguments = ()
    ) -> ParsedDocument:
        """Return what the parser of a kind makes of a document; blocks for at most `seconds`.

        `more` are further arguments of the parser. Raises what `read_article` raises, and SourceError from
        the parsers of feeds and sitemaps.
        """
        if self.rules and kind in RULED_KINDS:
            rule = self.rules.reading_rule_for(capture.final_url, capture.url)
            more = (*more, rule) if rule else more
        if self._pages == MAX_PAGES_PER_PROCESS:
            self.stop()
        pipe = self._pipe or self._start()
        self._pages += 1
        try:
            pipe.send((kind, capture, more, seconds))
            if not pipe.poll(seconds):
                raise ReadingError(f"{capture.url}: extraction took longer than {seconds:g} s")
            answer, cpu_seconds = pipe.recv()
            self.cpu_seconds += cpu_seconds
        except (EOFError, OSError) as error:
            code = self.stop()
            raise ReadingError(
                f"{capture.url}: the extraction process crashed on this page (exit code {code})"
            ) from error
        except ReadingError:
            self.stop()
            raise
        if len(capture.body) > LARGE_PAGE_BYTES:
            self.stop()
        if isinstance(answer, DatelineError):
            raise answer
        return cast(ParsedDocument, answer)

    def _start(self) -> Connection:
        """Start the process and return this end of its pipe. Raises DatelineError."""
        context = fork_server.worker_context()
        own_end, worker_end = context.Pipe()
        process = context.Process(
            target=_run_worker, args=(worker_end,), daemon=True, name="dateline reader"
        )
        with fork_server.report_start_failure():
            process.start()
        self._process = process
        worker_end.close()
        self._pipe = own_end
        return own_end

    def stop(self) -> int | None:
        """End the process at once and return its exit code; None if no process was running."""
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


class WorkerPool:
    """Several workers with a thread each, for use on an event loop."""

    def __init__(
        self,
        count: int | None = None,
        seconds: float = PAGE_TIMEOUT_SECONDS,
        rules: OutletRules = NO_OUTLET_RULES,
    ) -> None:
        self._workers = [Worker(rules) for _ in range(count or os.cpu_count() or 1)]
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(len(self._workers))
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._waiting: FairQueue[PoolJob] = FairQueue(len(self._workers))
        for worker in self._workers:
            self._idle.put(worker)

    async def read_document(self, kind: DocumentKind, capture: Capture) -> ParsedDocument:
        """Return what the parser of a kind makes of a document.

        Raises ReadingError, and SourceError from the parsers of feeds and sitemaps.
        """
        return await self._read_in_worker(kind, capture)

    async def read_article(self, capture: Capture) -> Article:
        """Return the article of a page with the features of its text.

        Raises ReadingError if it cannot be extracted.
        """
        return cast(Article, await self._read_in_worker("page to store", capture))

    async def read_article_and_links(self, capture: Capture) -> ArticleWithLinks:
        """Return the article of a page and its links, from one parse. Raises ReadingError."""
        return cast(ArticleWithLinks, await self._read_in_worker("page and ways", capture))

    async def read_navigation(self, capture: Capture) -> PageNavigation:
        """Return the links of a page without its article. Raises ReadingError."""
        return cast(PageNavigation, await self._read_in_worker("ways", capture))

    async def read_listing(
        self, capture: Capture, via: Literal["topic", "site search"]
    ) -> ListedPages:
        """Run `crawler.sources.navigation_parser.parse_listing` in a worker. Raises
        ReadingError."""
        return cast(ListedPages, await self._read_in_worker(via, capture))

    async def read_description(self, body: bytes, url: str) -> list[SiteSearch]:
        """Run `crawler.sources.navigation_parser.parse_opensearch` in a worker.

        Raises SourceError and ReadingError.
        """
        return cast(list[SiteSearch], await self._read_in_worker("description", Capture(url, body)))

    async def read_feed(self, body: bytes, url: str) -> ParsedFeed:
        """Run `crawler.sources.feed_parser.parse_feed` in a worker.

        Raises SourceError and ReadingError.
        """
        return cast(ParsedFeed, await self._read_in_worker("feed", Capture(url, body)))

    async def read_sitemap(self, body: bytes, url: str) -> ParsedSitemap:
        """Run `crawler.sources.sitemap_parser.parse_sitemap` in a worker.

        Raises SourceError and ReadingError.
        """
        return cast(ParsedSitemap, await self._read_in_worker("sitemap", Capture(url, body)))

    async def read_home_page(self, body: bytes, url: str) -> HomePage:
        """Run `crawler.sources.source_discovery.parse_home_page` in a worker. Raises
        ReadingError."""
        return cast(HomePage, await self._read_in_worker("home", Capture(url, body)))

    async def read_robots(self, body: bytes, url: str, agents: tuple[str, ...]) -> RobotsGroups:
        """Run `crawler.network.robots_rules.parse_robots_groups` in a worker, or here for a few
        lines.

        Raises ReadingError.
        """
        if len(body) <= MAX_INLINE_ROBOTS_BYTES:
            return parse_robots_groups(body, agents)
        return cast(RobotsGroups, await self._read_in_worker("robots", Capture(url, body), agents))

    async def read_robots_sitemaps(self, body: bytes, url: str) -> list[str]:
        """Run `crawler.sources.source_discovery.parse_robots_sitemaps` in a worker. Raises
        ReadingError."""
        return cast(list[str], await self._read_in_worker("robots sitemaps", Capture(url, body)))

    async def _read_in_worker(
        self, kind: DocumentKind, capture: Capture, more: ParserArguments = ()
    ) -> ParsedDocument:
        """Queue a document and wait for its result."""
        answer: Future[ParsedDocument] = Future()
        self._waiting.put_job(registered_domain(capture.url), (kind, capture, more, answer))
        self._threads.submit(self._read_next_document)
        return await asyncio.wrap_future(answer)

    def _read_next_document(self) -> None:
        """Parse the next document of the queue with an idle worker; runs in a thread.

        A document that fails counts with its wall time, as its CPU time is lost with the process.
        """
        try:
            site, (kind, capture, more, answer) = self._waiting.take_job()
        except QueueClosed:
            return
        worker, began = self._idle.get(), time.monotonic()
        cpu_before = worker.cpu_seconds
        try:
            if answer.set_running_or_notify_cancel():
                seconds = self._waiting.time_limit(site, self._seconds)
                answer.set_result(worker.read_document(kind, capture, seconds, more))
        except BaseException as error:
            answer.set_exception(error)
            self._waiting.finish_job(site, time.monotonic() - began)
        else:
            self._waiting.finish_job(site, worker.cpu_seconds - cpu_before)
        finally:
            self._idle.put(worker)

    def describe(self) -> str:
        """Return who reads, for the progress line; nothing, as it is this machine."""
        return ""

    def prepare(self) -> None:
        """Load the extraction code while the first responses are on their way."""
        fork_server.start_fork_server()

    @property
    def cpu_seconds(self) -> float:
        """CPU time that all workers have spent on documents so far."""
        return sum(worker.cpu_seconds for worker in self._workers)

    def stop(self) -> None:
        """End all workers and cancel the documents that still wait."""
        for _, _, _, answer in self._waiting.close():
            answer.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
