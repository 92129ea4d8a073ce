"""Readers of pages behind one interface: processes on this machine, or a cluster.

Both are an executor of `concurrent.futures`. What differs is the size of a batch: a page that stays
on this machine is handed on alone and as it is, and one that travels is packed with others.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from archive.errors import ClusterError, LostWorkersError, ReadingError
from archive.records import Capture
from crawler.cluster.batch_task import read_guarded_page, read_packed_pages
from crawler.cluster.connection import ClusterConnection, open_cluster
from crawler.cluster.dask_executor import RESUME_ADVICE
from crawler.cluster.page_batches import (
    PageAnswer,
    PageToRead,
    pack_pages,
    unpack_answers,
)
from crawler.cluster.published_state import published_state
from crawler.cluster.reading_pace import ReadingPace
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, LearntTemplates, OutletRules
from crawler.workers.pool import RULED_KINDS, DocumentKind, Worker

CLUSTER_BATCH_PAGES = 8
CLUSTER_BATCH_BYTES = 1_000_000
"""Pages of a batch, and bytes of their bodies, after which it is sent."""
WORKERLESS_TIMEOUT_SECONDS = 600.0
"""Time that a cluster may be without any worker before the command ends."""
WAIT_INTERVAL_SECONDS = 2.0


class BatchReaders(Protocol):
    """Many hands that read pages in batches."""

    batch_pages: int
    batch_bytes: int
    """Pages, and bytes of bodies, of which a batch is made."""

    @property
    def threads(self) -> int:
        """The batches that can be read at once."""
        ...

    def page_to_read(
        self,
        capture: Capture,
        kind: DocumentKind = "page to store",
        templates: LearntTemplates | None = None,
    ) -> PageToRead:
        """Return a page with the rule of its outlet, and its template among those given."""
        ...

    def submit_batch(self, pages: Sequence[PageToRead]) -> PageBatch:
        """Begin to read pages."""
        ...

    def describe(self) -> str:
        """Return who reads, and how fast, for a live line; empty if there is nothing to say."""
        ...

    def published_in(self, folder: Path) -> AbstractContextManager[None]:
        """Let `dateline status` of an archive show who reads, within the block."""
        ...


class PageBatch(Protocol):
    """A batch that is being read."""

    def answers(self) -> list[PageAnswer]:
        """Wait for the answers, in the order of the pages."""
        ...


class _RuledReaders:
    """Readers of either kind, with the rules of outlets."""

    def __init__(self, rules: OutletRules) -> None:
        self._rules = rules

    def page_to_read(
        self,
        capture: Capture,
        kind: DocumentKind = "page to store",
        templates: LearntTemplates | None = None,
    ) -> PageToRead:
        """Return a page with the rule of its outlet, and its template among those given."""
        rules = replace(self._rules, templates=templates) if templates else self._rules
        rule = None
        if rules and kind in RULED_KINDS:
            rule = rules.reading_rule_for(capture.final_url, capture.url)
        return PageToRead(capture, kind, (rule,) if rule else ())


# -- processes on this machine ---------------------------------------------------------------------


class LocalReaders(_RuledReaders):
    """Guarded processes of this machine, with a thread each."""

    batch_pages, batch_bytes = 1, 0

    def __init__(self, count: int | None = None, rules: OutletRules = NO_OUTLET_RULES) -> None:
        super().__init__(rules)
        self.threads = count or os.cpu_count() or 1
        self._crew = [Worker() for _ in range(self.threads)]
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._crew:
            self._idle.put(worker)
        self._executor = ThreadPoolExecutor(self.threads)

    def submit_batch(self, pages: Sequence[PageToRead]) -> PageBatch:
        """Begin to read pages."""
        return _LocalBatch(self._executor.submit(self._read_pages, pages))

    def _read_pages(self, pages: Sequence[PageToRead]) -> list[PageAnswer]:
        """Read pages with an idle process; runs in a thread."""
        worker = self._idle.get()
        try:
            return [read_guarded_page(worker, page) for page in pages]
        finally:
            self._idle.put(worker)

    def describe(self) -> str:
        """Return nothing: there is one machine, and its speed stands beside the bar."""
        return ""

    def published_in(self, folder: Path) -> AbstractContextManager[None]:  # noqa: ARG002
        """Do nothing, as there is nothing to say."""
        return nullcontext()

    def close(self) -> None:
        """End all processes; what they read is lost."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        for worker in self._crew:
            worker.stop()


class _LocalBatch:
    """A batch that is read by a process of this machine."""

    def __init__(self, future: Future[list[PageAnswer]]) -> None:
        self._future = future

    def answers(self) -> list[PageAnswer]:
        """Wait for the answers."""
        return self._future.result()


# -- a cluster -------------------------------------------------------------------------------------


class ClusterReaders(_RuledReaders):
    """The workers of a cluster."""

    batch_pages, batch_bytes = CLUSTER_BATCH_PAGES, CLUSTER_BATCH_BYTES

    def __init__(self, connection: ClusterConnection, rules: OutletRules = NO_OUTLET_RULES) -> None:
        super().__init__(rules)
        self.connection = connection
        self.pace = ReadingPace()

    @property
    def threads(self) -> int:
        """The batches that the workers of the moment can read at once; one at least."""
        return max(1, self.connection.threads)

    def submit_batch(self, pages: Sequence[PageToRead]) -> PageBatch:
        """Send pages to a worker."""
        self.pace.waiting += len(pages)
        return _ClusterBatch(self, pages)

    def send_pages(self, pages: Sequence[PageToRead]) -> Future[bytes]:
        """Send pages as one task."""
        return self.connection.executor.submit(read_packed_pages, pack_pages(pages))

    def wait_for_block(self, future: Future[bytes]) -> bytes:
        """Wait for the answers of a task.

        Raises ClusterError if the cluster is lost, or has had no worker for a long time.
        """
        last_worker_at = time.monotonic()
        while True:
            try:
                return future.result(WAIT_INTERVAL_SECONDS)
            except FutureTimeoutError:
                if future.done():
                    raise
            if self.connection.workers():
                last_worker_at = time.monotonic()
            elif time.monotonic() > last_worker_at + WORKERLESS_TIMEOUT_SECONDS:
                raise ClusterError(
                    f"{self.connection.address}: the cluster has had no workers for "
                    f"{WORKERLESS_TIMEOUT_SECONDS / 60:.0f} minutes; {RESUME_ADVICE}"
                )

    def describe(self) -> str:
        """Return the workers, their speeds and what waits: `2 workers (17 + 14 pages/s), …`."""
        return self.pace.describe(self.connection)

    def published_in(self, folder: Path) -> AbstractContextManager[None]:
        """Leave what the workers do in an archive's folder, within the block."""
        return published_state(folder, lambda: self.pace.state(self.connection))


class _ClusterBatch:
    """A batch that a worker reads; if workers are lost again and again, page by page."""

    def __init__(self, readers: ClusterReaders, pages: Sequence[PageToRead]) -> None:
        self._readers = readers
        self._pages = pages
        self._future = readers.send_pages(pages)

    def answers(self) -> list[PageAnswer]:
        """Wait for the answers.

        A page that cost as many workers as the scheduler allows is answered with an error.
        """
        answers = self._wait()
        self._readers.pace.note_answers(answers)
        return answers

    def _wait(self) -> list[PageAnswer]:
        """Wait for the answers; read the pages apart if one ends its workers."""
        try:
            return unpack_answers(self._readers.wait_for_block(self._future))
        except LostWorkersError as error:
            if len(self._pages) == 1:
                url = self._pages[0].capture.url
                return [PageAnswer(ReadingError(f"{url}: {error}"))]
        apart = [_ClusterBatch(self._readers, [page]) for page in self._pages]
        return [answer for batch in apart for answer in batch._wait()]


@contextmanager
def open_readers(
    cluster: str | None, workers: int | None = None, rules: OutletRules = NO_OUTLET_RULES
) -> Iterator[LocalReaders | ClusterReaders]:
    """Yield the readers of a cluster's address, or without one those of this machine.

    `workers` is the number of the latter. Raises what `open_cluster` raises.
    """
    if cluster:
        with open_cluster(cluster) as connection:
            yield ClusterReaders(connection, rules)
        return
    readers = LocalReaders(workers, rules)
    try:
        yield readers
    finally:
        readers.close()
