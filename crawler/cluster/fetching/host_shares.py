"""Shares of hosts: what travels between the driver of a crawl and the processes that fetch. Data.

A share is a site, the registered domain with all its hosts, and everything that a process has to
know before it requests a page there: robots.txt, pauses, and how long ago the last request was.
The process that holds the share is the only one that sends requests to the site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from scrapy.http import Request, Response

from archive.errors import DatelineError, UsageError
from crawler.network.robots import RobotsRules
from crawler.workers.pool import RULED_KINDS, DocumentKind, ParsedDocument
from pipelines.urls import registered_domain

ASKED_KINDS: tuple[DocumentKind, ...] = (*RULED_KINDS, "topic", "site search")
"""Documents that are read under the URL asked for, and not under that where redirects led."""
REDIRECT_META = ("redirect_urls", "redirect_reasons", "redirect_times")
"""The keys of a response's `meta` that the driver needs."""
ArrivedReading = tuple[DocumentKind, ParsedDocument | DatelineError]
"""The kind of parser that read a response, and its result or the error that it raised."""


def share_site(url: str) -> str:
    """Return the site to whose share a URL belongs: its registered domain, else its host."""
    try:
        return registered_domain(url)
    except UsageError:
        return urlsplit(url).hostname or ""


@dataclass(frozen=True, slots=True)
class FetchItem:
    """One request that a process is to make."""

    number: int
    url: str
    asked: str
    """The URL under which the answer is recorded."""
    reading: DocumentKind | None
    """The parser that the driver will read the answer by; None if it is not known before."""
    headers: tuple[tuple[str, str], ...] = ()
    """The validators of the last response."""
    as_read: str | None = None
    """The digest of the body that the article was extracted from last."""
    manners: tuple[str, ...] = ()
    """Those of `MANNER_KEYS` that are set."""

    @property
    def is_page(self) -> bool:
        """True if the answer is read as an article."""
        return self.reading in RULED_KINDS

    @property
    def site(self) -> str:
        """The site whose share is needed."""
        return share_site(self.url)


def is_robots_item(item: FetchItem) -> bool:
    """Return whether an item is a robots.txt that the driver itself asks for."""
    return item.url.endswith("/robots.txt") and "dont_obey_robotstxt" in item.manners


@dataclass(frozen=True, slots=True)
class SiteState:
    """Facts about the hosts of some sites; times are seconds from now."""

    robots: Mapping[str, tuple[RobotsRules, float]] = field(default_factory=dict)
    """Origin → the rules of its robots.txt, and how long ago they were read."""
    pauses: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    """Origin → how long its pause goes on, and the reason."""
    silences: Mapping[str, int] = field(default_factory=dict)
    """Origin → requests in a row without an answer."""
    rests: Mapping[str, float] = field(default_factory=dict)
    """Host → time until its delay allows another request."""
    remarks: Mapping[str, str] = field(default_factory=dict)
    """Origin → a remark for the report of the crawl."""


@dataclass(frozen=True, slots=True)
class HostShare:
    """A site that a process may send requests to, until the process ends."""

    site: str
    wait_seconds: float = 0.0
    """Time until the first request."""
    state: SiteState = field(default_factory=SiteState)


@dataclass(frozen=True, slots=True)
class ShareOrders:
    """Shares and items that the driver sends to a process."""

    shares: tuple[HostShare, ...] = ()
    items: tuple[FetchItem, ...] = ()
    ends: bool = False
    """True if the process begins no further requests."""


@dataclass(frozen=True, slots=True)
class FetchedResponse:
    """A response after redirects, decoded, as the driver needs it."""

    url: str
    status: int
    headers: Mapping[bytes, list[bytes]]
    body: bytes
    redirects: Mapping[str, Any] = field(default_factory=dict)
    """The keys of Scrapy's `meta` about redirects."""
    latency: float = 0.0


def fetched_response(response: Response) -> FetchedResponse:
    """Return what the driver needs of a response."""
    return FetchedResponse(
        url=response.url,
        status=response.status,
        headers={name: list(values) for name, values in response.headers.items()},
        body=response.body,
        redirects={key: response.meta[key] for key in REDIRECT_META if key in response.meta},
        latency=response.meta.get("download_latency", 0.0),
    )


def response_of_fetched(fetched: FetchedResponse, request: Request | None = None) -> Response:
    """Return a response as the process that made the request received it."""
    headers: Any = dict(fetched.headers)
    return Response(fetched.url, fetched.status, headers, fetched.body, request=request)


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """Why there is no response; the fields are those of a check."""

    outcome: Literal["failed", "refused"]
    reason: str
    transient: bool
    status: int | None = None


@dataclass(frozen=True, slots=True)
class FetchAnswer:
    """The outcome of one item. Exactly one of `response`, `failure` and `elsewhere` is set."""

    number: int
    answered_at: float
    """Time of the monotonic clock of the worker's machine."""
    seconds: float = 0.0
    """From request to failure."""
    response: FetchedResponse | None = None
    reading: ArrivedReading | None = None
    failure: FetchFailure | None = None
    cpu_seconds: float = 0.0
    """CPU time that the readers of the process have used since its last answer."""
    elsewhere: str | None = None
    """Another site to which the URL leads and that the process does not hold."""
    more_requests: Mapping[str, int] = field(default_factory=dict)
    """Host → requests since the last answer that no item asked for: robots.txt, redirects, retries."""


@dataclass(frozen=True, slots=True)
class ShareNews:
    """A report of a process on its sites."""

    state: SiteState
    robots_files: Mapping[str, FetchedResponse] = field(default_factory=dict)
    """Origin → its robots.txt, which names sitemaps, if the crawl keeps these."""


@dataclass(frozen=True, slots=True)
class ShareSetup:
    """The settings and limits of a process."""

    settings: Mapping[str, Any]
    """Those of Scrapy's settings that travel (`TRAVELLING_SETTINGS`)."""
    readers: int
    """Processes that read pages."""
    seconds: float
    """Time after which the process ends itself in any case."""
    lease_seconds: float
    """Time without orders after which it does so as well."""
    now: str | None = None
    """The time that DATELINE_NOW simulates."""
    keeps_robots: bool = False
    """True to report each robots.txt as it was read."""


TRAVELLING_SETTINGS = (
    "USER_AGENT", "ROBOTSTXT_USER_AGENT", "ROBOTSTXT_OBEY", "DOWNLOAD_DELAY", "DOWNLOAD_DELAY_JITTER",
    "CONCURRENT_REQUESTS_PER_DOMAIN", "DOWNLOAD_TIMEOUT", "DNS_TIMEOUT", "DOWNLOAD_MAXSIZE",
    "DOWNLOAD_VERIFY_CERTIFICATES", "REDIRECT_MAX_TIMES", "METAREFRESH_MAXDELAY", "RETRY_TIMES",
    "RETRY_HTTP_CODES", "DATELINE_ALLOW_ADDRESSES", "DATELINE_OPT_OUTS", "DATELINE_PAGE_SECONDS",
    "DATELINE_OUTLET_RULES",
)  # fmt: skip
"""Settings that hold wherever a page is fetched."""
