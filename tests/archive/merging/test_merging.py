"""Two archives of overlapping crawls make what one archive of both crawls is."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.articles.stories import record_verdict, save_story
from archive.check_writer import write_checks
from archive.doctor import examine_archive
from archive.editing.notes import NoteSubject, add_note, edit_note
from archive.editing.saved_searches import save_search
from archive.errors import ArchiveError, NewerArchiveError, UsageError
from archive.frontier.crawls import finish_crawl, start_crawl
from archive.frontier.urls import add_outlet_with_sources
from archive.keeping.moved_captures import move_captures
from archive.merging import merge_articles, merge_captures
from archive.merging.merge_archives import merge_archives
from archive.merging.merge_report import MergeReport
from archive.merging.other_archive import open_other_archive
from archive.rebuilds import prepare_archive
from archive.records import Article, Capture, Check, Lead, Outlet, Source
from archive.removal.erasure import finish_erasures
from archive.removal.remove_articles import RemovalOrder, remove_articles
from archive.storage.database import open_database, open_read_only, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA, DatabaseSchema
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from pipelines.text.fingerprint import text_fingerprint
from pipelines.urls import url_key
from tests.killed import killed_by, killing_function
from tests.stories import story

OURS = archive_policies()
HOSTS = ("harbour.example", "ridge.example", "minato.example")


@dataclass(frozen=True)
class Look:
    """A page at one time: a URL, the number of its story, and how often that was edited."""

    hour: int
    url: str
    number: int = 1
    edits: int = 0
    status: int = 200

    @property
    def at(self) -> str:
        return f"2026-03-{1 + self.hours[0]:02}T{self.hours[1]:02}:00:00Z"

    @property
    def hours(self) -> tuple[int, int]:
        return divmod(self.hour, 24)

    @property
    def text(self) -> str:
        added = (f"The board added note {n} to its minutes of that day." for n in range(self.edits))
        return "\n".join([*story(self.number).split("\n\n"), *added])

    def check(self) -> Check:
        if self.status != 200:
            return run_stages(Check(self.url, "gone", self.at, self.status, reason="HTTP 404"))
        body = f"<p>{self.text}</p>".encode()
        capture = Capture(self.url, body, fetched_at=self.at)
        article = Article(
            url=self.url,
            headline=f"Landing {self.number} moves",
            text=self.text,
            published_at="2026-03-01T06:00:00Z",
            fetched_at=self.at,
            language="en",
            digest=capture.digest,
            word_count=len(self.text.split()),
        )
        return run_stages(
            Check(
                self.url, "new", self.at, 200, article=article, capture=capture,
                digest=capture.digest,
            )
        )  # fmt: skip


def archive_of(folder: Path, looks: list[Look]) -> Path:
    """An archive whose crawl made these looks, one after the other."""
    with Archive(folder) as archive:
        prepare_archive(archive.db, OURS)
        crawl = start_crawl(archive.db, f"crawl of {folder.name}")
        for look in looks:
            write_checks(archive, [look.check()], OURS, crawl)
        finish_crawl(archive.db, crawl)
    return folder


def merge(folder: Path, *others: Path) -> list[MergeReport]:
    with Archive(folder) as archive:
        prepare_archive(archive.db, OURS)
        reports = merge_archives(archive, others, OURS, url_key)
        assert finish_erasures(archive)
        return reports


def rows(folder: Path, query: str, *values: object) -> list[Any]:
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        return [tuple(row) for row in db.execute(query, values)]


def contents(folder: Path) -> dict[str, Any]:
    """Articles, revisions and copies, by URLs, without the ids that differ between archives."""
    url_of = dict(rows(folder, "SELECT id, url FROM articles"))
    shared: dict[int, set[str]] = {}
    for text_id, article_id in rows(folder, "SELECT text_id, article_id FROM shared_text_articles"):
        shared.setdefault(text_id, set()).add(url_of[article_id])
    originals = dict(rows(folder, "SELECT id, original_id FROM shared_texts"))
    with closing(sqlite3.connect(folder / "captures.db")) as captures:
        captured = set(captures.execute("SELECT url, fetched_at, digest FROM captures"))
    return {
        "articles": sorted(
            rows(
                folder,
                """SELECT url, headline, text, fingerprint, fetched_at, published_at, digest,
                word_count FROM articles""",
            )
        ),
        "revisions": sorted(
            rows(
                folder,
                """SELECT a.url, r.number, r.seen_at, r.kinds, r.stealth, r.restores, r.text,
                r.words_added, r.words_removed, r.digest, r.gone_reason
                FROM revisions r JOIN articles a ON a.id = r.article_id""",
            )
        ),
        "held": sorted(
            rows(
                folder,
                """SELECT a.url, h.text FROM unconfirmed_revisions h
                JOIN articles a ON a.id = h.article_id""",
            )
        ),
        "copies": {(frozenset(urls), url_of[originals[id]]) for id, urls in shared.items()},
        "urls": sorted(
            rows(
                folder,
                """SELECT u.url, u.state, u.fetched_at, a.url, l.url FROM urls u
                LEFT JOIN articles a ON a.id = u.article_id
                LEFT JOIN articles l ON l.id = u.leads_to""",
            )
        ),
        "fetches": sorted(
            rows(folder, "SELECT u.url, f.fetched_at FROM fetches f JOIN urls u ON u.id = f.url_id")
        ),
        "captures": captured,
    }


def assert_same(merged: Path, combined: Path) -> None:
    ours, expected = contents(merged), contents(combined)
    for part, value in expected.items():
        assert ours[part] == value, part


def split_and_merge(tmp_path: Path, looks: list[Look], of_a: list[bool]) -> tuple[Path, Path, Path]:
    """The archive of the looks of A and one of the others, merged; and one of all."""
    first = [look for look, mine in zip(looks, of_a, strict=True) if mine]
    second = [look for look, mine in zip(looks, of_a, strict=True) if not mine]
    ours, theirs = archive_of(tmp_path / "a", first), archive_of(tmp_path / "b", second)
    merge(ours, theirs)
    return ours, theirs, archive_of(tmp_path / "all", looks)


PAGE = "https://harbour.example/news/1"
OTHER = "https://ridge.example/news/1"

CASES = {
    "an article that only they have": ([Look(0, PAGE), Look(1, OTHER, 2)], "ab"),
    "an article that they saw first": ([Look(0, PAGE), Look(1, PAGE)], "ba"),
    "a version after ours": ([Look(0, PAGE), Look(1, PAGE, edits=1)], "ab"),
    "a version before ours": ([Look(0, PAGE), Look(1, PAGE, edits=1)], "ba"),
    "a version between ours": ([Look(n, PAGE, edits=n) for n in range(3)], "aba"),
    "versions in turn": ([Look(n, PAGE, edits=n) for n in range(6)], "ababab"),
    "a change that was undone as our second fetch shows": (
        [Look(0, PAGE), Look(1, PAGE, edits=1), Look(2, PAGE)],
        "aba",
    ),
    "the same, as their second fetch shows": (
        [Look(0, PAGE), Look(1, PAGE, edits=1), Look(2, PAGE)],
        "bab",
    ),
    "a copy whose original they have": ([Look(0, OTHER), Look(1, PAGE)], "ba"),
    "copies in three outlets": (
        [Look(n, f"https://{host}/news/1") for n, host in enumerate(HOSTS)],
        "bab",
    ),
    "an article that was gone in between": (
        [Look(0, PAGE), Look(1, PAGE, status=404), Look(2, PAGE, status=404), Look(3, PAGE)],
        "abba",
    ),
    "an article that is gone": (
        [Look(0, PAGE), Look(1, PAGE, status=404), Look(2, PAGE, status=404)],
        "aab",
    ),
    "an article that one of each found gone": (
        [Look(0, PAGE), Look(1, PAGE, status=404), Look(2, PAGE, status=404), Look(3, PAGE)],
        "abab",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_merged_archives_equal_one_of_both(tmp_path, case):
    looks, whose = CASES[case]
    merged, _, combined = split_and_merge(tmp_path, looks, [each == "a" for each in whose])
    assert_same(merged, combined)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_any_two_halves_of_many_looks_merge_into_the_whole(tmp_path, seed):
    """Pages that are edited, edited back, gone and there again, and copies in three outlets."""
    chance = random.Random(seed)
    own = [f"https://{host}/news/{number}" for host in HOSTS[:2] for number in (1, 2)]
    urls = [*own, *(f"https://{host}/wire" for host in HOSTS)]
    edits = dict.fromkeys(urls, 0)
    looks = []
    for hour in range(36):
        url = chance.choice(urls)
        number = 1 + own.index(url) if url in own else 6
        if url in own:
            edits[url] = max(0, edits[url] + chance.choice((0, 0, 0, 1, -1)))
        status = 404 if chance.random() < 0.15 else 200
        looks.append(Look(hour, url, number, edits[url], status))
    merged, other, combined = split_and_merge(
        tmp_path, looks, [chance.random() < 0.5 for _ in looks]
    )
    assert_same(merged, combined)
    before = contents(merged)
    merge(merged, other)
    assert contents(merged) == before, "a second merge changes nothing"


# -- what people wrote and decided -----------------------------------------------------------------

LOOKS = [Look(0, PAGE), Look(1, OTHER, 2), Look(2, "https://minato.example/news/3", 3)]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two archives: ours has articles 1 and 2, theirs 2 and 3, under other ids."""
    ours = archive_of(tmp_path / "a", LOOKS[:2])
    return ours, archive_of(tmp_path / "b", [LOOKS[2], Look(5, OTHER, 2)])


def edited(folder: Path, work: Any) -> Any:
    with (
        closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as connection,
        transaction(connection) as db,
    ):
        return work(db)


def ids(folder: Path) -> dict[str, int]:
    return dict(rows(folder, "SELECT url, id FROM articles"))


def test_a_story_brings_its_definition_verdicts_and_notes(pair):
    ours, theirs = pair
    at = ids(theirs)

    def follow(db: sqlite3.Connection) -> None:
        story_id = save_story(db, "landing", [at[OTHER]], OURS.stories, {"words": "ferry"})
        record_verdict(db, story_id, [at[LOOKS[2].url]], False, OURS.stories)
        add_note(db, NoteSubject("story", story_id), "Ask the board.", "mara")
        add_note(db, NoteSubject("article", at[LOOKS[2].url]), "Check the sum.", None)

    edited(theirs, follow)
    for _ in range(2):
        [report] = merge(ours, theirs)
        assert report.conflicts == []
        verdicts = rows(
            ours,
            """SELECT a.url, m.verdict FROM story_articles m JOIN articles a ON a.id = m.article_id
            JOIN stories s ON s.id = m.story_id
            WHERE s.name = 'landing' AND s.words = 'ferry' AND m.verdict IS NOT NULL""",
        )
        assert sorted(verdicts) == [(LOOKS[2].url, "not"), (OTHER, "belongs")]
        notes = rows(
            ours,
            """SELECT n.subject, n.text, a.url FROM notes n
            LEFT JOIN articles a ON a.id = n.article_id ORDER BY 1""",
        )
        assert notes == [
            ("article", "Check the sum.", LOOKS[2].url), ("story", "Ask the board.", None),
        ]  # fmt: skip


def test_contradictions_are_listed_and_ours_are_kept(pair):
    for folder, belongs, words, name in zip(
        pair, (True, False), ("ferry", "barge"), ("Our", "Their"), strict=True
    ):
        article_id = ids(folder)[OTHER]

        def decide(db, article_id=article_id, belongs=belongs, words=words, name=name) -> None:
            story_id = save_story(db, "landing", [], OURS.stories, {"title": name})
            record_verdict(db, story_id, [article_id], belongs, OURS.stories)
            save_search(db, "mine", words, {}, None)
            add_outlet_with_sources(db, Outlet("ridge.example", name))

        edited(folder, decide)
    ours, theirs = pair
    [report] = merge(ours, theirs)
    assert {(each.kind, each.ours, each.theirs) for each in report.conflicts} == {
        ("outlet", "Our", "Their"),
        ("story", "Our", "Their"),
        ("verdict", "belongs", "not"),
        ("search", "ferry {}", "barge {}"),
    }
    assert rows(ours, "SELECT words FROM saved_searches") == [("ferry",)]
    assert rows(ours, "SELECT verdict FROM story_articles WHERE verdict IS NOT NULL") == [
        ("belongs",)
    ]
    assert report.as_record()["conflicts"][0]["kind"] == "outlet"


def test_a_note_that_was_edited_there_later_is_taken_over(tmp_path, monkeypatch):
    ours = archive_of(tmp_path / "a", LOOKS[:1])
    about = NoteSubject("article", 1)
    edited(ours, lambda db: add_note(db, about, "A first note.", "mara"))
    shutil.copytree(ours, tmp_path / "b")
    monkeypatch.setenv("DATELINE_NOW", "2030-01-01T00:00:00Z")
    edited(tmp_path / "b", lambda db: edit_note(db, 1, "A better note."))
    merge(ours, tmp_path / "b")
    assert rows(ours, "SELECT text FROM notes") == [("A better note.",)]


def test_outlets_sources_waiting_pages_and_crawls_come_along(pair):
    ours, theirs = pair

    def add(db: sqlite3.Connection) -> None:
        feed = Source(
            "https://delta.example/feed", "feed", "delta.example", url_key="delta.example/feed"
        )
        add_outlet_with_sources(db, Outlet("delta.example", "Delta", "da", "DK"), [feed])

    edited(theirs, add)
    with Archive(theirs) as archive:
        lead = Lead("https://delta.example/1", "feed", url_key="delta.example/1")
        found = Check("https://delta.example/feed", "listed", "2026-03-03T00:00:00Z", leads=(lead,))
        write_checks(archive, [run_stages(found)], OURS)
        archive.db.execute("UPDATE urls SET state = 'leased' WHERE url LIKE '%delta.example/1'")
    merge(ours, theirs)
    found_here = rows(
        ours,
        """SELECT u.url, u.kind, u.role, u.state, u.found_on, o.name FROM urls u
        JOIN outlets o ON o.id = u.outlet_id WHERE o.host = 'delta.example' ORDER BY 1""",
    )
    assert found_here == [
        ("https://delta.example/1", "page", "requested", "pending", None, "Delta"),
        ("https://delta.example/feed", "feed", "source", "done", None, "Delta"),
    ]
    assert len(rows(ours, "SELECT 1 FROM crawls WHERE state = 'finished'")) == 2


def test_a_waiting_page_takes_a_date_of_publication_with_its_clock_or_keeps_its_own(pair):
    dates = {
        "https://minato.example/known": ("2026-03-01T06:00:00Z", None),
        "https://minato.example/undated": (None, None),
    }
    tokyo = ("2026-03-01T16:30:00Z", 540)
    for folder, dated in ((pair[0], dates), (pair[1], dict.fromkeys(dates, tokyo))):
        with Archive(folder) as archive:
            leads = [
                Lead(url, "feed", url_key=url_key(url), published_at=at, published_offset=offset)
                for url, (at, offset) in dated.items()
            ]
            feed = Source("https://minato.example/feed", "feed", "minato.example", url_key="feed")
            with transaction(archive.db) as db:
                add_outlet_with_sources(db, Outlet("minato.example"), [feed])
            found = Check(feed.url, "listed", "2026-03-03T00:00:00Z", leads=tuple(leads))
            write_checks(archive, [run_stages(found)], OURS)
    merge(*pair)
    merged = rows(
        pair[0], "SELECT url, published_at, published_offset FROM urls WHERE published_at NOT NULL"
    )
    assert sorted(merged) == [
        ("https://minato.example/known", "2026-03-01T06:00:00Z", None),
        ("https://minato.example/undated", *tokyo),
    ]


def test_articles_of_another_archive_are_no_news_for_alerts(pair):
    ours, theirs = pair
    edited(
        ours,
        lambda db: db.execute(
            """INSERT INTO alerts (kind, subject, created_at, after_article_id, after_revision_id)
            VALUES ('search', 'ferry', '', 2, 0)"""
        ),
    )
    merge(ours, theirs)
    assert rows(ours, "SELECT after_article_id FROM alerts") == [(3,)]


# -- what is left out or refused -------------------------------------------------------------------


def test_an_article_that_was_removed_here_does_not_come_back(pair):
    ours, theirs = pair
    key = url_key(LOOKS[2].url)
    edited(
        ours,
        lambda db: (
            db.execute(
                """INSERT INTO removals (id, article_id, reason, removed_at, method)
                VALUES (1, 999, 'letter', '2026-03-01T00:00:00Z', 'command')"""
            ),
            db.execute("INSERT INTO removed_urls VALUES (1, '', ?, NULL)", (key,)),
        ),
    )
    edited(
        theirs,
        lambda db: db.execute(
            """INSERT INTO urls (url, url_key, outlet_id, role, found_at, state)
            VALUES (?, ?, 1, 'requested', '', 'pending')""",
            (f"{LOOKS[2].url}?from=feed", key),
        ),
    )
    [report] = merge(ours, theirs)
    assert rows(ours, "SELECT url FROM urls WHERE url_key = ?", key) == [], "nothing is fetched"
    assert report.removed == 1
    assert LOOKS[2].url not in ids(ours)
    with closing(sqlite3.connect(ours / "captures.db")) as captures:
        assert not captures.execute(
            "SELECT 1 FROM captures WHERE url = ?", (LOOKS[2].url,)
        ).fetchone()


def removed_from(folder: Path, url: str) -> None:
    with Archive(folder) as archive:
        [number] = archive.db.execute("SELECT id FROM articles WHERE url = ?", (url,)).fetchone()
        with transaction(archive.db) as db:
            remove_articles(db, [number], RemovalOrder("letter", "command"), OURS, url_key)
        assert finish_erasures(archive)


def test_an_article_that_any_of_the_archives_removed_comes_from_none_of_them(pair, tmp_path):
    """Whatever their order; a second merge changes nothing, and the removal can be undone."""
    laptop, desk = pair
    removed_from(desk, OTHER)
    merged = {}
    for name, others in (("one", (laptop, desk)), ("two", (desk, laptop))):
        with Archive(tmp_path / name):
            pass
        merged[name] = merge(tmp_path / name, *others)
        assert set(ids(tmp_path / name)) == {LOOKS[0].url, LOOKS[2].url}
        removed = rows(tmp_path / name, "SELECT reason, method FROM removals")
        assert removed == [("letter", "command")]
        again = merge(tmp_path / name, *others)
        assert not any(any(report.added.values()) for report in again)
        assert rows(tmp_path / name, "SELECT count(*) FROM removals") == [(1,)]
        assert examine_archive(tmp_path / name, OURS.texts, alone=True).sound
    assert [report.removed for report in merged["one"]] == [1, 0]
    assert merged["one"][1].added["removals"] == 1
    [former_id] = rows(tmp_path / "one", "SELECT article_id FROM removals")[0]
    assert former_id not in ids(tmp_path / "one").values()


def test_an_article_that_is_here_and_was_removed_there_is_kept_and_listed(pair):
    ours, theirs = pair
    removed_from(theirs, OTHER)
    [report] = merge(ours, theirs)
    [conflict] = report.conflicts
    number = ids(ours)[OTHER]
    assert (conflict.kind, conflict.subject) == ("removal", OTHER)
    assert f"`dateline remove {number} --reason TEXT`" in str(conflict.ours)
    assert "letter" in str(conflict.theirs)
    assert rows(ours, "SELECT 1 FROM removals") == []
    removed_from(ours, OTHER)
    [report] = merge(ours, theirs)
    assert (report.conflicts, report.known["removals"]) == ([], 1)
    assert rows(ours, "SELECT count(*) FROM removals") == [(1,)]


def test_no_page_of_an_article_that_stays_out_is_kept_at_any_of_its_urls(pair):
    """The other archive fetched it at a URL that the removal does not know."""
    ours, theirs = pair
    other_url = "https://ridge.example/print/2"
    fetched = Capture(other_url, b"<p>another print of it</p>", fetched_at="2026-03-01T07:00:00Z")
    with Archive(theirs) as archive:
        archive.captures.store([fetched])
        archive.db.execute(
            """INSERT INTO urls (url, url_key, outlet_id, article_id, kind, role, found_at, state)
            SELECT ?, ?, outlet_id, article_id, kind, 'twin', found_at, state FROM urls
            WHERE url = ?""",
            (other_url, url_key(other_url), OTHER),
        )
    removed_from(ours, OTHER)
    [report] = merge(ours, theirs)
    assert report.removed == 1
    with closing(sqlite3.connect(ours / "captures.db")) as captures:
        urls = {url for (url,) in captures.execute("SELECT url FROM captures")}
    assert urls == {LOOKS[0].url, LOOKS[2].url}


def test_boilerplate_of_articles_that_are_left_out_belongs_to_the_newest_other_or_is_left_out(
    pair,
):
    ours, theirs = pair
    at = ids(theirs)

    def add(db: sqlite3.Connection) -> None:
        [outlet] = db.execute(
            "SELECT outlet_id FROM articles WHERE id = ?", (at[OTHER],)
        ).fetchone()
        for number in (1, 2):
            db.execute(
                """INSERT INTO boilerplate_lines (outlet_id, line_hash, text, article_id)
                VALUES (?, ?, ?, 999)""",
                (outlet, number, f"Line {number}"),
            )
        db.execute(
            "INSERT INTO removed_lines (article_id, line_hash, line_number) VALUES (?, 1, 1)",
            (at[OTHER],),
        )

    edited(theirs, add)
    edited(
        ours,
        lambda db: db.execute(
            "INSERT INTO removed_lines (article_id, line_hash, line_number) VALUES (?, 1, 1)",
            (ids(ours)[OTHER],),
        ),
    )
    merge(ours, theirs)
    found = rows(ours, "SELECT line_hash, article_id FROM boilerplate_lines")
    assert found == [(1, ids(ours)[OTHER])]
    assert examine_archive(ours, OURS.texts, alone=True).sound


def test_an_archive_of_an_older_version_is_migrated_in_a_copy_alone(tmp_path):
    ours, theirs = archive_of(tmp_path / "a", LOOKS[:1]), tmp_path / "b"
    older = DatabaseSchema(ARCHIVE_SCHEMA.name, ARCHIVE_SCHEMA.steps[:17])
    with closing(open_database(theirs / "archive.db", older)) as db:
        db.execute(
            "INSERT INTO outlets (host, added_at) VALUES ('old.example', '2020-01-01T00:00:00Z')"
        )
        db.execute(
            """INSERT INTO articles (outlet_id, url, headline, fetched_at, text, fingerprint)
            VALUES (1, 'https://old.example/1', 'Old', '2020-01-01T00:00:00Z', ?, ?)""",
            (story(9), text_fingerprint(story(9))),
        )
    before = (theirs / "archive.db").read_bytes()
    merge(ours, theirs)
    assert "https://old.example/1" in ids(ours)
    assert (theirs / "archive.db").read_bytes() == before
    assert not list(ours.glob(".merging*"))


def test_an_error_while_an_older_archive_is_merged_is_not_taken_for_one_of_its_copy(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    older = DatabaseSchema(ARCHIVE_SCHEMA.name, ARCHIVE_SCHEMA.steps[:17])
    open_database(theirs / "archive.db", older).close()
    for error in (sqlite3.OperationalError("no such table: ferries"), OSError("no ferry")):
        with (
            pytest.raises(type(error), match=str(error)),
            open_other_archive(theirs, tmp_path),
        ):
            raise error


def test_an_archive_of_a_newer_version_the_archive_itself_and_no_archive_are_refused(tmp_path):
    ours, newer = archive_of(tmp_path / "a", LOOKS[:1]), archive_of(tmp_path / "b", LOOKS[:1])
    with closing(sqlite3.connect(newer / "archive.db")) as db:
        db.execute("UPDATE _sqlite_migrations SET name = 'm999_x' WHERE name = 'm001_first_tables'")
        db.commit()
    with pytest.raises(NewerArchiveError):
        merge(ours, newer)
    with pytest.raises(UsageError, match="the archive itself"):
        merge(ours, ours)
    with pytest.raises(ArchiveError):
        merge(ours, tmp_path / "c")


def test_a_damaged_page_is_reported_and_the_rest_is_merged(pair):
    ours, theirs = pair
    with closing(open_database(theirs / "captures.db", CAPTURES_SCHEMA)) as captures:
        captures.execute("UPDATE bodies SET body = x'00' WHERE id = 1")
    [report] = merge(ours, theirs)
    assert [each.kind for each in report.conflicts] == ["page"]
    assert LOOKS[2].url in ids(ours)


def test_pages_that_either_archive_moved_to_a_file_are_known_to_be_there_and_not_stored_again(
    tmp_path,
):
    """Ours moved its first page, and theirs the third; both have the second."""
    ours, theirs = archive_of(tmp_path / "a", LOOKS), archive_of(tmp_path / "b", LOOKS[:2])
    with Archive(ours) as archive:
        move_captures(archive, tmp_path / "ours.warc.gz", "2026-03-01T00:30:00Z", remove=True)
    with Archive(theirs) as archive:
        move_captures(archive, tmp_path / "theirs.warc.gz", "2026-04-01", remove=True)
    shutil.copytree(ours, tmp_path / "c")
    merge(ours, theirs)
    assert len(rows(ours, "SELECT 1 FROM moved_pages")) == 1, "the second is stored here"
    merge(theirs, tmp_path / "c")
    with closing(sqlite3.connect(theirs / "captures.db")) as captures:
        assert captures.execute("SELECT url FROM captures").fetchall() == [(LOOKS[2].url,)]
    assert examine_archive(theirs, OURS.texts, alone=True).sound


def test_pages_that_either_archive_pruned_are_known_to_be_gone_and_not_stored_again(tmp_path):
    """Ours pruned its first page, and theirs the third; both know all three articles."""
    ours, theirs = archive_of(tmp_path / "a", LOOKS), archive_of(tmp_path / "b", LOOKS)
    for folder, look in ((ours, LOOKS[0]), (theirs, LOOKS[2])):
        with Archive(folder) as archive:
            archive.captures.delete(
                row[0]
                for row in archive.captures.connection.execute(
                    "SELECT id FROM captures WHERE url = ?", (look.url,)
                ).fetchall()
            )
            archive.db.execute(
                "INSERT INTO pruned_bodies VALUES (?, '2026-04-01')", (look.check().digest,)
            )
    merge(ours, theirs)
    assert rows(ours, "SELECT digest FROM pruned_bodies") == [(LOOKS[0].check().digest,)]
    with closing(sqlite3.connect(ours / "captures.db")) as captures:
        assert captures.execute("SELECT count(*) FROM captures").fetchone() == (2,)
    new = archive_of(tmp_path / "c", [])
    merge(new, theirs)
    assert rows(new, "SELECT digest FROM pruned_bodies") == [(LOOKS[2].check().digest,)]
    assert examine_archive(new, OURS.texts, alone=True).sound
    with Archive(new) as archive:
        write_checks(archive, [LOOKS[2].check()], OURS)
    assert rows(new, "SELECT digest FROM pruned_bodies") == [], "its loss would be a loss now"


@pytest.mark.slow
@pytest.mark.parametrize("at", [2, 4, 7])
def test_a_merge_that_is_killed_is_finished_by_the_next(tmp_path, monkeypatch, at):
    looks = [Look(n, f"https://{host}/news/{n % 5}", n % 5, n // 5) for n, host in
             enumerate((HOSTS * 6)[:16])]  # fmt: skip
    first, second = looks[::2], looks[1::2]
    ours, theirs = archive_of(tmp_path / "a", first), archive_of(tmp_path / "b", second)
    whole = Path(shutil.copytree(ours, tmp_path / "whole"))
    merge(whole, theirs)
    monkeypatch.setattr(merge_articles, "MERGED_ARTICLES_PER_TRANSACTION", 2)
    monkeypatch.setattr(merge_captures, "MERGED_CAPTURES_PER_TRANSACTION", 2)
    step = merge_articles._merge_article
    monkeypatch.setattr(merge_articles, "_merge_article", killing_function(step, at))
    assert killed_by(lambda: merge(ours, theirs))
    monkeypatch.setattr(merge_articles, "_merge_article", step)
    assert examine_archive(ours, OURS.texts, alone=True).sound
    merge(ours, theirs)
    assert_same(ours, whole)


def test_snapshots_at_other_archives_are_taken_over_and_the_earlier_one_counts(pair):
    ours, theirs = pair
    add = """INSERT INTO deposits (article_id, service, url, state, snapshot_url, snapshot_at)
        SELECT id, 'wayback', url, ?, ?, ? FROM articles WHERE url = ?"""
    both = min(set(ids(ours)) & set(ids(theirs)))
    other = min(set(ids(theirs)) - {both})
    for folder, day in ((ours, "2026-03-03"), (theirs, "2026-03-02")):
        with Archive(folder) as archive:
            archive.db.execute(add, ("done", f"https://keeper.example/{day}", day, both))
    with Archive(theirs) as archive:
        archive.db.execute(add, ("done", "javascript:alert(1)", "2026-03-01", other))
    merge(ours, theirs)
    before = rows(ours, "SELECT article_id, snapshot_url FROM deposits")
    assert [url for _, url in map(tuple, before)] == ["https://keeper.example/2026-03-02"]
    merge(ours, theirs)
    assert rows(ours, "SELECT article_id, snapshot_url FROM deposits") == before
