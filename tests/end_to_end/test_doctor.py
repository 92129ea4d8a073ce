"""Each kind of damage is found, told with what to do, and mended where that is safe."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

import archive.doctor
from archive.doctor import examine_archive, repair_archive
from archive.storage.lock import hold_crawl_lock
from pipelines.policies import archive_policies
from pipelines.urls import url_key
from tests.conftest import Dateline
from tests.stories import page, story

JUDGE = archive_policies().texts
PAGES = ((1, 1), (2, 1), (3, 3))
"""The number of a page and of the story that it tells: the second copies the first."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three pages, two of them one text."""
    folder = tmp_path_factory.mktemp("sound")
    files = []
    for number, told in PAGES:
        body = "".join(f"<p>{paragraph}</p>" for paragraph in story(told).split("\n\n"))
        head = f'<link rel=canonical href="http://paper{number}.example/{number}"><title>T</title>'
        file = folder / f"{number}.html"
        file.write_text(f"<html><head>{head}</head><h1>{page(number).headline}</h1>{body}</html>")
        files.append(file)
    Dateline(folder / "archive")("import", *files)
    return folder / "archive"


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    """A copy to do harm to."""
    return Path(shutil.copytree(sound, tmp_path / "archive"))


def harm(folder: Path, script: str, file: str = "archive.db") -> None:
    """What a careless program does, without the checks that SQLite would make."""
    db = sqlite3.connect(folder / file)
    db.execute("PRAGMA foreign_keys = OFF")
    db.executescript(script)
    db.close()


def test_a_new_archive_is_sound(folder: Path) -> None:
    assert list(examine_archive(folder, JUDGE, alone=True).lines())[-1].startswith("sound (m0")


MENDABLE = [
    (
        "INSERT INTO articles_fts(articles_fts, rowid, text) SELECT 'delete', id, text FROM articles",
        "the search index",
    ),
    ("DELETE FROM articles_fts_data WHERE id > 10", "the search index"),
    ("UPDATE urls SET article_id = NULL WHERE article_id = 1", "articles without a URL"),
    (
        """INSERT INTO urls (url, url_key, outlet_id, found_at, state, outcome)
        VALUES ('http://paper1.example/9', 'paper1.example/9', 1, '', 'done', 'new')""",
        "done without their article",
    ),
    ("UPDATE urls SET state = 'leased' WHERE id = 1", "leased by a dead crawl"),
    ("INSERT INTO crawls (started_at) VALUES ('2024-01-01T00:00:00Z')", "crawls that never ended"),
    ("UPDATE relations SET other_id = 99", "rows of relations whose row of articles is missing"),
    (
        "UPDATE shared_text_articles SET text_id = 99",
        "rows of shared_text_articles whose row of shared_texts is missing",
    ),
    ("DELETE FROM shared_text_articles WHERE article_id = 1", "texts without two versions"),
    ("UPDATE shingle_versions SET version = 0", "compared by an older method"),
    ("DELETE FROM article_keys WHERE article_id = 1", "articles without keys"),
    (
        "INSERT INTO article_keys (article_id, language, day, counted, keys) VALUES (99, 'en', 0, 0, '{}')",
        "rows of article_keys whose row of articles is missing",
    ),
    ("INSERT INTO strong_keys VALUES ('@KR', 0, 99, 'en')", "keys by which an article is found"),
    ("DELETE FROM strong_keys", "articles that no key leads to"),
    ("DELETE FROM key_counts", "keys counted of other articles"),
    (
        "UPDATE key_counts SET articles = articles + 1 WHERE key = ''",
        "keys counted of other articles",
    ),
]


@pytest.mark.parametrize(("script", "what"), MENDABLE)
def test_what_can_be_made_anew_is_found_and_mended(folder: Path, script: str, what: str) -> None:
    harm(folder, script)
    found = [
        finding
        for finding in examine_archive(folder, JUDGE, alone=True).findings
        if what in finding.what
    ]
    assert found
    assert all("--repair" in finding.advice and finding.count for finding in found)
    after = repair_archive(folder, JUDGE, url_key)
    assert after.sound, list(after.lines())
    assert any(what in finding.what for finding in after.mended)


def test_a_mended_archive_says_and_finds_what_it_did_before(folder: Path) -> None:
    def kept() -> list[list[tuple[object, ...]]]:
        db = sqlite3.connect(folder / "archive.db")
        queries = (
            "SELECT rowid FROM articles_fts WHERE articles_fts MATCH 'board'",
            "SELECT article_id, other_id, kind FROM relations",
            "SELECT original_id FROM shared_texts t JOIN shared_text_articles v ON v.text_id = t.id ORDER BY v.article_id",
            "SELECT url, url_key, article_id FROM urls WHERE article_id IS NOT NULL ORDER BY url",
        )
        rows = [db.execute(query).fetchall() for query in queries]
        db.close()
        return rows

    before = kept()
    assert all(before)
    harm(
        folder,
        "DELETE FROM articles_fts_data WHERE id > 10; DELETE FROM shared_text_articles; UPDATE relations SET other_id = 99",
    )
    harm(folder, "DELETE FROM fetches; DELETE FROM urls")
    assert repair_archive(folder, JUDGE, url_key).sound
    assert kept() == before


@pytest.mark.parametrize(
    ("script", "file", "what"),
    [
        ("DELETE FROM bodies", "captures.db", "rows of captures whose row of bodies is missing"),
        ("DELETE FROM captures; DELETE FROM bodies", "captures.db", "articles whose page is not in"),
        ("INSERT INTO articles (outlet_id, url, fetched_at, text) SELECT 1, url, '', '' FROM articles WHERE id = 1",
         "archive.db", "URLs with more than one article"),
        ("DELETE FROM outlets", "archive.db", "rows of articles whose row of outlets is missing"),
    ],
)  # fmt: skip
def test_what_takes_a_person_is_told_and_left_alone(
    folder: Path, script: str, file: str, what: str
) -> None:
    harm(folder, script, file)
    before = sqlite3.connect(folder / "archive.db").execute("SELECT * FROM articles").fetchall()
    after = repair_archive(folder, JUDGE, url_key)
    assert any(what in finding.what for finding in after.findings), list(after.lines())
    assert (
        sqlite3.connect(folder / "archive.db").execute("SELECT * FROM articles").fetchall()
        == before
    )


@pytest.mark.parametrize("file", ["archive.db", "captures.db"])
def test_a_damaged_file_is_named_with_what_to_do(folder: Path, file: str) -> None:
    path = folder / file
    size = path.stat().st_size
    with path.open("r+b") as opened:
        # the last quarter of its pages
        for place in range(size // 4096 * 3072 // 4096 * 4096, size, 4096):
            opened.seek(place)
            opened.write(b"\xff" * 64)
    (told,) = [
        line for line in examine_archive(folder, JUDGE, alone=True).lines() if "damaged" in line
    ]
    assert told.startswith(file)
    assert ".recover" in told


def test_captures_that_are_not_there_are_told(folder: Path) -> None:
    (folder / "captures.db").unlink()
    assert "captures.db is missing" in next(examine_archive(folder, JUDGE, alone=True).lines())


def test_a_disk_that_is_nearly_full_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive.doctor, "LOW_DISK_BYTES", 1 << 60)
    assert "megabytes free on the disk" in next(examine_archive(folder, JUDGE, alone=True).lines())


def test_a_log_that_a_reader_kept_from_being_taken_over_is_told_and_taken_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive.doctor, "LONG_WAL_BYTES", 10_000)
    reader, writer = (
        sqlite3.connect(folder / "archive.db", isolation_level=None) for _ in range(2)
    )
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM articles").fetchone()
    writer.executescript(
        "UPDATE urls SET failures = 1; UPDATE articles SET section = 'Harbour'; UPDATE urls SET failures = 0"
    )
    assert any(
        "archive.db-wal" in line for line in examine_archive(folder, JUDGE, alone=True).lines()
    )
    reader.close()
    assert repair_archive(folder, JUDGE, url_key).sound
    assert (folder / "archive.db-wal").stat().st_size == 0
    writer.close()


def test_while_a_crawl_runs_less_is_looked_at_and_nothing_is_mended(folder: Path, dateline) -> None:
    harm(folder, "UPDATE urls SET state = 'leased' WHERE id = 1")
    run = dateline()
    run.folder = folder
    with hold_crawl_lock(folder):
        told = run("doctor").stdout
        assert "not checked: the search index" in told
        assert "still leased" not in told
        assert "a crawl is running here already" in run("doctor", "--repair", code=75).stderr


def test_the_command_ends_with_1_until_all_is_mended(folder: Path, dateline) -> None:
    harm(folder, "DELETE FROM articles_fts_data WHERE id > 10")
    run = dateline()
    run.folder = folder
    assert (
        "the search index does not match the articles: 1; --repair rebuilds it"
        in run("doctor", code=1).stdout
    )
    told = json.loads(run("doctor", "--json", code=1).stdout)
    assert (told["sound"], [finding["repairable"] for finding in told["findings"]]) == (
        False,
        [True],
    )
    assert "repaired: the search index" in run("doctor", "--repair").stdout
    assert run("doctor").stdout.strip().startswith(f"{folder}: sound")
    run.folder = folder / "nowhere"
    assert "no archive here yet" in run("doctor", code=1).stderr
    assert not run.folder.exists()
