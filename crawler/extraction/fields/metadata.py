"""What a page says of its article beside the text: standfirst, section, picture, addresses.

Each from the witness that is right most often: JSON-LD, then OpenGraph and other meta tags, then
what is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from archive.errors import UsageError
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, folded
from pipelines.urls import stands_for_article

STANDFIRST_META = (
    "og:description",
    "description",
    "twitter:description",
    "dc.description",
    "sailthru.description",
)
SECTION_META = (
    "article:section",
    "og:article:section",
    "section",
    "parsely-section",
    "cxenseparse:section",
    "category",
    "dc.subject",
)
IMAGE_META = (
    "og:image",
    "og:image:secure_url",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
    "image",
)
HEADINGS = ("h1", "h2", "h3", "h4")
MIN_HEADING = 12
MAX_SHORT = 140
"""Characters of the longest block above a headline that may be a date or a byline."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page, taken apart once for all who read it."""

    url: str
    tree: HtmlElement
    elements: tuple[HtmlElement, ...]
    blocks: list[Block]
    meta: dict[str, str]
    things: list[jsonld.Thing]
    article: jsonld.Thing
    """What the JSON-LD says of the article; empty where it says nothing."""
    title: str | None
    fetched_at: str | None = None
    language: str | None = None
    month_first: bool | None = None
    """How its country writes 03/04/2024: True as of March, False as of April."""
    rights: tuple[str, ...] = ()
    """The lines that claim copyright."""


def meta_tags(tree: HtmlElement) -> dict[str, str]:
    """The page's meta tags by lower-case name, the first that says something; itemprops of any
    element among them."""
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
    """Whether a meta tag's itemprop says something of a comment or an event."""
    if tag.get("itemprop") is None:
        return False
    scope = next(
        (around for around in tag.iterancestors() if around.get("itemscope") is not None), None
    )
    return scope is not None and (scope.get("itemtype") or "").endswith(
        ("/Comment", "/UserComments", "/Event")
    )


def page_title(tree: HtmlElement) -> str | None:
    """The HTML title."""
    found = tree.find(".//title")
    return " ".join(found.text_content().split()) or None if found is not None else None


def host_word(url: str) -> str:
    """The word of a host that names its site: `courier` of `www.courier.example`."""
    host = urlsplit(url).hostname or ""
    parts = host.removeprefix("www.").split(".")
    return parts[-2] if len(parts) > 1 else host


def beside(page: Page, title: str | None) -> list[Block]:
    """The short blocks around the headline, nearest below it first: where bylines and dates
    stand."""
    at = headline_index(page, title)
    if at is None:
        return []
    below: list[Block] = []
    for block in page.blocks[at + 1 : at + 22]:
        if len(block.text) > 240 and block.linked * 2 < len(block.text):
            break
        below.append(block)
    above = [block for block in page.blocks[max(0, at - 5) : at] if len(block.text) < MAX_SHORT]
    return below + above[::-1]


def headline_index(page: Page, title: str | None) -> int | None:
    """Which block is the headline: a heading rather than a breadcrumb or a teaser.

    The likest `<h1>` where the headline is not shown as the page's data have it.
    """
    wanted = folded(title or "")
    if not wanted:
        return None
    places = [
        at
        for at, block in enumerate(page.blocks)
        if len(block.text) < 400 and folded(block.text) == wanted
    ]
    headings = [at for at in places if page.blocks[at].element.tag == "h1"]
    unlinked = [at for at in places if page.blocks[at].linked * 2 < len(page.blocks[at].text)]
    return (
        next(iter(headings or unlinked or places), None)
        if places
        else _likest_heading(page, wanted)
    )


def _likest_heading(page: Page, wanted: str) -> int | None:
    """The heading that has the headline in it, beside a kicker; else the `<h1>` that shares most
    words with it."""
    headings = [
        at
        for at, block in enumerate(page.blocks)
        if block.element.tag in HEADINGS and len(block.text) < 400
    ]
    same = {at: folded(page.blocks[at].text) for at in headings}
    whole = next((at for at in headings if f" {wanted} " in f" {same[at]} "), None)
    words = set(wanted.split())
    large = [
        at for at in headings if page.blocks[at].element.tag == "h1" and len(same[at]) > MIN_HEADING
    ]
    return (
        max(large, key=lambda at: len(words & set(same[at].split())), default=None)
        if whole is None
        else whole
    )


def standfirst(page: Page) -> str | None:
    """The line under the headline, from the page's description."""
    claims = [
        jsonld.plain(page.article.get("description")),
        *(page.meta.get(name) for name in STANDFIRST_META),
    ]
    return next(
        (text for claim in claims if (text := jsonld.plain(claim)) and len(text) > 15), None
    )


def section(page: Page) -> str | None:
    """The part of the outlet that it appeared in."""
    said = jsonld.plain(page.article.get("articleSection"))
    claims = [said, *(page.meta.get(name) for name in SECTION_META)]
    return next(
        (claim for claim in claims if claim and len(claim) < 60 and "/" not in claim[:1]), None
    )


def image_url(page: Page) -> str | None:
    """The picture that the page gives for itself, absolute."""
    pictures = jsonld.resolved(page.article.get("image") or [], page.things)
    of_thing = (part for picture in pictures for part in _addresses_in(picture))
    claims = [*(page.meta.get(name) for name in IMAGE_META), *of_thing]
    return next(
        (url for claim in claims if isinstance(claim, str) and (url := absolute(claim, page.url))),
        None,
    )


def _addresses_in(picture: Any) -> list[Any]:
    """An ImageObject's addresses, or the address that stands in its place."""
    said = (
        [picture.get("url"), picture.get("contentUrl")] if isinstance(picture, dict) else [picture]
    )
    return [part for value in said for part in (value if isinstance(value, list) else [value])]


def is_free(page: Page) -> bool | None:
    """schema.org's isAccessibleForFree: the article's own, else False if any part of it (`hasPart`)
    is not free."""
    own = _flag(page.article.get("isAccessibleForFree"))
    if own is not None:
        return own
    parts = jsonld.resolved(page.article.get("hasPart") or [], page.things)
    said = [_flag(part.get("isAccessibleForFree")) for part in parts if isinstance(part, dict)]
    return False if False in said else True if True in said else None


def _flag(said: Any) -> bool | None:
    """A boolean as sites write it: `false`, `"False"`, `"https://schema.org/False"`."""
    word = str(said).strip().lower().rpartition("/")[2]
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(word)


def addresses(page: Page) -> dict[str, str]:
    """Further URLs that the page gives for itself."""
    amp = next((link for link in page.tree.iter("link") if link.get("rel") == "amphtml"), None)
    main = page.article.get("mainEntityOfPage")
    of_thing = page.article.get("url") or (main.get("@id") if isinstance(main, dict) else main)
    claims = {
        "og:url": page.meta.get("og:url"),
        "amphtml": amp.get("href") if amp is not None else None,
        "json-ld": of_thing,
    }
    return {
        name: url
        for name, claim in claims.items()
        if isinstance(claim, str) and (url := absolute(claim, page.url))
    }


def canonical_url(page: Page) -> str | None:
    """As the page declares it, absolute; of several, the first that names an article."""
    named = [
        url
        for link in page.tree.iter("link")
        if "canonical" in (link.get("rel") or "").lower().split()
        and (url := absolute(link.get("href"), page.url))
    ]
    return next(filter(_names_article, named), next(iter(named), None))


def _names_article(url: str) -> bool:
    try:
        return stands_for_article(url)
    except UsageError:
        return False


def absolute(address: str | None, base: str) -> str | None:
    """An http address made whole; None for any other."""
    try:
        whole = urljoin(base, (address or "").strip())
        parts = urlsplit(whole)
    except ValueError:
        return None
    return (
        whole
        if address and address.strip() and parts.scheme in ("http", "https") and parts.netloc
        else None
    )
