"""Authors on pages of cases whose other lines and dates are other tests' business."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.extraction.extract import extract_article
from crawler.files.saved_pages import capture_saved_page

pytestmark = pytest.mark.shared
AUTHORS = {
    "22-meta-lines": ("Ada Winthrop",),
    "33-jsonld": ("Greta Holm",),
    "45-squish": ("Ada Winthrop",),
    "47-misc-meta": ("Ada Winthrop",),
}
NOBODY = {
    "33-jsonld/others-list.html",
    "45-squish/layout-table-inline.html",
    "47-misc-meta/fr-sept.html",
}
"""Pages that name no author of their own."""


@pytest.mark.parametrize("case", AUTHORS)
def test_each_page_of_a_case_names_its_author(shared: Path, case: str) -> None:
    pages = sorted((shared / "cases" / case).glob("*.html"))
    found = {
        f"{case}/{page.name}": extract_article(capture_saved_page(page, None)).authors
        for page in pages
    }
    assert found == {name: () if name in NOBODY else AUTHORS[case] for name in found}
    assert found
