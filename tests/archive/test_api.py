"""The Python interface: typed records of an archive, one at a time, also while a crawl writes."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from archive.api import ArchiveReader, open_archive
from archive.errors import ArchiveError, UsageError
from archive.exports.article_files import export_articles
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA
from tests.archive.conftest import fill
from tests.archive.room import STORY, furnish


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a story, an event, copies and changes, which no test changes."""
    return furnish(fill(tmp_path_factory.mktemp("furnished")))


@pytest.fixture
def reader(furnished: Path) -> Iterator[ArchiveReader]:
    with open_archive(furnished) as archive:
        yield archive


def test_articles_are_those_of_the_export_with_types(reader: ArchiveReader) -> None:
    found = list(reader.articles())
    exported = list(export_articles(reader.connection))
    assert [(each.id, each.outlet, each.text) for each in found] == [
        (row["id"], row["outlet"], row["text"]) for row in exported
    ]
    first = found[0]
    assert first.authors == ("Mara Lind", "Jo Reed")
    assert first.free is False
    with pytest.raises(AttributeError):
        first.headline = "Changed"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"language": "ja"}, [3]),
        ({"outlet": "mahatta.example"}, [5]),
        ({"words": "bakers"}, [4]),
        ({"since": "2024-02-16", "until": "2024-02-16"}, [3]),
        ({"since": date(2024, 2, 16), "until": date(2024, 2, 16)}, [3]),
        ({"since": datetime(2024, 2, 16, tzinfo=UTC), "until": datetime(2024, 2, 16, 2)}, [3]),
    ],
)
def test_articles_are_narrowed_as_in_a_search(
    reader: ArchiveReader, filters: dict[str, object], ids: list[int]
) -> None:
    assert [each.id for each in reader.articles(**filters)] == ids  # type: ignore[arg-type]


def test_an_article_is_found_by_number_url_and_another_spelling(furnished: Path) -> None:
    from pipelines.urls import url_key

    with open_archive(furnished / "archive.db", url_key) as archive:
        assert archive.article(3).headline == "東京都知事が退任へ"
        assert archive.article("https://harbour.example/news/1").id == 1
        assert archive.article("http://www.harbour.example/news/1?utm_source=x").id == 1
        for ask in (archive.article, archive.revisions, archive.copies):
            with pytest.raises(ArchiveError, match="999: not an article of"):
                ask(999)


def test_copies_relations_and_revisions_of_an_article(reader: ArchiveReader) -> None:
    assert {(each.id, each.how) for each in reader.copies(1)} >= {(2, "same text")}
    assert ("identical", 2, 1) in {
        (each.kind, each.article_id, each.other_id) for each in reader.relations()
    }
    changed = reader.revisions(8)
    assert [each.number for each in changed] == [1, 2, 3]
    assert changed[0].text != changed[1].text


def test_a_story_has_its_coverage_and_an_event_its_articles(reader: ArchiveReader) -> None:
    assert STORY in {each.name for each in reader.stories()}
    covered = list(reader.coverage(STORY))
    assert covered
    assert covered == list(reader.coverage(reader.story(STORY)))
    counted = reader.connection.execute("SELECT count(*) FROM story_coverage").fetchone()[0]
    assert len(covered) == counted
    (event, *_) = reader.events()
    assert [each.id for each in reader.event_articles(event)]
    assert list(reader.events(since="2030-01-01")) == []
    assert list(reader.events(until="2000-01-01")) == []
    with pytest.raises(UsageError, match="harbour-strike"):
        reader.coverage("harbor-strike")


def test_nothing_can_be_written(reader: ArchiveReader) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.connection.execute("DELETE FROM notes")


def test_without_an_archive_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no archive here yet"):
        open_archive(tmp_path)
    with pytest.raises(UsageError), open_archive(fill(tmp_path)) as archive:
        list(archive.articles(since="some day"))


def test_articles_are_read_one_at_a_time_while_a_crawl_writes(tmp_path: Path) -> None:
    folder = fill(tmp_path)
    insert = """INSERT INTO articles (outlet_id, url, fetched_at, text, authors)
                VALUES (1, ?, '2024-03-01T00:00:00Z', ?, '[]')"""
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as writer:
        with transaction(writer):
            for number in range(400):
                writer.execute(insert, [f"https://harbour.example/long/{number}", "x" * 50_000])
        with open_archive(folder) as archive:
            tracemalloc.start()
            for seen, article in enumerate(archive.articles(), 1):
                assert article.outlet
                if seen == 10:
                    with transaction(writer):
                        writer.execute(insert, ["https://harbour.example/late", "y"])
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert seen in (406, 407)
            assert most < 4_000_000, "the texts are 20 MB"
