"""Cases beside the checkout whose right value is a paragraph of their own: a lede that the page sets in its header."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from archive.records import Article
from crawler.extract import extract
from crawler.saved_pages import saved_capture

pytestmark = pytest.mark.shared


def read(shared: Path, page: str) -> Article:
    return extract(saved_capture(shared / "cases" / page, None))


@pytest.mark.parametrize("page", ["51-split-containers/lead-in-header.html", "52-lede-in-header/outside-h1.html"])
def test_a_lede_in_a_header_of_its_own_is_the_standfirst(shared: Path, page: str):
    first = " ".join(runpy.run_path(str(shared / "cases" / "lib.py"))["STORY"][0].split())
    assert read(shared, page).standfirst == first


def test_a_page_whose_text_is_not_found_is_no_article(shared: Path):
    article = read(shared, "09-wrappers/aside-wrap.html")
    assert bool(article.text) == (article.page_type == "article")
