"""The list of agencies, which says how they are printed and which outlets are theirs."""

from __future__ import annotations

import re

import pytest

from crawler.extraction.fields.agencies import agency_of_text
from pipelines.text.agency_list import news_agencies


@pytest.mark.parametrize("agency", news_agencies())
def test_every_printed_name_of_an_agency_in_brackets_credits_it(agency: str) -> None:
    for name in news_agencies()[agency].names:
        assert agency_of_text([f"({name}) The ferries stand still."]) == agency


@pytest.mark.parametrize("agency", news_agencies())
def test_the_parts_of_an_entry_fit_together(agency: str) -> None:
    entry = news_agencies()[agency]
    assert entry.exact_case <= set(entry.names)
    assert all(re.fullmatch("[a-z0-9-]+", label) for label in entry.domains)
    assert not any(re.search(r"[\\[\]().+*|]", name) for name in entry.names)
    for pattern in entry.patterns:
        re.compile(pattern)


def test_no_two_agencies_are_printed_alike() -> None:
    names = [name for entry in news_agencies().values() for name in (*entry.names, *entry.also)]
    assert len(names) == len(set(names))
