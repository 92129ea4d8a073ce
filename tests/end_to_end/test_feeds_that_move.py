"""A feed that is led elsewhere day by day, in a circle, to a page, and back: it stays the one
source that was added."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from demo.strangers import Answer, stranger
from tests.conftest import Dateline
from tests.end_to_end.test_hostile_web import html, knows, rss

FEED = "http://courier.example/feed"
MOVED = "http://new.example/feed.xml"
THIRD = "http://third.example/rss"
MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def feed(*numbers: int) -> Answer:
    return Answer(200, rss(*(f"http://courier.example/{number}" for number in numbers)))


def to(url: str, status: int = 301) -> Answer:
    return Answer(status, headers={"Location": url})


DAYS = {
    "at home": ({FEED: feed(1)}, "listed"),
    "moved for good": ({FEED: to(MOVED), MOVED: feed(1, 2)}, "listed"),
    "for good, in two steps": (
        {FEED: to(MOVED, 308), MOVED: to(THIRD), THIRD: feed(1, 2)},
        "listed",
    ),
    "elsewhere for now": ({FEED: to(THIRD, 302), THIRD: feed(2, 3)}, "listed"),
    "in a circle": ({FEED: to(MOVED), MOVED: to(FEED)}, "refused"),
    "to itself": ({FEED: to(FEED, 302)}, "refused"),
    "to a page": ({FEED: to("http://courier.example/1")}, "failed"),
    "a page": ({FEED: html(9)}, "failed"),
    "to nowhere": ({FEED: to("http://gone.example/feed")}, "gone"),
    "home again": ({FEED: feed(1, 2, 3, 4)}, "listed"),
}
FOR_GOOD = {"moved for good": MOVED, "for good, in two steps": THIRD}


@pytest.mark.timeout(600)
def test_a_feed_that_is_led_about_for_days_stays_one_source_and_its_articles_are_had_once(tmp_path):
    pages = {f"http://courier.example/{number}": html(number) for number in range(1, 5)}
    with stranger({}) as there:
        run = Dateline(
            tmp_path / "archive", None, {"http_proxy": there.url, "https_proxy": there.url}
        )
        knows(run, "courier.example", (FEED, "feed"))
        for day, (name, (says, outcome)) in enumerate(DAYS.items()):
            there.says = {**pages, **says}
            there.asked.clear()
            run.at(MONDAY + timedelta(days=day))
            told = run("crawl", "--due", "--delay", "0").stdout
            ways = [url for url in there.asked if url in (FEED, MOVED, THIRD)]
            assert ways, name
            assert len(ways) <= (9 if outcome == "refused" else len(says)), name
            [look] = run.rows(
                """SELECT c.outcome, c.reason FROM fetches c JOIN urls u ON u.id = c.url_id
                WHERE u.url = ? ORDER BY c.id DESC LIMIT 1""",
                FEED,
            )
            assert look["outcome"] == outcome, (name, *look)
            for text in (told, look["reason"] or ""):
                assert (f"moved permanently to {FOR_GOOD.get(name)}" in text) is (
                    name in FOR_GOOD
                ), name
            assert run.column("SELECT url FROM urls WHERE role = 'source'") == [FEED]
    assert run.column("SELECT url FROM articles ORDER BY id") == list(pages)
    assert run.column("SELECT count(*) FROM revisions") == [0]
    assert run.column("SELECT DISTINCT host FROM outlets") == ["courier.example"]


@pytest.mark.parametrize(
    "spelt", ["https://courier.example/feed", "http://www.courier.example/feed"]
)
def test_another_spelling_of_an_address_is_no_move(spelt):
    from scrapy.http import Request, Response

    from crawler.network.redirects import permanent_redirect

    def answer(url: str, *reasons: object) -> Response:
        return Response(
            url, request=Request(url, meta={"asked": FEED, "redirect_reasons": list(reasons)})
        )

    assert permanent_redirect(answer(spelt, 301)) is None
    assert permanent_redirect(answer(MOVED, 301, 308)) == MOVED
    assert permanent_redirect(answer(MOVED, 301, 302)) is None
    assert permanent_redirect(answer(MOVED, "meta refresh")) is None
    assert permanent_redirect(answer(MOVED)) is None
