"""The log of scheduled runs, `schedule.log` in the archive's folder: bounded, the oldest part goes.

cron appends to it (`crawler.jobs.schedule_units`); systemd and containers keep logs of their own.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

SCHEDULE_LOG_NAME = "schedule.log"
MAX_LOG_BYTES = 1_000_000
"""Size from which the log is put aside at the beginning of a scheduled run."""
KEPT_LOGS = 5
"""Logs that were put aside, besides the current one."""


def rotate_schedule_log(folder: Path) -> None:
    """Put the log of an archive aside if it has become long: `schedule.log.1` is the newest.

    A program that has the log open goes on writing to the file that was put aside. If the files
    cannot be renamed, the log stays, as a run must not fail for that.
    """
    log = folder / SCHEDULE_LOG_NAME
    with suppress(OSError):
        if log.stat().st_size < MAX_LOG_BYTES:
            return
        for number in range(KEPT_LOGS - 1, 0, -1):
            older = log.with_name(f"{SCHEDULE_LOG_NAME}.{number}")
            if older.exists():
                older.replace(log.with_name(f"{SCHEDULE_LOG_NAME}.{number + 1}"))
        log.replace(log.with_name(f"{SCHEDULE_LOG_NAME}.1"))
