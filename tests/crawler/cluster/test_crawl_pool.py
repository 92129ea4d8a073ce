"""A crawl's pages travel to a cluster; what it cannot read is read here, and is logged."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from types import SimpleNamespace
from typing import Any

import pytest

from archive.errors import ClusterError, LostWorkersError, ReadingError
from archive.records import Article, Capture
from crawler.cluster.crawl_pool import CRAWL_BATCH_PAGES, ClusterPool
from crawler.cluster.page_batches import PageAnswer, pack_answers, unpack_pages
from tests.patience import patient
from tests.warcs import article_body, article_url

LETHAL = article_url(7)


def capture(number: int) -> Capture:
    return Capture(article_url(number), article_body(number))


class Answering(Executor):
    """Reads nothing: a page's headline is its URL. The lethal page ends whoever reads it."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def submit(self, _: Callable[..., Any], /, *args: Any, **__: Any) -> Future[Any]:
        pages = unpack_pages(args[0])
        self.sizes.append(len(pages))
        future: Future[Any] = Future()
        if any(page.capture.url == LETHAL for page in pages):
            future.set_exception(LostWorkersError("4 workers were lost while they ran it"))
            return future
        found = [Article(page.capture.url, headline=page.capture.url) for page in pages]
        future.set_result(pack_answers([PageAnswer(each, 0.1, "bow") for each in found]))
        return future


class Lost(Executor):
    def submit(self, _: Callable[..., Any], /, *__: Any, **___: Any) -> Future[Any]:
        raise ClusterError("tcp://desk:1: the scheduler was lost")


def pool_on(executor: Executor) -> ClusterPool:
    connection = SimpleNamespace(
        executor=executor, threads=2, workers=lambda: (), address="tcp://desk:1",
        lost_workers=Counter(), describe=lambda: "1 worker",
    )  # fmt: skip
    return ClusterPool(connection, 1)  # type: ignore[arg-type]


async def read_all(pool: ClusterPool, numbers: range) -> list[Article | BaseException]:
    reading = (pool.read_article(capture(number)) for number in numbers)
    return await asyncio.wait_for(asyncio.gather(*reading, return_exceptions=True), patient(60))


def test_pages_that_wait_together_travel_together_and_each_gets_its_own_answer():
    executor = Answering()
    with pool_on(executor) as pool:
        found = asyncio.run(read_all(pool, range(100, 160)))
        assert [each.headline for each in found] == [article_url(n) for n in range(100, 160)]
        assert sum(executor.sizes) == 60
        assert max(executor.sizes) == CRAWL_BATCH_PAGES
        assert pool.cpu_seconds == pytest.approx(6.0)
        assert pool.pace.waiting == 0


def test_a_page_that_ends_its_workers_is_failed_alone_and_logged(caplog):
    caplog.set_level(logging.WARNING)
    with pool_on(Answering()) as pool:
        found = asyncio.run(read_all(pool, range(20)))
    assert isinstance(found[7], ReadingError)
    assert [n for n, each in enumerate(found) if isinstance(each, Exception)] == [7]
    assert f"{LETHAL}: 4 workers were lost while they ran it (worker lost)" in caplog.text


@pytest.mark.slow
def test_the_crawl_is_told_once_that_its_cluster_is_lost_and_the_pages_are_read_here():
    told: list[ClusterError] = []
    with pool_on(Lost()) as pool:
        pool.on_lost = told.append
        found = asyncio.run(read_all(pool, range(3)))
        found += asyncio.run(read_all(pool, range(3, 5)))
        assert pool.pace.waiting == 0
    assert [each.headline for each in found] == [f"Pier {n} is moved" for n in range(5)]
    assert [str(error) for error in told] == ["tcp://desk:1: the scheduler was lost"]


@pytest.mark.slow
def test_real_workers_read_pages_and_this_machine_reads_feeds(cluster, caplog):
    caplog.set_level(logging.WARNING)
    feed = b"<rss><channel><item><link>http://a.example/1</link><title>Pier</title></item></channel></rss>"
    with ClusterPool(cluster, 1) as pool:
        found = asyncio.run(read_all(pool, range(12)))
        assert [each.headline for each in found] == [f"Pier {n} is moved" for n in range(12)]
        parsed = asyncio.run(pool.read_feed(feed, "http://a.example/feed"))
        assert [lead.url for lead in parsed.leads] == ["http://a.example/1"]
    assert sum(pool.pace.pages.values()) == 12
    with ClusterPool(cluster, 1, seconds=0.0) as hasty:
        (failed,) = asyncio.run(read_all(hasty, range(1)))
    assert isinstance(failed, ReadingError)
    assert any(f"(worker {worker.name})" in caplog.text for worker in cluster.workers())
