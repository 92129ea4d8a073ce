"""The readers of a crawl on a cluster: pages travel, and all else is read on this machine.

Feeds, sitemaps and robots.txt decide what is requested next, and are few. Pages are sent site by
site, as `crawler.workers.fair_queue` has it, several together while more wait than can be read at
once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import cast

from archive.errors import ClusterError, DatelineError, LostWorkersError, ReadingError
from archive.records import Capture
from crawler.cluster.batch_task import read_packed_pages
from crawler.cluster.connection import ClusterConnection
from crawler.cluster.page_batches import PageAnswer, PageToRead, pack_pages, unpack_answers
from crawler.cluster.reading_pace import ReadingPace
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRules
from crawler.workers.fair_queue import FairQueue
from crawler.workers.pool import (
    PAGE_TIMEOUT_SECONDS,
    RULED_KINDS,
    DocumentKind,
    ParsedDocument,
    ParserArguments,
    WorkerPool,
)
from pipelines.urls import registered_domain

CRAWL_BATCH_PAGES = 8
"""Most pages that are sent together."""
CRAWL_BATCHES_PER_THREAD = 2
"""Batches under way for each that can be read at once."""

reading_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _WaitingPage:
    """A page of a site, and who waits for it."""

    site: str
    page: PageToRead
    answer: asyncio.Future[ParsedDocument]


class ClusterPool(WorkerPool):
    """Workers of a cluster for pages, and processes of this machine for other documents.

    If the cluster is lost, `on_lost` is called once with the error, and what still comes is read on
    this machine.
    """

    def __init__(
        self,
        connection: ClusterConnection,
        count: int | None = None,
        seconds: float = PAGE_TIMEOUT_SECONDS,
        rules: OutletRules = NO_OUTLET_RULES,
    ) -> None:
        super().__init__(count, seconds, rules)
        self.connection = connection
        self.pace = ReadingPace()
        self.on_lost: Callable[[ClusterError], None] = lambda _: None
        self._rules = rules
        self._is_lost = False
        self._outgoing: FairQueue[_WaitingPage] = FairQueue(max(1, connection.threads))
        self._batches = 0
        """Batches under way."""
        self._cluster_cpu_seconds = 0.0

    @property
    def cpu_seconds(self) -> float:
        """CPU time that all workers have spent on documents so far, here and elsewhere."""
        return super().cpu_seconds + self._cluster_cpu_seconds

    def describe(self) -> str:
        """Return the workers, their speeds and what waits, for the progress line."""
        return self.pace.describe(self.connection)

    async def _read_in_worker(
        self, kind: DocumentKind, capture: Capture, more: ParserArguments = ()
    ) -> ParsedDocument:
        """Read a page on the cluster, and other documents here."""
        if kind not in RULED_KINDS or self._is_lost:
            return await super()._read_in_worker(kind, capture, more)
        rule = self._rules.reading_rule_for(capture.final_url, capture.url)
        site = registered_domain(capture.url)
        page = PageToRead(capture, kind, (*more, rule) if rule else more, self._seconds)
        waiting = _WaitingPage(site, page, asyncio.get_running_loop().create_future())
        self._outgoing.put_job(site, waiting)
        self.pace.waiting += 1
        self._send_waiting()
        try:
            return await waiting.answer
        except ClusterError:
            return await super()._read_in_worker(kind, capture, more)

    def _send_waiting(self) -> None:
        """Send pages as long as there are some, and workers that will soon be free."""
        while not self._is_lost and self._batches < CRAWL_BATCHES_PER_THREAD * max(
            1, self.connection.threads
        ):
            batch = self._outgoing.take_jobs(CRAWL_BATCH_PAGES)
            if not batch:
                return
            self._send_batch([waiting for _, waiting in batch])

    def _send_batch(self, batch: Sequence[_WaitingPage]) -> None:
        """Send pages as one task."""
        loop = asyncio.get_running_loop()
        limited = [self._limited_page(waiting) for waiting in batch]
        self._batches += 1
        try:
            future = self.connection.executor.submit(read_packed_pages, pack_pages(limited))
        except ClusterError as error:
            self._batches -= 1
            self._give_up(batch, error)
            return

        def note_block(done: Future[bytes]) -> None:
            loop.call_soon_threadsafe(self._note_block, batch, done)

        future.add_done_callback(note_block)

    def _limited_page(self, waiting: _WaitingPage) -> PageToRead:
        """Return a page with the time limit that its site has at the moment."""
        page = waiting.page
        seconds = self._outgoing.time_limit(waiting.site, self._seconds)
        return PageToRead(page.capture, page.kind, page.more, seconds)

    def _note_block(self, batch: Sequence[_WaitingPage], done: Future[bytes]) -> None:
        """Hand the answers of a batch to those who wait, on the loop of the crawl."""
        self._batches -= 1
        try:
            answers = unpack_answers(done.result())
        except LostWorkersError as error:
            self._read_apart(batch, error)
        except ClusterError as error:
            self._give_up(batch, error)
        except DatelineError as error:  # a worker that cannot start processes
            self._give_up(batch, ClusterError(f"{self.connection.address}: {error}"))
        else:
            self._note_answers(batch, answers)
        self._send_waiting()

    def _read_apart(self, batch: Sequence[_WaitingPage], error: LostWorkersError) -> None:
        """Send each page of a batch apart, as one of them ends its workers; fail a single one."""
        if len(batch) > 1:
            for waiting in batch:
                self._send_batch([waiting])
            return
        url = batch[0].page.capture.url
        self._note_answers(batch, [PageAnswer(ReadingError(f"{url}: {error}"))])

    def _note_answers(self, batch: Sequence[_WaitingPage], answers: Sequence[PageAnswer]) -> None:
        """Hand answers over; log a failure with its worker."""
        self.pace.note_answers(answers)
        for waiting, answer in zip(batch, answers, strict=True):
            self._cluster_cpu_seconds += answer.cpu_seconds
            self._outgoing.finish_job(waiting.site, answer.cpu_seconds)
            failure = answer.result if isinstance(answer.result, DatelineError) else None
            if failure:
                reading_log.warning("%s (worker %s)", failure, answer.worker or "lost")
            if waiting.answer.done():  # nobody waits any more
                continue
            if failure:
                waiting.answer.set_exception(failure)
            else:
                waiting.answer.set_result(cast(ParsedDocument, answer.result))

    def _give_up(self, batch: Sequence[_WaitingPage], error: ClusterError) -> None:
        """Read the pages of a batch here, and all later ones, as the cluster is lost."""
        unsent = [] if self._is_lost else self._outgoing.close()
        if not self._is_lost:
            self._is_lost = True
            self.on_lost(error)
        for waiting in (*batch, *unsent):
            self.pace.waiting -= 1
            if not waiting.answer.done():
                waiting.answer.set_exception(error)

    def stop(self) -> None:
        """End the processes of this machine, and cancel the pages that still wait."""
        for waiting in self._outgoing.close():
            waiting.answer.cancel()
        super().stop()
