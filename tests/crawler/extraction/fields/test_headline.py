"""The headline as an article's readers see it."""

from __future__ import annotations

import json

import pytest

from archive.records import Capture
from crawler.extraction.extract import extract_article

TEXT = (
    "<p>"
    + "The ferry left the island at noon, and nobody on the quay was sorry to see it go. " * 4
    + "</p>"
)
LEAVES = "The last ferry leaves the island at noon"
WALLS = "Harbour walls: what the council did not say"


def ld(headline: str) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "headline": headline})}</script>'


def og(title: str, name: str = "og:title") -> str:
    return f'<meta property="{name}" content="{title}">'


def read(head: str = "", title: str = "", shown: str = "") -> str | None:
    body = f"<article>{shown}{TEXT}</article>"
    markup = f"<html lang=en><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    return extract_article(
        Capture(url="https://www.courier.example/harbour/a", body=markup.encode())
    ).headline


@pytest.mark.parametrize(
    ("head", "shown", "wanted"),
    [
        (ld(LEAVES) + og(WALLS), "", LEAVES),
        (ld(LEAVES) + og(WALLS), f"<h1>{LEAVES}</h1>", LEAVES),
        (ld(LEAVES) + og(WALLS), f"<h1>{WALLS}</h1>", WALLS),
        (ld(f"Harbour: {LEAVES}") + og(LEAVES), f"<h1>Harbour: {LEAVES}</h1>", LEAVES),
        (ld(LEAVES) + og(f"Harbour / {LEAVES}"), f"<h1>{LEAVES}</h1>", LEAVES),
        (ld(LEAVES) + og(f"Harbour / {LEAVES}"), "", f"Harbour / {LEAVES}"),
        (
            ld(f"Harbour - {LEAVES}") + og(f"Harbour: {LEAVES}"),
            f"<h1>{LEAVES}</h1>",
            f"Harbour: {LEAVES}",
        ),
        (ld(f"Courier - {LEAVES}") + og(f"Courier: {LEAVES}"), f"<h1>{LEAVES}</h1>", LEAVES),
        (ld(LEAVES), f"<h1>{WALLS}</h1>", LEAVES),
    ],
)
def test_where_json_ld_and_opengraph_differ_the_page_decides(
    head: str, shown: str, wanted: str
) -> None:
    """JSON-LD where it shows neither; OpenGraph where one or both have a kicker before the words
    that both have."""
    assert read(head, f"{LEAVES} - The Courier", shown) == wanted


def test_json_ld_that_tells_a_headline_from_an_alternative_one_is_believed() -> None:
    both = {
        "@type": "NewsArticle",
        "headline": LEAVES,
        "alternativeHeadline": "Farewell to the ferry",
    }
    head = f'<script type="application/ld+json">{json.dumps(both)}</script>'
    assert read(head + og(WALLS), WALLS, f"<h1>{WALLS}</h1>") == LEAVES


@pytest.mark.parametrize(
    ("title", "shown", "wanted"),
    [
        (f"{LEAVES} | The Courier", "", LEAVES),
        (f"{LEAVES} - Harbour - courier", "", LEAVES),
        (f"{LEAVES} | The Courier | by Ines Calder", "", LEAVES),
        (f"{LEAVES} — Courier — Ships, Boats and Rafts", f"<h1>{LEAVES}</h1><p>Ships, Boats and Rafts</p>", LEAVES),
        ("Why the last ferry left", f"<h1>{LEAVES}</h1>", LEAVES),
        (LEAVES, "<h1>Original text</h1>", LEAVES),
        ("最後のフェリーが島を出発｜湾岸新聞", "<h1>最後のフェリーが島を出た朝</h1>", "最後のフェリーが島を出た朝"),
        (f"{LEAVES} | The Courier", "<h1>The Courier</h1>", LEAVES),
    ],
)  # fmt: skip
def test_a_heading_akin_to_the_title_is_the_headline(title: str, shown: str, wanted: str) -> None:
    """Titles name the outlet, its section, the author; and they are written for search engines."""
    assert read(title=title, shown=shown) == wanted


def test_an_opengraph_title_that_only_repeats_the_title_gives_way_to_the_heading() -> None:
    searched = "Ferry Leaves Island: All You Need to Know"
    assert read(og(searched), searched, f"<h1>{LEAVES}</h1>") == LEAVES
    assert read(og(searched), f"{WALLS} | The Courier", f"<h1>{LEAVES}</h1>") == searched


def test_a_heading_that_is_the_title_goes_before_opengraphs_words_for_the_same() -> None:
    shown = "Island ferry: last boat leaves at noon"
    assert read(og(LEAVES), f"The Courier - {shown}", f"<h1>{shown}</h1>") == shown
    assert read(og(LEAVES), "Sea Notes, a Blog", "<h1>Sea Notes, a Blog</h1>") == LEAVES


@pytest.mark.parametrize("cut", [LEAVES[:24] + "…", LEAVES[:24] + "..."])
def test_a_claim_that_was_cut_short_is_completed_from_the_page(cut: str) -> None:
    assert read(og(cut), cut, f"<h1>{LEAVES}</h1>") == LEAVES


def test_a_quotation_mark_that_ended_the_tag_too_early_ends_no_headline() -> None:
    whole = 'The last ferry leaves the "island" at noon'
    cut = f'<meta property="og:title" content="{whole}">'
    assert read(cut, "", f"<h1>{whole}</h1>") == whole


def test_entities_that_were_escaped_twice_are_resolved() -> None:
    assert (
        read(og("The ferry&amp;#8217;s last day on the island"))
        == "The ferry’s last day on the island"
    )


def test_a_page_that_names_only_its_outlet_has_no_headline() -> None:
    assert read(og("The Courier", "og:site_name"), "The Courier") is None
