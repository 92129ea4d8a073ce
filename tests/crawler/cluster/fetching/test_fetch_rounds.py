"""A fetch process on a worker: fetches its shares politely, and ends when nobody wants it."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from archive.records import Article
from crawler.cluster.fetching.fetch_dispatcher import share_setup
from crawler.cluster.fetching.fetch_rounds import (
    ROUNDS_HERE,
    RoundLostError,
    begin_round,
    end_round,
    end_rounds_of,
    exchange_with_round,
)
from crawler.cluster.fetching.host_shares import (
    FetchAnswer,
    FetchItem,
    HostShare,
    ShareNews,
    ShareOrders,
    ShareSetup,
    SiteState,
)
from crawler.jobs.run_spider import crawl_settings
from crawler.sources.feed_parser import ParsedFeed
from demo.web import Outlet, Page, Web, serve
from tests.patience import until
from tests.stories import outlet, world

pytestmark = pytest.mark.slow

PAPER, OTHER = "harbour.example", "quay.example"


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    """Two outlets behind a proxy, to which processes that are started here are led."""
    kept = {name: os.environ.get(name) for name in ("http_proxy", "https_proxy")}
    moved = Page("/moved", status=301, headers={"Location": f"http://{OTHER}/rules"}, listed=False)
    paper = outlet(many=4, robots="User-agent: *\nCrawl-delay: 0.6\nDisallow: /private")
    paper = replace(paper, pages=(*paper.pages, moved))
    other = Outlet(OTHER, pages=(Page("/rules", body=b"text", listed=False),), feed=None)
    with serve(world(paper, other)) as served:
        os.environ["http_proxy"] = os.environ["https_proxy"] = served.proxy
        yield served
    for name, value in kept.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def setup(tmp_path) -> ShareSetup:
    return share_setup(crawl_settings(tmp_path, DOWNLOAD_DELAY=0.0), 1)


@pytest.fixture
def begun(web: Web, setup: ShareSetup) -> Iterator[str]:
    """The name of a round that has begun."""
    web.requests.clear()
    begin_round("round", "archive", pickle.dumps(setup))
    yield "round"
    end_round("round")


def items(*paths: str, reading: str | None = "page to store") -> tuple[FetchItem, ...]:
    urls = [f"http://{PAPER}{path}" for path in paths]
    return tuple(FetchItem(number, url, url, reading) for number, url in enumerate(urls))  # type: ignore[arg-type]


def run_orders(name: str, *orders: ShareOrders) -> tuple[dict[int, FetchAnswer], list[ShareNews]]:
    """Send orders, then exchange until all items have an answer or the process has ended."""
    answers: dict[int, FetchAnswer] = {}
    news: list[ShareNews] = []
    wanted = {item.number for each in orders for item in each.items}
    waiting = list(orders)
    over = False

    def all_came() -> object:
        nonlocal over
        now = waiting.pop(0) if waiting else ShareOrders()
        chunk = exchange_with_round(name, pickle.dumps(now), 0.2, 1_000_000)
        for frame in chunk.frames:
            message = pickle.loads(frame)
            if isinstance(message, ShareNews):
                news.append(message)
            else:
                answers[message.number] = message
        over = chunk.is_over
        return over or (not waiting and wanted and wanted <= answers.keys())

    until(all_came, "not all answers came")
    return answers, news


def members(group: int) -> list[int]:
    """The processes of a process group that run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                found.append(int(stat.parent.name))
    return found


def article_paths(web: Web) -> list[str]:
    return [page.path for page in web.outlets[PAPER].pages if page.listed]


def test_pages_come_back_read_and_no_faster_than_robots_txt_asks(web, begun):
    paths = [*article_paths(web)[:2], "/private/page"]
    orders = ShareOrders((HostShare(PAPER),), items(*paths))
    answers, news = run_orders(begun, orders)
    readings = [answers[number].reading for number in (0, 1)]
    assert all(reading and isinstance(reading[1], Article) for reading in readings)
    assert all(reading and reading[1].features for reading in readings), "ready to be stored"
    assert answers[2].failure
    assert answers[2].failure.reason == "forbidden by robots.txt"
    times = [request.at for request in web.requests]
    assert next(request.path for request in web.requests) == "/robots.txt"
    assert all(later - earlier > 0.55 for earlier, later in pairwise(times[1:]))
    assert any(f"http://{PAPER}" in each.state.robots for each in news)


def test_a_feed_comes_back_parsed_and_robots_txt_that_is_known_is_not_fetched_again(
    web, begun, setup
):
    feed = items("/feed.xml", reading="feed")
    _, news = run_orders(begun, ShareOrders((HostShare(PAPER),), feed))
    robots = next(each.state.robots for each in news if each.state.robots)
    begin_round("next", "archive", pickle.dumps(setup))
    web.requests.clear()
    share = HostShare(PAPER, state=SiteState(robots=robots))
    answers, _ = run_orders("next", ShareOrders((share,), feed))
    end_round("next")
    assert [request.path for request in web.requests] == ["/feed.xml"]
    reading = answers[0].reading
    assert reading
    assert isinstance(reading[1], ParsedFeed)
    assert len(reading[1].leads) == 4


def test_a_robots_txt_that_the_driver_asks_for_is_not_fetched_again_for_the_pages(web, begun):
    robots = replace(items("/robots.txt", reading=None)[0], manners=("dont_obey_robotstxt",))
    answers, news = run_orders(begun, ShareOrders((HostShare(PAPER),), (robots,)))
    assert answers[0].response
    assert b"Disallow: /private" in answers[0].response.body
    assert any(f"http://{PAPER}" in each.state.robots for each in news)
    run_orders(begun, ShareOrders((), items(article_paths(web)[0])))
    assert [request.path for request in web.requests].count("/robots.txt") == 1


def test_requests_that_no_item_asked_for_are_counted_and_robots_txt_is_kept_if_wanted(web, setup):
    begin_round("keeps", "archive", pickle.dumps(replace(setup, keeps_robots=True)))
    page = items(article_paths(web)[0], reading="page and ways")
    answers, news = run_orders("keeps", ShareOrders((HostShare(PAPER),), page))
    end_round("keeps")
    assert answers[0].more_requests == {PAPER: 1}
    kept = [each.robots_files for each in news if each.robots_files]
    assert [list(each) for each in kept] == [[f"http://{PAPER}"]]
    assert kept[0][f"http://{PAPER}"].status == 200
    assert answers[0].reading
    kind, read = answers[0].reading
    assert kind == "page and ways"
    assert isinstance(read, tuple), "the article and the links of its page"


def test_a_redirect_to_a_site_that_another_process_may_hold_is_not_followed(web, begun):
    answers, _ = run_orders(begun, ShareOrders((HostShare(PAPER),), items("/moved")))
    assert answers[0].elsewhere == OTHER
    assert {request.host for request in web.requests} == {PAPER}
    both = ShareOrders((HostShare(OTHER),), items("/moved"))
    answers, _ = run_orders(begun, both)
    assert answers[0].response
    assert answers[0].response.url == f"http://{OTHER}/rules"


def test_a_process_that_is_told_to_end_reports_what_is_left_of_the_delay_and_ends(web, begun):
    path = article_paths(web)[0]
    _, early = run_orders(begun, ShareOrders((HostShare(PAPER),), items(path)))
    _, late = run_orders(begun, ShareOrders(ends=True))
    assert begun not in ROUNDS_HERE
    assert late[-1].state.rests.keys() <= {PAPER}
    assert early or late[-1].state.robots
    with pytest.raises(RoundLostError):
        exchange_with_round(begun, b"", 0.1, 1)


def test_a_process_ends_itself_when_no_orders_come_for_the_time_of_its_lease(web, setup):
    begin_round("short", "archive", pickle.dumps(replace(setup, lease_seconds=1.0)))
    process = ROUNDS_HERE["short"]._process
    until(lambda: process.poll() is not None, "it goes on without orders")
    chunk = exchange_with_round("short", pickle.dumps(ShareOrders()), 1.0, 1_000)
    assert chunk.is_over
    assert "code -9" in (chunk.problem or "")


def test_a_process_ends_itself_at_its_deadline_although_orders_come(web, setup):
    begin_round("short", "archive", pickle.dumps(replace(setup, seconds=2.0)))

    def is_over() -> bool:
        return exchange_with_round("short", pickle.dumps(ShareOrders()), 0.1, 1_000).is_over

    until(is_over, "it goes on after its deadline")


def test_the_rounds_of_a_killed_crawl_are_ended_before_the_next_one_begins(web, setup):
    begin_round("of before", "this archive", pickle.dumps(setup))
    begin_round("of another", "other archive", pickle.dumps(setup))
    process = ROUNDS_HERE["of before"]._process
    end_rounds_of("this archive")
    assert process.poll() is not None
    assert list(ROUNDS_HERE) == ["of another"]
    end_round("of another")


def test_a_process_and_its_readers_are_gone_when_their_worker_is_killed(web, setup, tmp_path):
    (tmp_path / "setup").write_bytes(pickle.dumps(setup))
    code = (
        "import pathlib, sys, time\n"
        "from crawler.cluster.fetching.fetch_rounds import ROUNDS_HERE, begin_round\n"
        "begin_round('r', 'a', pathlib.Path(sys.argv[1]).read_bytes())\n"
        "print(ROUNDS_HERE['r']._process.pid, flush=True)\n"
        "time.sleep(1000)"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "setup"], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout
    group = int(worker.stdout.readline())
    until(lambda: len(members(group)) >= 2, "its readers do not start")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    until(lambda: not members(group), "a process outlives its worker")
