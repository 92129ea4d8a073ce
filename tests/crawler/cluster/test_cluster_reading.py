"""Real workers read for the one writer: the archive is as without them, whatever is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
from itertools import count
from pathlib import Path

import pytest

from archive.errors import ClusterError
from archive.records import Capture
from crawler.cluster.connection import open_cluster
from crawler.cluster.page_batches import PageToRead
from crawler.cluster.page_readers import ClusterReaders
from crawler.jobs.import_files import ImportResult, import_files
from crawler.workers.reextraction import reextract_all
from tests.patience import until
from tests.warcs import article_body, article_url, write_warc

pytestmark = pytest.mark.slow

COMPARED_TABLES = ("articles", "outlets", "urls", "copies", "events", "event_articles", "revisions")


def content_of(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the tables that articles make, with their IDs."""
    with sqlite3.connect(folder / "archive.db") as db:
        known = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
        return {
            table: db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
            for table in COMPARED_TABLES
            if table in known
        }


def counted(folder: Path) -> tuple[int, int]:
    """The articles of an archive, and the different ones among them."""
    with sqlite3.connect(folder / "archive.db") as db:
        return db.execute("SELECT count(*), count(DISTINCT url) FROM articles").fetchone()


def imported(folder: Path, file: Path, readers: ClusterReaders | None = None) -> ImportResult:
    return import_files(folder, [file], None, readers=readers)


def test_an_archive_is_the_same_whether_a_cluster_read_its_pages_or_not(
    cluster, tmp_path, monkeypatch
):
    monkeypatch.setenv("DATELINE_NOW", "2026-04-01T00:00:00Z")
    file = write_warc(tmp_path / "pages.warc.gz", range(60))
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    assert imported(alone, file).summary() == "60 new"
    readers = ClusterReaders(cluster)
    assert imported(shared, file, readers).summary() == "60 new"
    assert content_of(shared) == content_of(alone)
    assert set(readers.pace.pages) == {worker.name for worker in cluster.workers()}

    assert reextract_all(shared, lambda *_: None, readers=readers).pages == 60
    assert reextract_all(alone, lambda *_: None).pages == 60
    assert content_of(shared) == content_of(alone)


def test_a_page_that_hangs_costs_that_page_alone_and_names_its_worker(cluster):
    readers = ClusterReaders(cluster)
    pages = [
        PageToRead(Capture(article_url(n), article_body(n)), seconds=0.0 if n == 1 else 60.0)
        for n in range(3)
    ]
    first, hanging, last = readers.submit_batch(pages).answers()
    assert (first.document.headline, last.document.headline) == (
        "Pier 0 is moved",
        "Pier 2 is moved",
    )
    assert str(hanging.result) == f"{article_url(1)}: extraction took longer than 0 s"
    assert hanging.worker in {worker.name for worker in cluster.workers()}
    assert len(cluster.workers()) == 2
    assert not cluster.lost_workers


def test_nothing_is_lost_or_twice_when_workers_are_killed(tmp_path):
    file = write_warc(tmp_path / "pages.warc.gz", range(160))
    with open_cluster("local:2") as own:
        until(lambda: own.threads == 2)
        readers, killed, pages = ClusterReaders(own), [], count(1)

        def kill_now_and_then(*_: int | None) -> None:
            if next(pages) in (20, 60, 100):
                killed.append(own.executor.submit(os.getpid).result())
                os.kill(killed[-1], signal.SIGKILL)

        result = import_files(tmp_path / "a", [file], None, kill_now_and_then, readers=readers)
    assert (result.summary(), result.mistakes) == ("160 new", [])
    assert len(killed) == 3
    assert counted(tmp_path / "a") == (160, 160)


def test_an_import_whose_scheduler_is_lost_ends_in_one_line_and_is_continued_by_another(tmp_path):
    file, folder = write_warc(tmp_path / "pages.warc.gz", range(160)), tmp_path / "a"
    with open_cluster("local:2") as own:
        assert own.local
        scheduler, pages = own.local.process, count(1)

        def kill_scheduler(*_: int | None) -> None:
            if next(pages) == 60:
                scheduler.kill()

        with pytest.raises(ClusterError, match=r"^local:2: the scheduler was lost; [^\n]*$"):
            import_files(folder, [file], None, kill_scheduler, readers=ClusterReaders(own))
    first, different = counted(folder)
    assert 50 <= first == different < 160
    assert imported(folder, file).outcomes == {"new": 160 - first}
    assert counted(folder) == (160, 160)
