"""Is this the same text, letter for letter as a reader sees it?

For likeness (copies, excerpts, templates) a fingerprint of a whole text is blind; that is decided
elsewhere.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from unicodedata import category, normalize

VERSION = 1
"""Goes up whenever the same text would get another fingerprint: two of different versions say
nothing."""

_APART = frozenset("PZC")
"""Punctuation, separators and controls part words (1.5 is not 15); that is all they do."""


class _Fold(dict[int, str | None]):
    """For str.translate: filled as characters are met."""

    def __missing__(self, code: int) -> str | None:
        kind = category(chr(code))
        self[code] = None if kind == "Cf" else " " if kind[0] in _APART else chr(code)
        return self[code]


_FOLD = _Fold()


def normalized(text: str) -> str:
    """The text as the fingerprint sees it: words, parted by one space.

    Folded: case (Unicode's, so ß is ss), compatibility forms (NFKC: ﬁ, full-width, ½, no-break
    space), white space and paragraphs, punctuation of every script, soft hyphens and other
    invisible formatting. Not folded: accents, vowel signs, digits, currency and other symbols (€ $
    + °), the order of words, traditional and simplified characters.
    """
    folded = normalize("NFKC", text).casefold().translate(_FOLD)
    return re.sub(r" +", " ", normalize("NFKC", folded)).strip()


def fingerprint(text: str) -> str:
    """`1:` and 32 hexadecimal digits (128 bits of BLAKE2b), or nothing for a text without a
    word."""
    words = normalized(text)
    if not words:
        return ""
    return f"{VERSION}:{blake2b(words.encode(), digest_size=16).hexdigest()}"
