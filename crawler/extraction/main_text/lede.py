"""The lede that a page sets in its header, between headline and text, as the article's standfirst.

Where a page's description repeats the lede, `crawler.extraction.main_text.layout.standfirst_line`
has found it. This module finds ledes that nothing else in the page's data gives.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, folded
from crawler.extraction.main_text.layout import STANDFIRST_CLASS
from crawler.extraction.main_text.line_features import UNSEEN, names_of_element
from crawler.extraction.main_text.stray_paragraphs import NO_PARAGRAPHS, SENTENCE_ENDS, is_prose

LEAST, PROSE = 40, 80
"""Letters of a lede whose box is named like one; of one that only its place under the headline,
in the headline's box or in a header, shows to be a lede."""
MOST = 900
"""Characters of a lede."""
NEAREST = 12
"""Blocks that may stand between a lede and the text: a byline, a date, a caption."""
AROUND = 3
"""Elements from a block outwards whose names count."""
NOT_LEDES = frozenset(
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
"""Names of boxes (`crawler.extraction.main_text.line_features.NAMES`) without a lede."""
TELLING = NO_PARAGRAPHS - {"h1", "h2", "h3", "h4", "header"}
"""Elements that hold no lede; it may be set as a heading."""


def lede(
    blocks: Sequence[Block], headline: str | None, text: Collection[str], described: bool
) -> str | None:
    """Return the lede between a page's headline and its text, or None.

    `text` holds the folded lines of the text. On a page that has a description (`described`), only
    a block whose box is named like a lede is one.
    """
    wanted = folded(headline or "")
    if not wanted:
        return None
    first = _index_of_first_line(blocks, text)
    headline_indexes = [
        index for index, block in enumerate(blocks[:first]) if folded(block.text) == wanted
    ]
    if not headline_indexes:
        return None
    headline_index = headline_indexes[-1]
    headline_box = blocks[headline_index].element.getparent()
    for block in blocks[max(headline_index + 1, first - NEAREST) : first]:
        if _is_lede(block, headline_box, text, described):
            return block.text
    return None


def _index_of_first_line(blocks: Sequence[Block], text: Collection[str]) -> int:
    """Return the index of the first long block of the text; 0 if the page has none."""
    for index, block in enumerate(blocks):
        if folded(block.text) in text and is_prose(block, PROSE):
            return index
    return 0


def _is_lede(
    block: Block, headline_box: HtmlElement | None, text: Collection[str], described: bool
) -> bool:
    if not is_prose(block, LEAST) or len(block.text) > MOST:
        return False
    if folded(block.text) in text or "©" in block.text:
        return False
    element, *ancestors = islice((block.element, *block.element.iterancestors()), AROUND)
    nearest = [element, *ancestors[:1]]
    if any(map(_is_otherwise, nearest)):
        return False
    if any(STANDFIRST_CLASS.search(each.get("class") or "") for each in nearest):
        return True
    if described:
        return False
    stands_in_header = any(
        each.tag in ("header", "hgroup") or each is headline_box for each in ancestors
    )
    is_placed_like_lede = stands_in_header or "standfirst" in names_of_element(element)
    return is_placed_like_lede and is_prose(block, PROSE) and block.text.endswith(SENTENCE_ENDS)


def _is_otherwise(element: HtmlElement) -> bool:
    """Return whether an element is hidden, or its tag or name is that of something else."""
    if UNSEEN.search(element.get("style") or "") or element.tag in TELLING:
        return True
    return bool(names_of_element(element) & NOT_LEDES)
