"""How many words a text has."""

from __future__ import annotations

import pytest

from pipelines.text.word_count import count_words


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("one two  three", "en", 3),
        ("", "en", 0),
        ("港口议会决定重建东码头", "zh", 7),
        ("南쪽 부두", "ko", 2),
        ("AP通信 2024", "ja", 3),
    ],
)
def test_words_are_counted_where_blanks_do_not_part_them(
    text: str, language: str, words: int
) -> None:
    assert count_words(text, language) == words
