"""Jobs behind `dateline remove`, `dateline prune` and `dateline outlet remove`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.archive import Archive
from archive.cli.base import opened_archive
from archive.errors import ArchiveError, UsageError
from archive.frontier.tombstones import Removal
from archive.progress import ProgressReport, ignore_progress
from archive.queries.lookup import find_article_id, is_article_number
from archive.queries.removed_articles import find_removal
from archive.rebuilds import prepare_archive
from archive.removal.erasure import finish_erasures
from archive.removal.prune_articles import (
    PruneOrder,
    PruneResult,
    count_prunable,
    list_stale_stories,
    prune_archive,
)
from archive.removal.prune_articles import prune_articles as prune_batch
from archive.removal.remove_articles import RemovalOrder, remove_articles, undo_removal
from archive.removal.unreached_copies import unreached_lines
from archive.storage.compaction import compact_files
from archive.storage.database import transaction
from pipelines.policies import archive_policies
from pipelines.urls import request_url, url_key

REMOVED_PER_TRANSACTION = 25


@dataclass(frozen=True, slots=True)
class RemovalChoice:
    """The articles that a person named, and those that were removed before."""

    article_ids: tuple[int, ...]
    removed_before: tuple[Removal, ...]


@dataclass(frozen=True, slots=True)
class ArticleLine:
    """The facts of an article that are shown before it is removed."""

    id: int
    outlet: str
    day: str
    headline: str
    revisions: int


@dataclass(frozen=True, slots=True)
class PrunedFolder:
    """The result of pruning, and the bytes of both files before and after."""

    result: PruneResult
    bytes_before: int
    bytes_after: int
    remark: str | None = None
    """Why the files were not made smaller."""


def choose_articles(folder: Path, named: Sequence[str]) -> RemovalChoice:
    """Return the articles that ids and URLs name.

    Raises ArchiveError for one that the archive has never had.
    """
    ids: list[int] = []
    removals: list[Removal] = []
    with opened_archive(folder) as connection:
        for each in named:
            text = each if is_article_number(each) else request_url(each)
            article_id = find_article_id(connection, text, url_key)
            removal = find_removal(connection, text, url_key) if article_id is None else None
            if article_id is not None:
                ids.append(article_id)
            elif removal is not None:
                removals.append(removal)
            else:
                raise ArchiveError(
                    f"{each}: not in {folder}; `dateline search WORDS` finds the IDs of articles"
                )
    return RemovalChoice(tuple(dict.fromkeys(ids)), tuple(dict.fromkeys(removals)))


def describe_articles(folder: Path, article_ids: Iterable[int]) -> list[ArticleLine]:
    """Return what a person sees of articles."""
    query = """SELECT a.id, o.host, coalesce(a.published_day, 'undated'),
        coalesce(a.headline, a.url), (SELECT count(*) FROM revisions WHERE article_id = a.id)
        FROM articles a JOIN outlets o ON o.id = a.outlet_id WHERE a.id = ?"""
    with opened_archive(folder) as connection:
        return [ArticleLine(*connection.execute(query, (each,)).fetchone()) for each in article_ids]


def list_unreached(folder: Path, article_ids: Sequence[int]) -> list[str]:
    """Return a sentence for each place that has articles beyond their removal."""
    with opened_archive(folder) as connection:
        return unreached_lines(connection, article_ids)


def remove_from_archive(
    folder: Path,
    article_ids: Sequence[int],
    order: RemovalOrder,
    report: ProgressReport = ignore_progress,
) -> bool:
    """Remove articles for good; return False if another program still reads the old state.

    It finishes what an earlier run left.
    """
    decisions = archive_policies()
    with Archive(folder) as archive:
        prepare_archive(archive.db, decisions)
        for start in range(0, len(article_ids), REMOVED_PER_TRANSACTION):
            batch = article_ids[start : start + REMOVED_PER_TRANSACTION]
            with transaction(archive.db) as db:
                remove_articles(db, batch, order, decisions, url_key)
            report(start + len(batch), len(article_ids))
        return finish_erasures(archive)


def undo_removals(folder: Path, removals: Iterable[Removal]) -> None:
    """Let removed articles be archived again."""
    with Archive(folder) as archive, transaction(archive.db) as db:
        for removal in removals:
            undo_removal(db, removal)


# -- pruning ---------------------------------------------------------------------------------------


def count_to_prune(folder: Path, order: PruneOrder) -> PruneResult:
    """Return what `prune_folder` would delete."""
    with Archive(folder) as archive:
        return count_prunable(archive, order)


def prune_folder(
    folder: Path, order: PruneOrder, report: ProgressReport = ignore_progress
) -> PrunedFolder:
    """Prune an archive, and make its files smaller if no crawl runs."""
    decisions = archive_policies()
    before = archive_bytes(folder)
    with Archive(folder) as archive:
        prepare_archive(archive.db, decisions)
        result = prune_archive(archive, order, decisions, report)
    remark = compact_archive(folder)
    return PrunedFolder(result, before, archive_bytes(folder), remark)


def compact_archive(folder: Path, always: bool = False) -> str | None:
    """Rewrite the files that have many free pages, or all; return why it was not possible."""
    with Archive(folder) as archive:
        files = {"archive.db": archive.db, "captures.db": archive.captures.connection}
        return compact_files(folder, files, always)


def archive_bytes(folder: Path) -> int:
    """Return the size of the archive's files, with their logs."""
    return sum(path.stat().st_size for path in folder.glob("*.db*") if path.is_file())


def outlet_id_of_host(folder: Path, host: str) -> int:
    """Return the id of an outlet; raises UsageError for an unknown one."""
    from archive.queries.lookup import known_outlet_host

    with opened_archive(folder) as connection:
        known = known_outlet_host(connection, folder, host)
        row = connection.execute("SELECT id FROM outlets WHERE host = ?", (known,)).fetchone()
    return int(row[0])


# -- outlets ---------------------------------------------------------------------------------------


def articles_of_outlet(folder: Path, outlet_id: int) -> list[int]:
    """Return the articles of an outlet."""
    with opened_archive(folder) as connection:
        rows = connection.execute("SELECT id FROM articles WHERE outlet_id = ?", (outlet_id,))
        return [int(row[0]) for row in rows]


def remove_outlet_articles(
    folder: Path,
    outlet_id: int,
    order: RemovalOrder | None,
    report: ProgressReport = ignore_progress,
) -> bool:
    """Remove all articles of an outlet; return False if another program reads the old state.

    With an order they are kept out for good.
    """
    ids = articles_of_outlet(folder, outlet_id)
    if order is not None:
        return remove_from_archive(folder, ids, order, report)
    decisions = archive_policies()
    with Archive(folder) as archive:
        prepare_archive(archive.db, decisions)
        for start in range(0, len(ids), REMOVED_PER_TRANSACTION):
            with transaction(archive.db) as db:
                prune_batch(db, ids[start : start + REMOVED_PER_TRANSACTION], decisions)
            report(start, len(ids))
        list_stale_stories(archive.db, decisions)
        return finish_erasures(archive)


def parsed_outlet_facts(
    name: str | None, language: str | None, country: str | None
) -> dict[str, str | None]:
    """Return the columns of an outlet that a person sets; an empty text erases one.

    Raises UsageError for an unknown language or country.
    """
    from crawler.sources.catalogue import country_codes, language_codes

    facts: dict[str, str | None] = {}
    if name is not None:
        facts["name"] = " ".join(name.split())[:200] or None
    for column, text, codes in (
        ("language", language, language_codes),
        ("country", country, country_codes),
    ):
        if text is None:
            continue
        found = sorted(codes([text]) or ()) if text.strip() else [None]
        if len(found) > 1:
            raise UsageError(f"--{column} {text}: may be {' or '.join(map(str, found))}; give one")
        facts[column] = found[0]
    return facts
