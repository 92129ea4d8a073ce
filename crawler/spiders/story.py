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

from collections import Counter, deque
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from archive.articles import leads as told
from archive.articles import story_searches
from archive.articles.leads import LeadProspect
from archive.articles.stories import find_story, relist_story, story_profile_inputs
from archive.articles.story_searches import OutletSearch
from archive.errors import ReadingError
from archive.frontier.hosts import bare_host
from archive.frontier.urls import KnownSitemap, LeasedPage
from archive.records import Article, Capture, Check, Lead, Outcome, SourceKind
from archive.storage.database import transaction
from crawler.dates.url_dates import latest_day_in_path
from crawler.network.exchange import outcome_of_error, page_request_to
from crawler.services import ServiceAnswer
from crawler.services.search_service import bare_host_of
from crawler.services.wayback import WaybackMachine, check_of_lost_page
from crawler.sources.navigation import PageNavigation
from crawler.sources.sitemap_parser import ChildSitemap
from crawler.spiders.archive_spider import (
    MAX_CHANGE_WAIT_SECONDS,
    MAX_PAGES_IN_PROGRESS,
    MAX_SITEMAPS_PER_INDEX,
    ArchiveSpider,
    ChildSitemaps,
)
from crawler.story_search.directed_search import DirectedSearch, outlet_searches
from crawler.story_search.service_search import (
    MAX_SERVICE_WAIT_SECONDS,
    ServiceSearch,
    named_services,
    read_answer,
    request_manners,
)
from pipelines.topics.lead_relevance import (
    MIN_WORTHWHILE_CHANCE,
    NAMED_PAGE_SCORE,
    LeadChoice,
    best_lead_relevance,
    lead_terms,
    member_profile,
    prior_chance,
)
from pipelines.topics.stories import STORY_POLICY
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


class StorySpider(ArchiveSpider):
    """A spider for the coverage of one story.

    Arguments, besides those of all spiders: `story` (its name), `ask` (search services, `NAME` or
    `NAME=URL`, separated by commas), `since` (for sitemaps; the story's own dates if empty). Raises
    UsageError for an unknown story or service.

    Results: `tally` (counts by the way a lead was found and by `known`, `asked for` or `belong`),
    `stopped` (why it ended) and `problems` (of search services, a line each).
    """

    name = "story"
    frugal: ClassVar[bool] = False
    """True if sitemaps of the latest news are skipped where others list the same days."""
    kinds: ClassVar[tuple[SourceKind, ...]] = ("feed", "sitemap")

    def __init__(self, story: str = "", ask: str = "", since: str = "", **kwargs: Any) -> None:
        super().__init__(since=since or "7d", **kwargs)
        self.wanted, self.has_since = story, bool(since)
        self.services = named_services(ask)
        self.stopped = ""
        self.problems: list[str] = []
        self.tally: Counter[tuple[str, str]] = Counter()
        self.choice = LeadChoice()
        self.scored_up_to = self.counted_up_to = 0
        self.listed: list[Any] = []
        """The story's listed articles when leads were last scored, without the confirmed ones."""
        self.grown: Any = None
        """The profile of these and the confirmed articles."""
        self.asked_for: dict[str, tuple[LeasedPage, float]] = {}
        """URL → requested page, with the relevance of its lead."""
        self.gone: deque[tuple[LeasedPage, float]] = deque()
        """Requested pages that are gone, each with the relevance of its lead."""
        self.ways: dict[str, PageNavigation] = {}
        """Links and navigation of pages that were read and are not stored yet."""
        self.most_sitemaps = MAX_SITEMAPS_PER_INDEX
        self.requests: Counter[str] = Counter()
        """Requests of any kind, by host without `www.`."""

    def _open(self, crawler: Crawler) -> None:
        super()._open(crawler)
        crawler.signals.connect(self._count_request, signal=signals.request_reached_downloader)
        self._open_story()

    def _open_story(self) -> None:
        """Read the story's definition and profile."""
        db = self.archive.db
        self.story = find_story(db, self.wanted)
        self.texts = told.confirmed_texts(db, self.story.id)
        spoken = Counter(language for _, language in self.texts if language)
        self.language = next(
            iter(self.story.languages or (language for language, _ in spoken.most_common(1))), None
        )
        self.profile = STORY_POLICY.profile(*story_profile_inputs(db, self.story.id))
        self.hosts = self.hosts or self.story.hosts
        self.directing = DirectedSearch(self)

    def _count_request(self, request: Request) -> None:
        self.requests[bare_host(urlsplit(request.url).netloc)] += 1

    def closed(self, reason: str) -> None:
        """Store which outlets were searched, and finish the crawl."""
        if hasattr(self, "directing") and self.failure is None:
            self.note_search()
        super().closed(reason)

    def note_search(self) -> None:
        """Store which outlets' lists were read for the story, and which could not be read."""
        with transaction(self.archive.db) as db:
            story_searches.save_outlet_searches(db, self.story.id, self.became())

    def became(self) -> list[OutletSearch]:
        """Return the result for each outlet whose lists were requested."""
        return outlet_searches(self)

    # -- requests ----------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for sources, then likely pages, then for leads of search services."""
        async for source in self.source_requests():
            yield source
        # all known leads are scored before the first page is requested
        await self.all_settled()
        await self._follow_known()
        self._learn_words()
        async for page in self.directed_pages():
            yield page
        self.asking = ServiceSearch(self)
        for service in self.services:
            if self.ended or self.budget_spent():
                break
            self.problems += await self.asking.ask(service)
            async for page in self.likely_pages():
                yield page
        for wayback in [each for each in self.services if isinstance(each, WaybackMachine)][:1]:
            async for page in self.captured_pages(wayback):
                yield page

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
        return super().source_request(
            url, kind, None if kind == "sitemap" else seen, depth, lastmod
        )

    def _wanted_leads(
        self, check: Check, response: Response, leads: Sequence[Lead]
    ) -> Sequence[Lead]:
        """Return the leads of a sitemap that may be of the story's days, and count the others."""
        depth = response.request.cb_kwargs["depth"] if response.request else 0
        taken, other, undated = self.directing.taken(check.url, leads, depth)
        self.counts["of other days"] += other
        self.counts["without a date"] += undated
        return taken

    async def _read_feed(self, check: Check, response: Response) -> tuple[Check, ChildSitemaps]:
        read, children = await super()._read_feed(check, response)
        self.directing.feed_read(check.url, read.leads)
        return read, children

    def _children(self, index_url: str, children: Sequence[ChildSitemap]) -> ChildSitemaps:
        """Return the sitemaps of an index to read now, as if they were not read before."""
        if not children:
            return []
        return [
            (child, None)
            for child in self.directing.children(index_url, children, MAX_SITEMAPS_PER_INDEX)
        ]

    def child_requests(
        self, index_url: str, children: Sequence[ChildSitemap], depth: int
    ) -> list[Request]:
        """Return requests for sitemaps of an index that were skipped before."""
        wanted = self._further(index_url, [(child, None) for child in children])
        host = self.directing.host_of_list(index_url)
        for child, _ in wanted:
            self.telling.expect(child.url, host)
        return [
            self.source_request(child.url, "sitemap", None, depth + 1, child.modified_at)
            for child, _ in wanted
        ]

    async def directed_pages(self) -> AsyncIterator[Request]:
        """Yield requests for likely pages, and for lists that may name more, until none is left."""
        async for page in self.likely_pages():
            yield page
        for _ in range(MAX_STORY_ROUNDS):
            if self.ended or self.budget_spent():
                return
            lists = self.directing.widened()
            if not lists and not await self.directing.look_further():
                lists = self.directing.reach()
                if not lists:
                    return
            for each in lists:
                yield each
            await self.all_settled()
            self._know_better()
            async for page in self.likely_pages():
                yield page

    async def likely_pages(self) -> AsyncIterator[Request]:
        """Yield requests for the pages that are likeliest to belong.

        It ends when no waiting page is likely any more or the budget is spent.
        """
        while not self.ended:
            room = (
                len(self._in_place()) < MAX_STORY_PAGES_AT_ONCE
                and len(self.under_way) < MAX_PAGES_IN_PROGRESS
            )
            request = self._next_request() if room and not self.budget_spent() else None
            if request:
                yield request
            elif not self.under_way:
                break
            else:
                await self.changes.wait(MAX_CHANGE_WAIT_SECONDS)
        self.stopped = self._what_is_spent() or "nothing that waits is likely to belong"

    def _what_is_spent(self) -> str | None:
        """Return which budget is spent; None if there is room."""
        if self.budget is not None and self.budget_spent():
            return f"the budget of {self.budget:,} pages is spent"
        return None

    def budget_spent(self) -> bool:
        """Return whether the page budget of the whole crawl is used up."""
        return self.budget is not None and self.asked.total() >= self.budget

    def may_ask(self, host: str) -> bool:
        """Return whether the budgets allow a request to an outlet.

        If they do, the request is counted.
        """
        if self.budget_spent() or (
            self.outlet_budget is not None and self.asked[host] >= self.outlet_budget
        ):
            return False
        self.asked[host] += 1
        return True

    def total(self, what: str) -> int:
        """Return the sum of a count over all ways in which leads are found."""
        return sum(many for (_, each), many in self.tally.items() if each == what)

    def _next_request(self) -> Request | None:
        """Return a request for the likeliest waiting page; None if no page is worth a request."""
        self._score_new_leads()
        while chosen := self.choice.take():
            url, value = chosen
            for waiting in self._within_budget(self.lease_named([url])):
                self.asked_for[url] = waiting, value
                self.tally[waiting.lead.via, "asked for"] += 1
                return self.page_request(waiting)
        return None

    async def _follow_known(self) -> None:
        """Follow the links of stored pages that belong to the story."""
        for url, digest in told.story_pages(self.archive.db, self.story.id):
            if kept := self.archive.captures.newest(digest):
                try:
                    ways = await self.workers.ways(replace(kept, url=url, final_url=None))
                    self._follow(ways.links)
                    self.directing.heard(url, ways, belongs=True)
                except ReadingError as error:
                    self.problems.append(f"{error}; its links were not followed")

    # -- scores ------------------------------------------------------------------------------------

    def _learn_words(self) -> None:
        """Update the frequencies of words from all leads, then the profile and the scores."""
        with transaction(self.archive.db) as db:
            told.learn_lead_terms(db, lead_terms, self.language)
            relist_story(db, self.story.id, STORY_POLICY)
        self.profile = STORY_POLICY.profile(*story_profile_inputs(self.archive.db, self.story.id))
        self._know_better()

    def _know_better(self) -> None:
        """Score all waiting leads again if the story lists more articles than before."""
        db = self.archive.db
        listed = told.story_members(db, self.story.id)
        if len(listed) > len(self.listed):
            self.listed = listed
            self.grown = member_profile(
                *story_profile_inputs(db, self.story.id),
                listed,
                partial(told.lead_term_frequencies, db),
            )
            self.scored_up_to = 0

    def _score_new_leads(self) -> None:
        """Score the waiting leads that were stored since the last call."""
        db = self.archive.db
        prospects = told.waiting_leads(db, self.scored_up_to, self.hosts)
        named = told.awaited_page_keys(db, self.story.id) if prospects else set()
        for prospect in prospects:
            lead = prospect.lead
            value = NAMED_PAGE_SCORE if lead.url_key in named else self._relevance(prospect)
            self.choice.add(lead.url, value, prospect.host, lead.via)
            if prospect.id > self.counted_up_to:
                self.tally[lead.via, "known"] += 1
                self.counted_up_to = prospect.id
            self.scored_up_to = prospect.id

    def _relevance(self, prospect: LeadProspect) -> float:
        """Return the best relevance of a lead to the profiles of the story."""
        language = prospect.lead.language or prospect.language or self.language
        known = partial(told.lead_term_frequencies, self.archive.db, language)
        day = latest_day_in_path(prospect.lead.url)
        profiles = (self.profile, self.grown) if self.grown else (self.profile,)
        return best_lead_relevance(profiles, prospect.lead, prospect.host, known, language, day)

    def take_likely(self, leads: Sequence[Lead]) -> int:
        """Add leads to the frontier; return how many of them are likely to belong."""
        self.store_leads(leads_within_sites(leads, told.known_outlet_hosts(self.archive.db)))
        prospects = (LeadProspect(0, lead, bare_host_of(lead.url), None) for lead in leads)
        return sum(
            prior_chance(self._relevance(prospect)) >= MIN_WORTHWHILE_CHANCE
            for prospect in prospects
        )

    # -- results -----------------------------------------------------------------------------------

    async def read_article(self, came: Capture) -> Article:
        """Return the article of a page, and keep the page's links until its check is written."""
        article, self.ways[came.url] = await self.workers.read_linked(came)
        return article

    def written(self, check: Check, outcome: Outcome) -> None:
        """Note that a check is in the archive, and whether its page belongs to the story.

        The result changes the chances of similar leads; the links of a page that belongs are
        followed.
        """
        super().written(check, outcome)
        asked = self.asked_for.pop(check.url, None)
        ways = self.ways.pop(check.url, PageNavigation())
        if asked and outcome == "gone" and check.status in GONE_STATUSES:
            self.gone.append(asked)
        if asked is None or outcome not in (*ARTICLE_OUTCOMES, "not article"):
            return  # an unavailable page says nothing about similar ones
        waiting, value = asked
        belongs = outcome in ARTICLE_OUTCOMES and told.belongs_to_story(
            self.archive.db, self.story.id, check.url
        )
        self.choice.experience.learn(value, belongs, waiting.host, waiting.lead.via)
        self.directing.heard(check.url, ways, belongs=belongs)
        if belongs:
            self.tally[waiting.lead.via, "belong"] += 1
            self._follow(ways.links)

    # -- pages that are gone -----------------------------------------------------------------------

    async def captured_pages(self, wayback: WaybackMachine) -> AsyncIterator[Request]:
        """Yield requests for captures of the pages that are gone, one by one.

        After each capture, the pages that its links made likely are requested as well.
        """
        for _ in range(MAX_ARCHIVED_CAPTURES):
            if (
                not self.gone
                or self.ended
                or self.budget_spent()
                or wayback.name in self.asking.left_alone
            ):
                break
            waiting, value = self.gone.popleft()
            lead = await self.asking.captured(wayback, waiting.lead)
            if lead and self._within_budget([waiting]):
                await self.asking.turn(wayback)
                yield self.capture_request(wayback, replace(waiting, lead=lead), value)
            async for page in self.likely_pages():
                yield page
        if self.gone:
            self.problems.append(
                f"{wayback.title} was not asked for {len(self.gone):,} more pages that are gone"
            )

    def capture_request(
        self, wayback: WaybackMachine, waiting: LeasedPage, value: float
    ) -> Request:
        """Return a request for a capture; its article is stored under the page's own URL."""
        where, page = waiting.lead.listed_as or "", waiting.lead.url
        lead = replace(waiting.lead, via="wayback", found_on=where, listed_as=None)
        self.asked_for[page] = replace(waiting, lead=lead), value
        self.tally[lead.via, "asked for"] += 1
        self._ask(page)
        asked = page_request_to(
            where, self.read_capture, self.no_capture, instead_of=page, lead=lead, wayback=wayback
        )
        # a redirect would lead to another capture or page
        asked.meta.update(request_manners(wayback), dont_redirect=True)
        return asked

    async def read_capture(
        self, response: Response, lead: Lead, wayback: WaybackMachine
    ) -> AsyncIterator[Check]:
        """Yield the check of a capture's article.

        A capture without an article is reported, and its page stays gone.
        """
        self.asking.rest(wayback)
        if not 200 <= response.status < 300:
            self._without(lead, wayback, read_answer(wayback, response, wayback.captures(lead.url)))
            return
        async for check in self.read_page(response.replace(url=lead.url), lead):
            if isinstance(check, Check) and check.article:
                yield check_of_lost_page(check, response.url)
            elif isinstance(check, Check):
                self._without(
                    lead,
                    wayback,
                    wayback.failed(f"has a capture that is not kept ({check.reason})"),
                )

    def no_capture(self, failure: Failure) -> None:
        """Report a capture that could not be fetched."""
        asked: Request = failure.request  # type: ignore[attr-defined]
        lead, wayback = asked.cb_kwargs["lead"], asked.cb_kwargs["wayback"]
        _, why, passes = outcome_of_error(failure.value or ReadingError("no answer"))
        self.asking.rest(wayback)
        self._without(lead, wayback, wayback.failed(why, (MAX_SERVICE_WAIT_SECONDS + 1) * passes))

    def _without(self, lead: Lead, wayback: WaybackMachine, answer: ServiceAnswer) -> None:
        """Report that a page has no usable capture; it stays gone."""
        self.asking.heard(wayback, answer, lead.url)
        self.places.answered(lead.url)
        self.asked_for.pop(lead.url, None)
        self.ways.pop(lead.url, None)
        self._settled(lead.url)

    def _follow(self, links: Iterable[Lead]) -> None:
        """Add links to the frontier that lead to the same site or a known outlet."""
        self.store_leads(leads_within_sites(links, told.known_outlet_hosts(self.archive.db)))


def leads_within_sites(links: Iterable[Lead], outlets: Collection[str]) -> list[Lead]:
    """Return the links to the registered domain of the linking page, or to a host in `outlets`."""
    return [link for link in links if bare_host_of(link.url) in outlets or _is_of_own_site(link)]


def _is_of_own_site(link: Lead) -> bool:
    return registered_domain(link.url) == registered_domain(link.found_on or "")
