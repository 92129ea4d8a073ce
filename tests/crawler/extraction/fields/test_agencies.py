"""Agencies and datelines."""

from __future__ import annotations

import pytest

from crawler.extraction.fields.agencies import agency_in_credit, agency_of_text, dateline_of


@pytest.mark.parametrize(
    ("opening", "dateline", "agency"),
    [
        ("PORT ELLERY, Marland (AP) — The council voted.", "PORT ELLERY, Marland (AP)", "AP"),
        ("BERLIN (Reuters) - The council voted.", "BERLIN (Reuters)", "Reuters"),
        ("Berlin (dpa) - Der Rat hat beschlossen.", "Berlin (dpa)", "dpa"),
        ("SEOUL, Feb. 15 (Yonhap) -- The council voted.", "SEOUL, Feb. 15 (Yonhap)", "Yonhap"),
        ("MOSCOW, February 15. /TASS/. The council voted.", "MOSCOW, February 15. /TASS/", "TASS"),
        ("(Reuters) - The council voted.", None, "Reuters"),
        ("PARIS, France — The council voted.", "PARIS, France", None),
        ("The council (PA system included) voted.", None, None),
        ("The council voted on Tuesday — at last.", None, None),
    ],
)
def test_a_dateline_is_read_where_the_text_opens(
    opening: str, dateline: str | None, agency: str | None
) -> None:
    assert dateline_of(opening) == dateline
    assert agency_of_text([opening]) == agency


@pytest.mark.parametrize(
    ("credit", "agency"),
    [
        ("By Ines Calder, The Associated Press", "AP"),
        ("Ines Calder mit dpa", "dpa"),
        ("AFP", "AFP"),
        ("By Pat Reuterswood", None),
        (None, None),
    ],
)
def test_a_byline_names_the_agency(credit: str | None, agency: str | None) -> None:
    assert agency_in_credit(credit) == agency


def test_a_credit_below_the_text_counts() -> None:
    assert (
        agency_of_text(
            ["The council voted.", "It was late.", "It rained.", "More rain.", "© 2024 AFP"]
        )
        == "AFP"
    )
