"""Crawls that a timer starts: only what is due, no more than the budget, and why each source is
looked at when."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

from demo.web import Page, serve
from tests.stories import NOW, outlet, page, world


def asked(web, path: str) -> list[int]:
    return [request.status for request in web.requests if request.path.endswith(path)]


def test_a_source_is_asked_when_its_turn_has_come_and_says_why_then(dateline):
    """Five items an hour apart: it is due again half an hour later, and not before."""
    with serve(world(outlet(sitemap=None)), now=NOW) as web:
        run = dateline(web)
        run.knows()
        before = len(asked(web, "/feed.xml"))
        run.at(NOW)
        assert "5" in run("crawl", "--due", "--delay", "0").stdout
        run.at(NOW + timedelta(minutes=20))
        idle = run("crawl", "--due", "--delay", "0").stdout
        assert len(asked(web, "/feed.xml")) == before + 1
        assert idle.startswith("Nothing is due. The next source is fetched after 2026-03-10T12:")
        run.at(NOW + timedelta(minutes=40))
        run("crawl", "--due", "--delay", "0")
    assert asked(web, "/feed.xml")[before:] == [200, 304]
    (source,) = json.loads(run("outlet", "list", "--sources", "--json").stdout)
    assert source["due_reason"] == "an item every 1 h 8 min"
    assert "an item every" in run("outlet", "list", "--sources").stdout


def test_a_source_that_fails_is_asked_more_rarely_and_never_given_up(dateline):
    broken = Page("/feed.xml", body=b"", status=500)
    with serve(world(outlet(sitemap=None, pages=(page(1), broken))), now=NOW) as web:
        run = dateline(web)
        run.knows()
        waits = []
        moment = NOW
        for _ in range(3):
            run.at(moment)
            run("crawl", "--due", "--delay", "0")
            (source,) = run.rows("SELECT due_at, due_reason FROM urls WHERE role = 'source'")
            due = type(NOW).fromisoformat(source["due_at"])
            waits.append(due - moment)
            moment = due
    assert source["due_reason"] == "failed 3 times in a row"
    assert timedelta(hours=1) < waits[0] < waits[1] < waits[2] < timedelta(hours=10)


def test_articles_whose_turn_it_is_are_due_too_and_an_unchanged_one_is_not_read_again(dateline):
    with serve(world(outlet(many=1, validators=False)), now=NOW) as web:
        run = dateline(web)
        run.knows()
        run.at(NOW)
        run("crawl", "--due", "--delay", "0")
        run.at(NOW + timedelta(hours=3))
        run("crawl", "--due", "--delay", "0")
    outcomes = run.column(
        "SELECT c.outcome FROM fetches c JOIN urls u ON u.id = url_id WHERE kind = 'page' ORDER BY c.id"
    )
    assert outcomes == ["new", "unchanged"]
    assert run.column("SELECT count(*) FROM revisions") == [0]


def test_a_budget_ends_a_crawl_with_the_newest_and_the_next_goes_on(dateline):
    with serve(world(outlet(many=8), replace(outlet(many=3), host="quay.example")), now=NOW) as web:
        run = dateline(web)
        run.knows("harbour.example", "quay.example")
        told = run("crawl", "--budget", "4", "--delay", "0").stdout
        assert "the budget of 4 pages is spent" in told
        assert run.column("SELECT count(*) FROM articles") == [4]
        newest = run.column("SELECT DISTINCT published_at FROM articles ORDER BY 1 DESC")
        assert run.column("SELECT state FROM crawls ORDER BY id DESC LIMIT 1") == ["stopped"]
        run("crawl", "--outlet-budget", "3", "--delay", "0")
        counts = run.rows(
            "SELECT host, count(*) FROM articles JOIN outlets o ON o.id = outlet_id GROUP BY 1 ORDER BY 1"
        )
    assert newest == ["2026-03-10T11:00:00Z", "2026-03-10T10:00:00Z"]
    assert {row[0]: row[1] for row in counts} == {"harbour.example": 5, "quay.example": 3}


def test_options_that_say_nothing_together_are_told_in_a_line(dateline):
    run = dateline()
    for words in (
        ["--due", "http://harbour.example/"],
        ["--ask", "gdelt"],
        ["--story", "x", "--due"],
    ):
        told = run("crawl", *words, code=2)
        assert told.stderr.count("\n") == 1, told.stderr
