"""Removing an article on its page, and what its address answers afterwards."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.removal import serving
from archive.removal.serving import RemovalPolicies, set_removal_policies
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.storage.snapshot import archive_snapshot
from pipelines.policies import archive_policies
from pipelines.urls import url_key
from tests.archive.room import STORY, furnish
from tests.archive.served import VERSION_0, Visitor

REASON = "A letter of <3 March>"
ADDRESSES = (
    "/archive/articles/1",
    "/archive/articles/1.json",
    "/archive/articles/1/revisions",
    "/archive/articles/1/beside/7",
    "/archive/articles/1/cite.ris",
    "/archive/articles/1/capture",
)


@pytest.fixture
def room(folder: Path) -> Path:
    return furnish(folder)


@pytest.fixture(autouse=True)
def served_policies() -> Iterator[None]:
    """What `dateline serve` hands in."""
    set_removal_policies(RemovalPolicies(archive_policies, url_key))
    yield
    set_removal_policies(None)


def removed(room: Path) -> Visitor:
    """A visitor who removed article 1, after the erasure has ended."""
    visitor = Visitor(room)
    visitor.send("remove", {"article": "1", "reason": REASON})
    for thread in threading.enumerate():
        if thread.name == "dateline-erase":
            thread.join()
    return visitor


def test_the_page_of_an_article_offers_its_removal_to_those_who_may(room: Path) -> None:
    page = Visitor(room).get("/archive/articles/1").text
    assert 'action="/archive/-/remove"' in page
    assert "Remove for good" in page
    for actor in (None, "mara"):
        assert "/-/remove" not in Visitor(room, actor).get("/archive/articles/1").text


def test_a_plain_datasette_offers_no_removal_and_makes_none(room: Path) -> None:
    set_removal_policies(None)
    visitor = Visitor(room)
    assert "/-/remove" not in visitor.get("/archive/articles/1").text
    answer = visitor.send("remove", {"article": "1", "reason": REASON})
    assert answer.headers["location"] == "/archive/articles/1"
    assert "dateline remove 1" in visitor.get("/archive/articles/1").text


def test_a_removed_article_is_gone_from_the_archive_at_once(room: Path) -> None:
    visitor = Visitor(room)
    answer = visitor.send("remove", {"article": "1", "reason": REASON})
    assert (answer.status_code, answer.headers["location"]) == (302, "/archive/-/home")
    assert "Article 1 is removed for good." in visitor.get("/archive/-/home").text
    assert visitor.rows("SELECT id FROM articles WHERE id = 1") == []
    assert visitor.rows("SELECT article_id, reason, method, removed_by FROM removals") == [
        (1, REASON, "page", "root")
    ]
    assert visitor.get(f"/archive/-/story/{STORY}").status_code == 200


def test_a_removal_on_the_page_names_what_it_does_not_reach(room: Path) -> None:
    with closing(open_database(room / "archive.db", ARCHIVE_SCHEMA)) as db:
        digest = db.execute("SELECT digest FROM articles WHERE id = 1").fetchone()[0]
        db.execute("INSERT INTO warc_files VALUES (1, '/cold/pages.warc.gz', '', 1, 1, '')")
        db.execute("INSERT INTO moved_pages VALUES (?, 1)", [digest])
        db.execute(
            """INSERT INTO deposits (article_id, service, url, state, snapshot_url, snapshot_at)
            VALUES (1, 'wayback', '', 'done', 'https://keeper.example/web/1', '')"""
        )
    told = removed(room).get("/archive/-/home").text
    assert "Stored pages of what was removed are also in /cold/pages.warc.gz." in told
    assert "Another archive keeps https://keeper.example/web/1; only it can remove that." in told


@pytest.mark.parametrize("path", ADDRESSES)
def test_its_addresses_answer_gone_with_the_reason(room: Path, path: str) -> None:
    answer = removed(room).get(path)
    assert answer.status_code == 410
    assert "Article 1 was removed from this archive" in answer.text or path.endswith(".json")
    assert "letter of" in answer.text
    assert "<3 March>" not in answer.text or path.endswith(".json")


def test_other_missing_articles_are_still_not_found(room: Path) -> None:
    visitor = removed(room)
    assert visitor.get("/archive/articles/999").status_code == 404
    assert visitor.get("/archive/articles/2").status_code == 200


def test_a_removal_without_reason_removes_nothing(room: Path) -> None:
    visitor = Visitor(room)
    visitor.send("remove", {"article": "1", "reason": "  "})
    page = visitor.get("/archive/articles/1")
    assert page.status_code == 200
    assert "a removal needs a reason" in page.text
    visitor.send("remove", {"article": "999", "reason": REASON})
    assert visitor.rows("SELECT count(*) FROM removals") == [(0,)]


def test_a_removal_that_a_locked_archive_hinders_says_so_and_removes_nothing(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    visitor = Visitor(room)
    monkeypatch.setattr(serving, "remove_articles", locked)
    answer = visitor.send("remove", {"article": "1", "reason": REASON})
    assert answer.status_code == 503
    assert "could not be saved (database is locked)" in answer.text
    assert visitor.get("/archive/articles/1").status_code == 200


def test_the_erasure_leaves_nothing_to_do(room: Path) -> None:
    assert removed(room).rows("SELECT * FROM erasures") == []


def test_a_public_copy_says_that_it_was_removed_and_not_why(room: Path) -> None:
    removed(room)
    with archive_snapshot(room) as copy:
        assert b"letter of" not in copy.read_bytes()
        config = {"plugins": {"dateline": {"public": True}}}
        given = {"metadata": config} if VERSION_0 else {"config": config}
        stranger = Visitor(copy.parent, None, immutable=True, **given)
        for path in (*ADDRESSES[:1], *ADDRESSES[2:5]):
            answer = stranger.get(path)
            assert answer.status_code == 410, path
            assert "was removed from this archive" in answer.text
            assert "letter" not in answer.text
        assert "Ferry crews strike" not in stranger.get("/archive/-/search?words=ferry").text
