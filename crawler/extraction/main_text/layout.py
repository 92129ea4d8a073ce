"""Hints that a page's layout gives about the lines extracted from it, in any language.

The blocks of the page show where one paragraph ends and the next begins, which line is the
standfirst, and which lines do not belong to the article: offers and labels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice, pairwise

from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, fold_text

STANDFIRST_CLASS = re.compile(
    r"(?:^|[\s_-])(?:stand-?first|sub-?(?:title|head|headline|heading)|deck?|strapline|kicker|lead-?in|chapo|"
    r"sous-titre|bajada|entradilla|sommario|occhiello|ingress|vorspann|untertitel|podtytul|summary)(?:$|[\s_-])",
    re.I,
)
OFFER_FIELD_TAGS = ("button", "input")
OFFER_INPUT_TYPES = ("text", "email", "tel", "submit")
"""Types of `input` that make a box an offer: a field to type in, or a button."""
WHOLE_PAGE_TAGS = frozenset(("article", "main", "body", "html"))
MAX_OFFER_CHARS = 250
"""Characters of a line that may be an invitation to subscribe or to share."""
MAX_OFFER_BOX_CHARS = 360
"""Characters of the box around such a line."""
MAX_LABEL_CHARS = 40
MAX_BLOCKS_A_LINE = 40
"""Blocks that may make up one line, including dropped ones between them."""
BLOCK_KEY_CHARS = 3
"""Leading characters by which blocks are looked up."""


def split_lines_by_blocks(text: str, blocks: list[Block]) -> str:
    """Return an extracted text with the line breaks of the page.

    A line that several successive blocks make up becomes one line a block; the marks before the
    items of a list go.
    """
    indexes: dict[str, list[int]] = {}
    for index, block in enumerate(blocks):
        indexes.setdefault(block.text[:BLOCK_KEY_CHARS], []).append(index)
    shown = {block.text for block in blocks}
    lines: list[str] = []
    for line in text.split("\n"):
        lines += _split_line_by_blocks(line, blocks, indexes, shown)
    return "\n".join(lines)


def _split_line_by_blocks(
    line: str, blocks: list[Block], indexes: dict[str, list[int]], shown: set[str]
) -> list[str]:
    """Return the lines that the page makes of a line; the line itself if no blocks make it up.

    `indexes` holds the indexes of the blocks by their first `BLOCK_KEY_CHARS` characters, `shown`
    their texts.
    """
    bare = line.removeprefix("- ")
    if line in shown:
        return [line]
    if bare in shown:
        return [bare]
    if not bare:
        return [line]
    for letters in range(1, BLOCK_KEY_CHARS + 1):
        for index in indexes.get(bare[:letters], ()):
            parts = _blocks_of_line(bare, blocks[index : index + MAX_BLOCKS_A_LINE])
            if parts:
                return parts
    return [line]


def _blocks_of_line(line: str, blocks: list[Block]) -> list[str]:
    """Return the texts of the blocks that make up a line, beginning with the first of `blocks`.

    Empty if they do not make it up. An extractor may have dropped a block between two others and
    their break with it, so no space need be left.
    """
    rest = line
    parts: list[str] = []
    for block in blocks:
        if _starts_with_block(rest, block.text):
            parts.append(block.text)
            rest = rest[len(block.text) :].lstrip()
        elif not parts:
            break
        if not rest:
            return parts
    return []


def _starts_with_block(line: str, text: str) -> bool:
    """Return whether a line begins with the text of a block.

    A single letter that the rest of a word follows is a drop cap and not a block before it.
    """
    if not line.startswith(text):
        return False
    rest = line[len(text) :]
    if not rest or rest[0].isspace():
        return True
    return len(text) > 1 and not rest[0].islower() and not rest[0].isdigit()


def standfirst_line(
    near: list[Block], claimed: str | None, credited: Iterable[str | None]
) -> str | None:
    """Return the block beside the headline that repeats the page's description, as a standfirst.

    `near` are the blocks beside the headline, `claimed` is the description, `credited` are the
    lines of byline and date. A description is often the first paragraph of the text. It is a
    standfirst if the byline or date follows it, or if the class of its element says so.
    """
    wanted = fold_text(claimed or "")
    if not wanted:
        return None
    index = next(
        (index for index, block in enumerate(near) if fold_text(block.text) == wanted), None
    )
    if index is None:
        return None
    block, after = near[index], near[index + 1 : index + 4]
    credit_lines = {fold_text(line) for line in credited if line}
    precedes_credit = any(fold_text(other.text) in credit_lines for other in after)
    if precedes_credit or STANDFIRST_CLASS.search(block.element.get("class") or ""):
        return block.text
    return None


def find_offer_lines(blocks: list[Block], lines: Iterable[str]) -> frozenset[str]:
    """Return those of the lines, folded, that stand in a small box with a button or a field.

    Such a box is an offer, whatever its words are.
    """
    short = {line for line in lines if len(line) <= MAX_OFFER_CHARS}
    boxed = [(block.text, block.element.getparent()) for block in blocks if block.text in short]
    boxes = {box for _, box in boxed if box is not None}
    offer_boxes = {box for box in boxes if _is_in_offer_box(box)}
    return frozenset(fold_text(text) for text, box in boxed if box in offer_boxes)


def _is_in_offer_box(inner: HtmlElement) -> bool:
    """Return whether a box, or one of the two around it, is small and has a button or a field."""
    for box in (inner, *islice(inner.iterancestors(), 2)):
        if box.tag in WHOLE_PAGE_TAGS:
            return False
        if next(box.iter(*OFFER_FIELD_TAGS), None) is None:
            continue
        if len(box.text_content()) > MAX_OFFER_BOX_CHARS:
            return False
        if any(
            _is_offer_field(field) and _box_around_field(field) is box
            for field in box.iter(*OFFER_FIELD_TAGS)
        ):
            return box.find(".//h1") is None
    return False


def _box_around_field(field: HtmlElement) -> HtmlElement | None:
    """Return the innermost element that has words beside those of the field and its form."""
    form = next(field.iterancestors("form"), field)
    own_letters = len(fold_text(form.text_content()))
    for box in form.iterancestors():
        letters = len(fold_text(box.text_content()[:999]))
        if letters > own_letters + 1:
            return box
    return None


def _is_offer_field(field: HtmlElement) -> bool:
    """Return whether a field can be typed in, or a button has a label.

    A button that unfolds, likes or bookmarks something is part of an article.
    """
    if field.tag == "input":
        return (field.get("type") or "text").lower() in OFFER_INPUT_TYPES
    states = ("aria-expanded", "aria-pressed", "aria-controls")
    unfolds = any(name in field.attrib for name in states)
    return not unfolds and sum(map(str.isalpha, field.text_content())) > 1


def find_label_lines(blocks: list[Block], lines: Iterable[str]) -> frozenset[str]:
    """Return the short lines, folded, that only announce a link which is not among the lines.

    They end in a colon, as `Read more:` does, in any language.
    """
    kept = set(lines)
    found: set[str] = set()
    for block, after in pairwise(blocks):
        is_label = len(block.text) <= MAX_LABEL_CHARS and block.text.endswith((":", "："))
        is_link = after.linked * 10 >= len(after.text) * 9
        if is_label and is_link and after.text not in kept:
            found.add(fold_text(block.text))
    return frozenset(found)
