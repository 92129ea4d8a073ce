"""A crawl of 571 outlets and 1,099 real pages through a proxy on loopback.

Measured are pages a second, relative to what the cores could do if they never waited; CPU per page
and its parts; and the memory of all processes. CPU is compared with trafilatura alone (default
settings, with metadata) on the same pages in the same run: a crawl that uses it cannot cost less.
The proxy runs on the same cores. Its CPU does not count as the crawl's and is shown beside it.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from archive.records import Article, Capture
from bench.figures import Figure
from crawler.extraction.extract import extract_article
from crawler.workers.pool import WorkerPool

SAMPLE = 150
"""Number of pages on which trafilatura alone and the pool are timed."""
CORES = os.cpu_count() or 1


def figures(shared: Path) -> Iterator[Figure]:
    """Crawl twice and measure; the archive is deleted."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    try:
        with newsweb(shared, "pages") as address:
            hosts = add_outlets(address, folder)
            first = run(address, folder, "crawl", "--since", "2000-01-01")
            before = asked(address)
            second = run(address, folder, "crawl", "--since", "2000-01-01")
            again = asked(address) - before
        pages = some_pages(shared)
        yield from told(first, second, again, sum(hosts.values()), folder, trafilatura_alone(pages))
        yield from pool(pages)
    finally:
        shutil.rmtree(folder)


def told(
    first: dict[str, Any],
    second: dict[str, Any],
    again: int,
    listed: int,
    folder: Path,
    alone: float,
) -> Iterator[Figure]:
    """Yield the figures of two crawls; `alone` is trafilatura's CPU in milliseconds per page."""
    db = sqlite3.connect(folder / "archive.db")
    stored = db.execute(
        "SELECT count(DISTINCT url_id) FROM fetches WHERE outcome IN ('new', 'changed')"
    ).fetchone()[0]
    pages = db.execute(
        "SELECT count(*) FROM fetches JOIN urls ON urls.id = url_id WHERE kind = 'page'"
    ).fetchone()[0]
    log = (folder / "crawl.log").read_text()
    reading = [
        float(found) for found in re.findall(r"'dateline/reading_cpu_seconds': ([\d.]+)", log)
    ]
    beside = "trafilatura alone, with metadata"
    answering = f"with the proxy, {1000 * first['proxy'] / pages:.1f} ms a page"
    offered = CORES * first["seconds"]
    yield Figure(
        "pages stored as articles, of those listed",
        100 * stored / listed,
        "%",
        98,
        "bound",
        "≥ 98 %",
    )
    most = CORES * pages / first["cpu"]
    yield Figure(
        "pages a second",
        pages / first["seconds"],
        "/s",
        most,
        f"{CORES} cores ÷ CPU a page",
        "≥ .9 ×",
    )
    busy, all_busy = (
        100 * seconds / offered for seconds in (first["cpu"], first["cpu"] + first["proxy"])
    )
    yield Figure("share of all cores in use", busy, "%", all_busy, answering, "≥ 90 %")
    yield Figure("CPU a page, the whole crawl", 1000 * first["cpu"] / pages, "ms", alone, beside)
    yield Figure(
        "CPU a page, the main process: feeds, archive …", 1000 * first["main"] / pages, "ms"
    )
    yield Figure("CPU a page, reading alone", 1000 * max(reading) / pages, "ms", alone, beside)
    yield Figure("share of the CPU that is reading", 100 * max(reading) / first["cpu"], "%")
    yield Figure(
        "memory of the whole tree, proportional", first["megabytes"], "MB", 700, "bound", "< 700 MB"
    )
    yield Figure("articles fetched by a second crawl", again, "", None, "", "0")
    yield Figure("CPU of a second crawl", second["cpu"], "s", first["cpu"], "the first")


def add_outlets(address: str, folder: Path) -> dict[str, int]:
    """Add all outlets of a world to an archive, and return host → number of its pages."""
    hosts: dict[str, int] = json.load(urlopen(f"{address}/hosts"))
    run(address, folder, "outlet", "add", *hosts)
    return hosts


@contextmanager
def newsweb(shared: Path, world: str, *options: str | Path) -> Iterator[str]:
    """Run a proxy that answers for a world, and yield its URL."""
    script, folder = shared / "newsweb" / "newsweb.py", shared / "newsweb" / "worlds" / world
    server = subprocess.Popen(
        [sys.executable, script, folder, "--port", "0", *options], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout
        yield re.findall(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[0]
    finally:
        server.kill()
        server.wait()


def asked_in_all(address: str) -> int:
    """Return the number of all requests so far."""
    return sum(json.load(urlopen(f"{address}/stats"))["asked"].values())


def asked(address: str) -> int:
    """Return the number of requested article pages so far."""
    stats = json.load(urlopen(f"{address}/stats"))["asked"]
    return sum(many for kind, many in stats.items() if kind.startswith("page "))


def run(address: str, folder: Path, *words: str) -> dict[str, float]:
    """Run a command, and return its measurements.

    These are wall seconds, CPU seconds of all its processes, of the main process and of the proxy,
    and the peak of megabytes.
    """
    environment = {**os.environ, "http_proxy": address, "https_proxy": address}
    others = family(os.getpid())[1:]
    answered = sum(map(cpu_seconds, others))
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0.0
    command = [sys.executable, "-m", "crawler", *words, "--archive", str(folder)]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    readers = 0.0
    for look in count():
        if process.poll() is not None:
            break
        tree = family(process.pid)
        if look % 4 == 0:  # it takes the kernel 20 ms, on the cores that are measured
            peak = max(peak, sum(map(megabytes, tree)))
        readers = max(readers, sum(map(cpu_seconds, tree[1:])))
        time.sleep(0.5)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {
        "seconds": time.monotonic() - began,
        "cpu": own + readers,
        "main": own,
        "proxy": sum(map(cpu_seconds, others)) - answered,
        "megabytes": peak,
    }


def family(pid: int) -> list[int]:
    """Return the ids of a process and of all its descendants."""
    try:  # a process may be the child of any thread
        children = [
            child
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []
    return [pid, *(below for child in children for below in family(int(child)))]


def megabytes(pid: int) -> float:
    """Return the proportional set size of a process, in which shared memory counts once."""
    try:
        found = re.search(
            r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE
        )
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of its children that have ended.

    The process may end before its parent waits for it; then the result is 0.
    """
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, parts[11:15])) / os.sysconf("SC_CLK_TCK")


def some_pages(shared: Path) -> list[Capture]:
    """Return pages that are evenly spread over the world."""
    world = shared / "newsweb" / "worlds" / "pages"
    rows = [json.loads(line) for line in (world / "world.jsonl").read_text("utf-8").splitlines()]
    chosen = rows[:: len(rows) // SAMPLE]
    return [
        Capture(row["url"], gzip.decompress((world / row["html"]).read_bytes())) for row in chosen
    ]


def trafilatura_alone(pages: list[Capture]) -> float:
    """Return the CPU time of trafilatura in milliseconds per page."""
    from trafilatura import bare_extraction

    bare_extraction(pages[0].body, with_metadata=True)
    began = time.process_time()
    for page in pages:
        bare_extraction(page.body, with_metadata=True)
    return 1000 * (time.process_time() - began) / len(pages)


def pool(pages: list[Capture]) -> Iterator[Figure]:
    """Yield the cost of extraction in other processes: all CPU beside the extraction itself."""

    async def read(workers: WorkerPool, pages: list[Capture]) -> list[Article]:
        return await asyncio.gather(*map(workers.read_article, pages))

    with WorkerPool() as workers:
        asyncio.run(read(workers, pages[:CORES]))  # the fork server and its children are there
        began, read_before, others = time.process_time(), workers.cpu_seconds, cpu_of_children()
        asyncio.run(read(workers, pages))
        here, reading = time.process_time() - began, workers.cpu_seconds - read_before
        there = cpu_of_children() - others - reading
    began = time.process_time()
    for page in pages:
        extract_article(page)
    alone = time.process_time() - began
    each = 1000 / len(pages)
    yield Figure("CPU a page that the pool adds", each * (here + there), "ms", 4, "bound", "≤ 4 ms")
    yield Figure(
        "CPU of reading a page in the pool", each * reading, "ms", each * alone, "the same, no pool"
    )


def cpu_of_children() -> float:
    """Return the CPU time of all descendants of this process."""
    return sum(map(cpu_seconds, family(os.getpid())[1:]))
