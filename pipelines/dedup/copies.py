"""Copies and excerpts: the shared passages of two texts, and the relation that follows from them.

`sketch` computes the few hashes by which a text is found among all others; `likeness` compares two
texts in full and classifies the pair. Both are pure; the index between them is
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

from archive.articles.copies import Judge, Kind, Likeness
from pipelines.dedup.originals import original

VERSION = 1
"""Version of the sketch, part of every hash; increases whenever the same text would get other
hashes."""

WORDS, CHARACTERS = 5, 8
"""Units per shingle: in scripts with spaces, and in those without (Chinese, Japanese, Thai …)."""

LOOKED_AT = 60_000
"""Characters of a text that are compared: ten thousand words, six times a long report; of a novel,
its beginning."""

UNSPACED = re.compile("[぀-ヿ㐀-鿿豈-﫿\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
PUNCTUATION = re.compile(
    "[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf،؛؟۔।॥\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f・]+"
)
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
BLANKS = bytes(c if c >= 0x80 or chr(c).isalnum() else 0x20 for c in range(256))
"""Translation table: ASCII characters that are not alphanumeric become spaces."""


# -- units and shingles ----------------------------------------------------------------------------

Shingle = tuple[bytes, ...]


@lru_cache(maxsize=16)  # the newest text, and those that are frequently copied at present
def units(text: str) -> tuple[list[bytes], bool]:
    """Return the text's words, with unspaced scripts split into characters, and whether it has any.

    Folded as in the fingerprint: case, compatibility forms, punctuation, white space.
    """
    folded = normalize("NFKC", text).casefold()
    unspaced = False
    if not folded.isascii():
        for invisible in INVISIBLE:
            folded = folded.replace(invisible, "")
        folded = PUNCTUATION.sub(" ", folded)
        unspaced = bool(UNSPACED.search(folded))
        if unspaced:
            folded = UNSPACED.sub(r" \g<0> ", folded)
    return folded.encode().translate(BLANKS).split(), unspaced


def _widths(found: Sequence[bytes]) -> list[int]:
    """Return the number of units of the shingle at each place.

    The script of its first unit decides, so that the context does not matter.
    """
    widths: list[int] = []
    for place, unit in enumerate(found[: 1 - WORDS]):
        # a letter of these scripts takes three bytes in UTF-8
        is_unspaced = len(unit) == 3 and UNSPACED.match(unit.decode())
        width = CHARACTERS if is_unspaced else WORDS
        widths.append(min(width, len(found) - place))
    return widths


def _shingles(text: str) -> list[Shingle]:
    """Return all shingles of a text, by their place."""
    found, unspaced = units(text)
    if unspaced:
        return [tuple(found[place : place + width]) for place, width in enumerate(_widths(found))]
    return list(zip(*(found[start:] for start in range(WORDS)), strict=False))


@dataclass(frozen=True, slots=True)
class Reading:
    """A text prepared for comparison: its number of units, and its shingles by their place."""

    size: int
    shingles: list[Shingle]
    known: frozenset[Shingle]


@lru_cache(maxsize=16)
def read(text: str) -> Reading:
    """Return the text prepared for comparison."""
    shingles = _shingles(text)
    return Reading(len(units(text)[0]), shingles, frozenset(shingles))


# -- sketches --------------------------------------------------------------------------------------


def sketch(text: str) -> list[int]:
    """Return signed 32-bit hashes of some of the text's shingles, ascending; none for a short text.

    Winnowing (Schleimer, Wilkerson, Aiken 2003, "Winnowing: local algorithms for document
    fingerprinting"): of every `window` neighbouring shingles it selects the first in a
    pseudo-random order. Texts that share a passage of a window's length therefore certainly share a
    hash, wherever the passage stands in either. The window grows with the square root of the text's
    length: short texts keep enough hashes, and long ones do not fill the index.
    """
    found, unspaced = units(text[:LOOKED_AT])
    widths = _widths(found) if unspaced else [WORDS] * (len(found) - WORDS + 1)
    places = _minima(_ranks(found, widths, unspaced), _window(len(widths)))
    return sorted({_hash(found[place : place + widths[place]]) for place in places})


def _window(size: int) -> int:
    """Return the number of neighbouring shingles from which one is selected."""
    return min(size, max(3, 16 * isqrt(size) // 10))


def _ranks(found: Sequence[bytes], widths: Sequence[int], unspaced: bool) -> list[int]:
    """Return a pseudo-random number for each shingle, from its first, middle and last unit."""
    numbers = list(map(crc32, found))
    if not unspaced:
        return list(map(xor, map(xor, numbers, numbers[WORDS // 2 :]), numbers[WORDS - 1 :]))
    return [
        numbers[at] ^ numbers[at + width // 2] ^ numbers[at + width - 1]
        for at, width in enumerate(widths)
    ]


def _minima(ranks: Sequence[int], window: int) -> list[int]:
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


def _hash(shingle: Sequence[bytes]) -> int:
    """Return the hash of a shingle as a signed 32-bit number."""
    digest = blake2b(b" ".join(shingle), digest_size=4, person=b"sketch %d" % VERSION).digest()
    return int.from_bytes(digest, "big", signed=True)


# -- facts and passages ----------------------------------------------------------------------------

NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
QUOTED = re.compile(r"[《「『“\"«]([^》」』”\"»\n]{1,30})[》」』”\"»]")
LATIN = re.compile(r"[A-Za-z][A-Za-z-]+")
INSIDE = re.compile(r"(?<=[\w,;)’'\-–%])[^\S\n]+([^\W\d_]\S*)")
"""A word inside a sentence: it follows a letter, a digit or a sign that occurs within sentences."""

Style = Literal["names", "nouns", "caseless"]

FEW = 4
"""Fewer facts than these are not significant."""


@lru_cache(maxsize=16)
def facts(text: str, style: Style) -> frozenset[str]:
    """Return the numbers and names of a text, in which reports from one template differ."""
    text = normalize("NFKC", text)
    names = _quoted(text) if style == "caseless" else _capitalised(text, style)
    return frozenset(NUMBER.findall(text)) | frozenset(names)


def style(text: str) -> Style:
    """Return how names are recognised in a text.

    `names`: by capitals inside sentences; `nouns`: by two capitalised words in a row, where every
    noun has a capital (German); `caseless`: not by capitals (Chinese, Arabic, Korean …).
    """
    first = [word[0] for word in INSIDE.findall(text)]
    upper, lower = sum(map(str.isupper, first)), sum(map(str.islower, first))
    if (upper + lower) * 2 <= len(first):
        return "caseless"
    return "nouns" if upper * 4 > upper + lower else "names"


def _quoted(text: str) -> Iterator[str]:
    """Yield names in quotation marks or Latin letters."""
    yield from QUOTED.findall(text)
    yield from LATIN.findall(text)


def _capitalised(text: str, style: Style) -> Iterator[str]:
    """Yield names recognised by their capitals; in style `nouns` acronyms and pairs of words."""
    if style == "names":
        yield from {_bare(word) for word in INSIDE.findall(text) if word[0].isupper()}
        return
    names = [_bare(word) if word[:1].isupper() else "" for word in _inside(text)]
    yield from (name for name in names if name[1:2].isupper())
    yield from (f"{first} {second}" for first, second in pairwise(names) if first and second)


def _inside(text: str) -> list[str]:
    """Return all words but the first, with an empty string for each word that begins a sentence.

    The empty strings keep words of two sentences from making a pair.
    """
    words = text.replace("\n", " . ").split()
    found: list[str] = []
    for before, word in pairwise(words):
        is_inside = INSIDE.match(f"{before[-1]} {word}", 1)
        found.append(word if is_inside else "")
    return found


def _bare(word: str) -> str:
    """Return the word without punctuation and genitive: Seoul's → Seoul."""
    return word.rstrip(",;)’'-–%.:!?…”\"»").removesuffix("’s").removesuffix("'s")


def _may_share(text: str, other: str) -> bool:
    """Return whether samples of the shorter text occur literally in the other.

    This costs a tenth of a full comparison. Two texts that share a fifth or more are expected to
    share six of the 32 samples, and unrelated ones less than one.
    """
    shorter, longer = sorted((text, other), key=len)
    size = CHARACTERS if UNSPACED.search(shorter) else 20
    pieces = [shorter[at : at + size] for at in range(0, len(shorter), max(1, len(shorter) // 32))]
    return sum(piece in longer for piece in pieces) > 1


def _covered(reading: Reading, common: frozenset[Shingle]) -> list[tuple[int, int]]:
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


def _share(reading: Reading, passages: Sequence[tuple[int, int]]) -> float:
    """Return the share of the text's units in the passages."""
    return sum(end - start for start, end in passages) / reading.size


def _own(reading: Reading, passages: Sequence[tuple[int, int]]) -> int:
    """Return the number of units in passages of this text alone.

    A few words between common passages are edits and do not count.
    """
    ends = [0, *(end for _, end in passages)]
    starts = [*(start for start, _ in passages), reading.size]
    gaps = (start - end for end, start in zip(ends, starts, strict=True))
    return sum(gap for gap in gaps if gap >= PASSAGE)


# -- relations -------------------------------------------------------------------------------------

SHARED, HALF, WHOLE = 0.2, 0.5, 0.9
"""Shares of a text: a common quote, a common text, nothing left out."""
AGREED = 0.5
"""Share of facts that agree in two versions of one report."""
LONG = 200
"""Units from which on coverage and facts are trusted separately; in shorter texts their sum must
reach BOTH."""
BOTH = 1.3
PASSAGE, ADDED = 12, 40
"""Units: the minimum of a passage as opposed to an edit, and the minimum of an addition."""


def likeness(text: str, other: str) -> Likeness | None:
    """Return the relation of `text` to the earlier `other`; None if they share less than a quote.

    `copy`: the same report, edited · `excerpt`: a part of the other, or all but a passage of it ·
    `extends`: contains the other and a passage more · `template`: the same words around other facts
    · `overlap`: a common passage. `coverage` is the share of the text's units in runs of at least
    one shingle which the other has too, `other_coverage` the same of the other. `facts` is the
    share of facts that agree (see `agreement`) or, where there are too few of them, the larger
    coverage.
    """
    text, other = text[:LOOKED_AT], other[:LOOKED_AT]
    if not _may_share(text, other):
        return None
    mine, its = read(text), read(other)
    common = mine.known & its.known
    smaller = min(mine.size, its.size)
    # even without overlaps the common shingles could not cover enough
    if len(common) * CHARACTERS < SHARED * smaller:
        return None
    passages, other_passages = _covered(mine, common), _covered(its, common)
    coverage, other_coverage = _share(mine, passages), _share(its, other_passages)
    larger = max(coverage, other_coverage)
    if larger < SHARED:
        return None
    agreed = agreement(text, other)
    if agreed is None:
        agreed = larger
    kind: Kind
    if larger < HALF:
        kind = "overlap"
    elif not _same_report(larger, agreed, smaller):
        kind = "template"
    else:
        kind = _version(coverage, other_coverage, _own(mine, passages), _own(its, other_passages))
    return Likeness(kind, round(coverage, 3), round(other_coverage, 3), round(agreed, 3))


def coverage(text: str, other: str) -> float:
    """Return the share of a text's units in runs of a shingle or more that the other has too."""
    mine = read(text)
    if not mine.size:
        return 0.0
    return _share(mine, _covered(mine, mine.known & read(other).known))


def agreement(text: str, other: str) -> float | None:
    """Return the share of common facts, of the text with fewer facts; None if there are too few.

    Where both texts have enough numbers, the numbers must agree by themselves: a daily market
    report names the same companies.
    """
    by = style(max(text, other, key=len))  # one style, so that both texts are counted alike
    mine, its = facts(text, by), facts(other, by)
    shares = (_agreed(mine, its), _agreed(_figures(mine), _figures(its)))
    return min((share for share in shares if share is not None), default=None)


def _agreed(mine: frozenset[str], its: frozenset[str]) -> float | None:
    """Return the common share of two sets of facts, or None if they are too few."""
    fewer = min(len(mine), len(its))
    return len(mine & its) / fewer if fewer >= FEW else None


def _figures(named: frozenset[str]) -> frozenset[str]:
    """Return the numbers with more than one digit: single digits agree by chance."""
    return frozenset(fact for fact in named if fact[0].isdigit() and len(fact) > 1)


def _same_report(coverage: float, agreed: float, size: int) -> bool:
    """Return whether coverage and common facts suffice for two versions of one report."""
    return agreed >= AGREED and (size >= LONG or coverage + agreed >= BOTH)


def _version(coverage: float, other_coverage: float, own: int, other_own: int) -> Kind:
    """Return the relation of two versions of one report.

    A text that adds a passage and omits none extends the other; a text that replaces a passage is
    an edited copy.
    """
    if other_coverage >= WHOLE and own >= ADDED and not other_own:
        return "extends"
    if coverage >= WHOLE and other_own >= ADDED and not own:
        return "excerpt"
    if min(coverage, other_coverage) >= HALF:
        return "copy"
    return "excerpt" if coverage > other_coverage else "extends"


JUDGE = Judge(VERSION, sketch, likeness, original)
"""Policy for `archive.articles.copies`."""
