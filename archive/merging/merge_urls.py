"""Merging outlets, crawls, URLs and fetches.

Of a URL that both archives know, the earlier finding and the later fetch count. Functions that
write run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from archive.editing.outlets import OUTLET_FACTS
from archive.frontier.hosts import hosts_of_outlet
from archive.frontier.tombstones import removal_of_key
from archive.frontier.urls import OWN_ROLES_SQL, sql_placeholders
from archive.merging.merge_report import MergeReport
from archive.storage.database import transaction

URLS_PER_TRANSACTION = 500
FOUND_COLUMNS = ("found_at", "via", "found_on", "listed_as")
"""Columns of `urls` about how it was found: the earlier archive's count."""
LEAD_COLUMNS = {
    "headline": ("headline",),
    "lede": ("lede",),
    "published_at": ("published_at", "published_offset"),
}
"""Columns that are filled where they are empty, each with those that belong to it."""
FETCHED_COLUMNS = (
    "state", "due_at", "due_reason", "interval_seconds", "failures", "fetched_at", "outcome",
    "status", "reason", "etag", "last_modified", "digest",
)  # fmt: skip
"""Columns about the newest fetch: the later archive's count."""
FETCH_COLUMNS = (
    "fetched_at", "outcome", "status", "reason", "final_url", "etag", "last_modified", "digest",
    "size", "seconds",
)  # fmt: skip

UNMERGED_FETCHES_SQL = "SELECT * FROM fetches WHERE url_id = ? ORDER BY id"
FETCH_IS_THERE_SQL = """SELECT 1 FROM fetches
WHERE url_id = ? AND fetched_at = ? AND outcome = ? AND status IS ?"""


@dataclass
class MergedIds:
    """The ids of the other archive's rows → those of the same rows here."""

    outlets: dict[int, int] = field(default_factory=dict)
    crawls: dict[int, int] = field(default_factory=dict)
    articles: dict[int, int] = field(default_factory=dict)


def merge_outlets(
    ours: sqlite3.Connection, theirs: sqlite3.Connection, ids: MergedIds, result: MergeReport
) -> None:
    """Add missing outlets and missing facts about known ones."""
    for row in theirs.execute("SELECT * FROM outlets ORDER BY id"):
        variants = hosts_of_outlet(row["host"])
        known = ours.execute(
            f"SELECT * FROM outlets WHERE host IN ({sql_placeholders(variants)}) "  # noqa: S608
            "ORDER BY host = ? DESC LIMIT 1",
            (*variants, row["host"]),
        ).fetchone()
        if known is None:
            done = ours.execute(
                """INSERT INTO outlets (host, name, language, country, added_at, paused_at)
                VALUES (:host, :name, :language, :country, :added_at, :paused_at)""",
                dict(row),
            )
            ids.outlets[row["id"]] = int(done.lastrowid or 0)
            result.added["outlets"] += 1
        else:
            ids.outlets[row["id"]] = int(known["id"])
            _complete_outlet(ours, known, row, result)


def _complete_outlet(
    ours: sqlite3.Connection, known: sqlite3.Row, row: sqlite3.Row, result: MergeReport
) -> None:
    """Fill in facts about an outlet; different ones are conflicts."""
    result.known["outlets"] += 1
    for name in OUTLET_FACTS:
        if known[name] and row[name] and known[name] != row[name]:
            result.note_conflict("outlet", f"{known['host']}: {name}", known[name], row[name])
    ours.execute(
        """UPDATE outlets SET name = coalesce(name, ?), language = coalesce(language, ?),
        country = coalesce(country, ?), added_at = min(added_at, ?) WHERE id = ?""",
        (*(row[name] for name in OUTLET_FACTS), row["added_at"], known["id"]),
    )


def note_boilerplate_articles(
    ours: sqlite3.Connection, theirs: sqlite3.Connection, ids: MergedIds
) -> None:
    """Add the outlets' boilerplate, with the article that completed it or the newest without it.

    A line of which no article is here is left out.
    """
    newest = """SELECT max(r.article_id) FROM removed_lines r
    JOIN articles a ON a.id = r.article_id WHERE r.line_hash = ? AND a.outlet_id = ?"""
    for line in theirs.execute("SELECT * FROM boilerplate_lines").fetchall():
        outlet_id = ids.outlets[line["outlet_id"]]
        article_id = ids.articles.get(line["article_id"])
        if article_id is None:
            found = ours.execute(newest, (line["line_hash"], outlet_id)).fetchone()
            article_id = found[0]
        if article_id is not None:
            ours.execute(
                """INSERT OR IGNORE INTO boilerplate_lines (outlet_id, line_hash, text, article_id)
                VALUES (?, ?, ?, ?)""",
                (outlet_id, line["line_hash"], line["text"], article_id),
            )


def merge_crawls(
    ours: sqlite3.Connection, theirs: sqlite3.Connection, ids: MergedIds, result: MergeReport
) -> None:
    """Add missing crawls; one that still runs there is interrupted as seen from here."""
    names = ("started_at", "finished_at", "state", "command", "reason")
    for row in theirs.execute("SELECT * FROM crawls ORDER BY id"):
        known = ours.execute(
            "SELECT id, state FROM crawls WHERE started_at = ? AND command IS ?",
            (row["started_at"], row["command"]),
        ).fetchone()
        values = {name: row[name] for name in names}
        if values["state"] == "running":
            values["state"] = "interrupted"
        if known:
            ids.crawls[row["id"]] = int(known["id"])
            if known["state"] == "interrupted" and values["state"] != "interrupted":
                ours.execute(
                    """UPDATE crawls SET state = :state, finished_at = :finished_at,
                    reason = :reason WHERE id = :id""",
                    values | {"id": known["id"]},
                )
            continue
        done = ours.execute(
            """INSERT INTO crawls (started_at, finished_at, state, command, reason)
            VALUES (:started_at, :finished_at, :state, :command, :reason)""",
            values,
        )
        ids.crawls[row["id"]] = int(done.lastrowid or 0)
        result.added["crawls"] += 1


def merge_url_rows(
    ours: sqlite3.Connection,
    theirs: sqlite3.Connection,
    rows: list[sqlite3.Row],
    ids: MergedIds,
    result: MergeReport,
) -> set[int]:
    """Merge rows of `urls` with their fetches; return our articles with new fetches."""
    fetched: set[int] = set()
    for row in rows:
        known = ours.execute("SELECT * FROM urls WHERE url = ?", (row["url"],)).fetchone()
        if known is None and row["kind"] == "page" and removal_of_key(ours, row["url_key"]):
            continue
        if known is None:
            url_id = _insert_url(ours, row, ids)
            result.added["urls"] += 1
        else:
            url_id = int(known["id"])
            _update_url(ours, known, row, ids)
            result.known["urls"] += 1
        article_id = known["article_id"] if known else ids.articles.get(row["article_id"])
        if _merge_fetches(ours, theirs, row["id"], url_id, ids, result) and article_id:
            fetched.add(int(article_id))
    return fetched


def _insert_url(ours: sqlite3.Connection, row: sqlite3.Row, ids: MergedIds) -> int:
    """Insert a URL that is not known here."""
    values = dict(row) | {
        "id": None,
        "outlet_id": ids.outlets[row["outlet_id"]],
        "article_id": ids.articles.get(row["article_id"]),
        "leads_to": None,  # `merge_leading_urls` sets it
        "state": "pending" if row["state"] == "leased" else row["state"],
    }
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    # the columns of the table
    done = ours.execute(f"INSERT INTO urls ({names}) VALUES ({marks})", values)  # noqa: S608
    return int(done.lastrowid or 0)


def _update_url(
    ours: sqlite3.Connection, known: sqlite3.Row, row: sqlite3.Row, ids: MergedIds
) -> None:
    """Update a URL that is known here."""
    values: dict[str, Any] = {
        "article_id": known["article_id"] or ids.articles.get(row["article_id"])
    }
    if row["found_at"] < known["found_at"]:
        values |= {name: row[name] for name in FOUND_COLUMNS if row[name] or name == "found_at"}
    for column, filled in LEAD_COLUMNS.items():
        if known[column] is None:
            values |= {name: row[name] for name in filled}
    values["modified_at"] = max(known["modified_at"] or "", row["modified_at"] or "") or None
    if (row["fetched_at"] or "") > (known["fetched_at"] or ""):
        values |= {name: row[name] for name in FETCHED_COLUMNS}
        if values["state"] == "leased":
            values["state"] = "pending"
    changes = ", ".join(f"{name} = :{name}" for name in values)
    # the columns of the table
    ours.execute(f"UPDATE urls SET {changes} WHERE id = :id", values | {"id": known["id"]})  # noqa: S608


def _merge_fetches(
    ours: sqlite3.Connection,
    theirs: sqlite3.Connection,
    their_url_id: int,
    url_id: int,
    ids: MergedIds,
    result: MergeReport,
) -> int:
    """Add the fetches of a URL that are not known here; return their number."""
    before = result.added["fetches"]
    for row in theirs.execute(UNMERGED_FETCHES_SQL, (their_url_id,)).fetchall():
        same = (url_id, row["fetched_at"], row["outcome"], row["status"])
        if ours.execute(FETCH_IS_THERE_SQL, same).fetchone():
            result.known["fetches"] += 1
            continue
        values: Mapping[str, Any] = {name: row[name] for name in FETCH_COLUMNS} | {
            "url_id": url_id,
            "crawl_id": ids.crawls.get(row["crawl_id"]),
        }
        names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        # our own names
        ours.execute(f"INSERT INTO fetches ({names}) VALUES ({marks})", values)  # noqa: S608
        result.added["fetches"] += 1
    return result.added["fetches"] - before


def merge_remaining_urls(
    ours: sqlite3.Connection,
    theirs: sqlite3.Connection,
    ids: MergedIds,
    settle: Callable[[sqlite3.Connection, set[int]], None],
    result: MergeReport,
) -> None:
    """Merge the URLs without an article, sources and waiting pages among them, in transactions.

    `settle` gets our articles at these URLs that have new fetches.
    """
    after = 0
    while True:
        rows = theirs.execute(
            "SELECT * FROM urls WHERE article_id IS NULL AND id > ? ORDER BY id LIMIT ?",
            (after, URLS_PER_TRANSACTION),
        ).fetchall()
        if not rows:
            return
        with transaction(ours):
            settle(ours, merge_url_rows(ours, theirs, rows, ids, result))
        after = int(rows[-1]["id"])


def merge_leading_urls(
    ours: sqlite3.Connection, theirs: sqlite3.Connection, ids: MergedIds
) -> None:
    """Record which URLs lead to another article now, as far as the other archive saw it last."""
    for row in theirs.execute("SELECT * FROM urls WHERE leads_to IS NOT NULL ORDER BY id"):
        leads_to = ids.articles.get(row["leads_to"])
        if leads_to is None:
            continue
        ours.execute(
            """UPDATE urls SET leads_to = ? WHERE url = ? AND article_id <> ?
            AND coalesce(fetched_at, '') <= ?""",
            (leads_to, row["url"], leads_to, row["fetched_at"] or ""),
        )


def first_own_article(connection: sqlite3.Connection, url: str) -> sqlite3.Row | None:
    """Return the row of a URL that led to an article when it was requested, or None."""
    row: sqlite3.Row | None = connection.execute(
        f"""SELECT * FROM urls WHERE url = ? AND article_id IS NOT NULL
        AND role IN {OWN_ROLES_SQL}""",  # noqa: S608  a constant is put in
        (url,),
    ).fetchone()
    return row
