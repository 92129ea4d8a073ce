"""robots.txt as RFC 9309 has it: what it forbids, how long to wait, and what its absence means.

`Rules` are pure; `RobotsMiddleware`, at the end, reads a site's robots.txt once and holds every
request to it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from archive.errors import ReadingError
from crawler.network.backoff import put_off, site_of, this_moment
from crawler.network.exchange import NotNow, judge_failure
from crawler.network.opt_outs import AI_CRAWLERS, AI_ROBOTS, honoured
from crawler.network.robots_rules import Groups, path_of, read_groups

US = "Dateline"
"""The product token that we go by, unless the settings say otherwise."""
MOST_REDIRECTS = 5
"""RFC 9309, 2.3.1.2."""
KEPT_SECONDS = 24 * 3600.0
"""RFC 9309, 2.4."""
MOST_KEPT = 32 * 1024 * 1024
"""Bytes, about, that the rules of all sites take together; of more, the largest are read again when
they are needed."""
LONGEST_DELAY = 60.0
"""Seconds between two requests to a host; where a site asks for more, the crawl says so at its
end."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a site's robots.txt comes to."""

    groups: Groups = Groups()  # noqa: RUF009  it is frozen
    """What it says to us and to those whose rules are asked about; nothing, where there is no
    robots.txt."""
    not_now: str | None = None
    """Why nobody knows what is allowed; nothing is, until it can be read."""

    def allows(self, url: str, agent: str) -> bool:
        """May a crawler of that product token fetch this address?"""
        path = path_of(url)
        return path == "/robots.txt" or self.groups.group(agent).allows(path)

    def delay(self, agent: str) -> float | None:
        """Seconds of `Crawl-delay`, which is no part of the RFC but what many sites say; None where
        they do not."""
        return self.groups.group(agent).delay or None

    def forbids_one_of(self, url: str, agents: Sequence[str]) -> str | None:
        """The first of these crawlers that may not fetch this address; None if all may."""
        return next((agent for agent in agents if not self.allows(url, agent)), None)


def read_rules(status: int, body: bytes, agents: Sequence[str] = (US, *AI_CRAWLERS)) -> Rules:
    """The rules that an answer to a request for robots.txt makes for some crawlers (RFC 9309,
    2.3.1)."""
    return Rules(read_groups(body, agents)) if 200 <= status < 300 else without_body(status)


def without_body(status: int) -> Rules:
    """The rules that the status alone makes.

    A 4xx says that there is none, and all is allowed; except 429, which asks us to stay away. With
    a 5xx nothing is allowed for now. A 3xx that is left after the redirects is as good as none.
    """
    return (
        Rules(not_now=f"robots.txt: HTTP {status}") if status == 429 or status >= 500 else Rules()
    )


def kept_delay(said: float | None, ours: float) -> float:
    """Seconds between two requests: what the site asks for, never less than we do ourselves, up to
    a minute."""
    return max(ours, min(said or 0.0, LONGEST_DELAY))


class RobotsMiddleware:
    """Holds every request to its site's robots.txt, in the place of Scrapy's, which fetches all
    when there is none.

    Raises IgnoreRequest for what is forbidden and NotNow where robots.txt cannot be had.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        if not settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self.crawler = crawler
        self.agent = settings["ROBOTSTXT_USER_AGENT"] or settings["USER_AGENT"]
        self.own_delay = settings.getfloat("DOWNLOAD_DELAY")
        self.others = AI_CRAWLERS if AI_ROBOTS in honoured(settings["DATELINE_OPT_OUTS"]) else ()
        self.rules: dict[str, tuple[float, asyncio.Future[Rules]]] = {}
        self.sizes: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @property
    def spider(self) -> Any:
        return self.crawler.spider

    async def process_request(self, request: Request) -> None:
        if request.meta.get("dont_obey_robotstxt"):
            return
        rules = await self.rules_for(site_of(request.url))
        if rules.not_now:
            raise NotNow(rules.not_now)
        if not rules.allows(request.url, self.agent):
            raise IgnoreRequest("forbidden by robots.txt")
        if other := rules.forbids_one_of(request.url, self.others):
            raise IgnoreRequest(f"opted out: robots.txt forbids {other}")

    async def rules_for(self, site: str) -> Rules:
        """A site's rules, asked for once and kept for a day; what could not be had is asked for
        again."""
        read_at, reading = self.rules.get(site, (0.0, None))
        old = time.monotonic() - read_at > KEPT_SECONDS
        if reading is None or old or (reading.done() and reading.result().not_now):
            reading = asyncio.ensure_future(self.read(site))
            self.rules[site] = (time.monotonic(), reading)
            reading.add_done_callback(lambda read: self.count(site, read))
        return await asyncio.shield(reading)

    def count(self, site: str, read: asyncio.Future[Rules]) -> None:
        """What a site's rules take counts; beyond MOST_KEPT the largest are forgotten."""
        self.sizes[site] = (
            read.result().groups.size if not read.cancelled() and not read.exception() else 0
        )
        while sum(self.sizes.values()) > MOST_KEPT:
            largest = max(self.sizes, key=lambda site: self.sizes[site])
            del self.sizes[largest]
            self.rules.pop(largest, None)

    async def read(self, site: str) -> Rules:
        """Ask for robots.txt; where it cannot be had the site is left alone for a while."""
        rules = await self.ask(site)
        if rules.not_now:
            now = this_moment()
            pause = self.spider.turns.pause(site, now) or self.spider.turns.begin(
                site, rules.not_now, now
            )
            self.spider.leave_alone(site, pause)
            return Rules(not_now=put_off(pause))
        self.keep_delay(site, rules.delay(self.agent))
        return rules

    async def ask(self, site: str) -> Rules:
        engine: Any = self.crawler.engine
        meta = {"dont_obey_robotstxt": True, "redirect_ttl": MOST_REDIRECTS}
        request = Request(f"{site}/robots.txt", priority=1000, callback=NO_CALLBACK, meta=meta)
        try:
            response = await engine.download_async(request)
        except NotNow as error:
            return Rules(not_now=f"robots.txt: {error}")
        except IgnoreRequest:  # a redirect that leads nowhere
            return Rules()
        except Exception as error:  # whatever the downloader raises means that it cannot be had
            return Rules(not_now=f"robots.txt: {judge_failure(error)[1]}")
        seen = getattr(self.spider, "robots_seen", None)
        if seen is not None:
            seen[site] = response
        return await self.rules_in(response, site)

    async def know(self, site: str, response: Response) -> None:
        """Take a site's robots.txt that somebody asked for already, so that it is asked for
        once."""
        rules = await self.rules_in(response, site)
        if not rules.not_now:
            self.keep_delay(site, rules.delay(self.agent))
            reading: asyncio.Future[Rules] = asyncio.get_event_loop().create_future()
            reading.set_result(rules)
            self.rules[site] = (time.monotonic(), reading)
            self.count(site, reading)

    async def rules_in(self, response: Response, site: str) -> Rules:
        """The rules that an answer makes."""
        if not 200 <= response.status < 300:
            return without_body(response.status)
        try:
            return Rules(
                await self.spider.workers.read_robots(
                    response.body, site, (self.agent, *self.others)
                )
            )
        except ReadingError as error:
            return Rules(not_now=str(error).removeprefix(f"{site}: "))

    def keep_delay(self, site: str, said: float | None) -> None:
        """Have Scrapy's downloader wait between two requests to this host, and never less than the
        site says."""
        delay = kept_delay(said, self.own_delay)
        if said is None or delay <= self.own_delay:
            return
        if said > LONGEST_DELAY:
            self.spider.remarks[site] = (
                f"asks for a Crawl-delay of {said:g} s; it is asked every {delay:g} s"
            )
        engine: Any = self.crawler.engine
        downloader = engine.downloader
        host = urlsplit(site).hostname or ""
        told = {"delay": delay, "jitter": 0.0, "concurrency": 1}
        downloader.per_slot_settings[host] = told
        for name, value in told.items() if host in downloader.slots else ():
            setattr(downloader.slots[host], name, value)
