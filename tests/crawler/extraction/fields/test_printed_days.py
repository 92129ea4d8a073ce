"""The day on which an article appeared on the outlet's own clock."""

from __future__ import annotations

import pytest

from archive.records import Capture
from archive.timestamps import clock_offset, local_timestamp
from crawler.dates.date_parser import parse_site_date, parse_source_site_date
from crawler.extraction.extract import extract_article
from crawler.extraction.fields.printed_days import PrintedDay, PrintedWording, find_printed_day

TEXT = "".join(
    f"<p>The ferry company said on day {number} that its crews would sail again soon, and the "
    f"mayor of the island answered that number {number} of its boats was enough for everyone.</p>"
    for number in range(8)
)


@pytest.mark.parametrize(
    ("raw", "timestamp", "day", "offset"),
    [
        ("2024-02-16T02:30:00+09:00", "2024-02-15T17:30:00Z", "2024-02-16", 540),
        ("2024-02-15T21:30:00-0330", "2024-02-16T01:00:00Z", "2024-02-15", -210),
        ("Thu, 15 Feb 2024 22:30:00 -0500", "2024-02-16T03:30:00Z", "2024-02-15", -300),
        ("February 15, 2024 10:30 p.m. ET", "2024-02-16T03:30:00Z", "2024-02-15", -300),
        ("2024-02-15T17:30:00Z", "2024-02-15T17:30:00Z", "2024-02-15", 0),
        ("1708018200", "2024-02-15T17:30:00Z", "2024-02-15", None),
        ("2024-02-15 22:30", "2024-02-15T22:30:00", "2024-02-15", None),
        ("15 February 2024", "2024-02-15", "2024-02-15", None),
    ],
)
def test_a_date_is_read_with_the_day_and_the_offset_that_it_states(
    raw: str, timestamp: str, day: str, offset: int | None
) -> None:
    found = parse_site_date(raw, "en")
    assert found is not None
    assert (found.timestamp, found.day, found.offset) == (timestamp, day, offset)
    assert parse_source_site_date(raw, language="en", fetched_at="2024-03-01T00:00:00Z") == found


def wordings(*said: tuple[str, bool]) -> list[PrintedWording]:
    return [PrintedWording(parse_site_date(raw, "en"), is_visible) for raw, is_visible in said]


@pytest.mark.parametrize(
    ("said", "printed"),
    [
        ([("2024-02-15T17:30:00Z", False)], PrintedDay("2024-02-15", 0)),
        (
            [("2024-02-15T17:30:00Z", False), ("2024-02-16T02:30:00+09:00", False)],
            PrintedDay("2024-02-16", 540),
        ),
        (
            [("2024-02-15T17:30:00Z", False), ("16 February 2024, 02:30", True)],
            PrintedDay("2024-02-16", 540),
        ),
        ([("2024-02-15T17:30:00Z", False), ("16 February 2024", True)], PrintedDay("2024-02-16")),
        # the day of an update a week later, and a clock time of no time zone
        (
            [("2024-02-15T17:30:00Z", False), ("22 February 2024", True)],
            PrintedDay("2024-02-15", 0),
        ),
        (
            [("2024-02-15T17:30:00Z", False), ("16 February 2024, 02:37", True)],
            PrintedDay("2024-02-15", 0),
        ),
        # what programs read says nothing of the outlet's clock
        ([("1708018200", False), ("2024-02-16", False)], PrintedDay("2024-02-15")),
    ],
)
def test_a_stated_offset_decides_the_day_then_what_readers_see_then_utc(
    said: list[tuple[str, bool]], printed: PrintedDay
) -> None:
    assert find_printed_day("2024-02-15T17:30:00Z", wordings(*said)) == printed


def test_a_date_that_is_not_in_utc_is_on_its_own_day_and_no_date_is_on_none() -> None:
    assert find_printed_day("2024-02-15T22:30:00", []) == PrintedDay("2024-02-15")
    assert find_printed_day("2024-02-15", []) == PrintedDay("2024-02-15")
    assert find_printed_day(None, []) is None


def page(head: str, shown: str = "") -> Capture:
    article = f"<article><h1>Ferries sail again</h1>{shown}{TEXT}</article>"
    body = f"<html lang='en'><head>{head}</head><body>{article}</body></html>"
    return Capture("https://harbour.example/a", body.encode(), fetched_at="2024-03-01T00:00:00Z")


def test_a_page_in_japan_keeps_its_own_day_beside_the_time_in_utc() -> None:
    meta = '<meta property="article:published_time" content="2024-02-16T02:30:00+09:00">'
    article = extract_article(page(meta))
    assert article.published_at == "2024-02-15T17:30:00Z"
    assert (article.published_day, article.published_offset) == ("2024-02-16", 540)


def test_a_page_that_tells_programs_utc_is_cited_by_the_day_that_it_shows_to_readers() -> None:
    claims = '{"@type": "NewsArticle", "datePublished": "2024-02-16T03:30:00Z"}'
    data = f'<script type="application/ld+json">{claims}</script>'
    article = extract_article(page(data, "<p class='date'>February 15, 2024, 10:30 pm</p>"))
    assert article.published_at == "2024-02-16T03:30:00Z"
    assert (article.published_day, article.published_offset) == ("2024-02-15", -300)


def test_a_clock_is_ahead_by_a_possible_offset_or_by_none() -> None:
    assert clock_offset("2024-02-16T02:30:00", "2024-02-15T17:30:42Z") == 540
    assert clock_offset("2024-02-15T14:00:00", "2024-02-15T17:30:00Z") == -210
    assert clock_offset("2024-02-15T14:07:00", "2024-02-15T17:30:00Z") is None
    assert clock_offset("2024-02-17T02:30:00", "2024-02-15T17:30:00Z") is None
    assert local_timestamp("2024-02-15T17:30:00Z", 540) == "2024-02-16T02:30:00+09:00"
    assert local_timestamp("2024-02-15", 540) == "2024-02-15"
