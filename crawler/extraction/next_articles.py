"""Other articles on the page of an article, which an endless page shows below it.

Each has its own headline. A part of the article itself (a section, an update of a live report) has
no heading of the first order, or the page's headline stands above all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import dropwhile, islice, takewhile
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from crawler.extraction.blocks import folded

HEADINGS = ("h1", "h2")
BOXES = frozenset(("article", "section", "div", "main", "li"))
"""Tags of boxes that may contain an article."""
WHOLE = frozenset(("body", "html"))
"""Tags that contain the whole page."""
SHORTEST = 12
"""Letters of a headline; a shorter heading names a part of the article."""
MIN_PARAGRAPH_CHARS = 40
"""Letters; shorter paragraphs are not counted as prose."""
PROSE = 150
"""Letters of paragraphs that make a box more than a teaser."""
MOST_BOXES = 8
"""Boxes around a headline that are examined."""
SIGNED = re.compile(
    r"(?:^|[\s_-])(?:byline|author|dateline|published|pubdate|posted|entry-meta|article-meta)", re.I
)
"""Classes of elements that give a date or an author."""
OWN_ADDRESS = (
    "data-url",
    "data-href",
    "data-permalink",
    "data-article-url",
    "data-canonical",
    "itemid",
)
"""Attributes with the URL of the article in a box."""
ARTICLE_TYPES = re.compile(r"(?:News|Blog|Report)?(?:Article|Posting)\b")


def next_articles(tree: HtmlElement, headline: str | None, url: str) -> list[HtmlElement]:
    """Return the boxes of other articles on the page; empty if its headline is not a heading.

    Boxes inside another box of the list are left out.
    """
    own = _own_heading(tree, headline)
    if own is None:
        return []
    found: list[HtmlElement] = []
    below = dropwhile(lambda heading: heading is not own, tree.iter(*HEADINGS))
    for heading in below:
        if heading is own or not _is_other_headline(heading, own):
            continue
        box = _box_of(heading, own, url)
        if box is not None and not any(
            box is other or other in box.iterancestors() for other in found
        ):
            found.append(box)
    return found


def _own_heading(tree: HtmlElement, headline: str | None) -> HtmlElement | None:
    """The heading with the page's headline: the first one with its words that is not a link."""
    wanted = folded(headline or "")
    if not wanted:
        return None
    named = (heading for heading in tree.iter(*HEADINGS) if folded(_text(heading)) == wanted)
    unlinked = (heading for heading in named if next(heading.iterancestors("a"), None) is None)
    return next(unlinked, None)


def _text(element: HtmlElement) -> str:
    """The text of an element on one line."""
    return " ".join(element.text_content().split())


def _is_other_headline(heading: HtmlElement, own: HtmlElement) -> bool:
    """Whether a heading looks like the page's headline and has other words."""
    text = _text(heading)
    alike = heading.tag == own.tag == "h1" or (heading.get("class") or "") == (
        own.get("class") or None
    )
    return alike and len(text) >= SHORTEST and folded(text) != folded(_text(own))


def _box_of(heading: HtmlElement, own: HtmlElement, url: str) -> HtmlElement | None:
    """The box of the other article with this headline; None for a heading in the page's article.

    Both headings stand in boxes of one kind that contain paragraphs, and no such box contains both.
    """
    boxes = islice(_boxes_apart(heading, set(own.iterancestors())), MOST_BOXES)
    theirs = [box for box in boxes if _prose(box) >= PROSE]
    if not theirs:
        return None
    ours = _boxes_apart(own, set(heading.iterancestors()))
    kinds = {_kind(box) for box in ours if _prose(box) >= PROSE}
    if not kinds:
        return None
    alike = (box for box in reversed(theirs) if _kind(box) in kinds or _has_address(box, url))
    box = next(alike, None)
    if box is None:
        return None
    is_marked_up = box.tag == "article" and heading.tag == own.tag == "h1"
    return box if is_marked_up or _is_signed(box) or _has_address(box, url) else None


def _boxes_apart(heading: HtmlElement, others: set[HtmlElement]) -> Iterator[HtmlElement]:
    """The boxes around a heading, from the inside; those that contain `others` end the row."""
    boxes = takewhile(
        lambda box: box not in others and box.tag not in WHOLE, heading.iterancestors()
    )
    return (box for box in boxes if box.tag in BOXES)


def _kind(box: HtmlElement) -> tuple[str, str]:
    """The kind of a box: its tag, and its first class unless it is an `article`."""
    classes = (box.get("class") or box.get("itemtype") or "").split()
    if box.tag == "article":
        return "article", ""
    return str(box.tag), classes[0] if classes else "?"


def _prose(box: HtmlElement) -> int:
    """The letters of the paragraphs in a box."""
    lengths = (len(_text(paragraph)) for paragraph in box.iter("p"))
    return sum(length for length in lengths if length > MIN_PARAGRAPH_CHARS)


def _is_signed(box: HtmlElement) -> bool:
    """Whether a box has a date or an author inside, or is marked up as an article."""
    if ARTICLE_TYPES.search(box.get("itemtype") or ""):
        return True
    return any(_is_signature(element) for element in box.iter())


def _is_signature(element: HtmlElement) -> bool:
    """Whether an element gives a date or an author."""
    if (
        element.tag == "time"
        or element.get("rel") == "author"
        or element.get("itemprop") in ("author", "datePublished")
    ):
        return True
    return SIGNED.search(element.get("class") or "") is not None


def _has_address(box: HtmlElement, url: str) -> bool:
    """Whether a box names a URL other than the page's."""
    path = urlsplit(url).path
    return any(_path(address, url) not in ("", "/", path) for address in _addresses(box))


def _addresses(box: HtmlElement) -> Iterator[str]:
    """The URLs that a box names for its article."""
    return filter(None, map(box.get, OWN_ADDRESS))


def _path(address: str, url: str) -> str:
    """The path of a URL, empty if it cannot be parsed."""
    try:
        return urlsplit(urljoin(url, address)).path
    except ValueError:
        return ""
