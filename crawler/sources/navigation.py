"""Links of a page besides its article: links, its topic and section pages, its outlet's search.

Worker processes extract them from pages (`crawler.sources.navigation_parser`); this module has only
the records, so that the crawl does not import the parser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, quote_plus

from archive.records import Lead

SEARCH_WORDS_PLACEHOLDER = "{words}"
"""The placeholder for the words in a search URL."""

SiteSearchKind = Literal["page", "feed", "description"]
"""The type of the answer; a description (OpenSearch) must be read first."""


@dataclass(frozen=True, slots=True)
class TopicPage:
    """A page of the outlet that lists its articles on a topic or in a section."""

    url: str
    name: str
    section: bool = False
    """True for a breadcrumb or a section, which lists many other subjects as well."""


@dataclass(frozen=True, slots=True)
class SiteSearch:
    """The search function of an outlet: a URL with `{words}`, or the URL of its description."""

    address: str
    kind: SiteSearchKind = "page"


@dataclass(frozen=True, slots=True)
class PageNavigation:
    """Links of a page besides its article."""

    links: tuple[Lead, ...] = ()
    """Links to pages that may be articles."""
    topics: tuple[TopicPage, ...] = ()
    searches: tuple[SiteSearch, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedPages:
    """The entries of a topic page or of a search result."""

    leads: tuple[Lead, ...] = ()
    next_url: str | None = None
    """The next page of the list."""
    searches: tuple[SiteSearch, ...] = ()


def site_search_url(search: SiteSearch, words: str) -> str:
    """Return the URL that searches for some words."""
    before, _, after = search.address.partition(SEARCH_WORDS_PLACEHOLDER)
    quoted = quote_plus(words) if "?" in before else quote(words, safe="")
    return f"{before}{quoted}{after}"
