"""Merging removals: what was removed in another archive stays out of this one too.

They are merged before any article, so that an article which one archive removed does not come from
another one. An article that is here already is kept, and listed as a conflict.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from archive.frontier.tombstones import UNPROVEN_ROLES, Removal, all_removals
from archive.keeping.backups import SCHEMAS, one_moment
from archive.merging.merge_report import MergeReport
from archive.removal.adopted_removals import adopt_removal
from archive.removal.remove_articles import forget_waiting_urls
from archive.storage.database import has_pending_steps, transaction

REMOVED_URLS_SQL = "SELECT url_digest, url_key, fingerprint FROM removed_urls WHERE removal_id = ?"
ARTICLES_AT_KEY_SQL = f"""SELECT DISTINCT a.id, a.url FROM urls u
JOIN articles a ON a.id IN (u.leads_to, u.article_id)
WHERE u.url_key = ?1 AND u.role NOT IN {UNPROVEN_ROLES}
  AND (?2 IS NULL OR a.fingerprint = ?2) ORDER BY a.id"""  # noqa: S608  a constant is put in
SAME_REMOVAL_SQL = """SELECT m.id, m.article_id FROM removed_urls r
JOIN removals m ON m.id = r.removal_id
WHERE r.url_digest = ? AND r.url_key = ? AND r.fingerprint IS ? ORDER BY m.id LIMIT 1"""


def merge_removals(ours: sqlite3.Connection, folder: Path, result: MergeReport) -> None:
    """Merge all removals of the archive in a folder, in one transaction.

    An archive of an earlier version needs no migration for that. Raises ArchiveError if the folder
    has no archive or it cannot be read, and NewerArchiveError.
    """
    with one_moment(folder) as sources:
        theirs = sources["archive.db"]
        has_pending_steps(theirs, SCHEMAS["archive.db"], folder / "archive.db")  # raises if newer
        table = "SELECT 1 FROM sqlite_master WHERE name = 'removed_urls'"
        if theirs.execute(table).fetchone():
            with transaction(ours) as db:
                for removal in reversed(all_removals(theirs)):
                    urls = theirs.execute(REMOVED_URLS_SQL, (removal.id,)).fetchall()
                    _merge_removal(db, removal, urls, result)


def _merge_removal(
    db: sqlite3.Connection, removal: Removal, urls: Sequence[sqlite3.Row], result: MergeReport
) -> None:
    """Merge one removal, unless the article is here.

    One that is known here, too, is completed by URLs that only the other archive knew.
    """
    here = _articles_at_urls(db, urls)
    for article_id, url in here.items():
        result.note_conflict(
            "removal",
            url,
            f"kept as article {article_id} (`dateline remove {article_id} --reason TEXT` removes it)",
            removal.sentence,
        )
    if here:
        return
    known = (db.execute(SAME_REMOVAL_SQL, tuple(each)).fetchone() for each in urls)
    same = next((row for row in known if row), None)
    (result.known if same else result.added)["removals"] += 1
    removal_id, former_id = same or adopt_removal(db, removal)
    db.executemany(
        """INSERT OR IGNORE INTO removed_urls (removal_id, url_digest, url_key, fingerprint)
        VALUES (?, ?, ?, ?)""",
        [(removal_id, *each) for each in urls],
    )
    forget_waiting_urls(db, former_id)


def _articles_at_urls(db: sqlite3.Connection, urls: Sequence[sqlite3.Row]) -> dict[int, str]:
    """Return the articles here, with their URLs, that a removal with these URLs keeps out."""
    found: dict[int, str] = {}
    for each in urls:
        values = (each["url_key"], each["fingerprint"])
        found |= {row["id"]: row["url"] for row in db.execute(ARTICLES_AT_KEY_SQL, values)}
    return found
