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
from unicodedata import normalize
from zlib import crc32

from archive.postings import Likeness

VERSION = 1
"""Of the sketch; goes up whenever the same text would get other hashes. It is part of every hash."""

WORDS, CHARACTERS = 5, 8
"""Units in a shingle, where blanks part words and where they do not (Chinese, Japanese, Thai …)."""

UNSPACED = re.compile("[぀-ヿ㐀-鿿豈-﫿\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
PUNCTUATION = re.compile("[\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf،؛؟۔।॥\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f・]+")
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
    return max(3, 16 * isqrt(size) // 10)


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
