"""The next places that a crawl for a story searches once no known lead is likely any more.

    lists of the story's days ─▶ likely pages ─▶ 1. lists of the days beyond, where articles were
                                      ▲             found near an end of the story's days
                                      │          2. topic pages of the story's articles
                                      │          3. an outlet's own search, where its lists do not
                                      │             reach back
                                      └───────── 4. days further off, of outlets that covered it

A step is taken only when the one before brings nothing more, so that most requests go to pages.
Topic pages and searches are those that the outlets' own pages declare
(`crawler.sources.navigation_parser`); robots.txt, budgets and pauses hold for them as for all.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Coroutine, Iterable, Sequence
from functools import partial
from typing import Literal
from urllib.parse import urlsplit

from scrapy.http import Request, Response

from archive.articles import leads as told
from archive.articles.story_searches import OutletSearch, SearchState
from archive.errors import ReadingError, SourceError
from archive.frontier.sources import sources_of_outlets
from archive.records import Capture, Lead
from crawler.network.exchange import READING_KEY
from crawler.services.search_service import bare_host_of
from crawler.sources.navigation import (
    ListedPages,
    PageNavigation,
    SiteSearch,
    TopicPage,
    site_search_url,
)
from crawler.story_search.date_span import Span
from crawler.story_search.story_lists import StoryLists, host_without_www
from crawler.story_search.story_session import LeadTaker, StorySession
from pipelines.topics.lead_relevance import lead_relevance, url_words
from pipelines.topics.stories import story_search_words
from pipelines.urls import registered_domain

MAX_TOPIC_PAGES, MAX_TOPIC_PAGES_PER_OUTLET, MAX_NEXT_PAGES = 60, 4, 4
"""Topic pages that one crawl reads, of all outlets and of each, and next pages of one."""
MIN_TOPIC_LIKENESS = 0.08
"""The least relevance of a topic's name to the story, measured like that of a headline."""
MAX_SITE_SEARCHES_PER_OUTLET, MAX_SITE_SEARCHES = 2, 60
"""Queries to one outlet's search, and outlets whose search is used, in one crawl."""
MAX_FRUITLESS_SEARCHES = 8
"""Outlets in a row without a useful search after which no further outlet is asked.

Their search found nothing likely, or they declare no search.
"""
SITE_SEARCH_WORDS = (3, 2)
"""Words of the first query, and of a second one if the first found nothing likely."""
MAX_DIRECTED_REQUESTS_AT_ONCE = 8


class DirectedSearch:
    """Reads the topic pages of a story's articles, and asks the searches of outlets."""

    def __init__(self, session: StorySession, lists: StoryLists, taker: LeadTaker) -> None:
        self.session = session
        self.lists = lists
        self.taker = taker
        self.remarks: dict[str, str] = {}
        """Host → remark on the outlet's search, or its error."""
        self._topics: dict[str, tuple[TopicPage, str]] = {}
        """URL → topic page that was named, with the outlet's host."""
        self._topics_read: set[str] = set()
        """URLs of the topic pages that were read."""
        self._searches: defaultdict[str, dict[SiteSearch, None]] = defaultdict(dict)
        """Host → the searches that its pages declare."""
        self._searched: set[str] = set()
        """Hosts whose search was used."""
        self._fruitful: set[str] = set()
        """Hosts whose search found something likely."""
        self._fruitless = 0
        """Hosts in a row whose search found nothing likely."""

    @property
    def topic_pages_read(self) -> int:
        """The number of topic pages that were read."""
        return len(self._topics_read)

    @property
    def outlets_searched(self) -> int:
        """The number of outlets whose search was used."""
        return len(self._searched)

    def note_navigation(self, url: str, navigation: PageNavigation, *, belongs: bool) -> None:
        """Note the searches that a page declares, and its topics if it belongs to the story."""
        host = bare_host_of(url)
        self._searches[host] |= dict.fromkeys(navigation.searches)
        for topic in navigation.topics if belongs else ():
            self._topics.setdefault(topic.url, (topic, host))

    async def look_further(self) -> bool:
        """Read topic pages, or else ask searches; return whether there was one to read or ask."""
        return await self._read_topics() or await self._ask_searches()

    # -- topic pages -------------------------------------------------------------------------------

    async def _read_topics(self) -> bool:
        """Read the topic pages that are closest to the story; return whether there was one."""
        chosen = self._chosen_topics()
        for topic, _ in chosen:
            self._topics_read.add(topic.url)
        await _run_at_once([self._read_topic(topic, host) for topic, host in chosen])
        return bool(chosen)

    def _chosen_topics(self) -> list[tuple[TopicPage, str]]:
        """Return the topic pages to read now, the closest first, each with its outlet's host."""
        ranked = sorted(
            ((self._likeness(topic, host), topic.url) for topic, host in self._topics.values()),
            reverse=True,
        )
        of_outlet = Counter(self._topics[url][1] for url in self._topics_read)
        chosen: list[tuple[TopicPage, str]] = []
        for value, url in ranked:
            topic, host = self._topics[url]
            if self.topic_pages_read + len(chosen) >= MAX_TOPIC_PAGES:
                break
            if url in self._topics_read or of_outlet[host] >= MAX_TOPIC_PAGES_PER_OUTLET:
                continue
            if value >= MIN_TOPIC_LIKENESS or (topic.section and self._lacks_lists(host)):
                of_outlet[host] += 1
                chosen.append((topic, host))
        return chosen

    def _lacks_lists(self, host: str) -> bool:
        """Return whether an outlet's lists leave out days of the story, or say little."""
        return self.lists.is_too_short(host) or self.lists.is_mute(host)

    def _likeness(self, topic: TopicPage, host: str) -> float:
        """Return the relevance of a topic's name to the story."""
        about = self.session.about
        lead = Lead(topic.url, via="topic", headline=topic.name or url_words(topic.url))
        known = partial(told.lead_term_frequencies, self.session.db, about.language)
        return lead_relevance(about.profile, lead, host, known, about.language).value

    async def _read_topic(self, topic: TopicPage, host: str) -> None:
        """Read a topic page and its next pages, as long as they name something likely."""
        url: str | None = topic.url
        for _ in range(1 + MAX_NEXT_PAGES):
            if url is None or self.session.crawl.has_ended:
                return
            page = await self._read_listing(url, host, "topic")
            if page is None or not self.taker.take_leads(page.leads) or self._is_before(page):
                return
            url = page.next_url

    def _is_before(self, page: ListedPages) -> bool:
        """Return whether all dated items of a page are older than the story."""
        days = [lead.published_at for lead in page.leads if lead.published_at]
        return bool(days) and max(days)[:10] < self.lists.span.since[:10]

    # -- an outlet's own search --------------------------------------------------------------------

    async def _ask_searches(self) -> bool:
        """Ask the search of outlets whose lists do not reach back to the story.

        Return whether there was one to ask.
        """
        began = self.outlets_searched
        while hosts := self._next_to_search():
            self._searched |= set(hosts)
            await _run_at_once([self._search_outlet(host) for host in hosts])
            found = any(host in self._fruitful for host in hosts)
            self._fruitless = 0 if found else self._fruitless + len(hosts)
        return self.outlets_searched > began

    def _next_to_search(self) -> list[str]:
        """Return the next outlets whose search is used, first those that covered the story.

        Return no outlets once the limits are reached or too many searches in a row found nothing.
        """
        session = self.session
        room = min(
            MAX_DIRECTED_REQUESTS_AT_ONCE,
            MAX_SITE_SEARCHES - self.outlets_searched,
            MAX_FRUITLESS_SEARCHES - self._fruitless,
        )
        if session.crawl.has_ended or session.crawl.budget.is_spent() or room <= 0:
            return []
        covered = told.outlets_of_story(session.db, session.story.id)
        lacking = [host for host in list(self.lists.outlets) if self._lacks_lists(host)]
        hosts = [host for host in lacking if host not in self._searched]
        return sorted(hosts, key=lambda host: host_without_www(host) not in covered)[:room]

    async def _search_outlet(self, host: str) -> None:
        """Ask one outlet's search, as its own pages declare it, until it finds something likely."""
        known = list(self._searches[host_without_www(host)])
        declared = known or await self._declared_at_home(host)
        search = await self._first_usable(declared, host)
        if search is None:
            lack = "say little of its pages" if self.lists.is_mute(host) else "do not reach back"
            self.remarks.setdefault(host, f"its lists {lack}, and its pages declare no search")
            return
        about = self.session.about
        for many in SITE_SEARCH_WORDS[:MAX_SITE_SEARCHES_PER_OUTLET]:
            words = " ".join(story_search_words(about.profile, about.texts, many))
            if not words or self.session.crawl.has_ended:
                return
            page = await self._read_listing(site_search_url(search, words), host, "site search")
            if page is None:
                return
            if self.taker.take_leads(page.leads):
                self.remarks[host] = f"its search was asked for {words}"
                self._fruitful.add(host)
                return
        self.remarks[host] = "its search names nothing likely"

    async def _declared_at_home(self, host: str) -> list[SiteSearch]:
        """Return the searches that an outlet's front page declares."""
        parts = self.lists.parts
        listed = next((url for url in parts if parts[url].host == host), None)
        source = urlsplit(listed or self._any_source(host) or f"https://{host}/")
        home = f"{source.scheme}://{source.netloc}/"
        page = await self._read_listing(home, host, "site search")
        return list(page.searches) if page else []

    def _any_source(self, host: str) -> str | None:
        """Return a feed or sitemap of an outlet on its own site."""
        sources = sources_of_outlets(self.session.db, ("feed", "sitemap"), (host,))
        domain = registered_domain(f"http://{host}/")
        return next((each.url for each in sources if registered_domain(each.url) == domain), None)

    async def _first_usable(self, searches: Iterable[SiteSearch], host: str) -> SiteSearch | None:
        """Return the first search that can be used.

        An OpenSearch description is fetched and parsed first.
        """
        for search in list(searches)[:3]:
            if search.kind != "description":
                return search
            if described := await self._described_search(search, host):
                return described
        return None

    async def _described_search(self, search: SiteSearch, host: str) -> SiteSearch | None:
        """Return the search that an OpenSearch description states; None if it cannot be read."""
        response = await self._fetch(search.address, host, "description")
        if response is None:
            return None
        workers = self.session.crawl.workers
        try:
            described = await workers.read_description(response.body, response.url)
        except (SourceError, ReadingError):
            return None
        return described[0] if described else None

    # -- requests ----------------------------------------------------------------------------------

    async def _read_listing(
        self, url: str, host: str, via: Literal["topic", "site search"]
    ) -> ListedPages | None:
        """Return the pages that a topic page or a search lists; None without a response."""
        response = await self._fetch(url, host, via)
        if response is None:
            return None
        headers = _content_type_header(response)
        try:
            capture = Capture(url, response.body, headers=headers, final_url=response.url)
            return await self.session.crawl.workers.read_listing(capture, via)
        except ReadingError:
            return None

    async def _fetch(
        self, url: str, host: str, reading: Literal["topic", "site search", "description"]
    ) -> Response | None:
        """Return the response for a page other than an article, within the budgets.

        `reading` is the kind of parser that it will be read by.

        Return None for an error, a status other than 200 or a redirect to another site.
        """
        crawl = self.session.crawl
        if crawl.has_ended or crawl.budget.is_spent() or not crawl.budget.take_page(host):
            return None
        meta = {"dont_retry": True, READING_KEY: reading}
        request = Request(url, meta=meta, dont_filter=True)
        response, problem = await crawl.engine.try_download(request)
        if problem:
            self.remarks[host] = f"{urlsplit(url).path}: {problem}"
        if response is None or problem:
            return None
        same = registered_domain(response.url) == registered_domain(url)
        return response if response.status == 200 and same else None


async def _run_at_once(tasks: Sequence[Coroutine[object, object, None]]) -> None:
    """Run tasks, a few at once."""
    places = asyncio.Semaphore(MAX_DIRECTED_REQUESTS_AT_ONCE)

    async def run_in_turn(task: Coroutine[object, object, None]) -> None:
        async with places:
            await task

    await asyncio.gather(*map(run_in_turn, tasks))


def _content_type_header(response: Response) -> tuple[tuple[str, str], ...]:
    kind = response.headers.get("Content-Type")
    return (("Content-Type", kind.decode("latin-1")),) if kind else ()


def outlet_searches(
    session: StorySession, lists: StoryLists, remarks: dict[str, str]
) -> list[OutletSearch]:
    """Return the result for each outlet whose feeds and sitemaps were requested in this crawl."""
    crawl = session.crawl
    read_in_crawl = told.sources_read_in_crawl(crawl.db, crawl.crawl_id)
    return [
        _outlet_search(host, read, why, lists.span_of_outlet(host), remarks, crawl.budget.requests)
        for host, (read, why) in read_in_crawl.items()
    ]


def _outlet_search(
    host: str,
    read: int,
    why: str | None,
    span: Span,
    remarks: dict[str, str],
    requests: Counter[str],
) -> OutletSearch:
    """Return the result for one outlet; `read` is the number of its lists that were read."""
    answered = read > 0
    state: SearchState = "answered" if answered else "failed"
    bare = host_without_www(host)
    return OutletSearch(
        bare,
        state,
        remarks.get(host) if answered else why,
        None,
        span.since[:10] if answered else None,
        None if span.until is None else span.until[:10],
        requests[bare],
    )
