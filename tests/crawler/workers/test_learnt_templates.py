"""Templates that a batch of pages teaches, and those of an archive that several threads ask for."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.frontier.outlet_templates import learn_outline
from archive.frontier.urls import add_outlet
from archive.records import TEMPLATE_MARK, Outlet
from archive.storage.database import transaction
from crawler.cluster import page_flow
from crawler.extraction.extract import extract_article
from crawler.extraction.rules.outlet_rules import ANY_OUTLET
from crawler.jobs.extract_files import extract_files
from crawler.workers.learnt_templates import ArchiveTemplates, BatchTemplates
from pipelines.template_learning import TEMPLATE_POLICY
from tests.outlet_pages import article_page

LEARNING = replace(ANY_OUTLET, learns=True)


def test_a_page_of_a_batch_is_read_by_what_the_pages_well_before_it_taught():
    templates = BatchTemplates(TEMPLATE_POLICY, behind=10)
    for number in range(8):
        outline = extract_article(article_page(number), LEARNING).outline
        templates.learn(number, "gazette.example", outline)
    known = [templates.template_at(number, "gazette.example") for number in range(20)]
    assert [template.pages if template else 0 for template in known] == [0] * 14 + [5] * 3 + [8] * 3
    assert templates.template_at(19, "other.example") is None


@pytest.mark.slow
def test_a_batch_gives_the_same_articles_whatever_the_number_of_workers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(page_flow, "MIN_PAGES_BEHIND", 10)
    rows = []
    for number in range(20):
        page = article_page(number)
        (tmp_path / f"{number}.html").write_bytes(page.body)
        rows.append(json.dumps({"url": page.url, "html_path": f"{number}.html"}))
    (tmp_path / "pages.jsonl").write_text("\n".join(rows), encoding="utf-8")
    printed = []
    for workers in (1, 2):
        extract_files((str(tmp_path / "pages.jsonl"),), jsonl=True, workers=workers)
        articles = map(json.loads, capsys.readouterr().out.splitlines())
        printed.append([(each["text"], each["headline"], each["extractor"]) for each in articles])
    assert printed[0] == printed[1]
    marked = [TEMPLATE_MARK in extractor for _, _, extractor in printed[0]]
    assert not any(marked[:14])
    assert all(marked[14:])
    assert "outline" not in articles_of_first_line(tmp_path, capsys)


def articles_of_first_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    extract_files((str(folder / "0.html"),), jsonl=False, workers=1)
    return dict(json.loads(capsys.readouterr().out.splitlines()[0]))


def test_templates_of_an_archive_are_asked_for_in_any_thread(tmp_path: Path):
    outlines = [extract_article(article_page(number), LEARNING).outline for number in range(5)]
    with Archive(tmp_path) as archive, closing(ArchiveTemplates(tmp_path / "archive.db")) as known:
        with transaction(archive.db) as db:
            outlet_id = add_outlet(db, Outlet("gazette.example"))
            for outline in outlines:
                learn_outline(db, outlet_id, outline, TEMPLATE_POLICY)
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(known.template_for, ["https://gazette.example/a"] * 40))
    assert {template.digest for template in found if template} == {found[0].digest}
    assert len([template for template in found if template]) == 40
