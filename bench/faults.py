"""The cost of failing outlets for healthy ones: their pages a second, alone and beside the others.

Failing outlets answer 429 with Retry-After or 503 for robots.txt, hang, truncate their answers or
redirect in a circle. All are on loopback. The crawl waits two seconds between two requests to one
host, so that scheduling is measured and not the load of the machine.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from archive.archive import Archive
from archive.frontier.urls import add_outlet_with_sources
from archive.records import Outlet as Publication
from archive.records import Source
from archive.storage.database import transaction
from bench.figures import Figure
from demo.web import Outlet, Page, Web, World, serve
from pipelines.identity import identify_source

HEALTHY, TROUBLED, PAGES, DELAY = 12, 8, 6, 2.0
"""Healthy outlets, failing outlets of each kind, pages of each outlet, and seconds between two
requests to one host."""
RUNS = 3
PATIENCE = 150
"""Seconds after which a run counts as stuck."""

TROUBLES: dict[str, dict[str, object]] = {
    "busy": {"status": 429, "headers": {"Retry-After": "3600"}},
    "closed": {"robots": {"status": 503}},
    "hanging": {"delay": 60.0},
    "silent": {"robots": {"delay": 60.0}},
    "cut": {"cut": True},
    "ring": {"status": 302, "headers": {"Location": "/news/0"}},
}
TEXT = "The council of ward {0} voted on Tuesday to move the ferry landing to quay {1} before the winter storms of {1}."


def figures(shared: Path) -> Iterator[Figure]:  # noqa: ARG001  as every benchmark
    """Yield the rates of the healthy outlets; `shared` is not used."""
    alone, beside, asked = [], [], []
    for _ in range(RUNS):
        alone.append(rate(healthy())[0])
        pace, most = rate((*healthy(), *troubled()))
        beside.append(pace)
        asked.append(most)
    many = TROUBLED * len(TROUBLES)
    what = f"pages a second of {HEALTHY} healthy outlets beside {many} troubled ones"
    yield Figure(what, statistics.median(beside), "/s", statistics.median(alone), "alone", "≥ 0.90")
    yield Figure(
        "pages asked of one that said 429 with Retry-After, at most",
        max(asked),
        "",
        2,
        "at once",
        "≤ 2",
    )


def healthy() -> tuple[Outlet, ...]:
    """Return the healthy outlets."""
    return tuple(outlet(f"well{number}.example") for number in range(HEALTHY))


def troubled() -> tuple[Outlet, ...]:
    """Return the failing outlets of all kinds."""
    return tuple(
        outlet(f"{name}{number}.example", name) for name in TROUBLES for number in range(TROUBLED)
    )


def outlet(host: str, trouble: str | None = None) -> Outlet:
    """Return an outlet whose pages or robots.txt fail in the given way."""
    fault = dict(TROUBLES[trouble]) if trouble else {}
    robots = fault.pop("robots", None)
    pages = [
        Page(f"/news/{number}", f"Headline {number} of {host}", text(host, number), **fault)  # type: ignore[arg-type]
        for number in range(PAGES)
    ]
    if robots:
        pages.append(Page("/robots.txt", listed=False, **robots))  # type: ignore[arg-type]
    return Outlet(host, host, pages=tuple(pages), sitemap=None)


def text(host: str, number: int) -> str:
    """Return the text of a page, which differs between hosts and pages."""
    start = sum(host.encode()) * 100 + number * 10
    return "\n\n".join(TEXT.format(start + line, start - line) for line in range(6))


def rate(outlets: tuple[Outlet, ...]) -> tuple[float, int]:
    """Return pages a second of the healthy outlets, and the most pages requested of a busy one.

    The time of an outlet runs from the crawl's first request to the outlet's last page.
    """
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    try:
        with serve(World(outlets)) as web:
            know(folder, outlets)
            crawl(folder, web)
            asked_at = {
                request.host: request.at
                for request in list(web.requests)
                if is_page(request.url, "well")
            }
            seconds = statistics.mean(asked_at.values()) - web.requests[0].at
            busy = [url.partition("/news")[0] for url in web.asked() if is_page(url, "busy")]
    finally:
        shutil.rmtree(folder)
    return HEALTHY * PAGES / seconds, max(map(busy.count, busy), default=0)


def know(folder: Path, outlets: tuple[Outlet, ...]) -> None:
    """Add the outlets to an archive, the failing ones first, so that they get the first
    requests."""
    with Archive(folder) as archive, transaction(archive.db) as db:
        for each in reversed(outlets):
            source = identify_source(Source(each.url("/feed.xml"), "feed", each.host))
            add_outlet_with_sources(db, Publication(each.host), [source])


def crawl(folder: Path, web: Web) -> None:
    """Crawl until all pages of the healthy outlets were requested, then kill the crawl.

    Raises RuntimeError if the crawl ends or exceeds PATIENCE before that.
    """
    environment = {
        **os.environ,
        "http_proxy": web.proxy,
        "https_proxy": web.proxy,
        "DATELINE_ARCHIVE": str(folder),
    }
    command = [
        sys.executable,
        "-m",
        "crawler",
        "crawl",
        "--since",
        "2000-01-01",
        "--delay",
        str(DELAY),
    ]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    began = time.monotonic()
    try:
        while sum(is_page(url, "well") for url in web.asked()) < HEALTHY * PAGES:
            if process.poll() is not None or time.monotonic() - began > PATIENCE:
                raise RuntimeError(
                    "the crawl ended, or stuck, before the healthy outlets had their turn"
                )
            time.sleep(0.2)
    finally:
        process.kill()
        process.wait()


def is_page(url: str, name: str) -> bool:
    """Return whether the URL is a page of an outlet whose host begins with `name`."""
    return url.startswith(f"http://{name}") and "/news/" in url
