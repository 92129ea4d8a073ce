"""Bars of articles over time."""

from __future__ import annotations

import pytest

from archive.pages.histogram import date_histogram
from archive.text.formatting import period_label


@pytest.mark.parametrize(
    ("published", "unit", "bars"),
    [
        (["2024-02-27T10:00:00Z", "2024-03-01"], "day", 4),
        (["2024-02-27", "2024-06-01", "2024-02"], "month", 5),
        (["2001-02-27", "2024-06-01"], "year", 24),
        (["2023-12-31", "2024-01-01", None, ""], "day", 2),
        (["2024", "2022"], "year", 3),
        (["2024-02-27", "</script>", "soon", "2024-02-31", "2024-02-28"], "day", 2),
    ],
)
def test_every_period_between_the_first_and_the_last_has_a_bar(
    published: list[str | None], unit: str, bars: int
) -> None:
    histogram = date_histogram(published)
    assert histogram is not None
    assert (histogram.unit, len(histogram.bars)) == (unit, bars)
    assert histogram.most == 1 if bars != 5 else histogram.most == 2


@pytest.mark.parametrize(
    "published", [[], [None], ["2024-02-27", "2024-02-27T23:00:00Z"], ["2024"]]
)
def test_a_single_period_has_no_histogram(published: list[str | None]) -> None:
    assert date_histogram(published) is None


@pytest.mark.parametrize(
    ("period", "label"), [("2024-02-05", "5 Feb 2024"), ("2024-02", "Feb 2024"), ("2024", "2024")]
)
def test_a_period_is_named_in_words(period: str, label: str) -> None:
    assert period_label(period) == label
