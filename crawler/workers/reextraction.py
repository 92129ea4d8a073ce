"""Extraction of all stored pages again, with the current extractor.

The outlet made none of the changes that result, so a new article replaces the old one without a
revision. The same holds for texts without lines that proved to be an outlet's boilerplate
(`archive.articles.boilerplate`) after the first articles with these lines were stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from archive.archive import Archive
from archive.articles.boilerplate import BoilerplateCounts, count_boilerplate
from archive.articles.revisions import ArticleVersion, article_version
from archive.articles.store import Decisions, learn_boilerplate, remove_new_boilerplate
from archive.check_writer import replace_reading
from archive.errors import ReadingError
from archive.frontier.outlet_templates import forget_templates, learn_outline
from archive.rebuilds import prepare_archive
from archive.records import TEMPLATE_MARK, Article, Capture, Check
from archive.storage.database import transaction
from crawler.cluster.page_batches import PageAnswer, PageToRead
from crawler.cluster.page_flow import read_in_order, templates_of_batch
from crawler.cluster.page_readers import BatchReaders, open_readers
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRules
from crawler.network.exchange import check_of_article
from crawler.workers.learnt_templates import (
    BatchTemplates,
    TemplateForAnyUrl,
)
from crawler.workers.pool import PAGE_TIMEOUT_SECONDS, Worker
from pipelines.policies import archive_policies
from pipelines.stages import run_stages

ReextractedRow = dict[str, Any]

REEXTRACTED_ARTICLES_PER_TRANSACTION = 200
"""Articles in one transaction when boilerplate is removed from them."""


def make_reextractor(archive: Archive, worker: Worker) -> Callable[[str], ArticleVersion | None]:
    """Return a function that extracts the stored page with a digest again.

    The function returns None if the page is not stored or cannot be extracted any more.
    """

    def reread(digest: str) -> ArticleVersion | None:
        try:
            capture = archive.captures.newest(digest)
            if capture is None:
                return None
            check = reextract_capture(capture, worker)
        except ReadingError:
            return None
        return article_version(check.article, check.fingerprint) if check.article else None

    return reread


def reextract_capture(capture: Capture, worker: Worker) -> Check:
    """Return the check of a stored page by the current extractor.

    It has no article if the page is not one. Raises ReadingError.
    """
    return reextracted_check(capture, worker.read_article(capture, PAGE_TIMEOUT_SECONDS))


def reextracted_check(capture: Capture, article: Article) -> Check:
    """Return the check of a stored page with the article that the current extractor made of it."""
    check = Check(
        capture.url, "new", capture.fetched_at, digest=capture.digest, final_url=capture.final_url
    )
    return run_stages(check_of_article(check, article))


COLUMNS_BY_CHANGE: dict[str, tuple[str, ...]] = {
    "text": ("text",),
    "headline": ("headline", "page_title"),
    "standfirst": ("standfirst",),
    "byline": ("byline", "authors", "agency"),
    "dates": (
        "published_at",
        "published_raw",
        "published_day",
        "published_offset",
        "modified_at",
        "modified_raw",
    ),
    "dateline or section": ("dateline", "section"),
    "language": ("language",),
    "addresses": ("canonical_url", "image_url"),
    "paywall": ("free",),
    "page type": ("page_type",),
}
"""A change that a new extraction can make → the columns that show it."""


@dataclass
class ReextractionReport:
    """The results of extracting an archive's pages again."""

    pages: int = 0
    """Stored pages of articles."""
    changed: dict[str, set[int]] = field(
        default_factory=lambda: {kind: set() for kind in COLUMNS_BY_CHANGE}
    )
    """The IDs of the articles that changed, by the kind of change."""
    not_read: Counter[str] = field(default_factory=Counter)
    """Articles that were not extracted again, by the reason."""
    failures: list[str] = field(default_factory=list)
    """A line for each page that can no longer be extracted, with the worker that tried."""
    repeated: BoilerplateCounts = field(default_factory=BoilerplateCounts)
    """The boilerplate of outlets that is known now."""
    repeated_before: BoilerplateCounts = field(default_factory=BoilerplateCounts)
    """The boilerplate that was known before."""

    @property
    def articles(self) -> int:
        """The number of articles that changed."""
        return len(set().union(*self.changed.values()))

    def note_changes(self, before: ReextractedRow, after: ReextractedRow) -> None:
        """Note the changes between two rows of an article."""
        for kind, columns in COLUMNS_BY_CHANGE.items():
            if any(before[column] != after[column] for column in columns):
                self.changed[kind].add(int(after["id"]))


def reextract_all(
    folder: Path,
    tick: Callable[[int, int], None],
    rules: OutletRules = NO_OUTLET_RULES,
    readers: BatchReaders | None = None,
) -> ReextractionReport:
    """Extract every article's page again, then remove the boilerplate that the pages show.

    `readers` read the pages, by default one process of this machine. The templates of outlets are
    learnt again, and those pages read once more that came before them. Calls `tick` with the number
    of articles done and the number of all articles.
    """
    if readers is None:
        with open_readers(None, 1, rules) as own:
            return reextract_all(folder, tick, rules, own)
    report = ReextractionReport()
    with Archive(folder) as archive, readers.published_in(folder):
        policies = archive_policies()
        prepare_archive(archive.db, policies)
        report.repeated_before = count_boilerplate(archive.db)
        with transaction(archive.db) as db:
            forget_templates(db)
        sql = "SELECT id, outlet_id, digest FROM articles ORDER BY id"
        rows = archive.db.execute(sql).fetchall()
        templates = templates_of_batch(readers, policies.templates)
        early = []
        stored = _stored_pages(archive, enumerate(rows), readers, templates)
        for number, (found, page, answer) in enumerate(read_in_order(stored, readers)):
            row, reason = found
            if page and answer:
                reason = _store_reading(archive, row["id"], page, answer, policies, report)
            if reason:
                report.not_read[reason] += 1
                with transaction(archive.db) as db:
                    learn_boilerplate(db, row["id"], policies)
            elif answer:
                article = cast(Article, answer.document)
                templates.learn(number, str(row["outlet_id"]), article.outline)
                with transaction(archive.db) as db:
                    learn_outline(db, row["outlet_id"], article.outline, policies.templates)
                if TEMPLATE_MARK not in (article.extractor or ""):
                    early.append(row)
            tick(number + 1, len(rows))
        _read_early_pages(archive, early, readers, templates, policies, report)
        report.changed["text"] |= _remove_boilerplate(archive, rows, policies)
        report.repeated = count_boilerplate(archive.db)
    return report


def _read_early_pages(
    archive: Archive,
    early: list[Any],
    readers: BatchReaders,
    templates: BatchTemplates,
    policies: Decisions,
    report: ReextractionReport,
) -> None:
    """Extract the pages once more that were read before the templates of their outlets were known."""
    known = [row for row in early if templates.newest(str(row["outlet_id"]))]
    stored = _stored_pages(archive, ((None, row) for row in known), readers, templates)
    for (row, _), page, answer in read_in_order(stored, readers):
        if page and answer:
            _store_reading(archive, row["id"], page, answer, policies, report)
    report.pages -= len(known)  # a page that is read once more counts once


RowToRead = tuple[Any, str | None]
"""The row of an article, and the reason why it has no page to read."""


def _stored_pages(
    archive: Archive,
    rows: Iterable[tuple[int | None, Any]],
    readers: BatchReaders,
    templates: BatchTemplates,
) -> Iterator[tuple[RowToRead, PageToRead | None]]:
    """Yield the rows of articles, each with its page, or with the reason why it has no page.

    A row comes with its number in the batch; with None its page is read by the newest template.
    """
    for number, row in rows:
        try:
            capture = archive.captures.newest(row["digest"]) if row["digest"] else None
        except ReadingError:  # a damaged body
            yield (row, "the page can no longer be extracted"), None
            continue
        if capture is None:
            yield (row, "the page is not stored"), None
            continue
        outlet = str(row["outlet_id"])
        template = (
            templates.newest(outlet) if number is None else templates.template_at(number, outlet)
        )
        page = readers.page_to_read(capture, templates=TemplateForAnyUrl(template))
        yield (row, None), page


def _store_reading(
    archive: Archive,
    article_id: int,
    page: PageToRead,
    answer: PageAnswer,
    policies: Decisions,
    report: ReextractionReport,
) -> str | None:
    """Store what was read of an article's page; return the reason if the article stays as it was."""
    report.pages += 1
    try:
        check = reextracted_check(page.capture, cast(Article, answer.document))
    except ReadingError as error:
        report.failures.append(str(error))
        return "the page can no longer be extracted"
    if check.article is None:
        return "the page is no longer taken for an article"
    before = _reextracted_article_row(archive, article_id)
    replace_reading(archive.db, check, policies)
    report.note_changes(before, _reextracted_article_row(archive, article_id))
    return None


def _remove_boilerplate(archive: Archive, rows: list[Any], policies: Decisions) -> set[int]:
    """Remove the boilerplate known now from all articles; return the IDs of those that changed."""
    changed: set[int] = set()
    for start in range(0, len(rows), REEXTRACTED_ARTICLES_PER_TRANSACTION):
        with transaction(archive.db) as db:
            ids = [row["id"] for row in rows[start : start + REEXTRACTED_ARTICLES_PER_TRANSACTION]]
            changed.update(
                article_id for article_id in ids if remove_new_boilerplate(db, article_id, policies)
            )
    return changed


def _reextracted_article_row(archive: Archive, article_id: int) -> ReextractedRow:
    """Return an article's row in the database."""
    cursor = archive.db.execute("SELECT * FROM articles WHERE id = ?", (article_id,))
    return dict(cursor.fetchone())
