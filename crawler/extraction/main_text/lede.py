"""The lede that a page sets in its header, between headline and text, as the article's standfirst.

Where a page's description repeats the lede, `crawler.extraction.main_text.layout.standfirst_line`
has found it. This module finds ledes that nothing else in the page's data gives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.main_text.layout import STANDFIRST_CLASS
from crawler.extraction.main_text.line_features import DISPLAY_NONE_STYLE, names_of_element
from crawler.extraction.main_text.stray_paragraphs import (
    NON_PARAGRAPH_TAGS,
    PARAGRAPH_ENDS,
    has_unlinked_letters,
)

MIN_NAMED_LEDE_LETTERS, MIN_PLAIN_LEDE_LETTERS = 40, 80
"""Letters of a lede whose box is named like one; of one that only its place under the headline,
in the headline's box or in a header, shows to be a lede."""
MAX_LEDE_CHARS = 900
"""Characters of a lede."""
MAX_BLOCKS_TO_LEDE = 12
"""Blocks that may stand between a lede and the text: a byline, a date, a caption."""
MAX_LEDE_ANCESTORS = 3
"""Elements from a block outwards whose names count."""
NON_LEDE_NAMES = frozenset(
    (
        "comment",
        "foot",
        "share",
        "advertisement",
        "subscription",
        "author",
        "picture",
        "overlay",
        "hidden",
        "credit",
    )
)
"""Names of boxes (`crawler.extraction.main_text.line_features.BOX_NAME_PATTERNS`) without a
lede."""
NON_LEDE_TAGS = NON_PARAGRAPH_TAGS - {"h1", "h2", "h3", "h4", "header"}
"""Elements that hold no lede; it may be set as a heading."""


def find_lede(
    blocks: Sequence[Block], headline: str | None, text: Collection[str], described: bool
) -> str | None:
    """Return the lede between a page's headline and its text, or None.

    `text` holds the folded lines of the text. On a page that has a description (`described`), only
    a block whose box is named like a lede is one.
    """
    wanted = fold_text(headline or "")
    if not wanted:
        return None
    first = _index_of_first_line(blocks, text)
    headline_indexes = [
        index for index, block in enumerate(blocks[:first]) if fold_text(block.text) == wanted
    ]
    if not headline_indexes:
        return None
    headline_index = headline_indexes[-1]
    headline_box = blocks[headline_index].element.getparent()
    for block in blocks[max(headline_index + 1, first - MAX_BLOCKS_TO_LEDE) : first]:
        if _is_lede(block, headline_box, text, described):
            return block.text
    return None


def _index_of_first_line(blocks: Sequence[Block], text: Collection[str]) -> int:
    """Return the index of the first long block of the text; 0 if the page has none."""
    for index, block in enumerate(blocks):
        if fold_text(block.text) in text and has_unlinked_letters(block, MIN_PLAIN_LEDE_LETTERS):
            return index
    return 0


def _is_lede(
    block: Block, headline_box: HtmlElement | None, text: Collection[str], described: bool
) -> bool:
    if not has_unlinked_letters(block, MIN_NAMED_LEDE_LETTERS) or len(block.text) > MAX_LEDE_CHARS:
        return False
    if fold_text(block.text) in text or "©" in block.text:
        return False
    element, *ancestors = islice(
        (block.element, *block.element.iterancestors()), MAX_LEDE_ANCESTORS
    )
    nearest = [element, *ancestors[:1]]
    if any(map(_rules_out_lede, nearest)):
        return False
    if any(STANDFIRST_CLASS.search(each.get("class") or "") for each in nearest):
        return True
    if described:
        return False
    stands_in_header = any(
        each.tag in ("header", "hgroup") or each is headline_box for each in ancestors
    )
    is_placed_like_lede = stands_in_header or "standfirst" in names_of_element(element)
    return (
        is_placed_like_lede
        and has_unlinked_letters(block, MIN_PLAIN_LEDE_LETTERS)
        and block.text.endswith(PARAGRAPH_ENDS)
    )


def _rules_out_lede(element: HtmlElement) -> bool:
    """Return whether an element is hidden, or its tag or name is that of something else."""
    if DISPLAY_NONE_STYLE.search(element.get("style") or "") or element.tag in NON_LEDE_TAGS:
        return True
    return bool(names_of_element(element) & NON_LEDE_NAMES)
