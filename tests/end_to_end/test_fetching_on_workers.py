"""Pages fetched on the workers of a real cluster: the same archive, as polite, whatever is killed.

The web is a proxy on loopback that answers for several invented hosts, and its log is what
politeness is read from.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from demo.web import Outlet, Page, Web, serve
from tests.conftest import Dateline
from tests.crawler.spiders.test_story_spider import (
    BOAT,
    BREAD,
    CRACKS,
    DRILL,
    FREE,
    LINKS,
    MINE,
    START,
    harbour,
    ridge,
    with_links,
)
from tests.end_to_end.test_investigate import catalogue
from tests.paths import ROOT
from tests.patience import until
from tests.servers import free_port
from tests.stories import NOW, outlet, page, world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DELAY = 0.6
"""Seconds between two requests that the robots.txt of the slow outlets ask for."""
LATENESS = 0.3
"""Seconds by which a request may be late on a busy machine."""
ROBOTS = "/robots.txt"
SLOW_HOSTS = ("cove.example", "dune.example", "fjord.example", "isle.example")
PAGES_OF_SLOW_OUTLET = 10


class Grid:
    """A web, and a scheduler with workers that see nothing else."""

    def __init__(self, web: Web, folder: Path) -> None:
        self.web, self.folder = web, folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environ = Dateline(folder, web).environ()
        port = self.address.rpartition(":")[2]
        self._start("scheduler", "--port", port)

    def add_worker(self, name: str) -> None:
        """Start a worker of this name; a nanny would start a killed one again."""
        self._start("worker", self.address, "--name", name, "--nthreads", "2", "--no-nanny")

    def kill(self, name: str) -> None:
        """End a worker as a power cut does."""
        self.processes[name].kill()
        self.processes[name].wait()

    def close(self) -> None:
        """End all of it."""
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _start(self, what: str, *words: str) -> None:
        name = words[words.index("--name") + 1] if "--name" in words else what
        command = [Path(sys.executable).parent / "dask", what, *words]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                list(map(str, command)), env=self.environ, cwd=ROOT, stdout=log, stderr=log
            )


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grid]:
    with serve(world()) as web:
        made = Grid(web, tmp_path_factory.mktemp("grid"))
        for name in ("east", "west"):
            made.add_worker(name)
        yield made
        made.close()


def becomes(web: Web, *outlets: Outlet) -> None:
    """From now on these are the outlets there are, and nobody has asked them anything."""
    web.world = world(*outlets)
    web.__dict__.pop("outlets", None)
    web.requests.clear()
    web.hits.clear()


def made(dateline: Any, web: Web, folder: Path, *, is_empty: bool = False) -> Dateline:
    """The command on an archive of its own that knows the outlets of the web."""
    run: Dateline = replace(dateline(web), folder=folder)
    run.command = lambda *words: [sys.executable, "-m", "crawler", *map(str, words)]  # type: ignore[method-assign]
    run.at(NOW)
    if not is_empty:
        run.knows()
    return run


def crawl_on(grid: Grid, run: Dateline, *words: str) -> Any:
    return run("crawl", *words, "--cluster", grid.address, "--fetch-on-workers")


# -- the same archive ------------------------------------------------------------------------------


def varied_outlets() -> tuple[Outlet, ...]:
    """Outlets with what a crawl meets: moved pages, pauses, refusals, faults, and news."""
    away = Page("/news/77-moved", status=301, headers={"Location": "http://isle.example/news/77"})
    broken = Page("/news/78-broken", status=500)
    gone = Page("/news/79-gone", status=404)
    short_pause = page(4, status=429, times=1, headers={"Retry-After": "1"})
    busy = page(40, status=429, headers={"Retry-After": "3600"})
    here = page(5, path="/news/77", listed=False)
    moved_rules = Page(
        "/robots.txt", status=301, headers={"Location": "http://rules.example/r"}, listed=False
    )
    rules = Page("/r", body=b"User-agent: dateline\nDisallow: /news/1010\n", listed=False)
    return (
        outlet("harbour.example", pages=(page(1), page(2), away, broken, gone)),
        outlet("quay.example", pages=(page(3), short_pause), robots="User-agent: *\nCrawl-delay: 0.3"),
        outlet("isle.example", pages=(here,)),
        outlet("mill.example", pages=(page(10), page(11), moved_rules), sitemap=None),
        outlet("busy.example", pages=(busy,), sitemap=None),
        Outlet("rules.example", pages=(rules,), feed=None, sitemap=None),
    )  # fmt: skip


def content_of(run: Dateline) -> dict[str, list[tuple[Any, ...]]]:
    """What an archive holds, without numbers that depend on the order in which pages came."""
    queries = {
        "articles": "SELECT url, headline, text, published_at, byline, fetched_at FROM articles",
        # a page that a feed and a sitemap list was found on whichever came first
        "urls": "SELECT url, kind, state, outcome, status, reason, etag FROM urls",
        "fetches": "SELECT url, f.outcome, f.status, f.reason, f.size, f.final_url FROM fetches f"
        " JOIN urls ON urls.id = url_id",
        "pauses": "SELECT site, reason FROM pauses",
        "outlets": "SELECT host, name FROM outlets",
    }
    return {
        table: sorted(tuple(map(_without_clock, row)) for row in run.rows(query))
        for table, query in queries.items()
    }


def _without_clock(value: Any) -> str:
    return re.sub(r"until \S+", "until", str(value))


def test_an_archive_is_the_same_whether_workers_fetched_for_it_or_not(grid, dateline, tmp_path):
    contents = []
    for name in ("here", "there"):
        becomes(grid.web, *varied_outlets())
        run = made(dateline, grid.web, tmp_path / name)
        options = ("--since", "2000-01-01", "--delay", "0.1")
        told = run("crawl", *options) if name == "here" else crawl_on(grid, run, *options)
        contents.append((content_of(run), Counter(request.url for request in grid.web.requests)))
        assert "paused until" in told.stdout
    (here, asked_here), (there, asked_there) = contents
    assert there == here
    twice = {"http://harbour.example/news/77-moved", "http://mill.example/robots.txt"}
    more = asked_there - asked_here
    assert set(more) <= twice, "only what leads to another site is requested once more"
    assert asked_here - asked_there == Counter()


def test_a_second_crawl_is_conditional_and_asks_for_no_robots_txt_twice(grid, dateline, tmp_path):
    becomes(grid.web, outlet("harbour.example", many=2))
    run = made(dateline, grid.web, tmp_path / "archive")
    crawl_on(grid, run, "--delay", "0")
    grid.web.requests.clear()
    crawl_on(grid, run, "--delay", "0")
    paths = Counter(request.path for request in grid.web.requests)
    assert paths == {"/robots.txt": 1, "/feed.xml": 1, "/sitemap.xml": 1}
    assert {request.status for request in grid.web.requests if ".xml" in request.path} == {304}


def test_an_investigation_finds_the_same_by_the_same_requests_whether_workers_made_them(
    grid, dateline, tmp_path
):
    contents = []
    for name in ("here", "there"):
        becomes(grid.web, *covering_outlets())
        run = made(dateline, grid.web, tmp_path / name, is_empty=True)
        file = catalogue(tmp_path)
        options: list[Any] = ["--yes", "--catalogue", file, "--out", tmp_path / f"{name}.html"]
        options += ["--name", "mine", "--delay", "0"]
        if name == "there":
            options += ["--cluster", grid.address, "--fetch-on-workers"]
        run("investigate", START, *options)
        contents.append((story_of(run), Counter(each.url for each in grid.web.requests)))
    (here, asked_here), (there, asked_there) = contents
    assert len(here["coverage"]) > 3
    assert there == here
    assert asked_there == asked_here


def covering_outlets() -> tuple[Outlet, ...]:
    """Outlets that cover one story: by lists, and by links in their pages."""
    return (
        harbour(with_links(MINE, *LINKS), CRACKS, BREAD, BOAT),
        ridge(DRILL, FREE),
        outlet("courier.example", pages=(page(1), replace(CRACKS, listed=True, path="/c"))),
    )


def story_of(run: Dateline) -> dict[str, list[Any]]:
    """What an archive knows of a story, and what the search for it took."""
    searches = run.rows("SELECT host, state, reason, requests FROM story_searches")
    return {
        "coverage": sorted(run.column("SELECT url FROM story_coverage")),
        "searches": sorted(tuple(map(str, row)) for row in searches),
    }


def test_a_crawl_for_a_story_fetches_likely_pages_and_what_they_link_to_by_workers(
    grid, dateline, tmp_path
):
    becomes(grid.web, *covering_outlets())
    run = made(dateline, grid.web, tmp_path / "archive")
    run("follow", START, "--name", "mine")
    told = crawl_on(grid, run, "--story", "mine", "--delay", "0")
    assert "Stopped" not in told.stderr
    assert {CRACKS.path, FREE.path} <= {
        url.rpartition("example")[2] for url in run.column("SELECT url FROM story_coverage")
    }


# -- whatever is killed ----------------------------------------------------------------------------


def slow_outlets() -> tuple[Outlet, ...]:
    """Outlets that want to be visited slowly, each with other news."""
    numbers = {host: range(20 * place, 20 * place + PAGES_OF_SLOW_OUTLET)
               for place, host in enumerate(SLOW_HOSTS, 1)}  # fmt: skip
    return tuple(
        outlet(
            host,
            pages=tuple(page(number) for number in numbers[host]),
            robots=f"User-agent: *\nCrawl-delay: {DELAY}",
            sitemap=None,
        )
        for host in SLOW_HOSTS
    )


def faster_than_allowed(web: Web) -> list[tuple[str, int, float]]:
    """Hosts, numbers of requests and the time they took, where that is less than is allowed.

    One request may arrive late on a busy machine, so the next seems early; several in a row cannot.
    The request after one for robots.txt does not count, as its delay was not known before.
    """
    found = []
    for host in SLOW_HOSTS:
        asked = [request for request in web.requests if request.host == host]
        times = [
            later.at
            for earlier, later in pairwise(asked)
            if ROBOTS not in (later.path, earlier.path)
        ]
        for many in range(1, 6):
            gaps = [later - earlier for earlier, later in zip(times, times[many:], strict=False)]
            found += [(host, many, gap) for gap in gaps if gap < many * DELAY - LATENESS]
    return found


def stored(run: Dateline) -> int:
    return int(run.column("SELECT count(*) FROM articles")[0])


def assert_all_is_there_once(run: Dateline) -> None:
    urls = run.column("SELECT url FROM articles")
    assert len(urls) == len(set(urls)) == len(SLOW_HOSTS) * PAGES_OF_SLOW_OUTLET
    assert run.column("SELECT count(*) FROM urls WHERE state IN ('pending', 'leased')") == [0]
    assert run.column("SELECT count(*) FROM fetches WHERE outcome = 'failed'") == [0]


def test_a_killed_worker_costs_nothing_but_time_and_no_site_is_visited_faster(
    grid, dateline, tmp_path
):
    becomes(grid.web, *slow_outlets())
    run = made(dateline, grid.web, tmp_path / "archive")
    crawl = run.start("crawl", "--delay", "0", "--cluster", grid.address, "--fetch-on-workers")
    until(lambda: stored(run) >= 4, "no article is stored", 120)
    grid.kill("west")
    killed_after = stored(run)
    grid.add_worker("west")
    assert crawl.wait(timeout=400) == 0
    assert killed_after < len(SLOW_HOSTS) * PAGES_OF_SLOW_OUTLET, "it was killed too late"
    assert_all_is_there_once(run)
    assert faster_than_allowed(grid.web) == []
    assert "worker west" in (run.folder / "crawl.log").read_text()


def test_a_killed_driver_loses_nothing_and_the_next_one_is_as_polite(grid, dateline, tmp_path):
    becomes(grid.web, *slow_outlets())
    run = made(dateline, grid.web, tmp_path / "archive")
    crawl = run.start("crawl", "--delay", "0", "--cluster", grid.address, "--fetch-on-workers")
    until(lambda: stored(run) >= 4, "no article is stored", 120)
    os.killpg(crawl.pid, signal.SIGKILL)
    crawl.wait()
    assert stored(run) < len(SLOW_HOSTS) * PAGES_OF_SLOW_OUTLET, "it was killed too late"
    crawl_on(grid, run, "--delay", "0")
    assert_all_is_there_once(run)
    robots = [request for request in grid.web.requests if request.path == ROBOTS]
    assert len(robots) <= 2 * len(SLOW_HOSTS)
    assert faster_than_allowed(grid.web) == []


def test_a_crawl_that_is_to_stop_ends_soon_and_leaves_the_rest_for_the_next(
    grid, dateline, tmp_path
):
    becomes(grid.web, *slow_outlets())
    run = made(dateline, grid.web, tmp_path / "archive")
    crawl = run.start("crawl", "--delay", "0", "--cluster", grid.address, "--fetch-on-workers")
    until(lambda: stored(run) >= 4, "no article is stored", 120)
    crawl.send_signal(signal.SIGTERM)
    assert crawl.wait(timeout=200) == 0
    assert run.column("SELECT state, reason FROM crawls") == ["stopped"]
    assert run.column("SELECT count(*) FROM urls WHERE state = 'leased'") == [0]
    assert run.column("SELECT count(*) FROM urls WHERE state = 'pending'")[0] > 0
    assert run.column("SELECT count(*) FROM fetches WHERE outcome IN ('failed', 'refused')") == [0]


# -- mistakes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [("crawl",), ("investigate", START, "--yes")])
@pytest.mark.parametrize("is_configured", [True, False])
def test_fetching_on_workers_without_a_cluster_is_said_in_one_line(
    dateline, tmp_path, command, is_configured
):
    run = replace(dateline(None), folder=tmp_path)
    if is_configured:
        (tmp_path / "dateline.toml").write_text("fetch_on_workers = true\n")
    told = run(*command, *(() if is_configured else ("--fetch-on-workers",)), code=2)
    assert "--fetch-on-workers goes with --cluster" in told.stderr
