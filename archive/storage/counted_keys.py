"""Tables that count the articles of a key, with their numbers in memory during a batch.

An article is counted under hundreds of terms, most of which the other articles of its batch have as
well. Within `counts_in_memory` each number is read once, and written once at the end. Numbers are
the same as without: a savepoint that is rolled back (`archive.storage.database`) takes its counts
with it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CountedTable:
    """The SQL of a table of counts. Its parameters are the key and count, and then the scope."""

    read: str
    """JSON list of keys, scope → rows of key and count."""
    write: str
    """Count, key, scope: insert or replace a row."""
    delete: str
    """Key, scope: delete a row."""


Scope = tuple[str, ...]
"""Values of the columns that precede the key, such as a language."""


class _Counts:
    """The counts of a table and scope that were read so far."""

    def __init__(self, table: CountedTable, scope: Scope) -> None:
        self.table, self.scope = table, scope
        self.known: dict[str, int] = {}
        """0 for a key without a row."""
        self.changed: set[str] = set()

    def read(self, connection: sqlite3.Connection, keys: Iterable[str]) -> None:
        """Read the counts of keys that are not known yet."""
        known = self.known
        new = [key for key in keys if key not in known]
        if not new:
            return
        asked = json.dumps(new, ensure_ascii=False)
        rows = connection.execute(self.table.read, (asked, *self.scope)).fetchall()
        known.update(dict.fromkeys(new, 0))
        known.update(rows)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write the changed counts, and delete rows whose count is zero."""
        known, scope = self.known, self.scope
        keys = sorted(self.changed)
        kept = [(known[key], key, *scope) for key in keys if known[key] > 0]
        gone = [(key, *scope) for key in keys if known[key] <= 0]
        connection.executemany(self.table.write, kept)
        connection.executemany(self.table.delete, gone)


class _Batch:
    """The counts of one batch."""

    def __init__(self) -> None:
        self.counts: dict[tuple[CountedTable, Scope], _Counts] = {}
        self.replaced: list[tuple[_Counts, Mapping[str, int]]] = []
        """Counts before each change, in order, for savepoints that are rolled back."""

    def of(self, table: CountedTable, scope: Scope) -> _Counts:
        place = table, scope
        if place not in self.counts:
            self.counts[place] = _Counts(table, scope)
        return self.counts[place]

    def write(self, connection: sqlite3.Connection) -> None:
        for counts in self.counts.values():
            counts.write(connection)


_batches: dict[sqlite3.Connection, _Batch] = {}
"""The batch of each connection that has one."""


@contextmanager
def counts_in_memory(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep counts in memory until the end, within the caller's transaction.

    After an exception nothing is written: roll the transaction back.
    """
    if connection in _batches:
        yield
        return
    batch = _batches[connection] = _Batch()
    try:
        yield
        batch.write(connection)
    finally:
        del _batches[connection]


def read_counts(
    connection: sqlite3.Connection, table: CountedTable, scope: Scope, keys: Collection[str]
) -> dict[str, int]:
    """Return the counts of keys; keys without a row are left out."""
    batch = _batches.get(connection)
    counts = batch.of(table, scope) if batch else _Counts(table, scope)
    counts.read(connection, keys)
    known = counts.known
    return {key: known[key] for key in keys if known[key] > 0}


def add_to_counts(
    connection: sqlite3.Connection,
    table: CountedTable,
    scope: Scope,
    keys: Collection[str],
    added: int = 1,
) -> dict[str, int]:
    """Add a number to the count of each key, and return the new counts.

    Keys without a row stay so when a number is subtracted. `keys` holds each key once.
    """
    batch = _batches.get(connection)
    counts = batch.of(table, scope) if batch else _Counts(table, scope)
    counts.read(connection, keys)
    before = {key: counts.known[key] for key in keys}
    after = {key: max(0, count + added) for key, count in before.items()}
    counts.known.update(after)
    counts.changed.update(after)
    if batch:
        batch.replaced.append((counts, before))
    else:
        counts.write(connection)
    return after


def count_changes(connection: sqlite3.Connection) -> int:
    """Return the number of changes in the batch, to return to it by `undo_count_changes`."""
    batch = _batches.get(connection)
    return len(batch.replaced) if batch else 0


def undo_count_changes(connection: sqlite3.Connection, first: int) -> None:
    """Undo the changes of the batch from a number on (`count_changes`)."""
    batch = _batches.get(connection)
    while batch and len(batch.replaced) > first:
        counts, before = batch.replaced.pop()
        counts.known.update(before)
