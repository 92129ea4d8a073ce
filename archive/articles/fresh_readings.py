"""Captured pages extracted again between write transactions, so that none is extracted within one.

An extraction may take twenty seconds, during which no other program could write. If a transaction
needs a page that was not extracted, it is rolled back, the page is extracted, and the transaction
is repeated.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from archive.articles.revisions import ArticleVersion, is_same_extractor
from archive.articles.store import Decisions
from archive.records import Check
from archive.storage.counted_keys import counts_in_memory
from archive.storage.database import transaction

T = TypeVar("T")


class UnreadPageError(Exception):
    """A transaction needs a page that was not extracted before."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


class PageReadings:
    """Results of `reread` by digest."""

    def __init__(self, reread: Callable[[str], ArticleVersion | None]) -> None:
        self._reread = reread
        self._known: dict[str, ArticleVersion | None] = {}

    def read_missing(self, digests: Iterable[str]) -> None:
        """Extract the pages that are not known yet. Must be called outside of a transaction."""
        for digest in digests:
            if digest not in self._known:
                self._known[digest] = self._reread(digest)

    def __call__(self, digest: str) -> ArticleVersion | None:
        """Return the result for a page, within a transaction. Raises UnreadError if unknown."""
        if digest not in self._known:
            raise UnreadPageError(digest)
        return self._known[digest]


def write_without_reading(
    connection: sqlite3.Connection,
    checks: Sequence[Check],
    decisions: Decisions,
    write: Callable[[sqlite3.Connection, Decisions], T],
) -> T:
    """Return the result of `write`, run in one transaction in which no page is extracted."""
    if decisions.changes.reread is None:
        with transaction(connection) as db, counts_in_memory(db):
            return write(db, decisions)
    readings = PageReadings(decisions.changes.reread)
    readings.read_missing(_digests_to_read(connection, checks))
    ready = replace(decisions, changes=replace(decisions.changes, reread=readings))
    while True:
        try:
            with transaction(connection) as db, counts_in_memory(db):
                return write(db, ready)
        except UnreadPageError as wanted:
            readings.read_missing([wanted.digest])


def _digests_to_read(connection: sqlite3.Connection, checks: Sequence[Check]) -> Iterable[str]:
    """The digests of the pages that `write` will probably need.

    These are the pages of known articles, found by URL, that another extractor version has read.
    """
    for check in checks:
        if check.article is None:
            continue
        row = connection.execute(
            """SELECT a.digest, a.extractor FROM urls u JOIN articles a ON a.id = u.article_id
            WHERE u.url IN (?, ?) LIMIT 1""",
            (check.url, check.article.url),
        ).fetchone()
        if row is None or is_same_extractor(row["extractor"], check.article.extractor):
            continue
        if row["digest"] not in (None, check.article.digest):
            yield row["digest"]
