"""A page as the row of text blocks that a reader sees, each with its place in the tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from lxml.etree import XPath, iterwalk
from lxml.html import HtmlElement

INLINE_TEXT = """
a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby rp rt s samp small
span strike strong sub sup time tt u var wbr
output meter progress slot img picture input embed map area source track param link meta
"""
INLINE = frozenset(INLINE_TEXT.split())
UNSEEN_TEXT = """
head script style noscript template svg select option textarea button iframe object video audio canvas math
"""
UNSEEN = frozenset(UNSEEN_TEXT.split())
LAYOUT_SIGNS = (
    "table",
    "ul",
    "ol",
    "h1",
    "h2",
    "h3",
    "form",
    "blockquote",
    "article",
    "section",
    "div",
)
TABLE_PARTS = frozenset(("table", "tbody", "thead", "tfoot", "tr", "td", "th", "center"))


FEWEST_LINKS, ALL_LINKED = 5, 0.95
"""Blocks of a list of links, and the share of its letters that stand in links."""
NOTE_MARKS = XPath("//a[contains(@href, '#')][string-length(.) < 8]")
NUMBER = re.compile(r"\[?\d{1,3}\]?")
NOTHING = (0, 0, 0)


class Block(NamedTuple):
    """A run of text that no block element or line break interrupts."""

    text: str
    linked: int
    """How many of its characters stand in links."""
    element: HtmlElement
    """The innermost block element around it."""
    broken: bool = False
    """Whether a line break rather than an element ends the block before it."""


def blocks(tree: HtmlElement) -> list[Block]:
    """The blocks of a page in reading order; what no reader sees as text (scripts, forms' options,
    what is `hidden`) left out."""
    body = tree.find("body")
    reader = _Reader()
    reader.read(tree if body is None else body)
    return reader.found


def link_lists(elements: Sequence[HtmlElement], blocks: list[Block]) -> list[HtmlElement]:
    """The outermost elements of several blocks that are links from end to end: menus, lists of
    other articles.

    `elements` are those of the page in document order.
    """
    sums: dict[HtmlElement, tuple[int, int, int]] = {}
    for block in blocks:
        many, letters, linked = sums.get(block.element, NOTHING)
        sums[block.element] = (many + 1, letters + len(block.text), linked + block.linked)
    lists: dict[HtmlElement, HtmlElement | None] = {}
    for element in reversed(elements):  # what is inside an element stands behind it
        own = sums.get(element)
        if own is None:
            continue
        around = element.getparent()
        if own[0] >= FEWEST_LINKS and own[2] >= ALL_LINKED * own[1]:
            lists[element] = around
        if around is not None:
            many, letters, linked = sums.get(around, NOTHING)
            sums[around] = (many + own[0], letters + own[1], linked + own[2])
    return [
        each
        for each, around in reversed(lists.items())
        if around is not None and around not in lists
    ]


class _Reader:
    """Collects text until something ends the block."""

    def __init__(self) -> None:
        self.found: list[Block] = []
        self._pieces: list[str] = []
        self._linked = 0
        self._broken = False

    def read(self, body: HtmlElement) -> None:
        """Walk the tree; lxml does it step by step, as pages nest deeper than Python recurses."""
        walk = iterwalk(body, events=("start", "end", "comment", "pi"))
        around: list[tuple[HtmlElement, bool]] = []
        block, linked = body, False
        for event, element in walk:
            tag = element.tag
            if event == "start":
                around.append((block, linked))
                if element is not body and (tag in UNSEEN or element.get("hidden") is not None):
                    if tag not in INLINE and tag not in UNSEEN:
                        self._close(block)
                    walk.skip_subtree()
                    continue
                if tag not in INLINE:
                    self._close(block, broken=tag == "br")
                    block = element
                elif tag == "a":
                    linked = True
                text = element.text
            else:
                if event == "end":
                    if tag not in INLINE and tag not in UNSEEN:
                        self._close(element, broken=tag == "br")
                    block, linked = around.pop()
                text = element.tail
            if text:
                self._add(text, linked)
        self._close(body)

    def _add(self, text: str, linked: bool) -> None:
        self._pieces.append(text)
        if linked:
            self._linked += len(text.strip())

    def _close(self, block: HtmlElement, broken: bool = False) -> None:
        if not self._pieces:  # most elements hold no text of their own
            self._broken = self._broken or broken
            return
        text = " ".join("".join(self._pieces).split())
        if text:
            self.found.append(Block(text, min(self._linked, len(text)), block, self._broken))
            self._broken = False
        self._broken = broken or (self._broken and not text)
        self._pieces, self._linked = [], 0


def unfold_layout(tree: HtmlElement) -> None:
    """Make plain boxes of tables that only arrange the page, as the old web did, and paragraphs of
    double line breaks.

    A table that holds lists, headings, boxes or other tables, or a cell with double line breaks, is
    no data.
    """
    for table in list(tree.iter("table")):
        if table.find(".//th") is None and (
            _holds_layout(table) or table.get("role") == "presentation"
        ):
            for part in list(_own_parts(table)):
                part.tag = "div"


def without_note_marks(tree: HtmlElement) -> None:
    """Take out the numbers that point to notes further down: in the text they would be glued to its
    words."""
    for mark in NOTE_MARKS(tree):
        number = mark.text_content().strip()
        if NUMBER.fullmatch(number):
            around = mark.getparent()
            alone = around.tag == "sup" and around.text_content().strip() == number
            (around if alone else mark).drop_tree()


def _holds_layout(table: HtmlElement) -> bool:
    if any(
        next(table.iter(sign), None) is not table and table.find(f".//{sign}") is not None
        for sign in LAYOUT_SIGNS
    ):
        return True
    paragraphs = sum(1 for _ in table.iter("p", "br"))
    return paragraphs > 2 and paragraphs > sum(1 for _ in table.iter("td"))


def _own_parts(table: HtmlElement) -> list[HtmlElement]:
    """The table's rows and cells, not those of tables inside it."""
    parts, waiting = [table], list(table)
    while waiting:
        part = waiting.pop()
        if part.tag in TABLE_PARTS and part.tag != "table":
            parts.append(part)
            if part.tag not in ("td", "th"):
                waiting.extend(part)
    return parts


WORD = re.compile(r"\w+")
NO_SPACES = re.compile("[\xad\u200b\u2060\ufeff]+")
"""Characters that say where a word may be broken, or may not."""


@lru_cache(maxsize=4096)  # a page's lines are compared again and again
def folded(text: str) -> str:
    """A text's letters and digits alone, in one case: what two printings of one line agree in."""
    if not text.isascii():
        text = NO_SPACES.sub("", text)
    return " ".join(WORD.findall(text)).casefold()
