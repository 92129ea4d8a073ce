"""Imports of WARC files that select, go on where they stopped, and write an archive a month."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from crawler.backfill import destinations
from crawler.backfill.destinations import MONTHS_IMPORTS_NAME, month_folders
from crawler.backfill.selection import Selection
from crawler.extraction.extract import extract_article
from crawler.jobs import import_files as job
from crawler.jobs.import_files import ImportChoice, ImportResult, import_files
from crawler.workers.pool import Worker
from pipelines import keep
from tests.file_servers import serve_files
from tests.killed import killed_by, killing_function
from tests.web_archives import RecordedPage, write_web_archive

MONTHS = ("2024-01", "2024-02", "2024-03")


def pages(many: int) -> list[RecordedPage]:
    """Pages of three months, in turn."""
    return [
        RecordedPage(number, published=f"{MONTHS[number % 3]}-1{number % 10}", captured_at="2024-03-20T10:30:00Z")
        for number in range(many)
    ]  # fmt: skip


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        return db.execute(sql).fetchall()


def fetched(folder: Path) -> list[str]:
    """The URL of each fetch, in order."""
    joined = "SELECT url FROM fetches JOIN urls ON urls.id = url_id ORDER BY fetches.id"
    return [str(url) for (url,) in rows(folder, joined)]


def progress(folder: Path) -> list[tuple[object, ...]]:
    return rows(
        folder, "SELECT records, bytes_done = bytes, finished_at IS NOT NULL FROM imported_files"
    )


def read_here() -> None:
    """Read pages in this process, as one that was forked cannot use its parent's workers."""
    Worker.read_document = lambda _, __, capture, *___: extract_article(capture)  # type: ignore[method-assign]


def read_urls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs of the pages that are read from now on."""
    seen: list[str] = []
    read = Worker.read_document

    def reading(worker, kind, capture, *given):
        seen.append(capture.url)
        return read(worker, kind, capture, *given)

    monkeypatch.setattr(Worker, "read_document", reading)
    return seen


def test_a_file_that_was_imported_is_not_read_again_unless_it_is_asked_for(tmp_path, monkeypatch):
    folder, file = tmp_path / "archive", write_web_archive(tmp_path / "a.warc.gz", pages(3))
    assert import_files(folder, [file], None).outcomes == {"new": 3}
    assert progress(folder) == [(6, 1, 1)]
    seen = read_urls(monkeypatch)
    second = import_files(folder, [file], None)
    assert (second.outcomes, seen) == (Counter(), [])
    assert second.lines() == [f"{file}: imported before; --again reads it once more"]
    again = import_files(folder, [file], None, choice=ImportChoice(is_again=True))
    assert (again.outcomes, len(seen)) == ({"unchanged": 3}, 3)


def test_a_file_that_has_changed_is_read_from_its_beginning_and_that_is_said(tmp_path):
    folder, file = tmp_path / "archive", write_web_archive(tmp_path / "a.warc.gz", pages(2))
    import_files(folder, [file], None)
    write_web_archive(file, pages(3))
    second = import_files(folder, [file], None)
    assert second.outcomes == {"unchanged": 2, "new": 1}
    assert second.lines() == [f"{file}: changed since it was imported; read from its beginning"]


def test_another_selection_of_a_file_is_another_import(tmp_path):
    folder, file = tmp_path / "archive", write_web_archive(tmp_path / "a.warc.gz", pages(6))
    january = ImportChoice(Selection(until="2024-01-31"))
    first = import_files(folder, [file], None, choice=january)
    assert (first.outcomes, first.excluded) == ({"new": 2}, {"another date": 4})
    assert first.lines() == ["excluded: 4 another date"]
    assert import_files(folder, [file], None).outcomes == {"unchanged": 2, "new": 4}
    kept = rows(folder, "SELECT selection, left_out FROM imported_files ORDER BY id")
    assert kept == [("until 2024-01-31", '{"another date": 4}'), ("", "{}")]


def test_what_is_excluded_is_never_read(tmp_path, monkeypatch):
    other = [RecordedPage(number, host="other.example") for number in range(5)]
    file = write_web_archive(tmp_path / "a.warc.gz", [*other, *pages(2)])
    seen = read_urls(monkeypatch)
    choice = ImportChoice(Selection(hosts=frozenset({"paper.example"})))
    result = import_files(tmp_path / "archive", [file], None, choice=choice)
    assert result.excluded == {"another host": 5}
    assert seen == [page.url for page in pages(2)]
    assert set(fetched(tmp_path / "archive")) == set(seen)


def test_an_article_whose_text_is_in_another_language_is_not_stored(tmp_path):
    unmarked = [RecordedPage(number, language="") for number in range(2)]
    file = write_web_archive(tmp_path / "a.warc.gz", unmarked)
    choice = ImportChoice(Selection(languages=frozenset({"de"})))
    result = import_files(tmp_path / "archive", [file], None, choice=choice)
    assert (result.outcomes, result.excluded) == ({}, {"another language": 2})


def test_json_lines_are_selected_by_their_fields(tmp_path):
    lines = tmp_path / "articles.jsonl"
    lines.write_text(
        '{"url": "https://paper.example/1", "text": "The ferry sails.", "published_at": "2024-02-15"}\n'
        '{"url": "https://other.example/1", "text": "The ferry sails."}\n'
        '{"url": "https://paper.example/2", "text": "The ferry sails.", "published_at": "2023-02-15"}\n'
    )
    choice = ImportChoice(Selection(frozenset({"paper.example"}), since="2024-01-01"))
    result = import_files(tmp_path / "archive", [lines], None, choice=choice)
    assert result.outcomes == {"new": 1}
    assert result.excluded == {"another host": 1, "another date": 1}


def test_many_pages_that_are_no_articles_are_counted_and_the_first_are_named():
    result = ImportResult()
    for number in range(150):
        result.left_out.note(f"https://paper.example/{number}: not article: section")
        result.mistakes.note(f"dateline: a.warc.gz:{number}: broken")
    assert len(result.lines()) == len(result.mistake_lines()) == 101
    assert result.lines()[-1] == "… and 50 more pages that are no articles"
    assert result.summary() == "150 could not be read"


def test_progress_is_reported_in_bytes_of_all_files(tmp_path):
    files = [write_web_archive(tmp_path / f"{name}.warc.gz", pages(2)) for name in "ab"]
    reports: list[tuple[int, int | None]] = []
    import_files(tmp_path / "archive", files, None, lambda *given: reports.append(given))
    total = sum(file.stat().st_size for file in files)
    assert reports[-1] == (total, total)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


# -- ended in the middle ---------------------------------------------------------------------------


def import_with_batches_of(size: int, folder: Path, file: Path, choice: ImportChoice) -> None:
    """Import with small batches, in this process."""
    read_here()
    made = keep.CheckBatches.__init__
    keep.CheckBatches.__init__ = lambda self, *given, **named: made(
        self, *given, **named | {"size": size}
    )  # type: ignore[method-assign]
    import_files(folder, [file], None, choice=choice)


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2, 4])
def test_an_import_that_is_killed_goes_on_and_has_every_page_once(tmp_path, monkeypatch, at):
    folder, file = tmp_path / "archive", write_web_archive(tmp_path / "a.warc.gz", pages(12))

    def killed_within_a_transaction() -> None:
        ending = killing_function(destinations.save_file_progress, at)
        destinations.save_file_progress = ending
        import_with_batches_of(3, folder, file, ImportChoice())

    assert killed_by(killed_within_a_transaction)
    written = 3 * (at - 1)
    assert len(fetched(folder)) == written
    seen = read_urls(monkeypatch)
    result = import_files(folder, [file], None)
    assert (result.outcomes, result.summary()) == ({"new": 12 - written}, f"{12 - written} new")
    assert seen == [page.url for page in pages(12)[written:]], "no page is read twice"
    assert fetched(folder) == [page.url for page in pages(12)]
    assert progress(folder) == [(24, 1, 1)]


@pytest.mark.slow
def test_an_import_that_is_killed_goes_on_also_where_all_is_excluded(tmp_path, monkeypatch):
    other = [RecordedPage(number, host="other.example") for number in range(8)]
    folder = tmp_path / "archive"
    file = write_web_archive(tmp_path / "a.warc.gz", [*other, *pages(1)])
    choice = ImportChoice(Selection(hosts=frozenset({"paper.example"})))

    def killed_after_some_records() -> None:
        read_here()
        job.FLUSH_INTERVAL_SECONDS = 0.0
        destinations.save_file_progress = killing_function(destinations.save_file_progress, 6)
        import_files(folder, [file], None, choice=choice)

    assert killed_by(killed_after_some_records)
    assert progress(folder) == [(10, 0, 0)], "five of eight records, each with its request"
    result = import_files(folder, [file], None, choice=choice)
    assert result.excluded == {"another host": 3}
    assert rows(folder, "SELECT left_out FROM imported_files") == [('{"another host": 8}',)]


@pytest.mark.slow
@pytest.mark.parametrize("at", range(1, 9, 2))
def test_an_import_into_months_that_is_killed_has_every_page_once_in_its_month(tmp_path, at):
    folder, file = tmp_path / "months", write_web_archive(tmp_path / "a.warc.gz", pages(12))
    choice = ImportChoice(months=folder)

    def killed_within_a_transaction() -> None:
        job.FLUSH_INTERVAL_SECONDS = 0.0 if at > 4 else 1000.0
        destinations.save_file_progress = killing_function(destinations.save_file_progress, at)
        import_with_batches_of(2, tmp_path / "archive", file, choice)

    assert killed_by(killed_within_a_transaction)
    again = ImportChoice(months=folder)
    import_files(tmp_path / "archive", [file], None, choice=again)
    assert [each.name for each in month_folders(folder)] == list(MONTHS)
    for number, month in enumerate(MONTHS):
        assert fetched(folder / month) == [page.url for page in pages(12)[number::3]]


def test_months_are_those_of_the_printed_day_else_of_the_capture(tmp_path):
    undated = RecordedPage(9, published="", captured_at="2023-07-01T00:00:00Z")
    file = write_web_archive(tmp_path / "a.warc.gz", [*pages(3), undated])
    folder = tmp_path / "months"
    result = import_files(tmp_path / "archive", [file], None, choice=ImportChoice(months=folder))
    assert result.outcomes == {"new": 4}
    assert [each.name for each in month_folders(folder)] == ["2023-07", *MONTHS]
    assert not (tmp_path / "archive" / "archive.db").exists()
    second = import_files(tmp_path / "archive", [file], None, choice=ImportChoice(months=folder))
    assert (second.outcomes, len(second.remarks)) == ({}, 1)
    again = ImportChoice(months=folder, is_again=True)
    assert import_files(tmp_path / "archive", [file], None, choice=again).outcomes == {
        "unchanged": 4
    }


def test_more_months_than_are_open_at_once_are_written_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(destinations, "MAX_OPEN_MONTHS", 1)
    file = write_web_archive(tmp_path / "a.warc.gz", pages(7))
    folder = tmp_path / "months"
    import_files(tmp_path / "archive", [file], None, choice=ImportChoice(months=folder))
    assert [len(fetched(folder / month)) for month in MONTHS] == [3, 2, 2]
    assert (folder / MONTHS_IMPORTS_NAME).is_file()


# -- remote files ----------------------------------------------------------------------------------


def test_a_file_on_the_web_goes_on_where_the_server_was_lost(tmp_path, monkeypatch):
    many = [RecordedPage(number, padding_bytes=60_000) for number in range(16)]
    content = write_web_archive(tmp_path / "a.warc.gz", many).read_bytes()
    monkeypatch.setattr("crawler.files.byte_sources.REMOTE_BLOCK_BYTES", 64 * 1024)

    def lose_the_end(_: str, part: str) -> None:
        start = int(part.removeprefix("bytes=").partition("-")[0])
        if start >= 0.9 * len(content):
            server.statuses.append(404)

    folder = tmp_path / "archive"
    with serve_files({"/a.warc.gz": content}, on_request=lose_the_end) as server:
        address = f"{server.address}/a.warc.gz"
        first = import_files(folder, [address], None)
        assert 0 < first.outcomes["new"] < 16
        lost = "HTTP 404; the same command goes on where this one stopped"
        assert first.mistakes == [f"dateline: {address}: {lost}"]
        server.on_request = lambda *_: None
        server.asked.clear()
        second = import_files(folder, [address], None)
        assert second.outcomes == {"new": 16 - first.outcomes["new"]}
        assert server.bytes_sent < len(content), "what was read is not fetched again"
    assert fetched(folder) == [page.url for page in many]


def test_a_write_beside_checks_belongs_to_their_transaction(tmp_path):
    folder, file = tmp_path / "archive", write_web_archive(tmp_path / "a.warc.gz", pages(2))

    def killed_after_the_checks() -> None:
        def end(*_: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        read_here()
        destinations.ArchiveDestination._write_progress = end  # type: ignore[method-assign]
        import_files(folder, [file], None)

    assert killed_by(killed_after_the_checks)
    assert fetched(folder) == []
