"""Short lines of a series that is part of the text: questions and answers, entries of a live report.

The classifier leaves out a heading of two words, or an answer of one. If the other
headings or answers with the same mark-up are in the text, these belong to it as well.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.main_text.line_features import SUBHEADING_TAGS, names_of_element
from crawler.extraction.main_text.line_rules import BUTTON_LINE, READ_MORE_OPENING, claims_rights
from crawler.extraction.main_text.stray_paragraphs import NON_PARAGRAPH_NAMES, SUBSCRIPTION_OFFER

ENTRY_TAGS = frozenset(("dt", "dd"))
"""Elements that are a series within one parent."""
SERIES_TAGS = SUBHEADING_TAGS | ENTRY_TAGS | {"summary"}
"""Elements that are a series where others with the same mark-up are in the text."""
QUESTION_NAME = re.compile(
    r"faq|question|answer|\bq-?a\b|interview|frage|antwort|pregunta|respuesta|pergunta|domanda|risposta",
    re.I,
)
"""Classes and properties of questions and answers."""
NAMES_WITHOUT_SERIES = NON_PARAGRAPH_NAMES | {"quote"}
"""Names of boxes whose lines complete no series."""
MIN_SERIES_LINES, MIN_SHARE_OF_SERIES = 2, 0.5
"""Lines of a series in the text, and their share of the series, from which the rest is added."""
MAX_BLOCKS_BELOW_TEXT = 6
"""Blocks from the last line of the text to a further line of a series."""


def find_series_lines(blocks: Sequence[Block], inside: Sequence[int]) -> list[int]:
    """Return the indexes of the blocks that complete a series of which the text has other lines.

    `inside` are the indexes of the blocks that are in the text, in their order.
    """
    if len(inside) < MIN_SERIES_LINES:
        return []
    first, last = inside[0], inside[-1]
    series: defaultdict[object, list[int]] = defaultdict(list)
    for index in range(first, min(len(blocks), last + 1 + MAX_BLOCKS_BELOW_TEXT)):
        for key in _series_of_block(blocks[index]):
            series[key].append(index)
    kept = set(inside)
    found = {
        index
        for key, row in series.items()
        if _is_series_of_text(key, row, kept)
        for index in row
        if index not in kept and _may_complete_series(blocks[index])
    }
    return sorted(found)


def _series_of_block(block: Block) -> Iterator[object]:
    """The keys of the series that a block may be one of."""
    element, around = block.element, block.element.getparent()
    if around is None:
        return
    if element.tag in ENTRY_TAGS:
        yield around
    names = [f"{each.get('class')} {each.get('itemprop')}" for each in (element, around)]
    if any(map(QUESTION_NAME.search, names)):
        yield "question", element.tag, names[0], names[1]
    elif element.tag in SERIES_TAGS - ENTRY_TAGS:
        yield element.tag, names[0], around.tag, names[1]


def _is_series_of_text(key: object, row: list[int], kept: Collection[int]) -> bool:
    """Return whether enough blocks of a series are in the text for the others to be, too."""
    many = sum(index in kept for index in row)
    if isinstance(key, tuple) and key[0] == "question":
        return len(row) >= MIN_SERIES_LINES
    return many >= MIN_SERIES_LINES and many >= MIN_SHARE_OF_SERIES * len(row)


def _may_complete_series(block: Block) -> bool:
    """Return whether a block has words, and is neither a link nor an offer."""
    folded, element = fold_text(block.text), block.element
    around = element.getparent()
    boxes = (element, around) if around is not None else (element,)
    if block.linked or any(names_of_element(box) & NAMES_WITHOUT_SERIES for box in boxes):
        return False
    if not any(map(str.isalpha, folded)) or claims_rights(block.text):
        return False
    patterns = (BUTTON_LINE, READ_MORE_OPENING)
    return not any(each.match(block.text) for each in patterns) and not SUBSCRIPTION_OFFER.search(
        block.text
    )
