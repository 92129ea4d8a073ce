"""What fuzzing found, kept: each case broke a reader once, and now costs itself at most."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive.errors import UsageError
from archive.records import Capture
from crawler.backfill.file_items import check_of_json_line as _check_of_json_line
from crawler.extraction import jsonld
from crawler.extraction.extract import extract_article
from crawler.extraction.fields.byline import people_in_byline
from crawler.files.article_rows import article_of_row
from crawler.jobs.extract_files import _job_of_json_line
from crawler.sources.feed_parser import parse_feed
from crawler.text.entities import replace_overlong_references, unescape_html
from pipelines.clean import clean_article
from tests.fuzz.extraction import promises_kept
from tests.growth import assert_growth

URL = "https://harbour.example/news/1"
TEXT = (
    "<p>The harbour council voted on Tuesday to rebuild the eastern quay, which a storm had broken.</p>"
    * 4
)
ENDLESS = [
    "&#" + "9" * 5_000 + ";",
    "&#x" + "f" * 5_000,
    "&amp;#" + "0" * 5_000 + "65;",
    "&amp;amp;#" + "9" * 5_000,
]
"""Python reads no number of so many digits, and `html.unescape` raises ValueError."""


def read(markup: str) -> str:
    capture = Capture(URL, (markup + TEXT).encode(), fetched_at="2026-03-22T12:00:00Z")
    assert promises_kept(capture)
    return extract_article(capture).text


@pytest.mark.parametrize("reference", ENDLESS, ids=range(4))
def test_a_character_reference_without_end_costs_no_feed(reference: str) -> None:
    items = "".join(
        f"<item><link>{URL}{number}</link><title><![CDATA[{title}]]></title></item>"
        for number, title in enumerate(["Quay rebuilt", f"Quay {reference}", "Quay open"])
    )
    feed = parse_feed(f"<rss><channel>{items}</channel></rss>".encode(), URL)
    assert [lead.headline for lead in feed.leads][::2] == ["Quay rebuilt", "Quay open"]
    assert len(feed.leads) == 3
    data = {
        "version": "https://jsonfeed.org/version/1",
        "items": [{"url": URL, "title": reference}],
    }
    assert len(parse_feed(json.dumps(data).encode(), URL).leads) == 1


@pytest.mark.parametrize("reference", ENDLESS, ids=range(4))
@pytest.mark.parametrize(
    "markup",
    [
        "<h1>{}</h1>",
        "<title>{}</title><meta property='og:title' content='{}'>",
        "<p>By {}</p>",
        '<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{}"}}</script>',
        '<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "{}" "broken"</script>',
    ],
)
def test_a_character_reference_without_end_costs_no_page(markup: str, reference: str) -> None:
    assert "eastern quay" in read(markup.format(*[reference] * markup.count("{}")))


@pytest.mark.parametrize("reference", ENDLESS, ids=range(4))
def test_a_character_reference_without_end_is_no_character(reference: str) -> None:
    assert unescape_html(unescape_html(unescape_html(f"a{reference} b"))).startswith("a\ufffd")
    assert len(replace_overlong_references(reference)) < 40


@pytest.mark.parametrize(
    ("written", "meant"), [("&eacute;&#233;&#xE9;", "ééé"), ("a &#38; b", "a & b"), ("&#;", "&#;")]
)
def test_other_references_are_what_they_are(written: str, meant: str) -> None:
    assert unescape_html(written) == meant


@pytest.mark.parametrize("name", [[], {}, [[]], {"@id": []}, 7, None, True, 10**400, "x"])
@pytest.mark.parametrize("field", ["author", "publisher", "image", "mainEntityOfPage"])
def test_a_thing_whose_name_is_no_text_costs_no_page(field: str, name: object) -> None:
    thing = {"@type": "NewsArticle", field: {"@id": name}}
    assert "eastern quay" in read(
        f'<script type="application/ld+json">{json.dumps(thing)}</script>'
    )
    assert jsonld.resolve_references({"@id": name}, [thing]) == [{"@id": name}]


@pytest.mark.slow
@pytest.mark.parametrize("part", ["\u3000", "기자", "a, ", "By ", "(", "and ", "a.a@", "- "])
def test_a_byline_without_end_costs_little_time(part: str) -> None:
    """20,000 wide blanks took 23 seconds."""
    assert_growth(lambda many: people_in_byline(part * many), 2_500)


@pytest.mark.slow
def test_accents_without_end_cost_little_time() -> None:
    """They are put in order by a sort whose time grows with the square of their number: 4 MB would
    take hours."""

    def headline(many: int) -> str:
        page = f"<h1>Quay{'̖́' * many}</h1><p>{'ﾞ̴' * many}</p>{TEXT}"
        return clean_article(extract_article(Capture(URL, page.encode()))).headline or ""

    assert_growth(headline, 12_500)
    assert len(headline(100_000)) < 100


DEEP = "[" * 100_000


def test_a_line_of_json_without_end_is_refused_and_costs_no_other() -> None:
    with pytest.raises(UsageError):
        _check_of_json_line(DEEP.encode())
    assert isinstance(_job_of_json_line(DEEP.encode(), "pages.jsonl:1", Path()), UsageError)
    assert article_of_row({"url": URL, "text": "x", "authors": DEEP}).authors == (DEEP,)
