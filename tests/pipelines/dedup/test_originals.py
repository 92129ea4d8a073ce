"""Who was first."""

from __future__ import annotations

import pytest

from archive.articles.copies import PublishedVersion
from pipelines.dedup.originals import is_agency_outlet, original_article_id


def printed(*rows: tuple[str, str | None, str | None]) -> list[PublishedVersion]:
    """Versions as (host, agency, published_at), in the order in which they were seen."""
    return [PublishedVersion(id, *row) for id, row in enumerate(rows, start=1)]


@pytest.mark.parametrize(
    ("versions", "first"),
    [
        (
            [
                ("a.example", None, "2024-02-15T10:00:00Z"),
                ("b.example", None, "2024-02-15T09:00:00Z"),
            ],
            2,
        ),
        (
            [
                ("a.example", "AP", "2024-02-15T09:00:00Z"),
                ("apnews.com", "AP", "2024-02-15T11:00:00Z"),
            ],
            2,
        ),
        (
            [
                ("a.example", "AP", "2024-02-15T09:00:00Z"),
                ("apnews.com", None, "2024-02-15T11:00:00Z"),
            ],
            1,
        ),
        ([("a.example", None, None), ("b.example", None, "2024-02-15T09:00:00Z")], 2),
        ([("a.example", None, None), ("b.example", None, None)], 1),
        ([("a.example", None, "2024-02-15"), ("b.example", None, "2024-02-15T23:00:00Z")], 2),
        ([("a.example", None, "2024-02-15"), ("b.example", None, "2024-02-16T01:00:00Z")], 1),
        ([("a.example", None, "2024-02-15"), ("b.example", None, "2024-02-15")], 1),
    ],
    ids=[
        "the earliest",
        "the agency's own, though later",
        "a page that does not name the agency is not its own report",
        "dated before undated",
        "undated: the first seen",
        "a moment before a day alone",
        "a day before the next day's moment",
        "the same day: the first seen",
    ],
)
def test_who_was_first(versions: list[tuple[str, str | None, str | None]], first: int) -> None:
    """The agency's own report, else the earliest, else the first that was seen; in whatever order
    they are asked."""
    articles = printed(*versions)
    assert original_article_id(articles) == first
    assert original_article_id(articles[::-1]) == first


@pytest.mark.parametrize(
    ("host", "agency", "own"),
    [
        ("www.reuters.com", "Reuters", True),
        ("apnews.com", "AP", True),
        ("en.yna.co.kr", "Yonhap", True),
        ("english.kyodonews.net", "Kyodo", True),
        ("www.europapress.es", "Europa Press", True),
        ("apvalley.example", "AP", False),
        ("reuters.harbour.example", "Reuters", False),
        ("reuters.com", "AFP", False),
        ("harbour.example", None, False),
    ],
)
def test_the_outlet_is_the_agency(host: str, agency: str | None, own: bool) -> None:
    """By its domain: a host that only has the agency's name somewhere in it is another's."""
    assert is_agency_outlet(PublishedVersion(1, host, agency, None)) is own
