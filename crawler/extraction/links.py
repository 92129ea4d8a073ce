"""The articles that a page links to: "related", "more on this", the source that is named in the
text.

What a link's words say is all that is known of it. Sections, tags, authors and buttons to share are
left out here; which of the rest is worth a request is decided by its words
(`pipelines.topics.lead_relevance`). Run in worker processes, as all that reads pages
(`crawler.sources.navigation_parser`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from archive.errors import ReadingError, UsageError
from archive.records import Capture, Lead
from crawler.extraction.html_tree import read_page
from pipelines.identity import file_lead
from pipelines.urls import registered_domain

MOST_LINKS = 1000
"""Of one page; which of them are followed is decided later."""
FEWEST_WORDS, FEWEST_CHARACTERS = 3, 8
"""Of a headline: the second where words are not parted by blanks."""
LONGEST_HEADLINE = 300
NO_ARTICLE = re.compile(
    r"/(?:tags?|topics?|authors?|people|profile|sections?|category|categories|search|newsletters?|subscribe|login|"
    r"signin|register|privacy|terms|contact|about|share|comments?|print|rss|feeds?)(?:/|$)",
    re.IGNORECASE,
)
NO_PAGE = re.compile(r"\.(?:jpe?g|png|gif|svg|webp|pdf|mp[34]|zip|xml|css|js)$", re.IGNORECASE)


AROUND = frozenset(("nav", "header", "footer", "aside"))


def linked_hosts(capture: Capture) -> list[str]:
    """The hosts of other sites that a page links to, beside what surrounds its content, each once
    in their order."""
    try:
        tree = read_page(capture).tree
    except ReadingError:
        return []
    url = capture.final_url or capture.url
    own = registered_domain(url)
    found: dict[str, None] = {}
    for anchor in tree.iter("a"):
        href = (anchor.get("href") or "").strip()
        if not href.startswith(("http://", "https://", "//")) or any(
            up.tag in AROUND for up in anchor.iterancestors()
        ):
            continue
        try:
            host = urlsplit(urljoin(url, href)).hostname or ""
        except ValueError:
            continue
        if len(found) < MOST_LINKS and registered_domain(f"http://{host}/") != own:
            found[host] = None
    return list(found)


def article_links(tree: HtmlElement, url: str) -> list[Lead]:
    """Leads to the pages that a page at `url` links to and that may be articles, each once, in
    their order."""
    found: dict[str, Lead] = {}
    for address, words in _anchors(tree, url):
        if len(found) >= MOST_LINKS:
            break
        if may_be_article(address, words):
            try:
                lead = file_lead(Lead(address, via="link", found_on=url, headline=words))
            except UsageError:
                continue
            if lead.url != url:
                found.setdefault(lead.url_key, lead)
    return list(found.values())


def _anchors(tree: HtmlElement, url: str) -> Iterator[tuple[str, str]]:
    """Addresses, absolute and without what stands after `#`, with the words of their links."""
    for anchor in tree.iter("a"):
        href = (anchor.get("href") or "").strip()
        try:
            address = urljoin(url, href).partition("#")[0]
        except ValueError:
            continue
        if href and not href.startswith("#") and address.startswith(("http://", "https://")):
            yield address, " ".join(anchor.text_content().split())[:LONGEST_HEADLINE]


def may_be_article(address: str, words: str) -> bool:
    """Do a link's address and words look like an article's? A front's path is short, a section's
    words are few."""
    try:
        path = urlsplit(address).path.rstrip("/")
    except ValueError:
        return False
    if not path or NO_ARTICLE.search(path) or NO_PAGE.search(path):
        return False
    return len(words.split()) >= FEWEST_WORDS or (
        not words.isascii() and len(words) >= FEWEST_CHARACTERS
    )
