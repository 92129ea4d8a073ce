"""Who copied whom: what two texts share, and what that makes one to the other.

`sketch` gives the few hashes by which a text is found again among all others, `likeness` reads two texts in full and
decides. Both are pure; the index between them is `archive.postings`.
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

from archive.postings import Judge, Kind, Likeness
from pipelines.originals import original

VERSION = 1
"""Of the sketch; goes up whenever the same text would get other hashes. It is part of every hash."""

WORDS, CHARACTERS = 5, 8
"""Units in a shingle, where blanks part words and where they do not (Chinese, Japanese, Thai …)."""

UNSPACED = re.compile("[぀-ヿ㐀-鿿豈-﫿\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
PUNCTUATION = re.compile(
    "[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf،؛؟۔।॥\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f・]+"
)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]+")
BLANKS = bytes(c if c >= 0x80 or chr(c).isalnum() else 0x20 for c in range(256))


# -- what a text is made of ------------------------------------------------------------------------------------------


def units(text: str) -> tuple[list[bytes], int]:
    """The text's words, or its characters where blanks do not part words; and how many of them make a shingle.

    Folded as the fingerprint folds: case, compatibility forms, punctuation, white space.
    """
    folded = normalize("NFKC", text).casefold()
    if folded.isascii():
        return folded.encode().translate(BLANKS).split(), WORDS
    if "\u00ad" in folded or "\u200b" in folded:
        folded = INVISIBLE.sub("", folded)
    words = PUNCTUATION.sub(" ", folded).encode().translate(BLANKS).split()
    if len(UNSPACED.findall(folded)) * 2 < len(folded):
        return words, WORDS
    return [unit for word in words for unit in _characters(word)], CHARACTERS


def _characters(word: bytes) -> Iterator[bytes]:
    """A word of an unspaced script as its characters; a number or a Latin word within stays whole."""
    if word.isascii():
        yield word
    else:
        for part in re.findall("[0-9a-z]+|.", word.decode()):
            yield part.encode()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text, read for comparison: its units and its shingles by their place."""

    size: int
    shingles: list[tuple[bytes, ...]]
    known: frozenset[tuple[bytes, ...]]
    width: int


@lru_cache(maxsize=16)  # the text that has just come, and those that are being copied right now
def read(text: str) -> Reading:
    found, width = units(text)
    shingles = list(zip(*(found[start:] for start in range(width)), strict=False))
    return Reading(len(found), shingles, frozenset(shingles), width)


# -- by what it is found again ---------------------------------------------------------------------------------------


def sketch(text: str) -> list[int]:
    """Hashes (32 bits, signed, ascending) of some of the text's shingles; none for a text of less than one shingle.

    Winnowing (Schleimer, Wilkerson, Aiken 2003, "Winnowing: local algorithms for document fingerprinting"): of every
    `window` neighbouring shingles the one that comes first in an order by chance. Texts that share a passage of a
    window's length so share a hash for certain, wherever it stands in either. The window grows with the square root of
    the text: short ones keep enough, and long ones do not fill the index.
    """
    found, width = units(text)
    ranks = _ranks(found, width)
    if not ranks:
        return []
    chosen = {b" ".join(found[place : place + width]) for place in _minima(ranks, _window(len(ranks)))}
    return sorted({_hash(shingle) for shingle in chosen})


def _window(size: int) -> int:
    return min(size, max(3, 16 * isqrt(size) // 10))


def _ranks(found: Sequence[bytes], width: int) -> list[int]:
    """A number for each shingle, of three of its units: enough for an order by chance, and quick."""
    numbers = list(map(crc32, found))
    half, last = (width - 1) // 2, width - 1
    return list(map(xor, map(xor, numbers, numbers[half:]), numbers[last:]))


def _minima(ranks: Sequence[int], window: int) -> list[int]:
    """The places whose rank is the least in some window: between two lesser ones there is room for it.

    Ranks above six windows' share are the least of a window once in four hundred; leaving them out at the start makes
    this six times as quick.
    """
    limit = min(2**32, 6 * 2**32 // window)
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


def _hash(shingle: bytes) -> int:
    digest = blake2b(shingle, digest_size=4, person=b"sketch %d" % VERSION).digest()
    return int.from_bytes(digest, "big", signed=True)


# -- what two texts share --------------------------------------------------------------------------------------------

NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
INSIDE = re.compile(r"(?<=[\w,;)’'\-–] )[^\W\d_][\w’'-]*")
"""Words that begin no sentence."""
QUOTED = re.compile(r"[《「『“\"«]([^》」』”\"»\n]{1,30})[》」』”\"»]")
LATIN = re.compile(r"[A-Za-z][A-Za-z-]+")

Style = Literal["names", "nouns", "caseless"]

FEW = 4
"""Fewer facts than these say nothing."""


def facts(text: str, style: Style) -> frozenset[str]:
    """What a report is about and a template leaves open: its numbers and its names."""
    text = normalize("NFKC", text)
    names = _quoted(text) if style == "caseless" else _capitalised(text, style)
    return frozenset(NUMBER.findall(text)) | frozenset(names)


def style(text: str) -> Style:
    """How names can be told in a text: by their capitals inside sentences (`names`), by two of them in a row where
    every noun has one (`nouns`: German), or not by capitals at all (`caseless`: Chinese, Arabic, Korean …)."""
    first = [match.group()[0] for match in INSIDE.finditer(text)]
    upper, lower = sum(map(str.isupper, first)), sum(map(str.islower, first))
    if (upper + lower) * 2 <= len(first):
        return "caseless"
    return "nouns" if upper * 4 > upper + lower else "names"


def _quoted(text: str) -> Iterator[str]:
    yield from QUOTED.findall(text)
    yield from LATIN.findall(text)


def _capitalised(text: str, style: Style) -> Iterator[str]:
    words = [match for match in INSIDE.finditer(text) if match.group()[0].isupper()]
    if style == "names":
        yield from (_bare(word.group()) for word in words)
        return
    yield from (word.group() for word in words if word.group()[1:2].isupper())
    for word, following in pairwise(words):
        if word.end() + 1 == following.start():
            yield f"{word.group()} {following.group()}"


def _bare(word: str) -> str:
    """Without the genitive: Seoul's is Seoul."""
    return re.sub("[’']s$", "", word)


def _covered(reading: Reading, common: frozenset[tuple[bytes, ...]]) -> list[tuple[int, int]]:
    """The passages of a text that consist of common shingles, as (from, to) in units."""
    passages: list[tuple[int, int]] = []
    for place, shingle in enumerate(reading.shingles):
        if shingle in common:
            end = place + reading.width
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


# -- what that makes one to the other --------------------------------------------------------------------------------

SHARED, HALF, WHOLE = 0.2, 0.5, 0.9
"""Shares of a text: a quote in common, a text in common, nothing of it left out."""
AGREED = 0.5
"""Share of facts that agree in two versions of one report."""
LONG = 200
"""Units of a text that are enough to trust the two figures alone; shorter ones have to reach BOTH together."""
BOTH = 1.3
PASSAGE, ADDED = 12, 40
"""Units: the least that is a passage rather than an edit, and how much of that makes an addition."""


def likeness(text: str, other: str) -> Likeness | None:
    """What `text` is to `other`, which was there before; None if they share less than a quote.

    `copy`: the same report, edited · `excerpt`: a part of the other, or all but a passage of it · `extends`: holds the
    other and a passage of its own · `template`: the same words around other facts · `overlap`: a passage in common.
    `coverage` is the share of the text's units that stand in runs of a shingle or more which the other has too,
    `other_coverage` the same of the other, `facts` the share of the facts of the text that is covered more which the
    other text names too.
    """
    mine, its = read(text), read(other)
    common = mine.known & its.known
    if not common:
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


def agreement(text: str, other: str) -> float | None:
    """How many of their facts agree, as a share of the fewer of the two; None if there are too few to say.

    Where both have numbers enough, these have to agree by themselves: a daily market report names the same companies.
    """
    by = style(other)  # of both: they would else be counted in two ways
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
    if other_coverage >= WHOLE and own >= ADDED > other_own:
        return "extends"
    if coverage >= WHOLE and other_own >= ADDED > own:
        return "excerpt"
    if min(coverage, other_coverage) >= HALF:
        return "copy"
    return "excerpt" if coverage > other_coverage else "extends"


JUDGE = Judge(VERSION, sketch, likeness, original)
"""For `archive.postings`."""
