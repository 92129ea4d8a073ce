"""Asking search services for a story's leads. A service that fails or refuses is told of, and costs
nothing else."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy.http import Request, Response

from archive.articles import leads as told
from archive.errors import UsageError
from archive.queries.lookup import find_article_id
from archive.records import Lead
from crawler.dates.url_dates import latest_day_in_path
from crawler.network.exchange import outcome_of_error
from crawler.services import (
    SEARCH_SERVICES,
    SearchQuery,
    SearchService,
    ServiceAnswer,
    ServiceRequest,
    UnresolvedHeadline,
    lead_of_headline,
    service_named,
)
from crawler.services.wayback import WaybackMachine
from pipelines.identity import identify_lead
from pipelines.topics.stories import story_search_words
from pipelines.urls import url_key

if TYPE_CHECKING:
    from crawler.story_search.story_crawl import StoryCrawl

MAX_SERVICE_REQUESTS = 12
"""Requests to one service in one crawl."""
MAX_SERVICE_WAIT_SECONDS = 20.0
"""Seconds that a service may ask to wait; one that wants more is left alone for this crawl."""
REQUIRED_WORDS, OPTIONAL_WORDS = 2, 6
"""Words that are all to be found, and further ones of which one is."""


def named_services(names: str) -> list[SearchService]:
    """The services of a list such as `gdelt,wikipedia=http://localhost:8080`. Raises UsageError for
    what is none."""
    pairs = (name.partition("=") for name in names.replace(" ", "").split(",") if name)
    return [service_named(name, base or None) for name, _, base in pairs]


class ServiceSearch:
    """Asks services on behalf of a story's spider, and puts what they name into the frontier."""

    def __init__(self, spider: StoryCrawl) -> None:
        self.spider = spider
        self.query = story_query(spider)
        self.rested: dict[str, float] = {}
        """When a service may be asked again, by its name, on the monotonic clock."""
        self.left_alone: set[str] = set()
        """Services that are in trouble, by their names: nothing more is asked of them in this
        crawl."""

    async def ask(self, service: SearchService) -> list[str]:
        """Ask one service until it has no more to say, or the one that stands in for it; what went
        wrong, a line each.

        A service that was put elsewhere has no stand-in: who names an address means it.
        """
        if why := service.unfit(self.query):
            return [why]
        asks, problems, found = deque(service.requests(self.query)), [], 0
        for _ in range(MAX_SERVICE_REQUESTS):
            if not asks or self.spider.ended:
                break
            answer = await self._answer(service, asks.popleft())
            problems += [answer.problem] if answer.problem else []
            found += self._take(answer, service)
            if answer.wait > MAX_SERVICE_WAIT_SECONDS:
                self.left_alone.add(service.name)
                break
            await asyncio.sleep(answer.wait)
            asks.extend(answer.asks)
        self.spider.counts[f"leads of {service.title}"] += found
        if (
            problems
            and not found
            and service.instead
            and service.base == SEARCH_SERVICES[service.name].base
        ):
            problems += await self.ask(SEARCH_SERVICES[service.instead])
        return problems

    async def _answer(self, service: SearchService, ask: ServiceRequest) -> ServiceAnswer:
        engine: Any = self.spider.crawler.engine
        await self.turn(service)
        try:
            response: Response = await engine.download_async(
                Request(ask.url, meta=request_manners(service), dont_filter=True)
            )
        except Exception as error:  # whatever the downloader raises means that nothing came
            return service.failed(outcome_of_error(error)[1], MAX_SERVICE_WAIT_SECONDS + 1)
        finally:
            self.rest(service)
        return read_answer(service, response, ask)

    async def turn(self, service: SearchService) -> None:
        """Wait until a service may be asked again."""
        await asyncio.sleep(max(0.0, self.rested.get(service.name, 0.0) - time.monotonic()))

    def rest(self, service: SearchService) -> None:
        """A service has answered: its pause begins."""
        self.rested[service.name] = time.monotonic() + service.pause

    # -- pages that are gone -----------------------------------------------------------------------

    async def captured(self, service: WaybackMachine, lead: Lead) -> Lead | None:
        """A lead to a page that is gone, with its best capture as `listed_as`; None where there is
        none to be had.

        Its own, if the service named it; else the service is asked. A page that the archive has
        needs none.
        """
        if find_article_id(self.spider.archive.db, lead.url, url_key) is not None:
            return None
        if service.capture_of(lead):
            return lead
        near = lead.published_at or latest_day_in_path(lead.url)
        answer = await self._answer(service, service.captures(lead.url, near))
        self.heard(service, answer, lead.url)
        found = (replace(lead, listed_as=named.listed_as) for named in answer.leads)
        return next((each for each in found if service.capture_of(each)), None)

    def heard(self, service: SearchService, answer: ServiceAnswer, url: str) -> None:
        """Tell what was wrong with an answer about a page; a service that wants to be left alone
        for long is."""
        if answer.problem:
            self.spider.problems.append(f"{url}: {answer.problem}")
        if answer.wait > MAX_SERVICE_WAIT_SECONDS:
            self.left_alone.add(service.name)

    # -- what was answered -------------------------------------------------------------------------

    def _take(self, answer: ServiceAnswer, service: SearchService) -> int:
        """Put an answer's leads into the frontier, and keep which outlets it named; how many leads
        they were."""
        leads = [*file_leads(answer.leads), *self._resolved(answer.headlines)]
        self.spider.archive.add_leads(leads)
        hosts = [urlsplit(lead.url).hostname for lead in answer.leads] + [
            each.host for each in answer.headlines
        ]
        self.spider.archive.note_named(
            self.spider.story.id, service.title, [host for host in hosts if host]
        )
        return len(leads)

    def _resolved(self, headlines: Iterable[UnresolvedHeadline]) -> list[Lead]:
        """The leads of the outlets themselves that are what a service named by headline."""
        db = self.spider.archive.db
        found = (
            lead_of_headline(each, told.waiting_leads_of_outlet(db, each.host))
            for each in headlines
            if each.host
        )
        return [lead for lead in found if lead]


def request_manners(service: SearchService) -> dict[str, Any]:
    """How a service is asked, as a request's `meta`."""
    return {"dont_retry": True, "dont_obey_robotstxt": not service.asks_robots}


def read_answer(service: SearchService, response: Response, ask: ServiceRequest) -> ServiceAnswer:
    """What a service answered."""
    headers = {
        name.decode("latin-1"): values[-1].decode("latin-1")
        for name, values in response.headers.items()
    }
    return service.read(response.body, ask, response.status, headers)


def file_leads(leads: Iterable[Lead]) -> list[Lead]:
    """The leads whose addresses can be fetched."""
    kept = []
    for lead in leads:
        try:
            kept.append(identify_lead(lead))
        except UsageError:
            continue
    return kept


def story_query(spider: StoryCrawl) -> SearchQuery:
    """What to look for: the words that a person gave, else the strongest of the profile, in the
    story's window."""
    strongest = story_search_words(spider.profile, spider.texts, REQUIRED_WORDS + OPTIONAL_WORDS)
    given = tuple((spider.story.words or "").split())
    return SearchQuery(
        words=given or tuple(strongest[:REQUIRED_WORDS]),
        any_of=() if given else tuple(strongest[REQUIRED_WORDS:]),
        languages=spider.story.languages or ((spider.language,) if spider.language else ()),
        since=spider.directing.span.since,
        until=spider.story.until,
        hosts=spider.story.hosts,
    )
