"""Every search, outlet, story, event, question and list of findings as an Atom feed, by a real
Datasette."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from archive.pages.feeds.atom import ATOM_NAMESPACE, MAX_ATOM_ENTRIES
from archive.storage.database import open_database
from archive.storage.schema import ARCHIVE_SCHEMA
from crawler.sources.feed_parser import parse_feed
from tests.archive.conftest import add_article
from tests.archive.room import STORY
from tests.archive.served import Get, configured, getter, reader_of

FEEDS = (
    "/archive/-/search.atom?words=ferry",
    "/archive/-/outlet/ridge.example.atom",
    f"/archive/-/story/{STORY}.atom",
    "/archive/-/event/1.atom",
    "/archive/-/events.atom?days=all",
    "/archive/-/changes.atom",
    "/archive/-/copies.atom?days=all",
    "/archive/newest.atom",
)
PAGES_OF_FEEDS = [path.replace(".atom", "") for path in FEEDS]
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def room(furnished_archive: Path) -> Path:
    return furnished_archive


@pytest.fixture(scope="module")
def get(room: Path) -> Get:
    return reader_of(room)


@pytest.fixture(scope="module")
def stranger(room: Path) -> Get:
    """Requests of a stranger to the same archive in public."""
    return getter(room / "archive.db", **configured({"plugins": {"dateline": {"public": True}}}))


def read(get: Get, path: str, **options: Any) -> ET.Element:
    answer = get(path, **options)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.text)


def texts(feed: ET.Element, name: str) -> list[str]:
    found = feed.iterfind(f"a:entry/a:{name}", {"a": ATOM_NAMESPACE})
    return [element.text or "" for element in found]


def links(element: ET.Element, relation: str) -> list[str]:
    found = element.iter(f"{{{ATOM_NAMESPACE}}}link")
    return [link.get("href", "") for link in found if link.get("rel") == relation]


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_is_valid_atom_that_readers_understand(get: Get, path: str) -> None:
    feed = read(get, path)
    ids, updated = texts(feed, "id"), texts(feed, "updated")
    assert ids
    assert len(set(ids)) == len(ids)
    assert all(
        id.startswith("urn:uuid:") for id in [*ids, feed.findtext(f"{{{ATOM_NAMESPACE}}}id")]
    )
    assert all(RFC3339.fullmatch(when) for when in updated)
    assert feed.findtext(f"{{{ATOM_NAMESPACE}}}updated") == max(updated)
    assert all(title.strip() for title in texts(feed, "title"))
    assert links(feed, "self") == [f"http://localhost{path}"]
    parsed = parse_feed(get(path).content, f"http://localhost{path}")
    assert len(parsed.leads) >= 1


@pytest.mark.parametrize("path", FEEDS)
def test_the_pages_that_a_feed_names_exist(get: Get, path: str) -> None:
    for href in set(links(read(get, path), "alternate")):
        assert get(href.removeprefix("http://localhost")).status_code == 200, href


@pytest.mark.parametrize("path", PAGES_OF_FEEDS)
def test_a_page_names_its_feed_in_the_head_and_to_the_reader(get: Get, path: str) -> None:
    page = get(path).text
    [head] = re.findall(
        r'<link rel="alternate" type="application/atom\+xml"[^>]* href="([^"]+)"', page
    )
    [seen] = re.findall(r'<a href="([^"]+)">Feed</a>', page)
    assert head == seen
    feed = read(get, head.replace("&amp;", "&"))
    assert links(feed, "self") == [f"http://localhost{head.replace('&amp;', '&')}"]


@pytest.mark.parametrize("path", FEEDS)
def test_a_reader_that_has_a_feed_already_gets_304(get: Get, path: str) -> None:
    first = get(path)
    again = get(path, headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.text) == (304, "")
    assert again.headers["etag"] == first.headers["etag"]
    assert get(path, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", FEEDS)
def test_strangers_may_read_the_feeds_of_a_public_archive(stranger: Get, path: str) -> None:
    assert read(stranger, path) is not None


def test_a_search_feed_has_the_filters_of_the_page_and_the_newest_first(get: Get) -> None:
    assert len(texts(read(get, "/archive/-/search.atom?words=ferry"), "id")) == 2
    limited = read(get, "/archive/-/search.atom?words=ferry&until=2024-02-15")
    assert texts(limited, "title") == ["Ferry crews strike"]
    assert texts(read(get, "/archive/-/search.atom?words=ferry&outlet=minato.example"), "id") == []


@pytest.mark.parametrize("query", ["words=-x", "words=ferry&since=soon", ""])
def test_a_search_that_cannot_be_made_has_no_feed(get: Get, query: str) -> None:
    answer = get(f"/archive/-/search.atom?{query}")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/archive/-/outlet/no.example.atom", "/archive/-/event/999.atom", "/archive/-/story/no.atom"],
)
def test_a_feed_of_nothing_is_not_found(get: Get, path: str) -> None:
    assert get(path).status_code == 404


def test_an_article_keeps_its_identity_from_feed_to_feed(get: Get) -> None:
    by_feed = [
        dict(zip(texts(feed, "title"), texts(feed, "id"), strict=True))["Ferry crews strike"]
        for feed in (read(get, path) for path in (FEEDS[0], FEEDS[2], FEEDS[3], FEEDS[7]))
    ]
    assert len(set(by_feed)) == 1


def test_a_change_is_told_with_its_words_and_without_those_for_screen_readers(get: Get) -> None:
    feed = read(get, "/archive/-/changes.atom?kind=silently")
    [title], [summary] = texts(feed, "title"), texts(feed, "summary")
    assert title == "ridge.example: headline, text, silently · Talks on Thursday"
    assert ("<del>Monday</del>" in summary, "<ins>Thursday</ins>" in summary) == (True, True)
    assert "spoken" not in summary


def test_what_outlets_write_stays_text(get: Get) -> None:
    feed = read(get, "/archive/-/outlet/ridge.example.atom")
    assert '<script>alert("x")</script>' in texts(feed, "title")
    assert "javascript:alert(1)" not in links(feed, "via")
    changes = "".join(texts(read(get, "/archive/-/changes.atom"), "summary"))
    assert "<script" not in changes


def test_a_question_about_articles_has_a_feed_with_its_columns(get: Get) -> None:
    feed = read(get, "/archive/newest.atom")
    assert texts(feed, "title")[0] == "Talks on Thursday fail"
    assert "also in: 0" in texts(feed, "summary")[0]
    repeated = read(get, "/archive/revised.atom")
    assert len(set(texts(repeated, "id"))) == 3  # article 8 changed twice


def test_a_question_about_something_else_has_none(get: Get) -> None:
    answer = get("/archive/silent_outlets.atom")
    assert answer.status_code == 400
    assert "Traceback" not in answer.text


def test_a_feed_ends_after_fifty_entries(room: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(room / "archive.db")) as source:
        source.execute("VACUUM INTO ?", [str(tmp_path / "archive.db")])
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        for id in range(20, 30 + MAX_ATOM_ENTRIES):
            add_article(
                db, id, {"outlet_id": 3, "headline": f"Ferry {id}", "text": f"The ferry, {id}."}
            )
    feed = read(getter(tmp_path / "archive.db"), "/archive/-/search.atom?words=ferry")
    assert len(texts(feed, "id")) == MAX_ATOM_ENTRIES
    assert texts(feed, "title")[0] == f"Ferry {29 + MAX_ATOM_ENTRIES}"
