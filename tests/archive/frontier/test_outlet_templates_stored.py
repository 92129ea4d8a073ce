"""Templates of outlets in the archive: learnt as articles arrive, kept apart, shown and forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive.archive import Archive
from archive.check_writer import write_checks
from archive.editing.outlets import remove_outlet
from archive.frontier.outlet_templates import (
    evidence_as_json,
    evidence_of_json,
    learn_outline,
    stored_template,
    template_as_json,
    template_of_json,
)
from archive.frontier.urls import add_outlet
from archive.pages.outlet import outlet_page_data
from archive.records import TEMPLATE_MARK, Capture, Check, Outcome, Outlet, OutlineElement
from archive.storage.database import open_database, transaction
from archive.storage.schema import ARCHIVE_SCHEMA, DatabaseSchema
from crawler.extraction.extract import extract_article
from crawler.extraction.rules.outlet_rules import ANY_OUTLET, NO_OUTLET_RULES, OutletRules
from crawler.network.exchange import check_of_article
from crawler.workers.learnt_templates import ArchiveTemplates, rules_with_templates
from crawler.workers.reextraction import ReextractionReport, reextract_all
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from tests.outlet_pages import NEW_DESIGN, article_page


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path) as opened:
        yield opened


def arrive(archive: Archive, pages: list[Capture], rules: OutletRules) -> list[Outcome]:
    """Read and store pages one after the other, as a crawl does."""
    return [
        outcome
        for page in pages
        for outcome in write_checks(archive, [checked(page, rules)], archive_policies())
    ]


def checked(page: Capture, rules: OutletRules) -> Check:
    article = extract_article(page, rules.reading_rule_for(page.url))
    check = Check(page.url, "new", page.fetched_at, status=200, capture=page, digest=page.digest)
    return run_stages(check_of_article(check, article))


def test_an_outlets_further_pages_are_read_by_the_template_of_its_first_ones(archive: Archive):
    with rules_with_templates(NO_OUTLET_RULES, archive.folder) as rules:
        outcomes = arrive(archive, [article_page(number) for number in range(12)], rules)
    assert outcomes == ["new"] * 12
    rows = archive.db.execute("SELECT extractor, text FROM articles ORDER BY id").fetchall()
    marked = [TEMPLATE_MARK in row["extractor"] for row in rows]
    assert not any(marked[:5])
    assert all(marked[5:])
    assert {row["text"].count("\n") for row in rows} == {4}


def test_outlets_under_one_host_of_blogs_have_templates_of_their_own(archive: Archive):
    with rules_with_templates(NO_OUTLET_RULES, archive.folder) as rules:
        arrive(archive, [article_page(number, "one.blogs.example") for number in range(6)], rules)
        assert rules.reading_rule_for("https://two.blogs.example/a").template is None
        assert rules.reading_rule_for("https://one.blogs.example/a").template is not None
        assert rules.reading_rule_for("https://www.one.blogs.example/a").template is not None


@pytest.mark.parametrize("url", ["file:///tmp/a.html", "https://[broken", "", "no address"])
def test_an_address_without_an_outlet_has_no_template(archive: Archive, url: str):
    with closing(ArchiveTemplates(archive.folder / "archive.db")) as templates:
        assert templates.template_for(url) is None


def test_a_page_fetched_again_teaches_nothing_twice(archive: Archive):
    with rules_with_templates(NO_OUTLET_RULES, archive.folder) as rules:
        arrive(archive, [article_page(1)], rules)
        later = replace(article_page(1), fetched_at="2024-04-03T12:00:00Z")
        arrive(archive, [later], rules)
    assert stored_template(archive.db, 1)[0].pages == 1


def test_reading_all_pages_again_learns_from_them_and_makes_no_revision(archive: Archive):
    arrive(archive, [article_page(number) for number in range(12)], NO_OUTLET_RULES)
    assert archive.db.execute("SELECT count(*) FROM outlet_templates").fetchone()[0] == 0
    archive.close()
    report = reextract_all(archive.folder, lambda _done, _all: None)
    assert isinstance(report, ReextractionReport)
    assert (report.pages, report.articles) == (12, 0)
    with Archive(archive.folder) as again:
        marked = again.db.execute("SELECT count(*) FROM articles WHERE extractor LIKE '%template%'")
        assert marked.fetchone()[0] == 12
        assert again.db.execute("SELECT count(*) FROM revisions").fetchone()[0] == 0
        assert stored_template(again.db, 1)[0].pages >= 5


def test_a_page_read_by_a_new_template_is_no_revision_of_the_same_page(archive: Archive):
    with rules_with_templates(NO_OUTLET_RULES, archive.folder) as rules:
        arrive(archive, [article_page(number) for number in range(6)], rules)
        later = replace(article_page(1), fetched_at="2024-04-03T12:00:00Z")
        assert arrive(archive, [later], rules) == ["unchanged"]
    assert archive.db.execute("SELECT count(*) FROM revisions").fetchone()[0] == 0


def test_the_page_of_an_outlet_shows_where_its_articles_stand(archive: Archive):
    with rules_with_templates(NO_OUTLET_RULES, archive.folder) as rules:
        arrive(archive, [article_page(number) for number in range(4)], rules)
        assert outlet_page_data(archive.db, "gazette.example")["template"] is None
        arrive(archive, [article_page(number) for number in range(4, 9)], rules)
    shown = outlet_page_data(archive.db, "gazette.example")["template"]
    assert shown["pages"] == 5
    assert [place.path.split(" > ")[-1] for place in shown["places"]][:2] == ["p", "h1"]
    assert "div.side" in {place.path.split(" > ")[-1] for place in shown["left_out"]}


def test_an_outlet_is_removed_with_its_template(archive: Archive):
    outline = extract_article(article_page(1), replace(ANY_OUTLET, learns=True)).outline
    with transaction(archive.db) as db:
        outlet_id = add_outlet(db, Outlet("gazette.example"))
        learn_outline(db, outlet_id, outline, archive_policies().templates)
        assert stored_template(db, outlet_id)[0].pages == 1
        remove_outlet(db, "gazette.example")
    assert archive.db.execute("SELECT count(*) FROM outlet_templates").fetchone()[0] == 0


def test_what_is_known_of_an_outlet_has_a_limited_size(archive: Archive):
    policy = archive_policies().templates
    with transaction(archive.db) as db:
        outlet_id = add_outlet(db, Outlet("gazette.example"))
        for page in range(30):
            body = OutlineElement(1, 0, "body", frozenset(("text",)), 900)
            boxes = (OutlineElement(2 + page * 300 + at, 1, "x" * 80) for at in range(300))
            learn_outline(db, outlet_id, (body, *boxes), policy)
    size = archive.db.execute("SELECT max(length(evidence)) FROM outlet_templates").fetchone()[0]
    assert size < 100_000


def test_evidence_and_templates_survive_as_json(archive: Archive):
    with rules_with_templates(NO_OUTLET_RULES, archive.folder) as rules:
        pages = [article_page(number, design=NEW_DESIGN) for number in range(6)]
        arrive(archive, pages, rules)
    evidence, template = stored_template(archive.db, 1)
    assert template is not None
    assert evidence_of_json(evidence_as_json(evidence)) == evidence
    assert template_of_json(template_as_json(template)) == template


def test_an_archive_of_the_previous_version_has_no_templates_yet(tmp_path: Path):
    names = [name for name, _ in ARCHIVE_SCHEMA.steps]
    before = ARCHIVE_SCHEMA.steps[: names.index("m028_outlet_templates")]
    open_database(tmp_path / "archive.db", DatabaseSchema(ARCHIVE_SCHEMA.name, before)).close()
    with closing(open_database(tmp_path / "archive.db", ARCHIVE_SCHEMA)) as db:
        assert db.execute("SELECT count(*) FROM outlet_templates").fetchone()[0] == 0
