"""Folding of letters for the search: variants that people leave out or cannot type become equal.

The tokenizer of SQLite folds case and the accents of Latin, Greek and Cyrillic letters. This module
adds: soft hyphens and other invisible characters, Arabic vowel signs, tatweel and the forms of
alef, ya and ta, Hebrew points, ё, ligatures and full-width forms, the dotless ı, and Latin letters
without a decomposition (ł, ø, æ, ß …). Texts and queries are folded alike: a query searches for its
words as typed and as folded, and the words that the tokenizer would not fold are appended to the
indexed text (`extra_folded_text`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

INVISIBLE_CHARS = "\u00ad\u034f\u061c\u180e\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
"""Soft hyphens, zero-width spaces and joiners, direction marks.

The zero-width non-joiner is not among them, since it separates words in Persian.
"""
ARABIC_SIGNS = (
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u08d3-\u08ff"
)
HEBREW_POINTS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
IGNORABLE_CHAR = re.compile(f"[{INVISIBLE_CHARS}{ARABIC_SIGNS}{HEBREW_POINTS}]")

EQUIVALENT_LETTERS = {
    "ё": "е", "Ё": "Е",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك",
    **{chr(zero + digit): str(digit) for zero in (0x0660, 0x06F0) for digit in range(10)},
}  # fmt: skip
SPECIAL_LATIN_LOWER_CASE = {
    "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ŧ": "t",
}  # fmt: skip
"""Latin letters, so frequent in their languages that words, not lines, are indexed folded."""
SPECIAL_LATIN_LETTERS = {
    **SPECIAL_LATIN_LOWER_CASE,
    **{key.upper(): of for key, of in SPECIAL_LATIN_LOWER_CASE.items() if key not in "ıß"},
}
SPECIAL_LATIN_LETTERS["ẞ"] = "ss"
FOLDED_LETTERS = {**EQUIVALENT_LETTERS, **SPECIAL_LATIN_LETTERS}
FOLDED_CODE_POINTS = str.maketrans(FOLDED_LETTERS)

COMPATIBILITY_CHARS = "\ufb00-\ufb4f\ufb50-\ufdff\ufe70-\ufefc\uff01-\uff5e"
"""Ligatures, presentation forms of Hebrew and Arabic, full-width forms."""
COMPATIBILITY_LETTER = re.compile(f"[{COMPATIBILITY_CHARS}]")
FOLDS_WHOLE_LINE = re.compile(
    f"[{INVISIBLE_CHARS}{ARABIC_SIGNS}{HEBREW_POINTS}{COMPATIBILITY_CHARS}{''.join(EQUIVALENT_LETTERS)}]"
)
SPECIAL_LATIN_CHARS = "".join(SPECIAL_LATIN_LETTERS)
FOLDS_SINGLE_WORD = re.compile(f"[{SPECIAL_LATIN_CHARS}]")
FOLDABLE_WORD = re.compile(r"\w+")
PHRASE_BREAK_TOKEN = "\uf8ff"  # noqa: S105
"""A token between extras, so that none of them forms a phrase with the next."""


def fold_text_for_search(text: str) -> str:
    """Return a text folded for the search: one case, one width, no accents."""
    return "".join(map(fold_search_letter, text))


def fold_with_positions(text: str) -> tuple[str, list[int]]:
    """Return the folded text, and for each of its letters the place in `text` that it is from.

    The list of places ends with the length of `text`.
    """
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        folded = fold_search_letter(letter)
        letters.append(folded)
        places += [place] * len(folded)
    return "".join(letters), [*places, len(text)]


@lru_cache(maxsize=8192)
def fold_search_letter(letter: str) -> str:
    """Return a letter folded: an empty string, one letter, or several."""
    if IGNORABLE_CHAR.match(letter):
        return ""
    if letter in FOLDED_LETTERS:
        return FOLDED_LETTERS[letter].lower()
    wide = unicodedata.normalize("NFKC", letter)
    parts = unicodedata.normalize("NFD", wide)
    # letters that decompose into more than a letter and marks, such as Hangul syllables, stay
    bare = parts[:1] if all(map(unicodedata.combining, parts[1:])) else wide
    if bare in FOLDED_LETTERS:
        return FOLDED_LETTERS[bare].lower()
    plain = bare.lower()
    if COMPATIBILITY_LETTER.match(letter):
        return "".join(map(fold_search_letter, wide)) if wide != letter else plain
    return plain if len(plain) == 1 else letter


def normalize_spelling(text: str) -> str:
    """Return a text without ignorable characters and with variants replaced; accents stay."""
    return IGNORABLE_CHAR.sub("", unicodedata.normalize("NFKC", text)).translate(FOLDED_CODE_POINTS)


def needs_extra_folding(text: str) -> bool:
    """Return whether a text contains anything that the tokenizer would not fold."""
    return bool(FOLDS_WHOLE_LINE.search(text) or FOLDS_SINGLE_WORD.search(text))


def extra_folded_text(text: str) -> Iterator[str]:
    """Yield what the tokenizer would not fold, as folded lines or words, after separators."""
    for line in text.split("\n"):
        for found in [line] if FOLDS_WHOLE_LINE.search(line) else _words_with_special_letters(line):
            yield PHRASE_BREAK_TOKEN
            yield normalize_spelling(found)


def _words_with_special_letters(line: str) -> list[str]:
    """Return the words of a line that contain letters of `SPECIAL_LATIN_LETTERS`."""
    if not FOLDS_SINGLE_WORD.search(line):
        return []
    return [
        word
        for word in FOLDABLE_WORD.findall(unicodedata.normalize("NFC", line))
        if FOLDS_SINGLE_WORD.search(word)
    ]
