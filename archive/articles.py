"""Keeping an article: is it one that is there already, did it change, and is its text another's?

All functions run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from archive.frontier import OWN_ROLES, add_addresses, outlet_of
from archive.records import Address, Article, Check, Outcome
from archive.search import bigrams

COLUMNS = (
    "url",
    "canonical_url",
    "headline",
    "page_title",
    "standfirst",
    "byline",
    "authors",
    "agency",
    "dateline",
    "section",
    "language",
    "published_at",
    "published_raw",
    "modified_at",
    "modified_raw",
    "fetched_at",
    "text",
    "word_count",
    "image_url",
    "free",
    "digest",
    "extractor",
)
"""The fields of an Article that are columns of `articles` under the same name."""

READ = ("headline", "standfirst", "byline", "fingerprint")
"""What a reader would see change."""


def keep_article(connection: sqlite3.Connection, check: Check) -> tuple[int, Outcome]:
    """Keep what a check read; the article's id, and whether it is `new`, `changed` or `unchanged`."""
    if check.article is None:
        raise ValueError("a check without an article")
    row = _row(check.article, check.fingerprint) | {"outlet_id": outlet_of(connection, check.article.url)}
    known = _known(connection, check)
    if known is None:
        article_id, outcome = _insert(connection, row), "new"
        _relate(connection, article_id, row)
    else:
        article_id = int(known["id"])
        outcome = "unchanged" if all(known[name] == row[name] for name in READ) else "changed"
        if outcome == "changed":
            _update(connection, article_id, row)
    add_addresses(connection, article_id, check.addresses)
    return article_id, outcome  # type: ignore[return-value]  # one of three words of Outcome


def _row(article: Article, fingerprint: str) -> dict[str, Any]:
    row = {name: getattr(article, name) for name in COLUMNS}
    searched = " ".join(filter(None, (article.headline, article.standfirst, article.byline, article.text)))
    return row | {
        "authors": json.dumps(article.authors, ensure_ascii=False),
        "fingerprint": fingerprint,
        "bigrams": bigrams(searched),
    }


def _known(connection: sqlite3.Connection, check: Check) -> sqlite3.Row | None:
    """The article that the check's addresses lead to.

    An address that was fetched is proof. One that a page merely declares counts only if headline or text agree:
    a site that gives all its pages one canonical would otherwise melt them into one.
    """
    for address in check.addresses:
        for row in _articles_at(connection, address):
            proven = address.role in ("requested", "redirect") and row["own"]
            if proven or row["fingerprint"] == check.fingerprint or _same_headline(row, check):
                return row
    return None


def _articles_at(connection: sqlite3.Connection, address: Address) -> list[sqlite3.Row]:
    return connection.execute(
        f"""SELECT DISTINCT a.*, u.role IN {OWN_ROLES} AS own FROM urls u JOIN articles a ON a.id = u.article_id
        WHERE u.url_key = ? ORDER BY own DESC, a.id""",  # noqa: S608  a constant is put in
        (address.url_key,),
    ).fetchall()


def _same_headline(row: sqlite3.Row, check: Check) -> bool:
    headline = check.article.headline if check.article else None
    return bool(headline) and headline == row["headline"]


def _insert(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    done = connection.execute(f"INSERT INTO articles ({names}) VALUES ({marks})", row)  # noqa: S608  our own names
    return int(done.lastrowid or 0)


def _update(connection: sqlite3.Connection, article_id: int, row: dict[str, Any]) -> None:
    """The outlet, the address and a date that was known stay as they are."""
    kept = {"outlet_id", "url"} | {name for name in ("published_at", "published_raw") if row[name] is None}
    changes = ", ".join(f"{name} = :{name}" for name in row if name not in kept)
    connection.execute(f"UPDATE articles SET {changes} WHERE id = :id", row | {"id": article_id})  # noqa: S608  our own names


def _relate(connection: sqlite3.Connection, article_id: int, row: dict[str, Any]) -> None:
    """The earliest article with the same text is the one that all its copies point to."""
    connection.execute(
        """INSERT INTO relations (article_id, other_id, kind, found_at)
        SELECT ?, min(id), 'identical', ? FROM articles WHERE fingerprint = ? AND id <> ? AND fingerprint <> ''
        HAVING min(id) IS NOT NULL""",
        (article_id, row["fetched_at"], row["fingerprint"], article_id),
    )
