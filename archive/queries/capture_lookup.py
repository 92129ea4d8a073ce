"""Find the article of a capture by the SHA-256 of its body, as the article was archived then."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from archive.articles.revisions import Revision, article_revisions
from archive.queries.lookup import PlainRow
from archive.queries.story_changes import ArticleChange, changes_of_articles

SHA256_PATTERN = re.compile(r"[0-9a-f]{64}")

CAPTURE_OF_ARTICLE_SQL = """
SELECT min(seen_at) FROM (
  SELECT fetched_at AS seen_at FROM articles WHERE id = :id AND digest = :digest
  UNION ALL SELECT seen_at FROM revisions WHERE article_id = :id AND digest = :digest
  UNION ALL SELECT c.fetched_at FROM urls u JOIN fetches c ON c.url_id = u.id
            WHERE u.article_id = :id AND c.digest = :digest
)"""

ARTICLE_OF_DIGEST_SQL = (
    "SELECT id FROM articles d WHERE {found} LIMIT 1",
    "SELECT article_id FROM revisions d WHERE {found} LIMIT 1",
    "SELECT u.article_id FROM fetches d JOIN urls u ON u.id = d.url_id"
    " WHERE {found} AND u.article_id IS NOT NULL LIMIT 1",
)
"""From the article as it is now to the fetches that led to no revision."""

DIGEST_FOUND_SQL = """d.digest IS NOT NULL
    AND substr(d.digest, 1, 16) = substr(:digest, 1, 16) AND substr(d.digest, 17) = substr(:digest, 17)"""
"""The condition for the indexes on digests, which hold their first 16 characters.

With `d.digest = :digest`, SQLite would put the parameter into `substr` too, and use no index.
"""


@dataclass(frozen=True, slots=True)
class ArchivedCapture:
    """An article as a capture has it."""

    article_id: int
    digest: str
    seen_at: str
    """When a page with this body was first fetched, UTC."""
    revision: Revision
    """The article's text at that time."""
    later_changes: tuple[ArticleChange, ...]
    """The changes since, the newest first."""


def article_of_capture(connection: sqlite3.Connection, digest: str) -> int | None:
    """Return the article that was extracted from a capture, or None."""
    if not SHA256_PATTERN.fullmatch(digest):
        return None
    for query in ARTICLE_OF_DIGEST_SQL:
        sql = query.format(found=DIGEST_FOUND_SQL)
        row = connection.execute(sql, {"digest": digest}).fetchone()
        if row:
            return int(row[0])
    return None


def archived_capture(
    connection: sqlite3.Connection, article_id: int, digest: str
) -> ArchivedCapture | None:
    """Return an article as a capture has it; None if the capture is not the article's."""
    asked = {"id": article_id, "digest": digest}
    seen_at = connection.execute(CAPTURE_OF_ARTICLE_SQL, asked).fetchone()[0]
    if seen_at is None:
        return None
    revision = _revision_at(article_revisions(connection, article_id), digest, seen_at)
    changes = changes_of_articles(connection, [article_id])
    later = tuple(change for change in changes if change.number > revision.number)
    return ArchivedCapture(article_id, digest, seen_at, revision, later)


def _revision_at(revisions: list[Revision], digest: str, seen_at: str) -> Revision:
    """Return the revision that was extracted from a capture, or else was valid at its time."""
    own = [each for each in revisions if each.digest == digest]
    if own:
        return own[-1]
    with_text = [each for each in revisions if not each.gone]
    return next((each for each in reversed(with_text) if each.seen_at <= seen_at), with_text[0])


def capture_page_data(
    connection: sqlite3.Connection, article_id: int, digest: str
) -> PlainRow | None:
    """Return the data of the page of a capture, or None if it is not the article's."""
    from archive.records import text_below_standfirst
    from archive.text.formatting import direction, split_paragraphs
    from archive.text.html import outward_link

    found = archived_capture(connection, article_id, digest)
    if found is None:
        return None
    row = connection.execute(
        """SELECT a.url, a.language, a.digest, o.host AS outlet, coalesce(o.name, o.host) AS outlet_name
        FROM articles a JOIN outlets o ON o.id = a.outlet_id WHERE a.id = ?""",
        (article_id,),
    ).fetchone()
    revision = found.revision
    text = text_below_standfirst(revision.text, revision.standfirst)
    return dict(row) | {
        "found": found,
        "headline": revision.headline or row["url"],
        "revision": revision,
        "paragraphs": split_paragraphs(text),
        "direction": direction(row["language"]),
        "link": outward_link(row["url"]) or row["url"],
        "is_newest": row["digest"] == digest,
    }
