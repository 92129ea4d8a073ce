"""What the extracting process computed of a text is used by the one that writes, if it fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.articles import store
from archive.articles.store import Decisions
from archive.check_writer import write_checks
from archive.records import Article, Check
from archive.text_features import with_known_features
from pipelines.policies import archive_policies
from pipelines.stages import run_stages
from pipelines.text_features import with_text_features
from tests.news import NEWS, STRIKE, with_box

MOMENT = "2026-03-10T12:00:00Z"
TABLES = (
    "articles", "article_terms", "term_counts", "article_keys", "key_counts", "strong_keys",
    "strong_terms", "event_articles", "events", "shingles", "relations",
)  # fmt: skip


def report(number: int, text: str) -> Article:
    headline, _, _ = text.partition(".")
    url = f"https://harbour.example/news/{number}"
    return Article(url, headline=headline, text=text, language="en", fetched_at=MOMENT)


REPORTS = [report(number, text) for number, text in enumerate((*NEWS, *STRIKE), 1)]
BOXED = [report(20 + number, with_box(number)) for number in range(len(NEWS))]


def rows_after(folder: Path, articles: list[Article], decisions: Decisions) -> dict[str, list[Any]]:
    """Write articles, each in a batch of its own, and return the rows of all tables above."""
    with Archive(folder) as archive:
        for article in articles:
            check = Check(article.url, "new", MOMENT, 200, article=article)
            write_checks(archive, [run_stages(check)], decisions)
        return {
            table: sorted(map(tuple, archive.db.execute(f"SELECT * FROM {table}")), key=repr)
            for table in TABLES
        }


@pytest.mark.parametrize("articles", [REPORTS, BOXED], ids=["plain", "with an outlet's box"])
def test_an_archive_is_the_same_with_features_and_without(tmp_path: Path, articles: list[Article]):
    policies = archive_policies()
    with_features = [with_text_features(article) for article in articles]
    assert all(article.features for article in with_features)
    without = rows_after(tmp_path / "without", articles, policies)
    assert rows_after(tmp_path / "with", with_features, policies) == without
    assert without["articles"]


def rows_after_batch(folder: Path, checks: list[Check], decisions: Decisions) -> dict[str, Any]:
    """Write checks in one batch, and return their outcomes and the rows of the counts."""
    with Archive(folder) as archive:
        outcomes = write_checks(archive, [run_stages(check) for check in checks], decisions)
        return {"outcomes": outcomes} | {
            table: sorted(map(tuple, archive.db.execute(f"SELECT * FROM {table}")), key=repr)
            for table in (*TABLES, "language_counts")
        }


def test_an_archive_is_the_same_whether_articles_are_written_together_or_one_by_one(
    tmp_path: Path,
):
    policies = archive_policies()
    checks = [Check(each.url, "new", MOMENT, 200, article=each) for each in (*REPORTS, *BOXED)]
    together = rows_after_batch(tmp_path / "together", checks, policies)
    apart = rows_after(tmp_path / "apart", [*REPORTS, *BOXED], policies)
    assert {table: together[table] for table in TABLES} == apart


def test_an_article_that_cannot_be_stored_leaves_no_count_in_its_batch(tmp_path: Path):
    def refuse_one(*content: Any) -> dict[str, float]:
        if content[0] == REPORTS[1].headline:
            raise ValueError("unfit")
        return policies.stories.opening(*content)

    policies = archive_policies()
    refusing = replace(policies, stories=replace(policies.stories, opening=refuse_one))
    checks = [Check(each.url, "new", MOMENT, 200, article=each) for each in REPORTS]
    with_failure = rows_after_batch(tmp_path / "with", checks, refusing)
    without = rows_after_batch(tmp_path / "without", [checks[0], *checks[2:]], policies)
    assert with_failure["outcomes"].count("failed") == 1
    for table in ("term_counts", "key_counts", "language_counts"):
        assert with_failure[table] == without[table], table


def test_known_features_are_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> Any:
        raise AssertionError("computed again")

    policies = archive_policies()
    refusing = replace(
        policies,
        texts=replace(policies.texts, sketch=refuse),
        events=replace(policies.events, weights=refuse),
        keys=replace(policies.keys, keys=refuse),
        stories=replace(policies.stories, opening=refuse),
        boilerplate=replace(policies.boilerplate, marks=refuse),
    )
    monkeypatch.setattr(store, "_bigrams_of_row", refuse)
    rows = rows_after(tmp_path / "with", [with_text_features(REPORTS[0])], refusing)
    assert len(rows["articles"]) == len(rows["article_keys"]) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"text": NEWS[1]},
        {"headline": "Another headline"},
        {"language": "de"},
        {"standfirst": "A standfirst that the feed gave."},
    ],
    ids=lambda change: next(iter(change)),
)
def test_features_of_another_text_are_not_used(change: dict[str, str]):
    features = with_text_features(REPORTS[0]).features
    policies = archive_policies()
    known = with_known_features(policies, features)
    other = replace(REPORTS[0], **change)
    content = (other.headline, other.standfirst, other.text, other.language)
    assert known.events.weights(*content) == policies.events.weights(*content)
    assert known.keys.keys(*content) == policies.keys.keys(*content)
    assert known.stories.opening(*content) == policies.stories.opening(*content)
    assert list(known.texts.sketch(other.text)) == policies.texts.sketch(other.text)


def test_a_page_that_is_no_article_gets_no_features():
    assert with_text_features(replace(REPORTS[0], page_type="listing")).features is None
    assert with_text_features(replace(REPORTS[0], text="")).features is None
