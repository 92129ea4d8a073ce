"""The workers of a cluster fetch, filter and read files themselves; the driver writes."""

from __future__ import annotations

import gzip
import os
import pickle
import signal
import sqlite3
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from archive.errors import LostWorkersError
from archive.frontier.imported_files import ImportedFile
from archive.records import Article
from crawler.backfill import file_stretches
from crawler.backfill.file_items import FileImport, FileItem
from crawler.backfill.file_stretches import (
    StretchedFiles,
    StretchOrder,
    _pack_stretch,
    _read_stretch,
    _unpack_stretch,
    files_for_workers,
    part_ends,
)
from crawler.backfill.named_files import find_named_files
from crawler.backfill.selection import Selection
from crawler.cluster.connection import ClusterConnection, open_cluster
from crawler.cluster.page_readers import ClusterReaders, open_readers
from crawler.cluster.reading_pace import ReadingPace
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES
from crawler.files import byte_sources
from crawler.files.byte_sources import LocalFile
from crawler.files.warc_files import FILE_START
from crawler.jobs import import_files as import_job
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


# -- one file in parts -----------------------------------------------------------------------------

PADDED = [RecordedPage(number, padding_bytes=900) for number in range(40)]


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    """The bytes of a part, less than two pages of `PADDED`."""
    monkeypatch.setattr(file_stretches, "PART_BYTES", 3_000)
    return 3_000


class OneByOne:
    """Readers whose stretches are read one after another, the latest first, in this process."""

    def __init__(self, reader: Worker, threads: int) -> None:
        self.reader, self.threads = reader, threads
        self.connection = self.executor = self
        self.pace = ReadingPace()
        self.orders: list[StretchOrder] = []
        self.lost: list[int] = []
        """Numbers of the orders whose workers are lost."""

    def workers(self) -> list[object]:
        return [self]

    def submit(self, _: object, block: bytes) -> Future[bytes]:
        future: Future[bytes] = Future()
        self.orders.append(pickle.loads(block))
        future.order = self.orders[-1]  # type: ignore[attr-defined]
        return future

    def finish_latest(self, running: dict[Future[bytes], object], *_: object) -> object:
        future = list(running)[-1]
        ordered = future.order  # type: ignore[attr-defined]
        if self.orders.index(ordered) in self.lost:
            future.set_exception(LostWorkersError("lost"))
        else:
            future.set_result(_pack_stretch(_read_stretch(ordered, self.reader)))
        return [future], list(running)


def compared_parts(items: Iterable[FileItem]) -> list[object]:
    """What is compared of the items of a file."""
    return [
        (item.place, item.position, item.excluded, item.page and item.page.capture.url, item.is_end)
        for item in items
    ]


def items_in_parts(
    monkeypatch: pytest.MonkeyPatch, readers: OneByOne, path: Path, selection: Selection
) -> list[object]:
    monkeypatch.setattr(file_stretches, "wait", readers.finish_latest)
    [file] = find_named_files([str(path)])
    begun = FileImport(ImportedFile(str(path), "", LocalFile(path).version(), 0))
    stretched = StretchedFiles(readers, selection, NO_OUTLET_RULES)  # type: ignore[arg-type]
    items = [
        replace(item, page=item.make_check and item.page)
        for item in stretched.items([(file, begun)])
    ]
    return compared_parts(items)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("lost", [[], [1, 4]])
def test_a_file_in_parts_brings_the_same_in_the_same_order_as_in_one_piece(
    tmp_path, reader, monkeypatch, small_parts, packed, lost
):
    path = write_web_archive(tmp_path / "a.warc.gz", PADDED, gzip=packed)
    selection = Selection(hosts=frozenset({"paper.example"}), since="2024-02-14")
    readers = OneByOne(reader, 3)
    readers.lost = lost
    found = items_in_parts(monkeypatch, readers, path, selection)
    alone = OneByOne(reader, 1)  # as many files as threads: nothing is split
    assert found == items_in_parts(monkeypatch, alone, path, selection)
    assert len(found) == len(PADDED) + 1
    assert len([each for each in readers.orders if each.first_byte is not None]) > 5
    assert len(alone.orders) == 1


def test_damage_within_a_file_in_parts_is_reported_as_in_one_piece(
    tmp_path, reader, monkeypatch, small_parts
):
    path = write_web_archive(tmp_path / "a.warc.gz", PADDED)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4_000] = b"\1" * 4_000
    path.write_bytes(content)
    found = items_in_parts(monkeypatch, OneByOne(reader, 3), path, Selection())
    whole = items_in_parts(monkeypatch, OneByOne(reader, 1), path, Selection())
    assert found == whole
    assert len(found) < len(PADDED) + 1 + 2


def test_a_body_that_holds_records_itself_is_not_taken_for_the_file(
    tmp_path, reader, monkeypatch, small_parts
):
    inner = write_web_archive(tmp_path / "inner.warc", PADDED[:4], gzip=False).read_text("latin-1")
    outer = [replace(page, text=f"WARC\n{inner}") for page in PADDED[4:10]]
    path = write_web_archive(tmp_path / "a.warc", outer, gzip=False)
    readers = OneByOne(reader, 3)
    found = items_in_parts(monkeypatch, readers, path, Selection())
    assert found == items_in_parts(monkeypatch, OneByOne(reader, 1), path, Selection())


def test_only_a_large_file_that_can_be_read_from_each_record_on_is_split(tmp_path, small_parts):
    separate = write_web_archive(tmp_path / "separate.warc.gz", PADDED)
    plain = write_web_archive(tmp_path / "plain.warc", PADDED, gzip=False)
    (tmp_path / "stream.warc.gz").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "small.warc.gz").write_bytes(separate.read_bytes()[:4_000])
    names = ("separate.warc.gz", "plain.warc", "stream.warc.gz", "small.warc.gz", "no.warc.gz")
    files = find_named_files([str(tmp_path / name) for name in names])
    assert [bool(part_ends(file)) for file in files] == [True, True, False, False, False]
    assert part_ends(files[0], separate.stat().st_size - small_parts) == ()
    with serve_files({"/a.warc.gz": separate.read_bytes()}) as server:
        [remote] = find_named_files([f"{server.address}/a.warc.gz"])
        assert part_ends(remote)
        server.has_ranges = False
        [whole] = find_named_files([f"{server.address}/a.warc.gz"])
        assert not part_ends(whole)


def test_hardly_more_of_a_file_on_the_web_is_fetched_than_its_part(tmp_path, reader, monkeypatch):
    monkeypatch.setattr(byte_sources, "REMOTE_BLOCK_BYTES", 300_000)
    monkeypatch.setattr(byte_sources, "LAST_BLOCK_BYTES", 70_000)
    pages = [RecordedPage(number, padding_bytes=3_000) for number in range(230)]
    path = write_web_archive(tmp_path / "a.warc.gz", pages)
    assert path.stat().st_size > 900_000
    with serve_files({"/a.warc.gz": path.read_bytes()}) as server:
        [file] = find_named_files([f"{server.address}/a.warc.gz"])
        assert file.source
        ordered = StretchOrder(
            file.name, file.source.version(), FILE_START, Selection(), NO_OUTLET_RULES, 256,
            first_byte=300_000, end_byte=600_000,
        )  # fmt: skip
        server.asked.clear()
        stretch = _read_stretch(ordered, reader)
    assert stretch.has_whole_part
    assert 60 < len(stretch.pages) < 90
    assert server.bytes_sent < 750_000, "the beginning, the part, and a little more"
    assert len(set(server.asked)) == len(server.asked), "nothing is fetched twice"


# -- on a real cluster -----------------------------------------------------------------------------


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        return db.execute(query).fetchall()


def articles(folder: Path) -> list[tuple[object, ...]]:
    return rows(folder, "SELECT url, text FROM articles ORDER BY url")


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterConnection]:
    with open_cluster("local:2") as opened:
        until(lambda: opened.threads == 2)
        yield opened


@pytest.mark.slow
@pytest.mark.end_to_end
def test_one_file_that_two_workers_read_in_parts_goes_on_where_it_was_stopped(
    tmp_path, monkeypatch, cluster, small_parts
):
    monkeypatch.setattr(file_stretches, "STRETCH_PAGES", (3, 3, 1))
    monkeypatch.setattr(import_job, "FLUSH_INTERVAL_SECONDS", 0.0)
    path = write_web_archive(tmp_path / "a.warc.gz", PADDED)
    alone, shared = tmp_path / "alone", tmp_path / "shared"
    import_files(alone, [path], None)
    items, sent = count(1), []

    def stop_at_seventeenth(*_: object) -> None:
        if next(items) == 17:
            raise KeyboardInterrupt

    submit = cluster.executor.submit
    monkeypatch.setattr(
        cluster.executor, "submit", lambda *each: sent.append(each) or submit(*each)
    )
    readers = ClusterReaders(cluster)
    with pytest.raises(KeyboardInterrupt):
        import_files(shared, [path], None, stop_at_seventeenth, readers=readers)
    result = import_files(shared, [path], None, readers=ClusterReaders(cluster))
    assert 0 < result.outcomes["new"] < len(PADDED), "it did not begin again"
    assert result.mistakes == []
    orders = [pickle.loads(block) for _, block in sent]
    assert sum(each.first_byte is not None for each in orders) > 5, "several parts at once"
    query = "SELECT id, url, text FROM articles"
    assert rows(shared, query) == rows(alone, query)
    done = "SELECT records, bytes_done, finished_at IS NOT NULL FROM imported_files"
    assert rows(shared, done) == rows(alone, done)


@pytest.mark.slow
@pytest.mark.end_to_end
def test_workers_that_are_killed_lose_no_page_of_files_on_the_web_and_bring_none_twice(
    tmp_path, monkeypatch, cluster
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
