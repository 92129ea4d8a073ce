"""Paragraphs that stand among an article's others in an element of another kind: a `div` or a
`section` among `p`.

trafilatura passes them over, and no weight speaks for what is alike no other paragraph. A reader
sees no difference: what stands between two paragraphs of one container, is prose and is called
nothing else is a paragraph as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import islice, takewhile
from unicodedata import category

from lxml.html import HtmlElement

from crawler.extraction.blocks import Block, folded
from crawler.extraction.main_text.line_features import SAID_IN, UNSEEN, names_of
from crawler.extraction.main_text.line_rules import DENSE, READ_MORE, claims_rights

LEAST, LONG = 24, 200
"""Letters: a stray paragraph has no fewer; one that has more need not end as a sentence. A
character of a dense script counts for two and a half."""
PROSE = 40
"""Letters of a line that marks its container as the text's."""
DEEPEST = 3
"""Elements between a stray paragraph and the container that it shares with the text."""
NEAREST, FARTHEST = 2, 6
"""Blocks from the nearest line of the text, for a paragraph before or behind all of them; for a
reference."""
DOUBT = -3.0
"""The weight of a block that the signs speak so much against that its place does not count."""
MOST_LINKED = 0.3
WORDS = 0.85
"""The share of a paragraph's characters that are letters, digits, signs of vowels and spaces."""
SENTENCE_ENDS = tuple('.!?:”。！？：…"»«›’)）」』।؟։።။៕')
NO_PARAGRAPHS_TEXT = """
figure figcaption aside footer nav form table td th ul ol li dl dt details summary h1 h2 h3 h4 h5 h6 caption label
header noembed dialog
"""
NO_PARAGRAPHS = frozenset(NO_PARAGRAPHS_TEXT.split())
"""Elements that tell what they hold apart from paragraphs."""
OTHERWISE_TEXT = """
comment navigation foot side related teaser share advertisement subscription author tags picture overlay hidden credit
"""
OTHERWISE = frozenset(OTHERWISE_TEXT.split())
"""What a box may be called (`line_signs.NAMES`) that holds no paragraph of the text."""
BLANKLESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{2}")
"""Thai, Lao, Burmese and Khmer set no blanks between words."""
LONGEST_WORDS = 14
"""Characters of a word, on the average of a text that sets blanks between words."""
OFFER = re.compile(
    r"newsletter|\bsubscri(?:be|ption)|\babonnier|\babonnez|suscr[ií]b|\biscriviti|\bassine\b|inscreva-se|подпи(?:шитесь|"
    r"сывайтесь)|підпи(?:шіться|суйтесь)|zapisz się|abone ol",
    re.I,
)
"""Of a short line that offers to be read again."""
BOXED = re.compile("box|note|callout|panel|notice|disclaim", re.I)
"""Classes of what stands below a text and is a paragraph, yet none of it."""
CITATION = re.compile(r"\bdoi:?\s*10\.\d{4}|\bdoi\.org/10\.\d{4}", re.I)
"""A reference to the paper that the article tells of: it is the article's, whatever its box is
called."""


def strays(
    blocks: Sequence[Block], text: Collection[str], weights: Mapping[int, float]
) -> list[Block]:
    """The blocks among a text's paragraphs that are paragraphs too, though nobody took them.

    `text` has the text's lines, folded; `weights` those of the blocks that may be taken, by their
    place on the page.
    """
    places = [
        at
        for at, block in enumerate(blocks)
        if folded(block.text) in text and is_prose(block, PROSE)
    ]
    containers = _containers(blocks, places)
    among: dict[int, list[HtmlElement]] = {}
    for at, weight in weights.items():
        if weight > DOUBT and folded(blocks[at].text) not in text and _is_paragraph(blocks[at]):
            way = _way(at, blocks[at], containers)
            if way is not None and (
                not any(map(_is_otherwise, way)) or CITATION.search(blocks[at].text)
            ):
                among[at] = way
    many = Counter(folded(blocks[at].text) for at in among)
    among = {at: way for at, way in among.items() if many[folded(blocks[at].text)] == 1}
    taken = (
        [at in among or folded(block.text) in text for at, block in enumerate(blocks)]
        if among
        else []
    )
    return [blocks[at] for at, way in sorted(among.items()) if _is_whole(blocks, at, way, taken)]


def is_prose(block: Block, least: int) -> bool:
    """Whether a block has so many letters, and few of them in links."""
    return _size(block.text) >= least and block.linked < MOST_LINKED * len(block.text)


def _size(text: str) -> int:
    dense = not text.isascii() and DENSE.search(text) is not None
    return len(text) * 5 // 2 if dense else len(text)


def _containers(blocks: Sequence[Block], places: Sequence[int]) -> dict[HtmlElement, list[int]]:
    """By element, the places of the text's lines that stand in it: as its own words, or in a child
    of it."""
    held: defaultdict[HtmlElement, list[int]] = defaultdict(list)
    for at in places:
        element = blocks[at].element
        around = element.getparent()
        if element.tag != "p":
            held[element].append(at)
        if around is not None:
            held[around].append(at)
    return held


def _is_paragraph(block: Block) -> bool:
    """Whether a block reads as a paragraph."""
    text = block.text
    if CITATION.search(text) and len(text) >= PROSE:
        return True
    if not is_prose(block, LEAST) or READ_MORE.match(text) or claims_rights(text) or "©" in text:
        return False
    if (text[0] in "([（" and text[-1] in ")]）") or not _is_of_words(text):
        return False
    if len(text) < LONG and OFFER.search(text):
        return False
    return text.endswith(SENTENCE_ENDS) or _size(text) >= LONG


def _is_of_words(text: str) -> bool:
    """Whether a text is of words: not of signs, nor a single run of letters, as scrambled texts
    are."""
    written = sum(sign.isalnum() or sign.isspace() or category(sign)[0] == "M" for sign in text)
    spaced = (
        DENSE.search(text)
        or BLANKLESS.search(text)
        or len(text) <= LONGEST_WORDS * len(text.split())
    )
    return bool(spaced) and written >= WORDS * len(text)


def _way(
    at: int, block: Block, containers: Mapping[HtmlElement, list[int]]
) -> list[HtmlElement] | None:
    """The elements from a block outwards to a container in which it stands among the text's lines;
    None without one."""
    way: list[HtmlElement] = []
    for element in islice((block.element, *block.element.iterancestors()), DEEPEST + 1):
        if element in containers and _is_beside(at, block, containers[element]):
            return way
        way.append(element)
    return None


def _is_beside(at: int, block: Block, lines: list[int]) -> bool:
    """Whether a block stands between two lines of a container, or right beside several on one
    side."""
    before = bisect_left(lines, at)
    if 0 < before < len(lines):
        return True
    cites = CITATION.search(block.text) is not None
    if (
        len(lines) < (2 if before == 0 else 3)
        or _size(block.text) < 2 * LEAST
        or block.text.endswith((":", "："))
    ):
        return False
    if before and not cites and BOXED.search(block.element.get("class") or ""):
        return False
    return (lines[0] - at if before == 0 else at - lines[-1]) <= (FARTHEST if cites else NEAREST)


def _is_otherwise(element: HtmlElement) -> bool:
    """Whether an element is called, or is by its kind, something else than a paragraph."""
    if element.tag in NO_PARAGRAPHS or UNSEEN.search(element.get("style") or ""):
        return True
    return bool(_names(element) & OTHERWISE)


def _names(element: HtmlElement) -> frozenset[str]:
    return names_of(" ".join(element.get(name) or "" for name in SAID_IN))


def _is_whole(
    blocks: Sequence[Block], at: int, way: Sequence[HtmlElement], taken: Sequence[bool]
) -> bool:
    """Whether the box that stands among the paragraphs holds next to nothing but paragraphs: no
    title, no link."""
    if not way or CITATION.search(blocks[at].text):
        return True
    behind = takewhile(lambda place: _is_in(blocks[place], way[-1]), range(at, len(blocks)))
    before = takewhile(lambda place: _is_in(blocks[place], way[-1]), range(at - 1, -1, -1))
    letters = [(len(blocks[place].text), taken[place]) for place in (*before, *behind)]
    return sum(many for many, own in letters if own) * 5 >= 4 * sum(many for many, _ in letters)


def _is_in(block: Block, box: HtmlElement) -> bool:
    return box is block.element or any(box is around for around in block.element.iterancestors())
