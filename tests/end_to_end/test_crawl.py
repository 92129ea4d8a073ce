"""Crawls from end to end: the real command, a real web on loopback, a real archive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from demo.web import Outlet, Page, Web, serve
from tests.paths import ROOT
from tests.stories import NOW, outlet, page, story, world


def pages_asked(web: Web) -> list[str]:
    return [url for url in web.asked() if "/news/" in url]


def test_a_crawl_keeps_what_feed_and_sitemap_list(dateline):
    with serve(world()) as web:
        run = dateline(web)
        run("outlet", "add", "harbour.example")
        told = run.crawl().stdout
    rows = run.rows(
        "SELECT headline, text, published_at, authors, language FROM articles ORDER BY published_at"
    )
    assert [row["headline"] for row in rows] == [
        page(number).headline for number in (5, 4, 3, 2, 1)
    ]
    assert rows[-1]["text"].split() == story(1).split()
    assert (rows[-1]["published_at"], rows[-1]["authors"]) == (
        "2026-03-10T11:00:00Z",
        '["Ida Berg"]',
    )
    assert told.splitlines()[1].split()[:3] == ["harbour.example", "5", "5"]


def test_a_second_crawl_of_an_unchanged_web_fetches_no_article_and_asks_for_the_rest_conditionally(
    dateline,
):
    with serve(world(outlet(sitemap="index"))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        web.requests.clear()
        run.crawl()
        asked = [request for request in web.requests if request.path != "/robots.txt"]
    assert pages_asked(web) == []
    assert asked
    assert all(request.conditional and request.status == 304 for request in asked)
    assert run.column("SELECT count(*) FROM articles") == [5]


def test_a_new_article_is_the_only_one_fetched(dateline):
    with serve(world(outlet(sitemap="index")), now=NOW - timedelta(minutes=90)) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        web.requests.clear()
        web.now = NOW
        run.crawl()
    assert pages_asked(web) == ["http://harbour.example/news/1001-ferry-landing"]
    assert run.column("SELECT count(*) FROM articles") == [5]


def test_from_sitemaps_only_what_is_newer_than_since_is_taken_and_the_rest_is_told(dateline):
    with serve(world(outlet(feed=None))) as web:
        run = dateline(web)
        run.knows()
        told = run("crawl", "--since", "2026-03-10T08:30", "--delay", "0").stdout
    assert run.column("SELECT count(*) FROM articles") == [3]
    assert "2 older than --since" in told


def test_what_could_not_be_had_is_recorded_with_its_reason_and_costs_the_others_nothing(dateline):
    broken = (
        page(11, status=500),
        page(12, status=404),
        page(13, cut=True),
        page(14, status=302, headers={"Location": "/news/1014-ferry-landing"}),
        page(15, body=b""),
        page(16, status=302, headers={"Location": "file:///etc/hostname"}),
        Page("/private/1", "Not for robots", story(7), NOW),
    )
    pages = (*(page(number) for number in range(1, 4)), *broken)
    with serve(world(outlet(pages=pages, robots="User-agent: *\nDisallow: /private/"))) as web:
        run = dateline(web)
        run.knows()
        told = run.crawl().stdout
        assert "http://harbour.example/private/1" not in web.asked()
    outcomes = {
        row["url"].split("/")[-1][:4]: (row["outcome"], row["reason"])
        for row in run.rows("SELECT * FROM urls")
    }
    assert run.column("SELECT count(*) FROM articles") == [3]
    assert outcomes["1011"] == ("failed", "HTTP 500")
    assert outcomes["1012"] == ("gone", "HTTP 404")
    assert outcomes["1013"] == ("failed", "the response was cut off")
    assert outcomes["1014"][0] == "refused"
    assert outcomes["1015"] == ("not article", "empty: no bytes")
    assert outcomes["1016"][0] in ("failed", "refused")
    assert outcomes["1"] == ("refused", "forbidden by robots.txt")
    assert "HTTP 500" in told


def test_a_failure_that_may_pass_is_tried_again_by_the_next_crawl(dateline):
    with serve(world(outlet(pages=(page(1, status=503, times=1),)))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        assert run.column("SELECT reason FROM urls WHERE outcome = 'failed'") == ["HTTP 503"]
        run.crawl()
    assert run.column("SELECT count(*) FROM articles") == [1]


def test_a_kill_amid_a_crawl_loses_no_article_and_stores_none_twice(dateline):
    pages = tuple(page(number, delay=0.05) for number in range(1, 41))
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        killed = run.start("crawl", "--since", "2000-01-01", "--delay", "0")
        while len(pages_asked(web)) < 15 and killed.poll() is None:
            time.sleep(0.01)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        before = run.column("SELECT url FROM articles")
        run.crawl()
        asked = Counter(pages_asked(web))
    assert len(before) < 40
    assert sorted(run.column("SELECT url FROM articles")) == sorted(
        f"http://harbour.example{each.path}" for each in pages
    )
    assert all(asked[url] == 1 for url in before), "what was kept is not fetched again"
    assert run.column("SELECT state FROM crawls ORDER BY id") == ["interrupted", "finished"]
    assert run.column("SELECT count(*) FROM urls WHERE state IN ('pending', 'leased')") == [0]
    assert run.column(
        "SELECT count(*) FROM urls WHERE state = 'done' AND kind = 'page' AND article_id IS NULL"
    ) == [0]


def test_a_second_crawl_at_the_same_time_says_who_holds_the_archive_and_exits_with_75(dateline):
    with serve(world(outlet(pages=(page(1, delay=20.0),)))) as web:
        run = dateline(web)
        run.knows()
        first = run.start("crawl", "--since", "2000-01-01", "--delay", "0")
        while not pages_asked(web) and first.poll() is None:
            time.sleep(0.01)
        second = run.crawl(code=75)
        first.kill()
        first.wait()
    assert f"process {first.pid}" in second.stderr
    assert len(second.stderr.splitlines()) == 1


def test_a_crawl_that_ran_out_of_time_says_so_and_the_next_takes_up_the_rest(dateline):
    pages = tuple(page(number, delay=1.0) for number in range(1, 21))
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        told = run.crawl("--max-time", "3s").stdout
        kept = run.column("SELECT count(*) FROM articles")[0]
        run.crawl()
    assert "the time was up" in told
    assert kept < 20
    assert run.column("SELECT count(*) FROM articles") == [20]
    assert run.column("SELECT state FROM crawls ORDER BY id") == ["stopped", "finished"]


def test_one_page_listed_under_many_addresses_is_fetched_once(dateline):
    with serve(world(outlet(tracking="utm_source=rss&utm_medium=feed"))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        asked = pages_asked(web)
    assert len(asked) == 5
    assert not any("utm_" in url for url in asked)


def test_a_server_that_wants_the_address_as_it_was_listed_gets_it(dateline):
    needy = Page("/news/7?utm_source=rss", "Headline with its tracking", story(7), NOW)
    bare = Page("/news/7", status=404)
    feed = (
        b"<rss version='2.0'><channel><title>T</title><item><title>Headline with its tracking</title>"
        b"<link>http://harbour.example/news/7?utm_source=rss</link></item></channel></rss>"
    )
    pages = (
        needy,
        bare,
        Page("/feed.xml", body=feed, headers={"Content-Type": "application/rss+xml"}),
    )
    with serve(world(outlet(pages=pages, sitemap=None))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    assert run.column("SELECT url FROM articles") == ["http://harbour.example/news/7"]


@pytest.mark.parametrize("thief_first", [True, False])
def test_a_page_that_names_another_outlets_article_its_canonical_neither_hides_nor_overwrites_it(
    dateline, thief_first
):
    theirs = "http://harbour.example/news/1001-ferry-landing"
    thief = Outlet(
        "thief.example",
        "Thief",
        pages=(Page("/stolen", "Buy now", story(30), NOW, canonical=theirs),),
    )
    with serve(world(thief, outlet(many=1))) as web:
        run = dateline(web)
        run.knows()
        hosts = ["thief.example", "harbour.example"]
        for host in hosts if thief_first else reversed(hosts):
            run.crawl("--outlet", host)
        run.crawl()
    rows = {row["url"]: row for row in run.rows("SELECT * FROM articles")}
    assert set(rows) == {theirs, "http://thief.example/stolen"}
    assert rows[theirs]["headline"] == page(1).headline
    assert rows["http://thief.example/stolen"]["canonical_url"] == theirs


def test_an_article_whose_slug_changed_is_the_same_article_if_number_and_text_agree(dateline):
    old, other = page(1, path="/news/41001-ferry-landing"), page(2)
    renamed = replace(
        old,
        path="/news/41001-ferry-landing-moves-after-all",
        headline="Ferry landing moves after all",
    )
    borrowed = replace(other, path="/news/41001-quite-another-story")
    with serve(world(outlet(pages=(old, renamed, borrowed)))) as web:
        run = dateline(web)
        for path in (old.path, renamed.path, borrowed.path):
            run("crawl", f"http://harbour.example{path}", "--delay", "0")
    assert run.column("SELECT headline FROM articles ORDER BY id") == [
        renamed.headline,
        other.headline,
    ]
    assert run.column("SELECT article_id FROM urls WHERE url LIKE '%/41001-%' ORDER BY id") == [
        1,
        1,
        2,
    ]


def test_one_canonical_on_all_pages_of_an_outlet_does_not_melt_them_into_one(dateline):
    pages = tuple(
        replace(page(number), canonical="http://harbour.example/news/live-coverage-page-of-the-day")
        for number in (1, 2, 3)
    )
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    assert run.column("SELECT count(*) FROM articles") == [3]


def test_pages_can_be_named_and_nothing_else_is_fetched(dateline):
    with serve(world()) as web:
        run = dateline(web)
        run(
            "crawl",
            "http://harbour.example/news/1002-ferry-landing?utm_source=mail",
            "--delay",
            "0",
        )
    assert pages_asked(web) == ["http://harbour.example/news/1002-ferry-landing"]
    assert run.column(
        "SELECT via FROM urls WHERE article_id IS NOT NULL AND role = 'requested'"
    ) == ["given"]


def test_a_changed_page_that_is_asked_for_again_changes_its_article(dateline):
    with serve(world(outlet(many=1))) as web:
        run = dateline(web)
        url = "http://harbour.example/news/1001-ferry-landing"
        run("crawl", url)
        web.world = world(outlet(pages=(page(1, headline="Ferry landing stays where it is"),)))
        web.__dict__.pop("outlets", None)
        run("crawl", url)
    assert run.column("SELECT headline FROM articles") == ["Ferry landing stays where it is"]
    assert run.column("SELECT outcome FROM fetches ORDER BY id") == ["new", "changed"]
    assert run.column("SELECT rowid FROM articles_fts WHERE articles_fts MATCH 'stays'") == [1]


def test_the_same_text_at_two_outlets_is_two_articles_and_a_relation(dateline):
    both = (
        outlet(many=1),
        Outlet("ferry.example", "Ferry News", pages=(page(1, headline="As the Post reports"),)),
    )
    with serve(world(*both)) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    assert run.column("SELECT count(*) FROM articles") == [2]
    assert [tuple(row) for row in run.rows("SELECT article_id, other_id, kind FROM relations")] == [
        (2, 1, "copy")
    ]


def test_the_outlet_reads_who_asks_and_whom_to_write_to(dateline):
    with serve(world()) as web:
        run = dateline(web, DATELINE_CONTACT="desk@paper.example")
        run("outlet", "add", "harbour.example")
        run.crawl()
        agents = {request.user_agent for request in web.requests}
    assert len(agents) == 1
    assert "Dateline/" in agents.pop()
    assert all("desk@paper.example" in request.user_agent for request in web.requests)


def test_outlets_are_found_by_host_and_one_that_is_not_there_is_told(dateline):
    with serve(world(outlet(feed="json", sitemap="news"))) as web:
        run = dateline(web)
        told = run("outlet", "add", "harbour.example", "nowhere.example", code=1)
        listed = run("outlet", "list").stdout
    assert told.stdout.strip() == "harbour.example: The Harbour Post · 1 feed, 1 sitemap"
    assert told.stderr.startswith("nowhere.example: ")
    assert "nowhere" not in listed
    assert "The Harbour Post" in listed


@pytest.mark.parametrize("words", [(), ("--budget", "200")])
def test_pages_are_asked_for_beside_the_feeds_of_others_unless_a_budget_is_to_be_shared_by_all(
    dateline, words
):
    outlets = [
        outlet(f"paper{number}.example", many=1, feed="rss", sitemap=None) for number in range(200)
    ]
    with serve(world(*outlets)) as web:
        run = dateline(web)
        run.knows(*(each.host for each in outlets))
        run.crawl(*words)
        asked = [request.path for request in web.requests if request.path != "/robots.txt"]
    first_page = next(number for number, path in enumerate(asked) if "/news/" in path)
    assert Counter("/news/" in path for path in asked) == {True: 200, False: 200}
    assert (first_page < 130) == (not words)  # with a budget the last 64 feeds may be under way


def test_every_spider_runs_as_scrapy_people_expect(dateline):
    root = ROOT
    with serve(world()) as web:
        run = dateline(web)
        run.knows()
        environment = run.environ() | {"PYTHONPATH": str(root)}
        scrapy = [sys.executable, "-m", "scrapy"]
        spiders = subprocess.run(
            [*scrapy, "list"], cwd=root, env=environment, capture_output=True, text=True, check=True
        )
        crawl = [*scrapy, "crawl", "sitemaps", "-a", "since=2000-01-01", "-s", "DOWNLOAD_DELAY=0"]
        subprocess.run(crawl, cwd=root, env=environment, capture_output=True, check=True)
    assert spiders.stdout.split() == [
        "discovery",
        "feeds",
        "investigate",
        "outlets",
        "pages",
        "sitemaps",
        "story",
    ]
    assert run.column("SELECT count(*) FROM articles") == [5]
    assert run.column("SELECT command FROM crawls") == ["scrapy crawl sitemaps"]


OWN_SPIDER = """
from crawler.spiders.archive_spider import ArchiveSpider

class FeedsFirst(ArchiveSpider):
    name = "feeds-first"
    kinds = ("feed",)

    async def start(self):
        async for request in self.source_requests():
            yield request
        await self.wait_until_settled()
        self.session.remarks["feeds"] = "were read first"
        async for page in self.waiting_pages():
            yield page
"""


def test_a_spider_of_ones_own_crawls_with_a_session_that_it_did_not_make(dateline, tmp_path):
    file = tmp_path / "feeds_first.py"
    file.write_text(OWN_SPIDER, "utf-8")
    with serve(world()) as web:
        run = dateline(web)
        run.knows()
        environment = run.environ() | {"PYTHONPATH": str(ROOT)}
        scrapy = [sys.executable, "-m", "scrapy", "runspider", str(file)]
        subprocess.run(
            [*scrapy, "-s", "DOWNLOAD_DELAY=0"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            check=True,
        )
    assert len(run.column("SELECT url FROM articles")) >= 1
    [crawl] = run.rows("SELECT command, state, reason FROM crawls")
    assert tuple(crawl) == ("scrapy crawl feeds-first", "finished", None)
