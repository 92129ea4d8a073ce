"""Letters that the search takes for one: what people leave out when they type, and what they have
no key for.

SQLite's tokenizer folds case and the accents of Latin, Greek and Cyrillic. Here is the rest: soft
hyphens and other invisible signs, Arabic vowel signs, tatweel and the forms of alef, ya and ta,
Hebrew points, ё, ligatures and full width, the dotless ı, and Latin letters that are none with an
accent (ł, ø, æ, ß …). Text and query are folded alike: a query asks for its words as typed and
folded, and what the tokenizer would not find folded in a text stands beside the text (`extra`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
"""Soft hyphens, zero-width spaces and joiners, marks of direction. The non-joiner stays: in Persian
it parts words."""
ARABIC_SIGNS = (
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u08d3-\u08ff"
)
HEBREW_POINTS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
LEFT_OUT = re.compile(f"[{INVISIBLE}{ARABIC_SIGNS}{HEBREW_POINTS}]")

ALIKE = {
    "ё": "е", "Ё": "Е",
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك",
    **{chr(zero + digit): str(digit) for zero in (0x0660, 0x06F0) for digit in range(10)},
}  # fmt: skip
LETTERS_OF_THEIR_OWN = {
    "ı": "i", "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ŧ": "t",
}  # fmt: skip
"""Of Latin: so frequent in their languages that only their words, and not whole lines, are written
folded."""
OWN_LETTERS = {
    **LETTERS_OF_THEIR_OWN,
    **{key.upper(): of for key, of in LETTERS_OF_THEIR_OWN.items() if key not in "ıß"},
}
OWN_LETTERS["ẞ"] = "ss"
MAP = {**ALIKE, **OWN_LETTERS}
MAP_OF_CODES = str.maketrans(MAP)

COMPATIBLE = "\ufb00-\ufb4f\ufb50-\ufdff\ufe70-\ufefc\uff01-\uff5e"
"""Ligatures, presentation forms of Hebrew and Arabic, full width."""
COMPATIBLE_LETTER = re.compile(f"[{COMPATIBLE}]")
IN_LINES = re.compile(f"[{INVISIBLE}{ARABIC_SIGNS}{HEBREW_POINTS}{COMPATIBLE}{''.join(ALIKE)}]")
OWN = "".join(OWN_LETTERS)
IN_WORDS = re.compile(f"[{OWN}]")
WORD = re.compile(r"\w+")
APART = "\uf8ff"
"""A token of its own between extras, so that none of them make a phrase with the next."""


def fold(text: str) -> str:
    """The text as the search sees it: of one case and width, without accents and what else is
    folded."""
    return "".join(map(fold_letter, text))


def fold_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its letters the place in `text` that it came from; at the
    end, the text's."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        folded = fold_letter(letter)
        letters.append(folded)
        places += [place] * len(folded)
    return "".join(letters), [*places, len(text)]


@lru_cache(maxsize=8192)
def fold_letter(letter: str) -> str:
    """One letter folded: nothing, a letter, or several."""
    if LEFT_OUT.match(letter):
        return ""
    if letter in MAP:
        return MAP[letter].lower()
    wide = unicodedata.normalize("NFKC", letter)
    parts = unicodedata.normalize("NFD", wide)
    # Hangul syllables have no marks
    bare = parts[:1] if all(map(unicodedata.combining, parts[1:])) else wide
    if bare in MAP:
        return MAP[bare].lower()
    plain = bare.lower()
    if COMPATIBLE_LETTER.match(letter):
        return "".join(map(fold_letter, wide)) if wide != letter else plain
    return plain if len(plain) == 1 else letter


def spelled(text: str) -> str:
    """The text without what is left out and with letters that are alike made one; case and accents
    stay."""
    return LEFT_OUT.sub("", unicodedata.normalize("NFKC", text)).translate(MAP_OF_CODES)


def differs(text: str) -> bool:
    """Is there anything in a text that the search's tokenizer would not find folded?"""
    return bool(IN_LINES.search(text) or IN_WORDS.search(text))


def extra(text: str) -> Iterator[str]:
    """What the search's tokenizer would not find folded: whole lines, or words, each after a token
    that parts it."""
    for line in text.split("\n"):
        for found in [line] if IN_LINES.search(line) else _own_words(line):
            yield APART
            yield spelled(found)


def _own_words(line: str) -> list[str]:
    if not IN_WORDS.search(line):
        return []
    return [
        word for word in WORD.findall(unicodedata.normalize("NFC", line)) if IN_WORDS.search(word)
    ]
