"""Cases beside the checkout whose right values a table cannot say: ledes, and pages that change
between two looks."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from archive.records import Article, Capture
from crawler.extraction.extract import extract_article
from crawler.files.saved_pages import capture_saved_page

pytestmark = pytest.mark.shared


def read(shared: Path, page: str) -> Article:
    return extract_article(capture_saved_page(shared / "cases" / page, None))


@pytest.mark.parametrize(
    "page", ["51-split-containers/lead-in-header.html", "52-lede-in-header/outside-h1.html"]
)
def test_a_lede_in_a_header_of_its_own_is_the_standfirst(shared: Path, page: str):
    first = " ".join(runpy.run_path(str(shared / "cases" / "lib.py"))["STORY"][0].split())
    assert read(shared, page).standfirst == first


def test_a_page_whose_text_is_not_found_is_no_article(shared: Path):
    article = read(shared, "09-wrappers/aside-wrap.html")
    assert bool(article.text) == (article.page_type == "article")


def test_pages_whose_counters_change_have_the_text_that_they_had_and_no_other(shared: Path):
    site = runpy.run_path(str(shared / "cases" / "41-volatile-lines" / "site.py"))
    story = [" ".join(line.split()) for line in site["STORY"]]
    pages = {url: html for url, html in site["SITE"].items() if "news/" in str(url)}
    found = {
        url: extract_article(
            Capture(url=url[1] if isinstance(url, tuple) else url, body=str(html).encode())
        ).text.split("\n")
        for url, html in pages.items()
    }
    assert len(pages) == 26
    assert {url: lines for url, lines in found.items() if lines != story} == {}
