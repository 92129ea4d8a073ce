"""The feeds and sitemaps that a crawl for a story reads: for which days, and what they had.

Lists of the story's days are read first; then those of the days beyond, where articles were found
near an end of the story's days, and at last those of days further off, of outlets that covered it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from scrapy.http import Request

from archive.articles import leads as told
from archive.records import Lead, current_timestamp
from crawler.dates.url_dates import earliest_day_in_name, latest_day_in_path
from crawler.services.search_service import bare_host_of
from crawler.session.source_limits import MAX_SITEMAPS_PER_INDEX
from crawler.sources.sitemap_parser import ChildSitemap
from crawler.story_search.date_span import (
    Span,
    children_within,
    is_of_news,
    is_worth_widening,
    leads_within,
    lies_within,
    span_around,
    span_within_limits,
    wider_span,
)
from crawler.story_search.story_session import ListRequests, StorySession
from pipelines.topics.lead_relevance import url_words
from pipelines.topics.stories import profile_terms as terms_of

MAX_WIDENINGS = 3
"""Times that the span is extended to days further off."""
TOPIC_TERMS = 24
"""Strongest terms of the story of which an undated lead has to contain one."""
MIN_HEADLINE_WORDS = 3
"""The least words of a URL that describes its page."""


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


class StoryLists:
    """Chooses the feeds and sitemaps to read for a story, and notes what they had."""

    def __init__(self, session: StorySession, requests: ListRequests) -> None:
        self.session = session
        self.requests = requests
        self.span = self._first_span()
        self.outlets: defaultdict[str, OutletLists] = defaultdict(OutletLists)
        """Host → what the outlet's lists had."""
        self.parts: dict[str, SitemapPart] = {}
        """URL → sitemap of which a part was not read."""
        self._further_spans: dict[str, Span] = {}
        """Host → extended span, for the outlets whose days further off were read."""
        self._widenings = 0

    # -- the days of the story ---------------------------------------------------------------------

    def _first_span(self) -> Span:
        """Return the days that are searched at first."""
        session = self.session
        known = self._known_span()
        if known is None:
            return Span(session.since, session.story.until)
        if not session.has_since:
            return known
        ends_later = known.until is not None and known.until >= session.since[:10]
        return Span(session.since, known.until if ends_later else None)

    def _known_span(self) -> Span | None:
        """Return the days of the story's listed articles, within the limits given for the story."""
        story = self.session.story
        dates = told.story_listed_dates(self.session.db, story.id)
        found = span_around(dates, current_timestamp())
        return found and span_within_limits(found, story.since, story.until)

    def span_of_outlet(self, host: str) -> Span:
        """Return the days that are searched at an outlet."""
        return self._further_spans.get(host, self.span)

    # -- lists that are read -----------------------------------------------------------------------

    def host_of_list(self, url: str) -> str:
        """Return the host of the outlet whose feed or sitemap this is."""
        expected = self.session.crawl.progress.sources.sources.get(url)
        if expected:
            return expected
        part = self.parts.get(url)
        return (part.host if part else "") or bare_host_of(url)

    def choose_children(self, url: str, children: Sequence[ChildSitemap]) -> list[ChildSitemap]:
        """Return the sitemaps of an index to read now, and remember the others."""
        host = self.host_of_list(url)
        wanted, others = children_within(
            children, self.span_of_outlet(host), current_timestamp(), MAX_SITEMAPS_PER_INDEX
        )
        if self.session.frugal and not all(is_of_news(child.url) for child in wanted):
            wanted, news = _without_news(wanted)
            others += news
        part = self.parts.setdefault(url, SitemapPart(host, 0))
        part.children = others
        self.outlets[host].add((_first_lead_day(child) for child in children), len(children))
        return wanted

    def choose_leads(
        self, url: str, leads: Sequence[Lead], depth: int
    ) -> tuple[list[Lead], int, int]:
        """Return the leads of a sitemap to store, and the numbers of others: other days, undated.

        Undated leads are stored if their URL or headline contains a word of the story.
        """
        host = self.host_of_list(url)
        span = self.span_of_outlet(host)
        of_span, other, number_undated = leads_within(leads, span)
        undated = (
            [lead for lead in leads if lies_within(lead, span) is None] if number_undated else []
        )
        terms = self._sought_terms()
        named = [lead for lead in undated if _mentions_term(lead, terms)]
        part = self.parts.setdefault(url, SitemapPart(host, depth))
        part.left_out = other > 0
        chosen = [*of_span, *named]
        lists = self.outlets[host]
        lists.add((_lead_day(lead) for lead in leads), len(leads))
        lists.in_span += len(chosen)
        lists.worded += sum(map(names_its_subject, chosen))
        return chosen, other, len(undated) - len(named)

    def _sought_terms(self) -> list[str]:
        """Return the strongest terms of the story's profile."""
        strongest = terms_of(self.session.about.profile)[:TOPIC_TERMS]
        return [term for term in strongest if len(term) > 2 or not term.isascii()]

    def note_feed(self, url: str, leads: Sequence[Lead]) -> None:
        """Note the items of a feed that was read, and how far back it goes."""
        lists = self.outlets[self.host_of_list(url)]
        lists.add((_lead_day(lead) for lead in leads), len(leads))
        lists.worded += sum(map(names_its_subject, leads))

    # -- lists of further days ---------------------------------------------------------------------

    def requests_beyond(self) -> list[Request]:
        """Return requests for the lists of days beyond those that were read.

        There are such days where articles were found near the ends of the span.
        """
        session = self.session
        wanted = self._known_span()
        if wanted is None:
            return []
        if session.has_since:
            wanted = Span(max(wanted.since, session.since), wanted.until)
        if not is_worth_widening(self.span, wanted):
            return []
        self.span = self.span.joined(wanted)
        return self._requests_again(lambda _: self.span)

    def requests_further_off(self) -> list[Request]:
        """Return requests for lists of days further off, of the outlets that covered the story.

        Each span of days is requested once.
        """
        if self._widenings >= MAX_WIDENINGS or self.session.has_since:
            return []
        story = self.session.story
        wider = wider_span(self.span, current_timestamp())
        further = span_within_limits(wider, story.since, story.until)
        covered = told.outlets_of_story(self.session.db, story.id)
        listed = {part.host for part in self.parts.values()}
        hosts = {
            host
            for host in listed
            if host_without_www(host) in covered and not self.span_of_outlet(host).covers(further)
        }
        if not hosts:
            return []
        self._widenings += 1
        self._further_spans |= dict.fromkeys(hosts, further)
        return self._requests_again(lambda host: further if host in hosts else None)

    def requests_for_news(self, host: str) -> list[Request]:
        """Return requests for an outlet's sitemaps of the latest news that were skipped before.

        They are useful because they have headlines.
        """
        requests = []
        for url, part in list(self.parts.items()):
            if host_without_www(part.host) == host_without_www(host):
                part.children, news = _without_news(part.children)
                requests += self.requests.child_requests(url, news, part.depth)
        return requests

    def _requests_again(self, span_of: Callable[[str], Span | None]) -> list[Request]:
        """Return requests for what was left out, by the span of each outlet; None: nothing."""
        requests = []
        for url, part in list(self.parts.items()):
            span = span_of(part.host)
            if span is None:
                continue
            if part.children:
                wanted = self._children_now(part, span)
                requests += self.requests.child_requests(url, wanted, part.depth)
            elif part.left_out:
                part.left_out = False
                requests.append(self.requests.source_request(url, "sitemap", None, part.depth))
        return requests

    def _children_now(self, part: SitemapPart, span: Span) -> list[ChildSitemap]:
        """Return the sitemaps of an index to read for a span; the others stay with the part."""
        wanted, part.children = children_within(
            part.children, span, current_timestamp(), MAX_SITEMAPS_PER_INDEX
        )
        if self.session.frugal:
            wanted, news = _without_news(wanted)
            part.children += news
        return wanted

    # -- what the lists lack -----------------------------------------------------------------------

    def is_too_short(self, host: str) -> bool:
        """Return whether an outlet's lists leave out days of the story.

        An outlet whose lists have no items at all is not searched further.
        """
        lists = self.outlets[self._host_with_lists(host)]
        reaches = lists.oldest is not None and lists.oldest <= self.span.since[:10]
        return lists.items > 0 and not reaches and not lists.in_span

    def is_mute(self, host: str) -> bool:
        """Return whether an outlet lists most pages of the story's days by bare URLs.

        Without a headline, such URLs do not say what their pages are about.
        """
        lists = self.outlets[self._host_with_lists(host)]
        return lists.in_span > 2 * lists.worded

    def _host_with_lists(self, host: str) -> str:
        bare = host_without_www(host)
        return next((each for each in self.outlets if host_without_www(each) == bare), host)


def _without_news(
    children: Sequence[ChildSitemap],
) -> tuple[list[ChildSitemap], list[ChildSitemap]]:
    """Return the sitemaps that are not of the latest news, and those that are."""
    news = [child for child in children if is_of_news(child.url)]
    return [child for child in children if not is_of_news(child.url)], news


def names_its_subject(lead: Lead) -> bool:
    """Return whether a lead's headline or URL describes its page."""
    words = [word for word in url_words(lead.url).split() if not word.isdigit()]
    return bool(lead.headline) or len(words) >= MIN_HEADLINE_WORDS


def _lead_day(lead: Lead) -> str | None:
    return lead.published_at or latest_day_in_path(lead.url) or lead.modified_at


def _first_lead_day(child: ChildSitemap) -> str | None:
    return earliest_day_in_name(child.url) or child.modified_at


def _mentions_term(lead: Lead, terms: Sequence[str]) -> bool:
    said = f"{lead.headline or ''} {url_words(lead.url)}".lower()
    return any(term in said for term in terms)


def host_without_www(host: str) -> str:
    """Return a host without a leading `www.`."""
    return host.removeprefix("www.")
