"""The links from a page to articles: "related", "more on this", the source named in the text.

Only the words of a link are known of its target. Links to sections, tags and authors, and share
buttons are left out here; `pipelines.topics.lead_relevance` decides by the words which of the
others are worth a request. Runs in worker processes, as all parsing of pages does
(`crawler.sources.navigation_parser`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from archive.errors import ReadingError, UsageError
from archive.records import Capture, Lead
from crawler.extraction.html_tree import parse_page
from pipelines.identity import identify_lead
from pipelines.urls import registered_domain

MAX_PAGE_LINKS = 1000
"""Links of one page that are returned."""
MIN_LINK_HEADLINE_WORDS, MIN_UNSPACED_HEADLINE_CHARS = 3, 8
"""The least words of a headline, and the least characters in scripts without blanks between
words."""
MAX_LINK_HEADLINE_CHARS = 300
"""Characters of a link's words that are kept."""
NON_ARTICLE_PATH = re.compile(
    r"/(?:tags?|topics?|authors?|people|profile|sections?|category|categories|search|newsletters?|"
    r"subscribe|login|signin|register|privacy|terms|contact|about|share|comments?|print|rss|"
    r"feeds?)(?:/|$)",
    re.IGNORECASE,
)
"""Paths of pages that are not articles."""
NON_PAGE_FILE = re.compile(
    r"\.(?:jpe?g|png|gif|svg|webp|pdf|mp[34]|zip|xml|css|js)$", re.IGNORECASE
)
"""Paths of files that are not pages."""


SURROUNDING_TAGS = frozenset(("nav", "header", "footer", "aside"))
"""Tags of what surrounds a page's content."""


def hosts_linked_to(capture: Capture) -> list[str]:
    """Return the hosts of other sites that a page's content links to, each once, in their order.

    Links to invalid hosts are skipped, and a page that cannot be read has none.
    """
    try:
        tree = parse_page(capture).tree
    except ReadingError:
        return []
    url = capture.final_url or capture.url
    own = registered_domain(url)
    found: dict[str, None] = {}
    for anchor in tree.iter("a"):
        href = (anchor.get("href") or "").strip()
        if not href.startswith(("http://", "https://", "//")) or any(
            up.tag in SURROUNDING_TAGS for up in anchor.iterancestors()
        ):
            continue
        try:
            host = urlsplit(urljoin(url, href)).hostname or ""
            is_of_other_site = registered_domain(f"http://{host}/") != own
        except (ValueError, UsageError):  # the link leads to no valid host
            continue
        if len(found) < MAX_PAGE_LINKS and is_of_other_site:
            found[host] = None
    return list(found)


def leads_of_links(tree: HtmlElement, url: str) -> list[Lead]:
    """Return leads to the possible articles that a page at `url` links to, each once, in order."""
    found: dict[str, Lead] = {}
    for address, words in _link_urls_and_words(tree, url):
        if len(found) >= MAX_PAGE_LINKS:
            break
        if may_link_to_article(address, words):
            try:
                lead = identify_lead(Lead(address, via="link", found_on=url, headline=words))
            except UsageError:
                continue
            if lead.url != url:
                found.setdefault(lead.url_key, lead)
    return list(found.values())


def _link_urls_and_words(tree: HtmlElement, url: str) -> Iterator[tuple[str, str]]:
    """Yield the http URLs of a page's links, each with the words of the link."""
    for anchor in tree.iter("a"):
        href = (anchor.get("href") or "").strip()
        try:
            address = urljoin(url, href).partition("#")[0]
        except ValueError:
            continue
        if href and not href.startswith("#") and address.startswith(("http://", "https://")):
            yield address, " ".join(anchor.text_content().split())[:MAX_LINK_HEADLINE_CHARS]


def may_link_to_article(address: str, words: str) -> bool:
    """Return whether the URL and the words of a link look like those of an article.

    The paths of front pages are short, and the words of links to sections are few.
    """
    try:
        path = urlsplit(address).path.rstrip("/")
    except ValueError:
        return False
    if not path or NON_ARTICLE_PATH.search(path) or NON_PAGE_FILE.search(path):
        return False
    return len(words.split()) >= MIN_LINK_HEADLINE_WORDS or (
        not words.isascii() and len(words) >= MIN_UNSPACED_HEADLINE_CHARS
    )
