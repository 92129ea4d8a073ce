"""What an archive does whose files are damaged: it tells so in one line, or goes on; it never falls
over."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.errors import DatelineError, ReadingError
from archive.frontier.crawls import finish_crawl, start_crawl
from archive.frontier.urls import lease_pages
from archive.queries.search import search_articles
from archive.rebuilds import prepare_archive
from archive.records import Article, Capture, Check, current_timestamp
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from tests.stories import story


def look(number: int, url: str = "http://harbour.example/{}") -> Check:
    url = url.format(number)
    capture = Capture(url, f"<p>{story(number)}".encode(), fetched_at=current_timestamp())
    article = Article(
        url=url,
        headline=f"h{number}",
        text=story(number),
        fetched_at=current_timestamp(),
        digest=capture.digest,
    )
    return run_stages(
        Check(
            url, "new", current_timestamp(), article=article, capture=capture, digest=capture.digest
        )
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "archive"
    with Archive(folder) as archive:
        prepare_archive(archive.db, archive_policies())
        write_checks(archive, [look(number) for number in range(12)], archive_policies())
    return folder


def used(folder: Path) -> None:
    """Crawl, read back and search, in short."""
    with Archive(folder) as archive:
        prepare_archive(archive.db, archive_policies())
        crawl = start_crawl(archive.db, "crawl")
        lease_pages(archive.db, 8, 8)
        write_checks(
            archive,
            [look(99), look(3, "http://harbour.example/{}?again")],
            archive_policies(),
            crawl,
        )
        for (digest,) in archive.db.execute("SELECT digest FROM articles"):
            archive.captures.newest(digest)
        finish_crawl(archive.db, crawl)
    connection = open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)
    search_articles(connection, "harbour")
    connection.close()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", ["archive.db", "captures.db"])
def test_bits_that_flipped_are_told_in_a_line_or_do_not_matter(sound, tmp_path, name, seed):
    chance = random.Random(seed)
    folder = tmp_path / "archive"
    shutil.copytree(sound, folder)
    raw = bytearray((folder / name).read_bytes())
    for _ in range((1, 20, 200)[seed % 3]):
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    (folder / name).write_bytes(raw)
    with suppress(DatelineError, sqlite3.Error):  # each of which a command tells in one line
        used(folder)


def test_a_page_whose_copy_is_damaged_is_named_and_hinders_no_newer_one(sound, tmp_path):
    folder = tmp_path / "archive"
    shutil.copytree(sound, folder)
    with Archive(folder) as archive:
        archive.captures.connection.execute("UPDATE bodies SET body = substr(body, 1, 30)")
        digest = archive.db.execute("SELECT digest FROM articles WHERE id = 1").fetchone()[0]
        with pytest.raises(ReadingError, match="damaged"):
            archive.captures.newest(digest)
        newer = Capture(
            "http://harbour.example/0", b"<p>another page", fetched_at=current_timestamp()
        )
        archive.captures.store([newer])
        kept = archive.captures.newest(newer.digest)
        assert kept
        assert kept.body == newer.body


@pytest.mark.parametrize("name", ["archive.db", "captures.db"])
def test_a_file_whose_log_is_gone_opens_as_it_was_before(sound, tmp_path, name):
    """As after a copy that left the log behind: what was written since is not there, and nothing
    else is wrong."""
    folder, copied = tmp_path / "archive", tmp_path / "copied"
    shutil.copytree(sound, folder)
    with Archive(folder) as archive:
        write_checks(archive, [look(50)], archive_policies())
        shutil.copytree(
            folder,
            copied,
            ignore=lambda _, names: [each for each in names if each.startswith(f"{name}-")],
        )
    used(copied)
    with Archive(copied) as archive:
        assert archive.db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert archive.db.execute("SELECT count(*) FROM articles").fetchone()[0] >= 12


@pytest.mark.parametrize("name", ["archive.db", "captures.db"])
@pytest.mark.parametrize(
    "what",
    [b"", b"SQLite format 3\0", b"\0" * 100_000, b"<html>"],
    ids=["empty", "head", "zeros", "page"],
)
def test_a_file_that_is_none_of_ours_is_refused_in_a_line_or_begun_anew(
    sound, tmp_path, name, what
):
    folder = tmp_path / "archive"
    shutil.copytree(sound, folder)
    (folder / name).write_bytes(what)
    if what == b"":
        used(folder)
        return
    with pytest.raises(DatelineError, match=name):
        used(folder)
