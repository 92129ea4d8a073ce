"""Scripts without spaces between words, and the character pairs by which their texts are
searched."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain

from archive.text.folding import extra

UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e"  # Thai
    "\u0e81-\u0ece\u0edc-\u0edf"  # Lao
    "\u1000-\u103f\u1050-\u108f\u109a-\u109f"  # Burmese
    "\u1780-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    # Korean: it has spaces, but its particles stick to the nouns
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # kana
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
)
UNSPACED_RUN = re.compile(f"[{UNSPACED}]+")
SPACED_LETTER = rf"[^\W{UNSPACED}]"
LETTERS = re.compile(rf"[\w{UNSPACED}]+")
MIXED = re.compile(rf"{SPACED_LETTER}*[{UNSPACED}][\w{UNSPACED}]*")
"""Letters that stand together, some of them of a script without spaces."""
MAX_PAIRED_CHARS = 300_000
"""Letters of a text that are found by their pairs: a novel in Chinese; each takes seven times its
size in the index."""
VOWEL_SIGNS = range(0x0E00, 0x1800)
SIGNS_TO_PRIVATE_USE = 0xE000 - 0x0E00


def bigrams(text: str) -> str | None:
    """What `articles.bigrams` holds for a text; None if the tokenizer finds all its words as they
    are typed.

    A run of letters gives its overlapping pairs and its last letter: 東京都 → `東京 京都 都`. So every
    letter starts a token, and the end of one run and the start of the next never look like one
    word. Words that stick to such a run are kept whole: 在2024年 → `在 2024 年`. Behind them stands
    what `archive.text.folding` folds beyond the tokenizer.
    """
    written = LETTERS.findall(unicodedata.normalize("NFKC", text[:MAX_PAIRED_CHARS]))
    pairs = (
        token for letters in written if UNSPACED_RUN.search(letters) for token in _tokens(letters)
    )
    return " ".join(chain(pairs, extra(text))) or None


def _tokens(letters: str) -> Iterator[str]:
    """The tokens of letters that stand together, some of them of a script without spaces."""
    for run, other in re.findall(f"([{UNSPACED}]+)|([^{UNSPACED}]+)", letters):
        if other:
            yield other
        else:
            yield from pairs(run)
            yield private_use(run[-1])


def pairs(run: str) -> list[str]:
    return [private_use(run[at : at + 2]) for at in range(len(run) - 1)]


def private_use(letters: str) -> str:
    """Vowel and tone signs as private-use letters: the tokenizer would cut at them, and กัน (each
    other) be กิน (eat)."""
    return "".join(
        chr(ord(c) + SIGNS_TO_PRIVATE_USE)
        if ord(c) in VOWEL_SIGNS and unicodedata.category(c)[0] == "M"
        else c
        for c in letters
    )
