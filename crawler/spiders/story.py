"""The spider for the coverage of one story and little else: `dateline crawl --story NAME`.

    sources are read ─▶ leads are scored ─▶ the likeliest page is fetched ─▶ does it belong?
                               ▲                                                    │
                               └─── its links, and chances learnt from the result ◀─┘

As a plain Scrapy spider: `scrapy crawl story -a story=NAME`. It reads the sitemaps of the story's
own days, and further ones as it finds earlier and later articles; then topic pages and the outlets'
own searches (`crawler.story_search.directed_search`). Search services are asked at the end, if any
are named, and their leads are scored like all others. Requested pages that are gone are then read
from their captures, if the Wayback Machine is one of those services. Leads that were not fetched
wait in the frontier.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from archive.articles import leads as told
from archive.articles import story_searches
from archive.articles.stories import Story
from archive.articles.story_searches import OutletSearch
from archive.errors import ReadingError
from archive.frontier.hosts import bare_host
from archive.frontier.urls import KnownSitemap, LeasedPage
from archive.records import Article, Capture, Check, Lead, Outcome, SourceKind
from archive.storage.database import transaction
from crawler.network.exchange import outcome_of_error, page_request_to
from crawler.services import ServiceAnswer
from crawler.services.search_service import bare_host_of
from crawler.services.wayback import WaybackMachine, check_of_lost_page
from crawler.session.source_limits import ChildSitemaps
from crawler.session.urls_in_progress import MAX_PAGES_IN_PROGRESS
from crawler.sources.navigation import PageNavigation
from crawler.sources.sitemap_parser import ChildSitemap
from crawler.spiders.archive_spider import MAX_CHANGE_WAIT_SECONDS, ArchiveSpider
from crawler.story_search.directed_search import DirectedSearch, outlet_searches
from crawler.story_search.lead_scores import LeadScores
from crawler.story_search.service_search import (
    MAX_SERVICE_WAIT_SECONDS,
    ServiceSearch,
    named_services,
    read_answer,
    request_manners,
)
from crawler.story_search.story_lists import StoryLists
from crawler.story_search.story_session import StorySession, searched_story
from pipelines.urls import registered_domain

MAX_STORY_PAGES_AT_ONCE = 6
"""Pages in progress at once; the results of the first ones decide on the next."""
MAX_STORY_ROUNDS = 30
"""Times that a crawl searches further once no lead is likely any more."""
ARTICLE_OUTCOMES = ("new", "changed", "unchanged")
GONE_STATUSES = (404, 410)
"""Statuses of pages that are read from a capture.

Not 451: a page removed for legal reasons is not fetched elsewhere.
"""
MAX_ARCHIVED_CAPTURES = 50
"""Pages that are looked up at the Wayback Machine in one crawl."""


@dataclass(frozen=True, slots=True)
class StorySearchParts:
    """The parts of a crawl for a story, made when the story is opened."""

    session: StorySession
    lists: StoryLists
    directed: DirectedSearch
    scores: LeadScores

    @property
    def story(self) -> Story:
        """The story that is looked for."""
        return self.session.story


class StorySpider(ArchiveSpider):
    """A spider for the coverage of one story.

    Arguments, besides those of all spiders: `story` (its name), `ask` (search services, `NAME` or
    `NAME=URL`, separated by commas), `since` (for sitemaps; the story's own dates if empty). Raises
    UsageError for an unknown story or service.

    Further attributes: `search` (the parts of the search, with its results), `stop_reason` (why it
    ended) and `problems` (of search services, a line each).
    """

    name = "story"
    finds_more_pages = True
    page_reading = "page and ways"
    frugal: ClassVar[bool] = False
    """True if sitemaps of the latest news are skipped where others list the same days."""
    kinds: ClassVar[tuple[SourceKind, ...]] = ("feed", "sitemap")

    def __init__(self, story: str = "", ask: str = "", since: str = "", **kwargs: Any) -> None:
        super().__init__(since=since or "7d", **kwargs)
        self._search: StorySearchParts | None = None
        self.stop_reason = ""
        self.problems: list[str] = []
        self._story_name, self._has_since = story, bool(since)
        self._services = named_services(ask)
        self._requested: dict[str, tuple[LeasedPage, float]] = {}
        """URL → requested page, with the relevance of its lead."""
        self._gone: deque[tuple[LeasedPage, float]] = deque()
        """Requested pages that are gone, each with the relevance of its lead."""
        self._navigation: dict[str, PageNavigation] = {}
        """Links and navigation of pages that were read and are not stored yet."""

    def open_session(self, crawler: Crawler) -> None:
        """Open the archive and the story."""
        super().open_session(crawler)
        crawler.signals.connect(self._count_request, signal=signals.request_reached_downloader)
        self.open_story()

    def open_story(self) -> None:
        """Read the story's definition and profile, and make the parts of the search."""
        about = searched_story(self.session.db, self._story_name)
        self.scope = replace(self.scope, hosts=self.scope.hosts or about.story.hosts)
        session = StorySession(
            crawl=self.session,
            about=about,
            since=self.scope.since,
            has_since=self._has_since,
            frugal=self.frugal,
            problems=self.problems,
        )
        lists = StoryLists(session, self)
        directed = DirectedSearch(session, lists, self)
        self._search = StorySearchParts(session, lists, directed, LeadScores(session))

    @property
    def is_story_open(self) -> bool:
        """True once the story is opened."""
        return self._search is not None

    @property
    def search(self) -> StorySearchParts:
        """The parts of the search, with its results; only once the story is opened."""
        if self._search is None:
            raise RuntimeError("the story is not opened yet")
        return self._search

    def _count_request(self, request: Request) -> None:
        """Count a request of any kind; Scrapy calls this."""
        self.session.budget.requests[bare_host(urlsplit(request.url).netloc)] += 1

    def closed(self, reason: str) -> None:
        """Store which outlets were searched, and finish the crawl."""
        if self.is_story_open and self.session.failure is None:
            self.save_searches()
        super().closed(reason)

    def save_searches(self) -> None:
        """Store which outlets' lists were read for the story, and which could not be read."""
        story_id = self.search.story.id
        with transaction(self.session.db) as db:
            story_searches.save_outlet_searches(db, story_id, self.searched_outlets())

    def count_waiting_pages(self) -> int:
        """Return how many waiting leads are likely enough to be requested."""
        if not self.is_story_open:
            return 0
        budget = self.session.budget
        return budget.room_for({"": self.search.scores.count_worthwhile()})

    def searched_outlets(self) -> list[OutletSearch]:
        """Return the result for each outlet whose lists were requested."""
        parts = self.search
        return outlet_searches(parts.session, parts.lists, parts.directed.remarks)

    # -- requests ----------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for sources, then likely pages, then for leads of search services."""
        async for source in self.source_requests():
            yield source
        # all known leads are scored before the first page is requested
        await self.wait_until_settled()
        await self.follow_known_pages()
        self.search.scores.learn_words()
        async for page in self.directed_pages():
            yield page
        async for page in self._pages_of_services():
            yield page

    async def _pages_of_services(self) -> AsyncIterator[Request]:
        """Yield requests for leads of search services, and for captures of pages that are gone."""
        services = ServiceSearch(self.search.session, self.search.lists.span.since)
        for service in self._services:
            if self._is_over():
                break
            self.problems += await services.ask_service(service)
            async for page in self.likely_pages():
                yield page
        for wayback in [each for each in self._services if isinstance(each, WaybackMachine)][:1]:
            async for page in self.captured_pages(wayback, services):
                yield page

    def _is_over(self) -> bool:
        """Return whether the crawl has ended or its budget is spent."""
        return self.session.has_ended or self.session.budget.is_spent()

    def source_request(
        self,
        url: str,
        kind: SourceKind,
        seen: KnownSitemap | None,
        depth: int = 0,
        lastmod: str | None = None,
    ) -> Request:
        """Return a request for a feed or sitemap; sitemaps are always read in full.

        An earlier crawl, with another `since`, may have left out the pages that this one needs.
        """
        if kind == "sitemap":
            seen = None
        return super().source_request(url, kind, seen, depth, lastmod)

    def _wanted_leads(
        self, check: Check, response: Response, leads: Sequence[Lead]
    ) -> Sequence[Lead]:
        """Return the leads of a sitemap that may be of the story's days, and count the others."""
        depth = response.request.cb_kwargs["depth"] if response.request else 0
        chosen, other, undated = self.search.lists.choose_leads(check.url, leads, depth)
        self.session.counts["of other days"] += other
        self.session.counts["without a date"] += undated
        return chosen

    async def _read_feed(self, check: Check, response: Response) -> Check:
        """Return the check of a feed with its leads, and note how far back it goes."""
        read = await super()._read_feed(check, response)
        self.search.lists.note_feed(check.url, read.leads)
        return read

    def _children_to_read(self, index_url: str, children: Sequence[ChildSitemap]) -> ChildSitemaps:
        """Return the sitemaps of an index to read now, as if they were not read before."""
        if not children:
            return []
        chosen = self.search.lists.choose_children(index_url, children)
        return [(child, None) for child in chosen]

    def child_requests(
        self, index_url: str, children: Sequence[ChildSitemap], depth: int
    ) -> list[Request]:
        """Return requests for sitemaps of an index that were skipped before."""
        unseen: ChildSitemaps = [(child, None) for child in children]
        wanted = self.session.source_limits.limit_sitemaps(index_url, unseen)
        host = self.search.lists.host_of_list(index_url)
        for child, _ in wanted:
            self.session.progress.sources.expect_source(child.url, host)
        return [
            self.source_request(child.url, "sitemap", None, depth + 1, child.modified_at)
            for child, _ in wanted
        ]

    async def directed_pages(self) -> AsyncIterator[Request]:
        """Yield requests for likely pages, and for lists that may name more, until none is left."""
        async for page in self.likely_pages():
            yield page
        for _ in range(MAX_STORY_ROUNDS):
            if self._is_over():
                return
            lists = self.search.lists.requests_beyond()
            if not lists and not await self.search.directed.look_further():
                lists = self.search.lists.requests_further_off()
                if not lists:
                    return
            for each in lists:
                yield each
            await self.wait_until_settled()
            self.search.scores.rescore_if_grown()
            async for page in self.likely_pages():
                yield page

    async def likely_pages(self) -> AsyncIterator[Request]:
        """Yield requests for the pages that are likeliest to belong.

        It ends when no waiting page is likely any more or the budget is spent.
        """
        progress = self.session.progress
        while not self.session.has_ended:
            request = self._next_request() if self._has_free_place() else None
            if request:
                yield request
            elif not progress.urls:
                break
            else:
                await progress.changes.wait(MAX_CHANGE_WAIT_SECONDS)
        spent = self.session.budget.spent_reason()
        self.stop_reason = spent or "nothing that waits is likely to belong"

    def _has_free_place(self) -> bool:
        """Return whether one more page may be requested now."""
        progress = self.session.progress
        return (
            len(progress.counted()) < MAX_STORY_PAGES_AT_ONCE
            and len(progress.urls) < MAX_PAGES_IN_PROGRESS
            and not self.session.budget.is_spent()
        )

    def _next_request(self) -> Request | None:
        """Return a request for the likeliest waiting page; None if no page is worth a request."""
        scores = self.search.scores
        scores.score_new_leads(self.scope.hosts)
        while chosen := scores.take_likeliest():
            url, score = chosen
            for waiting in self.within_budget(self.session.lease_named([url])):
                self._note_requested(waiting, score)
                return self.page_request(waiting)
        return None

    def _note_requested(self, waiting: LeasedPage, score: float) -> None:
        """Remember a page that is requested, with the score of its lead."""
        self._requested[waiting.lead.url] = waiting, score
        self.search.scores.tally[waiting.lead.via, "asked for"] += 1

    async def follow_known_pages(self) -> None:
        """Follow the links of stored pages that belong to the story."""
        session = self.session
        for url, digest in told.story_pages(session.db, self.search.story.id):
            capture = session.archive.captures.newest(digest)
            if capture is None:
                continue
            page = replace(capture, url=url, final_url=None)
            try:
                navigation = await session.workers.read_navigation(page)
                self._follow_links(navigation.links)
                self.search.directed.note_navigation(url, navigation, belongs=True)
            except ReadingError as error:
                self.problems.append(f"{error}; its links were not followed")

    def take_leads(self, leads: Sequence[Lead]) -> int:
        """Add leads to the frontier; return how many of them are likely to belong."""
        self._follow_links(leads)
        return self.search.scores.count_likely(leads)

    def _follow_links(self, links: Iterable[Lead]) -> None:
        """Add links to the frontier that lead to the same site or a known outlet."""
        known = told.known_outlet_hosts(self.session.db)
        self.session.store_leads(leads_within_sites(links, known))

    # -- results -----------------------------------------------------------------------------------

    async def read_article(self, capture: Capture) -> Article:
        """Return the article of a page, and keep the page's links until its check is written."""
        article, navigation = await self.session.workers.read_article_and_links(capture)
        self._navigation[capture.url] = navigation
        return article

    def note_written(self, check: Check, outcome: Outcome) -> None:
        """Note that a check is in the archive, and whether its page belongs to the story.

        The result changes the chances of similar leads; the links of a page that belongs are
        followed.
        """
        super().note_written(check, outcome)
        requested = self._requested.pop(check.url, None)
        navigation = self._navigation.pop(check.url, PageNavigation())
        if requested and outcome == "gone" and check.status in GONE_STATUSES:
            self._gone.append(requested)
        if requested is None or outcome not in (*ARTICLE_OUTCOMES, "not article"):
            return  # an unavailable page says nothing about similar ones
        belongs = outcome in ARTICLE_OUTCOMES and told.belongs_to_story(
            self.session.db, self.search.story.id, check.url
        )
        waiting, score = requested
        self.search.scores.learn_result(waiting, score, belongs=belongs)
        self.search.directed.note_navigation(check.url, navigation, belongs=belongs)
        if belongs:
            self._follow_links(navigation.links)

    # -- pages that are gone -----------------------------------------------------------------------

    async def captured_pages(
        self, wayback: WaybackMachine, services: ServiceSearch
    ) -> AsyncIterator[Request]:
        """Yield requests for captures of the pages that are gone, one by one.

        After each capture, the pages that its links made likely are requested as well.
        """
        for _ in range(MAX_ARCHIVED_CAPTURES):
            if not self._gone or self._is_over() or wayback.name in services.left_alone:
                break
            waiting, score = self._gone.popleft()
            lead = await services.find_capture(wayback, waiting.lead)
            if lead and self.within_budget([waiting]):
                await services.wait_for_turn(wayback)
                yield self._capture_request(services, wayback, replace(waiting, lead=lead), score)
            async for page in self.likely_pages():
                yield page
        if self._gone:
            self.problems.append(
                f"{wayback.title} was not asked for {len(self._gone):,} more pages that are gone"
            )

    def _capture_request(
        self, services: ServiceSearch, wayback: WaybackMachine, waiting: LeasedPage, score: float
    ) -> Request:
        """Return a request for a capture; its article is stored under the page's own URL."""
        where, page = waiting.lead.listed_as or "", waiting.lead.url
        lead = replace(waiting.lead, via="wayback", found_on=where, listed_as=None)
        self._note_requested(replace(waiting, lead=lead), score)
        self.session.progress.note_request(page)
        request = page_request_to(
            where,
            self.read_capture,
            self.read_capture_failure,
            instead_of=page,
            reading=self.page_reading,
            lead=lead,
            wayback=wayback,
            services=services,
        )
        # a redirect would lead to another capture or page
        request.meta.update(request_manners(wayback), dont_redirect=True)
        return request

    async def read_capture(
        self, response: Response, lead: Lead, wayback: WaybackMachine, services: ServiceSearch
    ) -> AsyncIterator[Check]:
        """Yield the check of a capture's article.

        A capture without an article is reported, and its page stays gone.
        """
        services.begin_pause(wayback)
        if not 200 <= response.status < 300:
            answer = read_answer(wayback, response, wayback.captures(lead.url))
            self._leave_gone(lead, services, wayback, answer)
            return
        async for check in self.read_page(response.replace(url=lead.url), lead):
            if isinstance(check, Check) and check.article:
                yield check_of_lost_page(check, response.url)
            elif isinstance(check, Check):
                answer = wayback.failed(f"has a capture that is not kept ({check.reason})")
                self._leave_gone(lead, services, wayback, answer)

    def read_capture_failure(self, failure: Failure) -> None:
        """Report a capture that could not be fetched."""
        request: Request = failure.request  # type: ignore[attr-defined]
        lead, wayback = request.cb_kwargs["lead"], request.cb_kwargs["wayback"]
        services: ServiceSearch = request.cb_kwargs["services"]
        _, why, passes = outcome_of_error(failure.value or ReadingError("no answer"))
        services.begin_pause(wayback)
        answer = wayback.failed(why, (MAX_SERVICE_WAIT_SECONDS + 1) * passes)
        self._leave_gone(lead, services, wayback, answer)

    def _leave_gone(
        self, lead: Lead, services: ServiceSearch, wayback: WaybackMachine, answer: ServiceAnswer
    ) -> None:
        """Report that a page has no usable capture; it stays gone."""
        services.note_answer(wayback, answer, lead.url)
        self.session.progress.note_answer(lead.url)
        self._requested.pop(lead.url, None)
        self._navigation.pop(lead.url, None)
        self.session.progress.settle(lead.url)


def leads_within_sites(links: Iterable[Lead], outlets: Collection[str]) -> list[Lead]:
    """Return the links to the registered domain of the linking page, or to a host in `outlets`."""
    return [link for link in links if bare_host_of(link.url) in outlets or _is_of_own_site(link)]


def _is_of_own_site(link: Lead) -> bool:
    return registered_domain(link.url) == registered_domain(link.found_on or "")
