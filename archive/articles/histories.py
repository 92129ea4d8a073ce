"""Storing versions of a known article in the order of time, also those before the stored one.

A crawl sees versions in order. Where two archives are merged, the versions of both are put in order
and judged again, one after the other, as if one crawl had seen them all. Functions that write run
inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from archive.articles.boilerplate import (
    OutletText,
    add_removed_lines,
    lines_to_remove,
    store_removed_lines,
    trim_text,
)
from archive.articles.copies import relate_article, renew_original
from archive.articles.events import update_article_words
from archive.articles.language_keys import save_keys
from archive.articles.revisions import insert_gone_revision, store_revision
from archive.articles.store import MODIFICATION_COLUMNS, Decisions, article_row, update_article
from archive.articles.stories import file_article
from archive.records import Article


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """An article as it was seen at one time; without an article it was gone."""

    seen_at: str
    article: Article | None
    confirmed: bool = False
    """True if the version was accepted after a second fetch, should it have lost most of its
    text."""
    gone_reason: str | None = None
    removed: Mapping[int, int] = field(default_factory=dict)
    """The boilerplate that was removed from its text, as `removed_lines` returns it."""


def rewrite_history(
    connection: sqlite3.Connection,
    article_id: int,
    versions: Sequence[SeenVersion],
    decisions: Decisions,
) -> None:
    """Replace all versions of an article by these, which are in the order of time.

    The first one must have an article.
    """
    first, *later = versions
    before = _stored_row(connection, article_id)
    for table in ("revisions", "unconfirmed_revisions"):
        # constant table names
        connection.execute(f"DELETE FROM {table} WHERE article_id = ?", (article_id,))  # noqa: S608
    row, removed = _row_of_version(connection, article_id, first, decisions)
    names = ", ".join(f"{name} = :{name}" for name in row if name not in ("outlet_id", "url"))
    # our own names
    connection.execute(f"UPDATE articles SET {names} WHERE id = :id", row | {"id": article_id})  # noqa: S608
    store_removed_lines(connection, article_id, removed)
    _store_versions(connection, article_id, later, decisions)
    _renew_derived_data(connection, before, decisions)
    renew_original(connection, article_id, decisions.texts)  # it may have been seen earlier


def continue_history(
    connection: sqlite3.Connection,
    article_id: int,
    versions: Sequence[SeenVersion],
    decisions: Decisions,
) -> None:
    """Store later versions of an article, and renew what is derived from its text."""
    before = _stored_row(connection, article_id)
    _store_versions(connection, article_id, versions, decisions)
    _renew_derived_data(connection, before, decisions)


def _store_versions(
    connection: sqlite3.Connection,
    article_id: int,
    versions: Sequence[SeenVersion],
    decisions: Decisions,
) -> None:
    """Store later versions of an article, one after the other."""
    for version in versions:
        if version.article is None:
            article = _stored_row(connection, article_id)
            insert_gone_revision(connection, article, version.seen_at, version.gone_reason)
            continue
        if _store_version(connection, article_id, version, decisions):
            _store_version(connection, article_id, version, decisions)


def _store_version(
    connection: sqlite3.Connection, article_id: int, version: SeenVersion, decisions: Decisions
) -> bool:
    """Store one version; return True if it is held, and to be stored again as it was confirmed."""
    row, removed = _row_of_version(connection, article_id, version, decisions)
    stored = store_revision(connection, _stored_row(connection, article_id), row, decisions.changes)
    if stored.takes == "nothing":
        return version.confirmed and (stored.reason or "").startswith("held")
    names = MODIFICATION_COLUMNS if stored.takes == "dates" else tuple(row)
    update_article(connection, article_id, row, names)
    if stored.takes == "all":
        store_removed_lines(connection, article_id, removed)
    return False


def _row_of_version(
    connection: sqlite3.Connection, article_id: int, version: SeenVersion, decisions: Decisions
) -> tuple[dict[str, Any], dict[int, int]]:
    """Return the columns of a version without its outlet's boilerplate, and the removed lines."""
    assert version.article is not None
    policy = decisions.boilerplate
    outlet_id = int(_stored_row(connection, article_id)["outlet_id"])
    text = version.article.text
    outlet_text = OutletText(outlet_id, text, version.article.language)
    trimmed = trim_text(text, lines_to_remove(connection, outlet_text, policy), policy)
    removed = dict(version.removed)
    if trimmed.left_out:
        removed = add_removed_lines(removed, text.count("\n") + 1, trimmed.left_out)
    article = replace(version.article, text=trimmed.text, fetched_at=version.seen_at)
    if trimmed.left_out or not article.word_count:
        words = policy.word_count(trimmed.text, article.language)
        article = replace(article, word_count=words)
    return article_row(article, policy.fingerprint(trimmed.text)), removed


def _stored_row(connection: sqlite3.Connection, article_id: int) -> sqlite3.Row:
    row: sqlite3.Row = connection.execute(
        "SELECT * FROM articles WHERE id = ?", (article_id,)
    ).fetchone()
    return row


def _renew_derived_data(
    connection: sqlite3.Connection, before: sqlite3.Row, decisions: Decisions
) -> None:
    """Renew the relations, terms, keys and stories of an article whose text is another one now."""
    article_id = int(before["id"])
    after = _stored_row(connection, article_id)
    if (after["fingerprint"], after["headline"]) == (before["fingerprint"], before["headline"]):
        return
    if after["fingerprint"] != before["fingerprint"]:
        relate_article(connection, article_id, decisions.texts, after["fetched_at"])
    update_article_words(connection, article_id, decisions.events)
    save_keys(connection, article_id, decisions.keys)
    file_article(connection, article_id, decisions.stories, changed=True)
