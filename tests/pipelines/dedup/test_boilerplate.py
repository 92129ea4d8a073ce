"""Which lines can be an outlet's habit, and which of them an article keeps."""

from __future__ import annotations

import pytest

from pipelines.dedup.boilerplate import (
    MAX_BOILERPLATE_LINE_CHARS,
    MAX_BOILERPLATE_LINES,
    are_different_news,
    line_marks,
    marks_to_remove,
)
from tests.news import BOX, NEWS, REFRAIN, STRIKE, with_box


def mark(line: str) -> int | None:
    return line_marks(line)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Read by 12 people, shared 3 times", "Read by 4,801 people, shared 77 times"),
        ("SIGN UP for our letter!", "Sign up for our letter"),
        ("Top  stories\u00a0today", "Top stories today"),
        ("今日の人気記事 10件", "今日の人気記事 5件"),
    ],
)
def test_a_line_is_known_again_whatever_its_numbers_case_and_punctuation(
    one: str, other: str
) -> None:
    assert mark(one) == mark(other) is not None


def test_other_words_make_another_line() -> None:
    assert mark("Sign up for our letter") != mark("Sign up for our paper")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Norvik",
        "LONDON",
        "12 34",
        "* * *",
        "2-1",
        "Lunde:",
        "東京",
        "word " * MAX_BOILERPLATE_LINE_CHARS,
    ],
)
def test_bare_names_and_numbers_and_whole_passages_are_never_a_habit(line: str) -> None:
    assert mark(line) is None


def test_a_mark_fits_in_32_bits_and_is_the_same_in_every_process() -> None:
    assert mark("Top stories today") == -958725904


def test_of_a_very_long_text_the_ends_are_looked_at() -> None:
    found = line_marks("\n".join(f"Line of number word{n}" for n in range(1_000)))
    assert [place for place, mark in enumerate(found) if mark is None] == list(
        range(MAX_BOILERPLATE_LINES // 2, 1_000 - MAX_BOILERPLATE_LINES // 2)
    )


def test_what_the_outlet_repeats_goes() -> None:
    assert marks_to_remove(with_box(0), {mark(BOX)}, "en") == {mark(BOX)}
    assert marks_to_remove(with_box(0), {mark("Another of its habits")}, "en") == frozenset()


def test_a_line_that_speaks_of_the_articles_own_matter_stays() -> None:
    """The opening of a report that three others of the outlet point to, with its first sentence."""
    text = f"{NEWS[0]}\nBeekeepers who lost their hives want vaccines from the farm ministry."
    own = text.rsplit("\n", maxsplit=1)[-1]
    assert marks_to_remove(text, {mark(own), mark(BOX)}, "en") == frozenset()
    assert marks_to_remove(f"{NEWS[1]}\n{own}", {mark(own)}, "en") == {mark(own)}


def test_a_heading_amid_the_text_stays_and_a_list_of_labels_goes() -> None:
    """The weekly column has its headings; the box after it is none."""
    first, second, third = NEWS[0].split("\n")
    heading, labels = "What we know so far", ("Most read today", "Most shared today")
    habits = {mark(heading), *map(mark, labels)}
    assert marks_to_remove(f"{first}\n{heading}\n{second}\n{third}", habits, "en") == frozenset()
    assert marks_to_remove("\n".join((first, *labels, second, third)), habits, "en") == {
        *map(mark, labels)
    }
    assert (
        marks_to_remove(f"{heading}\n{NEWS[0]}", habits, "en")
        == marks_to_remove(f"{NEWS[0]}\n{heading}", habits, "en")
        == {mark(heading)}
    )


def test_no_text_loses_more_than_half() -> None:
    habits = {mark for mark in line_marks(NEWS[0]) if mark is not None}
    assert marks_to_remove(NEWS[0], habits, "en") == frozenset()
    assert marks_to_remove(BOX, {mark(BOX)}, "en") == frozenset()


def test_reports_of_different_things_are_apart_though_they_share_a_box() -> None:
    pairs = [(one, other) for one in range(len(NEWS)) for other in range(one)]
    assert all(are_different_news(with_box(one), with_box(other), "en") for one, other in pairs)


def test_reports_of_one_matter_are_not_apart_whatever_they_share() -> None:
    assert not any(
        are_different_news(f"{one}\n{REFRAIN}", f"{other}\n{REFRAIN}", "en")
        for one in STRIKE
        for other in STRIKE
    )
    assert not any(are_different_news(one, other, "en") for one in STRIKE for other in STRIKE)


def test_a_text_that_says_next_to_nothing_is_not_told_from_others() -> None:
    assert not are_different_news(f"Please reload.\n{BOX}", with_box(0), "en")
    assert not are_different_news("", "", None)


def test_texts_without_blanks_are_told_apart_too() -> None:
    harbour, bees = (
        "港口议会周二决定把渡轮码头迁到北岸。\n工程预计秋天完工。",
        "养蜂人今年冬天失去了一半蜂箱。\n农业部答应提供疫苗和糖。",
    )
    assert are_different_news(f"{harbour}\n今日热门新闻排行榜", f"{bees}\n今日热门新闻排行榜", "zh")
    assert not are_different_news(
        f"{harbour}\n今日热门新闻排行榜", f"{harbour}\n居民要求赔偿。", "zh"
    )
