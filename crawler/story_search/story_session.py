"""The session of a crawl for one story, and protocols of what its parts ask of the spider."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from scrapy.http import Request

from archive.articles.leads import confirmed_texts
from archive.articles.stories import Story, find_story, story_profile_inputs
from archive.frontier.urls import KnownSitemap
from archive.records import Lead, SourceKind
from crawler.session.crawl_session import CrawlSession
from crawler.sources.sitemap_parser import ChildSitemap
from pipelines.topics.stories import STORY_POLICY, StoryProfile


@dataclass
class SearchedStory:
    """The story that a crawl looks for; its profile changes with what is found."""

    story: Story
    texts: list[tuple[str, str | None]]
    """The texts of its confirmed articles, each with its language."""
    language: str | None
    profile: StoryProfile

    def learn_profile(self, connection: sqlite3.Connection) -> None:
        """Make the profile again from what the archive knows by now."""
        self.profile = STORY_POLICY.profile(*story_profile_inputs(connection, self.story.id))


def searched_story(connection: sqlite3.Connection, name: str) -> SearchedStory:
    """Return the story of a name; raises UsageError for an unknown one."""
    story = find_story(connection, name)
    texts = confirmed_texts(connection, story.id)
    spoken = Counter(language for _, language in texts if language)
    languages = story.languages or tuple(language for language, _ in spoken.most_common(1))
    profile = STORY_POLICY.profile(*story_profile_inputs(connection, story.id))
    return SearchedStory(story, texts, languages[0] if languages else None, profile)


@dataclass(frozen=True, slots=True)
class StorySession:
    """A crawl for one story."""

    crawl: CrawlSession
    about: SearchedStory
    since: str
    """The first day for sitemaps."""
    has_since: bool
    """True if the user gave that day, so that earlier ones are not searched."""
    frugal: bool
    """True if sitemaps of the latest news are skipped where others list the same days."""
    problems: list[str]
    """Problems of search services and pages, a line each."""

    @property
    def db(self) -> sqlite3.Connection:
        """The connection to `archive.db`."""
        return self.crawl.db

    @property
    def story(self) -> Story:
        """The story that is looked for."""
        return self.about.story


class ListRequests(Protocol):
    """Makes requests for feeds and sitemaps; `crawler.spiders.story.StorySpider` does."""

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


class LeadTaker(Protocol):
    """Takes the leads that a search finds."""

    def take_leads(self, leads: Sequence[Lead]) -> int:
        """Add leads to the frontier; return how many of them are likely to belong to the story."""
        ...
