"""The session of one crawl: made once, when the crawl starts, and handed to its parts."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.settings import BaseSettings

from archive.archive import Archive
from archive.articles.revisions import ArticleVersion
from archive.errors import ArchiveError, DatelineError
from archive.frontier.crawls import start_crawl
from archive.frontier.hosts import bare_host
from archive.frontier.pauses import pause_site, paused_sites
from archive.frontier.urls import LeasedPage, lease_pages_at, queue_leads
from archive.records import Lead, format_utc
from archive.storage.database import transaction
from archive.storage.lock import hold_crawl_lock
from crawler.cluster.connection import open_cluster
from crawler.cluster.crawl_pool import ClusterPool
from crawler.cluster.fetching.read_ahead import ReadAheadPool
from crawler.cluster.fetching.share_downloads import FETCH_SETTINGS_SETTING
from crawler.cluster.fetching.worker_seats import ClusterSeats
from crawler.cluster.published_state import published_state
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRules
from crawler.network.backoff import SiteBackoff, SitePause, pause_reason
from crawler.network.crawl_engine import CrawlEngine
from crawler.network.opt_outs import parse_opt_outs
from crawler.session.change_signal import ChangeSignal
from crawler.session.configured_settings import RULES_SETTING
from crawler.session.crawl_end import CrawlEnd
from crawler.session.rendering import NO_RENDERING, RenderingPlan, rendering_plan
from crawler.session.request_budget import RequestBudget
from crawler.session.site_shares import SiteShares
from crawler.session.source_limits import SourceLimits
from crawler.session.urls_in_progress import UrlsInProgress
from crawler.workers.learnt_templates import rules_with_templates
from crawler.workers.pool import Worker, WorkerPool
from crawler.workers.reextraction import make_reextractor

CLUSTER_LOST_REASON = "the cluster was lost"
"""The recorded reason of a crawl that ended because of that."""

Reextractor = Callable[[str], ArticleVersion | None]
"""Extracts the stored page with a digest again; returns None if it cannot be read."""
REMOTE_PATIENCE_SECONDS = 60.0
"""Time after which a site counts as unresponsive where workers fetch, and answers come later."""


@dataclass(frozen=True, slots=True)
class SessionArguments:
    """The arguments with which a session is opened."""

    command: str
    """The command that `crawls` records if the session opens the archive itself."""
    archive: Archive | None = None
    """An open archive whose lock is held; None: the one that DATELINE_ARCHIVE names."""
    crawl_id: int | None = None
    """The crawl in that archive."""
    pages: int | None = None
    outlet_pages: int | None = None
    """None: as many as DATELINE_OUTLET_PAGES says."""
    requests: int | None = None
    """Most pages, pages of each outlet, and requests of any kind; None: without limit."""
    keeps_robots: bool = False
    """True to keep the robots.txt that were read, because they name sitemaps."""


@dataclass(frozen=True, slots=True)
class CrawlSession:
    """The resources, limits and state of one crawl."""

    archive: Archive
    crawl_id: int | None
    engine: CrawlEngine
    workers: WorkerPool
    """Processes that parse strangers' documents."""
    reextract: Reextractor
    budget: RequestBudget
    source_limits: SourceLimits
    shares: SiteShares
    backoff: SiteBackoff
    opt_outs: frozenset[str]
    progress: UrlsInProgress
    end: CrawlEnd
    counts: Counter[str]
    """Checks by outcome, and other numbers for the report."""
    remarks: dict[str, str]
    """Site or source → remark for the report."""
    robots_seen: dict[str, Response] | None
    """Site → response for robots.txt, which names sitemaps; None if these are not kept."""
    clock: Callable[[], float] = time.monotonic
    """Seconds of a monotonic clock."""
    rules: OutletRules = NO_OUTLET_RULES
    """The rules of single outlets."""
    rendering: RenderingPlan = NO_RENDERING
    """The pages that a browser fetches again."""

    @property
    def db(self) -> sqlite3.Connection:
        """The connection to `archive.db`."""
        return self.archive.db

    @property
    def has_ended(self) -> bool:
        """True once the crawl has ended."""
        return self.end.has_come

    # what `pipelines.keep` and the middlewares use

    @property
    def failure(self) -> Exception | None:
        """The error that ended the crawl."""
        return self.end.failure

    @property
    def in_progress(self) -> set[str]:
        """The URLs in progress."""
        return self.progress.urls

    def delay_of_outlet(self, url: str) -> float | None:
        """Return the seconds between two requests to a site, if the rules of its outlet say so."""
        rule = self.rules.rule_for(url)
        return rule.delay if rule else None

    def give_up(self, error: Exception) -> None:
        """End the crawl with the error of an archive that cannot be read or written."""
        self.end.give_up(error)

    def record_pause(self, site: str, pause: SitePause) -> None:
        """Record a pause of a site that is too long to wait for."""
        self.remarks[site] = pause_reason(pause)
        try:
            with transaction(self.db) as db:
                pause_site(db, site, format_utc(pause.until), pause.reason)
        except (sqlite3.Error, ArchiveError) as error:
            self.give_up(error)

    def count_requests(self, made: Mapping[str, int]) -> None:
        """Count requests of any kind by their hosts, besides those that the spider counts."""
        for host, number in made.items():
            self.budget.requests[bare_host(host)] += number

    # the frontier

    def store_leads(self, leads: Iterable[Lead]) -> int:
        """Add leads to the frontier; return the number of pages queued."""
        with transaction(self.db) as db:
            return queue_leads(db, leads)

    def lease_named(self, urls: Iterable[str]) -> list[LeasedPage]:
        """Lease the pages at these URLs, as far as they are known."""
        with transaction(self.db) as db:
            return lease_pages_at(db, urls)

    def lease_given(self, leads: Sequence[Lead]) -> list[LeasedPage]:
        """Add pages that a user named to the frontier, and lease them."""
        self.store_leads(leads)
        return self.lease_named(lead.url for lead in leads)


def open_crawl_session(
    crawler: Crawler, wanted: SessionArguments, resources: ExitStack
) -> CrawlSession:
    """Open what a crawl needs, by its settings; `resources` closes it."""
    settings = crawler.settings
    archive, crawl_id = wanted.archive, wanted.crawl_id
    if archive is None:
        archive = _open_archive_of_settings(Path(settings["DATELINE_ARCHIVE"]), resources)
        crawl_id = start_crawl(archive.db, wanted.command)
    outlet_pages = wanted.outlet_pages
    if outlet_pages is None:
        outlet_pages = settings.getint("DATELINE_OUTLET_PAGES") or None
    rules = settings[RULES_SETTING] or NO_OUTLET_RULES
    known = resources.enter_context(rules_with_templates(rules, archive.folder))
    reextractor = resources.enter_context(closing(Worker(known)))
    engine, changes, clock = CrawlEngine(crawler), ChangeSignal(), time.monotonic
    end = CrawlEnd(engine, changes)
    workers = _open_workers(settings, known, end, resources)
    remarks: dict[str, str] = {}
    rendering = rendering_plan(settings, rules)
    rendering.queue_missed_pages(archive.db)
    return CrawlSession(
        archive=archive,
        crawl_id=crawl_id,
        engine=engine,
        workers=workers,
        reextract=make_reextractor(archive, reextractor),
        budget=RequestBudget(wanted.pages, outlet_pages, wanted.requests),
        source_limits=SourceLimits(remarks),
        shares=SiteShares(clock()),
        backoff=SiteBackoff(_recorded_pauses(archive.db)),
        opt_outs=parse_opt_outs(settings["DATELINE_OPT_OUTS"]),
        progress=_urls_in_progress(workers, clock, changes),
        end=end,
        counts=Counter(),
        remarks=remarks,
        robots_seen={} if wanted.keeps_robots else None,
        clock=clock,
        rules=rules,
        rendering=rendering,
    )


def _open_workers(
    settings: BaseSettings, rules: OutletRules, end: CrawlEnd, resources: ExitStack
) -> WorkerPool:
    """Start what reads the documents of a crawl: processes here, or also a cluster for pages."""
    count, seconds = settings["DATELINE_WORKERS"], settings.getfloat("DATELINE_PAGE_SECONDS")
    address = settings["DATELINE_CLUSTER"]
    if not address:
        return resources.enter_context(WorkerPool(count, seconds, rules))
    connection = resources.enter_context(open_cluster(address))
    pool: ClusterPool | ReadAheadPool
    if settings[FETCH_SETTINGS_SETTING]:
        pool = ReadAheadPool(ClusterSeats(connection), count, seconds, rules)
    else:
        pool = ClusterPool(connection, count, seconds, rules)
    resources.enter_context(pool)
    pool.on_lost = lambda error: end.end_early(error, CLUSTER_LOST_REASON)
    folder = Path(settings["DATELINE_ARCHIVE"])
    resources.enter_context(published_state(folder, lambda: pool.pace.state(connection)))
    return pool


def _urls_in_progress(
    workers: WorkerPool, clock: Callable[[], float], changes: ChangeSignal
) -> UrlsInProgress:
    """Return the empty account of URLs in progress, with as much room for each fetching worker as
    a crawl without them has."""
    if not isinstance(workers, ReadAheadPool):
        return UrlsInProgress(clock, changes)
    seats = workers.seats
    return UrlsInProgress(
        clock, changes, REMOTE_PATIENCE_SECONDS, lambda: max(1, len(seats.workers()))
    )


def _open_archive_of_settings(folder: Path, resources: ExitStack) -> Archive:
    """Lock and open the archive for `scrapy crawl`, which would print a traceback of an error.

    Raises SystemExit with the error's exit code, after its one line.
    """
    try:
        resources.enter_context(hold_crawl_lock(folder))
        return resources.enter_context(Archive(folder))
    except DatelineError as error:
        click.echo(f"dateline: {error}", err=True)
        raise SystemExit(error.exit_code) from None


def _recorded_pauses(connection: sqlite3.Connection) -> dict[str, SitePause]:
    """Return the pauses of sites that an earlier crawl recorded."""
    recorded = paused_sites(connection).items()
    return {site: SitePause(datetime.fromisoformat(until), why) for site, (until, why) in recorded}
