"""Look up an article with everything that belongs to it, or what the archive knows of a URL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from archive.articles.identity import urls_leading_elsewhere
from archive.errors import ArchiveError, UsageError
from archive.storage.captures import CaptureStore
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.text.numbers import parse_row_number

PlainRow = dict[str, Any]
UrlKeyFunction = Callable[[str], str]
"""Return the key under which a URL is looked up. Callers pass the function in, because this package
may not import `pipelines`."""

NEWEST_ARTICLES_SQL = """
SELECT a.id, a.headline, a.standfirst, a.published_at, a.published_day, a.published_offset, a.fetched_at, a.language, a.url,
       a.word_count, substr(a.text, 1, 300) AS beginning, o.host AS outlet,
       coalesce(o.name, o.host) AS outlet_name, f.other_outlets
FROM articles a JOIN outlets o ON o.id = a.outlet_id JOIN originals f ON f.id = a.id
WHERE f.original_id = a.id ORDER BY a.published_at DESC, a.id DESC LIMIT ?"""

OUTLET_TOTALS_SQL = """
SELECT o.host, o.name, o.language, o.paused_at,
       (SELECT count(*) FROM urls WHERE outlet_id = o.id AND kind = 'feed') AS feeds,
       (SELECT count(*) FROM urls WHERE outlet_id = o.id AND kind = 'sitemap') AS sitemaps,
       (SELECT count(*) FROM articles WHERE outlet_id = o.id) AS articles,
       (SELECT max(published_at) FROM articles WHERE outlet_id = o.id) AS newest
FROM outlets o ORDER BY o.host"""

RELATED_ARTICLES_SQL = """
WITH related(id, kind) AS (
  SELECT other_id,
         CASE kind WHEN 'excerpt' THEN 'extends' WHEN 'extends' THEN 'excerpt' ELSE kind END
  FROM relations WHERE article_id = :id
  UNION SELECT article_id, kind FROM relations WHERE other_id = :id
  UNION SELECT theirs.article_id, 'copy'  -- versions of one text are related to each other
        FROM shared_text_articles ours JOIN shared_text_articles theirs USING (text_id)
        JOIN articles a ON a.id = ours.article_id JOIN articles b ON b.id = theirs.article_id
        WHERE ours.article_id = :id AND a.fingerprint = b.fingerprint
), others(id, how) AS (
  SELECT id, CASE
    WHEN (SELECT fingerprint FROM articles WHERE id = :id)
       = (SELECT fingerprint FROM articles a WHERE a.id = related.id) THEN 'same text'
    WHEN kind = 'excerpt' THEN 'cut from this' WHEN kind = 'extends' THEN 'holds this whole'
    WHEN kind = 'template' THEN 'same template, other facts'
    WHEN kind = 'overlap' THEN 'shares a passage'
    ELSE 'an edited copy' END
  FROM related
)
SELECT a.id, min(others.how) AS how, a.headline, o.host AS outlet,
       coalesce(o.name, o.host) AS outlet_name, a.published_at, a.published_day, a.published_offset, a.url
FROM others JOIN articles a ON a.id = others.id JOIN outlets o ON o.id = a.outlet_id
WHERE a.id <> :id GROUP BY a.id ORDER BY a.published_at IS NULL, a.published_at, a.id"""


def is_article_number(text: str) -> bool:
    """Return True for the number of an article, False for a URL."""
    return text.isascii() and text.isdigit()


def known_outlet_host(connection: sqlite3.Connection, folder: Path, text: str) -> str:
    """Return the host under which the archive knows an outlet.

    Any case is accepted, with or without `www.`. Raises UsageError for an unknown outlet.
    """
    bare = text.strip().lower().removeprefix("www.")
    for host in (text, bare, f"www.{bare}"):
        if connection.execute("SELECT 1 FROM outlets WHERE host = ?", [host]).fetchone():
            return host
    raise UsageError(
        f"{text}: no such outlet in {folder}; `dateline outlet list` shows those that are there"
    )


def article_record(row: sqlite3.Row) -> PlainRow:
    """Return a row of `articles` joined with `outlet` as the record that `export` writes.

    `import` reads the same record.
    """
    # sqlite3.Row iterates over its values, so `keys()` is needed
    record = {name: row[name] for name in row.keys() if name != "bigrams"}  # noqa: SIM118
    record["authors"] = json.loads(record["authors"])
    record["free"] = None if record["free"] is None else bool(record["free"])
    return record


def outlet_totals(folder: Path) -> list[PlainRow]:
    """Return all outlets by host, each with its sources and articles counted.

    `newest` is the publication date of its newest article.
    """
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        return [dict(row) for row in connection.execute(OUTLET_TOTALS_SQL)]


def outlet_list_entries(folder: Path) -> list[PlainRow]:
    """Return the outlets by host with their `feeds` and `sitemaps`, as a list of outlets has them."""
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        outlets = connection.execute(
            "SELECT id, host, name, language, country FROM outlets ORDER BY host"
        ).fetchall()
        sources = connection.execute(
            "SELECT outlet_id, kind, url FROM urls WHERE role = 'source' ORDER BY url"
        ).fetchall()
    urls: dict[tuple[int, str], list[str]] = {}
    for source in sources:
        urls.setdefault((source["outlet_id"], source["kind"]), []).append(source["url"])
    return [
        {
            **{name: row[name] for name in ("host", "name", "language", "country")},
            "feeds": urls.get((row["id"], "feed"), []),
            "sitemaps": urls.get((row["id"], "sitemap"), []),
        }
        for row in outlets
    ]


def outlet_sources(folder: Path) -> list[PlainRow]:
    """Return the outlets' feeds and sitemaps, with the last fetch and when the next is due."""
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        rows = connection.execute(
            """SELECT o.host AS outlet, u.kind, u.url, u.fetched_at, u.outcome, u.reason,
                      CASE WHEN o.paused_at IS NULL THEN u.due_at END AS due_at,
                      CASE WHEN o.paused_at IS NULL THEN u.due_reason ELSE 'the outlet is paused' END AS due_reason,
                      u.interval_seconds
               FROM urls u JOIN outlets o ON o.id = u.outlet_id WHERE u.role = 'source'
               ORDER BY o.host, u.kind, u.url"""
        )
        return [dict(row) for row in rows]


def article_with_context(connection: sqlite3.Connection, id: int) -> PlainRow | None:
    """Return an article with its outlet, URLs, related articles and revision count, or None.

    `addresses` are its further URLs. `leads_to` says where its URLs lead now if not to it
    (`archive.articles.identity.urls_leading_elsewhere`). `gone` says since when the page is gone,
    and how the outlet's server answered.
    """
    row = connection.execute(
        """SELECT a.*, o.host AS outlet, o.name AS outlet_name
           FROM articles a JOIN outlets o ON o.id = a.outlet_id WHERE a.id = ?""",
        [id],
    ).fetchone()
    if row is None:
        return None
    return article_record(row) | {
        "addresses": _further_urls(connection, row),
        "leads_to": urls_leading_elsewhere(connection, id),
        "gone": _gone_since(connection, id),
        "related": related_articles(connection, id),
        "revisions": connection.execute(
            "SELECT count(*) FROM revisions WHERE article_id = ?", [id]
        ).fetchone()[0],
    }


def related_articles(connection: sqlite3.Connection, id: int) -> list[PlainRow]:
    """Return the articles that share this article's text, whole or in part, oldest first."""
    return [dict(row) for row in connection.execute(RELATED_ARTICLES_SQL, {"id": id})]


def newest_articles(connection: sqlite3.Connection, count: int) -> list[PlainRow]:
    """Return the latest articles with their first words.

    Copies are folded under their original; undated articles come last.
    """
    return [dict(row) for row in connection.execute(NEWEST_ARTICLES_SQL, [count])]


def find_article_id(
    connection: sqlite3.Connection, id_or_url: str, keys: UrlKeyFunction | None = None
) -> int | None:
    """Return the ID of the article that a number or URL names, or None.

    With `keys`, other spellings of the URL are found too.
    """
    if is_article_number(id_or_url):
        number = parse_row_number(id_or_url)
        known = connection.execute("SELECT 1 FROM articles WHERE id = ?", [number]).fetchone()
        return number if known else None
    url_row = find_url_row(connection, id_or_url, keys)
    return url_row["article_id"] if url_row else None


def find_url_row(
    connection: sqlite3.Connection, url: str, keys: UrlKeyFunction | None = None
) -> PlainRow | None:
    """Return the row of `urls` for a URL, or None if the archive has never met it.

    With `keys`, a row of the same key is returned if the URL itself led to no article; rows that
    lead to an article come first.
    """
    row = connection.execute("SELECT * FROM urls WHERE url = ?", [url]).fetchone()
    if keys and (row is None or row["article_id"] is None):
        by_key = "SELECT * FROM urls WHERE url_key = ? ORDER BY article_id IS NULL, id LIMIT 1"
        row = connection.execute(by_key, [keys(url)]).fetchone() or row
    return dict(row) if row else None


def stored_page(folder: Path, digest: str) -> bytes:
    """Return the page with this digest as it was served.

    Raises ArchiveError if it is not stored.
    """
    path = folder / "captures.db"
    body = None
    if path.is_file():
        captures = CaptureStore(path)
        body = captures.body(digest)
        captures.close()
    if body is not None:
        return body
    with closing(open_read_only(folder / "archive.db", ARCHIVE_SCHEMA)) as connection:
        moved_to = moved_page_path(connection, digest)
    if moved_to:
        raise ArchiveError(
            f"{path}: the page {digest[:12]}… was moved to {moved_to}; "
            f"`dateline import` of that file brings it back"
        )
    raise ArchiveError(
        f"{path}: the page {digest[:12]}… is not stored here; a crawl stores each page it fetches"
    )


def moved_page_path(connection: sqlite3.Connection, digest: str | None) -> str | None:
    """Return the WARC file to which a page was moved (`dateline captures`), or None."""
    row = connection.execute(
        """SELECT f.path FROM moved_pages p JOIN warc_files f ON f.id = p.warc_file_id
        WHERE p.digest = ?""",
        [digest],
    ).fetchone()
    return str(row[0]) if row else None


def _gone_since(connection: sqlite3.Connection, id: int) -> PlainRow | None:
    """Return when and how the page was found gone, or None if the newest revision does not say
    so."""
    row = connection.execute(
        """SELECT seen_at, gone_reason, kinds FROM revisions WHERE article_id = ?
           ORDER BY number DESC LIMIT 1""",
        [id],
    ).fetchone()
    if row is None or "gone" not in json.loads(row["kinds"]):
        return None
    return {"seen_at": row["seen_at"], "reason": row["gone_reason"]}


def _further_urls(connection: sqlite3.Connection, article: sqlite3.Row) -> list[PlainRow]:
    """Return the article's other URLs with their roles, in the order in which they were found."""
    others = "SELECT url, role FROM urls WHERE article_id = ? AND url <> ? ORDER BY id"
    return [dict(row) for row in connection.execute(others, [article["id"], article["url"]])]
