"""Reading on a cluster: what it costs the driver, how fast it writes, and what faults cost.

Pages are invented, of 100 kB like those of real outlets, with the articles of
`bench.stories_archive`. Two workers and today's processes read the same ones in turn. What Dask
costs is what the driver takes beyond an import of the same answers from memory. The writer alone is
measured with 64 stand-ins for workers, which answer at once with articles recorded before;
`BENCH_CLUSTER_ARTICLES=300000` measures with more of them.
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from random import Random

from archive.errors import ClusterError
from archive.records import Article, Capture
from bench.figures import Figure
from bench.stories_archive import Made, World
from crawler.cluster.connection import open_cluster
from crawler.cluster.page_batches import (
    PageAnswer,
    PageToRead,
    pack_answers,
    unpack_answers,
)
from crawler.cluster.page_readers import BatchReaders, ClusterReaders, LocalReaders, PageBatch
from crawler.extraction.rules.outlet_rules import LearntTemplates
from crawler.jobs.import_files import import_files
from crawler.workers.pool import DocumentKind
from pipelines.text_features import with_text_features

WORKERS = 2
PAGES, PAGE_BYTES = 240, 100_000
"""Pages that are read by the cluster and by today's processes, in turns, and their size."""
TURNS = 2
RECORDED, RECORDED_BYTES = int(os.environ.get("BENCH_CLUSTER_ARTICLES", "10000")), 20_000
STAND_INS = 64
FAULT_PAGES, FAULT_BYTES = 2_000, 4_000
WORKER_KILLS, DRIVER_KILLS = 10, 3
READING_MS = 60.0
"""Milliseconds that a worker takes for an ordinary page (docs/scale.md)."""


def figures(shared: Path) -> Iterator[Figure]:  # noqa: ARG001  as every benchmark
    """Measure everything in a folder that is deleted; `shared` is not used."""
    folder = Path(tempfile.mkdtemp(prefix="dateline-bench-"))
    try:
        yield from reading_figures(folder)
        yield from writer_figures(folder)
        yield from fault_figures(folder)
    finally:
        shutil.rmtree(folder)


# -- pages -----------------------------------------------------------------------------------------


@cache
def articles_world() -> World:
    return World()


def address_of(made: Made) -> str:
    return f"http://paper{made.outlet}.example/news/{made.number}"


def page_of(made: Made, size: int) -> bytes:
    """A page of about `size` bytes: half of it links and half scripts, around the article."""
    chance = Random(made.number)
    text = "".join(f"<p>{line}</p>" for line in made.text.split("\n"))
    links = "".join(
        f'<li class="nav-item"><a href="/s/{chance.randrange(10**6)}">{made.headline[:30]}</a></li>'
        for _ in range(size // 400)
    )
    page = (
        f'<!doctype html><html lang="{made.language}"><head><title>{made.headline}</title>'
        f'<meta property="article:published_time" content="{made.moment}"></head><body>'
        f"<nav><ul>{links}</ul></nav><article><h1>{made.headline}</h1>{text}</article>"
    )
    scripts: list[str] = []
    while len(page) + 800 * len(scripts) < size:
        values = ",".join(f'"k{number}":{chance.randrange(10**9)}' for number in range(50))
        scripts.append(f"<script>window.__state={{{values}}};</script>")
    return f"{page}{''.join(scripts)}</body></html>".encode()


def write_pages(
    path: Path, numbers: Iterable[int], size: int, pack: Callable[[bytes], bytes] = bytes
) -> Path:
    """Write pages into a WARC file, each record packed by itself."""
    with path.open("wb") as file:
        for number in numbers:
            made = articles_world().article(number)
            body = page_of(made, size)
            http = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
            head = (
                "WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: 2026-03-30T00:00:00Z\r\n"
                f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012d}>\r\n"
                f"WARC-Target-URI: {address_of(made)}\r\n"
                "Content-Type: application/http; msgtype=response\r\n"
                f"Content-Length: {len(http) + len(body)}\r\n\r\n"
            )
            file.write(pack(head.encode() + http.encode() + body + b"\r\n\r\n"))
    return path


# -- stand-ins for workers -------------------------------------------------------------------------


@dataclass
class Recorded:
    """Readers that answer at once from a file of blocks, as the network would bring them."""

    blocks: Path
    places: dict[str, tuple[int, int]]
    """URL → offset and length of its block."""
    threads: int = STAND_INS
    batch_pages: int = 8
    batch_bytes: int = 1_000_000

    def page_to_read(
        self,
        capture: Capture,
        kind: DocumentKind = "page to store",
        templates: LearntTemplates | None = None,  # noqa: ARG002  of a protocol
    ) -> PageToRead:
        return PageToRead(capture, kind)

    def submit_batch(self, pages: Sequence[PageToRead]) -> PageBatch:
        return _RecordedBatch(self, [page.capture.url for page in pages])

    def describe(self) -> str:
        return ""

    def published_in(self, folder: Path) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def block_of(self, url: str) -> bytes:
        offset, length = self.places[url]
        with self.blocks.open("rb") as file:
            file.seek(offset)
            return file.read(length)


@dataclass
class _RecordedBatch:
    readers: Recorded
    urls: list[str]

    def answers(self) -> list[PageAnswer]:
        return [
            answer for url in self.urls for answer in unpack_answers(self.readers.block_of(url))
        ]


def record(path: Path, answers: Iterable[tuple[str, bytes]]) -> Recorded:
    """Write the blocks of answers into a file."""
    places = {}
    with path.open("wb") as file:
        for url, block in answers:
            places[url] = (file.tell(), len(block))
            file.write(block)
    return Recorded(path, places)


def made_answer(number: int) -> tuple[str, bytes]:
    """The URL of an article, and the block in which a worker would answer it."""
    made = articles_world().article(number)
    article = Article(
        address_of(made), headline=made.headline, page_title=made.headline, language=made.language,
        published_at=made.moment, published_raw=made.moment, published_day=made.moment[:10],
        stated_at=made.moment, fetched_at="2026-03-30T00:00:00Z", text=made.text,
        word_count=len(made.ids), extractor="recorded",
    )  # fmt: skip
    return article.url, pack_answers([PageAnswer(with_text_features(article), worker="stand-in")])


# -- figures ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ImportCost:
    """The time and CPU of an import."""

    seconds: float
    cpu_ms: float
    """CPU of this process for each page."""
    articles: int


def timed_import(folder: Path, file: Path, readers: BatchReaders) -> ImportCost:
    """Import a file into a new archive."""
    shutil.rmtree(folder, ignore_errors=True)
    began, cpu_began = time.monotonic(), time.process_time()
    import_files(folder, [file], None, readers=readers)
    cpu, seconds = time.process_time() - cpu_began, time.monotonic() - began
    articles = count_articles(folder)[0]
    return ImportCost(seconds, 1000 * cpu / articles, articles)


def count_articles(folder: Path) -> tuple[int, int]:
    """The articles of an archive, and the different addresses among them."""
    with sqlite3.connect(folder / "archive.db") as db:
        counts: tuple[int, int] = db.execute(
            "SELECT count(*), count(DISTINCT url) FROM articles"
        ).fetchone()
    return counts


def reading_figures(folder: Path) -> Iterator[Figure]:
    """Yield what a page costs the driver, and the speed of two workers beside today's processes."""
    file = write_pages(folder / "pages.warc", range(PAGES), PAGE_BYTES)
    warm = write_pages(folder / "warm.warc", range(PAGES, PAGES + 40), PAGE_BYTES)
    archive = folder / "archive"
    shared, alone = [], []
    local = LocalReaders(WORKERS)
    with open_cluster(f"local:{WORKERS}") as connection:
        while connection.threads < WORKERS:
            time.sleep(0.1)
        readers = ClusterReaders(connection)
        for each in (readers, local):
            timed_import(archive, warm, each)
        for _ in range(TURNS):
            shared.append(timed_import(archive, file, readers))
            alone.append(timed_import(archive, file, local))
        recorded = record(folder / "blocks", read_answers(file, readers))
    local.close()
    written = [timed_import(archive, file, recorded) for _ in range(TURNS)]
    driver, beside, without = (
        min(each.cpu_ms for each in costs) for costs in (shared, alone, written)
    )
    size = f"{PAGE_BYTES // 1000} kB"
    yield Figure(
        f"driver, CPU of a page of {size} read by two workers, written",
        driver,
        "ms",
        beside,
        "today's pool",
        "≤ 8",
    )
    yield Figure("Dask's part of it, with packing", driver - without, "ms", wanted="≤ 2")
    yield Figure(
        f"workers of {READING_MS:.0f} ms a page that fill such a driver",
        READING_MS / driver,
        "workers",
    )
    paces = [articles_a_second(each) for each in (shared, alone)]
    yield Figure(
        "pages a second of two workers", paces[0], "/s", paces[1], "today's pool", "≥ 0.90"
    )


def articles_a_second(costs: Sequence[ImportCost]) -> float:
    return sum(each.articles for each in costs) / sum(each.seconds for each in costs)


def read_answers(file: Path, readers: ClusterReaders) -> Iterator[tuple[str, bytes]]:
    """Yield the URL of each page of a file, and the block with its answer."""
    from crawler.files.warc_files import read_warc_pages

    pages = [found for found in read_warc_pages(file) if isinstance(found, Capture)]
    for start in range(0, len(pages), readers.batch_pages):
        batch = [readers.page_to_read(page) for page in pages[start : start + readers.batch_pages]]
        for page, answer in zip(batch, readers.submit_batch(batch).answers(), strict=True):
            yield page.capture.url, pack_answers([answer])


def writer_figures(folder: Path) -> Iterator[Figure]:
    """Yield how fast the writer is with many workers that answer at once, and its memory.

    It runs in another process, as memory is that of a process.
    """
    with ProcessPoolExecutor() as hands:
        answers = hands.map(made_answer, range(RECORDED), chunksize=100)
        recorded = record(folder / "recorded", answers)
    file = write_pages(folder / "recorded.warc", range(RECORDED), RECORDED_BYTES)
    (folder / "recorded.pickle").write_bytes(pickle.dumps(recorded))
    ran = subprocess.run(
        [sys.executable, "-m", "bench.cluster", str(folder), str(file)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    marks = [tuple(map(float, line.split())) for line in ran.stdout.splitlines()]
    half, (count, seconds, memory, cpu) = marks[len(marks) // 2 - 1], marks[-1]
    file.unlink()
    stand_ins = f"{STAND_INS} stand-ins that answer at once"
    yield Figure(f"articles a second written from {stand_ins}, {count:,.0f}", count / seconds, "/s")
    last_half = (count - half[0]) / (seconds - half[1])
    yield Figure("in the second half of them", last_half, "/s", wanted="steady")
    yield Figure("for each second of CPU, which other programs do not take", count / cpu, "/s")
    last_half = (count - half[0]) / (cpu - half[3])
    yield Figure("in the second half of them", last_half, "/s", wanted="steady")
    yield Figure("memory of the driver at the end", memory, "MB", half[2], "half way", "flat")


def write_recorded(folder: Path, file: Path) -> None:
    """Import recorded answers; print articles, seconds, megabytes and CPU seconds now and then."""
    recorded = pickle.loads((folder / "recorded.pickle").read_bytes())
    began, cpu_began = time.monotonic(), time.process_time()

    items = count(1)

    def report(*_: int | None) -> None:
        done = next(items)
        if done % max(1, RECORDED // 10) == 0:
            cpu = time.process_time() - cpu_began
            print(done, time.monotonic() - began, resident_megabytes(), cpu)

    import_files(folder / "written", [file], None, report, readers=recorded)


def resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


# -- faults ----------------------------------------------------------------------------------------


def fault_figures(folder: Path) -> Iterator[Figure]:
    """Yield the articles that are lost or twice after workers, scheduler and driver were killed."""
    file = write_pages(folder / "faults.warc", range(FAULT_PAGES), FAULT_BYTES)
    for what, fault in (
        (f"{WORKER_KILLS} workers", kill_workers),
        ("the scheduler", kill_scheduler),
        (f"the driver {DRIVER_KILLS} times", kill_drivers),
    ):
        archive = folder / "killed"
        shutil.rmtree(archive, ignore_errors=True)
        failures = fault(archive, file)
        articles, different = count_articles(archive)
        told = f"of {FAULT_PAGES:,} pages after kill -9 of {what}"
        yield Figure(f"lost {told}", FAULT_PAGES - different + failures, "", wanted="0")
        yield Figure("twice", articles - different, "", wanted="0")


def kill_workers(archive: Path, file: Path) -> int:
    """Kill workers during an import; return the number of pages that failed."""
    every = FAULT_PAGES // (WORKER_KILLS + 1)
    killed, items = 0, count(1)
    with open_cluster(f"local:{WORKERS}") as connection:

        def kill(*_: int | None) -> None:
            nonlocal killed
            if next(items) % every == 0 and killed < WORKER_KILLS:
                os.kill(connection.executor.submit(os.getpid).result(), signal.SIGKILL)
                killed += 1

        result = import_files(archive, [file], None, kill, readers=ClusterReaders(connection))
    assert killed == WORKER_KILLS
    return len(result.mistakes)


def kill_scheduler(archive: Path, file: Path) -> int:
    """Kill the scheduler half way, and import again."""
    with open_cluster(f"local:{WORKERS}") as connection:
        assert connection.local
        scheduler, items = connection.local.process, count(1)

        def kill(*_: int | None) -> None:
            if next(items) == FAULT_PAGES // 2:
                scheduler.kill()

        try:
            import_files(archive, [file], None, kill, readers=ClusterReaders(connection))
        except ClusterError:
            pass
        else:
            raise AssertionError("the import did not notice that its scheduler was lost")
    with open_cluster(f"local:{WORKERS}") as connection:
        result = import_files(archive, [file], None, readers=ClusterReaders(connection))
    return len(result.mistakes)


def kill_drivers(archive: Path, file: Path) -> int:
    """Kill the whole command again and again, and then let it end."""
    words = [sys.executable, "-m", "crawler", "--archive", str(archive), "import", str(file)]
    words += ["--cluster", f"local:{WORKERS}"]
    for kill in range(1, DRIVER_KILLS + 1):
        driver = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wanted = kill * FAULT_PAGES // (DRIVER_KILLS + 1)
        while driver.poll() is None and articles_so_far(archive) < wanted:
            time.sleep(0.2)
        assert driver.poll() is None, "the import ended before it was killed"
        driver.kill()
        driver.wait()
    ran = subprocess.run(words, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return len(ran.stderr.splitlines())


def articles_so_far(archive: Path) -> int:
    """The articles of an archive that is being written; 0 before there is one."""
    try:
        return count_articles(archive)[0]
    except sqlite3.OperationalError:
        return 0


if __name__ == "__main__":
    write_recorded(Path(sys.argv[1]), Path(sys.argv[2]))
