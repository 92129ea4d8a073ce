"""Which answers get a chart, and what it shows."""

from __future__ import annotations

import pytest

from archive.pages.answer_chart import MAX_RANKED, AnswerValue, answer_chart

DAYS: list[list[AnswerValue]] = [["2024-03-03", 4, 2], ["2024-03-01", 2, 1]]


def test_numbers_by_day_are_a_series_from_the_first_day_to_the_last() -> None:
    chart = answer_chart(("day", "articles", "outlets"), DAYS)
    assert chart
    assert chart.measure == "articles"
    (series,) = chart.series
    assert (series.first, series.last, series.most) == ("2024-03-01", "2024-03-03", 4)
    assert [bar.count for bar in series.bars if bar.count] == [2, 4]


def test_numbers_by_day_and_name_are_a_series_for_each_name_the_largest_first() -> None:
    rows: list[list[AnswerValue]] = [
        ["strike", "2024-03-01", 1],
        ["ferry", "2024-03-01", 5],
        ["ferry", "2024-03-02", 3],
    ]
    chart = answer_chart(("story", "day", "articles"), rows)
    assert chart
    assert [series.label for series in chart.series] == ["ferry", "strike"]


def test_months_are_drawn_oldest_first() -> None:
    chart = answer_chart(("month", "articles"), [["2024-03", 4], ["2024-02", 1]])
    assert chart
    assert [bar.label for bar in chart.series[0].bars] == ["2024-02", "2024-03"]


def test_names_beside_a_number_are_a_ranking_and_the_longest_bar_is_whole() -> None:
    chart = answer_chart(("outlet", "articles"), [["ridge.example", 2], ["harbour.example", 8]])
    assert chart
    assert [(bar.label, bar.share) for bar in chart.ranking] == [
        ("harbour.example", 100.0),
        ("ridge.example", 25.0),
    ]


def test_a_question_has_a_ranking_only_in_the_order_of_the_number() -> None:
    rows: list[list[AnswerValue]] = [["ridge.example", 2], ["harbour.example", 8]]
    assert answer_chart(("outlet", "articles"), rows, only_ranked=True) is None
    assert answer_chart(("outlet", "articles"), rows[::-1], only_ranked=True)


def test_pairs_that_repeat_their_first_name_are_ranked_as_pairs() -> None:
    rows: list[list[AnswerValue]] = [["a.example", "b.example", 5], ["a.example", "c.example", 2]]
    chart = answer_chart(("outlet", "ran_by", "texts"), rows)
    assert chart
    assert chart.ranking[0].label == "a.example → b.example"


def test_a_long_ranking_says_how_many_places_do_not_fit() -> None:
    rows: list[list[AnswerValue]] = [[f"{at}.example", 100 - at] for at in range(MAX_RANKED + 4)]
    chart = answer_chart(("outlet", "articles"), rows)
    assert chart
    assert (len(chart.ranking), chart.left_out) == (MAX_RANKED, 4)


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (("day", "articles"), DAYS[:1]),
        (("headline", "outlet"), [["A", "a.example"], ["B", "b.example"]]),
        (("outlet", "article"), [["a.example", 3], ["b.example", 2]]),
        (("outlet", "change"), [["a.example", 3], ["b.example", -2]]),
        (("outlet", "articles"), [["a.example", 0], ["b.example", 0]]),
        (("outlet", "articles"), [["a.example", 3], ["a.example", 2]]),
        (("articles", "outlets"), [[1, 2], [3, 4]]),
        (("outlet", "articles"), [[None, 2], ["a.example", 1]]),
    ],
)
def test_what_would_say_little_has_no_chart(
    columns: tuple[str, ...], rows: list[list[AnswerValue]]
) -> None:
    assert answer_chart(columns, rows) is None
