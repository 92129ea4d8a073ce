"""The parts of a crawl that the search for a story's coverage uses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from scrapy.http import Request

from archive.archive import Archive
from archive.articles.stories import Story
from archive.frontier.urls import KnownSitemap
from archive.records import Lead, SourceKind
from crawler.sources.sitemap_parser import ChildSitemap
from crawler.workers.pool import WorkerPool
from pipelines.topics.stories import StoryProfile

if TYPE_CHECKING:
    from crawler.story_search.directed_search import DirectedSearch


class StoryCrawl(Protocol):
    """A running crawl for one story; `crawler.spiders.story.StorySpider` is one."""

    archive: Archive
    crawl_id: Any
    crawler: Any
    workers: WorkerPool
    story: Story
    profile: StoryProfile
    texts: list[Any]
    language: str | None
    since: str
    has_since: bool
    ended: bool
    counts: Counter[str]
    requests: Counter[str]
    problems: list[str]
    most_sitemaps: int
    telling: Any
    directing: DirectedSearch

    @property
    def frugal(self) -> bool:
        """True if sitemaps of the latest news are skipped where others list the same days."""
        ...

    def budget_spent(self) -> bool:
        """Return whether the budget of the whole crawl is used up."""
        ...

    def may_ask(self, host: str) -> bool:
        """Return whether the budgets allow a request to an outlet.

        If they do, the request is counted.
        """
        ...

    def source_request(
        self,
        url: str,
        kind: SourceKind,
        seen: KnownSitemap | None,
        depth: int = 0,
        lastmod: str | None = None,
    ) -> Request:
        """Return a request for a feed or sitemap."""
        ...

    def child_requests(
        self, index_url: str, children: Sequence[ChildSitemap], depth: int
    ) -> list[Request]:
        """Return requests for sitemaps of an index that were skipped before."""
        ...

    def take_likely(self, leads: Sequence[Lead]) -> int:
        """Add leads to the frontier; return how many of them are likely to belong to the story."""
        ...
