"""Requests to search services for a story's leads.

A service that fails or refuses is reported; the crawl goes on without it.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from scrapy.http import Request, Response

from archive.articles import leads as told
from archive.articles.outlet_evidence import note_named_outlets
from archive.errors import ArchiveError, UsageError
from archive.extensions import error_in_one_line
from archive.frontier.urls import queue_leads
from archive.queries.lookup import find_article_id
from archive.records import Lead
from archive.storage.database import transaction
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
from crawler.story_search.story_session import SearchedStory, StorySession
from pipelines.identity import identify_lead
from pipelines.topics.stories import story_search_words
from pipelines.urls import url_key

MAX_SERVICE_REQUESTS = 12
"""Requests to one service in one crawl."""
MAX_SERVICE_WAIT_SECONDS = 20.0
"""Seconds that a service may ask to wait; one that wants more is skipped for this crawl."""
REQUIRED_WORDS, OPTIONAL_WORDS = 2, 6
"""Words of which all have to be found, and further words of which one has to."""


def named_services(names: str) -> list[SearchService]:
    """Return the services of a list such as `gdelt,wikipedia=http://localhost:8080`.

    Raises UsageError for an unknown service.
    """
    pairs = (name.partition("=") for name in names.replace(" ", "").split(",") if name)
    return [service_named(name, base or None) for name, _, base in pairs]


class ServiceSearch:
    """Sends a story's query to services, and adds the leads that they return to the frontier."""

    def __init__(self, session: StorySession, since: str) -> None:
        """Make the search; `since` is the first day of the leads that are wanted."""
        self.session = session
        self.query = story_query(session.about, since)
        self.rested: dict[str, float] = {}
        """Service name → time on the monotonic clock at which it may be asked again."""
        self.left_alone: set[str] = set()
        """Names of services in trouble; nothing more is requested from them in this crawl."""

    async def ask_service(self, service: SearchService) -> list[str]:
        """Ask one service until it has no more results, or else the service that stands in for it.

        Return the problems, a line each. A service at another URL than its usual one has no
        stand-in: whoever names a URL means it.
        """
        try:
            if why := service.unfit_reason(self.query):
                return [why]
            problems, found = await self._ask_all(service)
        except (sqlite3.Error, ArchiveError):
            raise
        except Exception as error:
            if service.name in SEARCH_SERVICES:
                raise
            # that of an extension may break the promise not to raise
            return [f"{service.title} failed: {error_in_one_line(error)}"]
        self.session.crawl.counts[f"leads of {service.title}"] += found
        is_usual = service.base == service_named(service.name).base
        if problems and not found and service.instead and is_usual:
            problems += await self.ask_service(service_named(service.instead))
        return problems

    async def _ask_all(self, service: SearchService) -> tuple[list[str], int]:
        """Ask one service until it has no more results; return the problems and number of leads."""
        asks, problems, found = deque(service.requests(self.query)), [], 0
        for _ in range(MAX_SERVICE_REQUESTS):
            if not asks or self.session.crawl.has_ended:
                break
            answer = await self._ask_once(service, asks.popleft())
            problems += [answer.problem] if answer.problem else []
            found += self._store_answer(answer, service)
            if answer.wait > MAX_SERVICE_WAIT_SECONDS:
                self.left_alone.add(service.name)
                break
            await asyncio.sleep(answer.wait)
            asks.extend(answer.asks)
        return problems, found

    async def _ask_once(self, service: SearchService, ask: ServiceRequest) -> ServiceAnswer:
        await self.wait_for_turn(service)
        request = Request(ask.url, meta=request_manners(service), dont_filter=True)
        try:
            response = await self.session.crawl.engine.download(request)
        except Exception as error:  # any error of the downloader means that there is no response
            return service.failed(outcome_of_error(error)[1], MAX_SERVICE_WAIT_SECONDS + 1)
        finally:
            self.begin_pause(service)
        return read_answer(service, response, ask)

    async def wait_for_turn(self, service: SearchService) -> None:
        """Wait until a service may be asked again."""
        await asyncio.sleep(max(0.0, self.rested.get(service.name, 0.0) - time.monotonic()))

    def begin_pause(self, service: SearchService) -> None:
        """Begin a service's pause after its answer."""
        self.rested[service.name] = time.monotonic() + service.pause

    # -- pages that are gone -----------------------------------------------------------------------

    async def find_capture(self, service: WaybackMachine, lead: Lead) -> Lead | None:
        """Return a lead to a page that is gone, with its best capture as `listed_as`, or None.

        If the lead has no capture yet, the service is asked. Return None without asking for a page
        that the archive has.
        """
        if find_article_id(self.session.db, lead.url, url_key) is not None:
            return None
        if service.capture_of(lead):
            return lead
        near = lead.published_at or latest_day_in_path(lead.url)
        answer = await self._ask_once(service, service.captures(lead.url, near))
        self.note_answer(service, answer, lead.url)
        found = (replace(lead, listed_as=named.listed_as) for named in answer.leads)
        return next((each for each in found if service.capture_of(each)), None)

    def note_answer(self, service: SearchService, answer: ServiceAnswer, url: str) -> None:
        """Report the problem of an answer about a page.

        A service that asks for a long wait is skipped from now on.
        """
        if answer.problem:
            self.session.problems.append(f"{url}: {answer.problem}")
        if answer.wait > MAX_SERVICE_WAIT_SECONDS:
            self.left_alone.add(service.name)

    # -- answers -----------------------------------------------------------------------------------

    def _store_answer(self, answer: ServiceAnswer, service: SearchService) -> int:
        """Add an answer's leads to the frontier, and store the outlets that it names.

        Return the number of leads.
        """
        leads = [*file_leads(answer.leads), *self._leads_of_headlines(answer.headlines)]
        hosts = [urlsplit(lead.url).hostname for lead in answer.leads] + [
            each.host for each in answer.headlines
        ]
        named = [host for host in hosts if host]
        with transaction(self.session.db) as db:
            queue_leads(db, leads)
            note_named_outlets(db, self.session.story.id, service.title, named)
        return len(leads)

    def _leads_of_headlines(self, headlines: Iterable[UnresolvedHeadline]) -> list[Lead]:
        """Return the outlets' own leads that match the headlines that a service named."""
        db = self.session.db
        found = (
            lead_of_headline(each, told.waiting_leads_of_outlet(db, each.host))
            for each in headlines
            if each.host
        )
        return [lead for lead in found if lead]


def request_manners(service: SearchService) -> dict[str, Any]:
    """Return the `meta` of a request to a service."""
    return {"dont_retry": True, "dont_obey_robotstxt": not service.asks_robots}


def read_answer(service: SearchService, response: Response, ask: ServiceRequest) -> ServiceAnswer:
    """Return a service's parsed answer."""
    headers = {
        name.decode("latin-1"): values[-1].decode("latin-1")
        for name, values in response.headers.items()
    }
    return service.read(response.body, ask, response.status, headers)


def file_leads(leads: Iterable[Lead]) -> list[Lead]:
    """Return the leads whose URLs can be fetched."""
    kept = []
    for lead in leads:
        try:
            kept.append(identify_lead(lead))
        except UsageError:
            continue
    return kept


def story_query(about: SearchedStory, since: str) -> SearchQuery:
    """Return the query for a story: its words, languages, window and hosts.

    The words are those that the user gave, or else the strongest of the profile.
    """
    story = about.story
    strongest = story_search_words(about.profile, about.texts, REQUIRED_WORDS + OPTIONAL_WORDS)
    given = tuple((story.words or "").split())
    spoken = (about.language,) if about.language else ()
    return SearchQuery(
        words=given or tuple(strongest[:REQUIRED_WORDS]),
        any_of=() if given else tuple(strongest[REQUIRED_WORDS:]),
        languages=story.languages or spoken,
        since=since,
        until=story.until,
        hosts=story.hosts,
    )
