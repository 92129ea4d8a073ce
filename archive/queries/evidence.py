"""Evidence for an article: when its page was seen, its capture, and the text that it repeats."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from archive.text.formatting import modified_moment
from archive.text.html import outward_link

EVIDENCE_SQL = """
SELECT a.id, a.published_at, a.published_raw, a.published_offset, a.modified_at, a.modified_raw, a.digest, a.fetched_at,
       (SELECT min(seen_at) FROM revisions r WHERE r.article_id = a.id) AS revised_from,
       (SELECT max(seen_at) FROM revisions r
        WHERE r.article_id = a.id AND r.kinds NOT LIKE '%"gone"%') AS revised_until,
       (SELECT d.snapshot_url FROM deposits d WHERE d.article_id = a.id AND d.state = 'done'
        ORDER BY d.snapshot_at LIMIT 1) AS snapshot_url,
       (SELECT min(d.snapshot_at) FROM deposits d WHERE d.article_id = a.id AND d.state = 'done') AS snapshot_at,
       t.original_id, o.host AS original_outlet, coalesce(o.name, o.host) AS original_outlet_name
FROM json_each(:ids) AS asked JOIN articles a ON a.id = asked.value
LEFT JOIN shared_text_articles v ON v.article_id = a.id
LEFT JOIN shared_texts t ON t.id = v.text_id AND t.original_id <> a.id
LEFT JOIN articles w ON w.id = t.original_id LEFT JOIN outlets o ON o.id = w.outlet_id"""

SEEN_SQL = """
SELECT u.article_id, min(c.fetched_at) AS first_at, max(c.fetched_at) AS last_at
FROM json_each(:ids) AS asked CROSS JOIN urls u ON u.article_id = asked.value
CROSS JOIN fetches c ON c.url_id = u.id
WHERE c.outcome IN ('new', 'changed', 'unchanged') GROUP BY 1"""
"""The fetches that met the article; failed ones and pages gone say nothing of it."""


@dataclass(frozen=True, slots=True)
class ArticleEvidence:
    """Times and digests by which an article can be verified."""

    published_as_printed: str | None
    """The date as the page prints it, or as the archive has it."""
    first_seen: str
    """When its page was first fetched, UTC."""
    last_seen: str
    """When its page was last fetched and there, UTC."""
    sha256: str | None
    """Digest of the capture that the text was extracted from, in hexadecimal."""
    copy_of: int | None
    """The article whose text this one repeats, or None."""
    copy_of_outlet: str | None
    """The outlet of that article."""
    modified: str | None = None
    """When the page says that it was modified, on the outlet's clock as far as that is known."""
    snapshot_url: str | None = None
    """Where another archive keeps the page, at this archive's request."""
    snapshot_at: str | None = None
    """When that archive saved it, UTC."""

    @property
    def snapshot_link(self) -> Markup | None:
        """A link to the page at the other archive; None without one."""
        return outward_link(self.snapshot_url or "")


def unfinished_deposits(connection: sqlite3.Connection, article_id: int) -> list[dict[str, str]]:
    """Return the deposits of an article that are not done: service, state, error and next try."""
    rows = connection.execute(
        """SELECT service, state, error, retry_at FROM deposits
        WHERE article_id = ? AND state <> 'done' ORDER BY service""",
        (article_id,),
    )
    return [dict(row) for row in rows]


def evidence_of_articles(
    connection: sqlite3.Connection, ids: Iterable[int]
) -> dict[int, ArticleEvidence]:
    """Return the evidence for articles by ID."""
    asked = {"ids": json.dumps(list(ids))}
    seen = {row["article_id"]: row for row in connection.execute(SEEN_SQL, asked)}
    return {
        row["id"]: _evidence_of_row(row, seen.get(row["id"]))
        for row in connection.execute(EVIDENCE_SQL, asked)
    }


def _evidence_of_row(row: sqlite3.Row, seen: sqlite3.Row | None) -> ArticleEvidence:
    times = [row["fetched_at"], row["revised_from"], row["revised_until"]]
    times += [seen["first_at"], seen["last_at"]] if seen else []
    known = sorted(filter(None, times))
    return ArticleEvidence(
        published_as_printed=row["published_raw"] or row["published_at"],
        first_seen=known[0],
        last_seen=known[-1],
        sha256=row["digest"],
        copy_of=row["original_id"],
        copy_of_outlet=row["original_outlet_name"],
        modified=_modified_in_words(row),
        snapshot_url=row["snapshot_url"],
        snapshot_at=row["snapshot_at"],
    )


def _modified_in_words(row: sqlite3.Row) -> str | None:
    """Return when the page says that it was modified, None if it does not say."""
    if not row["modified_at"]:
        return None
    return modified_moment(row["modified_at"], row["modified_raw"], row["published_offset"])
