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
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from scrapy.http import Request, Response

from archive.articles import leads as told
from archive.articles.story_searches import OutletSearch, SearchState
from archive.errors import ReadingError, SourceError
from archive.frontier.sources import sources_of_outlets
from archive.records import Capture, Lead, current_timestamp
from crawler.dates.url_dates import earliest_day_in_name, latest_day_in_path
from crawler.network.exchange import outcome_of_error, outcome_of_status
from crawler.services.search_service import bare_host_of
from crawler.sources.navigation import (
    ListedPages,
    PageNavigation,
    SiteSearch,
    TopicPage,
    site_search_url,
)
from crawler.sources.sitemap_parser import ChildSitemap
from crawler.story_search.date_span import (
    Span,
    children_within,
    is_of_news,
    is_worth_widening,
    leads_within,
    span_around,
    span_within_limits,
    wider_span,
)
from pipelines.topics.lead_relevance import lead_relevance, url_words
from pipelines.topics.stories import profile_terms as terms_of
from pipelines.topics.stories import story_search_words
from pipelines.urls import registered_domain

if TYPE_CHECKING:
    from crawler.story_search.story_crawl import StoryCrawl

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
MAX_WIDENINGS = 3
"""Times that the span is extended to days further off."""
TOPIC_TERMS = 24


@dataclass
class OutletLists:
    """Counts of the items in an outlet's feeds and sitemaps, and of those of the story's days."""

    oldest: str | None = None
    """The day of the oldest item or sitemap that they list."""
    items: int = 0
    """All items that they list, whatever their day."""
    in_span: int = 0
    """Pages of the story's days that its sitemaps list."""
    worded: int = 0
    """Those of these pages whose headline or URL describes their subject."""
    read: int = 0
    """Feeds and sitemaps that were read."""

    def add(self, days: Iterable[str | None], items: int) -> None:
        """Count one more list that was read."""
        self.read += 1
        self.items += items
        self.oldest = min((day[:10] for day in (self.oldest, *days) if day), default=None)


@dataclass
class SitemapPart:
    """A sitemap with leads that were left out, or an index with sitemaps that were not read."""

    host: str
    depth: int
    children: list[ChildSitemap] = field(default_factory=list)
    left_out: bool = False


class DirectedSearch:
    """Chooses the lists, topic pages and site searches that a story's spider reads next."""

    def __init__(self, spider: StoryCrawl) -> None:
        self.spider = spider
        self.span = self._initial()
        self.reached: dict[str, Span] = {}
        """Host → extended span, for the outlets whose days further off were read."""
        self.lists: defaultdict[str, OutletLists] = defaultdict(OutletLists)
        self.parts: dict[str, SitemapPart] = {}
        self.topics: dict[str, tuple[TopicPage, str]] = {}
        """URL → topic page that was named and not read yet, with the outlet's host."""
        self.searches: defaultdict[str, dict[SiteSearch, None]] = defaultdict(dict)
        self.asked: Counter[str] = Counter()
        """Requests for topic pages and searches, by host, and in all: `topics`, `searches`."""
        self.done: set[str] = set()
        """URLs of topic pages and hosts of searches that are done."""
        self.reaches = 0
        self.fruitful: set[str] = set()
        """Hosts whose search found something likely."""
        self.fruitless = 0
        """Hosts in a row whose search found nothing likely."""
        self.said: dict[str, str] = {}
        """Host → remark on the outlet's search, or its error."""

    # -- the days of the story ---------------------------------------------------------------------

    def _initial(self) -> Span:
        spider = self.spider
        found = self._known_span()
        if found is None:
            return Span(spider.since, spider.story.until)
        if spider.has_since:
            return Span(
                spider.since,
                found.until if found.until and found.until >= spider.since[:10] else None,
            )
        return found

    def _known_span(self) -> Span | None:
        """Return the days of the story's listed articles, within the limits given for the story."""
        dates = told.story_listed_dates(self.spider.archive.db, self.spider.story.id)
        found = span_around(dates, current_timestamp())
        return found and span_within_limits(found, self.spider.story.since, self.spider.story.until)

    def span_of(self, host: str) -> Span:
        """Return the days that are searched at an outlet."""
        return self.reached.get(host, self.span)

    # -- sitemaps ----------------------------------------------------------------------------------

    def host_of_list(self, url: str) -> str:
        """Return the host of the outlet whose feed or sitemap this is."""
        spider = self.spider
        return (
            spider.telling.sources.get(url)
            or (self.parts[url].host if url in self.parts else "")
            or bare_host_of(url)
        )

    def children(self, url: str, children: Sequence[ChildSitemap], most: int) -> list[ChildSitemap]:
        """Return the sitemaps of an index to read now, and remember the others."""
        host = self.host_of_list(url)
        wanted, others = children_within(children, self.span_of(host), current_timestamp(), most)
        if self.spider.frugal and any(not is_of_news(child.url) for child in wanted):
            others += [child for child in wanted if is_of_news(child.url)]
            wanted = [child for child in wanted if not is_of_news(child.url)]
        part = self.parts.setdefault(url, SitemapPart(host, 0))
        part.children = others
        self.lists[host].add((_first_lead_day(child) for child in children), len(children))
        return wanted

    def taken(self, url: str, leads: Sequence[Lead], depth: int) -> tuple[list[Lead], int, int]:
        """Return the leads of a sitemap to store, and the numbers of others: other days, undated.

        Undated leads are stored if their URL or headline contains a word of the story.
        """
        host = self.host_of_list(url)
        taken, other, _ = leads_within(leads, self.span_of(host))
        dated = len(taken) + other
        undated = [lead for lead in leads if _without_date(lead)] if dated < len(leads) else []
        sought = self._sought()
        named = [lead for lead in undated if _mentions_term(lead, sought)]
        part = self.parts.setdefault(url, SitemapPart(host, depth))
        part.left_out = other > 0
        self.lists[host].add((_lead_day(lead) for lead in leads), len(leads))
        self.lists[host].in_span += len(taken) + len(named)
        self.lists[host].worded += sum(map(names_its_subject, [*taken, *named]))
        return [*taken, *named], other, len(undated) - len(named)

    def _sought(self) -> list[str]:
        """Return the strongest terms of the story's profile."""
        return [
            term
            for term in terms_of(self.spider.profile)[:TOPIC_TERMS]
            if len(term) > 2 or not term.isascii()
        ]

    def feed_read(self, url: str, leads: Sequence[Lead]) -> None:
        """Note the items of a feed that was read, and how far back it goes."""
        of = self.lists[self.host_of_list(url)]
        of.add((_lead_day(lead) for lead in leads), len(leads))
        of.worded += sum(map(names_its_subject, leads))

    def widened(self) -> list[Request]:
        """Return requests for the lists of days beyond those that were read.

        There are such days where articles were found near the ends of the span.
        """
        wanted = self._known_span()
        if wanted is None:
            return []
        if self.spider.has_since:
            wanted = Span(max(wanted.since, self.spider.since), wanted.until)
        if not is_worth_widening(self.span, wanted):
            return []
        self.span = self.span.joined(wanted)
        return self._read_again(lambda _: self.span)

    def reach(self) -> list[Request]:
        """Return requests for lists of days further off, of the outlets that covered the story.

        Each span of days is requested once.
        """
        if self.reaches >= MAX_WIDENINGS or self.spider.has_since:
            return []
        about = self.spider.story
        further = span_within_limits(
            wider_span(self.span, current_timestamp()), about.since, about.until
        )
        covered = told.outlets_of_story(self.spider.archive.db, about.id)
        hosts = {
            part.host for part in self.parts.values() if _host_without_www(part.host) in covered
        }
        hosts = {host for host in hosts if not self.span_of(host).covers(further)}
        if not hosts:
            return []
        self.reaches += 1
        self.reached |= dict.fromkeys(hosts, further)
        return self._read_again(lambda host: further if host in hosts else None)

    def news_left(self, host: str) -> list[Request]:
        """Return requests for an outlet's sitemaps of the latest news that were skipped before.

        They are useful because they have headlines.
        """
        requests = []
        for url, part in list(self.parts.items()):
            if _host_without_www(part.host) == _host_without_www(host):
                news = [child for child in part.children if is_of_news(child.url)]
                part.children = [child for child in part.children if child not in news]
                requests += self.spider.child_requests(url, news, part.depth)
        return requests

    def _read_again(self, span_of: Any) -> list[Request]:
        requests = []
        for url, part in list(self.parts.items()):
            span = span_of(part.host)
            if span is None:
                continue
            if part.children:
                wanted, part.children = children_within(
                    part.children, span, current_timestamp(), self.spider.most_sitemaps
                )
                if self.spider.frugal:
                    part.children += [child for child in wanted if is_of_news(child.url)]
                    wanted = [child for child in wanted if not is_of_news(child.url)]
                requests += self.spider.child_requests(url, wanted, part.depth)
            elif part.left_out:
                part.left_out = False
                requests.append(self.spider.source_request(url, "sitemap", None, part.depth))
        return requests

    # -- topic pages -------------------------------------------------------------------------------

    def heard(self, url: str, ways: PageNavigation, *, belongs: bool) -> None:
        """Note the searches that a page declares, and its topics if it belongs to the story."""
        host = bare_host_of(url)
        self.searches[host] |= dict.fromkeys(ways.searches)
        for topic in ways.topics if belongs else ():
            self.topics.setdefault(topic.url, (topic, host))

    async def look_further(self) -> bool:
        """Read topic pages, or else ask searches; return whether there was one to read or ask."""
        return await self._read_topics() or await self._search()

    async def _read_topics(self) -> bool:
        """Read the topic pages that are closest to the story; return whether there was one."""
        chosen = self._chosen_topics()
        for topic, _ in chosen:
            self.done.add(topic.url)
            self.asked["topics"] += 1
        await self._at_once([self._read_topic(topic, host) for topic, host in chosen])
        return bool(chosen)

    def _chosen_topics(self) -> list[tuple[TopicPage, str]]:
        ranked = sorted(
            ((self._likeness(topic, host), topic.url) for topic, host in self.topics.values()),
            reverse=True,
        )
        chosen: list[tuple[TopicPage, str]] = []
        of_outlet = Counter(self.topics[url][1] for url in self.done if url in self.topics)
        for value, url in ranked:
            topic, host = self.topics[url]
            fits = value >= MIN_TOPIC_LIKENESS or (
                topic.section and (self.is_too_short(host) or self.is_mute(host))
            )
            room = (
                of_outlet[host] < MAX_TOPIC_PAGES_PER_OUTLET
                and self.asked["topics"] + len(chosen) < MAX_TOPIC_PAGES
            )
            if fits and room and url not in self.done:
                of_outlet[host] += 1
                chosen.append((topic, host))
        return chosen

    def _likeness(self, topic: TopicPage, host: str) -> float:
        """Return the relevance of a topic's name to the story."""
        spider = self.spider
        lead = Lead(topic.url, via="topic", headline=topic.name or url_words(topic.url))
        known = lambda terms: told.lead_term_frequencies(spider.archive.db, spider.language, terms)  # noqa: E731
        return lead_relevance(spider.profile, lead, host, known, spider.language).value

    async def _read_topic(self, topic: TopicPage, host: str) -> None:
        url: str | None = topic.url
        for _ in range(1 + MAX_NEXT_PAGES):
            if url is None or self.spider.ended:
                return
            page = await self._listed(url, host, "topic")
            if page is None or not self._take(page) or self._is_before(page):
                return
            url = page.next_url

    def _is_before(self, page: ListedPages) -> bool:
        """Return whether all dated items of a page are older than the story."""
        days = [lead.published_at for lead in page.leads if lead.published_at]
        return bool(days) and max(days)[:10] < self.span_of("").since[:10]

    # -- an outlet's own search --------------------------------------------------------------------

    def is_too_short(self, host: str) -> bool:
        """Return whether an outlet's lists leave out days of the story.

        An outlet whose lists have no items at all is not searched further.
        """
        of = self.lists[self._host_of_lists(host)]
        reaches = of.oldest is not None and of.oldest <= self.span.since[:10]
        return of.items > 0 and not reaches and not of.in_span

    def is_mute(self, host: str) -> bool:
        """Return whether an outlet lists most pages of the story's days by bare URLs.

        Without a headline, such URLs do not say what their pages are about.
        """
        of = self.lists[self._host_of_lists(host)]
        return of.in_span > 2 * of.worded

    def _host_of_lists(self, host: str) -> str:
        return next(
            (each for each in self.lists if _host_without_www(each) == _host_without_www(host)),
            host,
        )

    async def _search(self) -> bool:
        """Ask the search of outlets whose lists do not reach back to the story.

        Return whether there was one to ask.
        """
        began = self.asked["searches"]
        while hosts := self._to_search():
            self.done |= set(hosts)
            self.asked["searches"] += len(hosts)
            await self._at_once([self._search_outlet(host) for host in hosts])
            found = any(host in self.fruitful for host in hosts)
            self.fruitless = 0 if found else self.fruitless + len(hosts)
        return self.asked["searches"] > began

    def _to_search(self) -> list[str]:
        """Return the next outlets whose search is used, first those that covered the story.

        Return no outlets once the limits are reached or too many searches in a row found nothing.
        """
        room = min(
            MAX_DIRECTED_REQUESTS_AT_ONCE,
            MAX_SITE_SEARCHES - self.asked["searches"],
            MAX_FRUITLESS_SEARCHES - self.fruitless,
        )
        if self.spider.ended or self.spider.budget_spent() or room <= 0:
            return []
        covered = told.outlets_of_story(self.spider.archive.db, self.spider.story.id)
        lacking = [
            host for host in list(self.lists) if self.is_too_short(host) or self.is_mute(host)
        ]
        hosts = [host for host in lacking if host not in self.done]
        return sorted(hosts, key=lambda host: _host_without_www(host) not in covered)[:room]

    async def _search_outlet(self, host: str) -> None:
        """Ask one outlet's search, as its own pages declare it, until it finds something likely."""
        known = list(self.searches[_host_without_www(host)]) or await self._declared_at_home(host)
        search = await self._usable(known, host)
        if search is None:
            lack = "say little of its pages" if self.is_mute(host) else "do not reach back"
            self.said.setdefault(host, f"its lists {lack}, and its pages declare no search")
            return
        texts = self.spider.texts
        for many in SITE_SEARCH_WORDS[:MAX_SITE_SEARCHES_PER_OUTLET]:
            words = " ".join(story_search_words(self.spider.profile, texts, many))
            if not words or self.spider.ended:
                return
            page = await self._listed(site_search_url(search, words), host, "site search")
            if page is None:
                return
            if self._take(page):
                self.said[host] = f"its search was asked for {words}"
                self.fruitful.add(host)
                return
        self.said[host] = "its search names nothing likely"

    async def _declared_at_home(self, host: str) -> list[SiteSearch]:
        """Return the searches that an outlet's front page declares."""
        source = next(
            (each for each in self.parts if self.parts[each].host == host), None
        ) or self._any_source(host)
        parts = urlsplit(source or f"https://{host}/")
        page = await self._listed(f"{parts.scheme}://{parts.netloc}/", host, "site search")
        return list(page.searches) if page else []

    def _any_source(self, host: str) -> str | None:
        sources = sources_of_outlets(self.spider.archive.db, ("feed", "sitemap"), (host,))
        own = [
            each.url
            for each in sources
            if registered_domain(each.url) == registered_domain(f"http://{host}/")
        ]
        return own[0] if own else None

    async def _usable(self, searches: Iterable[SiteSearch], host: str) -> SiteSearch | None:
        """Return the first search that can be used.

        An OpenSearch description is fetched and parsed first.
        """
        for search in list(searches)[:3]:
            if search.kind != "description":
                return search
            response = await self._get(search.address, host)
            if response is not None:
                try:
                    described = await self.spider.workers.read_description(
                        response.body, response.url
                    )
                except (SourceError, ReadingError):
                    continue
                if described:
                    return described[0]
        return None

    # -- requests ----------------------------------------------------------------------------------

    async def _at_once(self, tasks: Sequence[Any]) -> None:
        places = asyncio.Semaphore(MAX_DIRECTED_REQUESTS_AT_ONCE)

        async def in_turn(task: Any) -> None:
            async with places:
                await task

        await asyncio.gather(*map(in_turn, tasks))

    async def _listed(
        self, url: str, host: str, via: Literal["topic", "site search"]
    ) -> ListedPages | None:
        """Return the pages that a topic page or a search lists; None without a response."""
        response = await self._get(url, host)
        if response is None:
            return None
        try:
            came = Capture(
                url, response.body, headers=_content_type_header(response), final_url=response.url
            )
            return await self.spider.workers.listed(came, via)
        except ReadingError:
            return None

    async def _get(self, url: str, host: str) -> Response | None:
        """Return the response for a page other than an article, within the budgets.

        Return None for an error, a status other than 200 or a redirect to another site.
        """
        spider = self.spider
        if spider.ended or not spider.may_ask(host):
            return None
        engine: Any = spider.crawler.engine
        try:
            response: Response = await engine.download_async(
                Request(url, meta={"dont_retry": True}, dont_filter=True)
            )
        except Exception as error:  # any error of the downloader means that there is no response
            self.said[host] = f"{urlsplit(url).path}: {outcome_of_error(error)[1]}"
            return None
        if why := outcome_of_status(response.status).get("reason"):
            self.said[host] = f"{urlsplit(url).path}: {why}"
            return None
        same = registered_domain(response.url) == registered_domain(url)
        return response if response.status == 200 and same else None

    def _take(self, page: ListedPages) -> int:
        """Add the leads of a page to the frontier, whatever their days.

        Return how many of them are likely to belong to the story.
        """
        return self.spider.take_likely(page.leads)


MIN_HEADLINE_WORDS = 3
"""The least words of a URL that describes its page."""


def names_its_subject(lead: Lead) -> bool:
    """Return whether a lead's headline or URL describes its page."""
    words = [word for word in url_words(lead.url).split() if not word.isdigit()]
    return bool(lead.headline) or len(words) >= MIN_HEADLINE_WORDS


def _lead_day(lead: Lead) -> str | None:
    return lead.published_at or latest_day_in_path(lead.url) or lead.modified_at


def _first_lead_day(child: ChildSitemap) -> str | None:
    return earliest_day_in_name(child.url) or child.modified_at


def _without_date(lead: Lead) -> bool:
    return leads_within([lead], Span("0001-01-01"))[2] == 1


def _mentions_term(lead: Lead, terms: Sequence[str]) -> bool:
    said = f"{lead.headline or ''} {url_words(lead.url)}".lower()
    return any(term in said for term in terms)


def _content_type_header(response: Response) -> tuple[tuple[str, str], ...]:
    kind = response.headers.get("Content-Type")
    return (("Content-Type", kind.decode("latin-1")),) if kind else ()


def _host_without_www(host: str) -> str:
    return host.removeprefix("www.")


def outlet_searches(spider: StoryCrawl) -> list[OutletSearch]:
    """Return the result for each outlet whose feeds and sitemaps were requested in this crawl."""
    directing, found = spider.directing, []
    for host, (read, why) in told.sources_read_in_crawl(spider.archive.db, spider.crawl_id).items():
        span = directing.span_of(host)
        answered = read > 0
        reason = directing.said.get(host) if answered else why
        until = None if span.until is None else span.until[:10]
        state: SearchState = "answered" if answered else "failed"
        since = span.since[:10] if answered else None
        requests = spider.requests[_host_without_www(host)]
        found.append(
            OutletSearch(_host_without_www(host), state, reason, None, since, until, requests)
        )
    return found
