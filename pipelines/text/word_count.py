"""Word counts, also of languages that are written without spaces."""

from __future__ import annotations

import re

from archive.text.unspaced import (
    COMPATIBILITY_HAN_RANGE,
    HAN_RANGE,
    HANGUL_RANGE,
    KANA_RANGE,
    THAI_RANGE,
)

UNSPACED_WORD_RUN = re.compile(
    f"[{KANA_RANGE}{HAN_RANGE}{COMPATIBILITY_HAN_RANGE}{HANGUL_RANGE}]|[{THAI_RANGE}]+"
)
"""Runs of Chinese, Japanese, Korean and Thai letters."""
CHARS_PER_WORD = {"zh": 1.6, "ja": 2.0, "th": 4.5}
"""Mean length of a word in characters, in languages without spaces; Korean has spaces."""


def count_words(text: str, language: str | None) -> int:
    """Return the number of words; `language` is ISO 639-1.

    In Chinese, Japanese and Thai the number is estimated from the number of letters.
    """
    if language not in CHARS_PER_WORD:
        return len(text.split())
    letters = sum(len(run) for run in UNSPACED_WORD_RUN.findall(text))
    others = len(UNSPACED_WORD_RUN.sub(" ", text).split())
    return round(letters / CHARS_PER_WORD[language]) + others
