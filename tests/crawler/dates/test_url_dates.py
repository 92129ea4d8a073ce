"""Dates in addresses."""

from __future__ import annotations

import pytest

from crawler.dates.url_dates import latest_day_in_name, latest_day_in_path


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("2024/02/15/ferry", "2024-02-15"),
        ("world/2024/feb/5/ferry", "2024-02-05"),
        ("2024/02/ferry", "2024-02-29"),
        ("ferry-2024-02-15-late", "2024-02-15"),
        ("20240215/ferry", "2024-02-15"),
        ("2024/02/31/ferry", None),
        ("world-europe-20131120", None),
        ("election-2024", None),
    ],
)
def test_a_date_in_the_path_of_an_article(path: str, day: str | None) -> None:
    assert latest_day_in_path(f"https://harbour.example/{path}") == day


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("sitemap-2024-02.xml", "2024-02-29"),
        ("sitemap_202402.xml", "2024-02-29"),
        ("2024/02/sitemap.xml", "2024-02-29"),
        ("post-sitemap-2019.xml", "2019-12-31"),
        ("sitemap.xml?yyyy=2024&mm=2&dd=15", "2024-02-15"),
        ("archive-2010-2019.xml", "2019-12-31"),
        ("posts-2024-1.xml", "2024-12-31"),
        ("post-sitemap12.xml", None),
        ("sitemap-20190.xml", None),
    ],
)
def test_a_date_in_the_name_of_a_sitemap(name: str, day: str | None) -> None:
    assert latest_day_in_name(f"https://harbour.example/{name}") == day
