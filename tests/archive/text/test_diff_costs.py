"""What it costs to compare two texts grows with their length, and what is too long is compared by
its lines."""

from __future__ import annotations

import pytest

from archive.text.diff import MAX_SENTENCE_DIFF_CHARS, diff_texts
from tests.growth import assert_growth

pytestmark = pytest.mark.slow  # texts of two million characters


def sentences(many: int, word: str, each: str = "The {} {} moved on {}.") -> str:
    return " ".join(each.format(word, number, number * 7 % 1_000) for number in range(many))


TEXTS = {
    "short sentences": sentences,
    "all alike": lambda many, word: f"{word} moved. " * many,
    "lines of a letter": lambda many, word: f"{word[0]}\n" * (4 * many),
    "one long sentence": lambda many, word: " ".join(
        f"{word}{number}" for number in range(4 * many)
    ),
    "no blanks": lambda many, word: "".join(
        chr(0x4E00 + (number * len(word)) % 9_000) for number in range(8 * many)
    ),
    "signs": lambda many, word: f"{word[0]}.!?… " * many,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
def test_four_times_the_text_costs_little_more_than_four_times_as_much(kind):
    texts = {
        many: (TEXTS[kind](many, "harbour"), TEXTS[kind](many, "ferries1"))
        for many in (1_000, 4_000)
    }
    assert_growth(lambda many: diff_texts(*texts[many]), 1_000, times=4)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
def test_two_million_characters_cost_no_more_than_some_times_a_tenth_of_them(kind):
    def texts(length: int) -> list[str]:
        return [TEXTS[kind](length // 4, word)[:length] for word in ("harbour", "ferries1")]

    pairs = {
        length: texts(length)
        for length in (MAX_SENTENCE_DIFF_CHARS // 2, 10 * (MAX_SENTENCE_DIFF_CHARS // 2))
    }
    assert_growth(
        lambda length: diff_texts(*pairs[length]), MAX_SENTENCE_DIFF_CHARS // 2, times=10, slack=1.5
    )


def test_of_a_long_text_the_lines_that_changed_are_shown_and_counted():
    lines = [
        f"Line {number} of the report on the ferry landing and the quay."
        for number in range(20_000)
    ]
    changed = [*lines[:10_000], "The council said no.", *lines[10_001:]]
    found = diff_texts("\n".join(lines), "\n".join(changed))
    assert [
        piece.text
        for paragraph in found.paragraphs
        for piece in paragraph
        if piece.change != "same"
    ] == [
        lines[10_000],
        "The council said no.",
    ]
    assert (found.words_added, found.words_removed) == (4, 12)
    assert diff_texts("\n".join(lines), "\n".join(lines)).is_empty


def test_a_paragraph_that_changed_amid_many_sentences_is_still_compared_by_its_words():
    old = sentences(2_000, "harbour")
    found = diff_texts(old, old.replace("harbour 1000 moved", "harbour 1000 stayed"))
    assert (found.words_added, found.words_removed) == (1, 1)
