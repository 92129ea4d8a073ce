"""Pages out, answers back, in the order of the input, with a bounded number under way.

The order keeps an archive the same however many read: what is written first has the lower ID. The
bound keeps memory the same however long the input is: the source of pages is asked for the next one
only when an earlier batch has come back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from archive.frontier.outlet_templates import TemplatePolicy
from crawler.cluster.page_batches import PageAnswer, PageToRead
from crawler.cluster.page_readers import BatchReaders, PageBatch
from crawler.workers.learnt_templates import MIN_PAGES_BEHIND, BatchTemplates

PageItem = TypeVar("PageItem")

BATCHES_PER_THREAD = 4
"""Batches under way for each that can be read at once, so that none of the readers waits for the
one whose answer is written next."""
MAX_BYTES_UNDER_WAY = 192 * 1024 * 1024
"""Bytes of the bodies under way, beyond which no more are taken from the source, save one batch."""
MAX_BATCH_ITEMS = 64
"""Items of a batch, with and without pages."""


class _SentBatch(Generic[PageItem]):
    """Items in order, and the batch with the pages among them."""

    def __init__(self) -> None:
        self.items: list[tuple[PageItem, PageToRead | None]] = []
        self.pages: list[PageToRead] = []
        self.bytes = 0
        self.batch: PageBatch | None = None

    def add(self, item: PageItem, page: PageToRead | None) -> None:
        """Append an item, with its page if it has one to read."""
        self.items.append((item, page))
        if page is not None:
            self.pages.append(page)
            self.bytes += len(page.capture.body)

    def is_full(self, readers: BatchReaders) -> bool:
        """Return True if the batch should be sent; items without pages need no reader."""
        return (
            len(self.pages) >= readers.batch_pages
            or self.bytes >= readers.batch_bytes > 0
            or len(self.items) >= MAX_BATCH_ITEMS
        )

    def send(self, readers: BatchReaders) -> None:
        """Begin to read the pages."""
        if self.pages:
            self.batch = readers.submit_batch(self.pages)

    def results(self) -> Iterator[tuple[PageItem, PageToRead | None, PageAnswer | None]]:
        """Wait, and yield the items with their pages and answers."""
        answers = iter(self.batch.answers() if self.batch else ())
        for item, page in self.items:
            yield item, page, next(answers) if page is not None else None


def templates_of_batch(readers: BatchReaders, policy: TemplatePolicy) -> BatchTemplates:
    """Return templates of a batch: a page is read by what pages have taught that are surely back."""
    return BatchTemplates(policy, max(MIN_PAGES_BEHIND, _pages_under_way(readers)))


def _pages_under_way(readers: BatchReaders) -> int:
    """Return the largest number of pages that are taken from the source before an earlier one is
    back."""
    items = max(readers.batch_pages, MAX_BATCH_ITEMS if readers.batch_pages > 1 else 1)
    return (BATCHES_PER_THREAD * readers.threads + 2) * items


def read_in_order(
    items: Iterable[tuple[PageItem, PageToRead | None]], readers: BatchReaders
) -> Iterator[tuple[PageItem, PageToRead | None, PageAnswer | None]]:
    """Yield each item with its page and what was read of it, in order; items without pages pass.

    Raises ClusterError if the cluster is lost.
    """
    under_way: deque[_SentBatch[PageItem]] = deque()
    for batch in _filled_batches(items, readers):
        batch.send(readers)
        under_way.append(batch)
        while _is_enough(under_way, readers):
            yield from under_way.popleft().results()
    while under_way:
        yield from under_way.popleft().results()


def _filled_batches(
    items: Iterable[tuple[PageItem, PageToRead | None]], readers: BatchReaders
) -> Iterator[_SentBatch[PageItem]]:
    """Yield the items in batches, the last one as full as it is."""
    batch = _SentBatch[PageItem]()
    for item, page in items:
        batch.add(item, page)
        if batch.is_full(readers):
            yield batch
            batch = _SentBatch[PageItem]()
    if batch.items:
        yield batch


def _is_enough(under_way: deque[_SentBatch[PageItem]], readers: BatchReaders) -> bool:
    """Return True if the first batch must be back before another is sent."""
    sent_bytes = sum(batch.bytes for batch in under_way)
    most = BATCHES_PER_THREAD * readers.threads
    return len(under_way) > most or sent_bytes > MAX_BYTES_UNDER_WAY
