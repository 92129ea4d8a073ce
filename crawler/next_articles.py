"""Other articles on an article's page: those that an endless page shows below it, each with a headline of its own.

A part of the article itself (a section, an update of a live report) has no headline of the first order, or the page's
headline stands above all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from crawler.blocks import folded

HEADINGS = ("h1", "h2")
BOXES = frozenset(("article", "section", "div", "main", "li"))
WHOLE = frozenset(("body", "html"))
SHORTEST = 12
"""Letters of a headline; a heading with fewer names a part."""
PROSE = 150
"""Letters of paragraphs that make a box more than a teaser."""
MOST_BOXES = 8
"""Boxes around a headline that may be the article's."""
SIGNED = re.compile(r"(?:^|[\s_-])(?:byline|author|dateline|published|pubdate|posted|entry-meta|article-meta)", re.I)
OWN_ADDRESS = ("data-url", "data-href", "data-permalink", "data-article-url", "data-canonical", "itemid")
ARTICLE_TYPES = re.compile(r"(?:News|Blog|Report)?(?:Article|Posting)\b")


def next_articles(tree: HtmlElement, headline: str | None, url: str) -> list[HtmlElement]:
    """The boxes of other articles on the page, outermost first; none where the page has no headline to tell them by."""
    own = _own_heading(tree, headline)
    if own is None:
        return []
    around = [box for box in islice(own.iterancestors(), MOST_BOXES) if box.tag in BOXES]
    found: list[HtmlElement] = []
    for heading in tree.iter(*HEADINGS):
        if heading is own or not _is_other_headline(heading, own):
            continue
        box = _box_of(heading, around, own, url)
        if box is not None and not any(box is other or other in box.iterancestors() for other in found):
            found.append(box)
    return found


def _own_heading(tree: HtmlElement, headline: str | None) -> HtmlElement | None:
    """The heading that is the page's headline: the first that says it, else the first `h1`."""
    wanted = folded(headline or "")
    headings = [heading for heading in tree.iter(*HEADINGS) if len(_text(heading)) >= SHORTEST]
    same = next((heading for heading in headings if wanted and folded(_text(heading)) == wanted), None)
    return same if same is not None else next((heading for heading in headings if heading.tag == "h1"), None)


def _text(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _is_other_headline(heading: HtmlElement, own: HtmlElement) -> bool:
    """Whether a heading is set as the page's headline is, and says something else."""
    text = _text(heading)
    alike = heading.tag == own.tag == "h1" or (heading.get("class") or "") == (own.get("class") or None)
    return alike and len(text) >= SHORTEST and folded(text) != folded(_text(own))


def _box_of(heading: HtmlElement, around: Sequence[HtmlElement], own: HtmlElement, url: str) -> HtmlElement | None:
    """The box of another article that a heading is the headline of; None if it is a part of this one."""
    own_boxes = set(around)
    kinds = {_kind(box) for box in around}
    for box in islice(heading.iterancestors(), MOST_BOXES):
        if box in own_boxes or box.tag in WHOLE:
            return None
        alike = _kind(box) in kinds and (box.tag == "article" or box.get("class"))
        if box.tag in BOXES and (alike or _has_address(box, url)) and _prose(box) >= PROSE:
            told = box.tag == "article" and heading.tag == "h1" and own.tag == "h1"
            return box if told or _is_signed(box) or _has_address(box, url) else None
    return None


def _kind(box: HtmlElement) -> tuple[str, str]:
    """What tells boxes of one kind: the tag of an article, the tag and the first class of other boxes."""
    classes = (box.get("class") or "").split()
    return str(box.tag), "" if box.tag == "article" else " ".join(classes[:1])


def _prose(box: HtmlElement) -> int:
    return sum(len(text) for paragraph in box.iter("p") if len(text := _text(paragraph)) > 40)


def _is_signed(box: HtmlElement) -> bool:
    """Whether a box has a date or an author of its own, or says that it is an article."""
    if ARTICLE_TYPES.search(box.get("itemtype") or ""):
        return True
    return any(_is_signature(element) for element in box.iter())


def _is_signature(element: HtmlElement) -> bool:
    if (
        element.tag == "time"
        or element.get("rel") == "author"
        or element.get("itemprop") in ("author", "datePublished")
    ):
        return True
    return SIGNED.search(element.get("class") or "") is not None


def _has_address(box: HtmlElement, url: str) -> bool:
    """Whether a box names an address of its own that is not the page's."""
    path = urlsplit(url).path
    return any(_path(address, url) not in ("", "/", path) for address in _addresses(box))


def _addresses(box: HtmlElement) -> Iterator[str]:
    return (address for name in OWN_ADDRESS if (address := box.get(name)))


def _path(address: str, url: str) -> str:
    try:
        return urlsplit(urljoin(url, address)).path
    except ValueError:
        return ""
