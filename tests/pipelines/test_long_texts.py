"""What a text of two million characters costs the stages: no more than one of a hundredth of it,
but for reading it."""

from __future__ import annotations

from itertools import count

import pytest

from archive.articles.revisions import ArticleVersion
from archive.text.unspaced import MAX_PAIRED_CHARS, bigrams
from pipelines.dedup.boilerplate import are_different_news, line_marks, marks_to_remove
from pipelines.dedup.copies import MAX_COMPARED_CHARS, compare_texts, sketch_text
from pipelines.dedup.revisions import (
    CONTEXT_CHARS,
    MAX_COMPARED_TEXT_CHARS,
    classify_version,
    clip_to_changes,
)
from tests.growth import assert_growth
from tests.stories import story

pytestmark = pytest.mark.slow  # texts of two million characters

SCRIPTS = {
    "words": "The ferry landing {} moves to the north quay. ",
    "lines": "Quay {}\n",
    "Chinese": "第{}號碼頭的渡輪將遷往北岸。",
    "Thai": "ท่าเรือข้ามฟากหมายเลข{}จะย้ายไปทางเหนือ",
    "ligatures": "\ufdfa{}\ufdfa ",
}


def text(kind: str, length: int, start: int = 0) -> str:
    each = SCRIPTS[kind]
    return "".join(
        each.format(number) for number in range(start, start + length // (len(each) - 2))
    )[:length]


STARTS = count(0, 3_000_000)
"""Numbers for new texts: what was compared once is remembered."""


@pytest.mark.parametrize("kind", SCRIPTS)
def test_to_find_copies_costs_the_same_however_long_a_text_is(kind):
    long, longer = text(kind, MAX_COMPARED_CHARS), text(kind, 20 * MAX_COMPARED_CHARS)
    assert sketch_text(longer) == sketch_text(long)
    assert compare_texts(longer, long + "x" * 100_000) == compare_texts(long, long)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCRIPTS)
def test_to_judge_a_change_costs_about_the_same_however_long_a_text_is(kind):
    def changes(length: int) -> None:
        start = next(STARTS)
        old, new = text(kind, length, start), text(kind, length, start + 1_000_000)
        classify_version(ArticleVersion(old), ArticleVersion(new))
        classify_version(ArticleVersion(old), ArticleVersion(old + new[:100]))

    assert_growth(changes, MAX_COMPARED_TEXT_CHARS, times=10, slack=0.6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", SCRIPTS)
def test_to_tell_habits_costs_little_more_where_a_text_is_long(kind):
    def told(length: int) -> None:
        start = next(STARTS)
        one, other = text(kind, length, start), text(kind, length, start + 1_000_000)
        line_marks(one)
        are_different_news(one, other, "en")
        marks_to_remove(one, set(line_marks(one)) - {None}, "en")

    assert_growth(told, 200_000, times=10, slack=2)


def test_an_edit_amid_a_long_text_is_found_and_flagged_as_in_a_short_one():
    lines = [
        f"Line {number}: the ferry landing moves to the north quay." for number in range(40_000)
    ]
    edited = [*lines]
    edited[20_000] = "Line 20000: the ferry landing stays where it is."
    dates = {"published_at": "2026-03-01T10:00:00Z", "fetched_at": "2026-03-10T10:00:00Z"}
    old, new = ArticleVersion("\n".join(lines), **dates), ArticleVersion("\n".join(edited), **dates)
    verdict = classify_version(old, new)
    assert (verdict.decision, verdict.kinds, verdict.stealth) == ("revision", ("body",), True)


@pytest.mark.parametrize("kept", [0, 100, 40_000])
def test_a_long_text_of_which_most_is_gone_is_held_as_a_short_one(kept):
    lines = [
        f"Line {number}: the ferry landing moves to the north quay." for number in range(40_000)
    ]
    verdict = classify_version(
        ArticleVersion("\n".join(lines)), ArticleVersion("\n".join(lines[:kept]) or "Gone.")
    )
    assert verdict.decision == {0: "unreadable", 100: "held", 40_000: "unchanged"}[kept]


def test_what_is_compared_of_a_long_text_is_what_changed_and_what_stands_around_it():
    old = "a" * 300_000 + "b" * 10 + "c" * 300_000
    one, two = clip_to_changes(ArticleVersion(old), ArticleVersion(old.replace("b", "")))
    assert len(one.text) == 2 * CONTEXT_CHARS + 10
    assert one.text.replace("b", "") == two.text
    short = ArticleVersion(story(1)), ArticleVersion(story(2))
    assert clip_to_changes(*short) == short


@pytest.mark.slow
def test_a_long_text_without_spaces_is_found_by_the_pairs_of_its_first_part():
    assert bigrams("首" * (2 * MAX_PAIRED_CHARS)) == bigrams("首" * MAX_PAIRED_CHARS)
