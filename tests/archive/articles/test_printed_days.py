"""The day as printed in the archive: how it is stored, migrated, and shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from archive.api import open_archive
from archive.archive import Archive
from archive.articles.stories import all_stories, save_story, story_summaries
from archive.check_writer import write_checks
from archive.exports.citations import cited_articles
from archive.pages.findings.attention import AttentionRequest, attention_days
from archive.queries.search import search_articles
from archive.records import Article, Check, Lead
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, DatabaseSchema
from archive.text.formatting import modified_moment, printed_moment
from archive.timestamps import stated_offset
from crawler.jobs.removal.removal_jobs import describe_articles
from crawler.spiders.investigation import InvestigationSpider
from demo.__main__ import matching_coverage
from pipelines.clean import clean_article, clean_lead
from pipelines.complete import complete_article
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from tests.archive.conftest import MOMENT

LATE = Article(
    "https://harbour.example/a",
    headline="Ferries sail again",
    text="The ferry crews sail again after a long strike in the harbour of the island.",
    published_at="2024-02-15T17:30:00Z",
    published_raw="2024-02-16T02:30:00+09:00",
    published_day="2024-02-16",
    published_offset=540,
    fetched_at=MOMENT,
)
DATE_COLUMNS = "published_at, published_day, published_offset"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path) as opened:
        yield opened


@pytest.fixture
def db(archive: Archive) -> sqlite3.Connection:
    return archive.db


def dates(connection: sqlite3.Connection) -> list[tuple[str | None, str | None, int | None]]:
    return [tuple(row) for row in connection.execute(f"SELECT {DATE_COLUMNS} FROM articles")]


def store(archive: Archive, article: Article) -> None:
    """Store an article as a crawl does."""
    check = Check(article.url, "new", article.fetched_at or MOMENT, article=article)
    write_checks(archive, [run_stages(check)], archive_policies())


def test_an_article_is_stored_with_the_day_that_its_outlet_printed(archive: Archive) -> None:
    store(archive, LATE)
    assert dates(archive.db) == [("2024-02-15T17:30:00Z", "2024-02-16", 540)]
    # a version without a date, or with a vaguer one, changes nothing of it
    later = replace(
        LATE, fetched_at="2024-03-02T06:00:00Z", text=LATE.text + "\nThe mayor is glad of it."
    )
    store(archive, replace(later, published_at=None, published_day=None, published_offset=None))
    store(
        archive,
        replace(
            later, published_at="2024-02-16", published_day="2024-02-16", published_offset=None
        ),
    )
    assert dates(archive.db) == [("2024-02-15T17:30:00Z", "2024-02-16", 540)]


def test_what_is_imported_without_a_day_gets_it_from_its_date() -> None:
    plain = Article("https://harbour.example/a", text="The ferry sails.", fetched_at=MOMENT)
    stated = clean_article(replace(plain, published_at="2024-02-16T02:30:00+09:00"))
    assert (stated.published_at, stated.published_day, stated.published_offset) == (
        "2024-02-15T17:30:00Z", "2024-02-16", 540,
    )  # fmt: skip
    impossible = clean_article(
        replace(
            plain,
            published_at="2024-02-15T17:30:00Z",
            published_day="2024-02-20",
            published_offset=5000,
        )
    )
    assert (impossible.published_day, impossible.published_offset) == ("2024-02-15", None)
    assert clean_article(replace(plain, published_day="2024-02-15")).published_day is None
    assert clean_article(stated) == stated


def test_a_feed_gives_day_and_offset_only_where_the_page_gives_none() -> None:
    lead = clean_lead(
        Lead(
            "https://harbour.example/a",
            via="feed",
            published_at="2024-02-15T17:30:00Z",
            published_offset=540,
        )
    )
    undated = Article("https://harbour.example/a", text="The ferry sails.", fetched_at=MOMENT)
    filled = complete_article(undated, lead)
    assert (filled.published_day, filled.published_offset) == ("2024-02-16", 540)
    printed = replace(undated, published_at="2024-02-15", published_day="2024-02-15")
    timed = complete_article(printed, lead)
    assert timed.published_at == "2024-02-15T17:30:00Z"
    assert (timed.published_day, timed.published_offset) == ("2024-02-15", None)


def test_an_older_archive_gets_the_days_that_its_raw_dates_state(tmp_path: Path) -> None:
    steps = [name for name, _ in ARCHIVE_SCHEMA.steps]
    older = DatabaseSchema(
        ARCHIVE_SCHEMA.name, ARCHIVE_SCHEMA.steps[: steps.index("m025_printed_days")]
    )
    known = [
        ("2024-02-15T17:30:00Z", "2024-02-16T02:30:00+09:00", "2024-02-16", 540),
        ("2024-02-16T03:30:00Z", "Thu, 15 Feb 2024 22:30:00 -0500", "2024-02-15", -300),
        ("2024-02-16T03:30:00Z", "2024-02-15T22:30:00.000-0500", "2024-02-15", -300),
        ("2024-02-16T03:30:00Z", "2024-02-16T03:30:00Z", "2024-02-16", None),
        ("2024-02-16T03:30:00Z", "calls 04:00-0500", "2024-02-16", None),  # no such time
        ("2024-02-16", "2024-02-16", "2024-02-16", None),
        (None, "soon", None, None),
    ]
    with closing(open_database(tmp_path / "archive.db", older)) as db, transaction(db):
        db.execute(
            "INSERT INTO outlets (id, host, added_at) VALUES (1, 'harbour.example', ?)", [MOMENT]
        )
        for number, (at, raw, _, _) in enumerate(known):
            db.execute(
                """INSERT INTO articles (outlet_id, url, published_at, published_raw, fetched_at, text)
                VALUES (1, ?, ?, ?, ?, 'The ferry sails.')""",
                (f"https://harbour.example/{number}", at, raw, MOMENT),
            )
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        assert dates(db) == [(at, day, offset) for at, _, day, offset in known]


def test_a_row_written_or_changed_by_sql_alone_has_a_day_that_fits_its_date(
    db: sqlite3.Connection,
) -> None:
    db.execute("INSERT INTO outlets (id, host, added_at) VALUES (1, 'ridge.example', ?)", [MOMENT])
    db.execute(
        """INSERT INTO articles (outlet_id, url, published_at, fetched_at, text)
        VALUES (1, 'https://ridge.example/1', '2024-02-15T17:30:00Z', ?, 'The ferry.')""",
        [MOMENT],
    )
    assert dates(db) == [("2024-02-15T17:30:00Z", "2024-02-15", None)]
    db.execute("UPDATE articles SET published_at = '2024-03-20T10:00:00Z'")
    assert dates(db) == [("2024-03-20T10:00:00Z", "2024-03-20", None)]
    db.execute("UPDATE articles SET published_at = NULL")
    assert dates(db) == [(None, None, None)]


def test_citations_searches_and_counts_by_day_use_the_printed_day(archive: Archive) -> None:
    store(archive, LATE)
    db = archive.db
    (citation,) = cited_articles(db, [1])
    assert citation.published == (2024, 2, 16)
    assert citation.published_at == "2024-02-16T02:30:00+09:00"
    assert [hit.published_day for hit in search_articles(db, "ferry", since="2024-02-16")] == [
        "2024-02-16"
    ]
    assert search_articles(db, "ferry", until="2024-02-15") == []
    assert len(search_articles(db, "ferry", until="2024-02-15T18:00:00Z")) == 1
    counted = attention_days(
        db, AttentionRequest(words="ferry", since="2024-02-01", until="2024-02-29")
    )
    assert [day[0] for day in counted["days"]] == ["2024-02-16"]


def test_stories_and_lists_of_articles_to_remove_name_the_printed_day(archive: Archive) -> None:
    store(archive, LATE)
    with transaction(archive.db) as db:
        save_story(db, "ferries", [1], archive_policies().stories)
    (summary,) = story_summaries(archive.db, all_stories(archive.db))
    assert summary["newest"] == "2024-02-16"
    (line,) = describe_articles(archive.folder, [1])
    assert line.day == "2024-02-16"


def test_records_of_the_python_interface_have_the_printed_day(archive: Archive) -> None:
    store(archive, LATE)
    store(archive, replace(LATE, url="https://ridge.example/a"))
    with transaction(archive.db) as db:
        save_story(db, "ferries", [1], archive_policies().stories)
    with open_archive(archive.folder) as reader:
        article = reader.article(1)
        assert article.stated_at == LATE.published_at
        records = [article, *reader.copies(1), *reader.coverage("ferries")]
    assert len(records) >= 3
    assert {(each.published_day, each.published_offset) for each in records} == {
        ("2024-02-16", 540)
    }


def test_a_date_is_shown_on_the_outlets_clock_as_far_as_that_is_known() -> None:
    at = "2024-02-15T17:30:00Z"
    assert printed_moment(at, "2024-02-16", 540) == "16 Feb 2024, 02:30 UTC+9"
    assert printed_moment(at, "2024-02-15", -210) == "15 Feb 2024, 14:00 UTC−3:30"
    assert printed_moment(at, "2024-02-16", None) == "16 Feb 2024 (15 Feb 2024, 17:30 UTC)"
    assert printed_moment(at, "2024-02-15", None) == "15 Feb 2024, 17:30 UTC"
    assert printed_moment("2024-02-15", "2024-02-15", None) == "15 Feb 2024"
    assert printed_moment(None, None, None) == "undated"


@pytest.mark.parametrize(
    ("raw", "offset"),
    [
        ("2024-02-16T02:30:00+09:00", 540),
        ("Thu, 15 Feb 2024 14:00:00 -0330", -210),
        ("2024-02-15T17:30:00Z", None),
        ("2024-02-15T17:30:00+00:00", 0),
        ("2024-02-16T03:00:00+09:00", None),
        ("15-02-2024", None),
        ("15-02-9999", None),
        ("2024-02-15", None),
        (None, None),
    ],
)
def test_a_date_as_written_states_an_offset_only_if_its_time_of_day_fits(
    raw: str | None, offset: int | None
) -> None:
    assert stated_offset(raw, "2024-02-15T17:30:00Z") == offset


@pytest.mark.parametrize(
    ("at", "raw", "published_offset", "shown"),
    [
        ("2024-02-15T17:30:00Z", "2024-02-16T02:30:00+09:00", None, "16 Feb 2024, 02:30 UTC+9"),
        ("2024-02-15T17:30:00Z", "2024-02-15T17:30:00Z", 540, "16 Feb 2024, 02:30 UTC+9"),
        ("2024-02-15T17:30:00Z", "2024-02-15T18:30:00+01:00", 540, "15 Feb 2024, 18:30 UTC+1"),
        ("2024-02-15T17:30:00Z", None, None, "15 Feb 2024, 17:30 UTC"),
        ("2024-02-15", "15 February 2024", 540, "15 Feb 2024"),
        ("2024-02-15T17:30:00", "17:30", 540, "15 Feb 2024, 17:30"),
    ],
)
def test_a_modification_is_shown_on_the_outlets_clock_only_where_that_is_known(
    at: str, raw: str | None, published_offset: int | None, shown: str
) -> None:
    assert modified_moment(at, raw, published_offset) == shown


def test_an_investigation_and_the_demonstration_print_the_day_that_the_outlet_printed(
    archive: Archive,
) -> None:
    store(archive, LATE)
    with transaction(archive.db) as db:
        save_story(db, "ferries", [1], archive_policies().stories)
    [story] = all_stories(archive.db)
    told: list[str] = []
    spider = SimpleNamespace(
        session=SimpleNamespace(db=archive.db),
        search=SimpleNamespace(story=story),
        found=set(),
        person=SimpleNamespace(tell=told.append),
    )
    InvestigationSpider._report_found(spider)  # type: ignore[arg-type]  # its parts
    assert told
    assert told[0].startswith("2024-02-16  ")
    assert matching_coverage(archive.db, "ferries")[0]["day"] == "2024-02-16"
