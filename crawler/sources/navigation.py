"""Where a page leads besides its article: links, the topic and section pages it is filed under, its
outlet's search.

They are read from pages in worker processes (`crawler.sources.navigation_parser`); a crawl that
holds them needs none of that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, quote_plus

from archive.records import Lead

WORDS = "{words}"
"""Where a search's address takes the words."""

SearchKind = Literal["page", "feed", "description"]
"""What an address of a search answers with; a description (OpenSearch) has to be read first."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A page of the outlet's own that lists what it filed under a topic or a section."""

    url: str
    name: str
    section: bool = False
    """A breadcrumb or a section: much else is filed there too."""


@dataclass(frozen=True, slots=True)
class Search:
    """An outlet's own search: an address with `{words}` in it, or that of its description."""

    address: str
    kind: SearchKind = "page"


@dataclass(frozen=True, slots=True)
class Ways:
    """Where else a page leads."""

    links: tuple[Lead, ...] = ()
    """To pages that may be articles."""
    topics: tuple[Topic, ...] = ()
    searches: tuple[Search, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """What a topic page or an answer of a search lists."""

    leads: tuple[Lead, ...] = ()
    next_url: str | None = None
    """The page that goes on."""
    searches: tuple[Search, ...] = ()


def search_address(search: Search, words: str) -> str:
    """Where the search is asked for some words."""
    before, _, after = search.address.partition(WORDS)
    return f"{before}{quote_plus(words) if '?' in before else quote(words, safe='')}{after}"
