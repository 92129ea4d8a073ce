"""A scheduler and a worker as docs/scale.md starts them on loopback, and the commands on them."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.web import serve
from tests.paths import ROOT
from tests.patience import patient, until
from tests.stories import outlet, page, world
from tests.warcs import write_warc

BIN = Path(sys.executable).parent


@dataclass
class Loopback:
    """A cluster of one scheduler and one worker process."""

    address: str
    scheduler: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]


def documented_commands() -> list[list[str]]:
    """The commands of docs/scale.md for several machines, as words."""
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    block = page.partition("<!-- tested: loopback -->\n```sh\n")[2].partition("```")[0]
    return [shlex.split(line) for line in block.splitlines()]


def start_dask(words: list[str], port: int, folder: Path) -> subprocess.Popen[bytes]:
    """Start a documented command of Dask on another port; the dashboard gets any."""
    assert words[0] == "dask"
    moved = [word.replace(":8787", ":0").replace("8786", str(port)) for word in words[1:]]
    return subprocess.Popen(
        [BIN / "dask", *moved],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loopback]:
    folder, port = tmp_path_factory.mktemp("dask"), unused_port()
    of_scheduler, of_worker, *_ = documented_commands()
    scheduler = start_dask(of_scheduler, port, folder)
    worker = start_dask(of_worker, port, folder)
    yield Loopback(f"tcp://127.0.0.1:{port}", scheduler, worker)
    for process in (worker, scheduler):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(patient(30))


def test_the_documented_commands_import_a_folder_on_two_workers(dateline, loopback, tmp_path):
    _, _, of_import, of_status, of_serve = documented_commands()
    run = dateline()
    (tmp_path / "warcs").mkdir()
    files = [write_warc(tmp_path / "warcs" / f"{n}.warc.gz", range(n, n + 20)) for n in (0, 20, 40)]
    assert of_import[-1] == "warcs/*.warc.gz"  # which the shell spells out
    words = [word.replace("tcp://127.0.0.1:8786", loopback.address) for word in of_import[1:-1]]
    archive = words[words.index("--archive") + 1]
    words[words.index("--archive") + 1] = str(tmp_path / archive)
    assert run(*words, *files).stdout == "60 new\n"
    run.folder = tmp_path / archive
    assert "60, " in run("status").stdout or "60;" in run("status").stdout
    assert of_status == ["dateline", "--archive", archive, "status"]
    assert of_serve == ["dateline", "--archive", archive, "serve"]


def test_a_crawl_on_a_cluster_finds_what_one_without_finds(dateline, loopback, tmp_path):
    with serve(world()) as web:
        alone = dateline(web)
        alone.knows()
        alone.crawl()
        shared = dateline(web)
        shared.folder = tmp_path / "shared"
        shared.knows()
        shared.crawl("--cluster", loopback.address)
    articles = "SELECT url, headline, text, published_at FROM articles ORDER BY url"
    assert [tuple(row) for row in shared.rows(articles)] == [
        tuple(row) for row in alone.rows(articles)
    ]
    assert len(shared.rows(articles)) == 5


def test_the_status_of_a_crawl_on_a_cluster_names_its_workers(dateline, loopback):
    pages = tuple(page(number, delay=1.0) for number in range(1, 40))
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.environment["DATELINE_CLUSTER"] = loopback.address
        run.knows()
        crawl = run.start("crawl", "--since", "2000-01-01", "--delay", "0")
        until(lambda: crawl.poll() is not None or run.column("SELECT count(*) FROM articles")[0])
        state = json.loads(run("status", "--json").stdout)["cluster"]
        told = run("status").stdout
        crawl.send_signal(signal.SIGINT)
        crawl.wait(patient(60))
    assert state["address"] == loopback.address
    named = sorted((each["name"].split()[0], each["threads"]) for each in state["workers"])
    assert named == [("reader-0", 1), ("reader-1", 1)]
    assert state["lost"] == 0
    assert f"{loopback.address}, " in told
    assert "worker reader-0 (tcp://127.0.0.1:" in told
    assert json.loads(run("status", "--json").stdout)["cluster"] is None


def test_pages_are_extracted_on_a_cluster_as_here(dateline, loopback, tmp_path):
    run = dateline()
    file = write_warc(tmp_path / "pages.warc.gz", range(20))
    assert run("import", "--cluster", loopback.address, file).stdout == "20 new\n"
    assert run("extract", "--all", "--cluster", loopback.address).stdout.startswith("20 pages read")
    saved = tmp_path / "saved.html"
    saved.write_text("<h1>Pier</h1><p>" + "The pier is moved to the north quay. " * 20)
    on_cluster = json.loads(run("extract", "--cluster", loopback.address, saved).stdout)
    here = json.loads(run("extract", saved).stdout)
    assert on_cluster | {"fetched_at": ""} == here | {"fetched_at": ""}


def test_a_crawl_whose_scheduler_is_lost_ends_in_one_line_and_is_continued_without_it(
    dateline, loopback
):
    pages = tuple(page(number, delay=0.5) for number in range(1, 30))
    with serve(world(outlet(pages=pages))) as web:
        run = dateline(web)
        run.knows()
        crawl = subprocess.Popen(
            run.command("crawl", "--since", "2000-01-01", "--delay", "0", "--cluster", loopback.address),
            env=run.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until(lambda: crawl.poll() is not None or run.column("SELECT count(*) FROM articles")[0])
        os.killpg(loopback.scheduler.pid, signal.SIGKILL)
        _, mistakes = crawl.communicate(timeout=patient(60))
        assert crawl.returncode == 69, mistakes
        assert mistakes.startswith(
            f"dateline: {loopback.address}: the scheduler was lost; what was"
        )
        assert mistakes.count("\n") == 1
        assert 1 <= run.column("SELECT count(*) FROM articles")[0] < len(pages)
        assert run.column("SELECT reason FROM crawls") == ["the cluster was lost"]
        run.crawl()
    assert run.column("SELECT count(*) FROM articles") == [len(pages)]
    assert run.column("SELECT count(*) FROM fetches WHERE outcome = 'failed'") == [0]
