"""What articles said before is kept, and shown beside what they say now."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette
from datasette.plugins import pm
from pluggy import HookimplMarker

from archive.articles.revisions import (
    ArticleVersion,
    FetchHistory,
    RevisionPolicy,
    RevisionResult,
    article_revisions,
    article_version,
    fetch_history,
    store_gone_revision,
    store_revision,
)
from archive.articles.store import _insert_article, article_row, update_article
from archive.errors import ArchiveError, UsageError
from archive.frontier.urls import add_article_urls, outlet_id_of_url, record_check
from archive.plugin.routes import PAGE_ROUTES
from archive.queries.revision_diff import (
    compare_chosen_revisions,
    render_revision_diff,
    revision_page_data,
)
from archive.records import Article, ArticleUrl, Check
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, FIRST_TABLES, DatabaseSchema
from pipelines.dedup.revisions import classify_version
from pipelines.text.fingerprint import text_fingerprint
from tests.stories import story

URL, KEY = "https://harbour.example/news/1", "harbour.example/news/1"
TEXT = "\n".join(story(number) for number in range(1, 6))
JUDGE = RevisionPolicy(classify_version)
NOON = "2026-03-10T12:00:00Z"


def article(text: str = TEXT, hour: int = 12, **more: Any) -> Article:
    """A page as it was read at an hour; its capture is another each time."""
    usual: dict[str, Any] = {
        "headline": "Ferry landing moves",
        "published_at": NOON,
        "modified_at": NOON,
        "fetched_at": f"2026-03-10T{hour}:00:00Z",
        "digest": f"digest {hour}",
        "extractor": "reader 1",
        "authors": ("Ida Berg",),
    }
    return Article(URL, text=text, **(usual | more))


class Newsroom:
    """An archive with one article, as the crawl fills it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def look(self, read: Article, judge: RevisionPolicy = JUDGE) -> RevisionResult:
        """A look that read the page: a new article, or another reading of the known one."""
        check = Check(URL, "new", str(read.fetched_at), 200, article=read, url_key=KEY)
        with transaction(self.db) as db:
            known = db.execute("SELECT * FROM articles").fetchone()
            row = article_row(read, text_fingerprint(read.text)) | {
                "outlet_id": outlet_id_of_url(db, URL)
            }
            if known is None:
                add_article_urls(db, _insert_article(db, row), [ArticleUrl(URL, KEY, "requested")])
                kept = RevisionResult("new", "all")
            else:
                kept = store_revision(db, known, row, judge)
            if kept.takes == "all" and known:
                update_article(db, known["id"], row, row)
            record_check(db, replace(check, outcome=kept.outcome), None, 1)
        return kept

    def miss(self, status: int, hour: int) -> bool:
        """A look that met no page; whether it made a revision."""
        check = Check(URL, "gone", f"2026-03-10T{hour}:00:00Z", status, url_key=KEY)
        with transaction(self.db) as db:
            made = store_gone_revision(db, check)
            record_check(db, check, None, None)
        return made

    @property
    def text(self) -> str:
        return str(self.db.execute("SELECT text FROM articles").fetchone()[0])

    @property
    def texts(self) -> list[str]:
        return [revision.text for revision in article_revisions(self.db, 1)]

    @property
    def kinds(self) -> list[str]:
        return [", ".join(revision.kinds) for revision in article_revisions(self.db, 1)]


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        yield Newsroom(db)


SECOND = f"{TEXT}\nThe board voted 4 to 3."


def test_an_article_that_never_changed_has_one_revision_and_no_row(newsroom: Newsroom) -> None:
    newsroom.look(article())
    assert newsroom.look(article(hour=13)) == RevisionResult("unchanged", "nothing")
    assert newsroom.texts == [TEXT]
    assert newsroom.db.execute("SELECT count(*) FROM revisions").fetchone()[0] == 0
    [first] = article_revisions(newsroom.db, 1)
    assert (first.number, first.seen_at, first.authors) == (1, NOON, ("Ida Berg",))


def test_a_change_keeps_the_old_text_before_the_new_one_takes_its_place(newsroom: Newsroom) -> None:
    newsroom.look(article())
    assert newsroom.look(article(SECOND, 13)) == RevisionResult("changed", "all")
    assert newsroom.texts == [TEXT, SECOND]
    assert newsroom.text == SECOND
    first, second = article_revisions(newsroom.db, 1)
    assert (first.seen_at, second.seen_at) == (NOON, "2026-03-10T13:00:00Z")
    assert (first.kinds, second.kinds, second.stealth) == ((), ("body",), True)
    assert (second.words_added, second.words_removed) == (6, 0)
    assert (first.digest, second.digest) == ("digest 12", "digest 13")
    assert newsroom.db.execute("SELECT count(*) FROM fetches").fetchone()[0] == 2


def test_a_text_that_comes_back_is_restored(newsroom: Newsroom) -> None:
    for hour, text in ((12, TEXT), (13, SECOND), (14, TEXT)):
        newsroom.look(article(text, hour))
    assert newsroom.kinds == ["", "body", "body, restored"]
    assert article_revisions(newsroom.db, 1)[2].restores == 1


def test_a_great_loss_waits_for_a_second_look(newsroom: Newsroom) -> None:
    short = f"{story(1)}\n{story(2)[:200]}"
    newsroom.look(article())
    held = newsroom.look(article(short, 13))
    assert (held.outcome, held.takes, (held.reason or "")[:5]) == ("unchanged", "nothing", "held:")
    assert (newsroom.texts, newsroom.text) == ([TEXT], TEXT)
    assert newsroom.look(article(short, 14)).outcome == "changed"
    assert newsroom.kinds == ["", "cut"]


def test_a_loss_that_was_a_fault_leaves_no_trace_but_its_checks(newsroom: Newsroom) -> None:
    short = f"{story(1)}\n{story(2)[:200]}"
    for hour, text in ((12, TEXT), (13, short), (14, TEXT), (15, short)):
        assert newsroom.look(article(text, hour)).outcome != "changed"
    assert newsroom.texts == [TEXT]


def test_a_failed_extraction_is_no_revision_however_often_it_comes(newsroom: Newsroom) -> None:
    newsroom.look(article())
    for hour in (13, 14, 15):
        assert newsroom.look(article("Please reload this page.", hour)).outcome == "not article"
    assert (newsroom.texts, newsroom.text) == ([TEXT], TEXT)


def test_a_headline_that_was_not_found_stays(newsroom: Newsroom) -> None:
    newsroom.look(article())
    newsroom.look(article(SECOND, 13, headline=None))
    assert [revision.headline for revision in article_revisions(newsroom.db, 1)] == [
        "Ferry landing moves"
    ] * 2


# -- other readers ---------------------------------------------------------------------------------


def test_reading_kept_pages_anew_replaces_the_reading_and_makes_no_revision(
    newsroom: Newsroom,
) -> None:
    newsroom.look(article())
    newsroom.look(article(SECOND, 13))
    better = f"{SECOND}\nA line that the old reader left out."
    kept = newsroom.look(article(better, 13, extractor="reader 2"))
    assert (kept.outcome, kept.takes) == ("unchanged", "all")
    assert (newsroom.texts, newsroom.kinds) == ([TEXT, better], ["", "body"])
    assert newsroom.text == better


def test_a_change_is_told_from_a_better_reading_by_reading_the_old_page_anew(
    newsroom: Newsroom,
) -> None:
    line = "A line that the old reader left out."

    def reread(digest: str) -> ArticleVersion | None:
        read = article(f"{TEXT}\n{line}", 12, extractor="reader 2")
        return article_version(read, text_fingerprint(read.text)) if digest == "digest 12" else None

    newsroom.look(article())
    same = newsroom.look(
        article(f"{TEXT}\n{line}", 13, extractor="reader 2"),
        RevisionPolicy(classify_version, reread),
    )
    assert (same.outcome, newsroom.kinds) == ("unchanged", [""])
    newsroom.db.execute(
        "UPDATE articles SET text = ?, digest = 'digest 12', extractor = 'reader 1'", (TEXT,)
    )
    changed = newsroom.look(
        article(f"{SECOND}\n{line}", 14, extractor="reader 2"),
        RevisionPolicy(classify_version, reread),
    )
    assert changed.outcome == "changed"
    assert newsroom.texts == [f"{TEXT}\n{line}", f"{SECOND}\n{line}"]


def test_without_the_old_page_a_new_reader_makes_no_revision_and_says_so(
    newsroom: Newsroom,
) -> None:
    newsroom.look(article())
    kept = newsroom.look(article(SECOND, 13, extractor="reader 2"))
    assert (kept.outcome, kept.takes) == ("unchanged", "all")
    assert "another extractor" in (kept.reason or "")


# -- gone ------------------------------------------------------------------------------------------


def test_an_article_is_gone_when_two_looks_say_so_and_restored_when_it_is_back(
    newsroom: Newsroom,
) -> None:
    newsroom.look(article())
    assert [newsroom.miss(410, hour) for hour in (13, 14, 15)] == [False, True, False]
    assert (newsroom.kinds, newsroom.text) == (["", "gone"], TEXT)
    assert newsroom.look(article(hour=16)).outcome == "changed"
    assert newsroom.kinds == ["", "gone", "restored"]
    assert article_revisions(newsroom.db, 1)[2].restores == 1
    assert [newsroom.miss(404, hour) for hour in (17, 18)] == [False, True]


def test_one_look_that_missed_it_is_no_revision(newsroom: Newsroom) -> None:
    newsroom.look(article())
    newsroom.miss(404, 13)
    newsroom.look(article(hour=14))
    newsroom.miss(404, 15)
    assert newsroom.kinds == [""]


def test_what_the_next_look_depends_on(newsroom: Newsroom) -> None:
    assert fetch_history(newsroom.db, URL) is None
    newsroom.look(article())
    assert fetch_history(newsroom.db, URL) == FetchHistory(NOON, NOON, None, False, (200,))
    newsroom.look(article(SECOND, 13))
    newsroom.look(article(story(1)[:300], 14, free=False))
    assert fetch_history(newsroom.db, URL) == FetchHistory(
        NOON, NOON, "2026-03-10T13:00:00Z", True, (200, 200)
    )
    newsroom.miss(410, 15)
    newsroom.miss(410, 16)
    assert (fetch_history(newsroom.db, URL) or FetchHistory("")).statuses == (410, 410)


# -- archives of before ----------------------------------------------------------------------------


def test_an_archive_of_the_first_version_keeps_its_texts_and_gets_revisions(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    first = DatabaseSchema("dateline.archive", (("m001_first_tables", FIRST_TABLES),))
    with closing(open_database(path, first)) as db, transaction(db):
        row = article_row(article(), text_fingerprint(TEXT)) | {
            "outlet_id": outlet_id_of_url(db, URL)
        }
        for name in ("stated_at", "published_day", "published_offset", "page_type"):  # of today
            del row[name]
        names = ", ".join(row)
        db.execute(
            f"INSERT INTO articles ({names}) VALUES ({', '.join(':' + name for name in row)})", row
        )
        db.execute(
            "INSERT INTO urls (url, url_key, outlet_id, article_id, found_at) VALUES (?, ?, 1, 1, ?)",
            (URL, KEY, NOON),
        )
    with closing(open_database(path, ARCHIVE_SCHEMA)) as db:
        newsroom = Newsroom(db)
        assert newsroom.texts == [TEXT]
        assert newsroom.look(article(SECOND, 13)).outcome == "changed"
        assert newsroom.texts == [TEXT, SECOND]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


# -- shown -----------------------------------------------------------------------------------------

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def edited(newsroom: Newsroom) -> Newsroom:
    """An article of four revisions: changed, gone, and back with a hostile headline."""
    newsroom.look(article())
    newsroom.look(article(SECOND, 13))
    newsroom.miss(410, 14)
    newsroom.miss(410, 15)
    newsroom.look(
        article(
            f"{SECOND}\n{HOSTILE}",
            16,
            headline=f"Ferry landing {HOSTILE} moves",
            modified_at="2026-03-10T16:00:00Z",
        )
    )
    return newsroom


def test_the_terminal_shows_the_revisions_and_the_newest_change(edited: Newsroom) -> None:
    lines = render_revision_diff(edited.db, 1).splitlines()
    assert lines[:5] == [
        f"Ferry landing {HOSTILE} moves",
        "1  2026-03-10 12:00  first seen",
        "2  2026-03-10 13:00  body  +6 −0 words  stealth",
        "3  2026-03-10 15:00  gone",
        "4  2026-03-10 16:00  headline, body, restored (as 2)  +4 −0 words",
    ]
    assert "2 → 4" in lines
    assert f"modified_at: {NOON} → 2026-03-10T16:00:00Z" in lines
    assert f"headline: Ferry landing {{+{HOSTILE}+}} moves" in lines


def test_any_two_revisions_can_be_compared(edited: Newsroom) -> None:
    assert "{+The board voted 4 to 3.+}" in render_revision_diff(edited.db, 1, first=1, last=2)
    assert "[-The board voted 4 to 3.-]" in render_revision_diff(edited.db, 1, first=2, last=1)
    assert "1 → 4" in render_revision_diff(edited.db, 1, first=1)
    assert "The page was gone" in render_revision_diff(edited.db, 1, last=3)
    assert "no change to show" in render_revision_diff(edited.db, 1, last=1)


def test_what_there_is_not_is_said_in_a_line(edited: Newsroom) -> None:
    with pytest.raises(ArchiveError, match="there is no article 7"):
        render_revision_diff(edited.db, 7)
    for numbers in ((5, None), (None, 5), (0, None)):
        with pytest.raises(UsageError, match=r"there is no revision \d; this article has 1 to 4"):
            compare_chosen_revisions(article_revisions(edited.db, 1), *numbers)


def test_pages_show_a_hostile_text_and_never_run_it(edited: Newsroom) -> None:
    shown = [
        render_revision_diff(edited.db, 1, html=True),
        str(revision_page_data(edited.db, 1)["comparison"]),
    ]
    for page in shown:
        assert "<script" not in page
        assert "&lt;script&gt;alert(" in page
        assert "<ins>" in page
    assert shown[0].startswith("<!doctype html>")


class Routes:
    """A plugin with these routes and nothing else."""

    __name__ = "routes"

    @HookimplMarker("datasette")
    def register_routes(self) -> Any:
        return [route for route in PAGE_ROUTES if "revisions" in route[0]]


@pytest.fixture
def get(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    plugin = Routes()
    pm.register(plugin, name="revisions under test")

    def get(path: str, **settings: Any) -> Any:
        async def ask() -> Any:
            return await Datasette([str(tmp_path / "archive.db")], **settings).client.get(path)

        return asyncio.run(ask())

    yield get
    pm.unregister(plugin)


def test_datasette_has_a_page_of_the_changes(edited: Newsroom, get: Callable[..., Any]) -> None:
    page = get("/archive/articles/1/revisions").text
    words_of_it = (
        'href="/archive/articles/1/revisions/2"',
        "<h2>From revision 2 to 4</h2>",
        "silently</strong>",
        "body, restored (as 2)",
        '<span class="dateline-spoken">added: </span>',
    )
    for words in words_of_it:
        assert words in page, words
    assert "<script>alert(" not in page
    assert "<ins>" in get("/archive/articles/1/revisions/2").text
    assert "This is the first version" in get("/archive/articles/1/revisions/1").text
    assert "The page was gone" in get("/archive/articles/1/revisions/3").text


@pytest.mark.parametrize("path", ["9/revisions", "1/revisions/9", "1/revisions/0"])
def test_a_page_that_there_is_not_is_not_found(
    edited: Newsroom, get: Callable[..., Any], path: str
) -> None:
    assert get(f"/archive/articles/{path}").status_code == 404


def test_who_may_not_see_the_articles_does_not_see_their_changes(
    edited: Newsroom, get: Callable[..., Any]
) -> None:
    closed = {"databases": {"archive": {"tables": {"articles": {"allow": False}}}}}
    assert get("/archive/articles/1/revisions", metadata=closed).status_code == 403
