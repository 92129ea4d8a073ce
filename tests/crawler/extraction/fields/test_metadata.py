"""What a page says of its article beside the text."""

from __future__ import annotations

import json

import pytest

from archive.records import Article, Capture
from crawler.extraction.extract import extract_article

TEXT = (
    "<p>"
    + "The ferry left the island at noon, and nobody on the quay was sorry to see it go. " * 4
    + "</p>"
)
PART = {"@type": "WebPageElement", "isAccessibleForFree": "False", "cssSelector": ".more"}


def read(shown: str = "", **said: object) -> Article:
    thing = {"@context": "https://schema.org", "@graph": [{"@type": "NewsArticle", "headline": "Ferry", **said},
             {"@type": "ImageObject", "@id": "#quay", "url": "/quay.jpg"}]}  # fmt: skip
    head = f'<script type="application/ld+json">{json.dumps(thing)}</script>'
    markup = f"<html lang=en><head>{head}</head><body>{shown}{TEXT}</body></html>"
    return extract_article(
        Capture(
            url="https://courier.example/a", body=markup.encode(), fetched_at="2024-05-01T00:00:00Z"
        )
    )


@pytest.mark.parametrize(
    ("said", "free"),
    [
        ({}, None),
        ({"isAccessibleForFree": False}, False),
        ({"isAccessibleForFree": "False"}, False),
        ({"isAccessibleForFree": "http://schema.org/True"}, True),
        ({"hasPart": PART}, False),
        ({"hasPart": [{"@type": "WebPageElement"}, PART]}, False),
        ({"isAccessibleForFree": True, "hasPart": PART}, True),
        ({"hasPart": "nothing"}, None),
    ],
)
def test_a_paywall_is_told_of_the_article_or_of_a_part_of_it(
    said: dict[str, object], free: bool | None
) -> None:
    assert read(**said).free is free


@pytest.mark.parametrize(
    "image",
    [
        "/quay.jpg",
        ["/quay.jpg", "/pier.jpg"],
        {"@type": "ImageObject", "url": "https://courier.example/quay.jpg"},
        {"@type": "ImageObject", "contentUrl": "/quay.jpg"},
        [{"@type": "ImageObject", "url": ["/quay.jpg"]}],
        {"@id": "#quay"},
    ],
)
def test_the_picture_is_found_in_any_shape(image: object) -> None:
    assert read(image=image).image_url == "https://courier.example/quay.jpg"


@pytest.mark.parametrize(
    "heading",
    [
        "<h1>Ferry leaves the island</h1>",
        "<h3>Halden - Last ferry leaves the quay</h3>",
        "<h1>Halden</h1>",
    ],
)
def test_a_date_is_found_beside_a_heading_that_the_data_word_otherwise(heading: str) -> None:
    """Beside the likest large heading, or one that has the headline and a kicker in it; not beside
    any."""
    shown = f"{heading}<p>15 February 2024, 05:30</p>"
    page = read(shown, headline="Last ferry leaves the quay")
    assert page.headline == "Last ferry leaves the quay"
    assert page.published_at == (None if "Halden<" in heading else "2024-02-15T05:30:00")
