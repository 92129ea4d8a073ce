"""Base class of the spiders: reads due sources and pages of an archive, and decides when to
stop."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from archive.archive import Archive
from archive.errors import ArchiveError, ReadingError, SourceError
from archive.frontier.crawls import finish_crawl, start_crawl
from archive.frontier.pauses import pause_site, paused_sites
from archive.frontier.sources import sources_of_outlets
from archive.frontier.urls import (
    KnownSitemap,
    LeasedPage,
    has_waiting_pages,
    lease_pages,
    lease_pages_at,
    queue_leads,
    return_pages,
    sitemaps_of_index,
)
from archive.records import (
    Article,
    Capture,
    Check,
    Lead,
    Outcome,
    SourceKind,
    current_time,
    format_utc,
)
from archive.storage.database import transaction
from archive.storage.lock import hold_crawl_lock
from archive.times import parse_since as moment_since
from crawler.network.backoff import SiteBackoff, SitePause, pause_reason
from crawler.network.cache_headers import freshness_seconds
from crawler.network.download_slots import DownloadSlots
from crawler.network.exchange import (
    capture_response,
    check_of_article,
    check_of_failure,
    check_of_response,
    page_request_to,
    response_header,
)
from crawler.network.opt_outs import (
    OPT_OUT_NOARCHIVE,
    opt_out_refusal,
    opt_outs_of_page,
    parse_opt_outs,
)
from crawler.network.redirects import permanent_redirect
from crawler.network.scrapy_internals import is_engine_busy
from crawler.network.site_shares import SiteShares
from crawler.services.wayback import WaybackMachine
from crawler.sources.sitemap_parser import ChildSitemap, child_sitemaps_to_read, leads_newer_than
from crawler.spiders.change_signal import ChangeSignal
from crawler.spiders.pending_sources import PendingSources
from crawler.workers import fork_server
from crawler.workers.pool import Worker, WorkerPool
from crawler.workers.reextraction import make_reextractor
from pipelines.clean import clean_lead
from pipelines.urls import is_fetchable_url, url_key

MAX_PAGES_IN_PROGRESS = 64
"""Pages in progress at once, those of unresponsive sites not counted.

Enough to keep all outlets busy; little has to be repeated after a crash.
"""
MAX_SOURCES_IN_PROGRESS = 192
"""Feeds and sitemaps requested at once; nearly all of them wait for the delay of their host."""
MAX_LEASED_PER_OUTLET = 8
"""Pages of one outlet that are leased at once."""
PAGES_PER_OUTLET_TURN = 3
"""Pages of an outlet that are requested before the next outlet's, unless a budget is shared out.

Each site is fetched at its own pace. If the largest took turns with all the others, it would be
the only one left at the end.
"""
MAX_SITEMAPS_PER_INDEX = 60
"""Sitemaps of one index that are read in one crawl, newest first."""
MAX_SITEMAP_INDEX_DEPTH = 3
"""Levels of sitemap indexes that are followed."""
MAX_SITEMAPS_PER_SOURCE = 500
"""Sitemaps that one source leads to in one crawl, however its indexes branch."""
MAX_LEADS_PER_SOURCE = 200_000
"""Leads that are stored from one source in one crawl."""
MAX_HOSTS_PER_SOURCE = 200
"""Hosts to which the leads of one source may point.

Aggregators name some dozens, and each host's robots.txt has to be fetched.
"""
LEADS_PER_STEP = 500
"""Leads stored in one step; more would block the event loop for seconds."""

MAX_CHANGE_WAIT_SECONDS = 0.05
"""Longest wait for a change: some conditions depend on the clock alone.

An unresponsive site loses its slots, a site may use its share of time again, Scrapy has room.
"""

ChildSitemaps = list[tuple[ChildSitemap, KnownSitemap | None]]
"""Sitemaps to read, each with its state at the last fetch."""


class ArchiveSpider(Spider):
    """A spider that works on an archive.

    Arguments of `scrapy crawl NAME -a …`: `outlets` (hosts separated by commas; all if empty),
    `since` (a date or an age, for sitemaps), `due` (1: only feeds and sitemaps that are due),
    `budget` and `outlet_budget` (most pages that are requested, in all and of each outlet;
    unlimited if empty). `dateline crawl` passes an open `archive` and the `crawl_id`. Without them
    the spider opens the archive that the setting DATELINE_ARCHIVE names, holds its lock and writes
    the row of the crawl itself.
    """

    kinds: ClassVar[tuple[SourceKind, ...]] = ()

    def __init__(
        self,
        archive: Archive | None = None,
        crawl_id: int | None = None,
        outlets: str = "",
        since: str = "7d",
        due: bool | str = False,
        budget: int | str = "",
        outlet_budget: int | str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.budget = int(budget) if str(budget) else None
        self.outlet_budget = int(outlet_budget) if str(outlet_budget) else None
        self.asked: Counter[str] = Counter()
        """Pages that were requested, by outlet."""
        self.spent: str | None = None
        """The budget that ended the crawl."""
        self.known = -1
        """Number of checks written when pages of any outlet were last leased early."""
        self.due = bool(due) and due != "0"
        self.hosts = tuple(filter(None, outlets.replace(" ", "").split(",")))
        self.since = moment_since(since)
        self.failure: Exception | None = None
        self.counts: Counter[str] = Counter()
        self.under_way: set[str] = set()
        self.changes = ChangeSignal()
        """Notified when a URL is settled, leads are stored, or the crawl ends."""
        self.places = DownloadSlots()
        self.telling = PendingSources()
        self.roots: dict[str, str] = {}
        """For each sitemap that an index names, the source that led to it."""
        self.sitemaps_read: Counter[str] = Counter()
        self.leads_taken: Counter[str] = Counter()
        """Both by source."""
        self.hosts_named: defaultdict[str, set[str]] = defaultdict(set)
        """By source as well."""
        self.shares = SiteShares(time.monotonic())
        self.remarks: dict[str, str] = {}
        self.ended = False
        self._given, self.crawl_id = archive, crawl_id

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider, open its archive, and connect it to Scrapy's errors."""
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        spider._open(crawler)
        crawler.signals.connect(spider._gave_up, signal=signals.spider_error)
        crawler.signals.connect(spider._gave_up, signal=signals.item_error)
        return spider

    def _open(self, crawler: Crawler) -> None:
        """Open the archive and everything that needs the crawler's settings."""
        self.resources = ExitStack()
        settings = crawler.settings
        if self._given is None:
            folder = Path(settings["DATELINE_ARCHIVE"])
            self.resources.enter_context(hold_crawl_lock(folder))
            self.archive = self.resources.enter_context(Archive(folder))
            self.crawl_id = start_crawl(self.archive.db, f"scrapy crawl {self.name}")
        else:
            self.archive = self._given
        self.opt_outs = parse_opt_outs(settings["DATELINE_OPT_OUTS"])
        if self.outlet_budget is None:
            self.outlet_budget = settings.getint("DATELINE_OUTLET_PAGES") or None
        recorded = paused_sites(self.archive.db).items()
        pauses = {
            site: SitePause(datetime.fromisoformat(until), why) for site, (until, why) in recorded
        }
        self.turns = SiteBackoff(pauses)
        self.reread = make_reextractor(
            self.archive, self.resources.enter_context(closing(Worker()))
        )
        self.workers = self.resources.enter_context(
            WorkerPool(settings["DATELINE_WORKERS"], settings.getfloat("DATELINE_PAGE_SECONDS"))
        )

    def closed(self, reason: str) -> None:
        """Finish the crawl; Scrapy calls this when everything is written."""
        self.ended = True
        self.changes.notify()
        stats: Any = self.crawler.stats
        stats.set_value("dateline/reading_cpu_seconds", round(self.workers.cpu_seconds, 2))
        if self._given is None and self.crawl_id is not None:
            finish_crawl(self.archive.db, self.crawl_id, None if reason == "finished" else reason)
        self.resources.close()

    # -- requests ----------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for sources, with early pages in between, then for waiting pages."""
        async for early in self.source_requests(self.early_pages):
            yield early
        async for page in self.waiting_pages():
            yield page

    async def source_requests(
        self, meanwhile: Callable[[], Iterable[Request]] = lambda: ()
    ) -> AsyncIterator[Request]:
        """Yield requests for the feeds and sitemaps of the outlets.

        Requests from `meanwhile` go first.
        """
        sources = deque(sources_of_outlets(self.archive.db, self.kinds, self.hosts, self.due))
        if sources:
            # it loads the extraction code while the first responses are on their way
            fork_server.start_fork_server()
        for source in sources:
            self.telling.expect(source.url, source.host)
        while sources and not self.ended:
            if first := list(meanwhile()):
                for page in first:
                    yield page
            elif len(self._in_place()) < MAX_SOURCES_IN_PROGRESS:
                source = sources.popleft()
                seen = KnownSitemap(source.url, None, source.etag, source.last_modified)
                yield self.source_request(source.url, source.kind, seen)
            else:
                await self.changes.wait(MAX_CHANGE_WAIT_SECONDS)

    async def all_settled(self) -> None:
        """Wait until no URL is in progress, or the crawl has ended."""
        while self.under_way and not self.ended:
            await self.changes.wait()

    def early_pages(self) -> Iterator[Request]:
        """Yield requests for pages of outlets whose sources are all read.

        Otherwise the extraction processes would idle while other outlets are still being read.
        Where these outlets have hardly any pages, pages of any outlet are requested. It yields none
        when a budget has to be shared out: then all outlets have to be read first.
        """
        room = self.room()
        if self.budget is not None or room < MAX_LEASED_PER_OUTLET or is_engine_busy(self.crawler):
            return
        hosts = self.telling.take(MAX_LEASED_PER_OUTLET)
        if hosts or (
            room > MAX_PAGES_IN_PROGRESS - MAX_LEASED_PER_OUTLET and self._more_is_known()
        ):
            for waiting in self._leased(room, hosts or self.hosts):
                yield self.page_request(waiting)

    def store_leads(self, leads: Iterable[Lead]) -> int:
        """Add leads to the frontier; return the number of pages queued."""
        with transaction(self.archive.db) as db:
            return queue_leads(db, leads)

    def lease_named(self, urls: Iterable[str]) -> list[LeasedPage]:
        """Lease the pages at these URLs, as far as they are known."""
        with transaction(self.archive.db) as db:
            return lease_pages_at(db, urls)

    def lease_given(self, leads: Sequence[Lead]) -> list[LeasedPage]:
        """Add pages that a user named to the frontier, and lease them."""
        self.store_leads(leads)
        return self.lease_named(lead.url for lead in leads)

    def _lease_due(
        self, most: int, hosts: Sequence[str], but: Sequence[str], in_turn: int
    ) -> list[LeasedPage]:
        """Lease up to `most` due pages of `hosts` (or of all), without those of `but`."""
        self.archive.check_in_place()
        if not has_waiting_pages(self.archive.db):
            return []
        with transaction(self.archive.db) as db:
            return lease_pages(db, most, MAX_LEASED_PER_OUTLET, hosts, but, in_turn)

    def _more_is_known(self) -> bool:
        """Return whether a check was written since the last call."""
        before, self.known = self.known, self.counts.total()
        return self.known > before

    async def waiting_pages(self) -> AsyncIterator[Request]:
        """Yield requests for due pages until none waits and none is in progress."""
        while not self.ended:
            room = 0 if self.spent else self.room()
            leased = []
            if room > MAX_PAGES_IN_PROGRESS // 4 and not is_engine_busy(self.crawler):
                leased = self._leased(room, self.hosts)
                for waiting in leased:
                    yield self.page_request(waiting)
            if not leased:
                if not self.under_way:
                    return
                await self.changes.wait(MAX_CHANGE_WAIT_SECONDS)

    def _leased(self, most: int, hosts: Sequence[str]) -> list[LeasedPage]:
        """Lease up to `most` due pages of `hosts` (or of all) within the budgets."""
        in_turn, spent = PAGES_PER_OUTLET_TURN if self.budget is None else 1, self._spent_outlets()
        greedy = self.shares.greedy(self.asked, time.monotonic())
        leased = self._lease_due(most, hosts, [*spent, *greedy], in_turn)
        if greedy and not leased and not self.under_way:  # no other site has pages to fetch
            leased = self._lease_due(most, hosts, spent, in_turn)
        return self._within_budget(leased)

    def _spent_outlets(self) -> list[str]:
        """Return the outlets whose page budget is used up."""
        most = self.outlet_budget
        return [host for host, many in self.asked.items() if most is not None and many >= most]

    def _within_budget(self, leased: Sequence[LeasedPage]) -> list[LeasedPage]:
        """Return the leased pages that the budgets allow; the others go on waiting."""
        kept = []
        for waiting in leased:
            if self.budget is not None and self.asked.total() >= self.budget:
                self.spent = f"the budget of {self.budget:,} pages is spent"
            elif self.outlet_budget is None or self.asked[waiting.host] < self.outlet_budget:
                self.asked[waiting.host] += 1
                kept.append(waiting)
            else:
                self.remarks[waiting.host] = (
                    f"page limit of {self.outlet_budget:,} reached; "
                    "the rest is left for the next crawl"
                )
        if unused := [waiting.lead.url for waiting in leased if waiting not in kept]:
            with transaction(self.archive.db) as db:
                return_pages(db, unused)
        return kept

    def room(self) -> int:
        """Return how many more pages may be in progress."""
        return MAX_PAGES_IN_PROGRESS - len(self._in_place() - self.telling.sources.keys())

    def _in_place(self) -> set[str]:
        """Return the URLs in progress that count against the limit."""
        return self.under_way - self.places.left(time.monotonic())

    def source_request(
        self,
        url: str,
        kind: SourceKind,
        seen: KnownSitemap | None,
        depth: int = 0,
        lastmod: str | None = None,
    ) -> Request:
        """Return a request for a feed or sitemap."""
        self._ask(url)
        seen = seen or KnownSitemap(url, None)
        return page_request_to(
            url,
            self.read_source,
            self.failed,
            etag=seen.etag,
            last_modified=seen.last_modified,
            kind=kind,
            depth=depth,
            lastmod=lastmod,
        )

    def page_request(self, waiting: LeasedPage) -> Request:
        """Return a request for a page."""
        self._ask(waiting.lead.url)
        return page_request_to(
            waiting.lead.url,
            self.read_page,
            self.failed,
            etag=waiting.etag,
            last_modified=waiting.last_modified,
            lead=waiting.lead,
            as_read=waiting.digest,
        )

    def _ask(self, url: str) -> None:
        """Note that a URL is requested."""
        self.under_way.add(url)
        self.places.ask(url, time.monotonic())

    # -- responses ---------------------------------------------------------------------------------

    async def read_source(
        self, response: Response, kind: SourceKind, depth: int, lastmod: str | None
    ) -> AsyncIterator[Check | Request]:
        """Read a feed or sitemap: yield its check with leads, and requests for child sitemaps."""
        self.places.answered(response.meta["asked"])
        check = check_of_response(
            response, modified_at=lastmod, wish_seconds=requested_rest_seconds(response)
        )
        try:
            if check.outcome == "new":
                read = self._read_feed if kind == "feed" else self._read_sitemap
                check, children = await read(check, response)
            else:
                children = self._known_children(check)
        except (SourceError, ReadingError) as error:
            yield replace(check, outcome="failed", reason=str(error))
            return
        for child, seen in (
            self._further(check.url, children) if depth < MAX_SITEMAP_INDEX_DEPTH else ()
        ):
            self.telling.expect_more(child.url, check.url)
            yield self.source_request(child.url, "sitemap", seen, depth + 1, child.modified_at)
        yield await self._in_parts(self._taken(self._with_move(check, response)))

    def _with_move(self, check: Check, response: Response) -> Check:
        """Record where a source has moved permanently.

        It is still known by its first URL, which may lead back one day.
        """
        to = permanent_redirect(response)
        if to is None or check.outcome not in ("listed", "unchanged"):
            return check
        self.remarks[check.url] = f"has moved permanently to {to}"
        return add_reason(check, f"moved permanently to {to}")

    def _further(self, url: str, children: ChildSitemaps) -> ChildSitemaps:
        """Return the sitemaps of an index to read, up to MOST_OF_A_SOURCE of one source."""
        root = self.roots.get(url, url)
        usable = [each for each in children if is_fetchable_url(each[0].url)]
        if len(usable) < len(children):
            self.remarks[root] = (
                f"names {len(children) - len(usable):,} sitemaps whose URLs cannot be used"
            )
        kept = usable[: max(0, MAX_SITEMAPS_PER_SOURCE - self.sitemaps_read[root])]
        self.roots |= {child.url: root for child, _ in kept}
        self.sitemaps_read[root] += len(kept)
        if len(kept) < len(usable):
            self.remarks[root] = (
                f"names more than {MAX_SITEMAPS_PER_SOURCE} sitemaps; the rest was left out"
            )
        return kept

    def _taken(self, check: Check) -> Check:
        """Return the check of a source with up to MOST_LEADS leads in all."""
        root = self.roots.get(check.url, check.url)
        check = self._of_few_hosts(check, root)
        room = max(0, MAX_LEADS_PER_SOURCE - self.leads_taken[root])
        self.leads_taken[root] += len(check.leads)
        if len(check.leads) <= room:
            return check
        why = f"{len(check.leads) - room:,} more leads than are taken from one source"
        return replace(add_reason(check, why), leads=check.leads[:room])

    def _of_few_hosts(self, check: Check, root: str) -> Check:
        """Return the check of a source without leads beyond MOST_HOSTS hosts."""
        known, kept = self.hosts_named[root], []
        for lead in check.leads:
            host = lead.url.partition("://")[2].partition("/")[0]
            if host in known or len(known) < MAX_HOSTS_PER_SOURCE:
                known.add(host)
                kept.append(lead)
        if len(kept) == len(check.leads):
            return check
        why = f"{len(check.leads) - len(kept):,} left out: leads to more than {MAX_HOSTS_PER_SOURCE} hosts"
        return replace(add_reason(check, why), leads=tuple(kept))

    async def _in_parts(self, check: Check) -> Check:
        """Store the leads of a check in steps, except for the last AT_A_TIME.

        Between two steps the crawl gets three times as long as the step took.
        """
        leads = check.leads
        while len(leads) > LEADS_PER_STEP and not self.ended:
            began = time.thread_time()
            cleaned = [lead for given in leads[:LEADS_PER_STEP] if (lead := clean_lead(given))]
            self.store_leads([replace(lead, url_key=url_key(lead.url)) for lead in cleaned])
            self.changes.notify()
            leads = leads[LEADS_PER_STEP:]
            await asyncio.sleep(3 * (time.thread_time() - began))
        return replace(check, leads=leads)

    async def _read_feed(self, check: Check, response: Response) -> tuple[Check, ChildSitemaps]:
        """Return the check of a feed with its leads; a feed has no children."""
        feed = await self.workers.read_feed(response.body, response.url)
        wish = requested_rest_seconds(response, feed.ttl_minutes)
        return replace(
            check,
            outcome="listed",
            leads=feed.leads,
            reason=skipped_entries_summary(feed.skipped),
            wish_seconds=wish,
        ), []

    async def _read_sitemap(self, check: Check, response: Response) -> tuple[Check, ChildSitemaps]:
        """Return the check of a sitemap with its leads, and the children to read."""
        sitemap = await self.workers.read_sitemap(response.body, response.url)
        leads = self._wanted_leads(check, response, sitemap.leads)
        named = tuple(
            Lead(child.url, via="sitemap", kind="sitemap", found_on=check.url)
            for child in sitemap.children
        )
        listed = replace(
            check,
            outcome="listed",
            leads=(*leads, *named),
            reason=skipped_entries_summary(sitemap.skipped),
        )
        return listed, self._children(check.url, sitemap.children)

    def _wanted_leads(
        self,
        check: Check,  # noqa: ARG002  a story's spider chooses by these two
        response: Response,  # noqa: ARG002
        leads: Sequence[Lead],
    ) -> Sequence[Lead]:
        """Return the leads of a sitemap that are new enough, and count the others."""
        newer, older, undated = leads_newer_than(leads, self.since)
        self.counts["older"] += older
        self.counts["undated"] += undated
        return newer

    def _known_children(self, check: Check) -> ChildSitemaps:
        """Return the children of an unchanged index, which may have changed."""
        if check.status != 304:
            return []
        return self._children(
            check.url,
            [ChildSitemap(url, None) for url in sitemaps_of_index(self.archive.db, check.url)],
        )

    def _children(self, index_url: str, children: Sequence[ChildSitemap]) -> ChildSitemaps:
        """Return the sitemaps of an index that may hold anything new since `since`."""
        seen = sitemaps_of_index(self.archive.db, index_url)
        wanted = child_sitemaps_to_read(children, self.since, MAX_SITEMAPS_PER_INDEX)
        return [
            (child, seen.get(child.url))
            for child in wanted
            if not is_sitemap_unchanged(child, seen.get(child.url))
        ]

    async def read_page(
        self, response: Response, lead: Lead, as_read: str | None = None
    ) -> AsyncIterator[Check | Request]:
        """Read a page: yield its check with the article, or with the reason for none.

        A page whose bytes have the digest `as_read` is not extracted again.
        """
        self.places.answered(response.meta["asked"])
        check = check_of_response(response, lead=lead)
        # the Wayback Machine is asked only if a user names it
        if check.outcome == "gone" and lead.listed_as and lead.via != WaybackMachine.via:
            again = replace(lead, listed_as=None)
            yield page_request_to(
                lead.listed_as, self.read_page, self.failed, instead_of=lead.url, lead=again
            )
            return
        if check.outcome != "new":
            yield check
            return
        came = capture_response(response)
        borne = opt_outs_of_page(came, self.opt_outs)
        if why := opt_out_refusal(borne):
            yield replace(check, outcome="refused", reason=why)
            return
        if came.digest == as_read:
            yield replace(check, outcome="unchanged", digest=came.digest)
            return
        check = replace(check, capture=came, digest=came.digest)
        if OPT_OUT_NOARCHIVE in borne:  # it is still read, for its text
            check = replace(
                check,
                capture=None,
                reason=f"no copy is stored: noarchive ({borne[OPT_OUT_NOARCHIVE]})",
            )
        try:
            article = await self.read_article(came)
        except ReadingError as error:
            failed = replace(
                check, outcome="failed", reason=str(error).removeprefix(f"{came.url}: ")
            )
            yield self._bounded(failed, article=False)
            return
        yield check_of_article(
            self._bounded(check, article=article.page_type == "article"), article
        )

    def _bounded(self, check: Check, *, article: bool) -> Check:
        """Return the check with its capture, or with the reason why no copy is stored."""
        if check.capture is None:
            return check
        url = check.final_url or check.url
        why = self.shares.refuses_copy(url, len(check.capture.body), article=article)
        if why is None:
            return check
        return replace(add_reason(check, why), capture=None)

    async def read_article(self, came: Capture) -> Article:
        """Return the article of a page; raises ReadingError where it cannot be read."""
        return await self.workers.read(came)

    def failed(self, failure: Failure) -> Iterator[Check]:
        """Yield the check of a request without a response."""
        asked: Request = failure.request  # type: ignore[attr-defined]
        self.places.answered(asked.meta["asked"])
        yield check_of_failure(asked, failure.value or ReadingError("no answer"))

    # -- called by the pipeline and the middleware -------------------------------------------------

    def written(self, check: Check, outcome: Outcome) -> None:
        """Note that a check is in the archive; `pipelines.keep` calls this."""
        self._settled(check.url)
        self.counts[outcome] += 1

    def leave_alone(self, site: str, pause: SitePause) -> None:
        """Record a pause of a site that is too long to wait for.

        `crawler.network.backoff` and `crawler.network.robots` call this.
        """
        self.remarks[site] = pause_reason(pause)
        try:
            with transaction(self.archive.db) as db:
                pause_site(db, site, format_utc(pause.until), pause.reason)
        except (sqlite3.Error, ArchiveError) as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        """End the crawl with the error of an archive that cannot be read or written."""
        if self.failure:
            return
        self.failure = error
        self.logger.error("The archive cannot be read or written: %s", error)
        engine: Any = self.crawler.engine
        asyncio.get_event_loop().create_task(
            engine.close_spider_async(reason="the archive cannot be written")
        )

    def _gave_up(
        self, response: Response | Failure | None = None, failure: Failure | None = None, **_: Any
    ) -> None:
        """Handle an error in our own code: the page stays leased for the next crawl.

        `response` is a Failure where no response arrived and its check could not be stored.
        """
        if failure and isinstance(failure.value, sqlite3.Error | ArchiveError):
            self.give_up(failure.value)
        asked: Any = response
        if isinstance(response, Failure):
            asked = response.request  # type: ignore[attr-defined]
        if asked is not None:
            self._settled(asked.meta["asked"])
            self.counts["failed"] += 1

    def _settled(self, url: str) -> None:
        """Note that a URL is done."""
        self.under_way.discard(url)
        self.telling.read(url)
        self.changes.notify()


def add_reason(check: Check, why: str) -> Check:
    """Return the check with a further reason."""
    return replace(check, reason=f"{check.reason}; {why}" if check.reason else why)


def requested_rest_seconds(response: Response, ttl_minutes: int | None = None) -> int | None:
    """Return the seconds for which a source asks not to be fetched again."""
    return freshness_seconds(partial(response_header, response), ttl_minutes, current_time())


def is_sitemap_unchanged(child: ChildSitemap, seen: KnownSitemap | None) -> bool:
    """Return whether a sitemap has the date that it had when it was last read."""
    return bool(seen and seen.modified_at and seen.modified_at == child.modified_at)


def skipped_entries_summary(skipped: tuple[str, ...]) -> str | None:
    """Return what was skipped in a feed or sitemap: `3 left out: 2 × no link, 1 × not http`."""
    if not skipped:
        return None
    frequent = Counter(skipped).most_common(3)
    kinds = ", ".join(f"{number} × {why}" for why, number in frequent)
    return f"{len(skipped)} left out: {kinds}"
