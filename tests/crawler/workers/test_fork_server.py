"""The server that readers come from can be started beforehand, and nobody waits for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import signal, time
from multiprocessing import forkserver
from crawler.workers import fork_server

if __name__ == "__main__":
    before, began = signal.getsignal(signal.SIGINT), time.monotonic()
    fork_server.start_fork_server()
    waited, pid = time.monotonic() - began, forkserver._forkserver._forkserver_pid
    status = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
    deaf_to = int(status["SigIgn"], 16) | int(status["SigBlk"], 16)
    assert deaf_to >> signal.SIGINT - 1 & 1, "Ctrl-C is for the crawl"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, []), "which hears it again"
    assert signal.getsignal(signal.SIGINT) is before

    from archive.records import Capture
    from crawler.workers.pool import Worker

    worker, began = Worker(), time.monotonic()
    worker.read_article(Capture("http://paper.example/1", b"<h1>Pier</h1><p>The pier opens again."), 60.0)
    assert waited < time.monotonic() - began, "whoever reads waits for what it imports"
    assert forkserver._forkserver._forkserver_pid == pid, "the reader came from it"
    worker.close()
"""


@pytest.mark.slow
def test_the_server_is_started_without_waiting_and_readers_come_from_it(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    ran = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


LOADED = """
import crawler.workers.preload
from trafilatura import external
from crawler.dates import clock_times
from crawler.extraction.page_types import page_type_features
from crawler.extraction.fields import byline_words
from crawler.extraction.main_text import line_classifier
from crawler.text import language
from pipelines import urls

assert external.JT_STOPLIST, "justext's lists of words"
assert urls._public_suffixes()._extractor, "the public suffixes"
assert language._language_model.cache_info().currsize, "the model of languages"
assert line_classifier._learnt_weights.cache_info().currsize, "the weights of lines"
assert page_type_features.page_type_weights.cache_info().currsize, "the weights of pages"
assert byline_words.folded_place_names.cache_info().currsize, "the names of places"
assert clock_times._pattern_and_day_parts.cache_info().currsize, "the words of clock times"
"""


INTERRUPTED = """
import os, signal
from multiprocessing import forkserver
from crawler.workers import fork_server

heard = []
signal.signal(signal.SIGINT, lambda *_: heard.append(1))
running = forkserver.ensure_running
def ensure_running():
    os.kill(os.getpid(), signal.SIGINT)
    running()
forkserver.ensure_running = ensure_running
fork_server.start_fork_server()
assert heard, "Ctrl-C at that moment is for the crawl and is not lost"
"""


@pytest.mark.slow
def test_ctrl_c_while_the_server_is_started_is_heard_afterwards():
    ran = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.slow
def test_what_takes_long_to_load_is_there_before_readers_are_forked():
    """Each of them would load it by itself otherwise, and a crawl renews its readers after fifty
    pages."""
    ran = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
