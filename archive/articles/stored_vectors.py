"""Vectors of articles as they are stored: numbers that can be compared without their terms.

A listing compares hundreds of articles, of which it shows a few. Parsing and weighting the terms of
all of them is most of its cost. So the vector of an article is stored as two arrays, the hashes of
its terms and their weights; the terms are only parsed for articles that are shown.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import ItemsView, Iterator, Mapping
from functools import cached_property
from zlib import crc32

OPENING_TERM_PREFIX = "^"
"""Prefix of the terms of an article's opening in its vector; no term contains it."""
NUMBER_BYTES = 4
"""Size of a hash, and of a weight."""


def term_hash(term: str) -> int:
    """Return the hash of a term, of 32 bits."""
    return crc32(term.encode())


def packed_terms(vector: Mapping[str, float]) -> tuple[bytes, bytes]:
    """Return the hashes and the weights of a vector, as arrays of 32-bit numbers."""
    hashes = array("I", [crc32(term.encode()) for term in vector])
    weights = array("f", vector.values())
    return hashes.tobytes(), weights.tobytes()


def packed_vector(vector: Mapping[str, float]) -> bytes:
    """Return a vector as it is stored: all hashes, then all weights."""
    return b"".join(packed_terms(vector))


class StoredVector(Mapping[str, float]):
    """A stored vector, whose terms are parsed when they are needed."""

    def __init__(self, packed: bytes, whole: str, opening: str) -> None:
        """`whole` and `opening` are JSON objects, whose keys are the article's terms."""
        middle = len(packed) // 2
        self.hashes, self.weights = packed[:middle], packed[middle:]
        self._whole, self._opening = whole, opening

    @cached_property
    def _by_term(self) -> dict[str, float]:
        whole, opening = json.loads(self._whole), json.loads(self._opening)
        names = (*whole, *opening, *(OPENING_TERM_PREFIX + term for term in opening))
        by_hash = {crc32(name.encode()): name for name in names}
        found = zip(array("I", self.hashes), array("f", self.weights), strict=True)
        return {by_hash[number]: weight for number, weight in found if number in by_hash}

    def __getitem__(self, term: str) -> float:
        return self._by_term[term]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_term)

    # those of Mapping are slow

    def items(self) -> ItemsView[str, float]:
        """The terms with their weights."""
        return self._by_term.items()

    def __contains__(self, term: object) -> bool:
        return term in self._by_term

    def __len__(self) -> int:
        return len(self.hashes) // NUMBER_BYTES
