"""The part of a crawl's session that the middlewares use.

`crawler.session.crawl_session.CrawlSession` has these attributes. They are protocols here, as the
network knows nothing of the rest of a crawl.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.network.backoff import SiteBackoff, SitePause
from crawler.network.robots_rules import RobotsGroups, parse_robots_groups


class RobotsParser(Protocol):
    """Parses the robots.txt files of strangers, large ones in another process."""

    async def read_robots(self, body: bytes, url: str, agents: tuple[str, ...]) -> RobotsGroups:
        """Return the groups of rules for these crawlers; raises ReadingError."""
        ...


class NetworkSession(Protocol):
    """A crawl, as its middlewares know it."""

    @property
    def backoff(self) -> SiteBackoff:
        """The pauses of sites."""
        ...

    @property
    def workers(self) -> RobotsParser:
        """The processes that parse documents."""
        ...

    @property
    def remarks(self) -> dict[str, str]:
        """Site → remark for the report of the crawl."""
        ...

    @property
    def robots_seen(self) -> dict[str, Response] | None:
        """Site → response for robots.txt, for crawls that look for sitemaps in it; else None."""
        ...

    def delay_of_outlet(self, url: str) -> float | None:
        """Return the seconds between two requests to a site, if its outlet has such a rule."""
        ...

    def record_pause(self, site: str, pause: SitePause) -> None:
        """Record a pause that is too long to wait for."""
        ...


class LocalRobotsParser:
    """Parses robots.txt files in this process, for a user who looks at single pages."""

    async def read_robots(self, body: bytes, url: str, agents: tuple[str, ...]) -> RobotsGroups:  # noqa: ARG002
        """Return the groups of rules for these crawlers."""
        return parse_robots_groups(body, agents)


@dataclass(frozen=True)
class ShellSession:
    """The session of `scrapy shell` and `scrapy fetch`, which work without an archive."""

    backoff: SiteBackoff = field(default_factory=SiteBackoff)
    workers: RobotsParser = field(default_factory=LocalRobotsParser)
    remarks: dict[str, str] = field(default_factory=dict)
    robots_seen: dict[str, Response] | None = None

    def delay_of_outlet(self, url: str) -> float | None:  # noqa: ARG002
        """Return None: without an archive there are no rules of outlets."""
        return None

    def record_pause(self, site: str, pause: SitePause) -> None:
        """Record nothing: the pause ends with the program."""


def network_session(crawler: Crawler) -> NetworkSession:
    """Return the session of the crawl for which Scrapy makes a middleware.

    The spider has opened it before; Scrapy's tools for single pages have no spider at that time.
    """
    session: NetworkSession | None = getattr(crawler.spider, "session", None)
    return session or ShellSession()
