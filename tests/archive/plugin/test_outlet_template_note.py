"""An outlet's page tells where its articles stand, once enough pages agree."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.archive import Archive
from archive.frontier.outlet_templates import learn_outline
from archive.frontier.urls import add_outlet
from archive.records import Outlet, OutlineElement
from archive.storage.database import transaction
from pipelines.template_learning import TEMPLATE_POLICY
from tests.archive.served import getter

TEXT = frozenset(("text",))
OUTLINE = (
    OutlineElement(1, 0, "body", TEXT),
    OutlineElement(2, 1, "div.story<b>", TEXT, text_chars=900),
    OutlineElement(3, 1, "div.side"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive in which one outlet has a template and another too few pages."""
    with Archive(tmp_path) as archive, transaction(archive.db) as db:
        for host, pages in (("gazette.example", 8), ("courier.example", 2)):
            outlet_id = add_outlet(db, Outlet(host))
            for _ in range(pages):
                learn_outline(db, outlet_id, OUTLINE, TEMPLATE_POLICY)
    return tmp_path


def page_of(folder: Path, host: str) -> str:
    text: str = getter(folder / "archive.db")(f"/archive/-/outlet/{host}").text
    return text


def test_the_places_of_an_outlets_articles_are_shown_with_the_pages_that_agree(folder: Path):
    shown = page_of(folder, "gazette.example")
    assert "learnt from 8 pages" in shown
    assert "body &gt; div.story&lt;b&gt;" in shown
    assert "<summary>Left out before reading: 1 element</summary>" in shown
    assert "div.side</code>" in shown


def test_an_outlet_with_few_pages_has_no_such_part(folder: Path):
    assert 'id="template"' not in page_of(folder, "courier.example")
