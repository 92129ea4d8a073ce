"""Pages are read in processes of their own: what goes wrong with one costs that page alone."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from archive.errors import ReadingError, SourceError
from archive.records import Article, Capture
from crawler.sources.feed_parser import parse_feed
from crawler.sources.source_discovery import HomePage
from crawler.workers.pool import Worker, WorkerPool
from pipelines.text_features import with_text_features
from tests.growth import assert_growth
from tests.paths import ROOT
from tests.patience import patient
from tests.stories import story

pytestmark = pytest.mark.slow  # each starts processes

PAGE = Capture(
    "http://paper.example/1",
    b"<h1>Pier</h1>" + story(1).encode(),
    fetched_at="2026-03-10T12:00:00Z",
)


def pid_of(worker: Worker) -> int:
    return int(worker._process.pid)


def test_a_page_that_takes_too_long_is_named_and_the_next_one_is_read():
    with WorkerPool(1) as workers:
        with pytest.raises(
            ReadingError, match=r"http://paper\.example/1: extraction took longer than 0 s"
        ):
            workers._workers[0].read_article(PAGE, 0.0)
        assert workers._workers[0].read_article(PAGE, 30.0).text


def test_a_page_that_crashes_its_worker_is_named_and_the_next_one_is_read():
    worker = Worker()
    worker.read_article(PAGE, 30.0)
    os.kill(pid_of(worker), signal.SIGSTOP)  # it holds the page when it dies
    killer = threading.Timer(0.3, os.kill, (pid_of(worker), signal.SIGKILL))
    killer.start()
    with pytest.raises(ReadingError, match="crashed on this page"):
        worker.read_article(PAGE, 30.0)
    assert worker.read_article(PAGE, 30.0).text
    worker.close()


def test_a_crash_amid_many_pages_costs_no_other_page():
    async def read_all(workers: WorkerPool) -> list[Article | ReadingError]:
        async def one(number: int) -> Article | ReadingError:
            try:
                return await workers.read_article(
                    Capture(f"http://paper.example/{number}", PAGE.body, fetched_at=PAGE.fetched_at)
                )
            except ReadingError as error:
                return error

        reading = asyncio.gather(*(one(number) for number in range(40)))
        while not workers._workers[0].cpu_seconds:
            await asyncio.sleep(0.001)
        os.kill(pid_of(workers._workers[0]), signal.SIGKILL)
        return list(await reading)

    with WorkerPool(2) as workers:
        answers = asyncio.run(read_all(workers))
    errors = [answer for answer in answers if isinstance(answer, ReadingError)]
    assert len(errors) <= 1
    assert len(answers) - len(errors) >= 39


@pytest.mark.slow
def test_workers_end_when_their_crawl_is_killed():
    program = (
        "import sys, time\n"
        "from crawler.workers.pool import Worker\n"
        "from archive.records import Capture\n"
        "if __name__ == '__main__':\n"
        "    worker = Worker()\n"
        "    worker.read_article(Capture('http://paper.example/1', b'<p>text</p>'), 60.0)\n"
        "    print(worker._process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    root = ROOT
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=root, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    for _ in range(100):
        if not is_alive(worker):
            return
        time.sleep(0.05)
    pytest.fail("the worker lives on")


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_a_reader_that_its_crawl_cannot_end_any_more_ends_by_itself():
    """A crawl that is killed leaves a reader behind that may be in a page without end."""
    program = (
        "import time\n"
        "from crawler.workers import pool as workers\n"
        "from archive.records import Capture\n"
        "workers.ORPHAN_GRACE_SECONDS = 0\n"
        "class Asleep:\n"
        "    def recv(self): return 'page', Capture('http://paper.example/1', b''), (), 1.0\n"
        "workers._parse_document = lambda *_: time.sleep(1000)\n"
        "workers._limit_memory = lambda: None\n"
        "workers._run_worker(Asleep())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=False, timeout=patient(100)
    )
    assert ran.returncode == -signal.SIGALRM


def test_a_page_that_would_take_all_the_memory_is_ended_by_a_limit():
    code = "from crawler.workers.pool import _limit_memory; _limit_memory(); bytes(64 << 20); bytes(300 << 20)"
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ran.stderr.endswith("MemoryError\n")


def nested(wrap: str, inside: str = "<item><link>1</link></item>", times: int = 2_000) -> bytes:
    """A feed whose elements lie in each other."""
    return f"<rss><channel>{wrap * times}{inside * 50}</channel></rss>".encode()


STRANGE_FEEDS = {
    "bases": nested(f'<a xml:base="{"b" * 100}/">'),
    "bases of many hosts": nested('<a xml:base="http://mire.example/%ff/../">'),
    "titles": nested("<item><title>"),
    "names": nested('<a xmlns:x="http://mire.example/" x:y="1">'),
    "ampersands": b"<rss>" + b"&x;" * 1_500_000 + b"</rss>",
    "objects": b'{"items": [' + b'{"items": [' * 90_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STRANGE_FEEDS)
def test_a_feed_is_read_beside_the_crawl_however_strange_it_is(name):
    with WorkerPool(1, 100) as workers:
        own = time.process_time()
        with contextlib.suppress(SourceError):
            asyncio.run(workers.read_feed(STRANGE_FEEDS[name], "http://paper.example/feed"))
        assert workers.cpu_seconds > 0
        assert time.process_time() - own < 1 + workers.cpu_seconds


@pytest.mark.parametrize("name", ["bases", "bases of many hosts", "titles", "names"])
def test_a_feed_twice_as_deep_costs_no_more_than_a_few_times_as_much(name):
    """Joined up to the root for each entry, bases cost eight times as much, and hours for a feed of
    260 KB."""
    wrap = STRANGE_FEEDS[name][len(b"<rss><channel>") :].split(b">", 1)[0].decode() + ">"
    wrap = "<item><title>" if name == "titles" else wrap

    def parse(times: int) -> None:
        for _ in range(3):
            parse_feed(nested(wrap, times=times), "http://paper.example/feed")

    assert_growth(parse, 900, times=2)


def test_a_small_feed_a_home_page_and_the_sitemaps_of_a_robots_txt_are_read_beside_the_crawl_too():
    home = b"<html lang=de><title>Bote</title><link rel=alternate type=application/rss+xml href=/f>"
    robots = b"Sitemap: /s.xml\n" + b"User-agent: x\n" * 20_000
    with WorkerPool(1, 100) as workers:
        assert (
            asyncio.run(workers.read_feed(b"<rss></rss>", "http://paper.example/feed")).leads == ()
        )
        read = workers.cpu_seconds
        assert read > 0
        said = asyncio.run(workers.read_home_page(home, "http://paper.example/"))
        assert said == HomePage(("http://paper.example/f",), "Bote", "de")
        assert asyncio.run(
            workers.read_robots_sitemaps(robots, "http://paper.example/robots.txt")
        ) == ["http://paper.example/s.xml"]
        assert workers.cpu_seconds > read


def test_a_robots_txt_of_many_crawlers_and_rules_is_read_beside_the_crawl_and_says_what_it_says():
    agents = b"".join(b"User-agent: robot%d\n" % number for number in range(14_000))
    rules = b"".join(b"Disallow: /%d\n" % number for number in range(14_000))
    with WorkerPool(1, 100) as workers:
        groups = asyncio.run(
            workers.read_robots(agents + b"User-agent: *\n" + rules, "http://x.example", ("us",))
        )
        assert workers.cpu_seconds > 0
    assert not groups.group("us").allows("/13999")
    assert groups.group("us").allows("/news")
    assert groups.size < 4_000_000


def test_a_story_page_is_taken_apart_beside_the_crawl_links_and_all():
    """A page of a hundred thousand paragraphs costs a reader much, and the crawl nothing."""
    hostile = b"<p><a href=/news/2>Drill reaches the miners</a>" + b"<p>&x;" * 100_000
    with WorkerPool(1, 100) as workers:
        own = time.process_time()
        found = asyncio.run(workers.read_navigation(Capture("http://paper.example/1", hostile)))
        assert [lead.url for lead in found.links] == ["http://paper.example/news/2"]
        assert time.process_time() - own < workers.cpu_seconds / 2
        article, found = asyncio.run(workers.read_article_and_links(PAGE))
        assert article.text
        assert found.links == ()


def test_a_large_feed_that_is_none_is_told_as_a_small_one():
    with (
        WorkerPool(1) as workers,
        pytest.raises(SourceError, match=r"http://paper\.example/feed: not a feed"),
    ):
        asyncio.run(workers.read_feed(b"<html>" * 100_000, "http://paper.example/feed"))


def test_a_sitemap_that_is_packed_is_read_beside_the_crawl_however_small():
    packed = gzip.compress(b"<urlset><url><loc>http://paper.example/1</loc></url></urlset>")
    with WorkerPool(1) as workers:
        assert (
            len(asyncio.run(workers.read_sitemap(packed, "http://paper.example/map.gz")).leads) == 1
        )
        assert workers.cpu_seconds > 0


def test_the_process_that_extracts_a_page_computes_the_features_of_its_text():
    async def read() -> Article:
        with WorkerPool(1) as workers:
            return await workers.read_article(PAGE)

    article = asyncio.run(read())
    assert article.features == with_text_features(article).features
    worker = Worker()
    try:
        assert worker.read_article_to_store(PAGE, 30.0).features == article.features
        assert worker.read_article(PAGE, 30.0).features is None  # nobody stores it
    finally:
        worker.stop()
