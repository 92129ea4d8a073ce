"""Copies and excerpts: the shared passages of two texts, and the relation that follows from them.

`sketch_text` computes the few hashes by which a text is found among all others; `compare_texts`
compares two texts in full and classifies the pair. Both are pure; the index between them is
`archive.articles.copies`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from math import isqrt
from operator import xor
from typing import Literal
from unicodedata import normalize
from zlib import crc32

from archive.articles.copies import CopyPolicy, RelationKind, TextLikeness
from archive.text.unspaced import UNSPACED_SCRIPT_RANGES
from pipelines.dedup.originals import original_article_id

SKETCH_VERSION = 1
"""Version of the sketch, part of every hash; increases whenever the same text would get other
hashes."""

WORDS_PER_SHINGLE, CHARS_PER_SHINGLE = 5, 8
"""Units per shingle: in scripts with spaces, and in those without (Chinese, Japanese, Thai …)."""

MAX_COMPARED_CHARS = 60_000
"""Characters of a text that are compared: ten thousand words, six times a long report; of a novel,
its beginning."""

UNSPACED_SCRIPT_LETTER = re.compile(f"[{UNSPACED_SCRIPT_RANGES}]")
NON_ASCII_PUNCTUATION = re.compile(
    "[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf،؛؟۔।॥\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f・]+"
)
INVISIBLE_LETTERS = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
ASCII_PUNCTUATION_TO_SPACE = bytes(c if c >= 0x80 or chr(c).isalnum() else 0x20 for c in range(256))
"""Translation table: ASCII characters that are not alphanumeric become spaces."""


# -- units and shingles ----------------------------------------------------------------------------

TextShingle = tuple[bytes, ...]


@lru_cache(maxsize=16)  # the newest text, and those that are frequently copied at present
def text_units(text: str) -> tuple[list[bytes], bool]:
    """Return the text's words, with unspaced scripts split into characters, and whether it has any.

    Folded as in the fingerprint: case, compatibility forms, punctuation, white space.
    """
    folded = normalize("NFKC", text).casefold()
    unspaced = False
    if not folded.isascii():
        for invisible in INVISIBLE_LETTERS:
            folded = folded.replace(invisible, "")
        folded = NON_ASCII_PUNCTUATION.sub(" ", folded)
        unspaced = bool(UNSPACED_SCRIPT_LETTER.search(folded))
        if unspaced:
            folded = UNSPACED_SCRIPT_LETTER.sub(r" \g<0> ", folded)
    return folded.encode().translate(ASCII_PUNCTUATION_TO_SPACE).split(), unspaced


def _shingle_widths(found: Sequence[bytes]) -> list[int]:
    """Return the number of units of the shingle at each place.

    The script of its first unit decides, so that the context does not matter.
    """
    widths: list[int] = []
    for place, unit in enumerate(found[: 1 - WORDS_PER_SHINGLE]):
        # a letter of these scripts takes three bytes in UTF-8
        is_unspaced = len(unit) == 3 and UNSPACED_SCRIPT_LETTER.match(unit.decode())
        width = CHARS_PER_SHINGLE if is_unspaced else WORDS_PER_SHINGLE
        widths.append(min(width, len(found) - place))
    return widths


def _text_shingles(text: str) -> list[TextShingle]:
    """Return all shingles of a text, by their place."""
    found, unspaced = text_units(text)
    if unspaced:
        return [
            tuple(found[place : place + width])
            for place, width in enumerate(_shingle_widths(found))
        ]
    return list(zip(*(found[start:] for start in range(WORDS_PER_SHINGLE)), strict=False))


@dataclass(frozen=True, slots=True)
class ComparedText:
    """A text prepared for comparison: its number of units, and its shingles by their place."""

    size: int
    shingles: list[TextShingle]
    known: frozenset[TextShingle]


@lru_cache(maxsize=16)
def prepare_text(text: str) -> ComparedText:
    """Return the text prepared for comparison."""
    shingles = _text_shingles(text)
    return ComparedText(len(text_units(text)[0]), shingles, frozenset(shingles))


# -- sketches --------------------------------------------------------------------------------------


def sketch_text(text: str) -> list[int]:
    """Return signed 32-bit hashes of some of the text's shingles, ascending; none for a short text.

    Winnowing (Schleimer, Wilkerson, Aiken 2003, "Winnowing: local algorithms for document
    fingerprinting"): of every `window` neighbouring shingles it selects the first in a
    pseudo-random order. Texts that share a passage of a window's length therefore certainly share a
    hash, wherever the passage stands in either. The window grows with the square root of the text's
    length: short texts keep enough hashes, and long ones do not fill the index.
    """
    found, unspaced = text_units(text[:MAX_COMPARED_CHARS])
    widths = (
        _shingle_widths(found)
        if unspaced
        else [WORDS_PER_SHINGLE] * (len(found) - WORDS_PER_SHINGLE + 1)
    )
    places = _window_minima(_shingle_ranks(found, widths, unspaced), _sketch_window(len(widths)))
    return sorted({_shingle_hash(found[place : place + widths[place]]) for place in places})


def _sketch_window(size: int) -> int:
    """Return the number of neighbouring shingles from which one is selected."""
    return min(size, max(3, 16 * isqrt(size) // 10))


def _shingle_ranks(found: Sequence[bytes], widths: Sequence[int], unspaced: bool) -> list[int]:
    """Return a pseudo-random number for each shingle, from its first, middle and last unit."""
    numbers = list(map(crc32, found))
    if not unspaced:
        return list(
            map(
                xor,
                map(xor, numbers, numbers[WORDS_PER_SHINGLE // 2 :]),
                numbers[WORDS_PER_SHINGLE - 1 :],
            )
        )
    return [
        numbers[at] ^ numbers[at + width // 2] ^ numbers[at + width - 1]
        for at, width in enumerate(widths)
    ]


def _window_minima(ranks: Sequence[int], window: int) -> list[int]:
    """Return the places whose rank is the minimum of some window.

    A place qualifies if a window fits between the two smaller ranks around it. Ranks above six
    windows' share are the minimum of a window once in four hundred; skipping them at the start
    makes this six times as fast.
    """
    limit = min(2**32, 6 * 2**32 // max(1, window))
    low = [place for place, rank in enumerate(ranks) if rank < limit]
    least: list[int] = []
    chosen: list[int] = []
    for place in [*low, len(ranks)]:
        rank = ranks[place] if place < len(ranks) else -1
        while least and ranks[least[-1]] > rank:
            middle = least.pop()
            before = least[-1] if least else -1
            if place - before > window:
                chosen.append(middle)
        least.append(place)
    return chosen


def _shingle_hash(shingle: Sequence[bytes]) -> int:
    """Return the hash of a shingle as a signed 32-bit number."""
    digest = blake2b(
        b" ".join(shingle), digest_size=4, person=b"sketch %d" % SKETCH_VERSION
    ).digest()
    return int.from_bytes(digest, "big", signed=True)


# -- facts and passages ----------------------------------------------------------------------------

NUMBER_FACT = re.compile(r"\d+(?:[.,:/-]\d+)*")
QUOTED_NAME = re.compile(r"[《「『“\"«]([^》」』”\"»\n]{1,30})[》」』”\"»]")
LATIN_WORD = re.compile(r"[A-Za-z][A-Za-z-]+")
WORD_INSIDE_SENTENCE = re.compile(r"(?<=[\w,;)’'\-–%])[^\S\n]+([^\W\d_]\S*)")
"""A word inside a sentence: it follows a letter, a digit or a sign that occurs within sentences."""

NameStyle = Literal["names", "nouns", "caseless"]

MIN_FACTS = 4
"""Fewer facts than these are not significant."""


@lru_cache(maxsize=16)
def text_facts(text: str, style: NameStyle) -> frozenset[str]:
    """Return the numbers and names of a text, in which reports from one template differ."""
    text = normalize("NFKC", text)
    names = _quoted_names(text) if style == "caseless" else _capitalised_names(text, style)
    return frozenset(NUMBER_FACT.findall(text)) | frozenset(names)


def name_style(text: str) -> NameStyle:
    """Return how names are recognised in a text.

    `names`: by capitals inside sentences; `nouns`: by two capitalised words in a row, where every
    noun has a capital (German); `caseless`: not by capitals (Chinese, Arabic, Korean …).
    """
    first = [word[0] for word in WORD_INSIDE_SENTENCE.findall(text)]
    upper, lower = sum(map(str.isupper, first)), sum(map(str.islower, first))
    if (upper + lower) * 2 <= len(first):
        return "caseless"
    return "nouns" if upper * 4 > upper + lower else "names"


def _quoted_names(text: str) -> Iterator[str]:
    """Yield names in quotation marks or Latin letters."""
    yield from QUOTED_NAME.findall(text)
    yield from LATIN_WORD.findall(text)


def _capitalised_names(text: str, style: NameStyle) -> Iterator[str]:
    """Yield names recognised by their capitals; in style `nouns` acronyms and pairs of words."""
    if style == "names":
        yield from {
            _bare_name(word) for word in WORD_INSIDE_SENTENCE.findall(text) if word[0].isupper()
        }
        return
    names = [
        _bare_name(word) if word[:1].isupper() else "" for word in _words_inside_sentences(text)
    ]
    yield from (name for name in names if name[1:2].isupper())
    yield from (f"{first} {second}" for first, second in pairwise(names) if first and second)


def _words_inside_sentences(text: str) -> list[str]:
    """Return all words but the first, with an empty string for each word that begins a sentence.

    The empty strings keep words of two sentences from making a pair.
    """
    words = text.replace("\n", " . ").split()
    found: list[str] = []
    for before, word in pairwise(words):
        is_inside = WORD_INSIDE_SENTENCE.match(f"{before[-1]} {word}", 1)
        found.append(word if is_inside else "")
    return found


def _bare_name(word: str) -> str:
    """Return the word without punctuation and genitive: Seoul's → Seoul."""
    return word.rstrip(",;)’'-–%.:!?…”\"»").removesuffix("’s").removesuffix("'s")


def _may_share_passages(text: str, other: str) -> bool:
    """Return whether samples of the shorter text occur literally in the other.

    This costs a tenth of a full comparison. Two texts that share a fifth or more are expected to
    share six of the 32 samples, and unrelated ones less than one.
    """
    shorter, longer = sorted((text, other), key=len)
    size = CHARS_PER_SHINGLE if UNSPACED_SCRIPT_LETTER.search(shorter) else 20
    pieces = [shorter[at : at + size] for at in range(0, len(shorter), max(1, len(shorter) // 32))]
    return sum(piece in longer for piece in pieces) > 1


def _common_passages(
    reading: ComparedText, common: frozenset[TextShingle]
) -> list[tuple[int, int]]:
    """Return the passages of a text that consist of common shingles, as (start, end) in units."""
    passages: list[tuple[int, int]] = []
    for place, shingle in enumerate(reading.shingles):
        if shingle not in common:
            continue
        end = place + len(shingle)
        if passages and place <= passages[-1][1]:
            passages[-1] = (passages[-1][0], end)
        else:
            passages.append((place, end))
    return passages


def _passage_share(reading: ComparedText, passages: Sequence[tuple[int, int]]) -> float:
    """Return the share of the text's units in the passages."""
    return sum(end - start for start, end in passages) / reading.size


def _own_passage_units(reading: ComparedText, passages: Sequence[tuple[int, int]]) -> int:
    """Return the number of units in passages of this text alone.

    A few words between common passages are edits and do not count.
    """
    ends = [0, *(end for _, end in passages)]
    starts = [*(start for start, _ in passages), reading.size]
    gaps = (start - end for end, start in zip(ends, starts, strict=True))
    return sum(gap for gap in gaps if gap >= MIN_PASSAGE_UNITS)


# -- relations -------------------------------------------------------------------------------------

MIN_SHARED, MIN_COMMON_TEXT, MIN_WHOLE_TEXT = 0.2, 0.5, 0.9
"""Shares of a text: a common quote, a common text, nothing left out."""
MIN_AGREED_FACTS = 0.5
"""Share of facts that agree in two versions of one report."""
MIN_LONG_TEXT_UNITS = 200
"""Units from which on coverage and facts are trusted separately; in shorter texts their sum must
reach BOTH."""
MIN_SHORT_TEXT_SUM = 1.3
MIN_PASSAGE_UNITS, MIN_ADDITION_UNITS = 12, 40
"""Units: the minimum of a passage as opposed to an edit, and the minimum of an addition."""


def compare_texts(text: str, other: str) -> TextLikeness | None:
    """Return the relation of `text` to the earlier `other`; None if they share less than a quote.

    `copy`: the same report, edited · `excerpt`: a part of the other, or all but a passage of it ·
    `extends`: contains the other and a passage more · `template`: the same words around other facts
    · `overlap`: a common passage. `text_coverage` is the share of the text's units in runs of at
      least
    one shingle which the other has too, `other_coverage` the same of the other. `text_facts` is the
    share of facts that agree (see `fact_agreement`) or, where there are too few of them, the larger
    coverage.
    """
    text, other = text[:MAX_COMPARED_CHARS], other[:MAX_COMPARED_CHARS]
    if not _may_share_passages(text, other):
        return None
    mine, its = prepare_text(text), prepare_text(other)
    common = mine.known & its.known
    smaller = min(mine.size, its.size)
    # even without overlaps the common shingles could not cover enough
    if len(common) * CHARS_PER_SHINGLE < MIN_SHARED * smaller:
        return None
    passages, other_passages = _common_passages(mine, common), _common_passages(its, common)
    coverage, other_coverage = _passage_share(mine, passages), _passage_share(its, other_passages)
    larger = max(coverage, other_coverage)
    if larger < MIN_SHARED:
        return None
    agreed = fact_agreement(text, other)
    if agreed is None:
        agreed = larger
    kind: RelationKind
    if larger < MIN_COMMON_TEXT:
        kind = "overlap"
    elif not _is_same_report(larger, agreed, smaller):
        kind = "template"
    else:
        kind = _version_kind(
            coverage,
            other_coverage,
            _own_passage_units(mine, passages),
            _own_passage_units(its, other_passages),
        )
    return TextLikeness(kind, round(coverage, 3), round(other_coverage, 3), round(agreed, 3))


def text_coverage(text: str, other: str) -> float:
    """Return the share of a text's units in runs of a shingle or more that the other has too."""
    mine = prepare_text(text)
    if not mine.size:
        return 0.0
    return _passage_share(mine, _common_passages(mine, mine.known & prepare_text(other).known))


def fact_agreement(text: str, other: str) -> float | None:
    """Return the share of common facts, of the text with fewer facts; None if there are too few.

    Where both texts have enough numbers, the numbers must agree by themselves: a daily market
    report names the same companies.
    """
    by = name_style(max(text, other, key=len))  # one style, so that both texts are counted alike
    mine, its = text_facts(text, by), text_facts(other, by)
    shares = (_common_share(mine, its), _common_share(_number_facts(mine), _number_facts(its)))
    return min((share for share in shares if share is not None), default=None)


def _common_share(mine: frozenset[str], its: frozenset[str]) -> float | None:
    """Return the common share of two sets of facts, or None if they are too few."""
    fewer = min(len(mine), len(its))
    return len(mine & its) / fewer if fewer >= MIN_FACTS else None


def _number_facts(named: frozenset[str]) -> frozenset[str]:
    """Return the numbers with more than one digit: single digits agree by chance."""
    return frozenset(fact for fact in named if fact[0].isdigit() and len(fact) > 1)


def _is_same_report(coverage: float, agreed: float, size: int) -> bool:
    """Return whether coverage and common facts suffice for two versions of one report."""
    return agreed >= MIN_AGREED_FACTS and (
        size >= MIN_LONG_TEXT_UNITS or coverage + agreed >= MIN_SHORT_TEXT_SUM
    )


def _version_kind(coverage: float, other_coverage: float, own: int, other_own: int) -> RelationKind:
    """Return the relation of two versions of one report.

    A text that adds a passage and omits none extends the other; a text that replaces a passage is
    an edited copy.
    """
    if other_coverage >= MIN_WHOLE_TEXT and own >= MIN_ADDITION_UNITS and not other_own:
        return "extends"
    if coverage >= MIN_WHOLE_TEXT and other_own >= MIN_ADDITION_UNITS and not own:
        return "excerpt"
    if min(coverage, other_coverage) >= MIN_COMMON_TEXT:
        return "copy"
    return "excerpt" if coverage > other_coverage else "extends"


COPY_POLICY = CopyPolicy(SKETCH_VERSION, sketch_text, compare_texts, original_article_id)
"""Policy for `archive.articles.copies`."""
