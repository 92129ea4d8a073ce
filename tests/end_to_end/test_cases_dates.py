"""Dates of the feeds and sitemaps of the cases beside the checkout: the moment, or nothing where it
cannot be known."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from crawler.extraction.extract import extract_article
from crawler.files.saved_pages import capture_saved_page
from crawler.sources.feed_parser import parse_feed
from crawler.sources.sitemap_parser import parse_sitemap

pytestmark = pytest.mark.shared

WANTED = {
    4: "2024-03-12T20:53:11",
    5: "2024-03-12T20:53:11",
    6: "2024-03-12T00:15:00",
    7: "2024-03-12T20:53:00",
    8: "2024-03-12T20:53:11",
    9: "2024-03-12T17:40:00Z",
    11: "2024-03-12T17:40:00Z",
    14: "2024-03-12T17:40:00Z",
    15: "2024-03-12T17:40:00Z",
    16: None,
    17: "2024-03-13T00:00:00Z",
    18: None,
    19: "2024-03-12T18:40:00",
    21: "2024-03-12T17:40:00Z",
    25: "2024-03-12T18:40:00Z",
    27: "2024-03-12T18:40:00",
    31: "2024-03-12T18:40:00",
    35: "2024-03-12T18:40:00",
    38: "2024-03-12T15:40:00Z",
    44: "2024-03-12T18:40:00",
    46: "2024-03-12",
    47: "2024-03-12T19:53:11Z",
}


def test_each_form_of_a_date_in_a_feed_gives_its_moment_or_none(shared: Path):
    site = runpy.run_path(str(shared / "cases/12-feed-dates/site.py"))
    feed = parse_feed(
        site["SITE"]["http://feeds.example/rss.xml"].encode(), "http://feeds.example/rss.xml"
    )
    assert {number: feed.leads[number].published_at for number in WANTED} == WANTED
    dated = [lead.published_at or "" for lead in feed.leads]
    assert [day for day in dated if day and not day.startswith(("2024-03-1", "2023-09-12"))] == []
    assert dated.count("") == 2


def test_half_a_day_in_a_sitemap_is_no_zone(shared: Path):
    site = runpy.run_path(str(shared / "cases/14-sitemap-shapes/site.py"))
    wanted = {
        "nested": "2024-03-12T20:53:11",
        "tz": "2024-03-12T17:40:00Z",
        "badlast": None,
        "future": None,
    }
    for name, moment in wanted.items():
        url = f"http://{name}.example/sitemap.xml"
        assert [
            lead.modified_at for lead in parse_sitemap(site["F"][name].encode(), url).leads
        ] == [moment]


UNDATED = """
23-time-in-sentence/span-time 23-time-in-sentence/time-inline 23-time-in-sentence/time-inline-ap 33-jsonld/others-list
34-meta-dates/comment-dates 34-meta-dates/copyright-only 34-meta-dates/event-date-in-text 34-meta-dates/js-expiry
36-wrong-date/author-bio-since 36-wrong-date/comment-time 36-wrong-date/css-version 36-wrong-date/image-date
36-wrong-date/ld-website 36-wrong-date/related-time 36-wrong-date/script-date
"""


@pytest.mark.parametrize("page", UNDATED.split())
def test_a_page_that_says_nothing_of_its_date_has_none(shared: Path, page: str):
    assert (
        extract_article(capture_saved_page(shared / f"cases/{page}.html", None)).published_at
        is None
    )


@pytest.mark.parametrize(
    ("page", "moment"),
    [
        ("33-jsonld/date-24", "2024-03-12T23:00:00Z"),
        ("33-jsonld/date-ampm", "2024-03-12T18:40:00"),
        ("33-jsonld/date-dotnet", "2024-03-12T17:40:00Z"),
        ("33-jsonld/date-hour1", "2024-03-12T07:40:00Z"),
        ("33-jsonld/date-ms", "2024-03-12T17:40:00Z"),
        ("33-jsonld/date-tz", "2024-03-12T17:40:00Z"),
        ("33-jsonld/date-z-offset", "2024-03-12T18:40:00"),
        ("33-jsonld/date-1970", "2024-03-12"),
        ("33-jsonld/date-us", "2024-03-12T18:40:00"),
        ("40-mixed/abbr-published", "2024-03-12T04:23:00Z"),
        ("40-mixed/abbr-published-day", "2024-03-12T04:23:00Z"),
    ],
)
def test_a_date_in_a_form_of_its_own_is_read(shared: Path, page: str, moment: str):
    assert (
        extract_article(capture_saved_page(shared / f"cases/{page}.html", None)).published_at
        == moment
    )
