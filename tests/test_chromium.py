"""The driver of Chromium: a browser or a page that hangs costs one test at most."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chromium import (
    CHROMIUM,
    BrowserKeeper,
    BrowserUnresponsiveError,
    PageUnresponsiveError,
)
from tests.paths import ROOT
from tests.patience import patient

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        CHROMIUM is None, reason="there is no chromium here: apt-get install chromium"
    ),
]

PAGE = "data:text/html,<title>Ferry</title><h1>Ferry crews strike</h1>"

STOPS_ONCE = """
import os, signal
from pathlib import Path

MARK = Path(__file__).with_name("stopped")

def test_first(browser):
    if not MARK.exists():
        MARK.touch()
        browser.answer_seconds = 0.2
        os.kill(browser.process.pid, signal.SIGSTOP)
    with browser.tab(390) as tab:
        tab.open("data:text/html,<h1>Ferry crews strike</h1>")
        assert tab.text() == "Ferry crews strike"

def test_second(browser):
    with browser.tab(390) as tab:
        assert tab.run("1 + 1") == 2

def test_third(browser):
    assert False, "a finding about a page"
"""


@pytest.fixture
def keeper() -> Iterator[BrowserKeeper]:
    keeper = BrowserKeeper()
    yield keeper
    keeper.close()


@pytest.mark.parametrize("how", [signal.SIGSTOP, signal.SIGKILL])
def test_a_browser_that_hangs_or_ends_is_replaced_and_leaves_nothing(
    keeper: BrowserKeeper, how: int
) -> None:
    first = keeper.working_browser()
    assert keeper.working_browser() is first
    first.answer_seconds = 0.2
    os.kill(first.process.pid, how)
    with pytest.raises(BrowserUnresponsiveError):
        first.tab(390)
    second = keeper.working_browser()
    assert second is not first
    assert first.process.returncode is not None
    assert not Path(first.profile).exists()
    with second.tab(390) as tab:
        tab.open(PAGE)
        assert tab.text() == "Ferry crews strike"


def test_a_test_that_meets_a_hanging_browser_is_run_again_and_those_after_it_once(
    tmp_path: Path,
) -> None:
    (tmp_path / "test_stopping_once.py").write_text(STOPS_ONCE)
    command = [sys.executable, "-m", "pytest", tmp_path, "-c", ROOT / "pyproject.toml"]
    options = ["--rootdir", ROOT, "-p", "tests.conftest", "-p", "no:cacheprovider", "-rR"]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=patient(100),
    )  # fmt: skip
    assert "1 failed, 2 passed, 1 rerun" in done.stdout, done.stdout + done.stderr
    assert "a finding about a page" in done.stdout


def test_a_page_that_hangs_is_reported_as_a_page_and_closed_with_its_tab(
    keeper: BrowserKeeper,
) -> None:
    browser = keeper.working_browser()
    with browser.tab(390) as tab:
        tab.open(PAGE)
        before, browser.answer_seconds = browser.answer_seconds, patient(0.5)
        with pytest.raises(PageUnresponsiveError, match="while"):
            tab.run("while (true) {}")
        browser.answer_seconds = before
    assert keeper.working_browser() is browser
    with browser.tab(390) as tab:
        tab.open(PAGE)
        assert tab.problems == []


def test_a_dialog_is_closed_and_reported(keeper: BrowserKeeper) -> None:
    with keeper.working_browser().tab(390) as tab:
        tab.open(PAGE)
        tab.run("alert('Fog over the bay'); 0")
        assert tab.problems == ["a dialog: alert: Fog over the bay"]
