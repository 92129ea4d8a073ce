"""Prune an archive: delete what is old and not worth keeping, to save space.

Pruned articles may come back. Their URLs stay known, so that a crawl fetches one again only if it
is listed with a newer date, or named. Work is done in small transactions, so that a crawl can write
meanwhile, and a run that is killed is continued by the next one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from archive.archive import Archive
from archive.articles.store import Decisions
from archive.articles.stories import LISTED_MEMBER_SQL, relist_story
from archive.errors import UsageError
from archive.frontier.tombstones import request_erasure
from archive.progress import ProgressReport, ignore_progress
from archive.records import current_timestamp
from archive.removal.erasure import erase_captures, finish_erasures
from archive.removal.forget_articles import forget_articles
from archive.removal.remove_articles import pages_at_shared_urls, release_reused_urls
from archive.storage.database import transaction

PRUNED_ARTICLES_PER_TRANSACTION = 25
CAPTURES_PER_STEP = 500
"""Captures that are looked at before some of them are deleted in one transaction."""
KEPT_SQL: dict[str, str] = {
    "stories": f"""EXISTS (SELECT 1 FROM story_articles m WHERE m.article_id = a.id
      AND (m.verdict IS NOT NULL OR {LISTED_MEMBER_SQL}))""",  # noqa: S608  our own text
    "copied": "EXISTS (SELECT 1 FROM shared_text_articles v WHERE v.article_id = a.id)",
    "revised": "EXISTS (SELECT 1 FROM revisions r WHERE r.article_id = a.id AND r.number > 1)",
    "noted": "EXISTS (SELECT 1 FROM notes n WHERE n.article_id = a.id)",
}
"""Kinds of articles that may be kept, as SQL conditions on a row `a` of `articles`: listed in a
story or judged by a person · a version of a text that others have too · changed · with a note."""
DEFAULT_KEPT_KINDS = ("stories", "noted")
"""Articles that people worked on."""
KEEP_NOTHING = "none"


@dataclass(frozen=True, slots=True)
class PruneOrder:
    """What to prune."""

    before: str
    """Only what was published and fetched before this time."""
    kept: tuple[str, ...] = DEFAULT_KEPT_KINDS
    """Kinds of articles that stay, names in `KEPT_SQL`."""
    captures_only: bool = False
    """Delete stored pages and keep the articles."""
    outlet_id: int | None = None
    """Only this outlet; None: all."""


@dataclass
class PruneResult:
    """Numbers of what was pruned, or would be."""

    articles: int = 0
    captures: int = 0
    is_erased: bool = True
    """False if another program still reads an older state of the files."""


def parse_kept_kinds(text: str) -> tuple[str, ...]:
    """Return the kinds of articles to keep: `stories,copied`, or `none`; raises UsageError."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if names in ((), (KEEP_NOTHING,)):
        return ()
    unknown = next((name for name in names if name not in KEPT_SQL), None)
    if unknown:
        raise UsageError(
            f"--keep {unknown}: not one of {', '.join(KEPT_SQL)}; `{KEEP_NOTHING}` keeps nothing"
        )
    return names


def count_prunable(archive: Archive, order: PruneOrder) -> PruneResult:
    """Return what `prune_archive` would delete."""
    result = PruneResult()
    if not order.captures_only:
        result.articles = sum(1 for _ in prunable_articles(archive.db, order))
        result.captures = _count_captures_of_articles(archive, order)
    result.captures += sum(len(ids) for ids, _ in _prunable_captures(archive, order))
    return result


def prune_archive(
    archive: Archive,
    order: PruneOrder,
    decisions: Decisions,
    report: ProgressReport = ignore_progress,
) -> PruneResult:
    """Delete what is old, as the order says, and erase it from both files."""
    result = PruneResult()
    if not order.captures_only:
        result.articles = _prune_all_articles(archive, order, decisions, report)
    for ids, digests in _prunable_captures(archive, order):
        if order.captures_only:
            _note_pruned_bodies(archive.db, digests)
        archive.captures.delete(ids)
        result.captures += len(ids)
        report(result.captures, None)
    with transaction(archive.db) as db:
        request_erasure(db, "index", [""])
    result.captures += erase_captures(archive, report)
    result.is_erased = finish_erasures(archive, report)
    return result


# -- articles --------------------------------------------------------------------------------------


def prunable_articles(connection: sqlite3.Connection, order: PruneOrder) -> Iterator[int]:
    """Yield the articles to prune, in the order in which they were fetched."""
    place = ("", 0)
    while True:
        rows = connection.execute(
            f"""SELECT a.id, a.fetched_at FROM articles a
            WHERE (a.fetched_at, a.id) > (?, ?) AND {_prunable_sql(order)}
            ORDER BY a.fetched_at, a.id LIMIT 500""",  # noqa: S608  our own text
            (*place, *_prunable_values(order)),
        ).fetchall()
        if not rows:
            return
        yield from (int(row["id"]) for row in rows)
        place = (rows[-1]["fetched_at"], rows[-1]["id"])


def _prunable_sql(order: PruneOrder) -> str:
    """Return the SQL condition that an article `a` is pruned."""
    conditions = ["a.fetched_at < ?", "coalesce(a.published_at, '') < ?"]
    if order.outlet_id is not None:
        conditions.append("a.outlet_id = ?")
    conditions += [f"NOT {KEPT_SQL[name]}" for name in order.kept]
    return " AND ".join(conditions)


def _prunable_values(order: PruneOrder) -> tuple[str | int, ...]:
    """Return the values of the condition."""
    outlet = () if order.outlet_id is None else (order.outlet_id,)
    return (order.before, order.before, *outlet)


def _prune_all_articles(
    archive: Archive, order: PruneOrder, decisions: Decisions, report: ProgressReport
) -> int:
    """Prune all articles of an order, and list their stories again; return their number."""
    ids = list(prunable_articles(archive.db, order))
    done = 0
    for start in range(0, len(ids), PRUNED_ARTICLES_PER_TRANSACTION):
        group = ids[start : start + PRUNED_ARTICLES_PER_TRANSACTION]
        with transaction(archive.db) as db:
            left = _still_prunable(db, group, order)
            prune_articles(db, left, decisions)
        done += len(left)
        report(done, len(ids))
    list_stale_stories(archive.db, decisions)
    return done


def list_stale_stories(connection: sqlite3.Connection, decisions: Decisions) -> None:
    """List the stories again that lost articles, also those that an earlier run left."""
    stale = connection.execute("SELECT id FROM stories WHERE stale ORDER BY id").fetchall()
    for (story_id,) in stale:
        with transaction(connection) as db:
            relist_story(db, story_id, decisions.stories)


def _still_prunable(
    connection: sqlite3.Connection, article_ids: Sequence[int], order: PruneOrder
) -> list[int]:
    """Return those of the articles that were not changed, noted or listed meanwhile."""
    rows = connection.execute(
        f"""SELECT a.id FROM json_each(?) AS asked JOIN articles a ON a.id = asked.value
        WHERE {_prunable_sql(order)}""",  # noqa: S608  our own text
        (json.dumps(article_ids), *_prunable_values(order)),
    )
    return [int(row[0]) for row in rows]


def prune_articles(
    connection: sqlite3.Connection, article_ids: Sequence[int], decisions: Decisions
) -> None:
    """Delete articles inside the caller's transaction; `list_stale_stories` comes later."""
    for article_id in article_ids:
        release_pruned_urls(connection, article_id)
    forget_articles(connection, article_ids, decisions)


def release_pruned_urls(connection: sqlite3.Connection, article_id: int) -> None:
    """Keep an article's URLs as known, without what feeds said of it and without their fetches."""
    request_erasure(connection, "page", pages_at_shared_urls(connection, article_id))
    release_reused_urls(connection, article_id)
    own = "SELECT id FROM urls WHERE article_id = ?"
    rows = connection.execute("SELECT url FROM urls WHERE article_id = ?", (article_id,))
    request_erasure(connection, "url", [row["url"] for row in rows.fetchall()])
    connection.execute(f"DELETE FROM fetches WHERE url_id IN ({own})", (article_id,))  # noqa: S608
    connection.execute(
        """UPDATE urls SET article_id = NULL, state = 'done', outcome = 'pruned', reason = ?,
          due_at = NULL, headline = NULL, lede = NULL, etag = NULL, last_modified = NULL,
          digest = NULL, status = NULL
        WHERE article_id = ?""",
        (f"pruned on {current_timestamp()[:10]}", article_id),
    )


# -- captures --------------------------------------------------------------------------------------


def _prunable_captures(
    archive: Archive, order: PruneOrder
) -> Iterator[tuple[list[int], list[str]]]:
    """Yield ids and digests of old captures: of pages without an article, else of old articles.

    Captures of articles are pruned only by `captures_only`; otherwise they go with the articles.
    """
    last = 0
    while True:
        rows = archive.captures.connection.execute(
            "SELECT id, url, fetched_at, digest FROM captures WHERE id > ? ORDER BY id LIMIT ?",
            (last, CAPTURES_PER_STEP),
        ).fetchall()
        if not rows:
            return
        last = int(rows[-1]["id"])
        old = [row for row in rows if row["fetched_at"] < order.before]
        prunable = _prunable_urls(archive.db, {row["url"] for row in old}, order)
        chosen = [row for row in old if row["url"] in prunable]
        if chosen:
            yield [int(row["id"]) for row in chosen], [str(row["digest"]) for row in chosen]


def _prunable_urls(connection: sqlite3.Connection, urls: set[str], order: PruneOrder) -> set[str]:
    """Return the URLs whose captures may be pruned."""
    asked = json.dumps(sorted(urls))
    outlet = "" if order.outlet_id is None else f"AND u.outlet_id = {int(order.outlet_id)}"
    without_article = connection.execute(
        f"""SELECT asked.value FROM json_each(?) AS asked LEFT JOIN urls u ON u.url = asked.value
        WHERE u.article_id IS NULL AND u.leads_to IS NULL {outlet}""",  # noqa: S608  a number
        (asked,),
    )
    found = {str(row[0]) for row in without_article}
    if not order.captures_only:
        return found
    of_old_articles = connection.execute(
        f"""SELECT u.url FROM json_each(?) AS asked JOIN urls u ON u.url = asked.value
        JOIN articles a ON a.id = u.article_id
        WHERE u.leads_to IS NULL AND {_prunable_sql(order)}""",  # noqa: S608  our own text
        (asked, *_prunable_values(order)),
    )
    return found | {str(row[0]) for row in of_old_articles}


def _note_pruned_bodies(connection: sqlite3.Connection, digests: Sequence[str]) -> None:
    """Record that bodies were deleted on purpose, so that `doctor` does not report them."""
    moment = current_timestamp()
    with transaction(connection) as db:
        db.executemany(
            "INSERT OR IGNORE INTO pruned_bodies (digest, pruned_at) VALUES (?, ?)",
            [(digest, moment) for digest in set(digests)],
        )


def _count_captures_of_articles(archive: Archive, order: PruneOrder) -> int:
    """Return the number of captures that go with the articles to prune."""
    count = 0
    ids = list(prunable_articles(archive.db, order))
    for start in range(0, len(ids), CAPTURES_PER_STEP):
        rows = archive.db.execute(
            """SELECT u.url FROM json_each(?) AS asked JOIN urls u ON u.article_id = asked.value
            WHERE u.leads_to IS NULL OR u.leads_to = u.article_id""",
            (json.dumps(ids[start : start + CAPTURES_PER_STEP]),),
        )
        [found] = archive.captures.connection.execute(
            """SELECT count(*) FROM json_each(?) AS asked
            CROSS JOIN captures c ON c.url = asked.value""",
            (json.dumps([row["url"] for row in rows]),),
        ).fetchone()
        count += int(found)
    return count
