"""A page's tree → the copy that trafilatura reads: without what is no text, each part gone leaving
a break.

trafilatura drops elements that stand beside a text as a rule, with all that is in them, and joins
what stood before and after. A body that stands in one of them is put into a plain box.
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
"""What trafilatura would leave out itself, after copying it several times."""
BESIDE = ("nav", "footer", "aside")
DROPPED = (*BESIDE, "menu", "dialog", "figure", "fieldset", "label", "legend", "marquee", "noindex")
"""What trafilatura drops with all that is in it."""
MOST_BESIDE = 0.25
"""Share of the page's letters: what claims to stand beside the text and has more of them may hold
it."""
MOST = 0.5
"""Share of the page's letters from which such an element does hold it."""
LEAST = 600
"""Letters, those of titles and blanks among them: a page that has fewer outside such elements has
its text in them."""
BOXES = frozenset(("div", "section", "article", "main", "body", "td", "center"))
HIDDEN_PARTS = XPath("//body//@hidden/..")
NO_BREAK = (
    INLINE | UNSEEN | {"br", "hr", "tr", "td", "th", "tbody", "thead", "tfoot", "body", "html"}
)


def slimmed(tree: HtmlElement, elements: Sequence[HtmlElement], row: list[Block]) -> HtmlElement:
    """A copy of a page's tree without what is no text, stands beside it, is hidden, or is a list of
    links.

    `elements` are the tree's in document order, `row` its blocks.
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
    """Whether trafilatura would join, or lose, the text behind a box."""
    if _goes(element):
        return bool(before(element))
    around = element.getparent()
    return around is not None and around.tag in BOXES


def _goes(element: HtmlElement) -> bool:
    """Whether nothing will be left of an element."""
    return element.tag in DROPPED or not element.text_content().strip()


def _drop(element: HtmlElement) -> None:
    if element.tag not in NO_BREAK and (element.tail or "").strip() and before(element):
        part_behind(element)
    element.drop_tree()


def _without_beside(slim: HtmlElement) -> None:
    letters = len(slim.text_content())
    parts = [part for part in slim.iter(*DROPPED) if len(part) or part.text]
    outer = {part for part in parts if next(part.iterancestors(*DROPPED), None) is None}
    alone = letters - sum(len(part.text_content()) for part in outer) < LEAST
    for part in parts:
        if part.getparent() is None:
            continue
        own = len(part.text_content())
        if own > MOST * letters or (alone and part in outer and _has_prose(part)):
            part.tag = "div"
        elif part.tag in BESIDE and own < MOST_BESIDE * letters:
            _drop(part)


def _has_prose(element: HtmlElement) -> bool:
    return prose(blocks(element)) > 0


def _same_place(element: HtmlElement, tree: HtmlElement) -> HtmlElement:
    """Where an element stands in a copy of its tree."""
    way = [around.index(step) for step, around in pairwise((element, *element.iterancestors()))]
    for at in reversed(way):
        tree = tree[at]
    return tree
