"""What changed between two texts, as people read it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.text.diff import (
    TextDiff,
    diff_as_html,
    diff_as_inline_html,
    diff_as_text,
    diff_texts,
    matching_positions,
)
from tests.growth import assert_growth

OLD = """The harbour board voted 6 to 5 on Tuesday to move the landing. Residents had asked for it.
The work will cost 6 million crowns, the board said. “We would rather do it once,” said Ida Holm.
A barge will carry passengers in the meantime. Shopkeepers fear for their trade.
Engineers sank the first piles last week. Divers inspected the sea bed off the quay.
The council meets again in two weeks."""


def read(old: str, new: str) -> str:
    return diff_as_text(diff_texts(old, new))


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("The board voted 6 to 5.", "The board voted 7 to 5.", "The board voted [-6-] {+7+} to 5."),
        (
            "It cost 1,200.50 crowns.",
            "It cost 1,300.50 crowns.",
            "It cost [-1,200.50-] {+1,300.50+} crowns.",
        ),
        ("One. Two is here.", "One.", "One. [-Two is here.-]"),
        ("One.", "One. Two is here.", "One. {+Two is here.+}"),
        ("Ferry crews strike", "Ferry crews go on strike", "Ferry crews {+go on+} strike"),
        (
            "Ferry crews strike",
            "Minister resigns",
            "[-Ferry crews strike-]\n\n{+Minister resigns+}",
        ),
        ("", "New", "{+New+}"),
        ("Old", "", "[-Old-]"),
        ("", "", ""),
        (
            "東京都知事が退任へ。後任は未定だ。",
            "東京都知事が来月退任へ。後任は未定だ。",
            "東京都知事が{+来月+}退任へ。後任は未定だ。",
        ),
        ("他们星期二投票。", "他们星期三投票。", "他们星期[-二-]{+三+}投票。"),
        ("นายกรัฐมนตรีลาออก", "นายกรัฐมนตรีไม่ลาออก", "นายกรัฐมนตรี{+ไม่+}ลาออก"),
        ("Er ging. Sie blieb dort.", "Er ging.\nSie blieb dort.", "… 2 paragraphs unchanged …"),
    ],
)
def test_words_are_marked_inside_sentences(old: str, new: str, shown: str) -> None:
    assert read(old, new) == shown


def test_unchanged_paragraphs_fold_and_moved_ones_are_called_so() -> None:
    lines = OLD.split("\n")
    shown = read(OLD, "\n".join([lines[2], lines[0], lines[1], lines[3], "A new end."]))
    assert shown.split("\n\n") == [
        "{moved here: A barge will carry passengers in the meantime. Shopkeepers fear for their trade.}",
        "… 2 paragraphs unchanged …",
        "[moved: A barge will carry passengers in the meantime. Shopkeepers fear for their trade.]",
        "Engineers sank the first piles last week. Divers inspected the sea bed off the quay.",
        "[-The council meets again in two weeks.-]",
        "{+A new end.+}",
    ]


def test_words_are_counted_and_what_moved_is_not() -> None:
    lines = OLD.split("\n")
    moved = diff_texts(OLD, "\n".join([*lines[1:], lines[0]]))
    assert (moved.words_added, moved.words_removed, moved.is_empty) == (0, 0, False)
    edited = diff_texts(OLD, OLD.replace("6 to 5", "7 to 4").replace(" off the quay", ""))
    assert (edited.words_added, edited.words_removed) == (2, 5)
    assert diff_texts("他们投票。", "他们星期三投票。").words_added == 3


def test_white_space_is_no_difference() -> None:
    assert diff_texts("One two.\n\nThree.", "One  two.\nThree. ").is_empty


# -- hostile texts ---------------------------------------------------------------------------------

HOSTILE = (
    '<script>alert("x")</script> <img src=x onerror=alert(1)> </ins></del> & &lt; \x1b[31m \u202e'
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Fine words here.", HOSTILE),
        (HOSTILE, ""),
        (HOSTILE, f"{HOSTILE} more"),
        (HOSTILE, HOSTILE),
    ],
)
def test_what_a_text_says_is_shown_and_never_run(old: str, new: str) -> None:
    for page in (diff_as_html(diff_texts(old, new)), diff_as_inline_html(diff_texts(old, new))):
        for word in ("<script", "<img", "</script"):
            assert word not in page
        assert page.count("<ins") == page.count("</ins>")
        assert page.count("<del") == page.count("</del>")
        assert "&lt;script&gt;" in page.replace(
            '<ins><span class="dateline-spoken">added: </span>', ""
        )


def test_a_text_does_not_steer_the_terminal() -> None:
    shown = diff_as_text(diff_texts("Fine words.", f"{HOSTILE} Fine words."))
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    coloured = diff_as_text(diff_texts("One two.", "One three."), colour=True)
    assert coloured == "One \x1b[31;9mtwo\x1b[0m\x1b[32;4mthree\x1b[0m."


def test_changes_are_said_to_those_who_hear_the_page() -> None:
    page = diff_as_html(diff_texts("The board voted 6 to 5.", "The board voted 7 to 5."))
    assert '<del><span class="dateline-spoken">removed: </span>6</del>' in page
    assert '<ins><span class="dateline-spoken">added: </span>7</ins>' in page


# -- whatever the texts ----------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "one",
        "two",
        "three",
        "four.",
        "five!",
        "six\n",
        "七",
        "八。",
        "“nine”",
        "don’t",
        "1,5",
        "<b>",
    ]
)
TEXTS = st.lists(WORDS, max_size=60).map(" ".join)


def side(found: TextDiff, *changes: str) -> str:
    pieces = (
        piece.text
        for paragraph in found.paragraphs
        for piece in paragraph
        if piece.change in changes
    )
    return "".join("".join(pieces).split())


@given(TEXTS, TEXTS)
def test_the_new_text_can_be_read_off_a_diff_and_nothing_of_the_old_is_missing(
    old: str, new: str
) -> None:
    found = diff_texts(old, new)
    assert side(found, "same", "added", "moved here") == "".join(new.split())
    assert sorted(side(found, "same", "removed", "moved away")) == sorted("".join(old.split()))
    assert found.is_empty or old.split() != new.split()


@given(st.lists(st.sampled_from("abc"), max_size=30), st.lists(st.sampled_from("abc"), max_size=30))
def test_matches_ascend_and_hold_the_same(old: list[str], new: list[str]) -> None:
    pairs = matching_positions(old, new)
    assert all(old[i] == new[j] for i, j in pairs)
    assert pairs == sorted(pairs, key=lambda pair: pair[1])
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)


# -- time ------------------------------------------------------------------------------------------

CHANCE = random.Random(11)
VOCABULARY = [
    "".join(CHANCE.choices("aeioubdfgklmnprst", k=CHANCE.randint(2, 9))) for _ in range(2_000)
]
WORDS_6000 = [CHANCE.choice(VOCABULARY[: CHANCE.choice([20, 300, 2_000])]) for _ in range(6_000)]
OTHERS_6000 = [CHANCE.choice(VOCABULARY[: CHANCE.choice([20, 300, 2_000])]) for _ in range(6_000)]


def sentences(words: list[str]) -> str:
    return "\n".join(" ".join(words[at : at + 20]) + "." for at in range(0, len(words), 20))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            sentences(WORDS_6000),
            sentences(["changed" if at % 20 == 7 else w for at, w in enumerate(WORDS_6000)]),
        ),
        (sentences(WORDS_6000), sentences(OTHERS_6000)),
        (
            " ".join(WORDS_6000),
            " ".join(["changed" if at % 50 == 7 else w for at, w in enumerate(WORDS_6000)]),
        ),
        (" ".join(WORDS_6000), " ".join(OTHERS_6000)),
        ("yes no " * 3_000, "no yes no " * 2_000),
        ("Yes. No. " * 3_000, "No. Yes. No. " * 2_000),
        ("日月火" * 3_000, "月日火" * 3_000),
    ],
    ids=[
        "each sentence",
        "another text",
        "no full stop",
        "no full stop, another",
        "two words",
        "two sentences",
        "signs",
    ],
)
def test_six_thousand_words_take_a_moment_however_they_differ(old: str, new: str) -> None:
    """`bench/diff.py` measures it; here there is room for a busy machine, and none for a quadratic
    step."""
    longer = max(len(old), len(new))
    assert_growth(lambda length: diff_texts(old[:length], new[:length]), longer // 4, times=4)


def test_a_changed_word_in_every_sentence_is_all_that_is_marked() -> None:
    found = diff_texts(
        sentences(WORDS_6000),
        sentences(["changed" if at % 20 == 7 else w for at, w in enumerate(WORDS_6000)]),
    )
    assert (found.words_added, found.words_removed) == (300, 300)
