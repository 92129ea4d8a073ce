"""Merge an archive into another, in the order in which a crawl would have written it.

Removals come first, of all archives; then captures, then each article with its URLs and fetches in
one transaction, and then what refers to articles. What is there already is recognised, so a run
that was killed is finished by the next one, and a second run changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from archive.archive import Archive
from archive.articles.store import Decisions
from archive.errors import UsageError
from archive.merging.disappearances import settle_disappearances
from archive.merging.merge_articles import ArticleMerger, merge_articles
from archive.merging.merge_captures import merge_captures, merge_moved_pages
from archive.merging.merge_deposits import merge_deposits
from archive.merging.merge_editing import (
    merge_article_notes,
    merge_lookups,
    merge_saved_searches,
    merge_stories,
)
from archive.merging.merge_removals import merge_removals
from archive.merging.merge_report import MergeReport
from archive.merging.merge_urls import (
    MergedIds,
    merge_crawls,
    merge_leading_urls,
    merge_outlets,
    merge_remaining_urls,
    note_boilerplate_articles,
)
from archive.merging.other_archive import OtherArchive, open_other_archive
from archive.progress import ProgressReport, ignore_progress
from archive.storage.database import transaction


def merge_archives(
    ours: Archive,
    folders: Sequence[Path],
    decisions: Decisions,
    url_key: Callable[[str], str],
    report: ProgressReport = ignore_progress,
) -> list[MergeReport]:
    """Merge the archives in folders into ours, and return what was done, for each.

    The caller holds the lock of our archive. `url_key` returns the key under which a URL is looked
    up; `report` gets the captures, then the articles done, and their number. Raises UsageError for
    our own folder, ArchiveError if there is no archive or it cannot be read, and NewerArchiveError.
    """
    results = [MergeReport(str(folder)) for folder in folders]
    for folder in folders:
        if folder.resolve() == ours.folder.resolve():
            raise UsageError(f"{folder}: is the archive itself; name another")
    for folder, result in zip(folders, results, strict=True):
        merge_removals(ours.db, folder, result)  # what one of them removed comes from none
    for folder, result in zip(folders, results, strict=True):
        _merge_archive(ours, folder, decisions, url_key, report, result)
    return results


def _merge_archive(
    ours: Archive,
    folder: Path,
    decisions: Decisions,
    url_key: Callable[[str], str],
    report: ProgressReport,
    result: MergeReport,
) -> None:
    """Merge the archive in a folder into ours."""
    with open_other_archive(folder, ours.folder) as other:
        ids = MergedIds()
        merge_captures(ours, other, result, report)
        with transaction(ours.db) as db:
            merge_outlets(db, other.db, ids, result)
            merge_crawls(db, other.db, ids, result)
            merge_lookups(db, other.db)
            merge_moved_pages(ours, other.db)
        merger = ArticleMerger(other.db, ids, url_key)
        merge_articles(ours.db, merger, decisions, result, report)
        merge_remaining_urls(
            ours.db,
            other.db,
            ids,
            lambda db, fetched: settle_disappearances(db, fetched, decisions),
            result,
        )
        _merge_what_refers_to_articles(ours, other, ids, decisions, result)


def _merge_what_refers_to_articles(
    ours: Archive,
    other: OtherArchive,
    ids: MergedIds,
    decisions: Decisions,
    result: MergeReport,
) -> None:
    """Merge, in one transaction, what needs the ids of all articles."""
    with transaction(ours.db) as db:
        merge_leading_urls(db, other.db, ids)
        note_boilerplate_articles(db, other.db, ids)
        merge_stories(db, other.db, ids, decisions.stories, result)
        merge_article_notes(db, other.db, ids, result)
        merge_deposits(db, other.db, ids, result)
        merge_saved_searches(db, other.db, result)
