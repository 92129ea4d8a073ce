"""Remove articles for good: nothing of them stays but the keys of their URLs and the reason.

Functions that write run inside the caller's transaction. Afterwards the caller calls
`archive.removal.erasure.finish_erasures`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from archive.articles.store import Decisions
from archive.articles.stories import relist_story
from archive.errors import UsageError
from archive.frontier.tombstones import UNPROVEN_ROLES, Removal, request_erasure
from archive.frontier.urls import REQUESTED_ROLES_SQL
from archive.records import current_timestamp
from archive.removal.forget_articles import forget_articles

RemovalMethod = Literal["command", "outlet", "page"]
MAX_REASON_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class RemovalOrder:
    """Why articles are removed, how, and by whom."""

    reason: str
    method: RemovalMethod
    removed_by: str | None = None


@dataclass(frozen=True, slots=True)
class RemovedUrl:
    """A URL of a removed article, as it is remembered."""

    url: str
    url_key: str
    fingerprint: str | None
    """The only text that is kept out at this URL; None: any."""


def removal_reason(text: str) -> str:
    """Return a reason in one line; raises UsageError for none, and for one that is too long."""
    reason = " ".join(text.split())
    if not reason:
        raise UsageError("a removal needs a reason, such as: letter of 3 March")
    if len(reason) > MAX_REASON_CHARS:
        raise UsageError(f"a reason has at most {MAX_REASON_CHARS:,} characters")
    return reason


def remove_articles(
    connection: sqlite3.Connection,
    article_ids: Sequence[int],
    order: RemovalOrder,
    decisions: Decisions,
    url_key: Callable[[str], str],
) -> None:
    """Remove articles with all that refers to them, and remember the keys of their URLs.

    The listings of their stories are renewed. Raises UsageError for an unknown article.
    """
    for article_id in dict.fromkeys(article_ids):
        _remember_removal(connection, article_id, order, url_key)
    for article_id in dict.fromkeys(article_ids):
        _release_urls(connection, article_id)
    for story_id in sorted(forget_articles(connection, article_ids, decisions)):
        relist_story(connection, story_id, decisions.stories)


def undo_removal(connection: sqlite3.Connection, removal: Removal) -> None:
    """Forget a removal, so that the article may be archived again. Its text does not come back."""
    connection.execute("DELETE FROM removals WHERE id = ?", (removal.id,))


def _remember_removal(
    connection: sqlite3.Connection,
    article_id: int,
    order: RemovalOrder,
    url_key: Callable[[str], str],
) -> None:
    """Store the removal of an article with its URLs."""
    article = connection.execute(
        "SELECT id, url, outlet_id, fingerprint FROM articles WHERE id = ?", (article_id,)
    ).fetchone()
    if article is None:
        raise UsageError(f"{article_id}: no such article; `dateline search WORDS` finds articles")
    done = connection.execute(
        """INSERT INTO removals (article_id, reason, removed_at, method, removed_by)
        VALUES (?, ?, ?, ?, ?)""",
        (article_id, order.reason, current_timestamp(), order.method, order.removed_by),
    )
    urls = _removed_urls(connection, article)
    if not urls:
        urls = [RemovedUrl(article["url"], url_key(article["url"]), None)]
    connection.executemany(
        """INSERT OR IGNORE INTO removed_urls (removal_id, url_digest, url_key, fingerprint)
        VALUES (?, ?, ?, ?)""",
        [(done.lastrowid, url_digest(each.url), each.url_key, each.fingerprint) for each in urls],
    )
    connection.executemany(
        "DELETE FROM story_urls WHERE url_key = ?",
        [(each.url_key,) for each in urls if each.fingerprint is None],
    )


def url_digest(url: str) -> str:
    """Return the SHA-256 of a URL, by which the captures of removed articles are recognised."""
    return sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def _removed_urls(connection: sqlite3.Connection, article: sqlite3.Row) -> list[RemovedUrl]:
    """Return the URLs that show which article a page is."""
    rows = connection.execute(
        f"""SELECT url, url_key, role, role IN {REQUESTED_ROLES_SQL} AS requested,
          article_id IS NOT :id OR leads_to IS NOT NULL OR EXISTS (
            SELECT 1 FROM urls o WHERE o.url_key = urls.url_key
            AND (o.article_id <> :id OR o.leads_to <> :id)
          ) AS shared
        FROM urls WHERE (article_id = :id OR leads_to = :id) AND kind = 'page'""",  # noqa: S608
        {"id": article["id"]},
    ).fetchall()
    found = []
    for row in rows:
        if row["role"] in UNPROVEN_ROLES:
            continue
        shared = row["shared"] or (
            not row["requested"] and _is_declared_by_others(connection, article, row["url"])
        )
        only_text = article["fingerprint"] if shared else None
        found.append(RemovedUrl(row["url"], row["url_key"], only_text))
    return found


def _is_declared_by_others(connection: sqlite3.Connection, article: sqlite3.Row, url: str) -> bool:
    """Return whether another article of the outlet declares a URL as its own."""
    other = connection.execute(
        """SELECT 1 FROM articles WHERE outlet_id = ? AND id <> ? AND canonical_url = ? LIMIT 1""",
        (article["outlet_id"], article["id"], url),
    )
    return other.fetchone() is not None


def _release_urls(connection: sqlite3.Connection, article_id: int) -> None:
    """Delete an article's URLs with their fetches; a URL that shows another article is that one's."""
    rows = connection.execute(
        "SELECT id, url, url_key, leads_to FROM urls WHERE article_id = ?", (article_id,)
    ).fetchall()
    request_erasure(connection, "page", pages_at_shared_urls(connection, article_id))
    release_reused_urls(connection, article_id)
    own = [row for row in rows if row["leads_to"] in (None, article_id)]
    request_erasure(connection, "url", [row["url"] for row in own])
    forget_waiting_urls(connection, article_id)
    _delete_urls(connection, [row["id"] for row in own])
    connection.executemany(
        "UPDATE urls SET found_on = NULL WHERE found_on = ?", [(row["url"],) for row in own]
    )


def forget_waiting_urls(connection: sqlite3.Connection, article_id: int) -> None:
    """Delete the URLs without an article that a removed one keeps out, with their fetches."""
    waiting = connection.execute(
        """SELECT u.id FROM urls u JOIN removed_urls r ON r.url_key = u.url_key
        JOIN removals m ON m.id = r.removal_id
        WHERE m.article_id = ? AND r.fingerprint IS NULL
          AND u.kind = 'page' AND u.article_id IS NULL AND u.leads_to IS NULL""",
        (article_id,),
    ).fetchall()
    _delete_urls(connection, [row["id"] for row in waiting])


def pages_at_shared_urls(connection: sqlite3.Connection, article_id: int) -> list[str]:
    """Return the pages of an article at URLs that are another article's too, as digest and URL.

    Of an own URL these are the pages fetched before it showed the other article; of another
    article's URL, those fetched since it shows this one.
    """
    rows = connection.execute(
        """SELECT DISTINCT f.digest, u.url FROM articles a
        JOIN urls u ON u.article_id = a.id AND u.leads_to <> a.id
        JOIN fetches f ON f.url_id = u.id AND f.fetched_at <= a.fetched_at
        WHERE a.id = ?1 AND f.digest IS NOT NULL
        UNION SELECT f.digest, u.url FROM articles a
        JOIN urls u ON u.leads_to = a.id AND u.article_id <> a.id
        JOIN fetches f ON f.url_id = u.id AND f.fetched_at >= coalesce(
          (SELECT min(seen_at) FROM revisions WHERE article_id = a.id), a.fetched_at)
        WHERE a.id = ?1 AND f.digest IS NOT NULL
        UNION SELECT d.digest, u.url FROM (
          SELECT digest FROM articles WHERE id = ?1
          UNION SELECT digest FROM revisions WHERE article_id = ?1
        ) d JOIN urls u ON (u.article_id = ?1 AND u.leads_to <> ?1)
          OR (u.leads_to = ?1 AND u.article_id <> ?1)
        WHERE d.digest IS NOT NULL""",
        (article_id,),
    )
    return [f"{digest} {url}" for digest, url in rows]


def release_reused_urls(connection: sqlite3.Connection, article_id: int) -> None:
    """Give the article's URLs that show another one to that; no other URL leads to the article."""
    connection.execute("UPDATE urls SET leads_to = NULL WHERE leads_to = ?", (article_id,))
    connection.execute(
        """UPDATE urls SET article_id = leads_to, leads_to = NULL
        WHERE article_id = ? AND leads_to IS NOT NULL""",
        (article_id,),
    )


def _delete_urls(connection: sqlite3.Connection, url_ids: Iterable[int]) -> None:
    """Delete URLs with their fetches."""
    asked = json.dumps(sorted(set(url_ids)))
    for query in (
        "DELETE FROM fetches WHERE url_id IN (SELECT value FROM json_each(?))",
        "DELETE FROM urls WHERE id IN (SELECT value FROM json_each(?))",
    ):
        connection.execute(query, (asked,))
