"""The policies with which a server process removes articles.

They live in `pipelines`, which this room does not import: `dateline serve` hands them in. A plain
`datasette` has none, and removes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from archive.archive import Archive
from archive.articles.store import Decisions
from archive.errors import UsageError
from archive.rebuilds import prepare_archive
from archive.removal.erasure import finish_erasures
from archive.removal.remove_articles import RemovalOrder, remove_articles
from archive.removal.unreached_copies import unreached_lines
from archive.storage.database import transaction


@dataclass(frozen=True, slots=True)
class RemovalPolicies:
    """The project's policies, as far as a removal needs them."""

    decisions: Callable[[], Decisions]
    """Loads the policies when they are first needed, because loading takes a moment."""
    url_key: Callable[[str], str]
    """URL → the key under which it is looked up."""


_policies: list[RemovalPolicies] = []


def set_removal_policies(policies: RemovalPolicies | None) -> None:
    """Set the policies with which this process removes articles; None for no removals."""
    _policies[:] = [policies] if policies else []


def can_remove() -> bool:
    """Return True if this process can remove articles."""
    return bool(_policies)


def remove_on_page(folder: Path, article_id: int, order: RemovalOrder) -> list[str]:
    """Remove an article now; a separate thread erases it from the files.

    Returns a sentence for each place that has it all the same. Raises UsageError for an unknown
    article, and where this process cannot remove any.
    """
    if not _policies:
        raise UsageError(
            f"this server cannot remove articles; `dateline remove {article_id}` does it"
        )
    policies = _policies[0]
    decisions = policies.decisions()
    with Archive(folder) as archive:
        prepare_archive(archive.db, decisions)
        with transaction(archive.db) as db:
            unreached = unreached_lines(db, [article_id])
            remove_articles(db, [article_id], order, decisions, policies.url_key)
    Thread(target=_erase, args=(folder,), name="dateline-erase").start()
    return unreached


def _erase(folder: Path) -> None:
    """Erase what was removed; what fails is left to the next removal, prune or crawl."""
    with Archive(folder) as archive:
        finish_erasures(archive)
