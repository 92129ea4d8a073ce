"""The spider of a fetch process: makes the requests of its shares and reads what comes.

It has neither archive nor frontier. Robots.txt, delays, back-off, redirects and the guard are those
of every crawl (`crawler.settings`); `ShareBoundsMiddleware` adds that no request leaves for a site
whose share is held elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from archive.errors import DatelineError, ReadingError
from archive.records import Capture
from crawler.cluster.fetching.host_shares import (
    ASKED_KINDS,
    ArrivedReading,
    FetchAnswer,
    FetchedResponse,
    FetchFailure,
    FetchItem,
    HostShare,
    ShareNews,
    ShareOrders,
    SiteState,
    fetched_response,
    is_robots_item,
    share_site,
)
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRules
from crawler.network.backoff import SiteBackoff, SitePause, backoff_now, site_origin
from crawler.network.exchange import (
    OutsideRequest,
    capture_response,
    check_of_failure,
    outcome_of_status,
)
from crawler.network.opt_outs import opt_out_refusal, opt_outs_of_page, parse_opt_outs
from crawler.network.robots import RobotsMiddleware
from crawler.network.scrapy_internals import slot_rest_seconds
from crawler.workers.pool import WorkerPool


class UnstartedRequest(Exception):  # noqa: N818  not an error
    """A request that was not begun before the process ends; the driver has it made elsewhere."""


class OrderLink(Protocol):
    """The connection to the driver."""

    async def next_orders(self) -> ShareOrders:
        """Wait for the next orders."""
        ...

    async def wait_for_room(self) -> None:
        """Wait until the driver has taken most of the answers."""
        ...

    def send(self, message: FetchAnswer | ShareNews) -> None:
        """Send a message to the driver."""
        ...


@dataclass
class ShareSession:
    """The state of a fetch process, as its middlewares know it."""

    workers: WorkerPool
    opt_outs: frozenset[str]
    rules: OutletRules = NO_OUTLET_RULES
    backoff: SiteBackoff = field(default_factory=SiteBackoff)
    remarks: dict[str, str] = field(default_factory=dict)
    robots_seen: dict[str, Response] | None = None
    """Origin → robots.txt that was not reported yet; None if these are not kept."""
    ready_at: dict[str, float] = field(default_factory=dict)
    """Site → time of the monotonic clock from which requests may be sent to it."""
    ends: bool = False

    def delay_of_outlet(self, url: str) -> float | None:
        """Return the seconds between two requests to a site, if the rules of its outlet say so."""
        rule = self.rules.rule_for(url)
        return rule.delay if rule else None

    def record_pause(self, site: str, pause: SitePause) -> None:
        """Keep the pause: all of them are reported to the driver, which records them."""

    def take_share(self, share: HostShare) -> None:
        """Note what is known of a site, and that requests may be sent to it."""
        self.ready_at[share.site] = time.monotonic() + share.wait_seconds
        now = backoff_now()
        for origin, (seconds, reason) in share.state.pauses.items():
            self.backoff.pauses[origin] = SitePause(now + timedelta(seconds=seconds), reason)
        self.backoff.silences.update(share.state.silences)

    def current_pauses(self) -> dict[str, tuple[float, str]]:
        """Return the pauses in force: origin → seconds left and reason."""
        now = backoff_now()
        return {
            origin: ((pause.until - now).total_seconds(), pause.reason)
            for origin, pause in self.backoff.pauses.items()
            if pause.until > now
        }


class ShareBoundsMiddleware:
    """Lets only requests pass that lead to a site of the shares, and none once the process ends."""

    def __init__(self, session: ShareSession) -> None:
        self.session = session

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware, as Scrapy expects."""
        spider: Any = crawler.spider
        return cls(spider.session)

    async def process_request(self, request: Request) -> None:
        """Wait until the site may be visited.

        Raises OutsideRequest for another site, and UnstartedRequest once the process ends.
        """
        site = share_site(request.url)
        if site not in self.session.ready_at:
            raise OutsideRequest(site)
        left = self.session.ready_at[site] - time.monotonic()
        if left > 0:
            await asyncio.sleep(left)
        if self.session.ends:
            raise UnstartedRequest


class ShareSpider(Spider):
    """Fetches and reads the items that come over a link, until it is ordered to end."""

    name = "share"
    session: ShareSession

    def __init__(
        self, link: OrderLink, readers: int, keeps_robots: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.link, self.readers, self.keeps_robots = link, readers, keeps_robots
        self._more_requests: Counter[str] = Counter()
        """Host → requests that no item asked for and that were not reported yet."""
        self._reported = SiteState()
        self._reported_cpu_seconds = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Build the spider with its session."""
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        settings = crawler.settings
        rules = settings["DATELINE_OUTLET_RULES"] or NO_OUTLET_RULES
        pool = WorkerPool(spider.readers, settings.getfloat("DATELINE_PAGE_SECONDS"), rules)
        opt_outs = parse_opt_outs(settings["DATELINE_OPT_OUTS"])
        kept: dict[str, Response] | None = {} if spider.keeps_robots else None
        spider.session = ShareSession(pool, opt_outs, rules, robots_seen=kept)
        crawler.signals.connect(spider._note_request, signal=signals.request_reached_downloader)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """Yield the requests of all orders, after a first message that it is ready."""
        self.link.send(ShareNews(SiteState()))
        while not self.session.ends:
            orders = await self.link.next_orders()
            for share in orders.shares:
                self.session.take_share(share)
                if robots := self._robots:
                    robots.keep_known_rules(share.state.robots)
            for item in orders.items:
                await self.link.wait_for_room()
                yield self._request_for(item)
            self.session.ends = orders.ends

    def closed(self, reason: str) -> None:  # noqa: ARG002  as Scrapy calls it
        """Report the last of what is known, and end the readers."""
        state = self._site_state(rests=slot_rest_seconds(self.crawler))
        self.link.send(ShareNews(state))
        self.session.workers.stop()

    def _request_for(self, item: FetchItem) -> Request:
        """Return the request for an item."""
        return Request(
            item.url,
            callback=self.take_response,
            errback=self.take_failure,
            headers=dict(item.headers),
            dont_filter=True,
            cb_kwargs={"item": item},
            meta={"asked": item.asked, "asked_at": time.monotonic()}
            | dict.fromkeys(item.manners, True),
        )

    async def take_response(self, response: Response, item: FetchItem) -> None:
        """Read a response and send the answer."""
        answered_at = time.monotonic()
        reading = await self._read_response(response, item)
        if is_robots_item(item) and (robots := self._robots):
            await robots.know_rules(site_origin(item.url), response)
        self._send_news()
        answer = FetchAnswer(
            item.number,
            answered_at,
            response=fetched_response(response),
            reading=reading,
            cpu_seconds=self._new_cpu_seconds(),
            more_requests=self._new_requests(),
        )
        self.link.send(answer)

    async def take_failure(self, failure: Failure) -> None:
        """Send the answer for a request without a response."""
        request: Request = failure.request  # type: ignore[attr-defined]
        error = failure.value or ReadingError("no answer")
        if isinstance(error, UnstartedRequest):
            return  # the driver sees that no answer came
        number, now = request.cb_kwargs["item"].number, time.monotonic()
        self._send_news()
        if isinstance(error, OutsideRequest):
            more = self._new_requests()
            self.link.send(FetchAnswer(number, now, elsewhere=error.site, more_requests=more))
            return
        check = check_of_failure(request, error)
        outcome: Any = check.outcome
        why = FetchFailure(outcome, check.reason or "", check.transient, check.status)
        seconds, more = check.seconds or 0.0, self._new_requests()
        self.link.send(FetchAnswer(number, now, seconds, failure=why, more_requests=more))

    async def _read_response(self, response: Response, item: FetchItem) -> ArrivedReading | None:
        """Return what a reader makes of a response, or None where the driver needs no reading."""
        if outcome_of_status(response.status)["outcome"] != "new":
            return None
        if item.reading is None:
            return None
        capture = capture_response(response)
        if item.reading not in ASKED_KINDS:
            capture = Capture(response.url, response.body)
        if item.is_page:
            refused = opt_out_refusal(opt_outs_of_page(capture, self.session.opt_outs))
            if refused or capture.digest == item.as_read:
                return None
        try:
            return item.reading, await self.session.workers.read_document(item.reading, capture)
        except DatelineError as error:
            return item.reading, error

    def _note_request(self, request: Request) -> None:
        """Count a request that no item asked for; Scrapy calls this."""
        meta = request.meta
        is_first = not (meta.get("redirect_times") or meta.get("retry_times") or meta.get("waits"))
        if "item" not in request.cb_kwargs or not is_first:
            self._more_requests[urlsplit(request.url).netloc] += 1

    def _new_requests(self) -> dict[str, int]:
        """Return the requests that no item asked for since the last call, by host."""
        made, self._more_requests = self._more_requests, Counter()
        return dict(made)

    def _new_cpu_seconds(self) -> float:
        """Return the CPU time that the readers have used since the last call."""
        before = self._reported_cpu_seconds
        self._reported_cpu_seconds = self.session.workers.cpu_seconds
        return self._reported_cpu_seconds - before

    # -- what is known of the sites ----------------------------------------------------------------

    @property
    def _robots(self) -> RobotsMiddleware | None:
        """The middleware that reads robots.txt; None where the settings leave it out."""
        return self.crawler.get_downloader_middleware(RobotsMiddleware)

    def _send_news(self) -> None:
        """Report what has become known of the sites since the last report."""
        state, before = self._site_state(), self._reported
        is_news = (
            state.robots.keys() != before.robots.keys()
            or state.pauses.keys() != before.pauses.keys()
            or state.remarks != before.remarks
            or self.session.robots_seen
        )
        if is_news:
            self._reported = state
            self.link.send(ShareNews(state, self._new_robots_files()))

    def _new_robots_files(self) -> dict[str, FetchedResponse]:
        """Return the robots.txt that were read since the last call, if they are kept."""
        seen = self.session.robots_seen or {}
        found = {origin: fetched_response(response) for origin, response in seen.items()}
        seen.clear()
        return found

    def _site_state(self, rests: Mapping[str, float] | None = None) -> SiteState:
        """Return all that is known of the sites now."""
        robots = self._robots
        return SiteState(
            robots=robots.known_rules() if robots else {},
            pauses=self.session.current_pauses(),
            silences=dict(Counter(self.session.backoff.silences)),
            rests=rests or {},
            remarks=dict(self.session.remarks),
        )
