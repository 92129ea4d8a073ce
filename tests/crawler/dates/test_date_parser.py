"""Dates as sites write them."""

from __future__ import annotations

import pytest

from crawler.dates.date_parser import (
    is_date_line,
    is_not_before,
    parse_date,
    parse_source_date,
    possible_page_date,
)

READ_AT = "2024-02-16T08:00:00Z"


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("2024-02-15T05:30:00-05:00", "2024-02-15T10:30:00Z"),
        ("2024-02-15T05:30:00.123Z", "2024-02-15T05:30:00Z"),
        ("2024-02-15 05:30", "2024-02-15T05:30:00"),
        ("2024-02-15", "2024-02-15"),
        ("20240215", "2024-02-15"),
        ("1707975000", "2024-02-15T05:30:00Z"),
        ("Thu, 15 Feb 2024 05:30:00 +0900", "2024-02-14T20:30:00Z"),
        ("Posted February 15, 2024 5:30 am.", "2024-02-15T05:30:00"),
        ("15 Feb 2024 00:15 GMT", "2024-02-15T00:15:00Z"),
        ("Sept. 30, 2019 at 11:15 p.m. EDT", "2019-10-01T03:15:00Z"),
        ("15. Februar 2024, 10:30 Uhr", "2024-02-15T10:30:00"),
        ("Publié le 15 février 2024 à 10h30", "2024-02-15T10:30:00"),
        ("15 de fevereiro de 2024", "2024-02-15"),
        ("15 февраля 2024, 10:30", "2024-02-15T10:30:00"),
        ("2024年2月15日 10:30", "2024-02-15T10:30:00"),
        ("2024.02.15 오후 3:20", "2024-02-15T15:20:00"),
        ("13/04/2024", "2024-04-13"),
        ("Thu Feb 15 05:30:00 CET 2024", "2024-02-15T04:30:00Z"),
        ("Thu Feb 15 05:30:00 2024", "2024-02-15T05:30:00"),
    ],
)
def test_a_moment_says_no_more_than_the_page_did(raw: str, wanted: str) -> None:
    assert parse_date(raw) == wanted


@pytest.mark.parametrize(
    "raw", ["", "2026-02-31", "03/04/2024", "yesterday", "31 Foo 2024", "99999999", "4 hours ago"]
)
def test_what_no_calendar_has_or_nobody_can_tell_is_no_date(raw: str) -> None:
    assert parse_date(raw) is None


def test_the_order_of_day_and_month_follows_the_country() -> None:
    assert parse_date("03/04/2024", month_first=True) == "2024-03-04"
    assert parse_date("03/04/2024", language="fr") == "2024-04-03"


def test_a_year_of_two_digits_is_read_where_it_is_written_so() -> None:
    assert parse_date("Do 25.04.24 | 14:07 Uhr", language="de") == "2024-04-25T14:07:00"
    assert parse_date("25.04.24", language="en") is None
    assert parse_date("Version 1.12.24.5", language="de") is None


def test_two_clock_times_in_one_line_leave_the_day_alone() -> None:
    assert parse_date("15 Feb 2024 10:30, updated 11:45") == "2024-02-15"


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("2024-02-16T11:00:00Z", "2024-02-16T11:00:00Z"),
        ("2024-02-16T13:00:00Z", None),
        ("2025-01-01", None),
        ("1970-01-01", None),
    ],
)
def test_nothing_is_published_a_day_after_it_was_fetched(found: str, wanted: str | None) -> None:
    assert possible_page_date(found, "2024-02-15T12:00:00Z") == wanted


@pytest.mark.parametrize(
    ("line", "is_date"),
    [
        ("Posted February 15, 2024 5:30 am.", True),
        ("© 2024-02-15 The Ellery Courier", False),
        (
            "On 15 February 2024 the council of Ellery voted to rebuild its eastern pier at last.",
            False,
        ),
    ],
)
def test_a_date_line_tells_nothing_else(line: str, is_date: bool) -> None:
    assert is_date_line(line) is is_date


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("Thu, 15 Feb 2024 10:30:00 GMT", "2024-02-15T10:30:00Z"),
        ("15 Feb 24 10:30 EST", "2024-02-15T15:30:00Z"),
        ("Чт, 15 Feb 2024 10:30:00 +0300", "2024-02-15T07:30:00Z"),
        ("Thu,15 Feb 2024 4:05:6 GMT+9", "2024-02-14T19:05:06Z"),
        ("Thu, 15 Feb 2024 10:30:00 IST", "2024-02-15T10:30:00"),
        ("2024-02-15T10:30:00.123-05:00", "2024-02-15T15:30:00Z"),
        ("2024-02-15T10:30:00+0530", "2024-02-15T05:00:00Z"),
        ("2024-02-15 10:30", "2024-02-15T10:30:00"),
        ("2024-02-15", "2024-02-15"),
        ("20240215T103000Z", "2024-02-15T10:30:00Z"),
        ("February 15, 2024", "2024-02-15"),
        ("2023-02-29", None),
        ("2023-02-29T10:00:00Z", None),
        ("2024-02-15T25:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("2024-02-17T08:00:01Z", None),
        ("2024-02-17T08:00:00Z", "2024-02-17T08:00:00Z"),
        ("2024-02", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_moment_says_no_more_than_the_feed_did(raw: str | None, wanted: str | None) -> None:
    assert parse_source_date(raw, fetched_at=READ_AT) == wanted


def test_a_day_is_not_before_a_moment_of_the_same_day() -> None:
    assert is_not_before("2024-02-15", "2024-02-15T10:00:00Z")
    assert not is_not_before("2024-02-15T09:59:59Z", "2024-02-15T10:00:00Z")
    assert not is_not_before("2024-02-14T23:00:00", "2024-02-15T10:00:00Z")
