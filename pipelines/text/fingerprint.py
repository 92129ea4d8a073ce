"""Fingerprints that are equal if two texts read the same, letter for letter.

A fingerprint of a whole text cannot show similarity (copies, excerpts, templates); see
`pipelines.dedup.copies`.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from unicodedata import category, normalize

FINGERPRINT_VERSION = 1
"""Increases whenever the same text would get another fingerprint; different versions are not
comparable."""

_SEPARATOR_CATEGORIES = frozenset("PZC")
"""First letters of the Unicode categories that separate words: punctuation, separators, controls.

Separating is all they do, so 1.5 differs from 15 and equals 1,5.
"""


class _FoldTable(dict[int, str | None]):
    """Translation table for str.translate, filled as characters are met."""

    def __missing__(self, code: int) -> str | None:
        """Map formatting characters to None, separators to a space and all others to themselves."""
        kind = category(chr(code))
        if kind == "Cf":  # formatting: soft hyphens, joiners, directions
            self[code] = None
        elif kind[0] in _SEPARATOR_CATEGORIES:
            self[code] = " "
        else:
            self[code] = chr(code)
        return self[code]


_FOLD_TABLE = _FoldTable()


def fingerprinted_text(text: str) -> str:
    """Return the text as the fingerprint sees it: words separated by one space.

    Folded: case (Unicode's, so ß is ss), compatibility forms (NFKC: ﬁ, full-width, ½, no-break
    space), white space and paragraphs, punctuation of every script, soft hyphens and other
    invisible formatting. Not folded: accents, vowel signs, digits, currency and other symbols (€ $
    + °), the order of words, traditional and simplified characters.
    """
    folded = normalize("NFKC", text).casefold().translate(_FOLD_TABLE)
    return re.sub(r" +", " ", normalize("NFKC", folded)).strip()


def text_fingerprint(text: str) -> str:
    """Return `1:` and 32 hexadecimal digits (128 bits of BLAKE2b); empty if there is no word."""
    words = fingerprinted_text(text)
    if not words:
        return ""
    return f"{FINGERPRINT_VERSION}:{blake2b(words.encode(), digest_size=16).hexdigest()}"
