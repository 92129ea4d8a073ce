"""Running a spider from a command: the archive open and locked, the log in a file, the end written
down."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path
from typing import Any

from scrapy import Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from archive.archive import Archive, OutletReport
from archive.errors import ArchiveError
from archive.storage.lock import crawl_lock
from crawler.processes import termination
from crawler.processes.watchdog import STOPPED, TIME_IS_UP, Watchdog

ENDINGS = {
    "finished": None,
    "shutdown": STOPPED,
    "closespider_timeout": TIME_IS_UP,
}
"""Scrapy's words for why a spider closed, in ours; None is a good end."""


def crawl_settings(folder: Path, **changes: Any) -> Settings:
    """The project's settings, with the log in the archive's folder."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.update(
        {"DATELINE_ARCHIVE": str(folder), "LOG_FILE": str(folder / "crawl.log")}, priority="project"
    )
    settings.update(
        {name: value for name, value in changes.items() if value is not None}, priority="cmdline"
    )
    return settings


def run_spider(spider: type[Spider], settings: Settings, **arguments: Any) -> Spider:
    """Run one spider to its end in this process, which can do so once; the spider as it ended.

    A crawl that does not end in time ends the process (`crawler.processes.watchdog`).
    """
    # a log that cannot be written (a full disk) is no reason for a traceback
    logging.raiseExceptions = False
    process = AsyncCrawlerProcess(settings)
    # Scrapy makes all records, and drops them as late as at the file
    logging.root.setLevel(settings["LOG_LEVEL"])
    from twisted.internet import reactor

    running: Any = reactor
    crawler = process.create_crawler(spider)
    folder, seconds = Path(settings["DATELINE_ARCHIVE"]), settings.getfloat("CLOSESPIDER_TIMEOUT")
    with Watchdog(folder, arguments.get("crawl_id"), seconds or None) as watchdog:
        running.callWhenRunning(watchdog.listen)
        ran = process.crawl(crawler, **arguments)
        watchdog.write_now = lambda: write_now(crawler.spider, watchdog.reason)
        loop = asyncio.get_event_loop()
        # as Scrapy takes signals from here on, but cannot end what has not begun
        loop.call_soon(termination.listen)

        def begun() -> None:
            loop.call_soon(termination.pass_on)

        crawler.signals.connect(begun, signal=signals.engine_started)
        process.start()
    if not ran.done():
        raise ArchiveError("the crawl was broken off; what it held waits for the next crawl")
    ran.result()  # what was raised while it was set up
    if crawler.spider is None:
        raise ArchiveError("the crawl did not start; see crawl.log in the archive's folder")
    return crawler.spider


def write_now(spider: Any, reason: str) -> None:
    """Have a spider's looks written that wait for it, and what else it has to say before it is
    ended by force."""
    if (batches := getattr(spider, "batches", None)) is not None:
        batches.flush()
    if (last_words := getattr(spider, "before_the_end", None)) is not None:
        last_words(reason)


def crawl(
    folder: Path,
    spider: type[Spider],
    command: str,
    settings: Settings,
    recheck: bool = False,
    **arguments: Any,
) -> tuple[str | None, list[OutletReport], Any]:
    """One crawl under the archive's lock: why it stopped before its end (None: it did not), its
    report, the spider.

    With `recheck` it also looks again at the articles whose turn it is.

    Raises BusyError where another crawl runs, ArchiveError where the archive cannot be opened or
    written.
    """
    with crawl_lock(folder), Archive(folder) as archive:
        crawl_id = archive.start_crawl(command, recheck)
        ran: Any = run_spider(spider, settings, archive=archive, crawl_id=crawl_id, **arguments)
        stats: Any = ran.crawler.stats
        why = str(stats.get_value("finish_reason"))
        if ran.failure:
            raise _as_archive_error(folder, ran.failure)
        reason = ENDINGS.get(why, why) or ran.spent
        archive.finish_crawl(crawl_id, reason)
        return reason, archive.report(crawl_id), ran


def _as_archive_error(folder: Path, failure: Exception) -> Exception:
    if isinstance(failure, sqlite3.Error | OSError):
        return ArchiveError(
            f"{folder}: the archive cannot be written ({failure}); what was kept before is there"
        )
    return failure
