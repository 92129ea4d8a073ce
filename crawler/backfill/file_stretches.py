"""Files that the workers of a cluster fetch, filter and read themselves, a stretch at a time.

A task is a stretch of one file: it begins behind a position, and ends after a number of pages, bytes or
seconds. So what comes back is bounded, a lost worker costs a stretch, and the position goes into
the archive with the pages. Workers never open the archive.
"""

from __future__ import annotations

import pickle
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from functools import partial
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

from archive.errors import ClusterError, LostWorkersError, UsageError
from archive.records import Lead
from crawler.backfill.file_items import (
    RESUME_IMPORT_ADVICE,
    FileImport,
    FileItem,
    item_of_capture,
    item_without_page,
    page_of_record,
    raise_item_error,
    unreadable_error,
)
from crawler.backfill.named_files import NamedFile, find_named_files
from crawler.backfill.selection import Selection
from crawler.cluster.batch_task import (
    allow_child_processes,
    current_worker_name,
    read_guarded_page,
)
from crawler.cluster.dask_executor import RESUME_ADVICE
from crawler.cluster.page_batches import (
    BLOCK_ZSTD_LEVEL,
    PageAnswer,
    PageToRead,
    pack_answers,
    pack_pages,
    unpack_answers,
    unpack_pages,
)
from crawler.cluster.page_readers import (
    WAIT_INTERVAL_SECONDS,
    WORKERLESS_TIMEOUT_SECONDS,
    BatchReaders,
    ClusterReaders,
)
from crawler.extraction.rules.outlet_rules import OutletRules
from crawler.files.byte_sources import ByteSource, SourceLostError
from crawler.files.warc_files import FoundInWarc, PlacedPage, RecordPosition, read_placed_pages
from crawler.workers.pool import Worker

STRETCH_PAGES = (256, 16, 1)
"""Pages of a stretch; fewer, each time that the workers that read it were lost."""
STRETCH_BODY_BYTES = 16 * 1024 * 1024
STRETCH_ITEMS = 20_000
"""Records of a stretch that are excluded or left out, at most."""
STRETCH_SECONDS = 30.0
FILES_PER_THREAD = 2
"""Files under way for each thread of the workers, so that none of them waits for the driver."""
MAX_OPEN_SOURCES = 2
THREAD_SOURCES = threading.local()
"""`sources`: the files that a thread of a worker has read of, with their newest blocks."""


@dataclass(frozen=True, slots=True)
class StretchOrder:
    """The order for a worker."""

    name: str
    """The address, or the path, of the file."""
    version: str
    behind: RecordPosition
    selection: Selection
    rules: OutletRules
    pages: int
    """The most pages of the stretch."""


@dataclass(frozen=True, slots=True)
class StretchRow:
    """The result of one record; pages are kept separately."""

    position: RecordPosition
    found: FoundInWarc | None
    """None for a page."""
    lead: Lead | None = None


@dataclass(frozen=True, slots=True)
class FileStretch:
    """The result of an order."""

    rows: Sequence[StretchRow]
    pages: Sequence[PageToRead]
    answers: Sequence[PageAnswer]
    is_end: bool
    problem: str = ""
    """Why the file cannot be read further."""
    worker: str = ""


# -- on the worker ---------------------------------------------------------------------------------


def read_file_stretch(block: bytes) -> bytes:
    """Read the stretch that a block orders, and return a block with what was found."""
    order: StretchOrder = pickle.loads(block)  # noqa: S301  Dask runs what its driver sends
    allow_child_processes()
    with closing(Worker(order.rules)) as reader:
        return _pack_stretch(_read_stretch(order, reader))


def _read_stretch(order: StretchOrder, reader: Worker) -> FileStretch:
    """Read the records of a stretch, and the pages among them in a guarded process."""
    rows: list[StretchRow] = []
    pages: list[PageToRead] = []
    answers: list[PageAnswer] = []
    name = current_worker_name()
    ends_at, body_bytes = time.monotonic() + STRETCH_SECONDS, 0
    stretch = partial(FileStretch, rows, pages, answers, worker=name)
    try:
        for placed in _placed_pages(order):
            row, page = _row_of_record(placed)
            rows.append(row)
            if page is not None:
                page = _ruled_page(page, order.rules)
                pages.append(page)
                answers.append(read_guarded_page(reader, page, name))
                body_bytes += len(page.capture.body)
            is_full = len(pages) >= order.pages or body_bytes >= STRETCH_BODY_BYTES
            if is_full or len(rows) >= STRETCH_ITEMS or time.monotonic() > ends_at:
                return stretch(is_end=False)
    except SourceLostError as error:
        return stretch(is_end=False, problem=f"{error}; {RESUME_IMPORT_ADVICE}")
    except OSError as error:
        return stretch(is_end=False, problem=str(unreadable_error(error)))
    except UsageError as error:
        return stretch(is_end=False, problem=str(error))
    return stretch(is_end=True)


def _placed_pages(order: StretchOrder) -> Iterator[PlacedPage]:
    """Return the pages behind the position of an order. Raises OSError and UsageError."""
    source = _source_of_thread(order.name)
    if source.version() != order.version:
        raise SourceLostError("was changed while it was read")
    return read_placed_pages(source, order.selection.filters(), order.behind)


def _source_of_thread(name: str) -> ByteSource:
    """Return the file of a name, with the blocks that this thread has fetched of it."""
    known: dict[str, ByteSource] = THREAD_SOURCES.__dict__.setdefault("sources", {})
    source = known.pop(name, None)
    if source is None:
        [file] = find_named_files([name])
        if file.source is None:
            raise UsageError("is not a WARC or ARC file")
        source = file.source
        while len(known) >= MAX_OPEN_SOURCES:
            known.pop(next(iter(known)))
    if not _has_failed(source):
        known[name] = source
    return source


def _has_failed(source: ByteSource) -> bool:
    """Return whether a block of a file could not be fetched."""
    try:
        source.check_readable()
    except SourceLostError:
        return True
    return False


def _row_of_record(placed: PlacedPage) -> tuple[StretchRow, PageToRead | None]:
    """Return the row of a record, and its page if it has one to read."""
    if item_without_page("", placed.found, 0) is not None:
        return StretchRow(placed.position, placed.found), None
    capture, lead = page_of_record(placed.found)
    return StretchRow(placed.position, None, lead), PageToRead(capture)


def _ruled_page(page: PageToRead, rules: OutletRules) -> PageToRead:
    """Return a page with the rule of its outlet."""
    capture = page.capture
    rule = rules.reading_rule_for(capture.final_url, capture.url) if rules else None
    return replace(page, more=(rule,)) if rule else page


def _pack_stretch(stretch: FileStretch) -> bytes:
    """Return a stretch as one compressed block."""
    rows = [(astuple(row.position), row.found, row.lead) for row in stretch.rows]
    parts = (
        rows,
        pack_pages(stretch.pages),
        pack_answers(stretch.answers),
        stretch.is_end,
        stretch.problem,
        stretch.worker,
    )
    return zstd.compress(pickle.dumps(parts, protocol=5), BLOCK_ZSTD_LEVEL)


def _unpack_stretch(block: bytes) -> FileStretch:
    """Return the stretch of a block, which comes from a worker: those are trusted."""
    rows, pages, answers, *rest = pickle.loads(zstd.decompress(block))  # noqa: S301
    known = [StretchRow(RecordPosition(*place), found, lead) for place, found, lead in rows]
    return FileStretch(known, unpack_pages(pages), unpack_answers(answers), *rest)


# -- on the driver ---------------------------------------------------------------------------------


@dataclass
class _FileUnderWay:
    """A file of which a worker reads a stretch."""

    name: str
    file_import: FileImport
    position: RecordPosition
    attempts: int = 0
    """The number of times that the present stretch was lost with its workers."""


class StretchedFiles:
    """Files that workers read, several at once, each in its order."""

    def __init__(self, readers: ClusterReaders, selection: Selection, rules: OutletRules) -> None:
        self._readers = readers
        self._selection = selection
        self._rules = rules
        self._running: dict[Future[Any], _FileUnderWay] = {}

    def items(self, files: Sequence[tuple[NamedFile, FileImport]]) -> Iterator[FileItem]:
        """Yield what is found in files, as workers send it.

        Raises ClusterError if the cluster is lost, or has had no worker for a long time.
        """
        waiting = deque(
            _FileUnderWay(str(file.path.absolute()) if file.path else file.name, each, each.behind)
            for file, each in files
        )
        last_worker_at = time.monotonic()
        while waiting or self._running:
            while waiting and len(self._running) < FILES_PER_THREAD * self._readers.threads:
                self._send(waiting.popleft())
            done, _ = wait(self._running, WAIT_INTERVAL_SECONDS, FIRST_COMPLETED)
            if done or self._readers.connection.workers():
                last_worker_at = time.monotonic()
            elif time.monotonic() > last_worker_at + WORKERLESS_TIMEOUT_SECONDS:
                raise ClusterError(
                    f"{self._readers.connection.address}: the cluster has had no workers for "
                    f"{WORKERLESS_TIMEOUT_SECONDS / 60:.0f} minutes; {RESUME_ADVICE}"
                )
            for future in done:
                yield from self._items_of_future(future, self._running.pop(future))

    def _send(self, file: _FileUnderWay) -> None:
        """Send the next stretch of a file to a worker."""
        order = StretchOrder(
            file.name,
            file.file_import.file.version,
            file.position,
            self._selection,
            self._rules,
            STRETCH_PAGES[file.attempts],
        )
        future = self._readers.connection.executor.submit(read_file_stretch, pickle.dumps(order))
        self._running[future] = file

    def _items_of_future(self, future: Future[Any], file: _FileUnderWay) -> Iterator[FileItem]:
        """Yield what a stretch has brought, and send the next one. Raises ClusterError."""
        try:
            stretch = _unpack_stretch(future.result())
        except LostWorkersError as error:
            file.attempts += 1
            if file.attempts < len(STRETCH_PAGES):
                self._send(file)
            else:
                yield _problem_item(file.name, f"{error}; {RESUME_IMPORT_ADVICE}")
            return
        file.attempts = 0
        if stretch.rows:
            file.position = stretch.rows[-1].position
        if not stretch.is_end and not stretch.problem:
            self._send(file)  # before its items are written, so that no worker waits
        self._readers.pace.waiting += len(stretch.answers)
        self._readers.pace.note_answers(stretch.answers)
        yield from _items_of_stretch(file, stretch)


def _items_of_stretch(file: _FileUnderWay, stretch: FileStretch) -> Iterator[FileItem]:
    """Yield the items of a stretch."""
    read = zip(stretch.pages, stretch.answers, strict=True)
    for row in stretch.rows:
        number = row.position.found
        item = item_without_page(file.name, row.found, number) if row.found is not None else None
        if item is None:
            page, answer = next(read)
            item = replace(
                item_of_capture(file.name, number, row.lead, page), page=None, answer=answer
            )
        yield replace(item, file_import=file.file_import, position=row.position)
    if stretch.problem:
        place = f" (worker {stretch.worker})" if stretch.worker else ""
        yield _problem_item(file.name, f"{stretch.problem}{place}")
    elif stretch.is_end:
        yield FileItem(file.name, file_import=file.file_import, position=file.position, is_end=True)


def _problem_item(name: str, problem: str) -> FileItem:
    """Return the item of a file that cannot be read further."""
    return FileItem(name, partial(raise_item_error, UsageError(problem)))


def files_for_workers(files: Sequence[NamedFile], readers: BatchReaders) -> list[NamedFile]:
    """Return the files that the workers of a cluster open themselves, each one of them.

    They can open what has an address on the web, and files of this machine only if they run here.
    If there are fewer files than threads, this process reads the files, and the workers the pages.
    """
    if not isinstance(readers, ClusterReaders):
        return []
    is_here = readers.connection.local is not None
    found = [file for file in files if file.is_warc and (file.is_remote or is_here)]
    return found if len(found) >= readers.threads else []
