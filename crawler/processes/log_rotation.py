"""The logs in the archive's folder: bounded, the oldest part goes.

`crawl.log` is Scrapy's, and cron appends to `schedule.log` (`crawler.jobs.schedule_units`). systemd
and containers log the output of commands themselves.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

CRAWL_LOG_NAME = "crawl.log"
SCHEDULE_LOG_NAME = "schedule.log"
MAX_LOG_BYTES = 5_000_000
"""Size from which a log is put aside at the beginning of a crawl."""
KEPT_LOGS = 5
"""Logs that were put aside, besides the current one."""


def rotate_logs(folder: Path) -> None:
    """Put the logs of an archive aside that have become long: `crawl.log.1` is the newest.

    A program that has a log open goes on writing to the file that was put aside. If the files
    cannot be renamed, the log stays, as a crawl must not fail for that.
    """
    for name in (CRAWL_LOG_NAME, SCHEDULE_LOG_NAME):
        with suppress(OSError):
            _rotate_log(folder / name)


def _rotate_log(log: Path) -> None:
    """Put a log aside if it has become long. Raises OSError, also if there is no log."""
    if log.stat().st_size < MAX_LOG_BYTES:
        return
    for number in range(KEPT_LOGS - 1, 0, -1):
        older = log.with_name(f"{log.name}.{number}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number + 1}"))
    log.replace(log.with_name(f"{log.name}.1"))
