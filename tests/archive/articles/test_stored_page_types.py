"""The type of a page in the archive: of articles, and of pages that are not articles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.api import open_archive
from archive.archive import Archive
from archive.check_writer import write_checks
from archive.pages.article import article_page_data
from archive.records import STORED_PAGE_TYPES, Article, Check, is_stored_type
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, DatabaseSchema
from crawler.files.article_rows import article_of_row
from crawler.network.exchange import check_of_article
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from tests.archive.conftest import MOMENT

LIVE = Article(
    "https://harbour.example/live",
    headline="Ferry strike: live",
    text="The ferry crews sail again after a long strike in the harbour of the island.",
    fetched_at=MOMENT,
    page_type="liveblog",
    page_reason="it calls itself a live blog",
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path) as opened:
        yield opened


def store(archive: Archive, article: Article) -> None:
    """Store what was read from a page as a crawl does."""
    check = check_of_article(Check(article.url, "new", article.fetched_at or MOMENT), article)
    write_checks(archive, [run_stages(check)], archive_policies())


def types_in(archive: Archive) -> list[str]:
    return [row[0] for row in archive.db.execute("SELECT page_type FROM articles ORDER BY id")]


def test_live_blogs_and_galleries_are_stored_as_articles_with_their_type(archive: Archive) -> None:
    for number, kind in enumerate(STORED_PAGE_TYPES):
        words = f"{LIVE.text} It was strike number {number} of this year in that harbour."
        url = f"https://harbour.example/{number}"
        store(archive, replace(LIVE, url=url, text=words, page_type=kind))
    assert types_in(archive) == list(STORED_PAGE_TYPES)
    with open_archive(archive.folder) as reader:
        assert reader.article(2).page_type == "liveblog"


def test_an_article_that_becomes_a_live_blog_has_the_new_type(archive: Archive) -> None:
    store(archive, replace(LIVE, page_type="article"))
    later = replace(LIVE, text=f"{LIVE.text}\nThe first one left at noon.", fetched_at=MOMENT)
    store(archive, later)
    assert types_in(archive) == ["liveblog"]


def test_pages_that_are_not_articles_are_listed_by_their_type(archive: Archive) -> None:
    for kind in ("listing", "product", "forum", "document", "video", "other"):
        url = f"https://harbour.example/{kind}"
        store(archive, replace(LIVE, url=url, page_type=kind, page_reason="why: so"))
    rows = archive.db.execute("SELECT page_type, outlet, url, reason FROM other_pages ORDER BY id")
    found = [tuple(row) for row in rows]
    assert [kind for kind, *_ in found] == [
        *("listing", "product", "forum", "document", "video", "other")
    ]
    assert found[0][1:] == (
        "harbour.example",
        "https://harbour.example/listing",
        "listing: why: so",
    )
    assert types_in(archive) == []


def test_a_gallery_without_any_text_is_no_article(archive: Archive) -> None:
    store(archive, replace(LIVE, page_type="gallery", text="", page_reason="9 pictures"))
    assert types_in(archive) == []
    assert archive.db.execute("SELECT page_type FROM other_pages").fetchone()[0] == "gallery"


def test_what_earlier_versions_called_a_section_is_a_listing_and_their_articles_are_articles(
    tmp_path: Path,
) -> None:
    names = [name for name, _ in ARCHIVE_SCHEMA.steps]
    before = ARCHIVE_SCHEMA.steps[: names.index("m030_page_types")]
    older = DatabaseSchema(ARCHIVE_SCHEMA.name, before)
    reasons = ("section: a front page", "other: a product", "video: a player", "a horoscope")
    with closing(open_database(tmp_path / "archive.db", older)) as db, transaction(db):
        db.execute(
            "INSERT INTO outlets (id, host, added_at) VALUES (1, 'harbour.example', ?)", [MOMENT]
        )
        db.execute(
            """INSERT INTO articles (outlet_id, url, fetched_at, text)
            VALUES (1, 'https://harbour.example/a', ?, 'The ferry sails.')""",
            [MOMENT],
        )
        for reason in reasons:
            db.execute(
                """INSERT INTO urls (url, url_key, outlet_id, found_at, state, outcome, reason)
                VALUES (:reason, :reason, 1, :at, 'done', 'not article', :reason)""",
                {"reason": reason, "at": MOMENT},
            )
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        assert db.execute("SELECT page_type FROM articles").fetchone()[0] == "article"
        rows = db.execute("SELECT page_type FROM other_pages ORDER BY id")
        assert [row[0] for row in rows] == ["listing", "other", "video", "other"]


def test_lines_of_an_import_may_give_the_type_of_their_articles(archive: Archive) -> None:
    given = {"url": LIVE.url, "text": LIVE.text, "page_type": "liveblog"}
    assert article_of_row(given).page_type == "liveblog"
    assert article_of_row({"url": LIVE.url, "text": LIVE.text}).page_type == "article"
    unknown = article_of_row(given | {"page_type": "pamphlet"})
    write_checks(
        archive,
        [run_stages(Check(LIVE.url, "new", MOMENT, article=unknown))],
        archive_policies(),
    )
    assert types_in(archive) == ["article"]
    assert not is_stored_type("pamphlet")


def test_a_page_read_again_by_another_reader_gets_its_type_without_a_revision(
    archive: Archive,
) -> None:
    store(archive, replace(LIVE, page_type="article", digest="0" * 64, extractor="dateline 0.1"))
    store(archive, replace(LIVE, digest="0" * 64, extractor="dateline 0.2"))
    assert types_in(archive) == ["liveblog"]
    assert archive.db.execute("SELECT count(*) FROM revisions").fetchone()[0] == 0
    page = article_page_data(archive.db, 1)
    assert page is not None
    assert page["page_type"] == "liveblog"
