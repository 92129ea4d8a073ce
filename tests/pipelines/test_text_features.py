"""What the extracting process computed of a text is used by the one that writes, if it fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.archive import Archive
from archive.articles.store import Decisions
from archive.articles.text_features import with_known_features
from archive.check_writer import write_checks
from archive.records import Article, Check
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


def test_known_features_are_not_computed_again(tmp_path: Path):
    def refuse(*_: object) -> Any:
        raise AssertionError("computed again")

    policies = archive_policies()
    refusing = replace(
        policies,
        texts=replace(policies.texts, sketch=refuse),
        events=replace(policies.events, weights=refuse),
        keys=replace(policies.keys, keys=refuse),
        stories=replace(policies.stories, opening=refuse),
    )
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
    assert with_text_features(replace(REPORTS[0], page_type="section")).features is None
    assert with_text_features(replace(REPORTS[0], text="")).features is None
