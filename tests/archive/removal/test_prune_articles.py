"""The numbers of a pruning are those of what is deleted, and known before."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.archive import Archive
from archive.records import Capture
from archive.removal.prune_articles import (
    PruneOrder,
    PruneResult,
    _prunable_captures,
    count_prunable,
    prune_archive,
)
from tests.removal_room import DECISIONS, OTHERS, arrive

BEFORE = OTHERS[2].at


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive with a page for each of some articles, and an old page without an article."""
    with Archive(tmp_path) as archive:
        arrive(archive, *OTHERS)
        front = "https://harbour.example/front"
        archive.captures.store([Capture(front, b"links", fetched_at="2024-01-01T00:00:00Z")])
    return tmp_path


def numbers(result: PruneResult) -> tuple[int, int]:
    return result.articles, result.captures


@pytest.mark.parametrize("captures_only", [False, True])
def test_a_dry_run_counts_what_pruning_deletes(folder: Path, captures_only: bool) -> None:
    order = PruneOrder(BEFORE, (), captures_only)
    with Archive(folder) as archive:
        expected = (0 if captures_only else 2, 3)
        assert numbers(count_prunable(archive, order)) == expected
        assert numbers(prune_archive(archive, order, DECISIONS)) == expected
        left = archive.captures.connection.execute("SELECT count(*) FROM captures").fetchone()[0]
        assert left == len(OTHERS) - 2


def test_pages_that_a_crawl_stores_meanwhile_are_not_subtracted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crawl_and_choose(archive: Archive, order: PruneOrder) -> object:
        archive.captures.store(
            [Capture(f"https://a.example/{n}", b"new", fetched_at="2025-01-01") for n in range(5)]
        )
        return _prunable_captures(archive, order)

    monkeypatch.setattr("archive.removal.prune_articles._prunable_captures", crawl_and_choose)
    with Archive(folder) as archive:
        result = prune_archive(archive, PruneOrder(BEFORE, ()), DECISIONS)
    assert numbers(result) == (2, 3)
