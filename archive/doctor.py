"""Check the archive: what is wrong with it, how often, what to do, and what can be repaired.

A repair rebuilds what is derived from the articles (the full-text index, the relations of texts),
or lets a crawl rebuild it (their language keys) or fetch a page again. Of articles that are there,
nothing is deleted; of articles that a program deleted or a person removed, all that is left.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.archive import Archive
from archive.articles.copies import CopyPolicy, are_copies_current, rebuild_copies
from archive.articles.store import Decisions
from archive.frontier.tombstones import request_erasure
from archive.frontier.urls import return_all_leases
from archive.progress import ProgressReport, ignore_progress
from archive.queries.status import LOW_DISK_BYTES
from archive.records import current_timestamp
from archive.removal.erasure import finish_erasures
from archive.removal.orphans import ARTICLE_REFERENCES, delete_orphans, orphan_counts
from archive.removal.remove_articles import url_digest
from archive.storage.damage import database_damage
from archive.storage.database import (
    open_database,
    open_read_only,
    read_only_uri,
    transaction,
)
from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA, DatabaseSchema

ARCHIVE_FILES = ("archive.db", "captures.db")

LONG_WAL_BYTES = 256_000_000
"""Bytes of a write-ahead log that another program keeps SQLite from writing back, which it does by
itself at 4 MB."""
SKIPPED_WITHOUT_LOCK = (
    "the search index and the leases of dead crawls; the archive is in use, or cannot be written",
)

ORPHANS_ADVICE = (
    "a program deleted articles; --repair deletes what is left of them "
    "(`dateline remove` deletes an article with all that refers to it)"
)
DERIVED_TABLES = {"relations", "shared_texts", "shared_text_articles"}
"""Tables that `rebuild_copies` (`archive.articles.copies`) derives from the articles."""
EXAMINATION_STEPS = 5
"""Each file, the articles, their references, and the search index."""
OF_KEYS = ("strong_keys", "article_keys", "key_counts", "key_versions")
"""Tables that are derived from the articles again where the last of them is empty
(`archive.articles.language_keys.rebuild_keys`)."""

RepairFunction = Callable[[sqlite3.Connection], object]


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of problem, and how often it occurs."""

    what: str
    count: int
    advice: str
    """A sentence that says what to do."""
    repair: RepairFunction | None = None
    """Repairs it inside a transaction of `archive.db`; None if a person has to act."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The problems found, those repaired, and the checks that were skipped."""

    schema: str
    findings: tuple[Finding, ...]
    mended: tuple[Finding, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """True if nothing is wrong, or nothing any longer."""
        return not self.findings

    def lines(self) -> Iterator[str]:
        """Yield the lines to print, one for each finding."""
        yield from (f"repaired: {finding.what} ({finding.count:,})" for finding in self.mended)
        yield from (
            f"{finding.what}: {finding.count:,}; {finding.advice}" for finding in self.findings
        )
        yield from (f"not checked: {what}" for what in self.skipped)
        if self.sound:
            yield f"sound ({self.schema})"

    def as_record(self) -> dict[str, Any]:
        """Return the diagnosis for JSON."""

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


def examine_archive(
    folder: Path,
    judge: CopyPolicy,
    alone: bool,
    report: ProgressReport = ignore_progress,
    decisions: Decisions | None = None,
) -> Diagnosis:
    """Check everything and change nothing.

    `alone` says that the caller holds the archive's lock. Otherwise the checks that need it are
    skipped and reported as skipped: the full-text index is checked under a write lock, and pages
    that a running crawl has leased are not a problem. `report` is called before each step.
    With `decisions`, what is left of deleted articles can be repaired.

    Raises ArchiveError without an archive, and NewerArchiveError for one that a newer version
    wrote.
    """
    steps = iter(range(EXAMINATION_STEPS))
    damage: list[Finding] = []
    for name in ARCHIVE_FILES:
        report(next(steps), EXAMINATION_STEPS)
        damage += _file_damage(folder / name)
    if damage:
        return Diagnosis(_schema_version(ARCHIVE_SCHEMA), tuple(damage), (), ("everything else",))
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        missing = _attach_captures(db, folder)
        if missing:
            return Diagnosis(_schema_version(ARCHIVE_SCHEMA), (missing,), (), ("everything else",))
        report(next(steps), EXAMINATION_STEPS)
        findings = list(_inconsistencies(db))
        report(next(steps), EXAMINATION_STEPS)
        findings += [*_broken_references(db, judge, decisions), *_keys(db)]
        findings += [*_removal_findings(db, decisions), *_disk_findings(folder)]
        if alone:
            findings += _left_by_dead_crawls(db)
        moved = list(_moved_pages(db))
        if not are_copies_current(db, judge) and db.execute("SELECT 1 FROM articles").fetchone():
            findings.append(_relations_finding("texts compared by an older method", 1, judge))
    report(next(steps), EXAMINATION_STEPS)
    if alone:
        findings += _search_index(folder)
    skipped = (*moved, *(() if alone else SKIPPED_WITHOUT_LOCK))
    return Diagnosis(_schema_version(ARCHIVE_SCHEMA), tuple(findings), (), skipped)


def repair_archive(
    folder: Path,
    judge: CopyPolicy,
    key: Callable[[str], str],
    report: ProgressReport = ignore_progress,
    decisions: Decisions | None = None,
) -> Diagnosis:
    """Repair what can be repaired, then check again. The caller holds the archive's lock.

    `key` returns the key under which a URL is looked up. Raises the errors of `examine_archive`,
    and sqlite3.Error if the archive cannot be written.
    """
    before = examine_archive(folder, judge, alone=True, report=report, decisions=decisions)
    mendable = [finding for finding in before.findings if finding.repair]
    with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
        db.create_function("url_key", 1, key)
        for repairing in dict.fromkeys(finding.repair for finding in mendable if finding.repair):
            with transaction(db):
                repairing(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if (folder / "captures.db").is_file():
        with Archive(folder) as archive:
            finish_erasures(archive)
    after = examine_archive(folder, judge, alone=True, report=report, decisions=decisions)
    left = {finding.what for finding in after.findings}
    mended = tuple(finding for finding in before.findings if finding.what not in left)
    return Diagnosis(after.schema, after.findings, mended, after.skipped)


def release_stale_leases(db: sqlite3.Connection) -> int:
    """Release the pages leased by crawls that died, and return their number.

    The crawls are marked as interrupted.
    """
    db.execute("UPDATE crawls SET state = 'interrupted' WHERE state = 'running'")
    return return_all_leases(db)


# -- the files -------------------------------------------------------------------------------------


def _schema_version(schema: DatabaseSchema) -> str:
    """Return the name of a schema's last migration step."""
    return schema.steps[-1][0]


def _attach_captures(db: sqlite3.Connection, folder: Path) -> Finding | None:
    """Attach `captures.db`; return a finding if that is impossible."""
    path = folder / "captures.db"
    if not path.is_file():
        advice = (
            "the articles are complete without it; restore a backup, or go on without the pages"
        )
        return Finding("captures.db is missing", 1, advice)
    with closing(open_read_only(path, CAPTURES_SCHEMA)):
        pass  # its schema is known, and brought up to date
    db.execute("ATTACH ? AS captures", [read_only_uri(path)])
    return None


def _file_damage(path: Path) -> Iterator[Finding]:
    """Run SQLite's own check of a file, which reads every page of it."""
    if not path.is_file():
        return
    file = path.name
    advice = f"restore a backup, or save what is readable: sqlite3 {file} .recover | sqlite3 new.db"
    damage = database_damage(path)
    if damage:
        yield Finding(f"{file} is damaged ({damage[0]})", len(damage), advice)


def _disk_findings(folder: Path) -> Iterator[Finding]:
    """Yield a finding if little disk space is free."""
    free = shutil.disk_usage(folder).free
    if free < LOW_DISK_BYTES:
        yield Finding(
            "megabytes free on the disk",
            free // 1_000_000,
            "free some space: a crawl stops when the disk is full",
        )
    for name in ("archive.db-wal", "captures.db-wal"):
        size = (folder / name).stat().st_size if (folder / name).is_file() else 0
        if size > LONG_WAL_BYTES:
            advice = "end the programs that have the archive open; --repair writes the log back"
            yield Finding(f"megabytes in {name}", size // 1_000_000, advice, _repair_nothing)


def _repair_nothing(_: sqlite3.Connection) -> None:
    """Do nothing: `repair_archive` writes the logs back at its end anyway."""


def _search_index(folder: Path) -> list[Finding]:
    """Check that the full-text index matches the articles."""
    try:
        with closing(open_database(folder / "archive.db", ARCHIVE_SCHEMA)) as db:
            db.execute("INSERT INTO articles_fts(articles_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        return [
            Finding(
                "the search index does not match the articles",
                1,
                "--repair rebuilds it",
                _rebuild_index,
            )
        ]
    return []


def _rebuild_index(db: sqlite3.Connection) -> None:
    """Rebuild the full-text index."""
    db.execute("INSERT INTO articles_fts(articles_fts) VALUES ('rebuild')")


# -- inconsistencies -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RepairStatement:
    """A repair that is one SQL statement, which may call `url_key(url)`."""

    sql: str

    def __call__(self, db: sqlite3.Connection) -> None:
        db.execute(self.sql)


DONE_WITHOUT_ARTICLE_SQL = (
    "kind = 'page' AND state = 'done' AND outcome IN ('new', 'changed') AND article_id IS NULL"
)

# our own words
FETCH_AGAIN_REPAIR = RepairStatement(
    f"UPDATE urls SET state = 'pending' WHERE {DONE_WITHOUT_ARTICLE_SQL}"  # noqa: S608
)
ADD_URLS_REPAIR = RepairStatement(
    """INSERT INTO urls (url, url_key, outlet_id, article_id, via, found_at, state, outcome)
    SELECT url, url_key(url), outlet_id, min(id), 'import', fetched_at, 'done', 'new' FROM articles a
    WHERE NOT EXISTS (SELECT 1 FROM urls u WHERE u.article_id = a.id) GROUP BY url
    ON CONFLICT (url) DO UPDATE SET article_id = coalesce(article_id, excluded.article_id)"""
)
"""A URL that belongs to another article by now stays with it."""

CONSISTENCY_CHECKS: tuple[tuple[str, str, str, RepairFunction | None], ...] = (
    (
        "articles without a URL",
        """SELECT count(*) FROM articles a
        WHERE NOT EXISTS (SELECT 1 FROM urls u WHERE u.article_id = a.id)""",
        "--repair adds the URL that they were read from",
        ADD_URLS_REPAIR,
    ),
    (
        "URLs marked as done without their article",
        f"SELECT count(*) FROM urls WHERE {DONE_WITHOUT_ARTICLE_SQL}",  # noqa: S608
        "--repair lets the next crawl fetch them again",
        FETCH_AGAIN_REPAIR,
    ),
    (
        "URLs with more than one article",
        "SELECT count(*) FROM (SELECT url FROM articles GROUP BY url HAVING count(*) > 1)",
        "list them: SELECT url, group_concat(id) FROM articles GROUP BY url HAVING count(*) > 1",
        None,
    ),
    (
        "articles whose page is not in captures.db",
        """SELECT count(*) FROM articles WHERE digest IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM captures.bodies b WHERE b.digest = articles.digest)
        AND NOT EXISTS (SELECT 1 FROM pruned_bodies p WHERE p.digest = articles.digest)
        AND NOT EXISTS (SELECT 1 FROM moved_pages p WHERE p.digest = articles.digest)""",
        "the articles are complete; restore a backup of captures.db, or go on without those pages",
        None,
    ),
    (
        "revisions whose page is not in captures.db",
        """SELECT count(*) FROM revisions WHERE digest IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM captures.bodies b WHERE b.digest = revisions.digest)
        AND NOT EXISTS (SELECT 1 FROM pruned_bodies p WHERE p.digest = revisions.digest)
        AND NOT EXISTS (SELECT 1 FROM moved_pages p WHERE p.digest = revisions.digest)""",
        "the revisions are complete; restore a backup of captures.db, or go on without those pages",
        None,
    ),
)
"""For each check: its name, the query that counts it, the advice, and the repair."""


def _inconsistencies(db: sqlite3.Connection) -> Iterator[Finding]:
    """Yield a finding for each failed check of `CONSISTENCY_CHECKS`."""
    for what, query, advice, mend in CONSISTENCY_CHECKS:
        count = db.execute(query).fetchone()[0]
        if count:
            yield Finding(what, count, advice, mend)


def _moved_pages(db: sqlite3.Connection) -> Iterator[str]:
    """Yield a line about the pages in each WARC file, which may be stored anywhere by now."""
    rows = db.execute(
        """SELECT f.path, count(*) AS pages FROM moved_pages p
        JOIN warc_files f ON f.id = p.warc_file_id GROUP BY f.id ORDER BY f.id"""
    )
    yield from (f"{row['pages']:,} pages that were moved to {row['path']}" for row in rows)


def _relations_finding(what: str, count: int, judge: CopyPolicy) -> Finding:
    """Return a finding about the relations of texts, which a repair compares again."""
    return Finding(what, count, "--repair compares all texts again", _Rebuilding(judge))


@dataclass(frozen=True, slots=True)
class _Rebuilding:
    """A repair that compares all texts again; all instances are equal, so it runs once."""

    judge: CopyPolicy

    def __call__(self, db: sqlite3.Connection) -> None:
        rebuild_copies(db, self.judge, current_timestamp())


@dataclass(frozen=True, slots=True)
class _OrphanRepair:
    """A repair that deletes what is left of deleted articles; all instances are equal."""

    decisions: Decisions

    def __call__(self, db: sqlite3.Connection) -> None:
        delete_orphans(db, self.decisions)


def _removal_findings(db: sqlite3.Connection, decisions: Decisions | None) -> Iterator[Finding]:
    """Yield what removing, pruning and programs that delete articles have left."""
    repair = _OrphanRepair(decisions) if decisions else None
    referenced = {
        table for table, column in ARTICLE_REFERENCES if is_foreign_key(db, table, column)
    }
    for table, count in orphan_counts(db):
        if table not in referenced:
            what = f"rows of {table} whose row of articles is missing"
            yield Finding(what, count, ORPHANS_ADVICE, repair)
    left = db.execute("SELECT count(*) FROM erasures").fetchone()[0]
    if left:
        advice = "--repair finishes it; so does the next `dateline remove` or `dateline prune`"
        yield Finding("texts or pages removed but not erased yet", left, advice, _repair_nothing)
    back = db.execute(
        """SELECT count(DISTINCT a.id) FROM removed_urls r JOIN urls u ON u.url_key = r.url_key
        JOIN articles a ON a.id = u.article_id
        WHERE r.fingerprint IS NULL OR r.fingerprint = a.fingerprint"""
    ).fetchone()[0]
    if back:
        advice = (
            "another program brought them back; `dateline remove` removes them again, "
            "or `dateline remove --undo` lets them stay"
        )
        yield Finding("articles that were removed before", back, advice)
    yield from _captures_of_removed(db)


def _captures_of_removed(db: sqlite3.Connection) -> Iterator[Finding]:
    """Yield a finding if pages of removed articles are stored."""
    if not db.execute("SELECT 1 FROM removed_urls LIMIT 1").fetchone():
        return
    db.create_function("url_digest", 1, url_digest, deterministic=True)
    urls = [
        row[0]
        for row in db.execute(
            """SELECT c.url FROM (SELECT DISTINCT url FROM captures.captures) c
            WHERE EXISTS (SELECT 1 FROM removed_urls r
              WHERE r.fingerprint IS NULL AND r.url_digest = url_digest(c.url))
            AND NOT EXISTS (SELECT 1 FROM urls u WHERE u.url = c.url AND u.article_id IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM erasures e WHERE e.kind = 'url' AND e.value = c.url)"""
        )
    ]
    if urls:
        advice = "--repair erases them"
        yield Finding(
            "stored pages of removed articles", len(urls), advice, _ErasePages(tuple(urls))
        )


@dataclass(frozen=True, slots=True)
class _ErasePages:
    """A repair that has the captures of URLs erased."""

    urls: tuple[str, ...]

    def __call__(self, db: sqlite3.Connection) -> None:
        request_erasure(db, "url", self.urls)
        request_erasure(db, "index", [""])


def _broken_references(
    db: sqlite3.Connection, judge: CopyPolicy, decisions: Decisions | None
) -> Iterator[Finding]:
    """Yield a finding for rows that refer to missing rows."""
    for schema in ("main", "captures"):
        broken = Counter(
            (row["table"], row["parent"])
            for row in db.execute(f"PRAGMA {schema}.foreign_key_check")
        )
        for (rows_of, missing), many in broken.items():
            what = f"rows of {rows_of} whose row of {missing} is missing"
            if missing in ("articles", "alert_items") and decisions:
                yield Finding(what, many, ORPHANS_ADVICE, _OrphanRepair(decisions))
            elif rows_of in DERIVED_TABLES:
                yield _relations_finding(what, many, judge)
            elif rows_of in OF_KEYS:
                yield Finding(what, many, KEYS_ANEW, forget_keys)
            else:
                yield Finding(
                    what,
                    many,
                    f"a program deleted rows of {missing}; restore a backup, or delete these too",
                )
    alone = db.execute(
        """SELECT count(*) FROM shared_texts t
        WHERE (SELECT count(*) FROM shared_text_articles v WHERE v.text_id = t.id) < 2
        OR NOT EXISTS (SELECT 1 FROM shared_text_articles v
          WHERE v.text_id = t.id AND v.article_id = t.original_id)"""
    ).fetchone()[0]
    if alone:
        yield _relations_finding(
            "texts without two versions or without their original", alone, judge
        )


KEYS_ANEW = "--repair lets the next crawl rebuild the keys of all articles"

KEYS_AMISS = (
    (
        "articles without keys",
        """SELECT count(*) FROM articles a
        WHERE NOT EXISTS (SELECT 1 FROM article_keys k WHERE k.article_id = a.id)""",
    ),
    (
        "keys by which an article is found that it does not have",
        """SELECT count(*) FROM strong_keys s
        WHERE NOT EXISTS (SELECT 1 FROM article_keys k
          WHERE k.article_id = s.article_id AND k.counted)""",
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
"""(problem, query that counts it) pairs."""


def _keys(db: sqlite3.Connection) -> Iterator[Finding]:
    """Yield the problems of the language keys; none where they are to be rebuilt."""
    if db.execute("SELECT 1 FROM key_versions").fetchone() is None:
        return
    for what, query in KEYS_AMISS:
        count = db.execute(query).fetchone()[0]
        if count:
            yield Finding(what, count, KEYS_ANEW, forget_keys)


def is_foreign_key(db: sqlite3.Connection, table: str, column: str) -> bool:
    """Return whether SQLite checks a column as a reference."""
    keys = db.execute(f"PRAGMA main.foreign_key_list({table})")
    return any(row["from"] == column for row in keys)


def forget_keys(db: sqlite3.Connection) -> None:
    """Empty the keys, so that the next use rebuilds all of them."""
    for table in OF_KEYS:
        db.execute(f"DELETE FROM {table}")  # noqa: S608  our own names


def _left_by_dead_crawls(db: sqlite3.Connection) -> Iterator[Finding]:
    """Yield what dead crawls left; no crawl is running, because the caller holds the lock."""
    for what, query in (
        ("pages still leased by a dead crawl", "SELECT count(*) FROM urls WHERE state = 'leased'"),
        ("crawls that never ended", "SELECT count(*) FROM crawls WHERE state = 'running'"),
    ):
        count = db.execute(query).fetchone()[0]
        if count:
            yield Finding(
                what, count, "the next crawl releases them, or --repair", release_stale_leases
            )
