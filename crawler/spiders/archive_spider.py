"""What all spiders share: an archive to read what is due from, sources and pages to read, and when
to stop."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.http import Request, Response
from twisted.python.failure import Failure

from archive.archive import Archive
from archive.errors import ArchiveError, ReadingError, SourceError
from archive.frontier.urls import Listing, Waiting
from archive.records import Article, Capture, Check, Lead, Outcome, SourceKind, clock, utc
from archive.storage.lock import crawl_lock
from archive.times import since as moment_since
from crawler.network.backoff import Pause, Turns, put_off
from crawler.network.cache_headers import wish_seconds
from crawler.network.download_slots import Places
from crawler.network.exchange import capture, failed_look, header, look, read_look, request
from crawler.network.opt_outs import NOARCHIVE, honoured, opted_out, refusal
from crawler.network.redirects import moved_for_good
from crawler.network.site_shares import Shares
from crawler.services.wayback import Wayback
from crawler.sources.sitemap_parser import Child, children_to_read, newer_than
from crawler.spiders.pending_sources import Telling
from crawler.workers import fork_server
from crawler.workers.pool import Worker, Workers
from crawler.workers.reextraction import rereader
from pipelines.clean import clean_lead
from pipelines.urls import is_address, url_key

MOST_UNDER_WAY = 64
"""Pages leased at once, slow sites left out: enough to keep all outlets busy, little to do again
after a kill."""
MOST_SOURCES = 192
"""Feeds and sitemaps asked for at once: nearly all wait for the turn of their host."""
PER_OUTLET = 8
IN_TURN = 3
"""Pages of an outlet that are asked for before the others have theirs, unless a budget is to be
shared out: a site is asked at its own pace, and the largest, in turn with all the others, would be
alone at the end."""
MOST_SITEMAPS = 60
"""Read of one index in one crawl, newest first."""
INDEX_DEPTH = 3
MOST_OF_A_SOURCE = 500
"""Sitemaps read in one crawl of all that one source names, however its indexes branch."""
MOST_LEADS = 200_000
"""Taken from them."""
MOST_HOSTS = 200
"""That one source may name pages of: aggregators name some dozen, and each is asked for its
robots.txt."""
AT_A_TIME = 500
"""Leads that are taken in at once; more would hold up the crawl for seconds."""

Children = list[tuple[Child, Listing | None]]
"""Sitemaps to read, each as it was last seen."""


class ArchiveSpider(Spider):
    """A spider on an archive.

    Arguments, as `scrapy crawl NAME -a …` takes them: `outlets` (hosts, parted by commas; all if
    empty), `since` (a date or an age, for sitemaps), `due` (1: of the feeds and sitemaps, only
    those whose turn it is), `budget` and `outlet_budget` (pages at most that are asked for, of all
    outlets and of each; any number if empty). `dateline crawl` hands in an open `archive` and the
    `crawl_id`; without them the spider opens the archive named by the setting DATELINE_ARCHIVE,
    holds its lock and keeps the crawl's row itself.
    """

    kinds: ClassVar[tuple[SourceKind, ...]] = ()

    def __init__(
        self,
        archive: Archive | None = None,
        crawl_id: int | None = None,
        outlets: str = "",
        since: str = "7d",
        due: bool | str = False,
        budget: int | str = "",
        outlet_budget: int | str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.budget, self.outlet_budget = (
            int(most) if str(most) else None for most in (budget, outlet_budget)
        )
        self.asked: Counter[str] = Counter()
        """Pages that were asked for, by outlet."""
        self.spent: str | None = None
        """Which budget ended the crawl."""
        self.known = -1
        """How many looks had been written when pages of any outlet were wanted last."""
        self.due = bool(due) and due != "0"
        self.hosts = tuple(filter(None, outlets.replace(" ", "").split(",")))
        self.since = moment_since(since)
        self.failure: Exception | None = None
        self.counts: Counter[str] = Counter()
        self.under_way: set[str] = set()
        self.places = Places()
        self.telling = Telling()
        self.roots: dict[str, str] = {}
        """Of a sitemap that an index names, the source that led to it."""
        self.sitemaps_read: Counter[str] = Counter()
        self.leads_taken: Counter[str] = Counter()
        """Both by source."""
        self.hosts_named: defaultdict[str, set[str]] = defaultdict(set)
        """By source too."""
        self.shares = Shares(time.monotonic())
        self.remarks: dict[str, str] = {}
        self.ended = False
        self._given, self.crawl_id = archive, crawl_id

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider: Self = super().from_crawler(crawler, *args, **kwargs)
        spider._open(crawler)
        crawler.signals.connect(spider._gave_up, signal=signals.spider_error)
        crawler.signals.connect(spider._gave_up, signal=signals.item_error)
        return spider

    def _open(self, crawler: Crawler) -> None:
        self.resources = ExitStack()
        settings = crawler.settings
        if self._given is None:
            folder = Path(settings["DATELINE_ARCHIVE"])
            self.resources.enter_context(crawl_lock(folder))
            self.archive = self.resources.enter_context(Archive(folder))
            self.crawl_id = self.archive.start_crawl(f"scrapy crawl {self.name}")
        else:
            self.archive = self._given
        self.opt_outs = honoured(settings["DATELINE_OPT_OUTS"])
        if self.outlet_budget is None:
            self.outlet_budget = settings.getint("DATELINE_OUTLET_PAGES") or None
        kept = self.archive.pauses().items()
        self.turns = Turns(
            {site: Pause(datetime.fromisoformat(until), why) for site, (until, why) in kept}
        )
        self.reread = rereader(self.archive, self.resources.enter_context(closing(Worker())))
        self.workers = self.resources.enter_context(
            Workers(settings["DATELINE_WORKERS"], settings.getfloat("DATELINE_PAGE_SECONDS"))
        )

    def closed(self, reason: str) -> None:
        """Called by Scrapy when all is written."""
        self.ended = True
        stats: Any = self.crawler.stats
        stats.set_value("dateline/reading_cpu_seconds", round(self.workers.cpu_seconds, 2))
        if self._given is None and self.crawl_id is not None:
            self.archive.finish_crawl(self.crawl_id, None if reason == "finished" else reason)
        self.resources.close()

    # -- what to ask for, and until when -----------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        async for early in self.source_requests(self.early_pages):
            yield early
        async for page in self.waiting_pages():
            yield page

    async def source_requests(
        self, meanwhile: Callable[[], Iterable[Request]] = lambda: ()
    ) -> AsyncIterator[Request]:
        """Requests for the feeds and sitemaps of the outlets; what there is `meanwhile` goes
        first."""
        sources = deque(self.archive.sources(self.kinds, self.hosts, self.due))
        if sources:
            # it loads what readers need while the first answers are on their way
            fork_server.start()
        for source in sources:
            self.telling.expect(source.url, source.host)
        while sources and not self.ended:
            if first := list(meanwhile()):
                for page in first:
                    yield page
            elif len(self._in_place()) < MOST_SOURCES:
                source = sources.popleft()
                seen = Listing(source.url, None, source.etag, source.last_modified)
                yield self.source_request(source.url, source.kind, seen)
            else:
                await asyncio.sleep(0.02)

    def early_pages(self) -> Iterator[Request]:
        """Requests for pages of outlets that have told all, while others are still asked; readers
        would have no work.

        Where they have hardly any, pages of any outlet. None where a budget is to be shared out:
        all outlets have to be heard first.
        """
        engine: Any = self.crawler.engine
        room = self.room()
        if self.budget is not None or room < PER_OUTLET or engine.needs_backout():
            return
        hosts = self.telling.take(PER_OUTLET)
        if hosts or (room > MOST_UNDER_WAY - PER_OUTLET and self._more_is_known()):
            for waiting in self._leased(room, hosts or self.hosts):
                yield self.page_request(waiting)

    def _more_is_known(self) -> bool:
        """Whether a look was written since this was asked last."""
        before, self.known = self.known, self.counts.total()
        return self.known > before

    async def waiting_pages(self) -> AsyncIterator[Request]:
        """Requests for the pages whose turn has come, until none waits and nothing is under way
        that may name more."""
        engine: Any = self.crawler.engine
        while not self.ended:
            room = 0 if self.spent else self.room()
            leased = []
            if room > MOST_UNDER_WAY // 4 and not engine.needs_backout():
                leased = self._leased(room, self.hosts)
                for waiting in leased:
                    yield self.page_request(waiting)
            if not leased:
                if not self.under_way:
                    return
                await asyncio.sleep(0.05)

    def _leased(self, most: int, hosts: Sequence[str]) -> list[Waiting]:
        """Up to `most` pages whose turn it is, of some `hosts` or of all, as far as the budgets
        reach."""
        in_turn, spent = IN_TURN if self.budget is None else 1, self._spent_outlets()
        greedy = self.shares.greedy(self.asked, time.monotonic())
        leased = self.archive.lease(most, PER_OUTLET, hosts, [*spent, *greedy], in_turn)
        if greedy and not leased and not self.under_way:  # nobody else waits
            leased = self.archive.lease(most, PER_OUTLET, hosts, spent, in_turn)
        return self._within_budget(leased)

    def _spent_outlets(self) -> list[str]:
        """The outlets of which no page more may be asked for."""
        most = self.outlet_budget
        return [host for host, many in self.asked.items() if most is not None and many >= most]

    def _within_budget(self, leased: Sequence[Waiting]) -> list[Waiting]:
        """What may be asked for; the rest goes on waiting."""
        kept = []
        for waiting in leased:
            if self.budget is not None and self.asked.total() >= self.budget:
                self.spent = f"the budget of {self.budget:,} pages is spent"
            elif self.outlet_budget is None or self.asked[waiting.host] < self.outlet_budget:
                self.asked[waiting.host] += 1
                kept.append(waiting)
            else:
                self.remarks[waiting.host] = (
                    f"its budget of {self.outlet_budget:,} pages is spent; the rest waits"
                )
        self.archive.give_back([waiting.lead.url for waiting in leased if waiting not in kept])
        return kept

    def room(self) -> int:
        """How many more pages may be under way."""
        return MOST_UNDER_WAY - len(self._in_place() - self.telling.sources.keys())

    def _in_place(self) -> set[str]:
        """The addresses under way that take a place."""
        return self.under_way - self.places.left(time.monotonic())

    def source_request(
        self,
        url: str,
        kind: SourceKind,
        seen: Listing | None,
        depth: int = 0,
        lastmod: str | None = None,
    ) -> Request:
        self._ask(url)
        return request(
            url,
            self.read_source,
            self.failed,
            etag=seen.etag if seen else None,
            last_modified=seen.last_modified if seen else None,
            kind=kind,
            depth=depth,
            lastmod=lastmod,
        )

    def page_request(self, waiting: Waiting) -> Request:
        self._ask(waiting.lead.url)
        return request(
            waiting.lead.url,
            self.read_page,
            self.failed,
            etag=waiting.etag,
            last_modified=waiting.last_modified,
            lead=waiting.lead,
            as_read=waiting.digest,
        )

    def _ask(self, url: str) -> None:
        self.under_way.add(url)
        self.places.ask(url, time.monotonic())

    # -- what came ---------------------------------------------------------------------------------

    async def read_source(
        self, response: Response, kind: SourceKind, depth: int, lastmod: str | None
    ) -> AsyncIterator[Check | Request]:
        """A feed or sitemap: its leads, and requests for the sitemaps that an index names."""
        self.places.answered(response.meta["asked"])
        check = look(response, modified_at=lastmod, wish_seconds=wish_of(response))
        try:
            if check.outcome == "new":
                read = self._read_feed if kind == "feed" else self._read_sitemap
                check, children = await read(check, response)
            else:
                children = self._known_children(check)
        except (SourceError, ReadingError) as error:
            yield replace(check, outcome="failed", reason=str(error))
            return
        for child, seen in self._further(check.url, children) if depth < INDEX_DEPTH else ():
            self.telling.expect_more(child.url, check.url)
            yield self.source_request(child.url, "sitemap", seen, depth + 1, child.modified_at)
        yield await self._in_parts(self._taken(self._with_move(check, response)))

    def _with_move(self, check: Check, response: Response) -> Check:
        """Where a source has moved for good is told; it stays known by its first address, which may
        lead back."""
        to = moved_for_good(response)
        if to is None or check.outcome not in ("listed", "unchanged"):
            return check
        self.remarks[check.url] = f"has moved for good to {to}"
        return replace(
            check, reason="; ".join(filter(None, (check.reason, f"moved for good to {to}")))
        )

    def _further(self, url: str, children: Children) -> Children:
        """Those of an index's sitemaps that are read: of one source never more than
        MOST_OF_A_SOURCE."""
        root = self.roots.get(url, url)
        usable = [each for each in children if is_address(each[0].url)]
        if len(usable) < len(children):
            self.remarks[root] = (
                f"names {len(children) - len(usable):,} sitemaps whose addresses cannot be used"
            )
        kept = usable[: max(0, MOST_OF_A_SOURCE - self.sitemaps_read[root])]
        self.roots |= {child.url: root for child, _ in kept}
        self.sitemaps_read[root] += len(kept)
        if len(kept) < len(usable):
            self.remarks[root] = (
                f"names more than {MOST_OF_A_SOURCE} sitemaps; the rest was left out"
            )
        return kept

    def _taken(self, check: Check) -> Check:
        """A look at a source with the leads that are taken from it: of one source never more than
        MOST_LEADS."""
        root = self.roots.get(check.url, check.url)
        check = self._of_few_hosts(check, root)
        room = max(0, MOST_LEADS - self.leads_taken[root])
        self.leads_taken[root] += len(check.leads)
        if len(check.leads) <= room:
            return check
        why = f"{len(check.leads) - room:,} more leads than are taken from one source"
        return replace(
            check, leads=check.leads[:room], reason="; ".join(filter(None, (check.reason, why)))
        )

    def _of_few_hosts(self, check: Check, root: str) -> Check:
        """A look at a source without leads to more than MOST_HOSTS hosts."""
        known, kept = self.hosts_named[root], []
        for lead in check.leads:
            host = lead.url.partition("://")[2].partition("/")[0]
            if host in known or len(known) < MOST_HOSTS:
                known.add(host)
                kept.append(lead)
        if len(kept) == len(check.leads):
            return check
        why = f"{len(check.leads) - len(kept):,} left out: leads to more than {MOST_HOSTS} hosts"
        return replace(
            check, leads=tuple(kept), reason="; ".join(filter(None, (check.reason, why)))
        )

    async def _in_parts(self, check: Check) -> Check:
        """A look at a source whose leads are kept but for the last AT_A_TIME; the crawl has most of
        the time."""
        leads = check.leads
        while len(leads) > AT_A_TIME and not self.ended:
            began = time.thread_time()
            cleaned = [lead for given in leads[:AT_A_TIME] if (lead := clean_lead(given))]
            self.archive.add_leads([replace(lead, url_key=url_key(lead.url)) for lead in cleaned])
            leads = leads[AT_A_TIME:]
            await asyncio.sleep(3 * (time.thread_time() - began))
        return replace(check, leads=leads)

    async def _read_feed(self, check: Check, response: Response) -> tuple[Check, Children]:
        feed = await self.workers.read_feed(response.body, response.url)
        wish = wish_of(response, feed.ttl_minutes)
        return replace(
            check,
            outcome="listed",
            leads=feed.leads,
            reason=left_out(feed.skipped),
            wish_seconds=wish,
        ), []

    async def _read_sitemap(self, check: Check, response: Response) -> tuple[Check, Children]:
        sitemap = await self.workers.read_sitemap(response.body, response.url)
        leads, older, undated = newer_than(sitemap.leads, self.since)
        self.counts["older"] += older
        self.counts["undated"] += undated
        named = tuple(
            Lead(child.url, via="sitemap", kind="sitemap", found_on=check.url)
            for child in sitemap.children
        )
        listed = replace(
            check, outcome="listed", leads=(*leads, *named), reason=left_out(sitemap.skipped)
        )
        return listed, self._children(check.url, sitemap.children)

    def _known_children(self, check: Check) -> Children:
        """An index that did not change says nothing of the sitemaps that it names: they are asked
        themselves."""
        if check.status != 304:
            return []
        return self._children(
            check.url, [Child(url, None) for url in self.archive.sitemaps_of(check.url)]
        )

    def _children(self, index_url: str, children: Sequence[Child]) -> Children:
        """The sitemaps of an index that may hold something newer than `since` and than what was
        read last time."""
        seen = self.archive.sitemaps_of(index_url)
        wanted = children_to_read(children, self.since, MOST_SITEMAPS)
        return [
            (child, seen.get(child.url))
            for child in wanted
            if not is_as_read(child, seen.get(child.url))
        ]

    async def read_page(
        self, response: Response, lead: Lead, as_read: str | None = None
    ) -> AsyncIterator[Check | Request]:
        """A page: its article, or why it is none; one whose bytes are those `as_read` last is not
        read again."""
        self.places.answered(response.meta["asked"])
        check = look(response, lead=lead)
        # a service is asked by name alone
        if check.outcome == "gone" and lead.listed_as and lead.via != Wayback.via:
            again = replace(lead, listed_as=None)
            yield request(
                lead.listed_as, self.read_page, self.failed, instead_of=lead.url, lead=again
            )
            return
        if check.outcome != "new":
            yield check
            return
        came = capture(response)
        borne = opted_out(came, self.opt_outs)
        if why := refusal(borne):
            yield replace(check, outcome="refused", reason=why)
            return
        if came.digest == as_read:
            yield replace(check, outcome="unchanged", digest=came.digest)
            return
        check = replace(check, capture=came, digest=came.digest)
        if NOARCHIVE in borne:
            check = replace(
                check, capture=None, reason=f"no copy is stored: noarchive ({borne[NOARCHIVE]})"
            )
        try:
            article = await self.read_article(came)
        except ReadingError as error:
            failed = replace(
                check, outcome="failed", reason=str(error).removeprefix(f"{came.url}: ")
            )
            yield self._bounded(failed, article=False)
            return
        yield read_look(self._bounded(check, article=article.page_type == "article"), article)

    def _bounded(self, check: Check, *, article: bool) -> Check:
        """A look with its capture, or with the reason why no copy of the page is kept."""
        if check.capture is None:
            return check
        url = check.final_url or check.url
        why = self.shares.refuses_copy(url, len(check.capture.body), article=article)
        reason = "; ".join(filter(None, (check.reason, why))) or None
        return replace(check, capture=None, reason=reason) if why else check

    async def read_article(self, came: Capture) -> Article:
        """The article of a page. Raises ReadingError where the page cannot be read."""
        return await self.workers.read(came)

    def failed(self, failure: Failure) -> Iterator[Check]:
        """No response came."""
        asked: Request = failure.request  # type: ignore[attr-defined]
        self.places.answered(asked.meta["asked"])
        yield failed_look(asked, failure.value or ReadingError("no answer"))

    # -- told by others ----------------------------------------------------------------------------

    def written(self, check: Check, outcome: Outcome) -> None:
        """A look is in the archive (told by `pipelines.keep`)."""
        self._settled(check.url)
        self.counts[outcome] += 1

    def leave_alone(self, site: str, pause: Pause) -> None:
        """A site is in a pause that is too long to be waited for (told by `crawler.network.backoff`
        and `crawler.network.robots`)."""
        self.remarks[site] = put_off(pause)
        try:
            self.archive.leave_alone(site, utc(pause.until), pause.reason)
        except (sqlite3.Error, ArchiveError) as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        """An archive that cannot be read or written ends the crawl with that one error; nothing is
        lost in silence."""
        if self.failure:
            return
        self.failure = error
        self.logger.error("The archive cannot be read or written: %s", error)
        engine: Any = self.crawler.engine
        asyncio.get_event_loop().create_task(
            engine.close_spider_async(reason="the archive cannot be written")
        )

    def _gave_up(
        self, response: Response | Failure | None = None, failure: Failure | None = None, **_: Any
    ) -> None:
        """Our own fault: the page stays leased and comes round in the next crawl.

        `response` is a Failure where no response came and what was made of that could not be kept.
        """
        if failure and isinstance(failure.value, sqlite3.Error | ArchiveError):
            self.give_up(failure.value)
        asked: Any = response.request if isinstance(response, Failure) else response  # type: ignore[attr-defined]
        if asked is not None:
            self._settled(asked.meta["asked"])
            self.counts["failed"] += 1

    def _settled(self, url: str) -> None:
        """Nothing more is to come of an address."""
        self.under_way.discard(url)
        self.telling.read(url)


def wish_of(response: Response, ttl_minutes: int | None = None) -> int | None:
    """For how many seconds a source asks to be left alone."""
    return wish_seconds(partial(header, response), ttl_minutes, clock())


def is_as_read(child: Child, seen: Listing | None) -> bool:
    """Has a sitemap the date that it had when it was last read?"""
    return bool(seen and seen.modified_at and seen.modified_at == child.modified_at)


def left_out(skipped: tuple[str, ...]) -> str | None:
    """What was not read of a feed or sitemap, in a line: `3 left out: 2 × no link, 1 × not
    http`."""
    if not skipped:
        return None
    kinds = ", ".join(f"{many} × {why}" for why, many in Counter(skipped).most_common(3))
    return f"{len(skipped)} left out: {kinds}"
