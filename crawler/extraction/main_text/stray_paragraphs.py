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

from archive.text.unspaced import SOUTHEAST_ASIAN_RANGES
from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.main_text.line_features import (
    DISPLAY_NONE_STYLE,
    is_dense_text,
    names_of_element,
    size_in_letters,
)
from crawler.extraction.main_text.line_rules import DENSE_SCRIPT, READ_MORE_OPENING, claims_rights

MIN_STRAY_LETTERS, LONG_STRAY_LETTERS = 24, 200
"""The least letters of a stray paragraph, and those from which it need not end as a sentence. A
character of a dense script counts for two and a half."""
MIN_TEXT_LINE_LETTERS = 40
"""Letters of a line of the text that make its container one of the text."""
MAX_STRAY_DEPTH = 3
"""Elements that may stand between a stray paragraph and the container shared with the text."""
MAX_STRAY_BLOCKS_AWAY, MAX_CITATION_BLOCKS_AWAY = 2, 6
"""Blocks from the nearest line of the text, for a paragraph before or behind all lines; the same
for a paragraph with a citation."""
MIN_STRAY_WEIGHT = -3.0
"""The weight (log-odds) at or below which a block is not added, whatever its place."""
MAX_STRAY_LINKED_SHARE = 0.3
"""The share of a paragraph's letters that may be in links."""
MIN_WORD_CHAR_SHARE = 0.85
"""The least share of a paragraph's characters that are letters, digits, vowel signs and spaces."""
PARAGRAPH_ENDS = tuple('.!?:”。！？：…"»«›’)）」』।؟։።။៕')
NON_PARAGRAPH_TAGS_TEXT = """
figure figcaption aside footer nav form table td th ul ol li dl dt details summary h1 h2 h3 h4 h5 h6 caption label
header noembed dialog
"""
NON_PARAGRAPH_TAGS = frozenset(NON_PARAGRAPH_TAGS_TEXT.split())
"""Elements whose tags set their content apart from paragraphs."""
NON_PARAGRAPH_NAMES_TEXT = """
comment navigation foot side related teaser share advertisement subscription author tags picture overlay hidden credit
"""
NON_PARAGRAPH_NAMES = frozenset(NON_PARAGRAPH_NAMES_TEXT.split())
"""Names of boxes (`crawler.extraction.main_text.line_features.BOX_NAME_PATTERNS`) without
paragraphs."""
BLANKLESS_SCRIPT = re.compile(f"[{SOUTHEAST_ASIAN_RANGES}]{{2}}")
"""Two characters of Thai, Lao, Burmese or Khmer, which set no blanks between words."""
MAX_MEAN_WORD_CHARS = 14
"""The largest mean length of words in a text that sets blanks between words, in characters."""
SUBSCRIPTION_OFFER = re.compile(
    r"newsletter|\bsubscri(?:be|ption)|\babonnier|\babonnez|suscr[ií]b|\biscriviti|\bassine\b|inscreva-se|подпи(?:шитесь|"
    r"сывайтесь)|підпи(?:шіться|суйтесь)|zapisz się|abone ol",
    re.I,
)
"""Words of a short line that offers a subscription."""
NOTE_BOX_CLASS = re.compile("box|note|callout|panel|notice|disclaim", re.I)
"""Classes of boxes below a text with paragraphs that are not part of it."""
DOI_CITATION = re.compile(r"\bdoi:?\s*10\.\d{4}|\bdoi\.org/10\.\d{4}", re.I)
"""A reference to the paper that an article is about: part of the article, whatever the box's name
is."""


def find_stray_paragraphs(
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
        index in candidates or fold_text(block.text) in text for index, block in enumerate(blocks)
    ]
    return [
        blocks[index]
        for index, path in sorted(candidates.items())
        if _is_box_of_paragraphs(blocks, index, path, taken)
    ]


def _candidate_paths(
    blocks: Sequence[Block], text: Collection[str], weights: Mapping[int, float]
) -> dict[int, list[HtmlElement]]:
    """Return the paths from candidates to the container of the text, by index on the page.

    Texts that several blocks repeat are left out.
    """
    containers = _lines_by_container(blocks, text)
    paths: dict[int, list[HtmlElement]] = {}
    for index, weight in weights.items():
        block = blocks[index]
        if (
            weight <= MIN_STRAY_WEIGHT
            or fold_text(block.text) in text
            or not _reads_as_paragraph(block)
        ):
            continue
        path = _path_to_container(index, block, containers)
        if path is None:
            continue
        if DOI_CITATION.search(block.text) or not any(map(_rules_out_paragraph, path)):
            paths[index] = path
    counts = Counter(fold_text(blocks[index].text) for index in paths)
    return {
        index: path for index, path in paths.items() if counts[fold_text(blocks[index].text)] == 1
    }


def has_unlinked_letters(block: Block, least: int) -> bool:
    """Return whether a block has at least this many letters, and few of them in links."""
    return _letters_in_text(block.text) >= least and block.linked < MAX_STRAY_LINKED_SHARE * len(
        block.text
    )


def _letters_in_text(text: str) -> int:
    return size_in_letters(text, is_dense_text(text))


def _lines_by_container(
    blocks: Sequence[Block], text: Collection[str]
) -> dict[HtmlElement, list[int]]:
    """Return the indexes of the text's lines by container: their element or its parent."""
    held: defaultdict[HtmlElement, list[int]] = defaultdict(list)
    for index, block in enumerate(blocks):
        if fold_text(block.text) not in text or not has_unlinked_letters(
            block, MIN_TEXT_LINE_LETTERS
        ):
            continue
        element = block.element
        parent = element.getparent()
        if element.tag != "p":
            held[element].append(index)
        if parent is not None:
            held[parent].append(index)
    return held


def _reads_as_paragraph(block: Block) -> bool:
    """Return whether a block reads as a paragraph."""
    text = block.text
    if DOI_CITATION.search(text) and len(text) >= MIN_TEXT_LINE_LETTERS:
        return True
    if (
        not has_unlinked_letters(block, MIN_STRAY_LETTERS)
        or READ_MORE_OPENING.match(text)
        or claims_rights(text)
        or "©" in text
    ):
        return False
    is_in_brackets = text[0] in "([（" and text[-1] in ")]）"
    if is_in_brackets or not _consists_of_words(text):
        return False
    if len(text) < LONG_STRAY_LETTERS and SUBSCRIPTION_OFFER.search(text):
        return False
    return text.endswith(PARAGRAPH_ENDS) or _letters_in_text(text) >= LONG_STRAY_LETTERS


def _consists_of_words(text: str) -> bool:
    """Return whether a text consists of words, not of symbols or one run of letters.

    Scrambled texts are such runs.
    """
    word_characters = sum(map(_is_word_character, text))
    if word_characters < MIN_WORD_CHAR_SHARE * len(text):
        return False
    if DENSE_SCRIPT.search(text) or BLANKLESS_SCRIPT.search(text):
        return True
    return len(text) <= MAX_MEAN_WORD_CHARS * len(text.split())


def _is_word_character(character: str) -> bool:
    return character.isalnum() or character.isspace() or category(character)[0] == "M"


def _path_to_container(
    index: int, block: Block, containers: Mapping[HtmlElement, list[int]]
) -> list[HtmlElement] | None:
    """Return the elements from a block outwards to a container where it stands among the lines.

    None without such a container within `MAX_STRAY_DEPTH` elements.
    """
    path: list[HtmlElement] = []
    for element in islice((block.element, *block.element.iterancestors()), MAX_STRAY_DEPTH + 1):
        if element in containers and _is_among_lines(index, block, containers[element]):
            return path
        path.append(element)
    return None


def _is_among_lines(index: int, block: Block, lines: list[int]) -> bool:
    """Return whether a block stands between two lines of a container, or right beside several."""
    lines_before = bisect_left(lines, index)
    if 0 < lines_before < len(lines):
        return True
    is_above = lines_before == 0
    if len(lines) < (2 if is_above else 3):
        return False
    if _letters_in_text(block.text) < 2 * MIN_STRAY_LETTERS or block.text.endswith((":", "：")):
        return False
    has_citation = DOI_CITATION.search(block.text) is not None
    if (
        not is_above
        and not has_citation
        and NOTE_BOX_CLASS.search(block.element.get("class") or "")
    ):
        return False
    distance = lines[0] - index if is_above else index - lines[-1]
    return distance <= (MAX_CITATION_BLOCKS_AWAY if has_citation else MAX_STRAY_BLOCKS_AWAY)


def _rules_out_paragraph(element: HtmlElement) -> bool:
    """Return whether the tag, the name or the style of an element excludes a paragraph."""
    if element.tag in NON_PARAGRAPH_TAGS or DISPLAY_NONE_STYLE.search(element.get("style") or ""):
        return True
    return bool(names_of_element(element) & NON_PARAGRAPH_NAMES)


def _is_box_of_paragraphs(
    blocks: Sequence[Block], index: int, path: Sequence[HtmlElement], taken: Sequence[bool]
) -> bool:
    """Return whether the outermost box of a path holds hardly anything but taken paragraphs."""
    if not path or DOI_CITATION.search(blocks[index].text):
        return True
    box = path[-1]
    behind = takewhile(
        lambda place: _is_block_within(blocks[place], box), range(index, len(blocks))
    )
    before = takewhile(lambda place: _is_block_within(blocks[place], box), range(index - 1, -1, -1))
    within = [*before, *behind]
    letters = sum(len(blocks[place].text) for place in within)
    taken_letters = sum(len(blocks[place].text) for place in within if taken[place])
    return taken_letters * 5 >= letters * 4


def _is_block_within(block: Block, box: HtmlElement) -> bool:
    """Return whether a block is a box, or stands in it."""
    return box is block.element or any(box is each for each in block.element.iterancestors())
