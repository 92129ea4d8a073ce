"""Tables that count articles by a key, with their numbers in memory while articles are written.

An article is counted under hundreds of terms, most of which its neighbours have as well. Within
`counts_in_memory` each number is read once, and written once at the end. The numbers are the same
as without: a savepoint that is rolled back (`archive.storage.database`) takes its counts with it.

The numbers stay for the next batch unless another program writes to the file, or a transaction is
rolled back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CountedTable:
    """The SQL of a table of counts. A scope is the columns before the key, such as a language."""

    read: str
    """JSON list of keys, scope → rows of key and count."""
    write: str
    """JSON object of key and count, scope: insert or update rows."""
    delete: str
    """JSON list of keys, scope: delete rows."""


CountScope = tuple[str, ...]
MAX_REMEMBERED_COUNTS = 200_000
"""Counts of one process that stay in memory between batches; with more, none do."""


class _Counts:
    """The counts of a table and scope that were read so far."""

    def __init__(self, table: CountedTable, scope: CountScope) -> None:
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
        cursor = connection.cursor()
        cursor.row_factory = None  # plain tuples are faster than rows with names
        rows = cursor.execute(self.table.read, (_as_json(new), *self.scope)).fetchall()
        known.update(dict.fromkeys(new, 0))
        known.update(rows)

    def add(self, keys: Iterable[str], number: int) -> dict[str, int]:
        """Add a number to the counts of keys that were read; return the new counts."""
        known = self.known
        counts = {key: known[key] + number for key in keys}
        known.update(counts)
        self.changed.update(counts)
        return counts

    def write(self, connection: sqlite3.Connection) -> None:
        """Write the changed counts, and delete rows whose count is zero."""
        known, keys = self.known, sorted(self.changed)
        kept = {key: known[key] for key in keys if known[key]}
        connection.execute(self.table.write, (_as_json(kept), *self.scope))
        if len(kept) < len(keys):
            gone = [key for key in keys if not known[key]]
            connection.execute(self.table.delete, (_as_json(gone), *self.scope))
        self.changed.clear()


class _Batch:
    """The counts of one batch."""

    def __init__(self) -> None:
        self.counts: dict[tuple[CountedTable, CountScope], _Counts] = {}
        self.changes: list[tuple[_Counts, Collection[str], int]] = []
        """Changes in order, to undo those of a savepoint that is rolled back."""

    def counts_of(self, table: CountedTable, scope: CountScope) -> _Counts:
        """Return the counts of a table and scope."""
        place = table, scope
        if place not in self.counts:
            self.counts[place] = _Counts(table, scope)
        return self.counts[place]


_batches: dict[sqlite3.Connection, _Batch] = {}
"""The batch of each connection that writes one now."""
_last_batches: dict[sqlite3.Connection, tuple[int, _Batch]] = {}
"""At most one connection's last batch, with the version of the file for others (`data_version`)."""


@contextmanager
def counts_in_memory(connection: sqlite3.Connection) -> Iterator[None]:
    """Keep counts in memory until the end, within the caller's transaction.

    After an exception nothing is written, and the transaction must be rolled back.
    """
    if connection in _batches:
        yield
        return
    version = int(connection.execute("PRAGMA data_version").fetchone()[0])
    batch = _batches[connection] = _begun_batch(connection, version)
    try:
        yield
        for counts in batch.counts.values():
            counts.write(connection)
    finally:
        del _batches[connection]
    if sum(len(counts.known) for counts in batch.counts.values()) <= MAX_REMEMBERED_COUNTS:
        _last_batches[connection] = version, batch


def _begun_batch(connection: sqlite3.Connection, version: int) -> _Batch:
    """Return a new batch, with the counts of the last one if no other program has written since."""
    batch = _Batch()
    known_version, last = _last_batches.get(connection, (None, batch))
    if known_version == version:
        batch.counts = last.counts
    _last_batches.clear()  # until this one has ended well
    return batch


def forget_counts(connection: sqlite3.Connection) -> None:
    """Let the next batch read its counts from the file.

    It is needed where they have changed in another way than by a batch: after a rollback, and after
    a table of counts was emptied.
    """
    _last_batches.pop(connection, None)


def read_counts(
    connection: sqlite3.Connection, table: CountedTable, scope: CountScope, keys: Collection[str]
) -> dict[str, int]:
    """Return the counts of keys; keys without a row are left out."""
    batch = _batches.get(connection)
    counts = batch.counts_of(table, scope) if batch else _Counts(table, scope)
    counts.read(connection, keys)
    known = counts.known
    return {key: count for key in keys if (count := known[key])}


def add_to_counts(
    connection: sqlite3.Connection, table: CountedTable, scope: CountScope, keys: Collection[str]
) -> dict[str, int]:
    """Count one more article under each key, which `keys` holds once; return the new counts."""
    return _change_counts(connection, table, scope, keys, 1)


def subtract_from_counts(
    connection: sqlite3.Connection, table: CountedTable, scope: CountScope, keys: Collection[str]
) -> None:
    """Count one article less under each key, which `keys` holds once; no count is below zero."""
    counted = read_counts(connection, table, scope, keys)
    _change_counts(connection, table, scope, list(counted), -1)


def _change_counts(
    connection: sqlite3.Connection,
    table: CountedTable,
    scope: CountScope,
    keys: Collection[str],
    number: int,
) -> dict[str, int]:
    """Add a number to the counts of keys, at once or at the end of the batch; return the new
    counts of the keys."""
    batch = _batches.get(connection)
    counts = batch.counts_of(table, scope) if batch else _Counts(table, scope)
    counts.read(connection, keys)
    changed = counts.add(keys, number)
    if batch:
        batch.changes.append((counts, keys, number))
    else:
        counts.write(connection)
        forget_counts(connection)
    return changed


def number_of_count_changes(connection: sqlite3.Connection) -> int:
    """Return the number of changes in the batch so far."""
    batch = _batches.get(connection)
    return len(batch.changes) if batch else 0


def undo_count_changes(connection: sqlite3.Connection, first: int) -> None:
    """Undo the changes in the batch but the `first` ones."""
    batch = _batches.get(connection)
    while batch and len(batch.changes) > first:
        counts, keys, number = batch.changes.pop()
        counts.add(keys, -number)


def _as_json(value: Collection[str]) -> str:
    return json.dumps(value, ensure_ascii=False)
