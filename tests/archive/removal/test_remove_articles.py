"""A removed article is gone from every table and from the bytes of both files, and stays away."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.doctor import examine_archive
from archive.errors import UsageError
from archive.frontier.tombstones import all_removals, removal_of_article
from archive.frontier.urls import queue_leads, return_all_leases
from archive.queries.removed_articles import find_removal
from archive.records import Lead
from archive.removal.erasure import finish_erasures
from archive.removal.orphans import ARTICLE_REFERENCES, ID_MARKS
from archive.removal.remove_articles import removal_reason, remove_articles, undo_removal
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA
from archive.storage.snapshot import archive_snapshot
from pipelines.identity import identify_lead
from pipelines.urls import url_key
from tests.removal_room import (
    CHANGED,
    COPIES,
    COPY_URLS,
    DECISIONS,
    NEWER_OTHERS,
    OLDER_OTHERS,
    ORDER,
    OTHERS,
    SECRET,
    SECRET_URL,
    SECRET_WORDS,
    Told,
    arrive,
    article_id,
    fill_with_secret,
)

OTHER_IDS = {
    "warc_file_id",
    "after_revision_id", "alert_id", "base", "crawl_id", "event_id", "id", "item_id", "outlet_id", "removal_id",
    "story_id", "subject_id", "target_id", "text_id", "url_id",
}  # fmt: skip
"""Columns with ids of other things than articles. `subject_id` is tested by itself."""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive in which article 3 is mentioned everywhere."""
    folder = tmp_path_factory.mktemp("filled")
    assert fill_with_secret(folder) == 3
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "archive"))


@pytest.fixture
def archive(folder: Path) -> Iterator[Archive]:
    with Archive(folder) as opened:
        yield opened


def remove(archive: Archive, *ids: int) -> None:
    with transaction(archive.db) as db:
        remove_articles(db, ids, ORDER, DECISIONS, url_key)
    assert finish_erasures(archive)


def mentions(db: sqlite3.Connection, id: int) -> dict[tuple[str, str], int]:
    """How often each column of `ARTICLE_REFERENCES` holds an id."""
    return {
        (table, column): db.execute(
            f"SELECT count(*) FROM {table} WHERE {column} = ?", (id,)
        ).fetchone()[0]
        for table, column in ARTICLE_REFERENCES
    }


def test_every_column_with_the_id_of_an_article_is_known(archive: Archive) -> None:
    tables = archive.db.execute(
        """SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'articles_fts%'
        AND name NOT LIKE '\\_sqlite%' ESCAPE '\\' AND name <> 'articles'"""
    ).fetchall()
    known = {*ARTICLE_REFERENCES, *ID_MARKS}
    for (table,) in tables:
        keys = archive.db.execute(f"PRAGMA foreign_key_list({table})").fetchall()
        to_articles = {(table, key["from"]) for key in keys if key["table"] == "articles"}
        assert to_articles <= known, "add it to ARTICLE_REFERENCES, and to forget_articles"
        columns = [row["name"] for row in archive.db.execute(f"PRAGMA table_info({table})")]
        ids = {name for name in columns if name.endswith("_id") or name == "leads_to"}
        unknown = {(table, name) for name in ids - OTHER_IDS} - known
        assert not unknown, "is it the id of an article? then add it to ARTICLE_REFERENCES"


def test_a_removed_article_is_mentioned_nowhere(archive: Archive) -> None:
    before = mentions(archive.db, 3)
    assert [place for place, number in before.items() if not number] == [], "mention it there"
    remove(archive, 3)
    after = mentions(archive.db, 3)
    assert [place for place, number in after.items() if number] == []
    for table in ("alert_items", "alert_deliveries", "erasures"):
        assert archive.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0
    assert archive.db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_the_words_of_a_removed_article_are_in_no_byte_of_the_files(
    archive: Archive, folder: Path
) -> None:
    bodies = archive.captures.connection.execute(
        "SELECT b.body FROM captures c JOIN bodies b USING (digest) WHERE c.url = ?", (SECRET_URL,)
    ).fetchall()
    assert len(bodies) == 2
    assert leaks(folder, [bytes(row["body"]) for row in bodies]) >= {*SECRET_WORDS, "body"}
    remove(archive, 3)
    assert leaks(folder, [bytes(row["body"]) for row in bodies]) == set()


def leaks(folder: Path, bodies: list[bytes]) -> set[str]:
    """Which secrets are in the files, as written or as the search index writes them."""
    content = b"".join(path.read_bytes() for path in sorted(folder.glob("*.db*")))
    found = {
        place
        for place, words in SECRET_WORDS.items()
        if any(
            form.encode() in content
            for word in words.split()
            for form in (word, word.casefold(), word.casefold()[3:])
        )
    }
    return found | ({"body"} if any(body in content for body in bodies) else set())


def test_a_reader_of_an_old_state_delays_the_erasure_and_not_the_removal(
    archive: Archive, folder: Path
) -> None:
    reader = sqlite3.connect(folder / "archive.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM articles").fetchone()
    with transaction(archive.db) as db:
        remove_articles(db, [3], ORDER, DECISIONS, url_key)
    assert not finish_erasures(archive)
    assert article_id(archive, SECRET_URL) is None
    reader.close()
    assert finish_erasures(archive)
    assert leaks(folder, []) == set()


def test_an_archive_is_sound_after_a_removal(archive: Archive, folder: Path) -> None:
    remove(archive, 3)
    told = list(examine_archive(folder, DECISIONS.texts, True, decisions=DECISIONS).lines())
    assert told[-1].startswith("sound"), told


def test_the_archive_is_as_if_the_article_had_never_been_there(tmp_path: Path) -> None:
    with Archive(tmp_path / "removed") as removed, Archive(tmp_path / "never") as never:
        arrive(removed, *OLDER_OTHERS, SECRET, *COPIES, *NEWER_OTHERS, CHANGED)
        arrive(never, *OLDER_OTHERS, *COPIES, *NEWER_OTHERS)
        assert derived(removed.db) != derived(never.db)
        remove(removed, 3)
        after, expected = derived(removed.db), derived(never.db)
        assert {name: rows for name, rows in after.items() if rows != expected[name]} == {}


def derived(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """What is computed from the articles, with URLs for ids."""
    of = "(SELECT url FROM articles WHERE id = {})".format
    queries = {
        "relations": f"SELECT {of('article_id')}, {of('other_id')}, kind FROM relations",
        "originals": f"SELECT {of('id')}, {of('original_id')}, other_outlets FROM originals",
        "events": f"""SELECT {of("m.article_id")}, {of("m.event_id")}, e.articles, e.texts, e.dated,
          e.first_at, e.last_at FROM event_articles m JOIN events e ON e.id = m.event_id""",
        "terms": "SELECT * FROM term_counts",
        "languages": "SELECT * FROM language_counts",
        "keys": "SELECT * FROM key_counts",
        "hashes": f"SELECT hash, {of('article_id')} FROM shingles",
        "strong terms": f"SELECT DISTINCT {of('article_id')} FROM strong_terms",
        "strong keys": f"SELECT DISTINCT {of('article_id')} FROM strong_keys",
        "search": "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'dockers'",
        "texts": "SELECT url, text FROM articles",
    }
    return {name: sorted(map(tuple, db.execute(sql)), key=repr) for name, sql in queries.items()}


def test_the_copies_find_another_original_and_later_copies_are_found(archive: Archive) -> None:
    remove(archive, 3)
    first, second = (article_id(archive, url) for url in COPY_URLS)
    rows = archive.db.execute(
        "SELECT id, original_id FROM originals WHERE id IN (?, ?)", (first, second)
    )
    assert {tuple(row) for row in rows} == {(first, first), (second, first)}
    edited = COPIES[0].text.replace("at dawn", "in the morning")
    arrive(archive, Told("https://ridge.example/later", "Another", edited, "2024-02-16T10:00:00Z"))
    later = article_id(archive, "https://ridge.example/later")
    row = archive.db.execute("SELECT original_id FROM originals WHERE id = ?", (later,)).fetchone()
    assert row["original_id"] == first


def test_a_note_on_the_event_stays_with_the_event(archive: Archive) -> None:
    remove(archive, 3)
    rows = archive.db.execute(
        "SELECT n.text, m.event_id FROM notes n JOIN event_articles m USING (article_id)"
    ).fetchall()
    assert [row["text"] for row in rows] == ["The event of the strike"]


def test_the_pages_of_other_articles_stay_even_where_they_share_a_body(
    tmp_path: Path,
) -> None:
    with Archive(tmp_path) as archive:
        twin = Told("https://ridge.example/twin", SECRET.headline, SECRET.text)
        arrive(archive, SECRET, twin, OTHERS[0])
        archive.captures.connection.execute(
            "UPDATE captures SET digest = (SELECT min(digest) FROM captures)"
        )
        archive.db.execute(
            "UPDATE articles SET digest = (SELECT digest FROM articles WHERE url = ?)",
            (SECRET_URL,),
        )
        secret = article_id(archive, SECRET_URL)
        assert secret is not None
        remove(archive, secret)
        urls = archive.captures.connection.execute(
            "SELECT url FROM captures ORDER BY url"
        ).fetchall()
        assert [row["url"] for row in urls] == [OTHERS[0].url, twin.url]


# -- it stays away ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        pytest.param(SECRET, id="its own URL"),
        pytest.param(CHANGED, id="its own URL with another text"),
        pytest.param(
            Told(f"{SECRET_URL}?utm_source=feed", "Another headline", OTHERS[1].text), id="same key"
        ),
        pytest.param(
            Told("https://harbour.example/amp/strike", "H", SECRET.text, canonical=SECRET.canonical),
            id="another URL that declares its canonical one",
        ),
        pytest.param(
            Told("https://harbour.example/s/1", "H", SECRET.text, final_url=SECRET_URL),
            id="a URL that redirects to it",
        ),
    ],
)  # fmt: skip
def test_no_page_brings_a_removed_article_back(archive: Archive, told: Told) -> None:
    remove(archive, 3)
    articles = archive.db.execute("SELECT count(*) FROM articles").fetchone()[0]
    captures = archive.captures.connection.execute("SELECT count(*) FROM captures").fetchone()[0]
    assert arrive(archive, told) == ["refused"]
    assert archive.db.execute("SELECT count(*) FROM articles").fetchone()[0] == articles
    found = archive.captures.connection.execute("SELECT count(*) FROM captures").fetchone()[0]
    assert found == captures
    [removal] = all_removals(archive.db)
    assert (removal.reason, removal.kept_out_at is None) == ("letter of 3 March", False)


def test_another_url_that_led_to_a_removed_article_is_not_asked_again(archive: Archive) -> None:
    remove(archive, 3)
    arrive(archive, Told("https://harbour.example/s/1", "H", SECRET.text, final_url=SECRET_URL))
    row = archive.db.execute(
        "SELECT state, outcome, reason, due_at FROM urls WHERE url = 'https://harbour.example/s/1'"
    ).fetchone()
    assert tuple(row)[:2] == ("failed", "refused")
    [removal] = all_removals(archive.db)
    assert row["reason"] == f"removed on {removal.removed_at[:10]}"
    assert row["due_at"] is None


def test_the_reason_of_a_removal_is_nowhere_in_a_published_copy(
    archive: Archive, folder: Path
) -> None:
    remove(archive, 3)
    arrive(archive, Told("https://harbour.example/s/1", "H", SECRET.text, final_url=SECRET_URL))
    for table in ("urls", "fetches"):  # as an earlier version wrote it
        archive.db.execute(
            f"""UPDATE {table} SET reason = 'removed on 2026-03-05: letter of 3 March'
            WHERE outcome = 'refused'"""
        )
        assert archive.db.execute("SELECT changes()").fetchone()[0] == 1
    with archive_snapshot(folder) as copy:
        assert b"letter of 3 March" not in copy.read_bytes()
        with closing(sqlite3.connect(copy)) as db:
            reasons = db.execute("SELECT reason FROM fetches WHERE outcome = 'refused'").fetchall()
    assert reasons == [("removed on 2026-03-05",)]


def test_a_waiting_page_of_a_removed_article_is_fetched_once_at_most(archive: Archive) -> None:
    remove(archive, 3)
    archive.db.execute(  # as another program or a merge brings it back
        """INSERT INTO urls (url, url_key, outlet_id, role, found_at, state)
        VALUES (?, ?, 1, 'requested', '', 'leased')""",
        (SECRET_URL, url_key(SECRET_URL)),
    )
    assert arrive(archive, SECRET) == ["refused"]
    with transaction(archive.db) as db:
        assert return_all_leases(db) == 0
    found = archive.db.execute("SELECT 1 FROM urls WHERE url = ?", (SECRET_URL,))
    assert found.fetchone() is None


def test_a_feed_that_lists_a_removed_article_queues_nothing(archive: Archive) -> None:
    remove(archive, 3)
    with transaction(archive.db) as db:
        for url in (SECRET_URL, f"{SECRET_URL}?utm_source=feed"):
            assert queue_leads(db, [identify_lead(Lead(url, via="feed"))]) == 0
        assert (
            queue_leads(db, [identify_lead(Lead("https://harbour.example/new", via="feed"))]) == 1
        )


def test_an_undone_removal_lets_the_article_come_back_under_a_new_id(archive: Archive) -> None:
    newest = archive.db.execute("SELECT max(id) FROM articles").fetchone()[0]
    remove(archive, 3, newest)
    removal = find_removal(archive.db, SECRET_URL, url_key)
    assert removal == removal_of_article(archive.db, 3)
    assert removal is not None
    with transaction(archive.db) as db:
        undo_removal(db, removal)
    assert arrive(archive, SECRET) == ["new"]
    assert article_id(archive, SECRET_URL) == newest + 1


def test_a_url_that_shows_another_article_today_keeps_only_the_removed_text_out(
    tmp_path: Path,
) -> None:
    with Archive(tmp_path) as archive:
        there = "https://harbour.example/news/today-885522"
        today = Told(SECRET_URL, OTHERS[3].headline, OTHERS[3].text, "2024-02-20T08:00:00Z",
                     final_url=there)  # fmt: skip
        arrive(archive, SECRET, today)
        secret = archive.db.execute("SELECT min(id) FROM articles").fetchone()[0]
        other = archive.db.execute("SELECT max(id) FROM articles").fetchone()[0]
        assert secret != other
        remove(archive, secret)
        assert article_id(archive, SECRET_URL) == other
        bodies = archive.captures.connection.execute("SELECT digest FROM captures").fetchall()
        assert [row["digest"] for row in bodies] == [today.check().digest]
        later = Told(SECRET_URL, today.headline, today.text + "\nMore.", "2024-02-21T08:00:00Z",
                     final_url=there)  # fmt: skip
        assert arrive(archive, later) == ["changed"]
        again = Told(SECRET_URL, SECRET.headline, SECRET.text, "2024-02-22T08:00:00Z",
                     canonical=SECRET.canonical)  # fmt: skip
        assert arrive(archive, again) == ["refused"]


def test_pages_of_a_site_that_declares_one_url_for_all_are_still_archived(tmp_path: Path) -> None:
    same = "https://harbour.example/news/all-in-one"
    with Archive(tmp_path) as archive:
        pages = [
            Told(each.url, each.headline, each.text, each.at, canonical=same) for each in OTHERS
        ]
        arrive(archive, *pages[:3])
        first = article_id(archive, pages[0].url)
        assert first is not None
        remove(archive, first)
        assert arrive(archive, pages[3]) == ["new"]


def test_a_removal_needs_a_reason_of_one_line() -> None:
    assert removal_reason(" letter\n of  March ") == "letter of March"
    for text in ("", " \n", "x" * 1_001):
        with pytest.raises(UsageError):
            removal_reason(text)


def test_an_unknown_article_changes_nothing(archive: Archive) -> None:
    with pytest.raises(UsageError, match="99: no such article"):
        remove(archive, 3, 99)
    assert article_id(archive, SECRET_URL) == 3
    assert all_removals(archive.db) == []


# -- older archives -------------------------------------------------------------------------------


def test_an_archive_of_an_earlier_version_gets_the_tables_and_removes_articles(
    tmp_path: Path,
) -> None:
    before = replace(
        ARCHIVE_SCHEMA, steps=tuple(each for each in ARCHIVE_SCHEMA.steps if each[0] < "m023")
    )
    db = open_database(tmp_path / "archive.db", before)
    db.execute("INSERT INTO outlets (host, added_at) VALUES ('harbour.example', '')")
    db.execute(
        """INSERT INTO articles (outlet_id, url, fetched_at, text)
        VALUES (1, 'https://harbour.example/news/1', '2024-02-15', 'Dockers strike.')"""
    )
    db.close()
    first = replace(CAPTURES_SCHEMA, steps=CAPTURES_SCHEMA.steps[:2])
    open_database(tmp_path / "captures.db", first).close()
    with Archive(tmp_path) as archive:
        remove(archive, 1)
        removal = find_removal(archive.db, "https://harbour.example/news/1", url_key)
        assert removal is not None
        assert removal.article_id == 1


# -- deleted by SQL --------------------------------------------------------------------------------


def test_what_a_program_left_of_a_deleted_article_is_found_and_deleted(folder: Path) -> None:
    from archive.doctor import repair_archive

    db = sqlite3.connect(folder / "archive.db")
    db.execute("DELETE FROM articles WHERE id IN (1, 3)")
    db.commit()
    db.close()
    found = examine_archive(folder, DECISIONS.texts, True, decisions=DECISIONS)
    orphans = [each for each in found.findings if "row of articles is missing" in each.what]
    assert orphans
    assert all("dateline remove" in each.advice and each.repair for each in orphans)
    after = repair_archive(folder, DECISIONS.texts, url_key, decisions=DECISIONS)
    assert after.sound, list(after.lines())
    with Archive(folder) as archive:
        left = mentions(archive.db, 3) | mentions(archive.db, 1)
        assert [place for place, number in left.items() if number] == []
        row = archive.db.execute("SELECT outcome FROM urls WHERE url = ?", (SECRET_URL,)).fetchone()
        assert row["outcome"] == "pruned"
