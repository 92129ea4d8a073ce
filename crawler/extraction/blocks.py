"""The text blocks of a page in reading order, each with its place in the tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from lxml.etree import XPath, iterwalk
from lxml.html import HtmlElement

INLINE_TAGS_TEXT = """
a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby rp rt s
samp small span strike strong sub sup time tt u var wbr output meter progress slot img picture input
embed map area source track param link meta
"""
INLINE_TAGS = frozenset(INLINE_TAGS_TEXT.split())
"""Tags whose text belongs to the sentence around them."""
UNSEEN_TAGS_TEXT = """
head script style noscript template svg select option textarea button iframe object video audio
canvas math
"""
UNSEEN_TAGS = frozenset(UNSEEN_TAGS_TEXT.split())
"""Tags whose content a reader does not see as text."""
LAYOUT_TABLE_TAGS = (
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
"""Tags that data tables do not contain: a table with one of them arranges the page."""
TABLE_PART_TAGS = frozenset(("table", "tbody", "thead", "tfoot", "tr", "td", "th", "center"))
"""Tags of a table's structure, up to its cells."""


MIN_LINK_LIST_BLOCKS, MIN_LINK_LIST_SHARE = 5, 0.95
"""The least number of blocks in a list of links, and the least share of its letters inside
links."""
FIND_NOTE_LINKS = XPath("//a[contains(@href, '#')][string-length(.) < 8]")
"""Short links within the page, as numbers of notes are."""
NOTE_NUMBER = re.compile(r"\[?\d{1,3}\]?")
NO_BLOCK_SUMS = (0, 0, 0)
"""The blocks, letters and linked letters of an element without text."""


class Block(NamedTuple):
    """A run of text without a block element or a line break inside."""

    text: str
    linked: int
    """The number of its characters inside links."""
    element: HtmlElement
    """The innermost block element around it."""
    broken: bool = False
    """True if a line break, not an element, separates it from the block before."""


def text_blocks(tree: HtmlElement) -> list[Block]:
    """Return the blocks of a page in reading order.

    Scripts, the options of forms and elements with the attribute `hidden` are skipped.
    """
    body = tree.find("body")
    collector = _BlockCollector()
    collector.collect_from(tree if body is None else body)
    return collector.found


def link_lists(elements: Sequence[HtmlElement], blocks: list[Block]) -> list[HtmlElement]:
    """Return the outermost elements whose blocks are nothing but links: menus, lists of articles.

    `elements` are those of the page in document order.
    """
    sums: dict[HtmlElement, tuple[int, int, int]] = {}
    for block in blocks:
        many, letters, linked = sums.get(block.element, NO_BLOCK_SUMS)
        sums[block.element] = (many + 1, letters + len(block.text), linked + block.linked)
    lists: dict[HtmlElement, HtmlElement | None] = {}
    for element in reversed(elements):  # what is inside an element stands behind it
        own = sums.get(element)
        if own is None:
            continue
        around = element.getparent()
        if own[0] >= MIN_LINK_LIST_BLOCKS and own[2] >= MIN_LINK_LIST_SHARE * own[1]:
            lists[element] = around
        if around is not None:
            many, letters, linked = sums.get(around, NO_BLOCK_SUMS)
            sums[around] = (many + own[0], letters + own[1], linked + own[2])
    return [
        each
        for each, around in reversed(lists.items())
        if around is not None and around not in lists
    ]


class _BlockCollector:
    """Collects text until something ends the block."""

    def __init__(self) -> None:
        self.found: list[Block] = []
        self._pieces: list[str] = []
        self._linked = 0
        self._broken = False

    def collect_from(self, body: HtmlElement) -> None:
        """Walk the tree and collect its blocks.

        lxml walks step by step, because pages nest deeper than Python can recurse.
        """
        walk = iterwalk(body, events=("start", "end", "comment", "pi"))
        around: list[tuple[HtmlElement, bool]] = []
        block, linked = body, False
        for event, element in walk:
            tag = element.tag
            if event == "start":
                around.append((block, linked))
                if element is not body and (
                    tag in UNSEEN_TAGS or element.get("hidden") is not None
                ):
                    if tag not in INLINE_TAGS and tag not in UNSEEN_TAGS:
                        self._end_block(block)
                    walk.skip_subtree()
                    continue
                if tag not in INLINE_TAGS:
                    self._end_block(block, broken=tag == "br")
                    block = element
                elif tag == "a":
                    linked = True
                text = element.text
            else:  # the text after an element, a comment or a processing instruction
                if event == "end":
                    if tag not in INLINE_TAGS and tag not in UNSEEN_TAGS:
                        self._end_block(element, broken=tag == "br")
                    block, linked = around.pop()
                text = element.tail
            if text:
                self._add_text(text, linked)
        self._end_block(body)

    def _add_text(self, text: str, linked: bool) -> None:
        """Add a piece of text to the open block."""
        self._pieces.append(text)
        if linked:
            self._linked += len(text.strip())

    def _end_block(self, block: HtmlElement, broken: bool = False) -> None:
        """End the open block; `block` is the element that it stands in."""
        if not self._pieces:  # most elements contain no text themselves
            self._broken = self._broken or broken
            return
        text = " ".join("".join(self._pieces).split())
        if text:
            self.found.append(Block(text, min(self._linked, len(text)), block, self._broken))
            self._broken = False
        self._broken = broken or (self._broken and not text)
        self._pieces, self._linked = [], 0


def unfold_layout_tables(tree: HtmlElement) -> None:
    """Turn tables that only arrange the page, as on the old web, into plain boxes.

    A table is layout if it contains lists, headings, boxes or other tables, or more line breaks and
    paragraphs than cells. Tables with header cells are data.
    """
    for table in list(tree.iter("table")):
        if table.find(".//th") is not None:
            continue
        if _is_layout_table(table) or table.get("role") == "presentation":
            for part in _table_parts(table):
                part.tag = "div"


def remove_note_marks(tree: HtmlElement) -> None:
    """Remove the numbers that point to notes, which would stick to the words before them."""
    for mark in FIND_NOTE_LINKS(tree):
        number = mark.text_content().strip()
        if NOTE_NUMBER.fullmatch(number):
            around = mark.getparent()
            is_alone = around.tag == "sup" and around.text_content().strip() == number
            (around if is_alone else mark).drop_tree()


def _is_layout_table(table: HtmlElement) -> bool:
    """Return whether a table contains what data tables do not."""
    if any(
        next(table.iter(tag), None) is not table and table.find(f".//{tag}") is not None
        for tag in LAYOUT_TABLE_TAGS
    ):
        return True
    breaks = sum(1 for _ in table.iter("p", "br"))
    cells = sum(1 for _ in table.iter("td"))
    return breaks > 2 and breaks > cells


def _table_parts(table: HtmlElement) -> list[HtmlElement]:
    """The table and its rows and cells, without those of tables inside it."""
    parts, waiting = [table], list(table)
    while waiting:
        part = waiting.pop()
        if part.tag in TABLE_PART_TAGS and part.tag != "table":
            parts.append(part)
            if part.tag not in ("td", "th"):
                waiting.extend(part)
    return parts


FOLDED_WORD = re.compile(r"\w+")
INVISIBLE_BREAK_CHARS = re.compile("[\xad\u200b\u2060\ufeff]+")
"""Invisible characters that allow or forbid a line break inside a word."""


@lru_cache(maxsize=4096)  # a page's lines are compared again and again
def fold_text(text: str) -> str:
    """Return the letters and digits of a text in one case, its words separated by single blanks.

    Two printings of the same line fold to the same text, whatever their punctuation.
    """
    if not text.isascii():
        text = INVISIBLE_BREAK_CHARS.sub("", text)
    return " ".join(FOLDED_WORD.findall(text)).casefold()
