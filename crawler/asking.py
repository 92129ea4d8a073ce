"""Asking search services for a story's leads. A service that fails or refuses is told of, and costs nothing else."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from scrapy.http import Request, Response

from archive import leads as told
from archive.errors import UsageError
from archive.records import Lead
from crawler.fetching import judge_failure
from crawler.services import SERVICES, Answer, Ask, Headline, Query, Service, resolve, service
from pipelines.identity import file_lead
from pipelines.stories import search_words

if TYPE_CHECKING:
    from crawler.spiders.story import StorySpider

MOST_ASKS = 12
"""Requests to one service in one crawl."""
LONGEST_WAIT = 20.0
"""Seconds that a service may ask to wait; one that wants more is left alone for this crawl."""
ALL_OF, ANY_OF = 2, 6
"""Words that are all to be found, and further ones of which one is."""


def named_services(names: str) -> list[Service]:
    """The services of a list such as `gdelt,wikipedia=http://localhost:8080`. Raises UsageError for what is none."""
    pairs = (name.partition("=") for name in names.replace(" ", "").split(",") if name)
    return [service(name, base or None) for name, _, base in pairs]


class Asking:
    """Asks services on behalf of a story's spider, and puts what they name into the frontier."""

    def __init__(self, spider: StorySpider) -> None:
        self.spider = spider
        self.query = query(spider)

    async def ask(self, service: Service) -> list[str]:
        """Ask one service until it has no more to say, or the one that stands in for it; what went wrong, a line each.

        A service that was put elsewhere has no stand-in: who names an address means it.
        """
        if why := service.unfit(self.query):
            return [why]
        asks, problems, found = deque(service.requests(self.query)), [], 0
        for number in range(MOST_ASKS):
            if not asks or self.spider.ended:
                break
            if number:
                await asyncio.sleep(service.pause)
            answer = await self._answer(service, asks.popleft())
            problems += [answer.problem] if answer.problem else []
            found += self._take(answer)
            if answer.wait > LONGEST_WAIT:
                break
            await asyncio.sleep(answer.wait)
            asks.extend(answer.asks)
        self.spider.counts[f"leads of {service.title}"] += found
        if problems and not found and service.instead and service.base == SERVICES[service.name].base:
            problems += await self.ask(SERVICES[service.instead])
        return problems

    async def _answer(self, service: Service, ask: Ask) -> Answer:
        engine: Any = self.spider.crawler.engine
        meta = {"dont_retry": True, "dont_obey_robotstxt": not service.asks_robots}
        try:
            response: Response = await engine.download_async(Request(ask.url, meta=meta, dont_filter=True))
        except Exception as error:  # whatever the downloader raises means that nothing came
            return service.failed(judge_failure(error)[1], LONGEST_WAIT + 1)
        headers = {name.decode("latin-1"): values[-1].decode("latin-1") for name, values in response.headers.items()}
        return service.read(response.body, ask, response.status, headers)

    def _take(self, answer: Answer) -> int:
        """Put an answer's leads into the frontier; how many they were."""
        leads = [*filed(answer.leads), *self._resolved(answer.headlines)]
        self.spider.archive.add_leads(leads)
        return len(leads)

    def _resolved(self, headlines: Iterable[Headline]) -> list[Lead]:
        """The leads of the outlets themselves that are what a service named by headline."""
        db = self.spider.archive.db
        found = (resolve(each, told.of_outlet(db, each.host)) for each in headlines if each.host)
        return [lead for lead in found if lead]


def filed(leads: Iterable[Lead]) -> list[Lead]:
    """The leads whose addresses can be fetched."""
    kept = []
    for lead in leads:
        try:
            kept.append(file_lead(lead))
        except UsageError:
            continue
    return kept


def query(spider: StorySpider) -> Query:
    """What to look for: the words that a person gave, else the strongest of the profile, in the story's window."""
    strongest = search_words(spider.profile, spider.texts, ALL_OF + ANY_OF)
    given = tuple((spider.story.words or "").split())
    return Query(
        words=given or tuple(strongest[:ALL_OF]),
        any_of=() if given else tuple(strongest[ALL_OF:]),
        languages=spider.story.languages or ((spider.language,) if spider.language else ()),
        since=spider.since,
        until=spider.story.until,
        hosts=spider.story.hosts,
    )
