"""The stray byte, in a crawl: a word of the page is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import CaseSite

pytestmark = pytest.mark.shared


def test_a_page_with_a_stray_byte_is_found_by_its_words(case_site: Callable[[str], CaseSite]):
    site = case_site("43-stray-byte-crawl")
    site("crawl", "--delay", "0", "http://gazette.example/news/ferry")
    assert site.rows("SELECT url FROM articles WHERE text LIKE '%“Nobody wants%'")
