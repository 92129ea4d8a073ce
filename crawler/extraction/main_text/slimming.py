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

from crawler.extraction.blocks import INLINE, UNSEEN, Block, blocks, link_lists
from crawler.extraction.main_text.inline_elements import before, part_behind, words_of
from crawler.extraction.main_text.line_features import prose

NO_TEXT = (
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
BESIDE = ("nav", "footer", "aside")
"""Elements that stand beside a text, unless they hold it."""
DROPPED = (*BESIDE, "menu", "dialog", "figure", "fieldset", "label", "legend", "marquee", "noindex")
"""Elements that trafilatura drops with all their content."""
MOST_BESIDE = 0.25
"""Share of the page's letters: a `BESIDE` element with more of them may hold the text."""
MOST = 0.5
"""Share of the page's letters: a `DROPPED` element with more of them does hold the text."""
LEAST = 600
"""Characters, including blanks and titles: a page with fewer of them outside `DROPPED` elements
has its text in these elements."""
BOXES = frozenset(("div", "section", "article", "main", "body", "td", "center"))
"""Elements in which trafilatura joins a child and the text behind it, or loses that text."""
HIDDEN_PARTS = XPath("//body//@hidden/..")
NO_BREAK = (
    INLINE | UNSEEN | {"br", "hr", "tr", "td", "th", "tbody", "thead", "tfoot", "body", "html"}
)
"""Elements that need no line break behind them."""


def slimmed(tree: HtmlElement, elements: Sequence[HtmlElement], row: list[Block]) -> HtmlElement:
    """Return a copy of a tree without hidden elements, lists of links and others that are not text.

    `elements` are the tree's elements in document order, `row` its blocks.
    """
    slim = copy(tree)
    for part in [_same_place(each, slim) for each in link_lists(elements, row)]:
        _drop(part)
    for part in HIDDEN_PARTS(slim):
        if part.getparent() is not None:
            _drop(part)
    words_of(slim)
    strip_elements(slim, *NO_TEXT, with_tail=False)
    _without_beside(slim)
    for part in list(slim.iter()):
        if part.tail and part.tag not in NO_BREAK and part.tail.strip() and _wants_break(part):
            part_behind(part)
    return slim


def _wants_break(element: HtmlElement) -> bool:
    """Return whether trafilatura would join, or lose, the text behind an element."""
    if _goes(element):
        return bool(before(element))
    parent = element.getparent()
    return parent is not None and parent.tag in BOXES


def _goes(element: HtmlElement) -> bool:
    """Return whether trafilatura will leave nothing of an element."""
    return element.tag in DROPPED or not element.text_content().strip()


def _drop(element: HtmlElement) -> None:
    """Remove an element, with a line break in its place if it separates two texts."""
    if element.tag not in NO_BREAK and (element.tail or "").strip() and before(element):
        part_behind(element)
    element.drop_tree()


def _without_beside(slim: HtmlElement) -> None:
    """Drop the elements beside the text, and make plain boxes of those that hold the text."""
    letters = _count_characters(slim)
    parts = [part for part in slim.iter(*DROPPED) if len(part) or part.text]
    outer = {part for part in parts if next(part.iterancestors(*DROPPED), None) is None}
    letters_outside = letters - sum(map(_count_characters, outer))
    # then the text must be in one of the outer elements
    bodies = outer if letters_outside < LEAST else set()
    for part in parts:
        if part.getparent() is None:  # dropped with an element around it
            continue
        own = _count_characters(part)
        if own > MOST * letters or (part in bodies and _has_prose(part)):
            part.tag = "div"
        elif part.tag in BESIDE and own < MOST_BESIDE * letters:
            _drop(part)


def _count_characters(element: HtmlElement) -> int:
    return len(element.text_content())


def _has_prose(element: HtmlElement) -> bool:
    return prose(blocks(element)) > 0


def _same_place(element: HtmlElement, tree: HtmlElement) -> HtmlElement:
    """Return the counterpart of an element in a copy of its tree."""
    lineage = (element, *element.iterancestors())
    path = [parent.index(child) for child, parent in pairwise(lineage)]
    for index in reversed(path):
        tree = tree[index]
    return tree
