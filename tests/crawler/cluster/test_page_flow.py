"""However many read, results come in the order of the input, and few pages are under way."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import pytest

from archive.records import Article, Capture
from crawler.cluster import page_flow
from crawler.cluster.page_batches import PageAnswer, PageToRead
from crawler.cluster.page_flow import BATCHES_PER_THREAD, read_in_order


class Desk:
    """Readers that answer when they are asked, and know how much was under way."""

    def __init__(self, threads: int = 2, batch_pages: int = 3, batch_bytes: int = 1_000) -> None:
        self.threads, self.batch_pages, self.batch_bytes = threads, batch_pages, batch_bytes
        self.under_way: list[Sequence[PageToRead]] = []
        self.sizes: list[int] = []
        self.most_batches = self.most_bytes = 0

    def page_to_read(self, capture, kind="page to store"):
        return PageToRead(capture, kind)

    def submit_batch(self, pages):
        self.under_way.append(pages)
        self.sizes.append(len(pages))
        sent = sum(len(page.capture.body) for batch in self.under_way for page in batch)
        self.most_batches = max(self.most_batches, len(self.under_way))
        self.most_bytes = max(self.most_bytes, sent)
        return Answering(self, pages)

    def describe(self):
        return ""

    def published_in(self, _):
        return nullcontext()


class Answering:
    def __init__(self, desk: Desk, pages: Sequence[PageToRead]) -> None:
        self.desk, self.pages = desk, pages

    def answers(self):
        self.desk.under_way.remove(self.pages)
        return [PageAnswer(Article(page.capture.url)) for page in self.pages]


def pages(count: int, size: int = 10) -> Iterator[tuple[int, PageToRead]]:
    for number in range(count):
        yield number, PageToRead(Capture(f"http://a.example/{number}", b"x" * size))


def test_results_come_in_the_order_of_the_input_with_their_own_page():
    chance = random.Random(3)
    items = [(n, page if chance.random() < 0.6 else None) for n, page in pages(200)]
    results = list(read_in_order(items, Desk()))
    assert [(n, page) for n, page, _ in results] == items
    for _, page, answer in results:
        assert (answer.document.url if answer else None) == (page.capture.url if page else None)


@pytest.mark.parametrize("count", [50, 5_000])
def test_as_many_pages_are_under_way_for_a_long_input_as_for_a_short_one(count):
    desk, taken = Desk(), 0
    for number, _, _ in read_in_order(pages(count), desk):
        taken = number
    assert taken == count - 1
    assert desk.most_batches <= BATCHES_PER_THREAD * desk.threads + 1


def test_large_pages_are_bounded_by_their_bytes(monkeypatch):
    monkeypatch.setattr(page_flow, "MAX_BYTES_UNDER_WAY", 5_000)
    desk = Desk(threads=64)
    assert len(list(read_in_order(pages(400, size=900), desk))) == 400
    assert desk.most_bytes <= 5_000 + 2 * 900  # one batch more
    assert max(desk.sizes) == 2  # a batch ends with the page that fills it


def test_the_input_is_not_read_ahead_of_the_answers():
    read = 0

    def counted() -> Iterator[tuple[int, PageToRead]]:
        nonlocal read
        for number, page in pages(10_000):
            read = number
            yield number, page

    next(read_in_order(counted(), Desk()))
    assert read <= 3 * (BATCHES_PER_THREAD * 2 + 1)


def test_what_needs_no_reader_waits_for_none():
    desk = Desk()
    assert len(list(read_in_order(((n, None) for n in range(1_000)), desk))) == 1_000
    assert desk.sizes == []
