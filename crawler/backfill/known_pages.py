"""The URLs that an archive has an article of, small enough to be sent to workers."""

from __future__ import annotations

import sqlite3
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from archive.articles.identity import article_keys
from archive.errors import UsageError
from pipelines.urls import url_key

HASH_BYTES = 8
"""Bytes of a URL key's hash: in an archive of a million articles, one of ten million other pages
is taken for a known one with a probability of less than one in a million."""


@dataclass(frozen=True, slots=True)
class KnownPages:
    """Hashes of URL keys, in ascending order."""

    hashes: array[int]

    def __contains__(self, url: str) -> bool:
        """Return whether the archive has an article of a URL."""
        try:
            wanted = _hash_of_key(url_key(url))
        except UsageError:
            return False
        place = bisect_left(self.hashes, wanted)
        return place < len(self.hashes) and self.hashes[place] == wanted


def known_pages(keys: Iterable[str]) -> KnownPages:
    """Return the known pages for URL keys."""
    return KnownPages(array("Q", sorted({_hash_of_key(key) for key in keys})))


def known_pages_of_archive(connection: sqlite3.Connection) -> KnownPages:
    """Return the pages that an archive has an article of."""
    return known_pages(article_keys(connection))


def _hash_of_key(key: str) -> int:
    """Return the hash of a URL key."""
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=HASH_BYTES).digest()
    return int.from_bytes(digest, "big")
