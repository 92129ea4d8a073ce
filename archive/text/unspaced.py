"""Scripts without spaces between words, and their index by pairs of characters.

The ranges at the top are the one table of these scripts: parts of character classes for regular
expressions, combined where they are used.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from archive.text.folding import extra_folded_text

THAI_RANGE = "\u0e00-\u0e7f"
SOUTHEAST_ASIAN_RANGES = f"{THAI_RANGE}\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"
"""Thai, Lao, Burmese and Khmer, with their vowel signs, digits and punctuation."""
KANA_RANGE = "\u3040-\u30ff"
HAN_RANGE = "\u3400-\u9fff"
COMPATIBILITY_HAN_RANGE = "\uf900-\ufaff"
SUPPLEMENTARY_HAN_RANGE = "\U00020000-\U0003ffff"
HANGUL_RANGE = "\uac00-\ud7a3"
"""Korean syllables. Korean has spaces, but its particles stick to the nouns."""
SPACELESS_RANGES = f"{KANA_RANGE}{HAN_RANGE}{COMPATIBILITY_HAN_RANGE}{SOUTHEAST_ASIAN_RANGES}"
"""The scripts that have no spaces between words at all, so without Korean."""
UNSPACED_SCRIPT_RANGES = f"{SPACELESS_RANGES}{HANGUL_RANGE}"
UNSPACED_RANGES = (
    "\u0e01-\u0e3a\u0e40-\u0e4e"  # Thai
    "\u0e81-\u0ece\u0edc-\u0edf"  # Lao
    "\u1000-\u103f\u1050-\u108f\u109a-\u109f"  # Burmese
    "\u1780-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    # Korean: it has spaces, but its particles stick to the nouns
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
)
"""The letters that the search index has in pairs: without digits and punctuation."""
UNSPACED_RUN = re.compile(f"[{UNSPACED_RANGES}]+")
SPACED_LETTER = rf"[^\W{UNSPACED_RANGES}]"
LETTER_RUN = re.compile(rf"[\w{UNSPACED_RANGES}]+")
MIXED_SCRIPT_WORD = re.compile(rf"{SPACED_LETTER}*[{UNSPACED_RANGES}][\w{UNSPACED_RANGES}]*")
"""A word of which at least one letter belongs to a script without spaces."""
MAX_PAIRED_CHARS = 300_000
"""Indexed length of a text, enough for a Chinese novel; pairs need seven times the space."""
VOWEL_SIGN_RANGE = range(0x0E00, 0x1800)
PRIVATE_USE_OFFSET = 0xE000 - 0x0E00


def bigrams(text: str) -> str | None:
    """Return the value of `articles.bigrams` for a text; None if the tokenizer finds all its words.

    A run of letters gives its overlapping pairs and its last letter: 東京都 → `東京 京都 都`. So
    every letter starts a token, and the end of one run and the start of the next never look like
    one word. Other letters attached to such a run stay whole: 在2024年 → `在 2024 年`. The words
    that `archive.text.folding` folds beyond the tokenizer are appended.
    """
    words = LETTER_RUN.findall(unicodedata.normalize("NFKC", text[:MAX_PAIRED_CHARS]))
    unspaced_words = filter(UNSPACED_RUN.search, words)
    tokens = chain.from_iterable(map(_bigram_tokens, unspaced_words))
    return " ".join(chain(tokens, extra_folded_text(text))) or None


def _bigram_tokens(letters: str) -> Iterator[str]:
    """Yield the tokens of a word with letters of a script without spaces."""
    for run, other in re.findall(f"([{UNSPACED_RANGES}]+)|([^{UNSPACED_RANGES}]+)", letters):
        if other:
            yield other
        else:
            yield from character_pairs(run)
            yield signs_to_private_use(run[-1])


def character_pairs(run: str) -> list[str]:
    """Return the overlapping pairs of characters in a run."""
    return [signs_to_private_use(run[at : at + 2]) for at in range(len(run) - 1)]


def _private_use_letter(letter: str) -> str:
    """Return a vowel or tone sign as a private-use character, any other letter unchanged."""
    is_sign = ord(letter) in VOWEL_SIGN_RANGE and unicodedata.category(letter)[0] == "M"
    return chr(ord(letter) + PRIVATE_USE_OFFSET) if is_sign else letter


def signs_to_private_use(letters: str) -> str:
    """Return letters with their vowel and tone signs as private-use characters.

    The tokenizer would cut at these signs, so that กัน (each other) would equal กิน (eat).
    """
    return "".join(map(_private_use_letter, letters))
