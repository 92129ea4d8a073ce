"""Notice a text that is not the page's article, and read the page again another way.

Cheap signs on the page's blocks tell when a text is doubtful: it is short, hardly any of it is
prose, or most of the page's prose is outside of it. Only then the densest run of prose in the
page's bytes is found (`crawler.extraction.main_text.dense_run`), which shares nothing with the
first reading. Where the two disagree, the page is read by readability, and the densest run is
parsed by itself, free from unclosed elements around it. A reading replaces the first one
only if it agrees with the densest run, and if the page's headline does not speak for the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

from lxml.html import HtmlElement
from trafilatura.external import try_readability

from crawler.extraction.blocks import Block, fold_text, text_blocks
from crawler.extraction.html_tree import parse_fragment
from crawler.extraction.main_text.dense_run import DenseRun, find_dense_run
from crawler.extraction.main_text.line_features import (
    MAX_PROSE_LINKED_SHARE,
    MIN_PROSE_SIZE,
    is_dense_text,
    size_in_letters,
)
from crawler.extraction.main_text.slimming import HIDDEN_ELEMENTS
from crawler.extraction.main_text.trafilatura_steps import extract_by_trafilatura
from pipelines.dedup.copies import text_units

MIN_TRUSTED_TEXT_SIZE = 600
"""Letters of a text; a shorter one is doubtful."""
MIN_PROSE_SHARE_OF_TEXT = 0.9
"""The share of a text that is prose; with less of it the text is doubtful."""
MIN_SHARE_OF_PROSE = 0.5
"""The share of the page's prose in a text; with less of it the text is doubtful."""
HARDLY_PROSE = "little of the text is prose"
PROSE_OUTSIDE_TEXT = "most of the page's prose is not in it"
"""The doubt about a text that is prose itself."""
MAX_ALARM_AGREEMENT = 0.5
"""The agreement of a text with the densest run below which it is an alarm."""
MIN_READING_AGREEMENT = 0.8
"""The agreement of another reading with the densest run from which it may replace the text."""
MAX_EMPTY_TEXT_SIZE = 200
"""Letters of a text that counts as none."""
MIN_DENSE_RUN_SIZE = 400
"""Letters of prose in a densest run that may be an article."""
MIN_SHARED_TITLE_WORDS = 2
"""Words of the page's headline that a text in place of none must have, or all of a shorter one."""
MAX_LINES_SOUGHT_HIDDEN = 200
"""Lines of a densest run that are looked for in what the page hides."""
TITLE_WORD, DENSE_PAIR = re.compile(r"([^\W\d_]{4,})"), re.compile(r"(?=([^\W\d_]{2}))")
SHINGLE_UNITS = 3
"""Words, or letters of a script without blanks, of the pieces that two texts are compared by."""


@dataclass(frozen=True, slots=True)
class TextAlarm:
    """A text that disagrees with what the page holds."""

    doubt: str
    """The sign that made the text doubtful."""
    agreement: float
    """Its agreement with the densest run of the page, from 0 to 1."""
    reading: str | None = None
    """The reading that was taken instead; None where no other was better."""

    @property
    def sign(self) -> str:
        """The signs against the text."""
        return f"{self.doubt}; it agrees by {self.agreement:.0%} with the densest part of the page"


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """An alarm, and the text of the reading to take instead."""

    alarm: TextAlarm
    text: str = ""


def doubt_about_text(lines: Sequence[str], blocks: Sequence[Block]) -> str | None:
    """Return the sign by which a page's text is doubtful, None for a text beyond doubt."""
    sizes = [size_in_letters(line, is_dense_text(line)) for line in lines]
    whole = sum(sizes)
    if whole < MIN_TRUSTED_TEXT_SIZE:
        return "the text is short" if whole else "there is no text"
    if sum(size for size in sizes if size >= MIN_PROSE_SIZE) < MIN_PROSE_SHARE_OF_TEXT * whole:
        return HARDLY_PROSE
    prose = inside = 0
    kept = set(lines)
    for block in blocks:
        if block.linked >= MAX_PROSE_LINKED_SHARE * len(block.text):
            continue
        size = size_in_letters(block.text, is_dense_text(block.text))
        if size >= MIN_PROSE_SIZE:
            prose += size
            inside += size if block.text in kept else 0
    return PROSE_OUTSIDE_TEXT if inside < MIN_SHARE_OF_PROSE * prose else None


def text_agreement(one: str, other: str) -> float:
    """Return how far two texts have the same pieces: the F1 of their shingles, from 0 to 1."""
    first, second = _shingles_of(one), _shingles_of(other)
    return 2 * len(first & second) / max(1, len(first) + len(second))


def _shingles_of(text: str) -> set[tuple[bytes, ...]]:
    """The pieces of a text."""
    units, _ = text_units(text)
    return {tuple(units[at : at + SHINGLE_UNITS]) for at in range(len(units) - SHINGLE_UNITS + 1)}


def second_opinion(
    page: str, tree: HtmlElement, lines: Sequence[str], doubt: str, headline: str | None
) -> SecondOpinion | None:
    """Return a second opinion on a doubtful text, None where the first reading is confirmed.

    `page` is the HTML of the page, `tree` its tree with the hidden elements marked.
    """
    text = "\n".join(lines)
    if doubt == PROSE_OUTSIDE_TEXT and _has_words_of_title(text, headline):
        return None  # comments and terms are more prose than many an article
    run = find_dense_run(page)
    dense = "\n".join(run.lines)
    prose = [size for line in run.lines if (size := _prose_size(line))]
    if sum(prose) < MIN_DENSE_RUN_SIZE or _is_hidden_text(run.lines, tree):
        return None
    agreement = text_agreement(text, dense)
    if agreement >= MAX_ALARM_AGREEMENT:
        return None
    alarm = TextAlarm(doubt, agreement)
    is_empty = size_in_letters(text, is_dense_text(text)) < MAX_EMPTY_TEXT_SIZE
    if is_empty and not _has_words_of_title(dense, headline):
        return SecondOpinion(alarm)
    readings = list(_other_readings(page, tree, run, is_empty))
    scored = [(text_agreement(other, dense), name, other) for name, other in readings]
    best = max(scored, default=(0.0, "", ""), key=lambda each: each[0])
    is_about_page = _is_nearer_to_title(best[2], text, doubt, headline)
    if best[0] < MIN_READING_AGREEMENT or not is_about_page:
        return SecondOpinion(alarm)
    return SecondOpinion(replace(alarm, reading=best[1]), best[2])


def _is_nearer_to_title(other: str, text: str, doubt: str, headline: str | None) -> bool:
    """Return whether the page's headline allows another reading in place of a text.

    Comments and terms are dense as well. A text that is hardly prose gives way unless it alone has
    words of the headline, any other text only to one that has them.
    """
    has_title, had_title = (_has_words_of_title(each, headline) for each in (other, text))
    if doubt == HARDLY_PROSE:
        return has_title or not had_title
    return has_title


def _prose_size(line: str) -> int:
    """The size of a line of prose, 0 for a shorter line."""
    size = size_in_letters(line, is_dense_text(line))
    return size if size >= MIN_PROSE_SIZE else 0


def _has_words_of_title(text: str, headline: str | None) -> bool:
    """Return whether a text is about what the page's headline says."""
    wanted = _title_words_in(headline or "")
    shared = wanted & _title_words_in(text)
    return bool(shared) and len(shared) >= min(len(wanted), MIN_SHARED_TITLE_WORDS)


def _title_words_in(text: str) -> set[str]:
    """The words of a text that headlines are compared by; in dense scripts any two letters."""
    pattern = DENSE_PAIR if is_dense_text(text) else TITLE_WORD
    return {found[1] for found in pattern.finditer(fold_text(text))}


def _is_hidden_text(lines: Sequence[str], tree: HtmlElement) -> bool:
    """Return whether most of these lines are in elements that the page hides."""
    hidden = fold_text(" ".join(each.text_content() for each in HIDDEN_ELEMENTS(tree)))
    sizes = {line: len(line) for line in lines[:MAX_LINES_SOUGHT_HIDDEN]}
    inside = sum(size for line, size in sizes.items() if hidden and fold_text(line) in hidden)
    return 2 * inside > sum(sizes.values())


def _other_readings(
    page: str, tree: HtmlElement, run: DenseRun, is_empty: bool
) -> Iterator[tuple[str, str]]:
    """The names and texts of other readings of the page.

    The densest run alone stands for an article only where the first reading found none, as it
    would always agree with itself.
    """
    yield "readability", _text_by_readability(tree)
    if is_empty:
        alone = parse_fragment(page[run.start : run.end])
        found = extract_by_trafilatura(alone, None)
        yield (
            "its densest part, parsed by itself",
            found or "\n".join(filter(_prose_size, run.lines)),
        )


def _text_by_readability(tree: HtmlElement) -> str:
    """The text that readability finds in what a page shows."""
    shown = copy(tree)
    for element in HIDDEN_ELEMENTS(shown):
        if element.getparent() is not None:
            element.drop_tree()
    try:
        found = try_readability(shown)
        return "\n".join(block.text for block in text_blocks(found))
    except (RecursionError, MemoryError):
        return ""
