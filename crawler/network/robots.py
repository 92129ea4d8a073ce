"""Middleware that applies robots.txt (RFC 9309): what is forbidden, and how long to wait.

`RobotsRules` are pure; `RobotsMiddleware` reads the robots.txt of each site once and checks every
request against it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from archive.errors import ReadingError
from crawler.network.backoff import backoff_now, pause_reason, site_origin
from crawler.network.crawl_engine import CrawlEngine
from crawler.network.exchange import PostponedRequest, outcome_of_error
from crawler.network.network_session import NetworkSession, network_session
from crawler.network.opt_outs import AI_CRAWLER_TOKENS, OPT_OUT_AI_ROBOTS, parse_opt_outs
from crawler.network.robots_rules import RobotsGroups, parse_robots_groups, robots_path
from crawler.network.scrapy_internals import set_slot_delay

DEFAULT_PRODUCT_TOKEN = "Dateline"  # noqa: S105
"""Product token of this crawler, unless the settings name another."""
MAX_ROBOTS_REDIRECTS = 5
"""Redirects that are followed to a robots.txt (RFC 9309, 2.3.1.2)."""
ROBOTS_CACHE_SECONDS = 24 * 3600.0
"""Time for which the rules of a site are cached (RFC 9309, 2.4)."""
MAX_ROBOTS_CACHE_BYTES = 32 * 1024 * 1024
"""Approximate bytes of the cached rules of all sites together.

Beyond it the largest are dropped, and read again when they are needed.
"""
MAX_CRAWL_DELAY_SECONDS = 60.0
"""Longest delay in seconds between two requests to a host; the report of a crawl names
the sites that ask for more.
"""


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """The rules that follow from the robots.txt of a site."""

    groups: RobotsGroups = RobotsGroups()  # noqa: RUF009  it is frozen
    """The rules for this crawler and for the other crawlers asked for; empty without a robots.txt.
    """
    not_now: str | None = None
    """The reason why robots.txt could not be read; nothing may be fetched until it can."""

    def allows(self, url: str, agent: str) -> bool:
        """Return whether the crawler with this product token may fetch a URL."""
        path = robots_path(url)
        return path == "/robots.txt" or self.groups.group(agent).allows(path)

    def delay(self, agent: str) -> float | None:
        """Return the `Crawl-delay` in seconds, or None without one.

        The field is not part of the RFC, but many sites use it.
        """
        return self.groups.group(agent).delay or None

    def forbids_one_of(self, url: str, agents: Sequence[str]) -> str | None:
        """Return the first of these crawlers that may not fetch a URL; None if all may."""
        return next((agent for agent in agents if not self.allows(url, agent)), None)


def rules_from_response(
    status: int, body: bytes, agents: Sequence[str] = (DEFAULT_PRODUCT_TOKEN, *AI_CRAWLER_TOKENS)
) -> RobotsRules:
    """Return the rules that follow from a response to a request for robots.txt (RFC 9309,
    2.3.1)."""
    return (
        RobotsRules(parse_robots_groups(body, agents))
        if 200 <= status < 300
        else rules_from_status(status)
    )


def rules_from_status(status: int) -> RobotsRules:
    """Return the rules that follow from the status alone.

    With a 4xx there are no rules and everything is allowed, except for 429, which asks for fewer
    requests. With a 5xx nothing is allowed for now. A 3xx that remains after the redirects counts
    as a missing file.
    """
    if status == 429 or status >= 500:
        return RobotsRules(not_now=f"robots.txt: HTTP {status}")
    return RobotsRules()


def effective_crawl_delay(said: float | None, ours: float) -> float:
    """Return the seconds between two requests: the delay that the site asks for, up to a
    minute, and never less than the crawl's own.
    """
    return max(ours, min(said or 0.0, MAX_CRAWL_DELAY_SECONDS))


class RobotsMiddleware:
    """Checks every request against the robots.txt of its site.

    It replaces Scrapy's middleware, which allows everything when robots.txt cannot be read. Raises
    IgnoreRequest for a forbidden URL and PostponedRequest where robots.txt could not be read.
    """

    def __init__(self, crawler: Crawler, session: NetworkSession, engine: CrawlEngine) -> None:
        settings = crawler.settings
        if not settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self.session = session
        self.engine = engine
        self.agent = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        self.own_delay = settings.getfloat("DOWNLOAD_DELAY")
        self.others = (
            AI_CRAWLER_TOKENS
            if OPT_OUT_AI_ROBOTS in parse_opt_outs(settings["DATELINE_OPT_OUTS"])
            else ()
        )
        self.rules: dict[str, tuple[float, asyncio.Future[RobotsRules]]] = {}
        self.sizes: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware, as Scrapy expects."""
        return cls(crawler, network_session(crawler), CrawlEngine(crawler))

    async def process_request(self, request: Request) -> None:
        """Wait for the rules of the site and let the request pass, or raise."""
        if request.meta.get("dont_obey_robotstxt"):
            return
        rules = await self.rules_for(site_origin(request.url))
        if rules.not_now:
            raise PostponedRequest(rules.not_now)
        if why := self._refusal_by_rules(rules, request.url):
            raise IgnoreRequest(why)

    async def refusal(self, url: str) -> str | None:
        """Return why a URL may not be fetched now by the robots.txt of its site; None if it may."""
        rules = await self.rules_for(site_origin(url))
        return rules.not_now or self._refusal_by_rules(rules, url)

    def _refusal_by_rules(self, rules: RobotsRules, url: str) -> str | None:
        """Return why the rules of a site forbid a URL; None if they do not."""
        if not rules.allows(url, self.agent):
            return "forbidden by robots.txt"
        other = rules.forbids_one_of(url, self.others)
        return f"opted out: robots.txt forbids {other}" if other else None

    async def rules_for(self, site: str) -> RobotsRules:
        """Return the rules of a site, fetched once and cached for a day.

        Rules that could not be read are fetched again with the next request.
        """
        read_at, reading = self.rules.get(site, (0.0, None))
        old = time.monotonic() - read_at > ROBOTS_CACHE_SECONDS
        if reading is None or old or (reading.done() and reading.result().not_now):
            reading = asyncio.ensure_future(self._fetch_rules(site))
            self.rules[site] = (time.monotonic(), reading)
            reading.add_done_callback(lambda read: self._count_size(site, read))
        # the other requests that wait for it go on when one of them is cancelled
        return await asyncio.shield(reading)

    def _count_size(self, site: str, read: asyncio.Future[RobotsRules]) -> None:
        """Add the size of new rules; beyond MOST_KEPT drop the largest of the cache."""
        failed = read.cancelled() or read.exception()
        self.sizes[site] = 0 if failed else read.result().groups.size
        while sum(self.sizes.values()) > MAX_ROBOTS_CACHE_BYTES:
            largest = max(self.sizes, key=lambda site: self.sizes[site])
            del self.sizes[largest]
            self.rules.pop(largest, None)

    async def _fetch_rules(self, site: str) -> RobotsRules:
        """Fetch the rules of a site; if that fails, pause the site for a while."""
        rules = await self._request_rules(site)
        if rules.not_now:
            now, backoff = backoff_now(), self.session.backoff
            pause = backoff.current_pause(site, now) or backoff.begin_pause(
                site, rules.not_now, now
            )
            self.session.record_pause(site, pause)
            return RobotsRules(not_now=pause_reason(pause))
        self._apply_delay(site, rules.delay(self.agent))
        return rules

    async def _request_rules(self, site: str) -> RobotsRules:
        """Fetch robots.txt and return the rules that follow from the response or its failure."""
        meta = {"dont_obey_robotstxt": True, "redirect_ttl": MAX_ROBOTS_REDIRECTS}
        meta["allow_offsite"] = True  # whatever `allowed_domains` of a spider says
        request = Request(f"{site}/robots.txt", priority=1000, callback=NO_CALLBACK, meta=meta)
        try:
            response = await self.engine.download(request)
        except PostponedRequest as error:
            return RobotsRules(not_now=f"robots.txt: {error}")
        except IgnoreRequest:  # a redirect that leads nowhere
            return RobotsRules()
        except Exception as error:  # whatever the downloader raises means that it cannot be had
            return RobotsRules(not_now=f"robots.txt: {outcome_of_error(error)[1]}")
        if self.session.robots_seen is not None:
            self.session.robots_seen[site] = response
        return await self._rules_in(response, site)

    async def know_rules(self, site: str, response: Response) -> None:
        """Store the rules of a robots.txt that was fetched elsewhere, to fetch it only once."""
        rules = await self._rules_in(response, site)
        if not rules.not_now:
            self._apply_delay(site, rules.delay(self.agent))
            reading: asyncio.Future[RobotsRules] = asyncio.get_event_loop().create_future()
            reading.set_result(rules)
            self.rules[site] = (time.monotonic(), reading)
            self._count_size(site, reading)

    async def _rules_in(self, response: Response, site: str) -> RobotsRules:
        """Return the rules in a response; the file is parsed in a worker process."""
        if not 200 <= response.status < 300:
            return rules_from_status(response.status)
        agents = (self.agent, *self.others)
        try:
            groups = await self.session.workers.read_robots(response.body, site, agents)
        except ReadingError as error:
            return RobotsRules(not_now=str(error).removeprefix(f"{site}: "))
        return RobotsRules(groups)

    def _apply_delay(self, site: str, said: float | None) -> None:
        """Make Scrapy's downloader wait between requests as long as the site asks for, or the rules
        of its outlet say."""
        of_outlet = self.session.delay_of_outlet(site)
        delay = effective_crawl_delay(said, self.own_delay if of_outlet is None else of_outlet)
        if delay == self.own_delay:
            return
        if said is not None and said > MAX_CRAWL_DELAY_SECONDS:
            self.session.remarks[site] = f"Crawl-delay is {said:g} s; fetching every {delay:g} s"
        set_slot_delay(self.crawler, urlsplit(site).hostname or "", delay)
