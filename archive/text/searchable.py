"""Text as the search compares it: one string an article, letters folded."""

from __future__ import annotations

import unicodedata
from functools import lru_cache


def searchable_text(
    headline: str | None, standfirst: str | None, byline: str | None, text: str | None
) -> str:
    """What is searched of an article, in one text."""
    return " ".join(filter(None, (headline, standfirst, byline, text)))


def fold_letters(text: str) -> str:
    """The text as the search sees it, letter for letter: of one case and width, without accents."""
    return "".join(map(_fold_letter, text))


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    wide = unicodedata.normalize("NFKC", letter)
    parts = unicodedata.normalize("NFD", wide)
    plain = (
        parts[:1] if all(map(unicodedata.combining, parts[1:])) else wide
    ).lower()  # Hangul syllables have no marks
    return plain if len(plain) == 1 else letter
