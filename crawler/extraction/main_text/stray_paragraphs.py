"""Paragraphs among an article's others whose element is of another kind: a `div` among `p`.

trafilatura skips them, and the classifier has no weight in favour of a block that is marked up
unlike all paragraphs. A person who reads the page sees no difference. So prose between two
paragraphs of one container is a paragraph too, unless the name of a box says otherwise.
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
from crawler.extraction.main_text.line_features import (
    UNSEEN,
    is_dense_text,
    names_of_element,
    size_in_letters,
)
from crawler.extraction.main_text.line_rules import DENSE, READ_MORE, claims_rights

LEAST, LONG = 24, 200
"""The least letters of a stray paragraph, and those from which it need not end as a sentence. A
character of a dense script counts for two and a half."""
PROSE = 40
"""Letters of a line of the text that make its container one of the text."""
DEEPEST = 3
"""Elements that may stand between a stray paragraph and the container shared with the text."""
NEAREST, FARTHEST = 2, 6
"""Blocks from the nearest line of the text, for a paragraph before or behind all lines; the same
for a paragraph with a citation."""
DOUBT = -3.0
"""The weight (log-odds) at or below which a block is not added, whatever its place."""
MOST_LINKED = 0.3
"""The share of a paragraph's letters that may be in links."""
WORDS = 0.85
"""The least share of a paragraph's characters that are letters, digits, vowel signs and spaces."""
SENTENCE_ENDS = tuple('.!?:”。！？：…"»«›’)）」』।؟։።။៕')
NO_PARAGRAPHS_TEXT = """
figure figcaption aside footer nav form table td th ul ol li dl dt details summary h1 h2 h3 h4 h5 h6 caption label
header noembed dialog
"""
NO_PARAGRAPHS = frozenset(NO_PARAGRAPHS_TEXT.split())
"""Elements whose tags set their content apart from paragraphs."""
OTHERWISE_TEXT = """
comment navigation foot side related teaser share advertisement subscription author tags picture overlay hidden credit
"""
OTHERWISE = frozenset(OTHERWISE_TEXT.split())
"""Names of boxes (`crawler.extraction.main_text.line_features.NAMES`) without paragraphs."""
BLANKLESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{2}")
"""Two characters of Thai, Lao, Burmese or Khmer, which set no blanks between words."""
LONGEST_WORDS = 14
"""The largest mean length of words in a text that sets blanks between words, in characters."""
OFFER = re.compile(
    r"newsletter|\bsubscri(?:be|ption)|\babonnier|\babonnez|suscr[ií]b|\biscriviti|\bassine\b|inscreva-se|подпи(?:шитесь|"
    r"сывайтесь)|підпи(?:шіться|суйтесь)|zapisz się|abone ol",
    re.I,
)
"""Words of a short line that offers a subscription."""
BOXED = re.compile("box|note|callout|panel|notice|disclaim", re.I)
"""Classes of boxes below a text with paragraphs that are not part of it."""
CITATION = re.compile(r"\bdoi:?\s*10\.\d{4}|\bdoi\.org/10\.\d{4}", re.I)
"""A reference to the paper that an article is about: part of the article, whatever the box's name
is."""


def strays(
    blocks: Sequence[Block], text: Collection[str], weights: Mapping[int, float]
) -> list[Block]:
    """Return the blocks among a text's paragraphs that are paragraphs, too, though not yet taken.

    `text` holds the folded lines of the text, `weights` the weights of the blocks that may be
    added, by their index on the page.
    """
    candidates = _candidate_paths(blocks, text, weights)
    if not candidates:
        return []
    taken = [
        index in candidates or folded(block.text) in text for index, block in enumerate(blocks)
    ]
    return [
        blocks[index]
        for index, path in sorted(candidates.items())
        if _is_whole(blocks, index, path, taken)
    ]


def _candidate_paths(
    blocks: Sequence[Block], text: Collection[str], weights: Mapping[int, float]
) -> dict[int, list[HtmlElement]]:
    """Return the paths from candidates to the container of the text, by index on the page.

    Texts that several blocks repeat are left out.
    """
    containers = _containers(blocks, text)
    paths: dict[int, list[HtmlElement]] = {}
    for index, weight in weights.items():
        block = blocks[index]
        if weight <= DOUBT or folded(block.text) in text or not _is_paragraph(block):
            continue
        path = _way(index, block, containers)
        if path is None:
            continue
        if CITATION.search(block.text) or not any(map(_is_otherwise, path)):
            paths[index] = path
    counts = Counter(folded(blocks[index].text) for index in paths)
    return {index: path for index, path in paths.items() if counts[folded(blocks[index].text)] == 1}


def is_prose(block: Block, least: int) -> bool:
    """Return whether a block has at least this many letters, and few of them in links."""
    return _letters_in_text(block.text) >= least and block.linked < MOST_LINKED * len(block.text)


def _letters_in_text(text: str) -> int:
    return size_in_letters(text, is_dense_text(text))


def _containers(blocks: Sequence[Block], text: Collection[str]) -> dict[HtmlElement, list[int]]:
    """Return the indexes of the text's lines by container: their element or its parent."""
    held: defaultdict[HtmlElement, list[int]] = defaultdict(list)
    for index, block in enumerate(blocks):
        if folded(block.text) not in text or not is_prose(block, PROSE):
            continue
        element = block.element
        parent = element.getparent()
        if element.tag != "p":
            held[element].append(index)
        if parent is not None:
            held[parent].append(index)
    return held


def _is_paragraph(block: Block) -> bool:
    """Return whether a block reads as a paragraph."""
    text = block.text
    if CITATION.search(text) and len(text) >= PROSE:
        return True
    if not is_prose(block, LEAST) or READ_MORE.match(text) or claims_rights(text) or "©" in text:
        return False
    is_in_brackets = text[0] in "([（" and text[-1] in ")]）"
    if is_in_brackets or not _is_of_words(text):
        return False
    if len(text) < LONG and OFFER.search(text):
        return False
    return text.endswith(SENTENCE_ENDS) or _letters_in_text(text) >= LONG


def _is_of_words(text: str) -> bool:
    """Return whether a text consists of words, not of symbols or one run of letters.

    Scrambled texts are such runs.
    """
    word_characters = sum(map(_is_word_character, text))
    if word_characters < WORDS * len(text):
        return False
    if DENSE.search(text) or BLANKLESS.search(text):
        return True
    return len(text) <= LONGEST_WORDS * len(text.split())


def _is_word_character(character: str) -> bool:
    return character.isalnum() or character.isspace() or category(character)[0] == "M"


def _way(
    index: int, block: Block, containers: Mapping[HtmlElement, list[int]]
) -> list[HtmlElement] | None:
    """Return the elements from a block outwards to a container where it stands among the lines.

    None without such a container within `DEEPEST` elements.
    """
    path: list[HtmlElement] = []
    for element in islice((block.element, *block.element.iterancestors()), DEEPEST + 1):
        if element in containers and _is_beside(index, block, containers[element]):
            return path
        path.append(element)
    return None


def _is_beside(index: int, block: Block, lines: list[int]) -> bool:
    """Return whether a block stands between two lines of a container, or right beside several."""
    lines_before = bisect_left(lines, index)
    if 0 < lines_before < len(lines):
        return True
    is_above = lines_before == 0
    if len(lines) < (2 if is_above else 3):
        return False
    if _letters_in_text(block.text) < 2 * LEAST or block.text.endswith((":", "：")):
        return False
    has_citation = CITATION.search(block.text) is not None
    if not is_above and not has_citation and BOXED.search(block.element.get("class") or ""):
        return False
    distance = lines[0] - index if is_above else index - lines[-1]
    return distance <= (FARTHEST if has_citation else NEAREST)


def _is_otherwise(element: HtmlElement) -> bool:
    """Return whether the tag, the name or the style of an element excludes a paragraph."""
    if element.tag in NO_PARAGRAPHS or UNSEEN.search(element.get("style") or ""):
        return True
    return bool(names_of_element(element) & OTHERWISE)


def _is_whole(
    blocks: Sequence[Block], index: int, path: Sequence[HtmlElement], taken: Sequence[bool]
) -> bool:
    """Return whether the outermost box of a path holds hardly anything but taken paragraphs."""
    if not path or CITATION.search(blocks[index].text):
        return True
    box = path[-1]
    behind = takewhile(lambda place: _is_in(blocks[place], box), range(index, len(blocks)))
    before = takewhile(lambda place: _is_in(blocks[place], box), range(index - 1, -1, -1))
    within = [*before, *behind]
    letters = sum(len(blocks[place].text) for place in within)
    taken_letters = sum(len(blocks[place].text) for place in within if taken[place])
    return taken_letters * 5 >= letters * 4


def _is_in(block: Block, box: HtmlElement) -> bool:
    """Return whether a block is a box, or stands in it."""
    return box is block.element or any(box is each for each in block.element.iterancestors())
