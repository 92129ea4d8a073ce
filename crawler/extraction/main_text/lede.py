"""The lede that a page sets in its header, between headline and text: it is the article's
standfirst.

Where a page's description repeats it, `surroundings.standfirst_line` knows it already; this reads
it where nothing else in the page's data does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice

from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, folded
from crawler.extraction.main_text.layout import STANDFIRST_CLASS
from crawler.extraction.main_text.line_features import SAID_IN, UNSEEN, names_of
from crawler.extraction.main_text.stray_paragraphs import NO_PARAGRAPHS, SENTENCE_ENDS, is_prose

LEAST, PROSE = 40, 80
"""Letters of a lede that its box calls one; of one that only stands under the headline, in its box
or a header."""
MOST = 900
NEAREST = 12
"""Blocks between a lede and the text: a byline, a date, a caption."""
AROUND = 3
"""Elements from a block outwards that may say what it is."""
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
TELLING = NO_PARAGRAPHS - {"h1", "h2", "h3", "h4", "header"}
"""Elements that hold no lede; it may be set as a heading."""


def lede(
    blocks: Sequence[Block], headline: str | None, text: Collection[str], described: bool
) -> str | None:
    """The lede between a page's headline and its text, whose lines are given folded; None if there
    is none.

    Of a page that has a description too, only what its box calls a lede is one.
    """
    wanted = folded(headline or "")
    first = next(
        (
            at
            for at, block in enumerate(blocks)
            if folded(block.text) in text and is_prose(block, PROSE)
        ),
        0,
    )
    heads = [
        at for at, block in enumerate(blocks[:first]) if wanted and folded(block.text) == wanted
    ]
    if not heads:
        return None
    between = range(max(heads[-1] + 1, first - NEAREST), first)
    box = blocks[heads[-1]].element.getparent()
    found = (blocks[at].text for at in between if _is_lede(blocks[at], box, text, described))
    return next(found, None)


def _is_lede(block: Block, box: HtmlElement | None, text: Collection[str], described: bool) -> bool:
    around = list(islice((block.element, *block.element.iterancestors()), AROUND))
    if (
        not is_prose(block, LEAST)
        or len(block.text) > MOST
        or folded(block.text) in text
        or "©" in block.text
    ):
        return False
    if any(map(_is_otherwise, around[:2])) or around[0].tag in TELLING:
        return False
    if any(STANDFIRST_CLASS.search(element.get("class") or "") for element in around[:2]):
        return True
    if described:
        return False
    shares = any(element.tag in ("header", "hgroup") or element is box for element in around[1:])
    called = "standfirst" in _names(around[0]) or shares
    return called and is_prose(block, PROSE) and block.text.endswith(SENTENCE_ENDS)


def _is_otherwise(element: HtmlElement) -> bool:
    hidden = UNSEEN.search(element.get("style") or "") is not None
    return hidden or element.tag in TELLING or bool(_names(element) & NOT_LEDES)


def _names(element: HtmlElement) -> frozenset[str]:
    return names_of(" ".join(element.get(name) or "" for name in SAID_IN))
