"""The spider of `dateline investigate`: from one URL to its story's coverage in other outlets.

    the article ─▶ its story ─▶ its own outlet's lists ─▶ likely pages
                      ▲                                        │
       outlets that are likely to have covered it ◀── languages, countries, links of what was found

The archive holds the state: the story, the waiting leads in the frontier, and the outlets that were
searched in `story_searches`. A second run goes on where the first ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as Collection
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

from rich.live import Live
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from archive.articles import leads as told
from archive.articles import story_searches
from archive.articles.story_searches import OutletSearch
from archive.errors import ArchiveError, DatelineError
from archive.frontier.hosts import bare_host
from archive.frontier.sources import sources_of_outlets
from archive.queries.lookup import find_article_id
from archive.records import CatalogueOutlet, Check, Lead, Outcome, Outlet
from archive.storage.database import transaction
from crawler.network.robots import RobotsMiddleware
from crawler.progress import Progress
from crawler.services.search_service import bare_host_of
from crawler.sources.catalogue import read_catalogue
from crawler.spiders.story import ARTICLE_OUTCOMES, StorySpider
from crawler.story_search.likely_outlets import suggest_outlets
from crawler.story_search.outlet_probe import (
    PROBE_CUT_SHORT,
    OutletProbe,
    ProbedOutlet,
    save_probe,
    save_probe_result,
)
from pipelines.identity import identify_lead
from pipelines.topics.outlet_suggestions import OutletSuggestion
from pipelines.urls import url_key

MAX_INVESTIGATION_ROUNDS = 12
MAX_PROBES_AT_ONCE = 16
MAX_NAMED_UNASKED_OUTLETS = 20
"""Suggested outlets that were not asked and are listed at the end."""
MAX_FRUITLESS_OUTLETS = 20
"""Outlets in a row that brought nothing after which no more are asked.

Half of the outlets that may be asked, if that is more.
"""

LISTED_REASON = "it stands in the list of outlets"


def is_likelier(suggestion: OutletSuggestion) -> bool:
    """Return whether any evidence suggests an outlet.

    Outlets without evidence are in no order, so that fruitless ones say nothing about the next.
    """
    return suggestion.reasons != (LISTED_REASON,)


ConfirmOutlets = Callable[[Sequence[OutletSuggestion], Live | None], Awaitable[bool]]
"""Asks whether outlets may be asked; the second argument is the live line, or None."""


@dataclass(frozen=True, slots=True)
class Interviewer:
    """Callbacks to the user who started the search."""

    confirm: ConfirmOutlets | None = None
    """Asks the user whether outlets may be asked; None: they may."""
    tell: Callable[[str], None] = lambda _: None
    """Reports each article that is found."""
    finish: Callable[[InvestigationSpider, str | None], None] = lambda *_: None
    """Writes the dossier of the results if the crawl has to be ended by force.

    It gets the spider and the reason.
    """


class InvestigationSpider(StorySpider):
    """A spider from one article to the coverage of its story.

    Arguments: `url` (of the article), `most` (outlets of the catalogue that are asked in all),
    `requests` (of any kind, at most), `catalogue` (outlets to use instead of the package's own).

    Further attributes, besides those of a story's spider: `is_new` (whether the story is new),
    `refused` and `unasked` (outlets that were not asked). Where the article could not be fetched,
    the crawl fails.
    """

    name = "investigate"
    frugal = True
    keeps_robots = True

    def __init__(
        self,
        url: str = "",
        name_of_story: str | None = None,
        most: int = 30,
        requests: int | None = None,
        catalogue: Sequence[CatalogueOutlet] | None = None,
        person: Interviewer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._arguments = replace(self._arguments, requests=int(requests) if requests else None)
        self.url, self.name_of_story, self.most = url, name_of_story, int(most)
        self.catalogue = read_catalogue() if catalogue is None else catalogue
        self.outlets_known = {bare_host(each.host): each for each in self.catalogue}
        self.person = person or Interviewer()
        self.asked_outlets: dict[str, OutletSuggestion] = {}
        """Outlets that are asked in this run, by host."""
        self.refused: set[str] = set()
        """Outlets that the user did not want to be asked."""
        self.problems_of: dict[str, str] = {}
        self.cut_short: set[str] = set()
        """Hosts, without `www.`, for which too little time or budget was left to read a list."""
        self.found: set[int] = set()
        """Numbers of the articles that were reported."""
        self.is_new = False
        self.unasked = 0
        """Number of suggested outlets that were not asked."""

    def open_session(self, crawler: Crawler) -> None:
        """Open the archive; the story is opened when the article is there."""
        super().open_session(crawler)
        self.probe = OutletProbe(self.session, self.outlets_known, self._know_robots)

    def open_story(self) -> None:
        """Open the story once it is known which one it is."""
        if self._story_name:
            super().open_story()

    async def _know_robots(self, site: str, robots: Response) -> None:
        """Pass robots.txt to the middleware, which then does not request it again."""
        middleware = self.crawler.get_downloader_middleware(RobotsMiddleware)
        if middleware:
            await middleware.know_rules(site, robots)

    # -- requests ----------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """Yield requests for the article, for known lists, then for those of suggested outlets."""
        try:
            async for each in self._requests_for_article():
                yield each
            self._follow_article()
        except DatelineError as error:
            self.session.end.failure = self.session.end.early_end or error
            return
        async for each in self._requests_for_known_outlets():
            yield each
        async for each in self._requests_in_rounds():
            yield each
        self._save_unasked()

    async def _requests_for_article(self) -> AsyncIterator[Request]:
        """Yield a request for the article, if the archive does not have it.

        Raises ArchiveError if it cannot be fetched or is not an article.
        """
        if self._article_id() is not None:
            return
        lead = identify_lead(Lead(self.url, via="given"))
        for waiting in self.session.lease_given([lead]):
            yield self.page_request(waiting)
        await self.wait_until_settled()
        if self._article_id() is None:
            row = self.session.db.execute(
                "SELECT outcome, reason FROM urls WHERE url = ?", (lead.url,)
            ).fetchone()
            why = (
                ": ".join(filter(None, (row and row["outcome"], row and row["reason"])))
                or "no answer"
            )
            raise ArchiveError(f"{self.url}: no article could be had there ({why})")

    def _article_id(self) -> int | None:
        return find_article_id(self.session.db, self.url, url_key)

    def _follow_article(self) -> None:
        """Start the article's story, or open the one that was started from it."""
        from crawler.story_search.followed_stories import follow_story

        article_id = self._article_id()
        story, self.is_new = follow_story(
            self.session.archive, self.name_of_story, [article_id] if article_id else [], {}
        )
        self._story_name = story.name
        self.open_story()
        self._report_found()

    async def _requests_for_known_outlets(self) -> AsyncIterator[Request]:
        """Yield requests for the lists of known outlets and the article's own, then for pages."""
        is_own_known = bare_host_of(self.url) in self._known_hosts()
        async for source in self.source_requests():
            yield source
        if not is_own_known:
            async for source in self._requests_for_outlets([urlsplit(self.url).netloc]):
                yield source
        await self.wait_until_settled()
        async for source in self._requests_around_mute():
            yield source
        await self.follow_known_pages()
        self.search.scores.learn_words()
        async for page in self.directed_pages():
            yield page

    def _known_hosts(self) -> set[str]:
        """Return the hosts, without `www.`, that have sources or answered in an earlier run."""
        sources = sources_of_outlets(self.session.db, self.kinds)
        searches = self._stored_searches()
        answered = {host for host, each in searches.items() if each.state == "answered"}
        return {bare_host(each.host) for each in sources} | answered

    async def _requests_around_mute(self) -> AsyncIterator[Request]:
        """Yield requests for more lists of outlets whose lists say little about their pages.

        An earlier run may have ended before it requested them.
        """
        mute = self._mute_outlets()[: self.most]
        for each in await self._run_probes([self.probe.probe_home_page(each) for each in mute]):
            for source in self._requests_for_lists(each):
                yield source
        await self.wait_until_settled()

    def _mute_outlets(self) -> list[ProbedOutlet]:
        """Return the outlets without a feed whose sitemaps say little about their pages."""
        sources = sources_of_outlets(self.session.db, self.kinds)
        with_feed = {each.host for each in sources if each.kind == "feed"}
        sitemaps = {each.host: each.url for each in sources if each.host not in with_feed}
        return [
            ProbedOutlet(Outlet(host), urljoin(url, "/"))
            for host, url in sitemaps.items()
            if self.search.lists.is_mute(host) and _is_on_host(url, host)
        ]

    async def _requests_in_rounds(self) -> AsyncIterator[Request]:
        """Yield requests for lists and pages of suggested outlets, round by round.

        It ends when the outlets bring nothing new or a budget is spent.
        """
        fruitless = 0
        for number in range(MAX_INVESTIGATION_ROUNDS):
            chosen = [] if self._is_over() else self._outlets_of_round(number)
            if not chosen:
                break
            if not await self._may_ask_outlets(chosen):
                return
            before = len(self.found)
            self.asked_outlets |= {bare_host(each.host): each for each in chosen}
            async for source in self._requests_for_outlets([each.host for each in chosen]):
                yield source
            self.search.scores.learn_words()
            async for page in self.directed_pages():
                yield page
            fruitless = 0 if len(self.found) > before else fruitless + sum(map(is_likelier, chosen))
            if fruitless >= max(MAX_FRUITLESS_OUTLETS, self.most // 2):
                self.stop_reason = f"the last {fruitless} outlets brought nothing new"
                return
        self.stop_reason = self._why_stopped()

    async def _may_ask_outlets(self, chosen: Sequence[OutletSuggestion]) -> bool:
        """Return whether the person, where there is one to ask, agrees to ask these outlets."""
        if not self.person.confirm or await self.person.confirm(chosen, self._live_line()):
            return True
        self.refused |= {each.host for each in chosen}
        self.stop_reason = "you did not want more outlets to be asked"
        return False

    def progress_remark(self) -> str:
        """Return how many outlets of the catalogue were asked."""
        return f"{self._asked_so_far()} of {self.most} outlets asked" if self.is_story_open else ""

    def _live_line(self) -> Live | None:
        """Return the line that shows the progress on a terminal."""
        progress = self.crawler.get_extension(Progress)
        return progress.live if progress else None

    def _why_stopped(self) -> str:
        """Return the reason why the rounds ended."""
        if spent := self.session.budget.spent_reason():
            return spent
        if self._asked_so_far() >= self.most:
            return (
                f"{self.most} outlets were asked, as many as were allowed; "
                "nothing else that is known is likely"
            )
        return "no further outlet is suggested, and nothing else that is known is likely to belong"

    def _asked_so_far(self) -> int:
        """Return the number of catalogue outlets that were asked for this story.

        Those of this run count, and those that answered in an earlier one.
        """
        before = {
            host
            for host, each in self._stored_searches().items()
            if each.suggested and each.state == "answered"
        }
        return len(before | set(self.asked_outlets))

    def _stored_searches(self) -> dict[str, OutletSearch]:
        """Return the stored results of the story's outlet searches, by host."""
        found = story_searches.story_search(self.session.db, self.search.story.id)
        return {each.host: each for each in found.outlets} if found else {}

    def _outlets_of_round(self, number: int) -> list[OutletSuggestion]:
        """Return the outlets of the next round.

        The first round gets half of the outlets that may be asked, each further one a quarter.
        """
        room = self.most - self._asked_so_far()
        share = max(5, self.most // (4 if number else 2))
        return self._likeliest_unasked(min(room, share)) if room > 0 else []

    def _likeliest_unasked(self, most: int) -> list[OutletSuggestion]:
        """Return the likeliest outlets to have covered the story, of those not asked yet."""
        searches = self._stored_searches()
        asked = {host for host, each in searches.items() if each.state == "answered"}
        asked |= {*self.asked_outlets, bare_host_of(self.url)}
        others = suggest_outlets(
            self.session.db, self.search.story.id, self.catalogue, most + len(asked)
        )
        others += self._outlets_without_facts({bare_host(each.host) for each in others})
        suggested = [*self._outlets_cut_short_before(), *others]
        by_host = {bare_host(each.host): each for each in suggested}
        return [each for host, each in by_host.items() if host not in asked][:most]

    def _outlets_cut_short_before(self) -> list[OutletSuggestion]:
        """Return outlets whose search was cut short in an earlier run.

        The archive may know them already, without a list that works.
        """
        return [
            OutletSuggestion(host, None, tuple(filter(None, (each.suggested,))), 0.0)
            for host, each in self._stored_searches().items()
            if each.state == "not asked" and each.reason == PROBE_CUT_SHORT
        ]

    def _outlets_without_facts(self, suggested: Collection[str]) -> list[OutletSuggestion]:
        """Return outlets of the user's own catalogue that gives only their hosts.

        There is no evidence against them.
        """
        known = suggested | told.known_outlet_hosts(self.session.db)
        return [
            OutletSuggestion(each.host, each.name, (LISTED_REASON,), 0.0)
            for host, each in self.outlets_known.items()
            if not each.country and not each.language and host not in known
        ]

    async def _requests_for_outlets(self, hosts: Sequence[str]) -> AsyncIterator[Request]:
        """Yield requests for the lists of outlets that the archive does not have.

        The outlets are probed first.
        """
        looked = await self._probe_outlets(hosts)
        for each in looked.values():
            for source in self._requests_for_lists(each):
                yield source
        await self.wait_until_settled()
        for each in self._outlets_without_lists(looked).values():
            for source in self.search.lists.requests_for_news(each.outlet.host):
                yield source
        await self.wait_until_settled()
        poor = self._outlets_without_lists(looked)
        again = await self._run_probes([self.probe.probe_home_page(each) for each in poor.values()])
        for host, each in zip(poor, again, strict=True):
            looked[host] = replace(each, sources=tuple({*looked[host].sources, *each.sources}))
            for source in self._requests_for_lists(each):
                yield source
        await self.wait_until_settled()
        for host, each in looked.items():
            if not self._is_cut_short():
                save_probe_result(self.session.db, each, host)
            self._note_probe(host, each)

    def _outlets_without_lists(self, looked: Mapping[str, ProbedOutlet]) -> dict[str, ProbedOutlet]:
        """Return the outlets that have a home page but still lack lists of their pages."""
        return {
            host: each for host, each in looked.items() if each.home and self._lacks_lists(each)
        }

    def _note_probe(self, host: str, looked: ProbedOutlet) -> None:
        """Note why an outlet's lists could not be read: an error, or too little time or budget."""
        if self._has_read(looked):
            return
        if looked.problem == PROBE_CUT_SHORT or (looked.problem is None and self._is_cut_short()):
            self.cut_short.add(bare_host(host))
        else:
            self.problems_of[bare_host(host)] = (
                looked.problem or "none of its feeds and sitemaps could be read"
            )

    async def _probe_outlets(self, hosts: Sequence[str]) -> dict[str, ProbedOutlet]:
        """Probe outlets at once; return the results by host."""
        span = self.search.lists.span
        found = await self._run_probes([self.probe.probe_lists(host, span) for host in hosts])
        return dict(zip(hosts, found, strict=True))

    async def _run_probes(self, tasks: Iterable[Awaitable[ProbedOutlet]]) -> list[ProbedOutlet]:
        places = asyncio.Semaphore(MAX_PROBES_AT_ONCE)

        async def in_turn(task: Awaitable[ProbedOutlet]) -> ProbedOutlet:
            async with places:
                return await task

        return list(await asyncio.gather(*map(in_turn, tasks)))

    def _requests_for_lists(self, looked: ProbedOutlet) -> list[Request]:
        """Store a probed outlet, and return requests for its lists."""
        if not looked.sources or self.session.has_ended:
            return []
        save_probe(self.session.db, looked)
        for source in looked.sources:
            self.session.progress.sources.expect_source(source.url, looked.outlet.host)
        return [self.source_request(source.url, source.kind, None) for source in looked.sources]

    def _has_read(self, looked: ProbedOutlet) -> bool:
        """Return whether any list of an outlet was read."""
        return self.search.lists.outlets[looked.outlet.host].read > 0

    def _is_cut_short(self) -> bool:
        """Return whether time or budget was too short for further requests."""
        return self.session.has_ended or self.session.budget.requests_are_spent()

    def _lacks_lists(self, looked: ProbedOutlet) -> bool:
        """Return whether no list of an outlet was read, or none describes its pages."""
        return not self._has_read(looked) or self.search.lists.is_mute(looked.outlet.host)

    # -- reports -----------------------------------------------------------------------------------

    def note_written(self, check: Check, outcome: Outcome) -> None:
        """Note that a check is in the archive, and report articles that the story now lists."""
        super().note_written(check, outcome)
        if self.is_story_open and outcome in ARTICLE_OUTCOMES:
            self._report_found()

    def _report_found(self) -> None:
        """Report the articles that are listed by now and were not reported yet."""
        rows = self.session.db.execute(
            """SELECT id, published_day AS day,
                coalesce(outlet_name, outlet) AS outlet, headline
            FROM story_coverage WHERE story_id = ? ORDER BY id""",
            (self.search.story.id,),
        )
        for row in rows:
            if row["id"] not in self.found:
                self.found.add(row["id"])
                day, headline = row["day"] or "undated", row["headline"] or "(no headline)"
                self.person.tell(f"{day:10}  {row['outlet']}: {headline}")

    def searched_outlets(self) -> list[OutletSearch]:
        """Return the result for each outlet whose lists were requested.

        An outlet whose lists failed, and for which the search was cut short, is left out.
        """
        return [
            each
            for each in super().searched_outlets()
            if each.state == "answered" or each.host not in self.cut_short
        ]

    def save_searches(self) -> None:
        """Store the result for each outlet.

        Outlets that could not be reached, or were cut short, are included.
        """
        super().save_searches()
        read = {host for host, each in self._stored_searches().items() if each.state == "answered"}
        outlets = [
            self._search_result(host, host in read)
            for host in {*self.asked_outlets, *self.problems_of, *self.cut_short}
        ]
        with transaction(self.session.db) as db:
            story_searches.save_outlet_searches(db, self.search.story.id, outlets)

    def _search_result(self, host: str, answered: bool) -> OutletSearch:
        """Return the result for an outlet of this run."""
        span = self.search.lists.span
        of = self.asked_outlets.get(host)
        why = "; ".join(of.reasons[:2]) if of else None
        if answered:
            until = None if span.until is None else span.until[:10]
            return OutletSearch(
                host, "answered", self._search_remark(host), why, span.since[:10], until
            )
        if problem := self.problems_of.get(host):
            return OutletSearch(
                host, "failed", problem, why, requests=self.session.budget.requests[host]
            )
        return OutletSearch(host, "not asked", PROBE_CUT_SHORT, why)

    def _search_remark(self, host: str) -> str | None:
        """Return the remark on an outlet's search, if there is one."""
        return next(
            (
                said
                for name, said in self.search.directed.remarks.items()
                if bare_host(name) == host
            ),
            None,
        )

    def write_last_records(self, reason: str) -> None:
        """Write the dossier before `crawler.processes.watchdog` ends the crawl by force."""
        if self.is_story_open:
            self.save_searches()
            self.person.finish(self, reason)

    def _save_unasked(self) -> None:
        """Store the suggested outlets that were not asked, with the reasons."""
        if self.session.has_ended:
            return
        rest = self._likeliest_unasked(MAX_NAMED_UNASKED_OUTLETS)
        self.unasked = len(rest)
        why = "you did not want it to be asked"
        outlets = [
            OutletSearch(
                bare_host(each.host),
                "not asked",
                why if each.host in self.refused else None,
                "; ".join(each.reasons[:2]) or None,
            )
            for each in rest
        ]
        with transaction(self.session.db) as db:
            story_searches.save_outlet_searches(db, self.search.story.id, outlets)


def _is_on_host(url: str, host: str) -> bool:
    """Return whether a URL is on a host, with or without `www.`."""
    return bare_host(urlsplit(url).netloc) == bare_host(host)
