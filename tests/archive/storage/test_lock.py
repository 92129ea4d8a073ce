"""One crawl at a time, however the one before it ended."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from archive.errors import ArchiveError, BusyError
from archive.storage.lock import LOCK_TIMEOUT_SECONDS, crawl_lock_owner, hold_crawl_lock

HOLD = """
import sys, time; from pathlib import Path; from archive.storage.lock import hold_crawl_lock
with hold_crawl_lock(Path(sys.argv[1])): print("held", flush=True); time.sleep(60)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_who_holds_the_archive_is_told_with_process_machine_and_start(tmp_path: Path) -> None:
    other = holder(tmp_path)
    try:
        with (
            pytest.raises(BusyError, match=rf"process {other.pid} on \S+, since 20\d\d-") as told,
            hold_crawl_lock(tmp_path),
        ):
            pass
        assert told.value.exit_code == 75
        assert (crawl_lock_owner(tmp_path) or "").startswith(f"process {other.pid} on ")
    finally:
        other.kill()
        other.wait()


def test_a_process_that_was_killed_holds_nothing_though_its_name_is_still_there(
    tmp_path: Path,
) -> None:
    other = holder(tmp_path)
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert str(other.pid) in (tmp_path / "crawl.owner").read_text()
    assert crawl_lock_owner(tmp_path) is None
    with hold_crawl_lock(tmp_path):
        assert f"process {os.getpid()} " in (crawl_lock_owner(tmp_path) or "")
    assert not (tmp_path / "crawl.owner").exists()


def test_nobody_holds_an_archive_that_is_not_there(tmp_path: Path) -> None:
    assert crawl_lock_owner(tmp_path / "nowhere") is None


def test_asking_who_holds_it_costs_no_crawl_its_start(tmp_path: Path) -> None:
    ask = (
        "import sys; from pathlib import Path; from archive.storage.lock import crawl_lock_owner\n"
        "while True: crawl_lock_owner(Path(sys.argv[1]))"
    )
    asking = subprocess.Popen([sys.executable, "-c", ask, tmp_path])
    try:
        for _ in range(500):
            with hold_crawl_lock(tmp_path):
                pass
    finally:
        asking.kill()
        asking.wait()


def test_a_question_that_takes_long_costs_no_crawl_its_start(tmp_path: Path) -> None:
    with hold_crawl_lock(tmp_path):
        pass
    with (tmp_path / "crawl.lock").open("rb") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        answer = Timer(2 * LOCK_TIMEOUT_SECONDS, asking.close)
        answer.start()
        with hold_crawl_lock(tmp_path):
            assert asking.closed
        answer.join()


def test_a_lock_is_let_go_of_though_the_folder_went_away(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with hold_crawl_lock(folder):
        folder.rename(tmp_path / "moved")
    assert crawl_lock_owner(tmp_path / "moved") is None


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(ArchiveError, match="file/archive: cannot be written"),
        hold_crawl_lock(tmp_path / "file" / "archive"),
    ):
        pass
