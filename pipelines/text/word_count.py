"""How many words a text has, also where no blanks part them."""

from __future__ import annotations

import re

UNSPACED = re.compile("[぀-ヿ㐀-鿿豈-﫿가-힣]|[฀-๿]+")
CHARACTERS_A_WORD = {"zh": 1.6, "ja": 2.0, "th": 4.5}
"""How many characters make a word where no blanks part words; Korean has blanks."""


def word_count(text: str, language: str | None) -> int:
    """Words between blanks; in Chinese, Japanese and Thai, the letters over their number in a usual
    word."""
    if language not in CHARACTERS_A_WORD:
        return len(text.split())
    letters = sum(len(run) for run in UNSPACED.findall(text))
    others = len(UNSPACED.sub(" ", text).split())
    return round(letters / CHARACTERS_A_WORD[language]) + others
