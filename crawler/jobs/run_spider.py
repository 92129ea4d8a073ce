"""Runner of spiders: opens and locks the archive, logs to a file, records the end of a crawl."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import click
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from archive.archive import Archive
from archive.configuration.configuration import load_configuration
from archive.errors import ArchiveError
from archive.frontier.crawls import crawl_start, finish_crawl, start_crawl
from archive.frontier.tombstones import count_kept_out
from archive.queries.crawl_results import OutletReport, crawl_results
from archive.queries.story_news import StoryNews, news_of_stories
from archive.storage.database import advice_on_full_disk
from archive.storage.lock import hold_crawl_lock
from crawler.alerts.deliver_alerts import deliver_after_crawl
from crawler.processes import termination
from crawler.processes.log_rotation import CRAWL_LOG_NAME, rotate_logs
from crawler.processes.watchdog import STOPPED_BY_USER, TIME_IS_UP, Watchdog
from crawler.session.configured_settings import apply_configuration
from crawler.spiders.archive_spider import ArchiveSpider
from pipelines.keep import KeepPipeline

S = TypeVar("S", bound=ArchiveSpider)

REASON_OF_SCRAPY_REASON = {
    "finished": None,
    "shutdown": STOPPED_BY_USER,
    "closespider_timeout": TIME_IS_UP,
}
"""Scrapy's reason for closing a spider → the recorded reason; None for a normal end."""


def crawl_settings(
    folder: Path,
    *,
    contact: str | None = None,
    overruled: Collection[str] = (),
    configured_by: Path | None = None,
    **changes: Any,
) -> Settings:
    """Return the project's settings as an archive's configuration and `changes` override them.

    The log is in the archive's folder. `overruled` are options of the command line that overrule
    the rules of outlets, and `configured_by` is the folder whose configuration counts, if it is
    another. Raises UsageError for an invalid configuration.
    """
    from crawler.settings import user_agent  # the module reads the environment

    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.update(
        {"DATELINE_ARCHIVE": str(folder), "LOG_FILE": str(folder / CRAWL_LOG_NAME)},
        priority="project",
    )
    apply_configuration(settings, load_configuration(configured_by or folder), overruled)
    changes["USER_AGENT"] = user_agent(contact) if contact else None
    settings.update(
        {name: value for name, value in changes.items() if value is not None}, priority="cmdline"
    )
    return settings


def run_spider(spider: type[S], settings: Settings, **arguments: Any) -> S:
    """Run one spider to its end in this process, which can do so once, and return it.

    Logs that have become long are put aside first. A crawl that does not end in time ends the
    process (`crawler.processes.watchdog`).
    """
    rotate_logs(Path(settings["DATELINE_ARCHIVE"]))
    # a log that cannot be written (on a full disk) must not print a traceback
    logging.raiseExceptions = False
    process = AsyncCrawlerProcess(settings)
    # Scrapy creates all log records and drops them only at the file, which takes time
    logging.root.setLevel(settings["LOG_LEVEL"])
    from twisted.internet import reactor

    running: Any = reactor
    crawler = process.create_crawler(spider)
    folder, seconds = Path(settings["DATELINE_ARCHIVE"]), settings.getfloat("CLOSESPIDER_TIMEOUT")
    with Watchdog(folder, arguments.get("crawl_id"), seconds or None) as watchdog:
        running.callWhenRunning(watchdog.listen)
        ran = process.crawl(crawler, **arguments)
        watchdog.write_now = lambda: flush_spider(crawler, watchdog.reason)
        loop = asyncio.get_event_loop()
        # Scrapy handles signals from here on, but cannot stop a crawl that has not begun
        loop.call_soon(termination.defer_stop_signals)

        def begun() -> None:
            loop.call_soon(termination.raise_deferred_signal)

        crawler.signals.connect(begun, signal=signals.engine_started)
        process.start()
    if not ran.done():
        raise ArchiveError(
            "the crawl was interrupted; its unfinished pages wait for the next crawl"
        )
    ran.result()  # raises what was raised while it was set up
    if not isinstance(crawler.spider, spider):
        raise ArchiveError("the crawl did not start; see crawl.log in the archive's folder")
    return crawler.spider


def flush_spider(crawler: Crawler, reason: str) -> None:
    """Write the checks that a crawl holds, and its last records, before it is killed."""
    if not isinstance(crawler.spider, ArchiveSpider):
        return
    with suppress(RuntimeError):  # Scrapy has no engine yet, and so nothing waits
        if keep := crawler.get_item_pipeline(KeepPipeline):
            keep.flush_waiting()
    crawler.spider.write_last_records(reason)


@dataclass(frozen=True, slots=True)
class EndedCrawl(Generic[S]):
    """A crawl that has ended."""

    reason: str | None
    """Why it stopped early; None for a normal end."""
    outlets: list[OutletReport]
    """The results at each outlet, by host."""
    stories: list[StoryNews]
    """New, changed and removed articles of the followed stories."""
    spider: S
    kept_out: int = 0
    """Removed articles that were met again and left out."""


def run_crawl(
    folder: Path,
    spider: type[S],
    command: str,
    settings: Settings,
    recheck: bool = False,
    **arguments: Any,
) -> EndedCrawl[S]:
    """Run one crawl under the archive's lock.

    With `recheck` it also fetches articles that are due for a recheck. Alerts about what it found
    are sent at its end. Raises BusyError where another crawl runs, ArchiveError where the archive
    cannot be opened or written.
    """
    with hold_crawl_lock(folder), Archive(folder) as archive:
        crawl_id = start_crawl(archive.db, command, recheck)
        ran = run_spider(spider, settings, archive=archive, crawl_id=crawl_id, **arguments)
        why = str(ran.crawler.stats.get_value("finish_reason"))
        if ran.session.failure:
            raise _as_archive_error(folder, ran.session.failure)
        reason = REASON_OF_SCRAPY_REASON.get(why, why) or ran.session.budget.end_reason
        finish_crawl(archive.db, crawl_id, reason)
        results = crawl_results(archive.db, crawl_id)
        news = news_of_stories(archive.db, crawl_id)
        kept_out = count_kept_out(archive.db, crawl_start(archive.db, crawl_id))
        ended = EndedCrawl(reason, results, news, ran, kept_out)
    deliver_after_crawl(folder, _print_remark)
    return ended


def _print_remark(text: str) -> None:
    """Print a remark on a crawl that succeeded."""
    click.echo(f"dateline: {text}", err=True)


def _as_archive_error(folder: Path, failure: Exception) -> Exception:
    """Return the failure of a spider as an error with one clear line."""
    if isinstance(failure, sqlite3.Error | OSError):
        problem = f"{folder}: the archive cannot be written ({failure}); "
        advice = advice_on_full_disk(failure)
        intact = "everything saved so far is intact"
        return ArchiveError(problem + (f"{advice}; {intact}" if advice else intact))
    return failure
