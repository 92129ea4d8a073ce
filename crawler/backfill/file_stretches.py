"""Files that the workers of a cluster fetch, filter and read themselves, a stretch at a time.

A task is a stretch of one file: it begins behind a position, and ends after a number of pages, bytes or
seconds. So what comes back is bounded, a lost worker costs a stretch, and the position goes into
the archive with the pages. Workers never open the archive.

Where there are fewer files than threads, several workers read one file: each a part of it, which
begins at the first page of some MiB. What they find is taken in the order of the file, and only if
the part begins where the one before it has ended.
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
from dataclasses import astuple, dataclass, field, replace
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
from crawler.files.warc_files import (
    FoundInWarc,
    PlacedPage,
    RecordPosition,
    counted_from,
    has_separate_records,
    position_from,
    read_placed_pages,
)
from crawler.files.warc_records import WarcProblem
from crawler.workers.pool import Worker

STRETCH_PAGES = (256, 16, 1)
"""Pages of a stretch; fewer, each time that the workers that read it were lost."""
STRETCH_BODY_BYTES = 16 * 1024 * 1024
STRETCH_ITEMS = 20_000
"""Records of a stretch that are excluded or left out, at most."""
STRETCH_SECONDS = 30.0
FILES_PER_THREAD = 2
"""Files under way for each thread of the workers, so that none of them waits for the driver."""
PART_BYTES = 4 * 1024 * 1024
"""Bytes of a part of a file, compressed: about as much as a stretch."""
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
    first_byte: int | None = None
    """The byte from which the first page is looked for, where the position behind it is not known
    yet."""
    end_byte: int | None = None
    """The stretch ends with the first page's record that begins at this byte or later."""


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
    begins: RecordPosition | None = None
    """Where it begins; None if that was to be found and was not."""
    has_whole_part: bool = False
    """True if it goes to the last byte of its order."""


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
        source = _unchanged_source(order)
        begins = _beginning_of_order(source, order)
        if begins is None:
            return stretch(is_end=False)
        stretch = partial(stretch, begins=begins)
        if _is_behind_order(begins, order):
            return stretch(is_end=False, has_whole_part=True)
        for placed in read_placed_pages(source, order.selection.filters(), begins):
            row, page = _row_of_record(placed)
            rows.append(row)
            if page is not None:
                page = _ruled_page(page, order.rules)
                pages.append(page)
                answers.append(read_guarded_page(reader, page, name))
                body_bytes += len(page.capture.body)
            if _is_behind_order(placed.position, order):
                return stretch(is_end=False, has_whole_part=True)
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


def _unchanged_source(order: StretchOrder) -> ByteSource:
    """Return the file of an order. Raises SourceLostError if it was changed, and UsageError."""
    source = _source_of_thread(order.name)
    if source.version() != order.version:
        raise SourceLostError("was changed while it was read")
    source.expect_end(order.end_byte)
    return source


def _beginning_of_order(source: ByteSource, order: StretchOrder) -> RecordPosition | None:
    """Return the position behind which an order begins; None if it is looked for and not found."""
    if order.first_byte is None:
        return order.behind
    return position_from(source, order.first_byte, order.end_byte or source.size())


def _is_behind_order(position: RecordPosition, order: StretchOrder) -> bool:
    """Return whether a position is that of the last page's record of an order, or behind it."""
    return order.end_byte is not None and position.anchor_offset >= order.end_byte


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
        stretch.begins,
        stretch.has_whole_part,
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
    """A file of which workers read stretches."""

    name: str
    file_import: FileImport
    position: RecordPosition
    ends: Sequence[int | None] = (None,)
    """The ends of its parts in bytes; None: the end of the file."""
    turn: int = 0
    """The part whose stretches are taken now."""
    sent: int = 0
    """Parts of which a stretch was sent."""
    arrived: dict[int, Future[Any]] = field(default_factory=dict)
    """Part → its stretch that came before its turn."""
    attempts: int = 0
    """The number of times that the stretch whose turn it is was lost with its workers."""
    is_over: bool = False


class StretchedFiles:
    """Files that workers read, several at once, each in its order."""

    def __init__(self, readers: ClusterReaders, selection: Selection, rules: OutletRules) -> None:
        self._readers = readers
        self._selection = selection
        self._rules = rules
        self._running: dict[Future[Any], tuple[_FileUnderWay, int]] = {}
        """A stretch that is read → its file and part."""
        self._files: list[_FileUnderWay] = []
        """Those of which a stretch was sent and that are not read to their end."""

    def items(self, files: Sequence[tuple[NamedFile, FileImport]]) -> Iterator[FileItem]:
        """Yield what is found in files, as workers send it.

        Raises ClusterError if the cluster is lost, or has had no worker for a long time.
        """
        is_split = len(files) < self._readers.threads
        waiting = deque(_file_under_way(file, each, is_split) for file, each in files)
        last_worker_at = time.monotonic()
        while waiting or self._files:
            self._send_more(waiting)
            done, _ = wait(self._running, WAIT_INTERVAL_SECONDS, FIRST_COMPLETED)
            if done or self._readers.connection.workers():
                last_worker_at = time.monotonic()
            elif time.monotonic() > last_worker_at + WORKERLESS_TIMEOUT_SECONDS:
                raise ClusterError(
                    f"{self._readers.connection.address}: the cluster has had no workers for "
                    f"{WORKERLESS_TIMEOUT_SECONDS / 60:.0f} minutes; {RESUME_ADVICE}"
                )
            for future in done:
                file, part = self._running.pop(future)
                file.arrived[part] = future
                yield from self._items_in_turn(file)

    def _send_more(self, waiting: deque[_FileUnderWay]) -> None:
        """Send stretches of waiting files, then of further parts of those under way."""
        room = FILES_PER_THREAD * self._readers.threads - len(self._running)
        room -= sum(len(file.arrived) for file in self._files)
        for _ in range(room):
            if waiting:
                self._files.append(waiting.popleft())
                self._send(self._files[-1], 0)
                continue
            unsent = [file for file in self._files if file.sent < len(file.ends)]
            if not unsent:
                return
            file = min(unsent, key=lambda each: each.sent - each.turn)
            self._send(file, file.sent)

    def _send(self, file: _FileUnderWay, part: int) -> None:
        """Send a stretch of a part to a worker: behind the position if it is the part's turn."""
        order = StretchOrder(
            file.name,
            file.file_import.file.version,
            file.position,
            self._selection,
            self._rules,
            STRETCH_PAGES[file.attempts],
            first_byte=None if part == file.turn else file.ends[part - 1],
            end_byte=file.ends[part],
        )
        future = self._readers.connection.executor.submit(read_file_stretch, pickle.dumps(order))
        self._running[future] = file, part
        file.sent = max(file.sent, part + 1)

    def _items_in_turn(self, file: _FileUnderWay) -> Iterator[FileItem]:
        """Yield what the stretches have brought whose turn it is. Raises ClusterError."""
        while not file.is_over and file.turn in file.arrived:
            yield from self._items_of_future(file.arrived.pop(file.turn), file)
        if file.is_over and file in self._files:
            self._files.remove(file)
            left = [future for future, (other, _) in self._running.items() if other is file]
            for future in left:
                del self._running[future]
                future.cancel()

    def _items_of_future(self, future: Future[Any], file: _FileUnderWay) -> Iterator[FileItem]:
        """Yield what a stretch has brought, and send the next one. Raises ClusterError."""
        try:
            stretch = _unpack_stretch(future.result())
        except LostWorkersError as error:
            file.attempts += 1
            if file.attempts < len(STRETCH_PAGES):
                self._send(file, file.turn)
            else:
                file.is_over = True
                yield _problem_item(file.name, f"{error}; {RESUME_IMPORT_ADVICE}")
            return
        placed = _stretch_behind(file.position, stretch)
        if placed is None:
            self._send(file, file.turn)
            return
        file.attempts = 0
        if placed.rows:
            file.position = placed.rows[-1].position
        file.is_over = placed.is_end or bool(placed.problem)
        file.turn += placed.has_whole_part
        if not file.is_over and (not placed.has_whole_part or file.turn == file.sent):
            self._send(file, file.turn)  # before its items are written, so that no worker waits
        self._readers.pace.waiting += len(placed.answers)
        self._readers.pace.note_answers(placed.answers)
        yield from _items_of_stretch(file, placed)


def _file_under_way(file: NamedFile, begun: FileImport, is_split: bool) -> _FileUnderWay:
    """Return a file before its first stretch; if it is split, with the ends of its parts."""
    name = str(file.path.absolute()) if file.path else file.name
    ends = part_ends(file, begun.behind.anchor_offset) if is_split else ()
    return _FileUnderWay(name, begun, begun.behind, (*ends, None))


def part_ends(file: NamedFile, start: int = 0) -> Sequence[int]:
    """Return the bytes at which the parts of a file end behind a byte, without the last part.

    A file that can only be read from its beginning on has one part.
    """
    try:
        if file.source is None or not file.source.gives_parts():
            return ()
        size = file.source.size()
        if size - start < 2 * PART_BYTES or not has_separate_records(file.source):
            return ()
    except (OSError, UsageError):  # reported when the file is read
        return ()
    first = start - start % PART_BYTES + PART_BYTES
    return range(first, size - PART_BYTES // 2, PART_BYTES)


def _stretch_behind(position: RecordPosition, stretch: FileStretch) -> FileStretch | None:
    """Return a stretch with its records counted from the beginning of the file.

    None if it does not begin behind this position, or has problems, which name the records by their
    numbers: then it is read once more.
    """
    begins = stretch.begins
    if begins == position or (stretch.problem and begins is None):
        return stretch
    if begins is None or position.records != position.anchor_records:
        return None
    is_same = (begins.anchor_offset, begins.anchor_id) == (
        position.anchor_offset,
        position.anchor_id,
    )
    has_problems = any(isinstance(row.found, WarcProblem) for row in stretch.rows)
    if not is_same or has_problems:
        return None
    rows = [replace(row, position=counted_from(row.position, position)) for row in stretch.rows]
    return replace(stretch, rows=rows)


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
    If there are fewer files than threads, only those that can be read in parts: of the others, this
    process reads the files, and the workers the pages.
    """
    if not isinstance(readers, ClusterReaders):
        return []
    is_here = readers.connection.local is not None
    found = [file for file in files if file.is_warc and (file.is_remote or is_here)]
    if len(found) >= readers.threads:
        return found
    return [file for file in found if part_ends(file)]
