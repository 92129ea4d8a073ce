"""A check that no command is asked to fetch what a person removed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archive.cli.base import opened_archive
from archive.queries.removed_articles import check_not_removed
from pipelines.urls import url_key


def check_not_removed_in(folder: Path, ids_or_urls: Sequence[str]) -> None:
    """Raise ArchiveError, with the reason, for an article that was removed."""
    if ids_or_urls and (folder / "archive.db").is_file():
        with opened_archive(folder) as connection:
            check_not_removed(connection, ids_or_urls, url_key)
