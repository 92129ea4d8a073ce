"""While a page is read, whoever wants to write into the archive may: nothing waits within a write
transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.articles.revisions import ArticleVersion
from archive.records import Article, Capture, Check
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.jobs.import_files import import_files
from crawler.workers.pool import Worker
from crawler.workers.reextraction import reextract_all
from pipelines.keep import CheckBatches
from pipelines.stages import run_stages
from tests.stories import story

URL = "http://paper.example/news/1"


def others_can_write(folder: Path) -> None:
    """As `dateline outlet add` or a verdict would at this moment; both files."""
    for name in ("archive.db", "captures.db"):
        with closing(sqlite3.connect(folder / name, timeout=0, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")


def page(text: str) -> str:
    paragraphs = "".join(f"<p>{each}</p>" for each in text.split("\n\n"))
    return f'<html><head><link rel=canonical href="{URL}"></head><h1>The landing moves</h1>{paragraphs}'


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], list[str]]:
    """Every page that a worker reads, each held against the locks of the archive's files
    meanwhile."""

    def watch(folder: Path) -> list[str]:
        seen: list[str] = []
        read = Worker.read_document

        def reading(worker: Worker, kind: str, capture: Capture, *given: Any) -> Any:
            others_can_write(folder)
            seen.append(capture.url)
            return read(worker, kind, capture, *given)

        monkeypatch.setattr(Worker, "read_document", reading)
        return seen

    return watch


def as_another_reader(folder: Path) -> None:
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.execute("UPDATE articles SET extractor = 'reader 0'")


def test_an_import_reads_no_page_within_a_transaction_also_not_an_old_one_again(tmp_path, watched):
    folder, file = tmp_path / "archive", tmp_path / "page.html"
    file.write_text(page(story(1)))
    Archive(folder).close()
    assert import_files(folder, [file], None).outcomes == {"new": 1}
    as_another_reader(folder)
    seen = watched(folder)
    file.write_text(page(story(1) + "\n\nThe board has since withdrawn its vote of Tuesday."))
    assert import_files(folder, [file], None).outcomes == {"changed": 1}
    assert len(seen) == 2, "the new page, and the old one as today's extractor reads it"


def test_extract_all_reads_no_page_within_a_transaction(tmp_path, watched):
    folder, file = tmp_path / "archive", tmp_path / "page.html"
    file.write_text(page(story(1)))
    import_files(folder, [file], None)
    as_another_reader(folder)
    seen = watched(folder)
    assert reextract_all(folder, lambda *_: None).pages == 1
    assert seen


def looked_at(text: str, extractor: str, digest: str, url: str = URL, **more: Any) -> Check:
    article = Article(
        url=url,
        text=text,
        headline="The landing moves",
        extractor=extractor,
        language="en",
        digest=digest,
        **more,
    )
    return run_stages(Check(url, "new", "2026-03-10T12:00:00Z", article=article, digest=digest))


def batches(archive: Archive, digests: list[str]) -> CheckBatches:
    def reread(digest: str) -> ArticleVersion | None:
        others_can_write(archive.folder)
        digests.append(digest)
        return ArticleVersion(text=story(1), headline="The landing moves", extractor="2")

    return CheckBatches(archive, reread=reread)


def test_a_batch_of_a_crawl_reads_the_old_pages_before_it_writes(tmp_path):
    digests: list[str] = []
    with Archive(tmp_path / "archive") as archive:
        writer = batches(archive, digests)
        writer.add(looked_at(story(1), "1", "a" * 64))
        writer.flush()
        writer.add(looked_at(story(1) + "\n\nA line more.", "2", "b" * 64))
        writer.flush()
        assert archive.db.execute("SELECT count(*) FROM articles").fetchone()[0] == 1
    assert digests == ["a" * 64]


def test_a_page_that_nobody_could_foresee_is_read_between_two_attempts_and_nothing_is_kept_twice(
    tmp_path,
):
    """It is known under another address in the same batch: only the transaction itself finds that
    out."""
    digests: list[str] = []
    outcomes: list[str] = []
    with Archive(tmp_path / "archive") as archive:
        writer = batches(archive, digests)
        writer.on_written = lambda _, outcome: outcomes.append(outcome)
        for check in (
            looked_at(story(2), "2", "c" * 64, "http://paper.example/news/2"),
            looked_at(story(1), "1", "a" * 64),
            looked_at(story(1) + "\n\nA line more.", "2", "b" * 64),
        ):
            writer.add(check)
        writer.flush()
        assert archive.db.execute("SELECT count(*) FROM articles").fetchone()[0] == 2
        assert archive.db.execute("SELECT count(*) FROM fetches").fetchone()[0] == 3
    assert digests == ["a" * 64]
    assert len(outcomes) == 3
