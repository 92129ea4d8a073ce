"""Other articles on an article's page: those that an endless page shows below it, each with a
headline of its own.

A part of the article itself (a section, an update of a live report) has no headline of the first
order, or the page's headline stands above all of them.
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
WHOLE = frozenset(("body", "html"))
SHORTEST = 12
"""Letters of a headline; a heading with fewer names a part."""
PROSE = 150
"""Letters of paragraphs that make a box more than a teaser."""
MOST_BOXES = 8
"""Boxes around a headline that are looked at."""
SIGNED = re.compile(
    r"(?:^|[\s_-])(?:byline|author|dateline|published|pubdate|posted|entry-meta|article-meta)", re.I
)
OWN_ADDRESS = (
    "data-url",
    "data-href",
    "data-permalink",
    "data-article-url",
    "data-canonical",
    "itemid",
)
ARTICLE_TYPES = re.compile(r"(?:News|Blog|Report)?(?:Article|Posting)\b")


def next_articles(tree: HtmlElement, headline: str | None, url: str) -> list[HtmlElement]:
    """The boxes of other articles on the page, outermost first; none where no heading is the page's
    headline."""
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
    """The heading that is the page's headline: the first that says it and is no link's."""
    wanted = folded(headline or "")
    headings = (
        heading for heading in tree.iter(*HEADINGS) if wanted and folded(_text(heading)) == wanted
    )
    return next(
        (heading for heading in headings if next(heading.iterancestors("a"), None) is None), None
    )


def _text(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _is_other_headline(heading: HtmlElement, own: HtmlElement) -> bool:
    """Whether a heading is set as the page's headline is, and says something else."""
    text = _text(heading)
    alike = heading.tag == own.tag == "h1" or (heading.get("class") or "") == (
        own.get("class") or None
    )
    return alike and len(text) >= SHORTEST and folded(text) != folded(_text(own))


def _box_of(heading: HtmlElement, own: HtmlElement, url: str) -> HtmlElement | None:
    """The box of another article that a heading is the headline of; None if it is a part of this
    one.

    Both headings are in boxes of one kind that hold paragraphs, and neither box holds both.
    """
    around = set(own.iterancestors())
    theirs = [
        box for box in islice(_boxes_apart(heading, around), MOST_BOXES) if _prose(box) >= PROSE
    ]
    ours = _boxes_apart(own, set(heading.iterancestors())) if theirs else ()
    kinds = {_kind(box) for box in ours if _prose(box) >= PROSE}
    if not kinds:
        return None
    for box in reversed(theirs):
        if _kind(box) in kinds or _has_address(box, url):
            told = box.tag == "article" and heading.tag == "h1" and own.tag == "h1"
            return box if told or _is_signed(box) or _has_address(box, url) else None
    return None


def _boxes_apart(heading: HtmlElement, others: set[HtmlElement]) -> Iterator[HtmlElement]:
    """The boxes around a heading, from the inside, up to the first that another heading is in
    too."""
    boxes = takewhile(
        lambda box: box not in others and box.tag not in WHOLE, heading.iterancestors()
    )
    return (box for box in boxes if box.tag in BOXES)


def _kind(box: HtmlElement) -> tuple[str, str]:
    """What tells boxes of one kind: the tag of an article, the tag and the first class of other
    boxes."""
    classes = (box.get("class") or box.get("itemtype") or "").split()
    return str(box.tag), "" if box.tag == "article" else " ".join(classes[:1]) or "?"


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
