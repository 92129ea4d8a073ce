"""Who copied whom: what two texts share, and what that makes one to the other.

`sketch` gives the few hashes by which a text is found again among all others, `likeness` reads two
texts in full and decides. Both are pure; the index between them is `archive.articles.copies`.
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
"""Of the sketch; goes up whenever the same text would get other hashes. It is part of every
hash."""

WORDS, CHARACTERS = 5, 8
"""Units in a shingle, where blanks part words and where they do not (Chinese, Japanese, Thai …)."""

LOOKED_AT = 60_000
"""Characters of a text that are compared: ten thousand words, six times a long report; a novel goes
by its start."""

UNSPACED = re.compile("[぀-ヿ㐀-鿿豈-﫿\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
PUNCTUATION = re.compile(
    "[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf،؛؟۔।॥\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f・]+"
)
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
BLANKS = bytes(c if c >= 0x80 or chr(c).isalnum() else 0x20 for c in range(256))


# -- what a text is made of ------------------------------------------------------------------------

Shingle = tuple[bytes, ...]


@lru_cache(maxsize=16)  # the text that has just come, and those that are being copied right now
def units(text: str) -> tuple[list[bytes], bool]:
    """The text's words, and character by character what is written without blanks; whether there is
    any such.

    Folded as the fingerprint folds: case, compatibility forms, punctuation, white space.
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
    """How many units from each on make its shingle. The first tells, so that what stands around it
    does not matter."""
    widths = [
        CHARACTERS if len(unit) == 3 and UNSPACED.match(unit.decode()) else WORDS for unit in found
    ]
    return [min(width, len(found) - place) for place, width in enumerate(widths[: 1 - WORDS])]


def _shingles(text: str) -> list[Shingle]:
    """All of them, by their place."""
    found, unspaced = units(text)
    if unspaced:
        return [tuple(found[place : place + width]) for place, width in enumerate(_widths(found))]
    return list(zip(*(found[start:] for start in range(WORDS)), strict=False))


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, read for comparison: how many units it has, and its shingles by their place."""

    size: int
    shingles: list[Shingle]
    known: frozenset[Shingle]


@lru_cache(maxsize=16)
def read(text: str) -> Reading:
    shingles = _shingles(text)
    return Reading(len(units(text)[0]), shingles, frozenset(shingles))


# -- by what it is found again ---------------------------------------------------------------------


def sketch(text: str) -> list[int]:
    """Hashes (32 bits, signed, ascending) of some of the text's shingles; none for a text of less
    than one shingle.

    Winnowing (Schleimer, Wilkerson, Aiken 2003, "Winnowing: local algorithms for document
    fingerprinting"): of every `window` neighbouring shingles the one that comes first in an order
    by chance. Texts that share a passage of a window's length so share a hash for certain, wherever
    it stands in either. The window grows with the square root of the text: short ones keep enough,
    and long ones do not fill the index.
    """
    found, unspaced = units(text[:LOOKED_AT])
    widths = _widths(found) if unspaced else [WORDS] * (len(found) - WORDS + 1)
    places = _minima(_ranks(found, widths, unspaced), _window(len(widths)))
    return sorted({_hash(found[place : place + widths[place]]) for place in places})


def _window(size: int) -> int:
    return min(size, max(3, 16 * isqrt(size) // 10))


def _ranks(found: Sequence[bytes], widths: Sequence[int], unspaced: bool) -> list[int]:
    """A number for each shingle that puts them in an order by chance: its first, middle and last
    unit are enough."""
    numbers = list(map(crc32, found))
    if not unspaced:
        return list(map(xor, map(xor, numbers, numbers[WORDS // 2 :]), numbers[WORDS - 1 :]))
    return [
        numbers[at] ^ numbers[at + width // 2] ^ numbers[at + width - 1]
        for at, width in enumerate(widths)
    ]


def _minima(ranks: Sequence[int], window: int) -> list[int]:
    """The places whose rank is the least in some window: between two lesser ones there is room for
    it.

    Ranks above six windows' share are the least of a window once in four hundred; leaving them out
    at the start makes this six times as quick.
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
    digest = blake2b(b" ".join(shingle), digest_size=4, person=b"sketch %d" % VERSION).digest()
    return int.from_bytes(digest, "big", signed=True)


# -- what two texts share --------------------------------------------------------------------------

NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
QUOTED = re.compile(r"[《「『“\"«]([^》」』”\"»\n]{1,30})[》」』”\"»]")
LATIN = re.compile(r"[A-Za-z][A-Za-z-]+")
INSIDE = re.compile(r"(?<=[\w,;)’'\-–%])[^\S\n]+([^\W\d_]\S*)")
"""A word inside a sentence: letters, digits and what follows a word within one stand before it."""

Style = Literal["names", "nouns", "caseless"]

FEW = 4
"""Fewer facts than these say nothing."""


@lru_cache(maxsize=16)
def facts(text: str, style: Style) -> frozenset[str]:
    """What a report is about and a template leaves open: its numbers and its names."""
    text = normalize("NFKC", text)
    names = _quoted(text) if style == "caseless" else _capitalised(text, style)
    return frozenset(NUMBER.findall(text)) | frozenset(names)


def style(text: str) -> Style:
    """How names can be told in a text: by their capitals inside sentences (`names`), by two of them
    in a row where every noun has one (`nouns`: German), or not by capitals at all (`caseless`:
    Chinese, Arabic, Korean …)."""
    first = [word[0] for word in INSIDE.findall(text)]
    upper, lower = sum(map(str.isupper, first)), sum(map(str.islower, first))
    if (upper + lower) * 2 <= len(first):
        return "caseless"
    return "nouns" if upper * 4 > upper + lower else "names"


def _quoted(text: str) -> Iterator[str]:
    yield from QUOTED.findall(text)
    yield from LATIN.findall(text)


def _capitalised(text: str, style: Style) -> Iterator[str]:
    if style == "names":
        yield from {_bare(word) for word in INSIDE.findall(text) if word[0].isupper()}
        return
    names = [_bare(word) if word[:1].isupper() else "" for word in _inside(text)]
    yield from (name for name in names if name[1:2].isupper())
    yield from (f"{first} {second}" for first, second in pairwise(names) if first and second)


def _inside(text: str) -> list[str]:
    """All words but the first; those that begin a sentence are empty, so that what stands beside
    them is no pair."""
    words = text.replace("\n", " . ").split()
    return [
        word if INSIDE.match(f"{before[-1]} {word}", 1) else "" for before, word in pairwise(words)
    ]


def _bare(word: str) -> str:
    """Without punctuation and genitive: Seoul's is Seoul."""
    return word.rstrip(",;)’'-–%.:!?…”\"»").removesuffix("’s").removesuffix("'s")


def _may_share(text: str, other: str) -> bool:
    """Whether pieces taken from all over the shorter text stand in the other as they are; a tenth
    of a full reading.

    Of two texts that share a fifth and more, six of the 32 are expected, and by chance less than
    one.
    """
    shorter, longer = sorted((text, other), key=len)
    size = CHARACTERS if UNSPACED.search(shorter) else 20
    pieces = [shorter[at : at + size] for at in range(0, len(shorter), max(1, len(shorter) // 32))]
    return sum(piece in longer for piece in pieces) > 1


def _covered(reading: Reading, common: frozenset[Shingle]) -> list[tuple[int, int]]:
    """The passages of a text that consist of common shingles, as (from, to) in units."""
    passages: list[tuple[int, int]] = []
    for place in [place for place, shingle in enumerate(reading.shingles) if shingle in common]:
        end = place + len(reading.shingles[place])
        if passages and place <= passages[-1][1]:
            passages[-1] = (passages[-1][0], end)
        else:
            passages.append((place, end))
    return passages


def _share(reading: Reading, passages: Sequence[tuple[int, int]]) -> float:
    return sum(end - start for start, end in passages) / reading.size


def _own(reading: Reading, passages: Sequence[tuple[int, int]]) -> int:
    """Units in passages of its own; a few words between common passages are edits."""
    ends = [0, *(end for _, end in passages)]
    starts = [*(start for start, _ in passages), reading.size]
    gaps = (start - end for end, start in zip(ends, starts, strict=True))
    return sum(gap for gap in gaps if gap >= PASSAGE)


# -- what that makes one to the other --------------------------------------------------------------

SHARED, HALF, WHOLE = 0.2, 0.5, 0.9
"""Shares of a text: a quote in common, a text in common, nothing of it left out."""
AGREED = 0.5
"""Share of facts that agree in two versions of one report."""
LONG = 200
"""Units of a text that are enough to trust the two figures alone; shorter ones have to reach BOTH
together."""
BOTH = 1.3
PASSAGE, ADDED = 12, 40
"""Units: the least that is a passage rather than an edit, and how much of that makes an
addition."""


def likeness(text: str, other: str) -> Likeness | None:
    """What `text` is to `other`, which was there before; None if they share less than a quote.

    `copy`: the same report, edited · `excerpt`: a part of the other, or all but a passage of it ·
    `extends`: holds the other and a passage of its own · `template`: the same words around other
    facts · `overlap`: a passage in common. `coverage` is the share of the text's units that stand
    in runs of a shingle or more which the other has too, `other_coverage` the same of the other,
    `facts` how many facts agree (see `agreement`); the larger coverage where there are too few of
    them.
    """
    text, other = text[:LOOKED_AT], other[:LOOKED_AT]
    if not _may_share(text, other):
        return None
    mine, its = read(text), read(other)
    common = mine.known & its.known
    # all of them apart would not cover enough
    if len(common) * CHARACTERS < SHARED * min(mine.size, its.size):
        return None
    passages, other_passages = _covered(mine, common), _covered(its, common)
    coverage, other_coverage = _share(mine, passages), _share(its, other_passages)
    if max(coverage, other_coverage) < SHARED:
        return None
    agreed = agreement(text, other)
    if agreed is None:
        agreed = max(coverage, other_coverage)
    kind: Kind
    if max(coverage, other_coverage) < HALF:
        kind = "overlap"
    elif not _same_report(max(coverage, other_coverage), agreed, min(mine.size, its.size)):
        kind = "template"
    else:
        kind = _version(coverage, other_coverage, _own(mine, passages), _own(its, other_passages))
    return Likeness(kind, round(coverage, 3), round(other_coverage, 3), round(agreed, 3))


def coverage(text: str, other: str) -> float:
    """The share of a text's units that stand in runs of a shingle or more which the other has
    too."""
    mine = read(text)
    return _share(mine, _covered(mine, mine.known & read(other).known)) if mine.size else 0.0


def agreement(text: str, other: str) -> float | None:
    """How many of their facts agree, as a share of the fewer of the two; None if there are too few
    to say.

    Where both have numbers enough, these have to agree by themselves: a daily market report names
    the same companies.
    """
    by = style(max(text, other, key=len))  # of both: they would else be counted in two ways
    mine, its = facts(text, by), facts(other, by)
    shares = (_agreed(mine, its), _agreed(_figures(mine), _figures(its)))
    return min((share for share in shares if share is not None), default=None)


def _agreed(mine: frozenset[str], its: frozenset[str]) -> float | None:
    fewer = min(len(mine), len(its))
    return len(mine & its) / fewer if fewer >= FEW else None


def _figures(named: frozenset[str]) -> frozenset[str]:
    """The numbers of more than one digit: single ones agree by chance."""
    return frozenset(fact for fact in named if fact[0].isdigit() and len(fact) > 1)


def _same_report(coverage: float, agreed: float, size: int) -> bool:
    return agreed >= AGREED and (size >= LONG or coverage + agreed >= BOTH)


def _version(coverage: float, other_coverage: float, own: int, other_own: int) -> Kind:
    """Who adds a passage and leaves none out extends; who puts one in another's place has edited a
    copy."""
    if other_coverage >= WHOLE and own >= ADDED and not other_own:
        return "extends"
    if coverage >= WHOLE and other_own >= ADDED and not own:
        return "excerpt"
    if min(coverage, other_coverage) >= HALF:
        return "copy"
    return "excerpt" if coverage > other_coverage else "extends"


JUDGE = Judge(VERSION, sketch, likeness, original)
"""For `archive.articles.copies`."""
