"""The Chromium of a machine, and what is missing where there is none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive.errors import UsageError
from crawler.network.browser import browser_program
from crawler.network.browser.browser_program import (
    browser_environment,
    check_browser_mode,
    find_chromium,
    group_memory_bytes,
    group_processes,
    kill_group,
    limit_group_memory,
    missing_browser_reason,
)
from crawler.network.browser.rendered_page import navigation_failure
from crawler.network.browser.running_browser import start_failure_reason
from tests.patience import patient


@pytest.fixture
def path_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in which programs are looked for."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder: Path, name: str) -> str:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_chromium_is_found_by_its_names_in_their_order_or_where_a_setting_says(path_with):
    assert find_chromium() is None
    chrome = program(path_with, "google-chrome")
    assert find_chromium() == chrome
    chromium = program(path_with, "chromium")
    assert find_chromium() == chromium
    assert find_chromium(chrome) == chrome
    assert find_chromium(str(path_with / "none")) is None


def test_what_is_missing_is_named_with_how_to_get_it(path_with, monkeypatch):
    assert missing_browser_reason() == "install Chromium, or say where it is with browser_path"
    assert missing_browser_reason("/nowhere/chromium") == (
        "/nowhere/chromium (browser_path) is not a program"
    )
    program(path_with, "chromium")
    assert missing_browser_reason() is None
    monkeypatch.setattr(browser_program, "find_spec", lambda _: None)
    assert missing_browser_reason() == "pip install 'dateline[browser]'"


def test_the_browser_gets_neither_secrets_nor_proxies_of_the_environment(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://ida:secret@proxy.example")
    monkeypatch.setenv("DATELINE_PROXY_SECRET", "secret")
    assert not [value for value in browser_environment().values() if "secret" in value]


def test_an_unknown_mode_is_refused_with_those_that_there_are():
    assert check_browser_mode("rules") == "rules"
    with pytest.raises(UsageError, match="'always' is none of auto, rules, off"):
        check_browser_mode("always")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system has no /proc")
def test_the_processes_of_a_group_are_found_limited_and_ended():
    code = "import resource, sys; sys.stdin.readline(); print(resource.getrlimit(resource.RLIMIT_DATA)[0])"
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert list(group_processes(process.pid)) == [process.pid]
        assert group_memory_bytes(process.pid) >= 0
        limit_group_memory(process.pid)
        said, _ = process.communicate(b"\n", patient(10))
        assert int(said) == browser_program.BROWSER_PROCESS_MEMORY_BYTES
    finally:
        kill_group(process.pid)
    assert group_memory_bytes(process.pid) == 0
    assert os.getpgid(0) != process.pid


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Page.goto: net::ERR_CONNECTION_RESET at http://a.example/\nCall log:", "net::ERR_CONNECTION_RESET"),
        ("Page.goto: Download is starting\nCall log:", "a download, not a page"),
        ("Page.goto: Target page, context or browser has been closed", "the browser ended"),
        ("Page.goto: Page crashed", "the page crashed"),
    ],
)  # fmt: skip
def test_the_failure_of_a_page_is_named_in_a_few_words(message, reason):
    assert navigation_failure(message) == reason


def test_a_browser_that_does_not_start_says_why_on_one_line():
    said = "BrowserType.launch: Target closed\n[err] No usable sandbox! Update your kernel"
    assert "crawl as another user" in start_failure_reason(said, has_sandbox=True)
    assert start_failure_reason(said, has_sandbox=False) == (
        "Chromium did not start: BrowserType.launch: Target closed"
    )


@pytest.mark.parametrize(("length", "is_given"), [(56, True), (57, False)])
def test_the_browser_gets_no_folder_whose_path_is_too_long_for_its_socket(
    monkeypatch: pytest.MonkeyPatch, length: int, is_given: bool
):
    monkeypatch.setenv("TMPDIR", "/" + "t" * (length - 1))
    assert ("TMPDIR" in browser_environment()) == is_given
