"""A crawl among hostile pages: memory of all processes, and the delay of the honest pages.

Two hundred real pages are served on loopback by feed and page, each host as an outlet: first alone,
then beside twelve outlets that each list one hostile page: five bombs (gzip, deflate, br, zstd, one
nested), three endless bodies, 64 MB of HTML, 200,000 nested elements, a tag with 64,000 attributes,
and endless headers. A third run has one outlet beside them whose answers are expensive to parse or
store: a robots.txt with 14,000 crawlers and 14,000 rules, a feed with 2,000 nested bases, pages of
two million characters. Memory is the proportional set size (PSS, in which shared pages count once)
of main process, fork server and workers together, sampled ten times a second.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from archive.archive import Archive
from archive.frontier.urls import add_outlet_with_sources
from archive.records import Outlet, Source
from archive.storage.database import transaction
from bench.crawl import family, megabytes
from bench.figures import Figure
from demo.strangers import Says, Stranger, endless, endless_headers, packed, stranger
from demo.web import Answer
from pipelines.identity import identify_source

HONEST = 200
EVERY = 0.1
"""Seconds between two samples of the memory."""
PATIENCE = 300.0
COSTLY = "http://mire.example"
ZEROS = bytes(1 << 28)


def figures(shared: Path) -> Iterator[Figure]:
    """Yield the figures of the honest pages alone, and among the hostile ones."""
    honest = honest_pages(shared)
    alone, _ = crawled(honest, honest)
    beside, log = crawled(honest | hostile_pages(), honest)
    what = f"honest pages stored, of {len(honest)}, among {len(hostile_pages())} hostile ones"
    yield Figure(what, beside["stored"], "", len(honest), "all", "all")
    yield Figure(
        "seconds until they were stored", beside["seconds"], "s", alone["seconds"], "alone", "≤ 1.5"
    )
    one, _ = crawled(honest | costly_outlet(), honest)
    yield Figure(
        "honest pages stored beside one costly outlet", one["stored"], "", len(honest), "all", "all"
    )
    yield Figure(
        "seconds until they were stored", one["seconds"], "s", alone["seconds"], "alone", "≤ 1.5"
    )
    yield Figure(
        "memory of the whole tree, proportional, at most",
        beside["megabytes"],
        "MB",
        500,
        "bound",
        "< 500 MB",
    )
    yield Figure("the same, honest pages alone", alone["megabytes"], "MB")
    yield Figure(
        "hostile pages that ended with a reason", log, "", len(hostile_pages()), "all", "all"
    )


def honest_pages(shared: Path) -> dict[str, Says]:
    """Return real pages, evenly spread over their world."""
    world = shared / "newsweb" / "worlds" / "pages"
    rows = [json.loads(line) for line in (world / "world.jsonl").read_text("utf-8").splitlines()]
    chosen = rows[:: len(rows) // HONEST][:HONEST]
    return {
        row["url"]: Answer(200, gzip.decompress((world / row["html"]).read_bytes()))
        for row in chosen
    }


def hostile_pages() -> dict[str, Says]:
    """Return the hostile pages, one an outlet."""
    div, tail = b"<div>" * 200_000, b"<p>At the bottom.</p>"
    attributes = b" ".join(b'a%d="%d"' % (number, number) for number in range(64_000))
    says: list[Says] = [
        packed(ZEROS, "gzip"),
        packed(ZEROS, "deflate"),
        packed(ZEROS, "br"),
        packed(ZEROS, "zstd"),
        packed(ZEROS, "gzip", "gzip"),
        endless(),
        endless(b"\0" * 65536),
        endless(b"<div>" * 13_000),
        Answer(200, b"<p>A line of it.</p>" * (64 * 1024 * 1024 // 20)),
        Answer(200, b"<html><body>" + div + tail),
        Answer(200, b"<html><body " + attributes + b">" + tail),
        endless_headers(),
    ]
    return {f"http://mire{number}.example/page": said for number, said in enumerate(says)}


def costly_outlet() -> dict[str, Says]:
    """Return answers of one outlet that are within all size limits, and expensive to parse, compare
    or store."""
    agents = b"".join(b"User-agent: robot%d\n" % number for number in range(14_000))
    rules = b"".join(b"Disallow: /%d*x\n" % number for number in range(14_000))
    bases = b'<a xml:base="%s/">' % (b"b" * 100)
    feed = b"<rss><channel>" + bases * 2_000 + b"<item><link>x</link></item>" * 50
    says: dict[str, Says] = {
        f"{COSTLY}/robots.txt": Answer(200, agents + b"User-agent: *\n" + rules),
        f"{COSTLY}/nested.xml": Answer(200, feed),
    }
    for number in range(20):
        words = "".join(f"第{number}號碼頭的第{line}班渡輪將遷往北岸。" for line in range(40_000))
        says[f"{COSTLY}/{number}"] = Answer(200, f"<html><h1>渡輪 {number}</h1><p>{words}".encode())
    return says


def crawled(pages: dict[str, Says], honest: dict[str, Says]) -> tuple[dict[str, float], int]:
    """Crawl the pages into a new archive, and return its measurements.

    These are the number of stored honest pages, the seconds until then and the peak of megabytes;
    and, second, the number of hostile pages that ended with a reason.
    """
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    try:
        with stranger({**pages, **feeds(pages)}) as web:
            know(folder, pages)
            measured = watch(folder, web, honest)
        db = sqlite3.connect(folder / "archive.db")
        ended = db.execute(
            "SELECT count(*) FROM urls WHERE url LIKE 'http://mire%/page' AND reason IS NOT NULL"
        )
        return measured, int(ended.fetchone()[0])
    finally:
        shutil.rmtree(folder)


def feeds(pages: dict[str, Says]) -> dict[str, Says]:
    """Return the feed of each host, which lists its pages."""
    items: dict[str, str] = {}
    for url in pages:
        if url.endswith(("/robots.txt", "/nested.xml")):
            continue
        home = f"http://{urlsplit(url).netloc}"
        items[home] = items.get(home, "") + f"<item><link>{url.replace('&', '&amp;')}</link></item>"
    return {
        f"{home}/dateline-feed.xml": Answer(200, f"<rss><channel>{each}</channel></rss>".encode())
        for home, each in items.items()
    }


def know(folder: Path, pages: dict[str, Says]) -> None:
    """Add the hosts of the pages to an archive as outlets."""
    with Archive(folder) as archive, transaction(archive.db) as db:
        for host in {urlsplit(url).netloc for url in pages}:
            source = identify_source(Source(f"http://{host}/dateline-feed.xml", "feed", host))
            add_outlet_with_sources(db, Outlet(host), [source])
        if f"{COSTLY}/nested.xml" in pages:
            nested = identify_source(
                Source(f"{COSTLY}/nested.xml", "feed", urlsplit(COSTLY).netloc)
            )
            add_outlet_with_sources(db, Outlet(urlsplit(COSTLY).netloc), [nested])


def watch(folder: Path, web: Stranger, honest: dict[str, Says]) -> dict[str, float]:
    """Crawl to the end, sampling memory and progress."""
    environment = {
        **os.environ,
        "http_proxy": web.url,
        "https_proxy": web.url,
        "DATELINE_ARCHIVE": str(folder),
    }
    command = [sys.executable, "-m", "crawler", "crawl", "--since", "2000-01-01", "--delay", "0"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    began, peak, at, stored = time.monotonic(), 0.0, 0.0, 0
    db = sqlite3.connect(f"file:{folder / 'archive.db'}?mode=ro", uri=True)
    try:
        while process.poll() is None and time.monotonic() - began < PATIENCE:
            peak = max(peak, sum(map(megabytes, family(process.pid))))
            if stored < len(honest):
                stored, at = stored_pages(db), time.monotonic() - began
            time.sleep(EVERY)
    finally:
        process.kill()
        process.wait()
    return {"seconds": at, "stored": stored_pages(db), "megabytes": peak}


def stored_pages(db: sqlite3.Connection) -> int:
    """Return the number of honest pages that were fetched and read."""
    found = db.execute(
        """SELECT count(*) FROM urls WHERE kind = 'page' AND url NOT LIKE 'http://mire%'
        AND outcome IN ('new', 'changed', 'unchanged', 'not article')"""
    )
    return int(found.fetchone()[0])
