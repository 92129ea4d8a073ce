"""The articles that a page links to: "related", "more on this", the source that is named in the text.

What a link's words say is all that is known of it. Sections, tags, authors and buttons to share are left out here;
which of the rest is worth a request is decided by its words (`pipelines.relevance`). Run in worker processes, as all
that reads pages (`crawler.way_reading`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from archive.errors import UsageError
from archive.records import Lead
from pipelines.identity import file_lead

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


def article_links(tree: HtmlElement, url: str) -> list[Lead]:
    """Leads to the pages that a page at `url` links to and that may be articles, each once, in their order."""
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
    """Do a link's address and words look like an article's? A front's path is short, a section's words are few."""
    try:
        path = urlsplit(address).path.rstrip("/")
    except ValueError:
        return False
    if not path or NO_ARTICLE.search(path) or NO_PAGE.search(path):
        return False
    return len(words.split()) >= FEWEST_WORDS or (not words.isascii() and len(words) >= FEWEST_CHARACTERS)
