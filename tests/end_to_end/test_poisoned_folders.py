"""A folder in which a command is called may hold anything: nothing in it is imported, by no process
that is started."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.web import serve
from tests.conftest import Dateline, direct
from tests.paths import ROOT
from tests.patience import patient, until
from tests.servers import free_port, responds
from tests.stories import outlet, story, world

SCRIPT = Path(sys.executable).parent / "dateline"
MODULES = (
    "lxml", "json", "socket", "signal", "struct", "selectors", "pickle", "multiprocessing/__init__", "archive",
    "pipelines/__init__", "crawler/__init__", "crawler/warm", "crawler/__main__", "trafilatura/__init__", "scrapy",
    "twisted/__init__", "datasette/__init__", "uvicorn", "click", "sqlite_utils",
    "brotli", "zstandard", "cchardet", "faust_cchardet", "threading", "tempfile", "random", "secrets",
    "pkgutil", "typing", "sqlite3/__init__", "logging/__init__",
)  # fmt: skip
EARLY = (
    "sitecustomize", "usercustomize", "__future__", "contextlib", "collections/__init__", "re/__init__", "types",
    "enum", "pathlib", "functools", "importlib/__init__", "runpy", "warnings", "operator", "keyword",
)  # fmt: skip
"""Which Python, or how a package is installed, may load before any program runs."""
POISON = """
import os, sys, pathlib
with open({marker!r}, "a") as marker:
    marker.write(f"{{__file__}} by {{sys.orig_argv}}\\n")
raise ImportError("this is a stranger's file")
"""
HEADLINE = "Harbour board moves the ferry landing"


class Folder:
    """The current folder of a command, full of a stranger's modules."""

    def __init__(self, path: Path, marker: Path, run: Dateline) -> None:
        self.path, self.marker, self.run = path, marker, run
        for name in (*MODULES, *EARLY):
            file = path / f"{name}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(POISON.format(marker=str(marker)))
        paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in story(1).split("\n\n"))
        link = '<link rel=canonical href="http://paper.example/1">'
        (path / "page.html").write_text(f"<html><head>{link}</head><h1>{HEADLINE}</h1>{paragraphs}")

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        environment = self.run.environ() | more
        return subprocess.Popen(
            words, cwd=self.path, env=environment, stdout=pipe, stderr=pipe, text=True
        )

    def __call__(self, *words: str, **more: str) -> str:
        told, mistakes = self.start(*words, **more).communicate(timeout=patient(100))
        assert self.ran() == ""
        return told + mistakes

    def ran(self) -> str:
        return self.marker.read_text() if self.marker.exists() else ""


@pytest.fixture
def poisoned(tmp_path: Path) -> Callable[[Dateline], Folder]:
    return lambda run: Folder(tmp_path / "here", tmp_path / "marker", run)


PROGRAMS = {
    "the script": [str(SCRIPT)],
    "the module": [sys.executable, "-P", "-m", "crawler"],
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_pages_are_extracted_and_imported_where_a_folder_holds_modules_of_the_same_names(
    dateline, poisoned, program
):
    here = poisoned(dateline())
    assert HEADLINE in here(*program, "extract", "page.html")
    assert "1 new" in here(*program, "import", "page.html")


def test_the_search_path_of_the_user_brings_the_current_folder_in_neither(dateline, poisoned):
    here = poisoned(dateline())
    for name in (*EARLY, "crawler/__init__"):  # of these Python decides
        (here.path / f"{name}.py").unlink()
    (here.path / "crawler").rename(here.path / "crawler-aside")
    for path in ("", "."):
        told = here(str(SCRIPT), "extract", "page.html", PYTHONPATH=f"{path}{os.pathsep}/nowhere")
        assert HEADLINE in told, path


def test_as_a_module_the_program_leaves_the_current_folder_out(dateline, poisoned):
    """`python -m crawler` puts it first: only the package's own name is looked for there."""
    here = poisoned(dateline())
    (here.path / "crawler").rename(here.path / "elsewhere")
    assert HEADLINE in here(sys.executable, "-m", "crawler", "extract", "page.html")


def test_an_outlet_is_added_and_crawled_in_a_poisoned_folder(dateline, poisoned):
    with serve(world(outlet(many=3))) as web:
        here = poisoned(dateline(web))
        here(str(SCRIPT), "outlet", "add", "harbour.example")
        told = here(str(SCRIPT), "crawl", "--delay", "0", "--since", "2000-01-01")
        assert "crashed" not in told
        assert here.run.column("SELECT count(*) FROM articles") == [3]


def test_watch_starts_its_crawls_from_a_poisoned_folder(dateline, poisoned):
    with serve(world(outlet(many=2))) as web:
        here = poisoned(dateline(web))
        here.run.knows()
        process = here.start(str(SCRIPT), "watch", "--every", "1m")
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=patient(60))
        assert here.ran() == ""
        assert "finished" in lines[1], lines
        assert "2 new" in lines[1]


def test_the_lines_that_schedule_prints_run_in_a_poisoned_folder(dateline, poisoned):
    here = poisoned(dateline())
    here(str(SCRIPT), "import", "page.html")
    crontab = here(str(SCRIPT), "schedule", "--cron")
    commands = [line.split(" ", 5)[5] for line in crontab.splitlines() if line[0] != "#"]
    assert len(commands) == 3, "crawl, doctor, prune"
    units = here(str(SCRIPT), "schedule", "--systemd")
    started = [
        shlex.split(line.partition("=")[2])
        for line in units.splitlines()
        if line.startswith("ExecStart=")
    ]
    assert len(started) == 3, "crawl, doctor, prune"
    for command in commands:
        here("/bin/sh", "-c", command.replace("\\%", "%"))
    for words in started:
        here(*words)
    log = here.run.folder / "schedule.log"
    assert "sound" in log.read_text()
    assert "Traceback" not in log.read_text()


def test_without_a_script_the_schedule_calls_the_module_without_the_current_folder(
    monkeypatch, tmp_path
):
    from crawler.processes import subprocesses

    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert subprocesses.dateline_command() == (str(tmp_path / "python3"), "-P", "-m", "crawler")


@contextmanager
def served(here: Folder, *words: str) -> Iterator[str]:
    port = free_port()
    process = here.start(*words, "--port", str(port))
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=patient(60))


@pytest.mark.parametrize("options", [(), ("--public",)])
def test_an_archive_is_served_from_a_poisoned_folder(dateline, poisoned, options):
    here = poisoned(dateline())
    here(str(SCRIPT), "import", "page.html")
    with served(here, str(SCRIPT), "serve", *options) as address:
        until(lambda: responds(address), f"{address} does not answer")
        assert HEADLINE in direct.open(address).read().decode()
    assert here.ran() == ""


def test_spiders_run_by_scrapys_own_command_read_pages_in_a_poisoned_folder(dateline, poisoned):
    with serve(world(outlet(many=2))) as web:
        here = poisoned(dateline(web))
        here.run.knows()
        scrapy = Path(sys.executable).parent / "scrapy"
        here(str(scrapy), "crawl", "outlets", "-s", "DOWNLOAD_DELAY=0", "-a", "since=2000-01-01",
             SCRAPY_SETTINGS_MODULE="crawler.settings")  # fmt: skip
        assert here.run.column("SELECT count(*) FROM articles") == [2]


def test_the_demonstration_calls_the_program_without_the_current_folder(poisoned, dateline):
    here = poisoned(dateline())
    code = "from demo.__main__ import dateline; raise SystemExit(dateline('status', '--json'))"
    here(sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}")


def test_a_reader_that_dies_is_replaced_without_a_look_at_the_current_folder(dateline, poisoned):
    """Also the fork server: the next reader starts it anew."""
    here = poisoned(dateline())
    code = """
import os, signal
from multiprocessing import forkserver
from archive.records import Capture
from crawler.workers.pool import Worker
if __name__ == "__main__":
    page = Capture("http://paper.example/1", b"<h1>Pier</h1><p>The pier opens again.")
    worker = Worker()
    worker.read_article(page, 60.0)
    worker.stop()
    os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
    os.waitid(os.P_PID, forkserver._forkserver._forkserver_pid, os.WEXITED | os.WNOWAIT)
    print(worker.read_article(page, 60.0).headline)
    worker.stop()
"""
    script = here.path.parent / "script.py"
    script.write_text(code)
    assert "Pier" in here(sys.executable, str(script))


def test_an_environment_for_processes_has_no_path_that_depends_on_the_current_folder(
    tmp_path, monkeypatch
):
    from crawler.processes.search_path import PACKAGE_PARENT_FOLDER
    from crawler.processes.subprocesses import subprocess_environment

    monkeypatch.chdir(tmp_path)

    def path(given: str) -> str | None:
        return subprocess_environment({"PYTHONPATH": given}).get("PYTHONPATH")

    assert subprocess_environment({})["PYTHONSAFEPATH"] == "1"
    assert path(":/opt/lib") == "/opt/lib"
    assert path("/opt/lib:.:../lib:lib:/srv") == "/opt/lib:/srv"
    assert path(".:") is path("") is None
    assert path(PACKAGE_PARENT_FOLDER) == PACKAGE_PARENT_FOLDER
