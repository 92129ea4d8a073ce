"""A page's metadata of its article: standfirst, section, picture, URLs.

The most reliable source counts: JSON-LD, then OpenGraph and other meta tags, then visible text.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from archive.errors import UsageError
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, fold_text
from pipelines.urls import is_article_url

STANDFIRST_META = (
    "og:description",
    "description",
    "twitter:description",
    "dc.description",
    "sailthru.description",
)
"""Meta tags that give the standfirst, the most reliable first."""
SECTION_META = (
    "article:section",
    "og:article:section",
    "section",
    "parsely-section",
    "cxenseparse:section",
    "category",
    "dc.subject",
)
"""Meta tags that give the section, the most reliable first."""
IMAGE_META = (
    "og:image",
    "og:image:secure_url",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
    "image",
)
"""Meta tags that give the picture, the most reliable first."""
ITEM_TYPES_OF_OTHER_THINGS = ("/Comment", "/UserComments", "/Event")
"""Endings of microdata types that are not about the page itself."""
HEADLINE_TAGS = ("h1", "h2", "h3", "h4")
MAX_HEADLINE_BLOCK_CHARS = 400
"""Characters of a block that may be the headline."""
MAX_CHARS_OF_FOLDED_CHAR = 3
"""Letters that one letter may become when its case is folded."""
MIN_COMPARED_HEADING_CHARS = 12
"""Characters; a shorter heading is not compared with the headline."""
MIN_DESCRIPTION_CHARS = 16
"""Characters; a shorter description is not a standfirst."""
MAX_SECTION_NAME_CHARS = 59
"""Characters of the name of a section."""
MAX_BLOCK_ABOVE_HEADLINE_CHARS = 140
"""Characters of a block above a headline that may be a date or a byline."""


BOOLEAN_SPELLINGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
"""Spellings of booleans."""


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """The parts of a page, collected once for all extractors."""

    url: str
    tree: HtmlElement
    elements: tuple[HtmlElement, ...]
    blocks: list[Block]
    meta: dict[str, str]
    things: list[jsonld.JsonLdThing]
    article: jsonld.JsonLdThing
    """The JSON-LD of the article, empty if the page has no such data."""
    title: str | None
    fetched_at: str | None = None
    language: str | None = None
    month_first: bool | None = None
    """The meaning of 03/04/2024 in the page's country: March if True, April if False."""
    rights: tuple[str, ...] = ()
    """The lines that claim copyright."""


def meta_tags(tree: HtmlElement) -> dict[str, str]:
    """Return the page's meta tags by lower-case name, the first one with a content.

    Names are property, name, http-equiv, and the itemprop of meta tags about the page itself.
    """
    said: dict[str, str] = {}
    for tag in tree.iter("meta"):
        content = " ".join((tag.get("content") or "").split())
        own = None if _is_of_another_thing(tag) else tag.get("itemprop")
        names = (tag.get("property"), tag.get("name"), own, tag.get("http-equiv"))
        for name in names:
            if name and content:
                said.setdefault(name.strip().lower(), content)
    return said


def _is_of_another_thing(tag: HtmlElement) -> bool:
    """Return whether the itemprop of a meta tag belongs to a comment or an event."""
    if tag.get("itemprop") is None:
        return False
    scopes = (around for around in tag.iterancestors() if around.get("itemscope") is not None)
    scope = next(scopes, None)
    return scope is not None and (scope.get("itemtype") or "").endswith(ITEM_TYPES_OF_OTHER_THINGS)


def html_title(tree: HtmlElement) -> str | None:
    """Return the HTML title, None if the page has no title."""
    found = tree.find(".//title")
    if found is None:
        return None
    return " ".join(found.text_content().split()) or None


def site_word_of_host(url: str) -> str:
    """Return the word of a host that names its site: `courier` for `www.courier.example`."""
    host = urlsplit(url).hostname or ""
    parts = host.removeprefix("www.").split(".")
    return parts[-2] if len(parts) > 1 else host


def blocks_beside_headline(page: OpenedPage, title: str | None) -> list[Block]:
    """Return the short blocks around the headline, where bylines and dates stand.

    Those below come first, then those above, the nearest first.
    """
    at = headline_block_index(page, title)
    if at is None:
        return []
    below: list[Block] = []
    for block in page.blocks[at + 1 : at + 22]:
        if len(block.text) > 240 and block.linked * 2 < len(block.text):
            break
        below.append(block)
    above = [
        block
        for block in page.blocks[max(0, at - 5) : at]
        if len(block.text) < MAX_BLOCK_ABOVE_HEADLINE_CHARS
    ]
    return below + above[::-1]


def headline_block_index(page: OpenedPage, title: str | None) -> int | None:
    """Return the number of the block with the headline: a heading rather than a breadcrumb.

    Where no block shows the headline, the most similar `<h1>` is taken.
    """
    wanted = fold_text(title or "")
    if not wanted:
        return None
    least = len(wanted) // MAX_CHARS_OF_FOLDED_CHAR
    short = (
        at
        for at, block in enumerate(page.blocks)
        if least <= len(block.text) < MAX_HEADLINE_BLOCK_CHARS
    )
    places = [at for at in short if fold_text(page.blocks[at].text) == wanted]
    if not places:
        return _most_similar_heading(page, wanted)
    headings = [at for at in places if page.blocks[at].element.tag == "h1"]
    unlinked = [at for at in places if page.blocks[at].linked * 2 < len(page.blocks[at].text)]
    return (headings or unlinked or places)[0]


def _most_similar_heading(page: OpenedPage, wanted: str) -> int | None:
    """The number of the `<h1>` that is most similar to the headline."""
    headings = {
        at: fold_text(block.text)
        for at, block in enumerate(page.blocks)
        if block.element.tag in HEADLINE_TAGS and len(block.text) < MAX_HEADLINE_BLOCK_CHARS
    }
    for at, text in headings.items():
        if f" {wanted} " in f" {text} ":
            return at
    words = set(wanted.split())
    shared = {
        at: len(words.intersection(text.split()))
        for at, text in headings.items()
        if page.blocks[at].element.tag == "h1" and len(text) > MIN_COMPARED_HEADING_CHARS
    }
    return max(shared, key=shared.__getitem__, default=None)


def described_standfirst(page: OpenedPage) -> str | None:
    """Return the line under the headline, from the page's description."""
    of_data = jsonld.plain_text_of(page.article.get("description"))
    claims = (of_data, *map(page.meta.get, STANDFIRST_META))
    texts = filter(None, map(jsonld.plain_text_of, claims))
    return next((text for text in texts if len(text) >= MIN_DESCRIPTION_CHARS), None)


def section_of_page(page: OpenedPage) -> str | None:
    """Return the section of the outlet that the article appeared in."""
    of_data = jsonld.plain_text_of(page.article.get("articleSection"))
    claims = filter(None, (of_data, *map(page.meta.get, SECTION_META)))
    short = (claim for claim in claims if len(claim) <= MAX_SECTION_NAME_CHARS)
    return next((claim for claim in short if not claim.startswith("/")), None)


def image_url_of_page(page: OpenedPage) -> str | None:
    """Return the absolute URL of the picture that the page gives for itself."""
    pictures = jsonld.resolve_references(page.article.get("image") or [], page.things)
    of_data = chain.from_iterable(map(_urls_of_image, pictures))
    claims = (*map(page.meta.get, IMAGE_META), *of_data)
    urls = (absolute_http_url(claim, page.url) for claim in claims if isinstance(claim, str))
    return next(filter(None, urls), None)


def _urls_of_image(picture: Any) -> list[Any]:
    """The URLs of an ImageObject, or the URL in its place."""
    values = [picture]
    if isinstance(picture, dict):
        values = [picture.get("url"), picture.get("contentUrl")]
    lists = (value if isinstance(value, list) else [value] for value in values)
    return list(chain.from_iterable(lists))


def is_free_to_read(page: OpenedPage) -> bool | None:
    """Return schema.org's isAccessibleForFree: the article's, else False if any part is not free.

    None if the page says nothing.
    """
    own = _boolean_of(page.article.get("isAccessibleForFree"))
    if own is not None:
        return own
    parts = jsonld.resolve_references(page.article.get("hasPart") or [], page.things)
    flags = {
        _boolean_of(part.get("isAccessibleForFree")) for part in parts if isinstance(part, dict)
    }
    if False in flags:
        return False
    return True if True in flags else None


def _boolean_of(said: Any) -> bool | None:
    """A boolean in any spelling: `false`, `"False"`, `"https://schema.org/False"`."""
    return BOOLEAN_SPELLINGS.get(str(said).strip().lower().rpartition("/")[2])


def further_urls_of_page(page: OpenedPage) -> dict[str, str]:
    """Return further URLs that the page gives for itself, by their source."""
    amp = next((link for link in page.tree.iter("link") if link.get("rel") == "amphtml"), None)
    main = page.article.get("mainEntityOfPage")
    main_url = main.get("@id") if isinstance(main, dict) else main
    claims = {
        "og:url": page.meta.get("og:url"),
        "amphtml": amp.get("href") if amp is not None else None,
        "json-ld": page.article.get("url") or main_url,
    }
    urls = {
        name: absolute_http_url(claim, page.url)
        for name, claim in claims.items()
        if isinstance(claim, str)
    }
    return {name: url for name, url in urls.items() if url}


def canonical_url_of_page(page: OpenedPage) -> str | None:
    """Return the absolute canonical URL that the page declares; of several, that of an article."""
    links = (
        link
        for link in page.tree.iter("link")
        if "canonical" in (link.get("rel") or "").lower().split()
    )
    urls = [url for link in links if (url := absolute_http_url(link.get("href"), page.url))]
    return next(filter(_may_be_article_url, urls), next(iter(urls), None))


def _may_be_article_url(url: str) -> bool:
    """Return whether a URL may belong to an article."""
    try:
        return is_article_url(url)
    except UsageError:
        return False


def absolute_http_url(address: str | None, base: str) -> str | None:
    """Return an http URL made absolute, None for any other."""
    relative = (address or "").strip()
    if not relative:
        return None
    try:
        whole = urljoin(base, relative)
        parts = urlsplit(whole)
    except ValueError:
        return None
    return whole if parts.scheme in ("http", "https") and parts.netloc else None
