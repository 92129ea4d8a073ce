"""Dates of feeds that are always now count no more, until they are right again; and m. hosts are no
outlets."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from archive.frontier.hosts import bare_host, is_mobile_host
from archive.frontier.urls import (
    add_outlet,
    add_source,
    lease_pages,
    outlet_id_of_url,
    queue_leads,
    record_check,
)
from archive.records import Check, Lead, Outcome, Outlet, Source
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA

FEED = "http://harbour.example/feed"
INDEX = "http://harbour.example/sitemap.xml"
PAGES = 20


class Desk:
    """The frontier, as crawls use it: at each hour a source is read, and then what waits is looked
    at."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        with transaction(db):
            add_source(db, Source(FEED, "feed", "harbour.example", url_key="harbour.example/feed"))

    def crawl(
        self,
        hour: int,
        dates: dict[int, str] | None = None,
        found_on: str = FEED,
        changed: frozenset[int] = frozenset(),
    ) -> int:
        """The number of pages that were asked for; `dates` are those of the source, of this hour if
        None."""
        now = f"2026-03-10T{hour:02}:00:00Z"
        dates = dates if dates is not None else dict.fromkeys(range(PAGES), now)
        with transaction(self.db) as db:
            queue_leads(db, [self.lead(number, at, found_on) for number, at in dates.items()])
        asked = 0
        while True:
            with transaction(self.db) as db:
                taken = lease_pages(db, 64, 8)
                for waiting in taken:
                    number = int(waiting.lead.url.rsplit("/", 1)[1])
                    known = db.execute(
                        "SELECT fetched_at FROM urls WHERE url = ?", (waiting.lead.url,)
                    ).fetchone()[0]
                    outcome: Outcome = (
                        "new" if known is None else "changed" if number in changed else "unchanged"
                    )
                    check = Check(waiting.lead.url, outcome, now, 200, url_key=waiting.lead.url_key)
                    record_check(db, check, None, None)
            asked += len(taken)
            if not taken:
                return asked

    @staticmethod
    def lead(number: int, at: str, found_on: str) -> Lead:
        url = f"http://harbour.example/news/{number}"
        return Lead(
            url, "feed", found_on=found_on, modified_at=at, url_key=url.removeprefix("http://")
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        yield Desk(db)


def test_dates_that_are_always_now_are_believed_a_few_times(desk: Desk):
    assert desk.crawl(1) == PAGES
    assert desk.crawl(2) <= 8  # six that prove wrong, and those that were under way by then
    assert [desk.crawl(hour) for hour in range(3, 8)] == [2] * 5


def test_a_source_that_becomes_honest_is_believed_again(desk: Desk):
    for hour in range(1, 5):
        desk.crawl(hour)
    old = "2026-03-01T08:00:00Z"
    honest = dict.fromkeys(range(PAGES), old)
    assert desk.crawl(5, honest) == 0
    assert desk.crawl(6, honest | {11: "2026-03-10T05:30:00Z"}, changed=frozenset({11})) == 1
    many = dict.fromkeys(range(5, 12), "2026-03-10T06:30:00Z")
    assert desk.crawl(7, honest | many, changed=frozenset(many)) == 7


def test_a_date_that_was_passed_over_is_news_still_once_the_source_is_believed(desk: Desk):
    for hour in range(1, 4):
        desk.crawl(hour)
    late = dict.fromkeys(range(PAGES), "2026-03-10T03:30:00Z")
    assert desk.crawl(4, late, changed=frozenset(range(PAGES))) == 2
    assert desk.crawl(5, late, changed=frozenset(range(PAGES))) == PAGES - 2


def test_one_source_that_errs_says_nothing_of_another(desk: Desk):
    for hour in range(1, 4):
        desk.crawl(hour)
    with transaction(desk.db) as db:
        add_source(
            db,
            Source(
                "http://harbour.example/atom",
                "feed",
                "harbour.example",
                url_key="harbour.example/atom",
            ),
        )
    assert desk.crawl(5, found_on="http://harbour.example/atom") >= 6


def test_the_sitemaps_of_an_index_err_as_one(desk: Desk):
    children = [f"http://harbour.example/sitemap-{number}.xml" for number in range(3)]
    with transaction(desk.db) as db:
        add_source(
            db, Source(INDEX, "sitemap", "harbour.example", url_key="harbour.example/sitemap.xml")
        )
        queue_leads(
            db, [Lead(url, "sitemap", INDEX, "sitemap", url_key=url[7:]) for url in children]
        )
    for hour in range(1, 3):
        desk.crawl(hour, found_on=children[0])
    assert desk.crawl(3, found_on=children[1]) == 2
    assert desk.db.execute("SELECT source_url FROM unreliable_sources").fetchall()[0][0] == INDEX


def test_a_page_that_somebody_asks_for_is_looked_at_whatever_its_feed_is_worth(desk: Desk):
    for hour in range(1, 4):
        desk.crawl(hour)
    url = "http://harbour.example/news/19"
    with transaction(desk.db) as db:
        assert queue_leads(db, [Lead(url, "given", url_key=url[7:])]) == 1


# -- hosts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    ["m.courier.example", "amp.courier.example", "mobile.courier.example", "www.m.courier.example"],
)
@pytest.mark.parametrize("proper", ["www.courier.example", "courier.example"])
def test_an_outlet_that_is_met_at_a_twin_host_takes_the_name_of_its_proper_host(
    desk: Desk, first: str, proper: str
):
    with transaction(desk.db) as db:
        id = outlet_id_of_url(db, f"http://{first}/news/1")
        assert outlet_id_of_url(db, f"http://{proper}/news/1") == id
        assert outlet_id_of_url(db, f"https://{first}/news/2") == id
        assert db.execute("SELECT host FROM outlets WHERE id = ?", (id,)).fetchone()[0] == proper


def test_an_outlet_that_is_added_under_its_proper_host_is_the_one_that_was_met_before(desk: Desk):
    with transaction(desk.db) as db:
        id = outlet_id_of_url(db, "http://m.courier.example/news/1")
        assert add_outlet(db, Outlet("www.courier.example", "The Courier")) == id
        assert add_outlet(db, Outlet("m.courier.example")) == id
        row = db.execute("SELECT host, name FROM outlets WHERE id = ?", (id,)).fetchone()
        assert tuple(row) == ("www.courier.example", "The Courier")


@pytest.mark.parametrize(
    ("host", "bare", "twin"),
    [
        ("m.courier.example", "courier.example", True),
        ("en.m.courier.example", "en.courier.example", True),
        ("www.courier.example", "courier.example", False),
        ("m.courier.co.uk", "courier.co.uk", True),
        ("m.co.uk", "m.co.uk", False),
        ("m.example", "m.example", False),
        ("amp.example:8080", "amp.example:8080", False),
        ("sport.courier.example", "sport.courier.example", False),
        ("localhost", "localhost", False),
    ],
)
def test_labels_that_only_say_how_a_page_is_shown_are_no_part_of_an_outlet(
    host: str, bare: str, twin: bool
):
    assert (bare_host(host), is_mobile_host(host)) == (bare, twin)
