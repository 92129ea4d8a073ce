"""What a site says about being visited, kept from end to end: the real command, a real web on
loopback, an archive."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from archive.records import format_utc
from demo.web import Outlet, Page, Web, serve
from tests.paths import ROOT
from tests.stories import NOW, outlet, page, story, world

ROBOTS = "/robots.txt"


def pages_asked(web: Web, host: str | None = None) -> list[str]:
    return [url for url in web.asked(host) if "/news/" in url]


def with_robots(**answer: object) -> Outlet:
    """An outlet of five articles whose robots.txt is an answer of this kind."""
    usual = outlet()
    return replace(usual, pages=(*usual.pages, Page(ROBOTS, listed=False, **answer)))  # type: ignore[arg-type]


def becomes(web: Web, *outlets: Outlet) -> None:
    """From now on these are the outlets there are."""
    web.world = world(*outlets)
    web.__dict__.pop("outlets", None)


def pause_ends(run) -> None:
    """Time passes: what was left alone may be asked again."""
    with closing(sqlite3.connect(run.folder / "archive.db")) as db, db:
        db.execute("UPDATE pauses SET until = '2026-01-01T00:00:00Z'")


# -- robots.txt ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 429])
def test_where_robots_txt_is_in_trouble_nothing_is_fetched_and_all_of_it_by_a_later_crawl(
    dateline, status
):
    with serve(world(with_robots(status=status))) as web:
        run = dateline(web)
        run.knows()
        told = run.crawl().stdout
        assert set(web.asked()) == {"http://harbour.example/robots.txt"}
        assert f"robots.txt: HTTP {status}" in told or f"HTTP {status}; paused" in told
        assert set(run.column("SELECT outcome FROM fetches")) == {"refused"}
        becomes(web, outlet())
        pause_ends(run)
        run.crawl()
    assert run.column("SELECT count(*) FROM articles") == [5]


def test_pages_that_are_known_wait_while_robots_txt_cannot_be_had(dateline):
    with serve(world(with_robots(status=503))) as web:
        run = dateline(web)
        told = run(
            "crawl", "http://harbour.example/news/1001-ferry-landing", "--delay", "0", code=1
        ).stdout
        assert pages_asked(web) == []
        assert "http://harbour.example: robots.txt: HTTP 503; paused until 20" in told
        row = run.rows("SELECT state, outcome, failures FROM urls")[0]
        assert tuple(row) == ("pending", "refused", 0)
        becomes(web, outlet())
        pause_ends(run)
        run.knows()
        run.crawl()
    assert run.column("SELECT outcome FROM fetches WHERE url_id = 1") == ["refused", "new"]


def test_a_site_without_robots_txt_allows_everything(dateline):
    with serve(world(with_robots(status=403))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    assert run.column("SELECT count(*) FROM articles") == [5]


def test_what_robots_txt_says_elsewhere_after_a_redirect_holds(dateline):
    rules = Page("/rules", body=b"User-agent: dateline\nDisallow: /news/1001\n", listed=False)
    moved = with_robots(status=301, headers={"Location": "http://rules.example/rules"})
    with serve(
        world(moved, Outlet("rules.example", pages=(rules,), feed=None, sitemap=None))
    ) as web:
        run = dateline(web)
        run.knows("harbour.example")
        run.crawl()
        assert len(pages_asked(web)) == 4
    assert run.column("SELECT reason FROM urls WHERE outcome = 'refused'") == [
        "forbidden by robots.txt"
    ]


def test_a_robots_txt_that_redirects_without_end_is_none(dateline):
    with serve(world(with_robots(status=302, headers={"Location": ROBOTS}))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        assert web.asked().count("http://harbour.example/robots.txt") == 6, (
            "five redirects are followed"
        )
    assert run.column("SELECT count(*) FROM articles") == [5]


def test_a_crawl_delay_is_kept_and_our_own_where_it_is_longer(dateline):
    slow = outlet(many=3, robots="User-agent: *\nCrawl-delay: 0.6", sitemap=None)
    with serve(world(slow)) as web:
        run = dateline(web)
        run.knows()
        run("crawl", "--delay", "0.05")
        times = [request.at for request in web.requests]
    assert len(times) == 5, "robots.txt, the feed and three articles"
    # a busy server notes some requests late, but none early
    assert all(later - earlier > 0.3 for earlier, later in pairwise(times[1:]))
    assert times[-1] - times[1] > 3 * 0.6 - 0.3


# -- asked to wait ---------------------------------------------------------------------------------


def test_a_site_that_asks_for_seconds_is_waited_for(dateline):
    busy = page(1, status=429, times=1, headers={"Retry-After": "2"})
    with serve(world(outlet(pages=(busy,), sitemap=None))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        first, second = (request.at for request in web.requests if "/news/" in request.path)
    assert second - first > 1.9
    assert run.column(
        "SELECT c.outcome FROM fetches c JOIN urls u ON u.id = url_id WHERE kind = 'page'"
    ) == ["new"]


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(("status", "asked"), [(429, "3600"), (503, None)])
def test_a_site_that_asks_for_longer_is_left_alone_by_this_and_later_crawls(
    dateline, status, asked
):
    """`None` stands for an HTTP date."""
    pages = tuple(
        page(number, status=status, headers={"Retry-After": asked or in_an_hour()})
        for number in range(1, 21)
    )
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        told = run.crawl().stdout
        assert len(pages_asked(web)) <= 2, "those that were under way at once"
        assert f"HTTP {status}" in told
        assert "paused until" in told
        web.requests.clear()
        run.crawl()
        assert web.requests == [], "robots.txt is a request to the site, too"
        becomes(web, outlet(pages=tuple(page(number) for number in range(1, 21))))
        pause_ends(run)
        run.crawl()
    assert run.column("SELECT count(*) FROM articles") == [20]


def test_the_feeds_of_a_site_that_is_left_alone_are_not_due_before_its_pause_ends(dateline):
    """The pause is of three hours; without it the feed would be due within one."""
    pages = tuple(
        page(number, status=429, headers={"Retry-After": "10800"}) for number in range(1, 6)
    )
    with serve(world(outlet(pages=pages, sitemap=None)), now=NOW) as web:
        run = dateline(web)
        run.knows()
        run.at(NOW)
        run("crawl", "--due", "--delay", "0")
        looked = run.column("SELECT count(*) FROM fetches")
        run.at(NOW + timedelta(hours=2))
        told = run("crawl", "--due", "--delay", "0").stdout
        assert told.startswith(
            f"Nothing is due. The next source is fetched after {format_utc(NOW + timedelta(hours=3))[:15]}"
        )
        assert run.column("SELECT count(*) FROM fetches") == looked, (
            "a check each run would tell nothing"
        )
        web.requests.clear()
        run.at(NOW + timedelta(hours=4))
        run("crawl", "--due", "--delay", "0")
        assert web.requests != []


def test_a_page_that_is_unavailable_by_itself_is_asked_once_and_keeps_no_other_from_coming(
    dateline,
):
    broken = page(1, status=503)
    with serve(world(outlet(pages=(broken, *(page(number) for number in (2, 3, 4)))))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
        assert pages_asked(web).count(f"http://harbour.example{broken.path}") == 1
    assert run.column("SELECT count(*) FROM articles") == [3]
    assert run.column("SELECT reason FROM urls WHERE outcome = 'failed'") == ["HTTP 503"]


def test_a_site_that_does_not_answer_is_left_alone_after_three_silences(dateline):
    hanging = tuple(page(number, delay=30) for number in range(1, 13))
    with serve(world(outlet(pages=hanging))) as web:
        run = dateline(web)
        run.knows()
        command = [
            sys.executable,
            "-m",
            "scrapy",
            "crawl",
            "outlets",
            "-s",
            "DOWNLOAD_TIMEOUT=1",
            "-s",
            "DOWNLOAD_DELAY=0",
        ]
        subprocess.run(command, cwd=ROOT, env=run.environ(), capture_output=True, check=True)
        assert len(pages_asked(web)) <= 5
    assert run.column("SELECT reason FROM pauses") == ["timed out, 3 times in a row"]
    assert run.column("SELECT count(*) FROM urls WHERE state = 'pending'")[0] >= 7


# -- opt-outs --------------------------------------------------------------------------------------


def tagged(number: int, tag: str, head: str = "") -> Page:
    """A page with an X-Robots-Tag, or with something in its head."""
    body = f"<html><head><title>T</title>{head}</head><body><article><p>{story(number)}</p></article></body></html>"
    headers = {"X-Robots-Tag": tag} if tag else {}
    return page(number, body=body.encode(), headers=headers)


OPTED_OUT = (
    tagged(1, "noarchive"),
    tagged(2, "", '<meta name="robots" content="index,NOARCHIVE">'),
    tagged(3, "", "<meta content=none name=dateline>"),
)
SOME_DO = (
    tagged(4, "noai"),
    tagged(5, "", '<meta name="tdm-reservation" content="1">'),
)
NOT_MEANT = tagged(6, "otherbot: noarchive", '<meta name="otherbot" content="noarchive">')


def test_of_a_page_that_says_noarchive_no_copy_is_kept_and_a_check_says_why(dateline):
    with serve(world(outlet(pages=(*OPTED_OUT, *SOME_DO, NOT_MEANT)))) as web:
        run = dateline(web)
        run.knows()
        run.crawl()
    copies = {
        row["url"][28:32]: row["digest"]
        for row in run.rows("SELECT url, digest FROM articles ORDER BY url")
    }
    assert [number for number, digest in copies.items() if digest is None] == ["1001", "1002"]
    reasons = run.column(
        "SELECT c.reason FROM fetches c JOIN urls u ON u.id = url_id WHERE c.reason <> '' ORDER BY url"
    )
    assert reasons == [
        "no copy is stored: noarchive (X-Robots-Tag)",
        "no copy is stored: noarchive (meta robots)",
    ]
    with closing(sqlite3.connect(run.folder / "captures.db")) as captures:
        kept = captures.execute("SELECT substr(url, 29, 4) FROM captures ORDER BY url").fetchall()
    assert kept == [("1003",), ("1004",), ("1005",), ("1006",)]
    run("doctor")  # finds nothing amiss


def test_a_page_that_forbids_more_than_copies_is_not_read_where_that_is_honoured(dateline):
    with serve(world(outlet(pages=(*OPTED_OUT, *SOME_DO, NOT_MEANT)))) as web:
        run = dateline(web, DATELINE_OPT_OUTS="noarchive noindex")
        run.knows()
        told = run.crawl().stdout
    assert run.column("SELECT c.reason FROM fetches c WHERE c.outcome = 'refused'") == [
        "opted out: noindex (meta dateline)"
    ]
    assert run.column("SELECT count(*) FROM articles") == [5]
    assert told.splitlines()[0].split()[-3:] == ["refused", "failed", "why"]
    assert told.splitlines()[1].split()[6] == "1"


@pytest.mark.parametrize(
    ("setting", "kept"),
    [("", 6), ("noarchive, noai, tdm ai-robots", 3)],
)
def test_which_opt_outs_are_honoured_is_a_setting(dateline, setting, kept):
    robots = "User-agent: GPTBot\nDisallow: /news/1006\n"
    with serve(world(outlet(pages=(*OPTED_OUT, *SOME_DO, NOT_MEANT), robots=robots))) as web:
        run = dateline(web, DATELINE_OPT_OUTS=setting)
        run.knows()
        run.crawl()
    assert run.column("SELECT count(*) FROM articles") == [kept]


def test_an_opt_out_that_there_is_not_is_told_in_a_line(dateline):
    with serve(world()) as web:
        run = dateline(web, DATELINE_OPT_OUTS="noarchive nofollow")
        run.knows()
        told = run.crawl(code=2)
    assert told.stderr.count("\n") == 1
    assert "'nofollow'" in told.stderr


# -- the others ------------------------------------------------------------------------------------


def troubled(host: str, fault: dict[str, object]) -> Outlet:
    """An outlet all of whose pages have one fault; a fault of `/robots.txt` has its name before
    it."""
    fault = dict(fault)
    path = fault.pop("path", None)
    own = (Page(str(path), listed=False, **fault),) if path else ()  # type: ignore[arg-type]
    pages = tuple(page(number, **({} if path else fault)) for number in range(1, 13))
    return Outlet(host, host, pages=(*pages, *own), sitemap=None)


FAULTS: dict[str, dict[str, object]] = {
    "busy": {"status": 429, "headers": {"Retry-After": "3600"}},
    "noRobots": {"path": ROBOTS, "status": 503},
    "hangs": {"delay": 60},
    "hangsAtOnce": {"path": ROBOTS, "delay": 60},
    "cut": {"cut": True},
    "loops": {"status": 302, "headers": {"Location": "/news/1001-ferry-landing"}},
}


def test_sites_in_trouble_do_not_take_the_places_of_the_others(dateline):
    """Of 48 troubled outlets 16 hang; what is well was asked for before any of them has timed out
    twice, and would be asked a third time."""
    bad = [
        troubled(f"{name}{n}.example".lower(), fault)
        for name, fault in FAULTS.items()
        for n in range(8)
    ]
    well = [outlet(f"well{n}.example", many=6, sitemap=None) for n in range(8)]
    with serve(world(*bad, *well)) as web:
        run = dateline(web)
        run.knows(*(each.host for each in bad), *(each.host for each in well))
        crawl = run.start("crawl", "--since", "2000-01-01", "--delay", "0")
        while sum("//well" in url for url in pages_asked(web)) < 48 and crawl.poll() is None:
            hanging = Counter(request.url for request in web.requests if "hang" in request.host)
            assert max(hanging.values(), default=0) < 3, "the healthy outlets wait for the others"
            time.sleep(0.1)
        assert sum("//well" in url for url in pages_asked(web)) == 48
        crawl.kill()
        crawl.wait()
