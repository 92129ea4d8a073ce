"""Merging deposits: what another archive keeps of an article, whoever asked for it."""

from __future__ import annotations

import sqlite3

from archive.merging.merge_report import MergeReport
from archive.merging.merge_urls import MergedIds
from archive.text.html import outward_link

FINISHED_DEPOSITS_SQL = "SELECT * FROM deposits WHERE state = 'done' ORDER BY id"
ADD_DEPOSIT_SQL = """
INSERT INTO deposits (article_id, service, url, state, asked_at, snapshot_url, snapshot_at)
VALUES (:article_id, :service, :url, 'done', :asked_at, :snapshot_url, :snapshot_at)
ON CONFLICT (article_id, service) DO UPDATE SET state = 'done', job = NULL, failures = 0, error = NULL,
  retry_at = NULL, asked_at = excluded.asked_at, snapshot_url = excluded.snapshot_url,
  snapshot_at = excluded.snapshot_at
WHERE state <> 'done' OR excluded.snapshot_at < snapshot_at"""


def merge_deposits(
    ours: sqlite3.Connection, theirs: sqlite3.Connection, ids: MergedIds, result: MergeReport
) -> None:
    """Take over the snapshots of articles; the earlier of two counts.

    What waits or has failed there is left: a crawl that deposits queues what is new.
    """
    for row in theirs.execute(FINISHED_DEPOSITS_SQL):
        article_id = ids.articles.get(row["article_id"])
        if article_id is None or outward_link(row["snapshot_url"] or "") is None:
            continue
        done = ours.execute(ADD_DEPOSIT_SQL, dict(row) | {"article_id": article_id})
        (result.added if done.rowcount else result.known)["deposits"] += 1
