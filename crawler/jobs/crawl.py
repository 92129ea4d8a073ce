"""Jobs behind `dateline crawl`: all outlets, the pages named, or the coverage of a story.

Each returns a report, which `crawler.cli.reports.crawl_report` prints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.settings import Settings

from archive.cli.base import opened_archive
from archive.errors import UsageError
from archive.queries.crawl_results import OutletReport
from archive.queries.story_news import StoryNews
from crawler.jobs.removal.known_removals import check_not_removed_in
from crawler.jobs.run_spider import EndedCrawl, run_crawl

if TYPE_CHECKING:
    from crawler.spiders.story import StorySpider

CrawlLimits = Mapping[str, Any]
"""The arguments `since`, `budget` and `outlet_budget` of the spiders, as far as they were given."""

MIN_OUTLETS_FOR_STORY = 10
"""Outlets below which more should be added before looking for a story."""


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """The result of a crawl."""

    outlets: tuple[OutletReport, ...]
    stopped_early: str | None = None
    """The reason to end before everything was fetched; None for a normal end."""
    older: int = 0
    """Entries of sitemaps that were skipped as older than --since."""
    undated: int = 0
    """Entries of sitemaps that were skipped without a date."""
    remarks: Mapping[str, str] = field(default_factory=dict)
    """Sites and sources with something to say about them."""
    nothing_due: bool = False
    next_due_at: str | None = None
    """The time from which something is due again, if nothing was due."""
    stories: tuple[StoryNews, ...] = ()
    """Followed stories with new, changed or removed articles."""
    kept_out: int = 0
    """Removed articles that were met again and left out."""

    @property
    def has_article(self) -> bool:
        """True if at least one of the pages is an article."""
        return any(line.new or line.changed or line.unchanged for line in self.outlets)


@dataclass(frozen=True, slots=True)
class LeadTally:
    """Numbers of leads in a crawl for a story, in all or of one source."""

    known: int
    asked_for: int
    belong: int


@dataclass(frozen=True, slots=True)
class StoryReport:
    """The result of a crawl for a story."""

    story: str
    crawl: CrawlReport
    total: LeadTally
    by_source: Mapping[str, LeadTally]
    """The sources of leads, those with the most leads first."""
    days: str
    """The days that were searched, in words."""
    topic_pages: int
    outlet_searches: int
    other_days: int
    """Entries of sitemaps that were skipped as of other days."""
    undated: int
    search_remarks: Mapping[str, str]
    """Hosts with a remark on the search there."""
    problems: tuple[str, ...]
    """A line for each problem of a search service."""
    stopped: str
    """The reason for the end of the crawl."""
    outlets_read: int
    """Outlets that the archive reads."""


def check_crawl_options(
    urls: Sequence[str], story: str | None, ask: str | None, *, due: bool, recheck: bool
) -> None:
    """Raise UsageError for options that exclude each other."""
    if ask and not story:
        raise UsageError("--ask goes with --story")
    if story and (urls or recheck or due):
        raise UsageError(
            "--story goes alone, not with URLs, --recheck or --due: "
            "it looks for what the archive lacks"
        )
    if urls and due:
        raise UsageError("--due goes with no URLs: it takes what is due, whatever its address")


def set_fetching_on_workers(settings: Settings) -> None:
    """Have the pages of a crawl fetched on the workers of its cluster.

    Raises UsageError without a cluster.
    """
    from crawler.cluster.fetching.share_downloads import fetch_on_workers

    if not settings["DATELINE_CLUSTER"]:
        raise UsageError("--fetch-on-workers goes with --cluster, which names the workers")
    fetch_on_workers(settings)


# -- all outlets -----------------------------------------------------------------------------------


def crawl_outlets(
    folder: Path,
    hosts: Sequence[str],
    settings: Settings,
    limits: CrawlLimits,
    *,
    due: bool,
    recheck: bool,
) -> CrawlReport:
    """Crawl what is new at all outlets, or at `hosts` only."""
    from crawler.spiders.outlets import OutletsSpider

    known = ",".join(known_outlets(folder, hosts))
    options = [f"--outlet {host}" for host in hosts]
    if due:
        options.append("--due")
    ended = run_crawl(
        folder,
        OutletsSpider,
        _crawl_command_line(options, limits),
        settings,
        recheck=recheck or due,
        outlets=known,
        due=due,
        **limits,
    )
    if due and not ended.outlets and not ended.reason:
        return CrawlReport((), nothing_due=True, next_due_at=_next_due_at(folder))
    return _crawl_report(ended)


def known_outlets(folder: Path, hosts: Sequence[str]) -> Sequence[str]:
    """Return the hosts if each is an outlet of the archive.

    Raises UsageError for one that is not or is paused, and where the archive has no outlets.
    """
    from archive.queries.lookup import outlet_totals

    rows = outlet_totals(folder) if (folder / "archive.db").exists() else []
    known = {row["host"] for row in rows}
    paused = {row["host"] for row in rows if row["paused_at"]}
    missing = [host for host in hosts if host not in known]
    if missing:
        raise UsageError(
            f"{missing[0]}: no such outlet in {folder}; `dateline outlet add {missing[0]}` adds it"
        )
    if resting := [host for host in hosts if host in paused]:
        raise UsageError(
            f"{resting[0]}: is paused; `dateline outlet resume {resting[0]}` resumes it"
        )
    if not known:
        raise UsageError(
            f"{folder}: there are no outlets yet; `dateline outlet add HOST` adds one, "
            "or name URLs to crawl"
        )
    return hosts


def _next_due_at(folder: Path) -> str | None:
    """Return the time after which the next source is due."""
    from archive.frontier.sources import next_source_due

    with opened_archive(folder) as connection:
        return next_source_due(connection)


# -- pages named -----------------------------------------------------------------------------------


def crawl_pages(
    folder: Path, urls: Sequence[str], settings: Settings, limits: CrawlLimits
) -> CrawlReport:
    """Crawl the pages at `urls`; raises UsageError for a URL that must not be requested."""
    from crawler.spiders.pages import PagesSpider
    from pipelines.urls import request_url

    named = [_allowed_url(request_url(url), settings) for url in urls]
    check_not_removed_in(folder, named)
    asked = " ".join(named)
    ended = run_crawl(
        folder, PagesSpider, _crawl_command_line(urls, limits), settings, urls=asked, **limits
    )
    return _crawl_report(ended)


def _allowed_url(url: str, settings: Settings) -> str:
    """Return the URL; raises UsageError if it must not be requested."""
    from crawler.network.guard import ConnectionGuard

    if why := ConnectionGuard.of(settings).refusal(url):
        raise UsageError(f"{url}: {why}")
    return url


# -- a story ---------------------------------------------------------------------------------------


def crawl_story(
    folder: Path,
    story: str,
    hosts: Sequence[str],
    settings: Settings,
    ask: str,
    limits: CrawlLimits,
) -> StoryReport:
    """Crawl what is likely to belong to a story; `ask` names search services."""
    from crawler.spiders.story import StorySpider

    check_story_options(folder, story, ask)
    known = ",".join(known_outlets(folder, hosts))
    options = [f"--story {story}"]
    if ask:
        options.append(f"--ask {ask}")
    ended = run_crawl(
        folder,
        StorySpider,
        _crawl_command_line(options, limits),
        settings,
        story=story,
        outlets=known,
        ask=ask,
        **limits,
    )
    with_pages = [line for line in ended.outlets if line.fetched or line.reasons]
    report = _crawl_report(replace(ended, outlets=with_pages, reason=None))
    return _story_report(folder, report, ended.spider, ended.reason)


def check_story_options(folder: Path, story: str, ask: str) -> None:
    """Raise UsageError for an unknown story or search service, before anything starts."""
    from archive.articles.stories import find_story as story_of
    from archive.articles.stories import story_profile_inputs
    from crawler.story_search.service_search import named_services

    named_services(ask)
    with opened_archive(folder) as connection:
        about, confirmed = story_profile_inputs(connection, story_of(connection, story).id)
    if not confirmed and not about.words:
        raise UsageError(
            f"{about.name}: no article of it is confirmed; "
            f"dateline verdict {about.name} ID --belongs"
        )


def _story_report(
    folder: Path, report: CrawlReport, ran: StorySpider, reason: str | None
) -> StoryReport:
    """Return the report of a story spider that has ended."""
    from archive.articles.outlet_evidence import hosts_with_sources

    search, scores, counts = ran.search, ran.search.scores, ran.session.counts
    tally = scores.tally
    sources = sorted({via for via, _ in tally}, key=lambda via: -tally[via, "known"])
    by_source = {
        via: LeadTally(tally[via, "known"], tally[via, "asked for"], tally[via, "belong"])
        for via in sources
    }
    with opened_archive(folder) as connection:
        outlets_read = len(hosts_with_sources(connection))
    return StoryReport(
        story=search.story.name,
        crawl=report,
        total=LeadTally(
            scores.total_of("known"), scores.total_of("asked for"), scores.total_of("belong")
        ),
        by_source=by_source,
        days=search.lists.span.told(),
        topic_pages=search.directed.topic_pages_read,
        outlet_searches=search.directed.outlets_searched,
        other_days=counts["of other days"],
        undated=counts["without a date"],
        search_remarks=dict(search.directed.remarks),
        problems=tuple(ran.problems),
        stopped=reason or ran.stop_reason,
        outlets_read=outlets_read,
    )


# -- shared ----------------------------------------------------------------------------------------


def _crawl_report(ended: EndedCrawl[Any]) -> CrawlReport:
    """Return the report of a crawl that has ended."""
    session = ended.spider.session
    return CrawlReport(
        tuple(ended.outlets),
        stopped_early=ended.reason,
        older=session.counts["older"],
        undated=session.counts["undated"],
        remarks=dict(session.remarks),
        stories=tuple(ended.stories),
        kept_out=ended.kept_out,
    )


def _crawl_command_line(options: Sequence[str], limits: CrawlLimits) -> str:
    """Return the command line that `crawls.command` records."""
    given = (f"--{name.replace('_', '-')} {value}" for name, value in limits.items())
    return " ".join(["crawl", *options, *given])[:1000]
