"""The logs of an archive are put aside before they become long, and the oldest part is dropped."""

from __future__ import annotations

from pathlib import Path

from crawler.processes.log_rotation import (
    KEPT_LOGS,
    MAX_LOG_BYTES,
    SCHEDULE_LOG_NAME,
    rotate_logs,
)


def test_a_short_log_stays_and_a_missing_one_is_no_error(tmp_path: Path) -> None:
    rotate_logs(tmp_path)
    (tmp_path / SCHEDULE_LOG_NAME).write_text("one line\n")
    rotate_logs(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [SCHEDULE_LOG_NAME]


def test_a_long_log_is_put_aside_and_only_so_many_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT_LOGS + 3):
        (tmp_path / SCHEDULE_LOG_NAME).write_text(f"{number}\n" + "x" * MAX_LOG_BYTES)
        rotate_logs(tmp_path)
    kept = {file.name: file.read_text().split("\n")[0] for file in tmp_path.iterdir()}
    newest = KEPT_LOGS + 2
    assert kept == {
        f"{SCHEDULE_LOG_NAME}.{n}": str(newest + 1 - n) for n in range(1, KEPT_LOGS + 1)
    }


def test_what_has_the_log_open_goes_on_writing(tmp_path: Path) -> None:
    log = tmp_path / SCHEDULE_LOG_NAME
    with log.open("a") as opened:
        opened.write("x" * MAX_LOG_BYTES)
        opened.flush()
        rotate_logs(tmp_path)
        opened.write("the end")
    assert log.with_name(f"{SCHEDULE_LOG_NAME}.1").read_text().endswith("the end")
    assert not log.exists()
