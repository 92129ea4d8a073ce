"""Text as the search compares it: one string for each article, letters folded."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def searchable_text(
    headline: str | None, standfirst: str | None, byline: str | None, text: str | None
) -> str:
    """Return the searchable parts of an article as one text."""
    return " ".join(filter(None, (headline, standfirst, byline, text)))


def fold_letter_by_letter(text: str) -> str:
    """Return a text folded letter by letter, so that places stay the same: case, width, accents."""
    if text.isascii():
        return text.lower()
    return "".join(map(_fold_to_one_letter, text))


@lru_cache(maxsize=4096)
def _fold_to_one_letter(letter: str) -> str:
    """Return a letter folded, if the result is one letter; else the letter itself."""
    wide = unicodedata.normalize("NFKC", letter)
    parts = unicodedata.normalize("NFD", wide)
    # letters that decompose into more than a letter and marks, such as Hangul syllables, stay
    bare = parts[:1] if all(map(unicodedata.combining, parts[1:])) else wide
    plain = bare.lower()
    return plain if len(plain) == 1 else letter
