"""Deciding which known article a page shows: candidates by URL, decided by text.

A URL alone proves nothing: it may lead elsewhere today, or a page may claim another page's URL. So
each known article at one of the URLs is compared with the extracted one
(`pipelines.dedup.same_article` decides). If they differ, the known article stays as it is and keeps
its URL, and `urls.leads_to` records where that leads now. All functions run inside the caller's
transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from archive.articles.revisions import ArticleVersion, article_version, article_version_of_row
from archive.frontier.urls import OWN_ROLES_SQL, outlet_id_of_url
from archive.records import Article, ArticleUrl, Check

DeclaredUrl = Literal["itself", "another", "nothing"]
"""The URL that a page declares as its own: one of the article's, another one, or no usable URL."""

IdentityFit = Literal["same", "part", "other"]
"""The relation of a page to a known article: the same, a part of it, or another article."""


@dataclass(frozen=True, slots=True)
class UrlTie:
    """The way in which the URLs of a page lead to a known article."""

    own: bool
    """A requested URL led to the article before; otherwise the page merely declares its URL."""
    stays: bool
    """The page is at one of the article's URLs; otherwise a redirect led to another place."""
    declares: DeclaredUrl
    same_number: bool
    """Both URLs contain the same article number."""
    same_site: bool = True
    """Both URLs are within one registered domain."""


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """The decisions about identity that the archive leaves to the pipelines."""

    fit: Callable[[ArticleVersion, ArticleVersion, UrlTie], IdentityFit]
    """The known article, the page's article, their tie → the relation.

    See `pipelines.dedup.same_article.relate_versions`.
    """
    how_gone: Callable[[Check], str | None]
    """A check → why it shows that the article no longer exists, or None.

    See `pipelines.dedup.gone_articles.evidence_of_removal`.
    """
    same_number: Callable[[str, str], bool]
    """Two URLs of one outlet → True if they contain the same article number.

    See `pipelines.urls.have_same_article_number`.
    """
    same_site: Callable[[str, str], bool]
    """Two URLs → True if they are within one registered domain: `pipelines.urls.are_same_site`."""


@dataclass(frozen=True, slots=True)
class FoundArticle:
    """A known article, and whether the page shows all or a part of it."""

    row: sqlite3.Row
    fit: IdentityFit


def find_article(
    connection: sqlite3.Connection, check: Check, policy: IdentityPolicy
) -> FoundArticle | None:
    """Return the known article that a check's page shows, or None.

    Raises ValueError if the check has no article.
    """
    if check.article is None:
        raise ValueError("a check without an article")
    new = article_version(check.article, check.fingerprint)
    part, was_replaced = None, False
    for row, asked in _articles_at_check(connection, check):
        fit = policy.fit(
            article_version_of_row(row), new, _tie_of_check(connection, check, row, asked, policy)
        )
        was_replaced = was_replaced or (asked and fit == "other")
        if fit == "same":
            return FoundArticle(row, fit)
        if fit == "part" and part is None:
            part = FoundArticle(row, fit)
    if was_replaced and part is None:
        return _same_text_elsewhere(connection, check)
    return part


def _same_text_elsewhere(connection: sqlite3.Connection, check: Check) -> FoundArticle | None:
    """Return the outlet's article with the same text and headline at another URL.

    It is needed when a requested URL led to another article before.
    """
    assert check.article is not None
    row = connection.execute(
        """SELECT * FROM articles WHERE fingerprint = ? AND outlet_id = ? AND headline IS ?
        ORDER BY id LIMIT 1""",
        (
            check.fingerprint,
            outlet_id_of_url(connection, check.article.url),
            check.article.headline,
        ),
    ).fetchone()
    return FoundArticle(row, "same") if row and check.fingerprint else None


def _articles_at_check(
    connection: sqlite3.Connection, check: Check
) -> Iterator[tuple[sqlite3.Row, bool]]:
    """Yield the articles at a check's URLs, each once, and whether such a URL was requested."""
    seen: set[int] = set()
    for address in check.addresses:
        asked = address.role in ("requested", "redirect") and not check.claimed
        for row in _articles_at_url(connection, address):
            if row["id"] not in seen and (asked and row["own"]):
                seen.add(row["id"])
                yield row, True
    for address in check.addresses:
        for row in _articles_at_url(connection, address):
            if row["id"] not in seen:
                seen.add(row["id"])
                yield row, False


def _articles_at_url(connection: sqlite3.Connection, address: ArticleUrl) -> list[sqlite3.Row]:
    """Return the articles that a URL leads to or led to; `own` says whether it was requested."""
    return connection.execute(
        f"""SELECT DISTINCT a.*, u.role IN {OWN_ROLES_SQL} OR u.leads_to IS a.id AS own
        FROM urls u JOIN articles a ON a.id IN (u.article_id, u.leads_to)
        WHERE u.url_key = ? ORDER BY own DESC, u.leads_to IS a.id, a.id""",  # noqa: S608  a constant is put in
        (address.url_key,),
    ).fetchall()


def _tie_of_check(
    connection: sqlite3.Connection,
    check: Check,
    row: sqlite3.Row,
    asked: bool,
    policy: IdentityPolicy,
) -> UrlTie:
    """Return how the URLs of a check lead to a known article."""
    rows = connection.execute(
        "SELECT url_key FROM urls WHERE article_id = ? OR leads_to = ?", (row["id"], row["id"])
    ).fetchall()
    keys = {str(found["url_key"]) for found in rows}
    current = check.addresses[0]
    declares: DeclaredUrl = "nothing"
    if check.declared_key:
        declares = "itself" if check.declared_key in keys else "another"
    return UrlTie(
        own=asked,
        stays=current.url_key in keys,
        declares=declares,
        same_number=policy.same_number(row["url"], current.url),
        same_site=policy.same_site(row["url"], current.url),
    )


def article_id_of_key(connection: sqlite3.Connection, url_key: str) -> int | None:
    """Return the id of the article that requests of this URL key led to, or None."""
    row = connection.execute(
        f"""SELECT article_id FROM urls
        WHERE url_key = ? AND article_id IS NOT NULL AND role IN {OWN_ROLES_SQL}
        ORDER BY id LIMIT 1""",  # noqa: S608  a constant is put in
        (url_key,),
    ).fetchone()
    return int(row["article_id"]) if row else None


def article_keys(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield the URL keys whose requests led to an article."""
    rows = connection.execute(
        f"""SELECT DISTINCT url_key FROM urls
        WHERE article_id IS NOT NULL AND role IN {OWN_ROLES_SQL}"""  # noqa: S608  a constant
    )
    return (str(row["url_key"]) for row in rows)


def url_for_new_article(connection: sqlite3.Connection, check: Check, article: Article) -> str:
    """Return the URL for a new article: its own, or the declared one if that is taken."""
    if article_id_of_key(connection, check.addresses[0].url_key) is None or not check.declared_key:
        return article.url
    if article_id_of_key(connection, check.declared_key) is not None:
        return article.url
    declared = (each.url for each in check.addresses if each.url_key == check.declared_key)
    return next(declared, article.url)


# -- where an address leads now --------------------------------------------------------------------


def note_leading_urls(connection: sqlite3.Connection, check: Check, article_id: int) -> str | None:
    """Record that requested URLs of other articles led to this one, or its own to it again.

    Returns what is new about the check's URL, in a few words, or None.
    """
    news = None
    for address in () if check.claimed else check.addresses:
        if address.role not in ("requested", "redirect", "elsewhere"):
            continue
        rows = connection.execute(
            """SELECT id, article_id, leads_to FROM urls
            WHERE url_key = ? AND article_id IS NOT NULL AND coalesce(fetched_at, '') <= ?""",
            (address.url_key, check.fetched_at),  # an imported page may be older
        ).fetchall()
        for row in rows:
            leads_to = None if row["article_id"] == article_id else article_id
            if row["leads_to"] == leads_to:
                continue
            connection.execute("UPDATE urls SET leads_to = ? WHERE id = ?", (leads_to, row["id"]))
            if leads_to is not None and address.url_key == check.url_key:
                news = f"the URL of article {row['article_id']} leads to another article now"
    return news


def urls_leading_elsewhere(connection: sqlite3.Connection, article_id: int) -> list[dict[str, Any]]:
    """Return the URLs of an article that lead elsewhere now, as dictionaries.

    Keys: `url`, and `article_id`, `headline` and `leads_to` (the URL) of the article found there.
    """
    rows = connection.execute(
        """SELECT u.url, b.id AS article_id, b.headline, b.url AS leads_to
        FROM urls u JOIN articles b
        ON b.id = u.leads_to WHERE u.article_id = ? ORDER BY u.id""",
        (article_id,),
    )
    return [dict(row) for row in rows]
