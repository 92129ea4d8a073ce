"""Writing checks: each with its article, leads and next due dates, many in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace

from archive.archive import Archive
from archive.articles import identity
from archive.articles.fresh_readings import UnreadPageError, write_without_reading
from archive.articles.revisions import fetch_history, store_gone_revision
from archive.articles.store import Decisions, StoredArticle, store_article
from archive.errors import ArchiveError
from archive.frontier import urls as frontier
from archive.frontier.sources import set_source_due
from archive.frontier.tombstones import (
    Removal,
    note_kept_out,
    removal_of_check,
    removal_of_key,
    request_erasure,
)
from archive.records import Capture, Check, Outcome
from archive.storage.database import savepoint
from archive.text_features import with_known_features

WriteBeside = Callable[[sqlite3.Connection, Sequence[Check]], None]
"""Writes what belongs to checks, in their transaction, which may be repeated."""


def write_checks(
    archive: Archive,
    checks: Sequence[Check],
    decisions: Decisions,
    crawl_id: int | None = None,
    beside: WriteBeside | None = None,
) -> list[Outcome]:
    """Store a batch of checks in one transaction; return their outcomes.

    Captures are stored first, in their own file: a run killed in between leaves a capture without
    an article, and never an article without its capture. A check whose content cannot be stored is
    recorded as `failed` with the reason and does not affect the others. If the archive cannot be
    written, sqlite3.Error or ArchiveError is raised and nothing of the batch is stored. No page is
    extracted within the transaction. Nothing is stored of an article that was
    removed: its page is `refused`.
    """
    archive.check_in_place()
    captures = [
        check.capture
        for check in checks
        if check.capture and removal_of_check(archive.db, check) is None
    ]
    if captures:
        archive.captures.store(captures)

    def write_all(db: sqlite3.Connection, ready: Decisions) -> list[Outcome]:
        _forget_moved_pages(db, captures)
        outcomes = [write_check_or_failure(db, check, ready, crawl_id) for check in checks]
        if beside:
            beside(db, checks)
        return outcomes

    return write_without_reading(archive.db, checks, decisions, write_all)


def _forget_moved_pages(db: sqlite3.Connection, captures: Sequence[Capture]) -> None:
    """Record that pages are stored here again that had been moved to a WARC file or pruned."""
    stored = [(capture.digest,) for capture in captures]
    for table in ("moved_pages", "pruned_bodies"):
        if stored and db.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():  # noqa: S608  ours
            db.executemany(f"DELETE FROM {table} WHERE digest = ?", stored)  # noqa: S608  ours


def replace_reading(
    connection: sqlite3.Connection, check: Check, decisions: Decisions
) -> StoredArticle:
    """Store a new extraction of a captured page; no check is recorded without a fetch."""
    return write_without_reading(
        connection, [check], decisions, lambda db, ready: store_article(db, check, ready)
    )


def write_check_or_failure(
    db: sqlite3.Connection, check: Check, decisions: Decisions, crawl_id: int | None
) -> Outcome:
    """Store a check; if its content cannot be stored, record it as `failed` with the reason."""
    try:
        with savepoint(db):
            return _write_check(db, check, decisions, crawl_id)
    except UnreadPageError:
        raise
    except Exception as error:
        if _is_archive_error(error):
            raise
        reason = " ".join(f"cannot be stored: {type(error).__name__}: {error}".split())[:200]
        refused = Check(
            check.url,
            "failed",
            check.fetched_at,
            reason=_escaped_ascii(reason),
            url_key=check.url_key,
        )
        return _write_check(db, refused, decisions, crawl_id)


def _is_archive_error(error: Exception) -> bool:
    """Return whether the archive is at fault, and not the content of the check.

    SQLite reports invalid content by subclasses of DatabaseError (IntegrityError, DataError …).
    OperationalError and DatabaseError itself mean the disk, a lock or a damaged file.
    """
    return isinstance(error, ArchiveError | OSError) or type(error) in (
        sqlite3.OperationalError,
        sqlite3.DatabaseError,
    )


def _escaped_ascii(text: str) -> str:
    """Escape an error message, which may repeat the characters that could not be written."""
    return text.encode("ascii", "backslashreplace").decode()


def _write_check(
    db: sqlite3.Connection, check: Check, decisions: Decisions, crawl_id: int | None
) -> Outcome:
    """Store a check with its article, leads and next due dates; return its outcome."""
    if removal := removal_of_check(db, check):
        return _refuse_removed(db, check, crawl_id, removal)
    article_id = None
    check = _check_or_gone(db, check, decisions)
    if check.outcome == "new" and check.article:
        filed = store_article(db, check, with_known_features(decisions, check.article.features))
        article_id = filed.article_id
        news = identity.note_leading_urls(db, check, article_id)
        check = replace(check, outcome=filed.outcome, reason=filed.reason or news or check.reason)
    elif check.outcome == "gone":
        store_gone_revision(db, check)
    frontier.record_check(db, check, crawl_id, article_id)
    frontier.queue_leads(db, check.leads)
    if check.article is None:
        set_source_due(db, check, decisions.source_due)
    if known := fetch_history(db, check.url):
        frontier.set_page_due(db, check.url, decisions.due_at(known, check.fetched_at))
    return check.outcome


def _refuse_removed(
    db: sqlite3.Connection, check: Check, crawl_id: int | None, removal: Removal
) -> Outcome:
    """Leave out the page of a removed article; record that if another URL led to it."""
    note_kept_out(db, removal)
    if check.capture:  # stored already if the article was removed just now
        request_erasure(db, "body", [check.capture.digest])
    if removal_of_key(db, check.url_key) is None:
        refused = replace(check, outcome="refused", reason=removal.public_sentence, article=None)
        frontier.record_check(db, refused, crawl_id, None)
    else:
        frontier.delete_waiting_page(db, check.url)
    return "refused"


def _check_or_gone(db: sqlite3.Connection, check: Check, decisions: Decisions) -> Check:
    """Return the check, as `gone` if a known article's URL shows a front page or "not found"."""
    how = decisions.identity.how_gone(check)
    if how is None or identity.article_id_of_key(db, check.url_key) is None:
        return check
    if check.article and identity.find_article(db, check, decisions.identity):
        return check
    return replace(check, outcome="gone", reason=how, article=None)
