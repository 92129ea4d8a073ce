"""The workers of a cluster fetch, filter and read files themselves; the driver writes."""

from __future__ import annotations

import os
import signal
import sqlite3
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from archive.records import Article
from crawler.backfill import file_stretches
from crawler.backfill.file_stretches import (
    StretchOrder,
    _pack_stretch,
    _read_stretch,
    _unpack_stretch,
    files_for_workers,
)
from crawler.backfill.named_files import find_named_files
from crawler.backfill.selection import Selection
from crawler.cluster.connection import open_cluster
from crawler.cluster.page_readers import ClusterReaders, open_readers
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES
from crawler.files.byte_sources import LocalFile
from crawler.files.warc_files import FILE_START
from crawler.jobs.import_files import ImportChoice, import_files
from crawler.workers.pool import Worker
from tests.file_servers import serve_files
from tests.patience import until
from tests.web_archives import RecordedPage, write_web_archive

PAGES = [RecordedPage(number) for number in range(5)]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Worker:
    """A worker's guarded process that gives every page the same article."""
    monkeypatch.setattr(
        Worker,
        "read_document",
        lambda _, __, capture, *___: Article(
            capture.url, text="The ferry sails.", page_type="article"
        ),
    )
    return Worker()


def order(path: Path, **changes: object) -> StretchOrder:
    """The order to read a file."""
    named = {"behind": FILE_START, "selection": Selection(), "pages": 256} | changes
    version = named.pop("version", None) or LocalFile(path).version()
    return StretchOrder(str(path), version, rules=NO_OUTLET_RULES, **named)


def test_a_stretch_ends_after_so_many_pages_and_the_next_one_begins_behind_it(tmp_path, reader):
    path = write_web_archive(tmp_path / "a.warc.gz", PAGES)
    first = _read_stretch(order(path, pages=2), reader)
    assert [page.capture.url for page in first.pages] == [page.url for page in PAGES[:2]]
    assert not first.is_end
    second = _read_stretch(order(path, behind=first.rows[-1].position), reader)
    assert [page.capture.url for page in second.pages] == [page.url for page in PAGES[2:]]
    assert second.is_end
    assert len(second.answers) == 3


def test_a_stretch_also_ends_after_bytes_records_and_seconds(tmp_path, reader, monkeypatch):
    path = write_web_archive(tmp_path / "a.warc.gz", PAGES)
    none = Selection(hosts=frozenset({"other.example"}))
    for name, limit, selection in (
        ("STRETCH_BODY_BYTES", 1, Selection()),
        ("STRETCH_ITEMS", 1, none),
        ("STRETCH_SECONDS", -1.0, none),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(file_stretches, name, limit)
            stretch = _read_stretch(order(path, selection=selection), reader)
            assert (len(stretch.rows), stretch.is_end) == (1, False), name


def test_a_stretch_comes_back_as_it_was_sent(tmp_path, reader):
    path = write_web_archive(tmp_path / "a.warc.gz", PAGES)
    stretch = _read_stretch(order(path), reader)
    assert _unpack_stretch(_pack_stretch(stretch)) == stretch


@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"version": "another"}, "was changed while it was read"), ({}, "cannot be read")],
)
def test_a_file_that_is_missing_or_has_changed_ends_with_a_problem(
    tmp_path, reader, changes, problem
):
    path = write_web_archive(tmp_path / "a.warc.gz", PAGES)
    ordered = order(path, **changes)
    if not changes:
        path.unlink()
    stretch = _read_stretch(ordered, reader)
    assert problem in stretch.problem
    assert not stretch.rows


def test_workers_open_files_if_there_are_enough_of_them_and_they_can(tmp_path):
    files = find_named_files(
        [str(write_web_archive(tmp_path / f"{name}.warc.gz", PAGES[:1])) for name in "ab"]
    )
    with open_readers(None, 2) as own:
        assert files_for_workers(files, own) == []

    class Connection:
        local: object | None = object()
        threads = 2

    readers = ClusterReaders.__new__(ClusterReaders)
    readers.connection = Connection()  # type: ignore[assignment]
    assert files_for_workers(files, readers) == files
    assert files_for_workers(files[:1], readers) == []
    Connection.local = None
    assert files_for_workers(files, readers) == [], "they are not where the files are"
    with serve_files({}) as server:
        remote = find_named_files([f"{server.address}/{name}.warc.gz" for name in "ab"])
        assert files_for_workers([*files, *remote], readers) == remote


# -- on a real cluster -----------------------------------------------------------------------------


def articles(folder: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        return db.execute("SELECT url, text FROM articles ORDER BY url").fetchall()


@pytest.mark.slow
@pytest.mark.end_to_end
def test_workers_that_are_killed_lose_no_page_of_files_on_the_web_and_bring_none_twice(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(file_stretches, "STRETCH_PAGES", (3, 3, 3, 3, 3, 1))
    files = {}
    for at, name in enumerate("abc"):
        pages = [RecordedPage(at * 100 + number, host=f"{name}.example") for number in range(10)]
        files[f"/{name}.warc.gz"] = write_web_archive(tmp_path / name, pages).read_bytes()
    with serve_files(files) as server:
        addresses = [server.address + path for path in files]
        choice = ImportChoice(Selection(hosts=frozenset({"a.example", "c.example"})))
        alone, shared = tmp_path / "alone", tmp_path / "shared"
        import_files(alone, addresses, None, choice=choice)
        server.asked.clear()
        with open_cluster("local:2") as cluster:
            until(lambda: cluster.threads == 2)
            items, killed = count(1), []

            def kill_now_and_then(*_: object) -> None:
                if next(items) in (4, 15):
                    killed.append(cluster.executor.submit(os.getpid).result())
                    os.kill(killed[-1], signal.SIGKILL)

            choice = ImportChoice(Selection(hosts=frozenset({"a.example", "c.example"})))
            result = import_files(
                shared,
                addresses,
                None,
                kill_now_and_then,
                readers=ClusterReaders(cluster),
                choice=choice,
            )
    assert (result.outcomes, result.mistakes) == ({"new": 20}, [])
    assert result.excluded == {"another host": 10}
    assert len(killed) == 2
    assert articles(shared) == articles(alone)
    assert len(articles(shared)) == 20
