"""Base class of the spiders: reads due sources and pages of an archive, and decides when to
stop."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError as ScrapyUsageError
from scrapy.http import Request, Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from archive.archive import Archive
from archive.configuration.configuration import load_configuration
from archive.errors import ArchiveError, ReadingError, SourceError, UsageError
from archive.frontier.crawls import finish_crawl
from archive.frontier.sources import sources_of_outlets
from archive.frontier.urls import (
    KnownSitemap,
    LeasedPage,
    has_waiting_pages,
    lease_pages,
    return_pages,
    sitemaps_of_index,
    waiting_pages_by_host,
)
from archive.records import (
    NEEDS_BROWSER_REASON,
    Article,
    Capture,
    Check,
    Lead,
    Outcome,
    SourceKind,
    current_time,
    is_stored_type,
)
from archive.storage.database import transaction
from archive.times import parse_since as moment_since
from crawler.network.browser.rendered_page import BrowserFailure
from crawler.network.cache_headers import freshness_seconds
from crawler.network.exchange import (
    WithdrawnRequest,
    add_reason,
    capture_response,
    check_of_article,
    check_of_failure,
    check_of_response,
    page_request_to,
    render_request_of,
    response_header,
)
from crawler.network.opt_outs import OPT_OUT_NOARCHIVE, opt_out_refusal, opt_outs_of_page
from crawler.network.redirects import permanent_redirect
from crawler.progress import KnownWork
from crawler.services.wayback import WaybackMachine
from crawler.session.configured_settings import RULES_SETTING, apply_configuration
from crawler.session.crawl_session import CrawlSession, SessionArguments, open_crawl_session
from crawler.session.rendering import unrendered_check_reason
from crawler.session.source_limits import MAX_SITEMAPS_PER_INDEX, ChildSitemaps
from crawler.sources.sitemap_parser import ChildSitemap, child_sitemaps_to_read, leads_newer_than
from crawler.workers.pool import DocumentKind
from pipelines.clean import clean_lead
from pipelines.urls import url_key

MAX_LEASED_PER_OUTLET = 8
"""Pages of one outlet that are leased at once."""
PAGES_PER_OUTLET_TURN = 3
"""Pages of an outlet that are requested before the next outlet's, unless a budget is shared out.

Each site is fetched at its own pace. If the largest took turns with all the others, it would be
the only one left at the end.
"""
MAX_SITEMAP_INDEX_DEPTH = 3
"""Levels of sitemap indexes that are followed."""
LEADS_PER_STEP = 500
"""Leads stored in one step; more would block the event loop for seconds."""

MAX_CHANGE_WAIT_SECONDS = 0.05
"""Longest wait for a change: some conditions depend on the clock alone.

An unresponsive site loses its slots, a site may use its share of time again, Scrapy has room.
"""


@dataclass(frozen=True, slots=True)
class CrawlScope:
    """The outlets, days and sources that a spider crawls."""

    hosts: tuple[str, ...]
    """Hosts of outlets; all if empty."""
    since: str
    """Timestamp; sitemaps' older leads are skipped."""
    due_only: bool
    """True if only feeds and sitemaps that are due are read."""


class ArchiveSpider(Spider):
    """A spider that works on an archive.

    Arguments of `scrapy crawl NAME -a …`: `outlets` (hosts separated by commas; all if empty),
    `since` (a date or an age, for sitemaps), `due` (1: only feeds and sitemaps that are due),
    `budget` and `outlet_budget` (most pages that are requested, in all and of each outlet;
    unlimited if empty). `dateline crawl` passes an open `archive` and the `crawl_id`. Without them
    the spider opens the archive that the setting DATELINE_ARCHIVE names, holds its lock and writes
    the row of the crawl itself.

    Attributes, besides Scrapy's: `kinds`, `keeps_robots` and `page_reading` of the class, `scope` (the arguments)
    and `session` (the archive and all else that the parts of a crawl share, from `open_session`
    on).
    """

    kinds: ClassVar[tuple[SourceKind, ...]] = ()
    """The sources that the spider reads."""
    keeps_robots: ClassVar[bool] = False
    """True to keep the robots.txt that were read, because they name sitemaps."""
    page_reading: ClassVar[DocumentKind] = "page to store"
    """The parser by which `read_article` reads a page."""
    finds_more_pages: ClassVar[bool] = False
    """True if pages, too, lead to further pages, so that the number of known pages may grow."""
    session: CrawlSession

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
        hosts = tuple(filter(None, outlets.replace(" ", "").split(",")))
        self.scope = CrawlScope(hosts, moment_since(since), bool(due) and due != "0")
        self._arguments = SessionArguments(
            command=f"scrapy crawl {self.name}",
            archive=archive,
            crawl_id=crawl_id,
            pages=_number_or_none(budget),
            outlet_pages=_number_or_none(outlet_budget),
            keeps_robots=self.keeps_robots,
        )
        self._resources = ExitStack()
        self._checks_at_last_lease = -1
        """Number of checks written when pages of any outlet were last leased early."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider, open its session, and connect it to Scrapy's errors."""
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        spider.open_session(crawler)
        crawler.signals.connect(spider._note_own_error, signal=signals.spider_error)
        crawler.signals.connect(spider._note_own_error, signal=signals.item_error)
        return spider

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Let every response come to the spider, as errors are recorded too.

        Where `scrapy crawl` starts the spider, also apply the configuration of the archive.
        """
        super().update_settings(settings)
        settings.set("HTTPERROR_ALLOW_ALL", True, priority="spider")
        if settings[RULES_SETTING] is None:
            try:
                configuration = load_configuration(Path(settings["DATELINE_ARCHIVE"]))
                # `scrapy crawl` puts the settings of the project in again, with their priority
                apply_configuration(settings, configuration, priority="spider")
            except UsageError as error:  # Scrapy prints its own without a traceback
                raise ScrapyUsageError(str(error), print_help=False) from error

    def open_session(self, crawler: Crawler) -> None:
        """Open the archive and everything else that needs the crawler's settings."""
        self.session = open_crawl_session(crawler, self._arguments, self._resources)

    def closed(self, reason: str) -> None:
        """Finish the crawl; Scrapy calls this when everything is written."""
        session = self.session
        session.end.note_end()
        cpu_seconds = round(session.workers.cpu_seconds, 2)
        self.crawler.stats.set_value("dateline/reading_cpu_seconds", cpu_seconds)
        if self._arguments.archive is None and session.crawl_id is not None:
            why = None if reason == "finished" else reason
            finish_crawl(session.db, session.crawl_id, why)
        self._resources.close()

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
        session, scope, progress = self.session, self.scope, self.session.progress
        sources = deque(sources_of_outlets(session.db, self.kinds, scope.hosts, scope.due_only))
        if sources:
            session.workers.prepare()
        for source in sources:
            progress.sources.expect_source(source.url, source.host)
        while sources and not session.has_ended:
            if first := list(meanwhile()):
                for page in first:
                    yield page
            elif len(progress.counted()) < progress.max_sources:
                source = sources.popleft()
                seen = KnownSitemap(source.url, None, source.etag, source.last_modified)
                yield self.source_request(source.url, source.kind, seen)
            else:
                await progress.changes.wait(MAX_CHANGE_WAIT_SECONDS)

    async def wait_until_settled(self) -> None:
        """Wait until no URL is in progress, or the crawl has ended."""
        progress = self.session.progress
        while progress.urls and not self.session.has_ended:
            await progress.changes.wait()

    def early_pages(self) -> Iterator[Request]:
        """Yield requests for pages of outlets whose sources are all read.

        Otherwise the extraction processes would idle while other outlets are still being read.
        Where these outlets have hardly any pages, pages of any outlet are requested. It yields none
        when a budget has to be shared out: then all outlets have to be read first.
        """
        session = self.session
        places = session.progress.free_page_places()
        if session.budget.pages is not None or places < MAX_LEASED_PER_OUTLET:
            return
        if session.engine.is_busy():
            return
        hosts: Sequence[str] = session.progress.sources.take_finished(MAX_LEASED_PER_OUTLET)
        if not hosts:
            workers_idle = places > session.progress.max_pages - MAX_LEASED_PER_OUTLET
            if not workers_idle or not self._has_new_checks():
                return
            hosts = self.scope.hosts
        for waiting in self._lease_pages(places, hosts):
            yield self.page_request(waiting)

    def _has_new_checks(self) -> bool:
        """Return whether a check was written since the last call."""
        before, self._checks_at_last_lease = self._checks_at_last_lease, self.session.counts.total()
        return self._checks_at_last_lease > before

    async def waiting_pages(self) -> AsyncIterator[Request]:
        """Yield requests for due pages until none waits and none is in progress."""
        session, progress = self.session, self.session.progress
        while not session.has_ended:
            places = 0 if session.budget.end_reason else progress.free_page_places()
            leased: list[LeasedPage] = []
            if places > progress.max_pages // 4 and not session.engine.is_busy():
                leased = self._lease_pages(places, self.scope.hosts)
            for waiting in leased:
                yield self.page_request(waiting)
            if leased:
                continue
            if not progress.urls:
                return
            await progress.changes.wait(MAX_CHANGE_WAIT_SECONDS)

    def _lease_pages(self, most: int, hosts: Sequence[str]) -> list[LeasedPage]:
        """Lease up to `most` due pages of `hosts` (or of all) within the budgets."""
        session = self.session
        spent = session.budget.spent_outlets()
        greedy = session.shares.greedy_hosts(session.budget.requested_pages, session.clock())
        leased = self._lease_due(most, hosts, [*spent, *greedy])
        if greedy and not leased and not session.progress.urls:
            leased = self._lease_due(most, hosts, spent)  # no other site has pages to fetch
        return self.within_budget(leased)

    def _lease_due(
        self, most: int, hosts: Sequence[str], without: Sequence[str]
    ) -> list[LeasedPage]:
        """Lease up to `most` due pages of `hosts` (or of all), but none of the outlets `without`."""
        session = self.session
        session.archive.check_in_place()
        if not has_waiting_pages(session.db):
            return []
        in_turn = PAGES_PER_OUTLET_TURN if session.budget.pages is None else 1
        with transaction(session.db) as db:
            return lease_pages(db, most, MAX_LEASED_PER_OUTLET, hosts, without, in_turn)

    def within_budget(self, leased: Sequence[LeasedPage]) -> list[LeasedPage]:
        """Return the leased pages that the budgets allow; the others go on waiting."""
        session, budget = self.session, self.session.budget
        kept, unused = [], []
        for waiting in leased:
            if budget.take_page(waiting.host):
                kept.append(waiting)
                continue
            unused.append(waiting.lead.url)
            if budget.pages_are_spent():
                budget.end_reason = budget.spent_reason()
            else:
                session.remarks[waiting.host] = (
                    f"page limit of {budget.outlet_pages:,} reached; "
                    "the rest is left for the next crawl"
                )
        if unused:
            with transaction(session.db) as db:
                return_pages(db, unused)
        return kept

    def source_request(
        self,
        url: str,
        kind: SourceKind,
        seen: KnownSitemap | None,
        depth: int = 0,
        lastmod: str | None = None,
    ) -> Request:
        """Return a request for a feed or sitemap."""
        self.session.progress.note_request(url, is_source=True)
        seen = seen or KnownSitemap(url, None)
        return page_request_to(
            url,
            self.read_source,
            self.read_failure,
            etag=seen.etag,
            last_modified=seen.last_modified,
            reading=kind,
            kind=kind,
            depth=depth,
            lastmod=lastmod,
        )

    def page_request(self, waiting: LeasedPage) -> Request:
        """Return a request for a page."""
        self.session.progress.note_request(waiting.lead.url)
        # unchanged markup says nothing about a text that scripts bring
        is_conditional = not self.session.rendering.is_ruled(waiting.lead.url)
        return page_request_to(
            waiting.lead.url,
            self.read_page,
            self.read_failure,
            etag=waiting.etag if is_conditional else None,
            last_modified=waiting.last_modified if is_conditional else None,
            reading=self.page_reading,
            lead=waiting.lead,
            as_read=waiting.digest,
        )

    # -- sources -----------------------------------------------------------------------------------

    async def read_source(
        self, response: Response, kind: SourceKind, depth: int, lastmod: str | None
    ) -> AsyncIterator[Check | Request]:
        """Read a feed or sitemap: yield its check with leads, and requests for child sitemaps."""
        session = self.session
        session.progress.note_answer(response.meta["asked"])
        check = check_of_response(
            response, modified_at=lastmod, wish_seconds=requested_rest_seconds(response)
        )
        try:
            check, children = await self._check_with_children(check, response, kind)
        except (SourceError, ReadingError) as error:
            yield replace(check, outcome="failed", reason=str(error))
            return
        if depth < MAX_SITEMAP_INDEX_DEPTH:
            for child, seen in session.source_limits.limit_sitemaps(check.url, children):
                session.progress.sources.expect_more(child.url, check.url)
                yield self.source_request(child.url, "sitemap", seen, depth + 1, child.modified_at)
        limited = session.source_limits.limit_leads(self._with_move(check, response))
        yield await self._store_leads_in_steps(limited)

    async def _check_with_children(
        self, check: Check, response: Response, kind: SourceKind
    ) -> tuple[Check, ChildSitemaps]:
        """Return the check of a source with its leads, and the sitemaps of an index to read.

        Raises SourceError and ReadingError.
        """
        if check.outcome != "new":
            return check, self._known_children(check)
        if kind == "feed":
            return await self._read_feed(check, response), []
        return await self._read_sitemap(check, response)

    def _with_move(self, check: Check, response: Response) -> Check:
        """Record where a source has moved permanently.

        It is still known by its first URL, which may lead back one day.
        """
        to = permanent_redirect(response)
        if to is None or check.outcome not in ("listed", "unchanged"):
            return check
        self.session.remarks[check.url] = f"has moved permanently to {to}"
        return add_reason(check, f"moved permanently to {to}")

    async def _store_leads_in_steps(self, check: Check) -> Check:
        """Store the leads of a check in steps, and return it with those of the last step.

        Between two steps the crawl gets three times as long as the step took.
        """
        leads = check.leads
        while len(leads) > LEADS_PER_STEP and not self.session.has_ended:
            began = time.thread_time()
            cleaned = [lead for given in leads[:LEADS_PER_STEP] if (lead := clean_lead(given))]
            keyed = [replace(lead, url_key=url_key(lead.url)) for lead in cleaned]
            self.session.store_leads(keyed)
            self.session.progress.changes.notify()
            leads = leads[LEADS_PER_STEP:]
            await asyncio.sleep(3 * (time.thread_time() - began))
        return replace(check, leads=leads)

    async def _read_feed(self, check: Check, response: Response) -> Check:
        """Return the check of a feed with its leads."""
        feed = await self.session.workers.read_feed(response.body, response.url)
        return replace(
            check,
            outcome="listed",
            leads=feed.leads,
            reason=skipped_entries_summary(feed.skipped),
            wish_seconds=requested_rest_seconds(response, feed.ttl_minutes),
        )

    async def _read_sitemap(self, check: Check, response: Response) -> tuple[Check, ChildSitemaps]:
        """Return the check of a sitemap with its leads, and the children to read."""
        sitemap = await self.session.workers.read_sitemap(response.body, response.url)
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
        return listed, self._children_to_read(check.url, sitemap.children)

    def _wanted_leads(
        self,
        check: Check,
        response: Response,  # noqa: ARG002  a story's spider chooses by it
        leads: Sequence[Lead],
    ) -> Sequence[Lead]:
        """Return the leads of a sitemap that are new enough, and count the others."""
        newer, older, undated = leads_newer_than(leads, self._since_at(check.url))
        self.session.counts["older"] += older
        self.session.counts["undated"] += undated
        return newer

    def _since_at(self, sitemap_url: str) -> str:
        """Return the timestamp from which the entries of a sitemap are read."""
        rule = self.session.rules.rule_for(sitemap_url)
        return moment_since(rule.since) if rule and rule.since else self.scope.since

    def _known_children(self, check: Check) -> ChildSitemaps:
        """Return the children of an unchanged index, which may have changed."""
        if check.status != 304:
            return []
        known = sitemaps_of_index(self.session.db, check.url)
        return self._children_to_read(check.url, [ChildSitemap(url, None) for url in known])

    def _children_to_read(self, index_url: str, children: Sequence[ChildSitemap]) -> ChildSitemaps:
        """Return the sitemaps of an index that may hold anything new since `since`."""
        seen = sitemaps_of_index(self.session.db, index_url)
        wanted = child_sitemaps_to_read(children, self._since_at(index_url), MAX_SITEMAPS_PER_INDEX)
        return [
            (child, seen.get(child.url))
            for child in wanted
            if not is_sitemap_unchanged(child, seen.get(child.url))
        ]

    # -- pages -------------------------------------------------------------------------------------

    async def read_page(
        self, response: Response, lead: Lead, as_read: str | None = None
    ) -> AsyncIterator[Check | Request]:
        """Read a page: yield its check with the article, or with the reason for none.

        A page whose bytes have the digest `as_read` is not extracted again.
        """
        self.session.progress.note_answer(response.meta["asked"])
        check = check_of_response(response, lead=lead)
        if check.outcome == "gone" and has_listed_twin(lead):
            yield self._twin_request(lead)
        elif check.outcome == "new":
            checked = await self._check_of_page(check, response, as_read)
            yield self._rendered_again(checked, response, as_read)
        else:
            yield check

    def _rendered_again(
        self, check: Check, response: Response, as_read: str | None
    ) -> Check | Request:
        """Return a request for a page that needs a browser; else its check as it is.

        The check names what is missing where there is no browser for a page.
        """
        plan = self.session.rendering
        if not plan.wants(check):
            return check
        if why := plan.take_page(urlsplit(response.url).hostname or ""):
            return self._without_browser(check, why)
        self.session.progress.note_request(check.url)
        return render_request_of(
            response,
            self.read_rendered_page,
            self.read_render_failure,
            served=check,
            opt_outs=opt_outs_of_page(capture_response(response), self.session.opt_outs),
            as_read=as_read,
        )

    def _without_browser(self, check: Check, why: str) -> Check:
        """Return the check of a page that needs a browser, read as it was served."""
        if self.session.rendering.is_ruled(check.final_url or check.url):
            host = urlsplit(check.final_url or check.url).hostname or ""
            self.session.remarks.setdefault(
                host, f"render = true {NEEDS_BROWSER_REASON}: {why}; read as served"
            )
        if check.outcome == "not article":
            check = replace(check, reason=unrendered_check_reason(check, why))
        return without_validators(check)

    async def read_rendered_page(
        self, response: Response, served: Check, opt_outs: Mapping[str, str], as_read: str | None
    ) -> AsyncIterator[Check]:
        """Read a page as a browser shows it; `opt_outs` are those of the page as served."""
        self.session.progress.note_answer(response.meta["asked"])
        check = check_of_response(response, lead=served.lead)
        if check.outcome != "new":
            yield check if served.outcome == "not article" else without_validators(served)
        else:
            yield await self._check_of_page(check, response, as_read, opt_outs)

    def read_render_failure(self, failure: Failure) -> Iterator[Check]:
        """Yield the check of a page that the browser could not render: as served, if that is an
        article."""
        asked: Request = failure.request  # type: ignore[attr-defined]
        self.session.progress.note_answer(asked.meta["asked"])
        served: Check = asked.cb_kwargs["served"]
        self._note_browser_failure(served, failure.value)
        if served.outcome == "not article":
            failed = check_of_failure(asked, failure.value or ReadingError("no answer"))
            yield replace(failed, lead=served.lead, capture=served.capture, digest=served.digest)
        else:
            yield without_validators(served)

    def _twin_request(self, lead: Lead) -> Request:
        """Return a request for a page at the URL by which it was listed."""
        return page_request_to(
            lead.listed_as or "",
            self.read_page,
            self.read_failure,
            instead_of=lead.url,
            reading=self.page_reading,
            lead=replace(lead, listed_as=None),
        )

    def _note_browser_failure(self, served: Check, error: BaseException | None) -> None:
        """Remark on a browser that does not start, and on an outlet that is read as served."""
        if isinstance(error, BrowserFailure):
            self.session.remarks.setdefault("browser", str(error))
        elif self.session.rendering.is_ruled(served.final_url or served.url):
            host = urlsplit(served.final_url or served.url).hostname or ""
            self.session.remarks.setdefault(host, f"a page is read as served: {error}")

    async def _check_of_page(
        self,
        check: Check,
        response: Response,
        as_read: str | None,
        stated: Mapping[str, str] | None = None,
    ) -> Check:
        """Return the check of a page that came, with its capture and article if it has them.

        `stated` are opt-outs that count beside those of the page.
        """
        capture = capture_response(response)
        opt_outs = {**opt_outs_of_page(capture, self.session.opt_outs), **(stated or {})}
        if why := opt_out_refusal(opt_outs):
            return replace(check, outcome="refused", reason=why)
        if capture.digest == as_read:
            return replace(check, outcome="unchanged", digest=capture.digest)
        check = replace(check, capture=capture, digest=capture.digest)
        if OPT_OUT_NOARCHIVE in opt_outs:  # it is still read, for its text
            why = f"no copy is stored: noarchive ({opt_outs[OPT_OUT_NOARCHIVE]})"
            check = replace(check, capture=None, reason=why)
        try:
            article = await self.read_article(capture)
        except ReadingError as error:
            why = str(error).removeprefix(f"{capture.url}: ")
            failed = replace(check, outcome="failed", reason=why)
            return self._with_allowed_copy(failed, article=False)
        is_article = is_stored_type(article.page_type)
        return check_of_article(self._with_allowed_copy(check, article=is_article), article)

    def _with_allowed_copy(self, check: Check, *, article: bool) -> Check:
        """Return the check with its capture, or with the reason why no copy is stored."""
        if check.capture is None:
            return check
        url = check.final_url or check.url
        why = self.session.shares.copy_refusal(url, len(check.capture.body), article=article)
        if why is None:
            return check
        return replace(add_reason(check, why), capture=None)

    async def read_article(self, capture: Capture) -> Article:
        """Return the article of a page; raises ReadingError where it cannot be read."""
        return await self.session.workers.read_article(capture)

    def read_failure(self, failure: Failure) -> Iterator[Check]:
        """Yield the check of a request without a response."""
        asked: Request = failure.request  # type: ignore[attr-defined]
        self.session.progress.note_answer(asked.meta["asked"])
        if isinstance(failure.value, WithdrawnRequest):  # the page stays leased for the next crawl
            self.session.progress.settle(asked.meta["asked"])
            return
        yield check_of_failure(asked, failure.value or ReadingError("no answer"))

    # -- called by Scrapy and the pipeline ---------------------------------------------------------

    def note_written(self, check: Check, outcome: Outcome) -> None:
        """Note that a check is in the archive; `pipelines.keep` calls this."""
        is_page = self.session.progress.settle(check.url)
        self.session.counts[outcome if is_page else "sources"] += 1

    def known_work(self) -> KnownWork:
        """Return what is done and what is known to be left; `crawler.progress` shows it."""
        progress = self.session.progress
        sources_left = progress.sources_left()
        return KnownWork(
            pages_done=progress.settled_pages,
            pages_left=progress.pages_in_progress() + self.count_waiting_pages(),
            sources_done=progress.settled_sources,
            sources_left=sources_left,
            may_grow=self.finds_more_pages or sources_left > 0,
            remark=" · ".join(
                filter(None, (self.progress_remark(), self.session.workers.describe()))
            ),
        )

    def count_waiting_pages(self) -> int:
        """Return how many waiting pages this crawl will request, as far as it is known."""
        session = self.session
        return session.budget.room_for(waiting_pages_by_host(session.db, self.scope.hosts))

    def progress_remark(self) -> str:
        """Return what else is being done, for the progress line; empty if there is nothing."""
        return ""

    def write_last_records(self, reason: str) -> None:
        """Write what is held back, before `crawler.processes.watchdog` ends the crawl by force."""

    def _note_own_error(
        self, response: Response | Failure | None = None, failure: Failure | None = None, **_: Any
    ) -> None:
        """Handle an error in our own code: the page stays leased for the next crawl.

        `response` is a Failure where no response arrived and its check could not be stored.
        """
        if failure and isinstance(failure.value, sqlite3.Error | ArchiveError):
            self.session.give_up(failure.value)
        asked: Any = response
        if isinstance(response, Failure):
            asked = response.request  # type: ignore[attr-defined]
        if asked is not None:
            is_page = self.session.progress.settle(asked.meta["asked"])
            self.session.counts["failed" if is_page else "sources"] += 1


def without_validators(check: Check) -> Check:
    """Return the check of a page as served, so that it comes whole again.

    The answer that its markup is unchanged would say nothing about its text.
    """
    return replace(check, etag=None, last_modified=None)


def has_listed_twin(lead: Lead) -> bool:
    """Return whether a page that is gone is requested at the URL by which it was listed.

    The Wayback Machine is asked only if a user names it.
    """
    return bool(lead.listed_as) and lead.via != WaybackMachine.via


def _number_or_none(argument: int | str) -> int | None:
    """Return the number in an argument of a spider; None if it is empty."""
    return int(argument) if str(argument) else None


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
