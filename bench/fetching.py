"""Fetching on workers: what it costs the driver, and whether it stays polite while things are killed.

Invented outlets are crawled twice without a delay, by the crawl itself and by two workers. Then slow
outlets, whose robots.txt ask for time between two requests, are crawled while workers are killed
again and again and the driver once. Politeness is read from the log of the server. All of it is
on loopback, and the server runs on the same cores.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from archive.archive import Archive
from archive.frontier.urls import add_outlet_with_sources
from archive.records import Outlet as Publication
from archive.records import Source
from archive.storage.database import transaction
from bench.figures import Figure
from bench.stories_archive import World as Stories
from demo.web import Outlet, Page, Request, Web, World, serve
from pipelines.identity import identify_source

OUTLETS, PAGES_OF_OUTLET = 12, 12
SLOW_OUTLETS, PAGES_OF_SLOW_OUTLET, CRAWL_DELAY_SECONDS = 6, 20, 4.0
WORKER_KILLS, KILL_INTERVAL_SECONDS = 4, 30.0
TOLERANCE_SECONDS = 0.2
"""Lateness of a request on a busy machine, by which the next one seems early."""
CRAWL_TIMEOUT_SECONDS = 900.0


def figures(shared: Path) -> Iterator[Figure]:  # noqa: ARG001  as every benchmark
    """Measure everything in a folder that is deleted; `shared` is not used."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    try:
        yield from _cost_figures(folder)
        yield from _fault_figures(folder)
    finally:
        shutil.rmtree(folder)


# -- the web and the cluster -----------------------------------------------------------------------


def invented_outlets(count: int, pages: int, robots: str = "") -> World:
    """Return outlets with articles unlike each other."""
    stories = Stories()
    outlets = []
    for number in range(count):
        articles = tuple(_page_of_outlet(stories, number * pages + place) for place in range(pages))
        host = f"paper{number}.example"
        outlets.append(Outlet(host, f"Paper {number}", robots=robots, sitemap=None, pages=articles))
    return World(tuple(outlets))


@dataclass
class BenchCluster:
    """A scheduler and workers on loopback that reach nothing but a web."""

    web: Web
    address: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, *words: str) -> None:
        """Start a part of the cluster."""
        command = [str(Path(sys.executable).parent / "dask"), *words]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        self.processes[name] = subprocess.Popen(
            command, env=_environment(self.web), stderr=subprocess.DEVNULL
        )

    def add_worker(self, name: str) -> None:
        """Start a worker without a nanny, which would start a killed one again."""
        self.start(name, "worker", self.address, "--name", name, "--nthreads", "1", "--no-nanny")

    def close(self) -> None:
        """End all of it."""
        for process in self.processes.values():
            process.kill()
            process.wait()


def _page_of_outlet(stories: Stories, number: int) -> Page:
    """Return the page of an invented article."""
    made = stories.article(number)
    return Page(f"/news/{number}-{made.outlet}", made.headline, made.text, dated=False)


def _environment(web: Web) -> dict[str, str]:
    """Return an environment whose only way out is a web."""
    proxies = {"http_proxy": web.proxy, "https_proxy": web.proxy}
    return {
        name: value for name, value in os.environ.items() if "proxy" not in name.lower()
    } | proxies


def _started_cluster(web: Web) -> BenchCluster:
    """Return a running scheduler with two workers."""
    cluster = BenchCluster(web, f"tcp://127.0.0.1:{_free_port()}")
    cluster.start("scheduler", "scheduler", "--port", cluster.address.rpartition(":")[2])
    for name in ("east", "west"):
        cluster.add_worker(name)
    return cluster


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


# -- crawls ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MeasuredCrawl:
    """A crawl that ran to its end."""

    articles: int
    seconds: float
    """From the first request to the last."""
    driver_cpu: float
    """CPU seconds of the command and of what it has waited for."""


def _new_archive(folder: Path, web: Web) -> Path:
    """Make an archive that knows the outlets of a web."""
    with Archive(folder) as archive, transaction(archive.db) as db:
        for outlet in web.outlets.values():
            feed = identify_source(Source(outlet.url("/feed.xml"), "feed", outlet.host))
            add_outlet_with_sources(db, Publication(outlet.host, outlet.name), [feed])
    return folder


def _start_crawl(folder: Path, web: Web, options: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a crawl as the leader of a process group."""
    command = [sys.executable, "-m", "crawler", "crawl", "--delay", "0", *options]
    environ = _environment(web) | {"DATELINE_ARCHIVE": str(folder)}
    return subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, start_new_session=True)


def _measured_crawl(folder: Path, web: Web, options: Sequence[str]) -> MeasuredCrawl:
    """Run a crawl and measure it."""
    web.requests.clear()
    process = _start_crawl(folder, web, options)
    _, _, used = os.wait4(process.pid, 0)
    moments = [request.at for request in web.requests]
    return MeasuredCrawl(
        len(_stored_urls(folder)), moments[-1] - moments[0], used.ru_utime + used.ru_stime
    )


def _stored_urls(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "archive.db")) as db:
        return [row[0] for row in db.execute("SELECT url FROM articles")]


def _cost_figures(folder: Path) -> Iterator[Figure]:
    """Crawl the same outlets without workers and with two."""
    with serve(invented_outlets(OUTLETS, PAGES_OF_OUTLET)) as web:
        alone = _measured_crawl(_new_archive(folder / "alone", web), web, ())
        cluster = _started_cluster(web)
        try:
            options = ("--cluster", cluster.address, "--fetch-on-workers")
            shared = _measured_crawl(_new_archive(folder / "shared", web), web, options)
        finally:
            cluster.close()
    beside = "a crawl without workers"
    wanted = OUTLETS * PAGES_OF_OUTLET
    yield Figure("articles stored", shared.articles, "", alone.articles, beside, f"{wanted:,}")
    yield Figure(
        "pages a second between the first request and the last",
        shared.articles / shared.seconds, "/s", alone.articles / alone.seconds, beside,
    )  # fmt: skip
    yield Figure(
        "CPU a page of the driver, all of it, start included",
        1000 * shared.driver_cpu / shared.articles,
        "ms", 1000 * alone.driver_cpu / alone.articles, beside,
    )  # fmt: skip


# -- faults ----------------------------------------------------------------------------------------


def _fault_figures(folder: Path) -> Iterator[Figure]:
    """Crawl slow outlets while workers are killed in turn, and the driver once."""
    robots = f"User-agent: *\nCrawl-delay: {CRAWL_DELAY_SECONDS}"
    with serve(invented_outlets(SLOW_OUTLETS, PAGES_OF_SLOW_OUTLET, robots)) as web:
        archive = _new_archive(folder / "faults", web)
        cluster = _started_cluster(web)
        try:
            kills, driver_killed_at = _crawl_with_kills(archive, web, cluster)
        finally:
            cluster.close()
        wanted, urls = SLOW_OUTLETS * PAGES_OF_SLOW_OUTLET, _stored_urls(archive)
        gaps = list(_gaps_between_requests(web.requests))
        before = [request for request in web.requests if request.at < driver_killed_at]
        longest = max(_gaps_between_requests(before))
    yield Figure("workers killed", kills, "", WORKER_KILLS, "planned")
    yield Figure("articles lost", wanted - len(set(urls)), "", None, "", "0")
    yield Figure("articles stored twice", len(urls) - len(set(urls)), "", None, "", "0")
    too_fast = sum(gap < CRAWL_DELAY_SECONDS - TOLERANCE_SECONDS for gap in gaps)
    yield Figure("requests faster than their site allows", too_fast, "", len(gaps), "all", "0")
    shortest = "what robots.txt asks for"
    yield Figure("shortest time between two", min(gaps), "s", CRAWL_DELAY_SECONDS, shortest)
    alone = "longest time that a site was left alone, until the driver was killed"
    yield Figure(alone, longest, "s", 60, "bound", "< 60 s")


def _crawl_with_kills(folder: Path, web: Web, cluster: BenchCluster) -> tuple[int, float]:
    """Crawl until all is fetched, and return how many workers were killed meanwhile.

    The driver is killed after the last of them, at the time that is returned as well.
    """
    options = ("--cluster", cluster.address, "--fetch-on-workers")
    process = _start_crawl(folder, web, options)
    kills, ends_at = 0, time.monotonic() + CRAWL_TIMEOUT_SECONDS
    next_kill: float | None = None
    driver_killed_at = ends_at
    while process.poll() is None and time.monotonic() < ends_at:
        time.sleep(0.2)
        if next_kill is None and _stored_urls(folder):
            next_kill = time.monotonic()
        if next_kill is None or time.monotonic() < next_kill or kills == WORKER_KILLS:
            continue
        victim = ("east", "west")[kills % 2]
        cluster.processes[victim].kill()
        cluster.processes[victim].wait()
        cluster.add_worker(victim)
        kills += 1
        next_kill = time.monotonic() + KILL_INTERVAL_SECONDS
        if kills == WORKER_KILLS:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            driver_killed_at = time.monotonic()
            process = _start_crawl(folder, web, options)
    process.wait()
    return kills, driver_killed_at


def _gaps_between_requests(requests: Sequence[Request]) -> Iterator[float]:
    """Yield the seconds between two requests to a host, unless the earlier was for robots.txt.

    Until that is read the delay is not known.
    """
    asked: defaultdict[str, list[Request]] = defaultdict(list)
    for request in requests:
        asked[request.host].append(request)
    for of_host in asked.values():
        for earlier, later in pairwise(of_host):
            if earlier.path != "/robots.txt":
                yield later.at - earlier.at
