"""The slimmed copy of a page's tree that trafilatura reads, without elements that are not text.

trafilatura drops elements that usually stand beside a text with all their content, and joins the
texts before and after. So each element that goes leaves a line break here, and such an element that
holds the body becomes a plain box.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from itertools import pairwise

from lxml.etree import XPath, strip_elements
from lxml.html import HtmlElement

from crawler.extraction.blocks import INLINE_TAGS, UNSEEN_TAGS, Block, link_lists, text_blocks
from crawler.extraction.main_text.inline_elements import (
    part_behind,
    text_before_element,
    unwrap_inline_words,
)
from crawler.extraction.main_text.line_features import count_prose_letters

NO_TEXT_TAGS = (
    *(
        "script",
        "style",
        "svg",
        "link",
        "meta",
        "iframe",
        "object",
        "template",
        "source",
        "video",
        "audio",
        "canvas",
    ),
    *("select", "option", "input", "button", "textarea", "noscript", "picture", "embed", "img"),
)
"""Elements that trafilatura would leave out itself, after copying them several times."""
BESIDE_TEXT_TAGS = ("nav", "footer", "aside")
"""Elements that stand beside a text, unless they hold it."""
DROPPED_TAGS = (
    *BESIDE_TEXT_TAGS,
    "menu",
    "dialog",
    "figure",
    "fieldset",
    "label",
    "legend",
    "marquee",
    "noindex",
)
"""Elements that trafilatura drops with all their content."""
MAX_BESIDE_TEXT_SHARE = 0.25
"""Share of the page's letters: a `BESIDE_TEXT_TAGS` element with more of them may hold the text."""
MIN_BODY_SHARE = 0.5
"""Share of the page's letters: a `DROPPED_TAGS` element with more of them does hold the text."""
MIN_LETTERS_OUTSIDE = 600
"""Characters, including blanks and titles: a page with fewer of them outside `DROPPED_TAGS`
elements has its text in these elements."""
JOINING_BOX_TAGS = frozenset(("div", "section", "article", "main", "body", "td", "center"))
"""Elements in which trafilatura joins a child and the text behind it, or loses that text."""
HIDDEN_ELEMENTS = XPath("//body//@hidden/..")
NO_BREAK_TAGS = (
    INLINE_TAGS
    | UNSEEN_TAGS
    | {"br", "hr", "tr", "td", "th", "tbody", "thead", "tfoot", "body", "html"}
)
"""Elements that need no line break behind them."""


def slim_tree(tree: HtmlElement, elements: Sequence[HtmlElement], row: list[Block]) -> HtmlElement:
    """Return a copy of a tree without hidden elements, lists of links and others that are not text.

    `elements` are the tree's elements in document order, `row` its blocks.
    """
    slim = copy(tree)
    for part in [_same_place(each, slim) for each in link_lists(elements, row)]:
        _drop_with_break(part)
    for part in HIDDEN_ELEMENTS(slim):
        if part.getparent() is not None:
            _drop_with_break(part)
    unwrap_inline_words(slim)
    strip_elements(slim, *NO_TEXT_TAGS, with_tail=False)
    _drop_beside_elements(slim)
    for part in list(slim.iter()):
        if part.tail and part.tag not in NO_BREAK_TAGS and part.tail.strip() and _wants_break(part):
            part_behind(part)
    return slim


def _wants_break(element: HtmlElement) -> bool:
    """Return whether trafilatura would join, or lose, the text behind an element."""
    if _will_vanish(element):
        return bool(text_before_element(element))
    parent = element.getparent()
    return parent is not None and parent.tag in JOINING_BOX_TAGS


def _will_vanish(element: HtmlElement) -> bool:
    """Return whether trafilatura will leave nothing of an element."""
    return element.tag in DROPPED_TAGS or not element.text_content().strip()


def _drop_with_break(element: HtmlElement) -> None:
    """Remove an element, with a line break in its place if it separates two texts."""
    if (
        element.tag not in NO_BREAK_TAGS
        and (element.tail or "").strip()
        and text_before_element(element)
    ):
        part_behind(element)
    element.drop_tree()


def _drop_beside_elements(slim: HtmlElement) -> None:
    """Drop the elements beside the text, and make plain boxes of those that hold the text."""
    letters = _count_characters(slim)
    parts = [part for part in slim.iter(*DROPPED_TAGS) if len(part) or part.text]
    outer = {part for part in parts if next(part.iterancestors(*DROPPED_TAGS), None) is None}
    letters_outside = letters - sum(map(_count_characters, outer))
    # then the text must be in one of the outer elements
    bodies = outer if letters_outside < MIN_LETTERS_OUTSIDE else set()
    for part in parts:
        if part.getparent() is None:  # dropped with an element around it
            continue
        own = _count_characters(part)
        if own > MIN_BODY_SHARE * letters or (part in bodies and _has_prose(part)):
            part.tag = "div"
        elif part.tag in BESIDE_TEXT_TAGS and own < MAX_BESIDE_TEXT_SHARE * letters:
            _drop_with_break(part)


def _count_characters(element: HtmlElement) -> int:
    return len(element.text_content())


def _has_prose(element: HtmlElement) -> bool:
    return count_prose_letters(text_blocks(element)) > 0


def _same_place(element: HtmlElement, tree: HtmlElement) -> HtmlElement:
    """Return the counterpart of an element in a copy of its tree."""
    lineage = (element, *element.iterancestors())
    path = [parent.index(child) for child, parent in pairwise(lineage)]
    for index in reversed(path):
        tree = tree[index]
    return tree
