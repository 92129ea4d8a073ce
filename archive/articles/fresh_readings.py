"""Kept pages as today's extractor reads them: read between write transactions, and only looked up
within one.

Reading a page may take twenty seconds, in which nobody else could write. Where a page turns out to
be wanted within a transaction, the transaction is given up, the page read, and all of it done
again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from archive.articles.revisions import Version
from archive.articles.store import Decisions
from archive.records import Check
from archive.storage.database import transaction

T = TypeVar("T")


class UnreadError(Exception):
    """A page is wanted within a transaction that was not read before it."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


class Readings:
    """What `reread` makes of pages, by digest."""

    def __init__(self, reread: Callable[[str], Version | None]) -> None:
        self._reread = reread
        self._known: dict[str, Version | None] = {}

    def read(self, digests: Iterable[str]) -> None:
        """Outside of a transaction: read what was not read yet."""
        for digest in digests:
            if digest not in self._known:
                self._known[digest] = self._reread(digest)

    def __call__(self, digest: str) -> Version | None:
        """Within one. Raises UnreadError."""
        if digest not in self._known:
            raise UnreadError(digest)
        return self._known[digest]


def written(
    connection: sqlite3.Connection,
    checks: Sequence[Check],
    decisions: Decisions,
    write: Callable[[sqlite3.Connection, Decisions], T],
) -> T:
    """What `write` comes to, in one transaction in which no page is read."""
    if decisions.changes.reread is None:
        with transaction(connection) as db:
            return write(db, decisions)
    readings = Readings(decisions.changes.reread)
    readings.read(_likely(connection, checks))
    ready = replace(decisions, changes=replace(decisions.changes, reread=readings))
    while True:
        try:
            with transaction(connection) as db:
                return write(db, ready)
        except UnreadError as wanted:
            readings.read([wanted.digest])


def _likely(connection: sqlite3.Connection, checks: Sequence[Check]) -> Iterable[str]:
    """The pages of articles that another extractor read and that are about to be compared: by their
    addresses."""
    for check in checks:
        if check.article:
            row = connection.execute(
                """SELECT a.digest, a.extractor FROM urls u JOIN articles a ON a.id = u.article_id
                WHERE u.url IN (?, ?) LIMIT 1""",
                (check.url, check.article.url),
            ).fetchone()
            if (
                row
                and row["digest"] not in (None, check.article.digest)
                and row["extractor"] != check.article.extractor
            ):
                yield row["digest"]
