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

from crawler.extraction.blocks import fold_text

ARTICLE_HEADING_TAGS = ("h1", "h2")
ARTICLE_BOX_TAGS = frozenset(("article", "section", "div", "main", "li"))
"""Tags of boxes that may contain an article."""
PAGE_TAGS = frozenset(("body", "html"))
"""Tags that contain the whole page."""
MIN_HEADLINE_CHARS = 12
"""Letters of a headline; a shorter heading names a part of the article."""
MIN_BOX_PARAGRAPH_CHARS = 40
"""Letters; shorter paragraphs are not counted as prose."""
MIN_BOX_PROSE_CHARS = 150
"""Letters of paragraphs that make a box more than a teaser."""
MAX_BOXES_AROUND_HEADING = 8
"""Boxes around a headline that are examined."""
SIGNATURE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:byline|author|dateline|published|pubdate|posted|entry-meta|article-meta)", re.I
)
"""Classes of elements that give a date or an author."""
BOX_URL_ATTRIBUTES = (
    "data-url",
    "data-href",
    "data-permalink",
    "data-article-url",
    "data-canonical",
    "itemid",
)
"""Attributes with the URL of the article in a box."""
ARTICLE_ITEM_TYPE = re.compile(r"(?:News|Blog|Report)?(?:Article|Posting)\b")


def boxes_of_next_articles(tree: HtmlElement, headline: str | None, url: str) -> list[HtmlElement]:
    """Return the boxes of other articles on the page; empty if its headline is not a heading.

    Boxes inside another box of the list are left out.
    """
    own = _heading_of_page(tree, headline)
    if own is None:
        return []
    found: list[HtmlElement] = []
    below = dropwhile(lambda heading: heading is not own, tree.iter(*ARTICLE_HEADING_TAGS))
    for heading in below:
        if heading is own or not _is_other_headline(heading, own):
            continue
        box = _box_of_heading(heading, own, url)
        if box is not None and not any(
            box is other or other in box.iterancestors() for other in found
        ):
            found.append(box)
    return found


def _heading_of_page(tree: HtmlElement, headline: str | None) -> HtmlElement | None:
    """The heading with the page's headline: the first one with its words that is not a link."""
    wanted = fold_text(headline or "")
    if not wanted:
        return None
    named = (
        heading
        for heading in tree.iter(*ARTICLE_HEADING_TAGS)
        if fold_text(_text_on_one_line(heading)) == wanted
    )
    unlinked = (heading for heading in named if next(heading.iterancestors("a"), None) is None)
    return next(unlinked, None)


def _text_on_one_line(element: HtmlElement) -> str:
    """The text of an element on one line."""
    return " ".join(element.text_content().split())


def _is_other_headline(heading: HtmlElement, own: HtmlElement) -> bool:
    """Return whether a heading looks like the page's headline and has other words."""
    text = _text_on_one_line(heading)
    alike = heading.tag == own.tag == "h1" or (heading.get("class") or "") == (
        own.get("class") or None
    )
    return (
        alike
        and len(text) >= MIN_HEADLINE_CHARS
        and fold_text(text) != fold_text(_text_on_one_line(own))
    )


def _box_of_heading(heading: HtmlElement, own: HtmlElement, url: str) -> HtmlElement | None:
    """The box of the other article with this headline; None for a heading in the page's article.

    Both headings stand in boxes of one kind that contain paragraphs, and no such box contains both.
    """
    boxes = islice(_separate_boxes(heading, set(own.iterancestors())), MAX_BOXES_AROUND_HEADING)
    theirs = [box for box in boxes if _paragraph_chars(box) >= MIN_BOX_PROSE_CHARS]
    if not theirs:
        return None
    ours = _separate_boxes(own, set(heading.iterancestors()))
    kinds = {_kind_of_box(box) for box in ours if _paragraph_chars(box) >= MIN_BOX_PROSE_CHARS}
    if not kinds:
        return None
    alike = (
        box for box in reversed(theirs) if _kind_of_box(box) in kinds or _has_other_url(box, url)
    )
    box = next(alike, None)
    if box is None:
        return None
    is_marked_up = box.tag == "article" and heading.tag == own.tag == "h1"
    return box if is_marked_up or _is_signed_box(box) or _has_other_url(box, url) else None


def _separate_boxes(heading: HtmlElement, others: set[HtmlElement]) -> Iterator[HtmlElement]:
    """The boxes around a heading, from the inside; those that contain `others` end the row."""
    boxes = takewhile(
        lambda box: box not in others and box.tag not in PAGE_TAGS, heading.iterancestors()
    )
    return (box for box in boxes if box.tag in ARTICLE_BOX_TAGS)


def _kind_of_box(box: HtmlElement) -> tuple[str, str]:
    """The kind of a box: its tag, and its first class unless it is an `article`."""
    classes = (box.get("class") or box.get("itemtype") or "").split()
    if box.tag == "article":
        return "article", ""
    return str(box.tag), classes[0] if classes else "?"


def _paragraph_chars(box: HtmlElement) -> int:
    """The letters of the paragraphs in a box."""
    lengths = (len(_text_on_one_line(paragraph)) for paragraph in box.iter("p"))
    return sum(length for length in lengths if length > MIN_BOX_PARAGRAPH_CHARS)


def _is_signed_box(box: HtmlElement) -> bool:
    """Return whether a box has a date or an author inside, or is marked up as an article."""
    if ARTICLE_ITEM_TYPE.search(box.get("itemtype") or ""):
        return True
    return any(_is_signature(element) for element in box.iter())


def _is_signature(element: HtmlElement) -> bool:
    """Return whether an element gives a date or an author."""
    if (
        element.tag == "time"
        or element.get("rel") == "author"
        or element.get("itemprop") in ("author", "datePublished")
    ):
        return True
    return SIGNATURE_CLASS.search(element.get("class") or "") is not None


def _has_other_url(box: HtmlElement, url: str) -> bool:
    """Return whether a box names a URL other than the page's."""
    path = urlsplit(url).path
    return any(_path_of_url(address, url) not in ("", "/", path) for address in _urls_of_box(box))


def _urls_of_box(box: HtmlElement) -> Iterator[str]:
    """The URLs that a box names for its article."""
    return filter(None, map(box.get, BOX_URL_ATTRIBUTES))


def _path_of_url(address: str, url: str) -> str:
    """The path of a URL, empty if it cannot be parsed."""
    try:
        return urlsplit(urljoin(url, address)).path
    except ValueError:
        return ""
