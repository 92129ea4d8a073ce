"""A page that ends workers is failed in the end, and costs no other page."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from types import SimpleNamespace
from typing import Any

import pytest

from archive.errors import ClusterError, LostWorkersError, ReadingError
from archive.records import Article, Capture
from crawler.cluster import page_readers
from crawler.cluster.page_batches import PageAnswer, pack_answers, unpack_pages
from crawler.cluster.page_readers import ClusterReaders

LETHAL = "http://a.example/lethal"


class FragileExecutor(Executor):
    """Answers at once; a task with the lethal page is given up, as all its workers were lost."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def submit(self, _: Callable[..., Any], /, *args: Any, **__: Any) -> Future[Any]:
        pages = unpack_pages(args[0])
        self.sizes.append(len(pages))
        future: Future[Any] = Future()
        if any(page.capture.url == LETHAL for page in pages):
            future.set_exception(LostWorkersError("4 workers were lost while they ran it"))
        else:
            answers = [PageAnswer(Article(page.capture.url), worker="bow") for page in pages]
            future.set_result(pack_answers(answers))
        return future


def readers(executor: Executor, workers: tuple[str, ...] = ("bow",)) -> ClusterReaders:
    connection = SimpleNamespace(
        executor=executor, threads=len(workers), workers=lambda: workers, address="tcp://desk:1"
    )
    return ClusterReaders(connection)  # type: ignore[arg-type]


def test_a_page_that_costs_all_its_workers_is_failed_and_the_others_of_its_batch_are_read():
    executor = FragileExecutor()
    own = readers(executor)
    urls = ["http://a.example/1", LETHAL, "http://a.example/2"]
    batch = own.submit_batch([own.page_to_read(Capture(url, b"<p>x")) for url in urls])
    first, lethal, last = batch.answers()
    assert (first.document.url, last.document.url) == (urls[0], urls[2])
    with pytest.raises(ReadingError, match=f"{LETHAL}: 4 workers were lost while they ran it"):
        _ = lethal.document
    assert executor.sizes == [3, 1, 1, 1]
    assert own.pace.waiting == 0


class SilentExecutor(Executor):
    def submit(self, _: Callable[..., Any], /, *__: Any, **___: Any) -> Future[Any]:
        return Future()


def test_a_cluster_that_stays_without_workers_ends_the_command_in_one_line(monkeypatch):
    monkeypatch.setattr(page_readers, "WAIT_INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(page_readers, "WORKERLESS_TIMEOUT_SECONDS", 0.05)
    own = readers(SilentExecutor(), workers=())
    batch = own.submit_batch([own.page_to_read(Capture("http://a.example/1", b"<p>x"))])
    with pytest.raises(ClusterError, match=r"tcp://desk:1: the cluster has had no workers for"):
        batch.answers()
