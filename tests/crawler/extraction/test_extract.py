"""From a capture's bytes to an article."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.records import Article, Capture
from crawler.extraction.extract import EXTRACTION_STEPS, extract_article
from tests.paths import PAGES, ROOT

CASES = sorted(path.stem for path in PAGES.glob("*.json"))
PAGE = "<html lang=en><head><title>{0}</title></head><body><article><h1>{0}</h1><p>{1}</p></article></body></html>"
SENTENCES = "The ferry left the island at noon, and nobody on the quay was sorry to see it go. " * 8


def read(body: bytes, url: str = "https://courier.example/a", status: int = 200) -> Article:
    return extract_article(
        Capture(url=url, body=body, status=status, fetched_at="2025-11-06T00:00:00Z")
    )


@pytest.mark.parametrize("name", CASES)
def test_a_saved_page_reads_as_its_record_says(name: str) -> None:
    case = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    given, wanted = case["capture"], case["article"]
    capture = Capture(
        url=given["url"],
        body=(PAGES / f"{name}.html").read_bytes(),
        status=given["status"],
        headers=(("Content-Type", given["content_type"]),),
        fetched_at=given["fetched_at"],
    )
    found = json.loads(json.dumps(asdict(extract_article(capture))))
    assert {field: found[field] for field in wanted} == wanted


def test_the_steps_run_in_the_order_that_the_design_gives() -> None:
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    chapter = design.partition("## From a page to an article\n")[2].partition("\n## ")[0]
    described = re.findall(r"^\d+\. `(\w+)`", chapter, re.M)
    assert described == [step.__name__ for step in EXTRACTION_STEPS]


def test_a_page_says_where_it_came_from_and_what_read_it() -> None:
    article = read(PAGE.format("Ferry leaves at noon", SENTENCES).encode())
    assert article.digest is not None
    assert len(article.digest) == 64
    assert article.extractor is not None
    assert article.extractor.startswith("trafilatura ")
    assert (article.url, article.fetched_at) == (
        "https://courier.example/a",
        "2025-11-06T00:00:00Z",
    )


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"", "empty", "no bytes"),
        (b" \n ", "empty", "no bytes"),
        (b"%PDF-1.7 ...", "broken", "a PDF, not a page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "broken", "an image, not a page"),
        (bytes(i * 7919 % 256 for i in range(5000)), "broken", "no text in any charset"),
        (
            b"<html><frameset><frame src=a></frameset></html>",
            "empty",
            "a page of frames: its text is at other URLs",
        ),
    ],
)
def test_what_cannot_be_read_is_flagged_with_its_reason(
    body: bytes, kind: str, reason: str
) -> None:
    article = read(body)
    assert (article.page_type, article.page_reason, article.text) == (kind, reason, "")


def test_a_page_that_goes_deep_is_read_to_its_bottom() -> None:
    body = b"<html><body><h1>Deep</h1>" + b"<div>" * 600 + SENTENCES.encode() + b"</div>" * 600
    assert read(body).text.endswith("sorry to see it go.")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            b"<h1>Deep</h1>" + b"<div>" * 50_000 + b"<p>" + SENTENCES.encode(),
            "nested deeper than 1000 levels, read as if it were flat",
        ),
        (
            b"<h1>Bold</h1>" + b"<b>" * 5000 + SENTENCES.encode(),
            "nested deeper than 1000 levels, read as if it were flat",
        ),
        (
            b"<p " + b" ".join(b"a%d=1" % i for i in range(64_000)) + b">" + SENTENCES.encode(),
            "a tag of more than 500 attributes was read without them",
        ),
        (
            b"<p>" + SENTENCES.encode() + b"<p>word</p>" * 20_000,
            "only its first 15000 elements were read",
        ),
    ],
)
def test_what_would_take_too_long_is_read_in_part_and_says_so(body: bytes, reason: str) -> None:
    article = read(b"<html><body>" + body)
    assert (article.page_type, article.page_reason) == ("article", reason)
    assert "The ferry left the island at noon" in article.text


@pytest.mark.slow
def test_a_text_without_a_single_tag_in_ten_megabytes_is_read_in_bounded_time() -> None:
    article = read(b"<html><body><h1>Long</h1><p>" + SENTENCES.encode() * 16_000)
    assert article.page_reason == "only its first 5 MB were read"
    assert article.text.startswith("The ferry left")


def test_a_text_that_only_the_data_hold_is_read_from_them() -> None:
    """Pages that scripts fill in the browser."""
    said = {
        "@type": "NewsArticle",
        "headline": "Ferry leaves",
        "articleBody": f"<p>{SENTENCES}</p><p>It will be back.</p>",
    }
    body = f'<html><script type="application/ld+json">{json.dumps(said)}</script><body><div id=app></div></body></html>'
    article = read(body.encode())
    assert article.text.split("\n") == [SENTENCES.strip(), "It will be back."]
    assert article.page_type == "article"


def test_what_is_shown_to_browsers_without_scripts_is_read_where_there_is_nothing_else() -> None:
    body = f"<html><body><h1>Ferry leaves</h1><noscript><p>{SENTENCES}</p></noscript></body></html>"
    assert read(body.encode()).text == SENTENCES.strip()


def test_an_amp_page_is_read() -> None:
    body = f"""<html amp><body><amp-sidebar>Menu</amp-sidebar><h1>Ferry leaves</h1><amp-img src=a.jpg></amp-img>
    <article><p>{SENTENCES}</p><amp-ad></amp-ad><p>It will be back on Tuesday, the harbour master said.</p></article>"""
    assert read(body.encode()).text.split("\n") == [
        SENTENCES.strip(),
        "It will be back on Tuesday, the harbour master said.",
    ]


def test_a_page_beyond_the_limit_is_read_in_part_and_says_so() -> None:
    body = (
        PAGE.format("Ferry leaves at noon", SENTENCES).encode()
        + b"<!--"
        + b"x" * 5_000_000
        + b"-->"
    )
    article = read(body)
    assert article.text.startswith("The ferry left")
    assert article.page_reason == "only its first 5 MB were read"


@pytest.mark.parametrize("status", [403, 404, 410, 503])
def test_an_error_is_no_article_but_keeps_its_words(status: int) -> None:
    article = read(PAGE.format("Ferry leaves at noon", SENTENCES).encode(), status=status)
    assert (article.page_type, article.page_reason) == ("error", f"status {status}")
    assert article.headline == "Ferry leaves at noon"
    assert article.text


def test_control_characters_and_stray_bytes_do_not_reach_the_text() -> None:
    article = read(PAGE.format("Fer\x00ry", SENTENCES + "\x07").encode() + b"\xed\xa0\x80\xff")
    assert article.headline == "Ferry"
    assert not set("\x00\x07\ud800") & set(article.text)


def test_a_page_is_read_alike_however_often_it_comes() -> None:
    body = PAGE.format("Ferry leaves at noon", SENTENCES).encode()
    assert read(body) == read(body)


def test_strange_metadata_neither_raises_nor_reaches_the_article() -> None:
    strange = {"@type": ["NewsArticle", 1, None], "headline": {"a": [1]}, "author": [[{"name": []}], 3, {"@id": 5}],
               "datePublished": [None, {"x": 1}], "image": [[]], "publisher": 7, "url": ["x"]}  # fmt: skip
    script = f'<script type="application/ld+json">{json.dumps(strange)}</script><link rel=canonical href="http://[bad">'
    article = read(
        (script + PAGE.format("Ferry leaves at noon", SENTENCES)).encode(), url="http://[nowhere"
    )
    assert (article.published_at, article.canonical_url, article.image_url) == (None, None, None)
    assert article.headline == "Ferry leaves at noon"


def test_deeply_nested_json_is_skipped() -> None:
    script = '<script type="application/ld+json">' + "[" * 100_000 + "</script>"
    assert (
        read((script + PAGE.format("Ferry leaves at noon", SENTENCES)).encode()).page_type
        == "article"
    )


@settings(max_examples=30, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(alphabet="<>/='\"&;pdivah1 tablescript\n\x00é中", max_size=400).map(str.encode),
    )
)
def test_no_bytes_make_it_raise(body: bytes) -> None:
    assert read(body).page_type


@pytest.mark.slow
@pytest.mark.shared
def test_nearly_all_news_pages_are_taken_for_articles(shared: Path) -> None:
    """A sample of real pages; at least 96 of 100 are articles."""
    import gzip

    folder = shared / "newsweb" / "worlds" / "pages"
    rows = [
        json.loads(line)
        for line in (folder / "world.jsonl").read_text(encoding="utf-8").splitlines()
    ][::25]
    kinds = [
        read(gzip.decompress((folder / row["html"]).read_bytes()), row["url"]).page_type
        for row in rows
    ]
    assert kinds.count("article") >= 0.96 * len(kinds)
