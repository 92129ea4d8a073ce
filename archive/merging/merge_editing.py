"""Merging what people wrote and decided: stories, verdicts, notes and saved searches.

Where two archives contradict each other, ours is kept, and the contradiction is reported. All
functions run inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from archive.articles.stories import StoryPolicy, relist_story, save_verdict
from archive.frontier.urls import OWN_ROLES_SQL
from archive.merging.merge_report import MergeReport
from archive.merging.merge_urls import MergedIds

STORY_DEFINITION = ("title", "words", "languages", "since", "until", "hosts")
STORY_DETAILS: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "story_urls": (("url_key", "url", "verdict"), None),
    "story_outlets": (("host", "service", "pages"), None),
    "story_searches": (
        ("host", "state", "reason", "suggested", "since", "until", "requests", "searched_at"),
        "searched_at",
    ),
    "story_crawl_ends": (("ended_at", "reason", "next_step"), "ended_at"),
}
"""Further tables of a story: their columns, and the one by which the newer row counts."""


def merge_stories(
    ours: sqlite3.Connection,
    theirs: sqlite3.Connection,
    ids: MergedIds,
    judge: StoryPolicy,
    result: MergeReport,
) -> None:
    """Merge the stories with their verdicts and notes, and list each of them again."""
    for row in theirs.execute("SELECT * FROM stories ORDER BY id").fetchall():
        known = ours.execute("SELECT * FROM stories WHERE name = ?", (row["name"],)).fetchone()
        if known is None:
            story_id = _insert_other_story(ours, row)
            result.added["stories"] += 1
        else:
            story_id = int(known["id"])
            _compare_definitions(ours, known, row, result)
        changed = _merge_members(ours, theirs, row, story_id, ids, result)
        for table, (columns, newer) in STORY_DETAILS.items():
            _merge_details(ours, theirs, table, columns, newer, (row["id"], story_id))
        _merge_story_notes(ours, theirs, row["id"], story_id, result)
        changed = _apply_awaited_verdicts(ours, story_id) or changed
        if known is None or changed:
            relist_story(ours, story_id, judge)


def _insert_other_story(ours: sqlite3.Connection, row: sqlite3.Row) -> int:
    names = ("name", *STORY_DEFINITION, "created_at")
    done = ours.execute(
        """INSERT INTO stories (name, title, words, languages, since, until, hosts, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        tuple(row[name] for name in names),
    )
    return int(done.lastrowid or 0)


def _compare_definitions(
    ours: sqlite3.Connection, known: sqlite3.Row, row: sqlite3.Row, result: MergeReport
) -> None:
    """Report what is defined differently; the earlier time of creation counts."""
    result.known["stories"] += 1
    for name in STORY_DEFINITION:
        if known[name] != row[name]:
            result.note_conflict("story", f"{row['name']}: {name}", known[name], row[name])
    ours.execute(
        "UPDATE stories SET created_at = min(created_at, ?) WHERE id = ?",
        (row["created_at"], known["id"]),
    )


def _merge_members(
    ours: sqlite3.Connection,
    theirs: sqlite3.Connection,
    story: sqlite3.Row,
    story_id: int,
    ids: MergedIds,
    result: MergeReport,
) -> bool:
    """Merge verdicts on articles, and when each was found; return whether a verdict was added."""
    changed = False
    members = theirs.execute("SELECT * FROM story_articles WHERE story_id = ?", (story["id"],))
    for row in members.fetchall():
        article_id = ids.articles.get(row["article_id"])
        if article_id is None:
            continue
        known = ours.execute(
            "SELECT verdict FROM story_articles WHERE story_id = ? AND article_id = ?",
            (story_id, article_id),
        ).fetchone()
        verdict = known["verdict"] if known else None
        if verdict and row["verdict"] and verdict != row["verdict"]:
            subject = f"{story['name']}: article {article_id}"
            result.note_conflict("verdict", subject, verdict, row["verdict"])
        elif row["verdict"] and not verdict:
            changed = True
            result.added["verdicts"] += 1
        ours.execute(
            """INSERT INTO story_articles (story_id, article_id, verdict, judged_at, found_at)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT (story_id, article_id) DO UPDATE SET
              judged_at = iif(verdict IS NULL, excluded.judged_at, judged_at),
              verdict = coalesce(verdict, excluded.verdict),
              found_at = min(found_at, excluded.found_at)""",
            (story_id, article_id, row["verdict"], row["judged_at"], row["found_at"]),
        )
    return changed


def _apply_awaited_verdicts(ours: sqlite3.Connection, story_id: int) -> bool:
    """Apply the verdicts on pages that one of the archives lacked; return whether there were any."""
    rows = ours.execute(
        f"""SELECT s.url_key, s.verdict, min(u.article_id) AS article_id
        FROM story_urls s JOIN urls u ON u.url_key = s.url_key
        WHERE s.story_id = ? AND u.article_id IS NOT NULL AND u.role IN {OWN_ROLES_SQL}
        GROUP BY s.url_key""",  # noqa: S608  a constant is put in
        (story_id,),
    ).fetchall()
    for row in rows:
        given = "SELECT verdict FROM story_articles WHERE story_id = ? AND article_id = ?"
        known = ours.execute(given, (story_id, row["article_id"])).fetchone()
        if known is None or known["verdict"] is None:
            save_verdict(ours, story_id, [row["article_id"]], row["verdict"])
        done = "DELETE FROM story_urls WHERE story_id = ? AND url_key = ?"
        ours.execute(done, (story_id, row["url_key"]))
    return bool(rows)


def _merge_details(
    ours: sqlite3.Connection,
    theirs: sqlite3.Connection,
    table: str,
    columns: tuple[str, ...],
    newer: str | None,
    story_ids: tuple[int, int],
) -> None:
    """Merge the rows of a story in a table; of two with one key the newer counts, else ours."""
    names = ", ".join(columns)
    update = "DO NOTHING"
    if newer:
        changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
        update = f"DO UPDATE SET {changes} WHERE excluded.{newer} > {newer}"
    marks = ", ".join("?" * len(columns))
    # our own names
    for row in theirs.execute(f"SELECT {names} FROM {table} WHERE story_id = ?", story_ids[:1]):  # noqa: S608
        ours.execute(
            f"INSERT INTO {table} (story_id, {names}) VALUES (?, {marks}) ON CONFLICT {update}",  # noqa: S608
            (story_ids[1], *row),
        )


# -- notes and searches ----------------------------------------------------------------------------


def _merge_story_notes(
    ours: sqlite3.Connection,
    theirs: sqlite3.Connection,
    their_id: int,
    story_id: int,
    result: MergeReport,
) -> None:
    rows = theirs.execute("SELECT * FROM notes WHERE story_id = ? ORDER BY id", (their_id,))
    for row in rows.fetchall():
        _merge_note(ours, row, None, story_id, result)


def merge_article_notes(
    ours: sqlite3.Connection, theirs: sqlite3.Connection, ids: MergedIds, result: MergeReport
) -> None:
    """Merge the notes on articles and events."""
    rows = theirs.execute("SELECT * FROM notes WHERE article_id IS NOT NULL ORDER BY id")
    for row in rows.fetchall():
        article_id = ids.articles.get(row["article_id"])
        if article_id is not None:
            _merge_note(ours, row, article_id, None, result)


def _merge_note(
    ours: sqlite3.Connection,
    row: sqlite3.Row,
    article_id: int | None,
    story_id: int | None,
    result: MergeReport,
) -> None:
    """Add a note, or take over a later edit of one that is known."""
    values: dict[str, Any] = dict(row) | {"article_id": article_id, "story_id": story_id}
    known = ours.execute(
        """SELECT id, text, edited_at FROM notes WHERE subject = :subject
        AND article_id IS :article_id AND story_id IS :story_id AND author IS :author
        AND created_at = :created_at ORDER BY text = :text DESC LIMIT 1""",
        values,
    ).fetchone()
    if known is None or (
        known["text"] != row["text"] and not (known["edited_at"] or row["edited_at"])
    ):
        ours.execute(
            """INSERT INTO notes (subject, article_id, story_id, author, text, created_at, edited_at)
            VALUES (:subject, :article_id, :story_id, :author, :text, :created_at, :edited_at)""",
            values,
        )
        result.added["notes"] += 1
        return
    result.known["notes"] += 1
    if (row["edited_at"] or "") > (known["edited_at"] or ""):
        ours.execute(
            "UPDATE notes SET text = ?, edited_at = ? WHERE id = ?",
            (row["text"], row["edited_at"], known["id"]),
        )


def merge_saved_searches(
    ours: sqlite3.Connection, theirs: sqlite3.Connection, result: MergeReport
) -> None:
    """Add saved searches whose names are free here."""
    for row in theirs.execute("SELECT * FROM saved_searches ORDER BY id"):
        known = ours.execute(
            "SELECT words, filters FROM saved_searches WHERE name = ?", (row["name"],)
        ).fetchone()
        if known is None:
            ours.execute(
                """INSERT INTO saved_searches (name, words, filters, author, created_at)
                VALUES (?, ?, ?, ?, ?)""",
                (row["name"], row["words"], row["filters"], row["author"], row["created_at"]),
            )
            result.added["saved searches"] += 1
        elif tuple(known) == (row["words"], row["filters"]):
            result.known["saved searches"] += 1
        else:
            result.note_conflict(
                "search",
                row["name"],
                f"{known['words']} {known['filters']}",
                f"{row['words']} {row['filters']}",
            )


def merge_lookups(ours: sqlite3.Connection, theirs: sqlite3.Connection) -> None:
    """Merge what is known of hosts and of sources with unreliable dates; the newer row counts."""
    for row in theirs.execute("SELECT * FROM outlet_lookups"):
        names = ", ".join(row.keys())
        marks = ", ".join("?" * len(row))
        # the columns of the table
        ours.execute(
            f"INSERT INTO outlet_lookups ({names}) VALUES ({marks}) ON CONFLICT (host) DO NOTHING",  # noqa: S608
            tuple(row),
        )
        ours.execute(
            """UPDATE outlet_lookups SET looked_up_at = :looked_up_at, outcome = :outcome,
            found_host = :found_host, feeds = :feeds, sitemaps = :sitemaps, reason = :reason
            WHERE host = :host AND looked_up_at < :looked_up_at""",
            dict(row),
        )
    ours.executemany(
        """INSERT INTO unreliable_sources (source_url, wrong_dates) VALUES (?, ?)
        ON CONFLICT DO NOTHING""",
        theirs.execute("SELECT source_url, wrong_dates FROM unreliable_sources").fetchall(),
    )
