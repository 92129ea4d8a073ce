"""Is the archive sound? What is wrong with it, how often, and what to do; and what of that can be
mended safely.

A repair makes anew what is derived from the articles (the full text index, the relations of texts),
or lets a crawl do so (their keys) or look again. Nothing that was archived is deleted.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.articles.copies import Judge, is_current, rebuild
from archive.frontier.urls import return_leases
from archive.queries.status import LOW_DISK
from archive.records import now
from archive.storage.database import (
    BUSY_SECONDS,
    connect,
    connect_to_read,
    read_only_uri,
    transaction,
)
from archive.storage.schema import ARCHIVE, CAPTURES, Schema

FILES = ("archive.db", "captures.db")

LONG_LOG = 256_000_000
"""Bytes of a write-ahead log that some reader keeps from being taken over, as SQLite does by itself
at 4 MB."""
SHOWN = 5
"""Lines of SQLite's own report of damage that are passed on; its first says most."""

NOT_ALONE = (
    "the search's index and what dead crawls left; the archive is in use, or cannot be written",
)

DERIVED = {"relations", "texts", "versions"}
"""Tables that `postings.rebuild` makes anew from the articles."""
OF_KEYS = ("strong_keys", "article_keys", "key_counts", "key_versions")
"""Tables that are made anew from the articles where the last of them is empty
(`archive.articles.language_keys.rebuild`)."""

Repair = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    what: str
    count: int
    advice: str
    """What to do."""
    repair: Repair | None = None
    """Mends it, inside a transaction of `archive.db`; None: it takes a person."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found, what of it was mended, and what could not be looked at."""

    schema: str
    findings: tuple[Finding, ...]
    mended: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Nothing is wrong, or nothing any more."""
        return not self.findings

    def lines(self) -> Iterator[str]:
        """What to tell: a line each."""
        yield from (f"mended: {finding.what} ({finding.count:,})" for finding in self.mended)
        yield from (
            f"{finding.what}: {finding.count:,}; {finding.advice}" for finding in self.findings
        )
        yield from (f"not looked at: {what}" for what in self.skipped)
        if self.sound:
            yield f"sound ({self.schema})"

    def as_record(self) -> dict[str, Any]:
        """For JSON."""

        def record(finding: Finding, mended: bool) -> dict[str, Any]:
            return {
                "what": finding.what,
                "count": finding.count,
                "advice": finding.advice,
                "repairable": finding.repair is not None,
                "mended": mended,
            }

        found = [record(each, False) for each in self.findings] + [
            record(each, True) for each in self.mended
        ]
        return {
            "sound": self.sound,
            "schema": self.schema,
            "findings": found,
            "skipped": list(self.skipped),
        }


def examine(folder: Path, judge: Judge, alone: bool) -> Diagnosis:
    """Look at everything and change nothing.

    `alone`: the caller holds the archive's lock. Else what needs it is skipped, and said so: a full
    text index is checked under a write lock, and what a crawl has in hand is no fault while it
    runs.

    Raises ArchiveError where there is no archive, NewerArchiveError where this version does not
    know it.
    """
    damage = [finding for name in FILES for finding in _damage(folder / name)]
    if damage:
        return Diagnosis(_version(ARCHIVE), tuple(damage), (), ("everything else",))
    with closing(connect_to_read(folder / "archive.db", ARCHIVE)) as db:
        missing = _attach_captures(db, folder)
        if missing:
            return Diagnosis(_version(ARCHIVE), (missing,), (), ("everything else",))
        findings = [*_amiss(db), *_broken_references(db, judge), *_keys(db), *_disk(folder)]
        if alone:
            findings += _left_behind(db)
        if not is_current(db, judge) and db.execute("SELECT 1 FROM articles").fetchone():
            findings.append(_relations("texts compared in an older way", 1, judge))
    if alone:
        findings += _search_index(folder)
    return Diagnosis(_version(ARCHIVE), tuple(findings), (), () if alone else NOT_ALONE)


def repair(folder: Path, judge: Judge, key: Callable[[str], str]) -> Diagnosis:
    """Mend what can be mended, then look again. The caller holds the archive's lock.

    `key` gives the key by which an address is looked up. Raises as `examine`, and sqlite3.Error
    where it cannot write.
    """
    before = examine(folder, judge, alone=True)
    mendable = [finding for finding in before.findings if finding.repair]
    with closing(connect(folder / "archive.db", ARCHIVE)) as db:
        db.create_function("url_key", 1, key)
        for repairing in dict.fromkeys(finding.repair for finding in mendable if finding.repair):
            with transaction(db):
                repairing(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    after = examine(folder, judge, alone=True)
    left = {finding.what for finding in after.findings}
    mended = tuple(finding for finding in before.findings if finding.what not in left)
    return Diagnosis(after.schema, after.findings, mended, after.skipped)


def return_from_the_dead(db: sqlite3.Connection) -> int:
    """What crawls that never ended had in hand waits again, and they are marked; the number of
    pages."""
    db.execute("UPDATE crawls SET state = 'interrupted' WHERE state = 'running'")
    return return_leases(db)


# -- the files -------------------------------------------------------------------------------------


def _version(schema: Schema) -> str:
    return schema.steps[-1][0]


def _attach_captures(db: sqlite3.Connection, folder: Path) -> Finding | None:
    path = folder / "captures.db"
    if not path.is_file():
        advice = (
            "articles are whole without it; put it back from a copy, or go on without the pages"
        )
        return Finding("captures.db is missing", 1, advice)
    with closing(connect_to_read(path, CAPTURES)):
        pass  # its schema is known, and brought up to date
    db.execute("ATTACH ? AS captures", [read_only_uri(path)])
    return None


def _damage(path: Path) -> Iterator[Finding]:
    """SQLite's own check of a file that is there. Every page of it is read."""
    if not path.is_file():
        return
    file = path.name
    advice = f"put back a copy, or save what can be read: sqlite3 {file} .recover | sqlite3 new.db"
    try:
        with closing(sqlite3.connect(read_only_uri(path), timeout=BUSY_SECONDS, uri=True)) as db:
            rows = db.execute(f"PRAGMA integrity_check({SHOWN})").fetchall()
    except sqlite3.OperationalError:
        raise  # it cannot be opened: that says nothing of what is in it
    except sqlite3.DatabaseError as error:
        yield Finding(f"{file} is damaged ({error})", 1, advice)
        return
    lines = [" ".join(str(row[0]).split()) for row in rows]
    if lines != ["ok"] and not _only_of_search(lines):
        yield Finding(f"{file} is damaged ({lines[0][:200]})", len(lines), advice)


def _only_of_search(lines: Sequence[str]) -> bool:
    """Newer SQLites check the full text index along; that can be made anew."""
    return all("fts5" in line.lower() for line in lines)


def _disk(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK:
        yield Finding(
            "megabytes free on the disk",
            free // 1_000_000,
            "make room: a crawl stops when the disk is full",
        )
    for name in ("archive.db-wal", "captures.db-wal"):
        size = (folder / name).stat().st_size if (folder / name).is_file() else 0
        if size > LONG_LOG:
            advice = "end the programs that hold the archive open; --repair takes the log over"
            yield Finding(f"megabytes in {name}", size // 1_000_000, advice, _nothing)


def _nothing(_: sqlite3.Connection) -> None:
    """`repair` takes the logs over at its end anyway."""


def _search_index(folder: Path) -> list[Finding]:
    """Does the full text index hold the words of the articles, and no others?"""
    try:
        with closing(connect(folder / "archive.db", ARCHIVE)) as db:
            db.execute("INSERT INTO articles_fts(articles_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        return [
            Finding(
                "the search's index is not that of the articles",
                1,
                "--repair makes it anew",
                _rebuild_index,
            )
        ]
    return []


def _rebuild_index(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO articles_fts(articles_fts) VALUES ('rebuild')")


# -- what does not fit together --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """A repair that is one statement of SQL; `url_key(url)` may be used in it."""

    sql: str

    def __call__(self, db: sqlite3.Connection) -> None:
        db.execute(self.sql)


WITHOUT_ARTICLE = (
    "kind = 'page' AND state = 'done' AND outcome IN ('new', 'changed') AND article_id IS NULL"
)

# our own words
ASK_AGAIN = Statement(f"UPDATE urls SET state = 'pending' WHERE {WITHOUT_ARTICLE}")  # noqa: S608
ADD_ADDRESSES = Statement(
    """INSERT INTO urls (url, url_key, outlet_id, article_id, via, found_at, state, outcome)
    SELECT url, url_key(url), outlet_id, min(id), 'import', fetched_at, 'done', 'new' FROM articles a
    WHERE NOT EXISTS (SELECT 1 FROM urls u WHERE u.article_id = a.id) GROUP BY url
    ON CONFLICT (url) DO UPDATE SET article_id = coalesce(article_id, excluded.article_id)"""
)
"""An address that is another article's by now stays so."""

AMISS: tuple[tuple[str, str, str, Repair | None], ...] = (
    (
        "articles without an address",
        "SELECT count(*) FROM articles a WHERE NOT EXISTS (SELECT 1 FROM urls u WHERE u.article_id = a.id)",
        "--repair gives them the one that they were read from",
        ADD_ADDRESSES,
    ),
    (
        "addresses that are done without their article",
        f"SELECT count(*) FROM urls WHERE {WITHOUT_ARTICLE}",  # noqa: S608
        "--repair lets the next crawl fetch them again",
        ASK_AGAIN,
    ),
    (
        "addresses under which more than one article was kept",
        "SELECT count(*) FROM (SELECT url FROM articles GROUP BY url HAVING count(*) > 1)",
        "look at them: SELECT url, group_concat(id) FROM articles GROUP BY url HAVING count(*) > 1",
        None,
    ),
    (
        "articles whose page was not kept in captures.db",
        """SELECT count(*) FROM articles WHERE digest IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM captures.bodies b WHERE b.digest = articles.digest)""",
        "the articles are whole; put captures.db back from a copy, or go on without those pages",
        None,
    ),
    (
        "revisions whose page was not kept in captures.db",
        """SELECT count(*) FROM revisions WHERE digest IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM captures.bodies b WHERE b.digest = revisions.digest)""",
        "the revisions are whole; put captures.db back from a copy, or go on without those pages",
        None,
    ),
)
"""What, the query that counts it, what to do, and its repair."""


def _amiss(db: sqlite3.Connection) -> Iterator[Finding]:
    for what, query, advice, mend in AMISS:
        count = db.execute(query).fetchone()[0]
        if count:
            yield Finding(what, count, advice, mend)


def _relations(what: str, count: int, judge: Judge) -> Finding:
    return Finding(what, count, "--repair compares all texts anew", _Rebuilding(judge))


@dataclass(frozen=True, slots=True)
class _Rebuilding:
    """Compares all texts anew; equal to every other of its kind, so that it is done once."""

    judge: Judge

    def __call__(self, db: sqlite3.Connection) -> None:
        rebuild(db, self.judge, now())


def _broken_references(db: sqlite3.Connection, judge: Judge) -> Iterator[Finding]:
    """Rows that refer to rows which are not there."""
    for schema in ("main", "captures"):
        broken = Counter(
            (row["table"], row["parent"])
            for row in db.execute(f"PRAGMA {schema}.foreign_key_check")
        )
        for (rows_of, missing), many in broken.items():
            what = f"rows of {rows_of} whose row of {missing} is missing"
            if rows_of in DERIVED:
                yield _relations(what, many, judge)
            elif rows_of in OF_KEYS:
                yield Finding(what, many, KEYS_ANEW, forget_keys)
            else:
                yield Finding(
                    what,
                    many,
                    f"a program deleted rows of {missing}; put back a copy, or delete these too",
                )
    alone = db.execute(
        """SELECT count(*) FROM texts t WHERE (SELECT count(*) FROM versions v WHERE v.text_id = t.id) < 2
        OR NOT EXISTS (SELECT 1 FROM versions v WHERE v.text_id = t.id AND v.article_id = t.original_id)"""
    ).fetchone()[0]
    if alone:
        yield _relations("texts without two versions or without their original", alone, judge)


KEYS_ANEW = "--repair lets the next crawl make the keys of all articles anew"

KEYS_AMISS = (
    (
        "articles without keys",
        """SELECT count(*) FROM articles a
        WHERE NOT EXISTS (SELECT 1 FROM article_keys k WHERE k.article_id = a.id)""",
    ),
    (
        "keys by which an article is found that it does not have",
        """SELECT count(*) FROM strong_keys s
        WHERE NOT EXISTS (SELECT 1 FROM article_keys k WHERE k.article_id = s.article_id AND k.counted)""",
    ),
    (
        "articles that no key leads to",
        """SELECT count(*) FROM article_keys WHERE counted AND keys <> '{}'
        AND NOT EXISTS (SELECT 1 FROM strong_keys)""",
    ),
    (
        "keys counted of other articles than there are",
        """SELECT coalesce((SELECT articles FROM key_counts WHERE key = ''), 0) <>
        (SELECT count(*) FROM article_keys WHERE counted)""",
    ),
)
"""What, and the query that counts it."""


def _keys(db: sqlite3.Connection) -> Iterator[Finding]:
    """What is wrong with the keys of articles; nothing, where they are to be made anew."""
    if db.execute("SELECT 1 FROM key_versions").fetchone() is None:
        return
    for what, query in KEYS_AMISS:
        count = db.execute(query).fetchone()[0]
        if count:
            yield Finding(what, count, KEYS_ANEW, forget_keys)


def forget_keys(db: sqlite3.Connection) -> None:
    """Whatever next needs the keys makes all of them anew."""
    for table in OF_KEYS:
        db.execute(f"DELETE FROM {table}")  # noqa: S608  our own names


def _left_behind(db: sqlite3.Connection) -> Iterator[Finding]:
    """By crawls that died: with the lock in hand, none runs."""
    for what, query in (
        ("pages that a dead crawl had in hand", "SELECT count(*) FROM urls WHERE state = 'leased'"),
        ("crawls that never ended", "SELECT count(*) FROM crawls WHERE state = 'running'"),
    ):
        count = db.execute(query).fetchone()[0]
        if count:
            yield Finding(
                what, count, "the next crawl takes care of it, or --repair", return_from_the_dead
            )
