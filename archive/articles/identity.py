"""Which article of the archive a reading is of: candidates by its addresses, decided by their
texts.

An address alone proves nothing: it may lead elsewhere today, or a page may claim another's. So each
known article that one of the addresses leads to is compared with what was read
(`pipelines.dedup.same_article` decides), and where they are not one article, the known one stays as
it is and keeps its address; `urls.leads_to` notes where that leads now. All functions run inside
the caller's transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from archive.articles.revisions import Version, version, version_of_row
from archive.frontier.urls import OWN_ROLES, outlet_of
from archive.records import Address, Article, Check

Declared = Literal["itself", "another", "nothing"]
"""What a page calls its own address: one of the article's, another one, or none that could be."""

Fit = Literal["same", "part", "other"]
"""What a reading is to a known article: a reading of it, only a part of it at another address, or
another article."""


@dataclass(frozen=True, slots=True)
class Tie:
    """How the addresses of a reading lead to a known article."""

    own: bool
    """One that was asked for led to the article before; otherwise the page merely declares it."""
    stays: bool
    """The page stands at one of the article's addresses; otherwise a redirect led away from
    there."""
    declares: Declared
    same_number: bool
    """Both addresses have the same article number."""
    same_site: bool = True
    """Both lie within one registered domain."""


@dataclass(frozen=True, slots=True)
class Judge:
    """What the archive asks and does not know itself."""

    fit: Callable[[Version, Version, Tie], Fit]
    """(the known article, what was read, how they are tied) → what one is to the other:
    `pipelines.dedup.same_article.fit`."""
    how_gone: Callable[[Check], str | None]
    """How a look that met no article shows that there is none any more:
    `pipelines.dedup.gone_articles.how_gone`."""
    same_number: Callable[[str, str], bool]
    """Whether two addresses of one outlet have the same article number:
    `pipelines.urls.same_story_url`."""
    same_site: Callable[[str, str], bool]
    """Whether two addresses lie within one registered domain: `pipelines.urls.same_site`."""


@dataclass(frozen=True, slots=True)
class Found:
    """The article that a reading is of, and how much of it."""

    row: sqlite3.Row
    fit: Fit


def find(connection: sqlite3.Connection, check: Check, judge: Judge) -> Found | None:
    """The known article that a check's reading is of; None if it is of none. Raises ValueError
    without an article."""
    if check.article is None:
        raise ValueError("a check without an article")
    new = version(check.article, check.fingerprint)
    part, left = None, False
    for row, asked in _candidates(connection, check):
        found = judge.fit(version_of_row(row), new, _tie(connection, check, row, asked, judge))
        left = left or (asked and found == "other")
        if found == "same":
            return Found(row, found)
        if found == "part" and part is None:
            part = Found(row, found)
    if left and part is None:
        return _twin(connection, check)
    return part


def _twin(connection: sqlite3.Connection, check: Check) -> Found | None:
    """The article of the same text and headline at another address of the outlet, where an address
    left its own."""
    assert check.article is not None
    row = connection.execute(
        "SELECT * FROM articles WHERE fingerprint = ? AND outlet_id = ? AND headline IS ? ORDER BY id LIMIT 1",
        (check.fingerprint, outlet_of(connection, check.article.url), check.article.headline),
    ).fetchone()
    return Found(row, "same") if row and check.fingerprint else None


def _candidates(connection: sqlite3.Connection, check: Check) -> Iterator[tuple[sqlite3.Row, bool]]:
    """Articles that an address leads to, or led to, and whether that address was asked for; each
    the first time."""
    seen: set[int] = set()
    for address in check.addresses:
        asked = address.role in ("requested", "redirect") and not check.claimed
        for row in _articles_at(connection, address):
            if row["id"] not in seen and (asked and row["own"]):
                seen.add(row["id"])
                yield row, True
    for address in check.addresses:
        for row in _articles_at(connection, address):
            if row["id"] not in seen:
                seen.add(row["id"])
                yield row, False


def _articles_at(connection: sqlite3.Connection, address: Address) -> list[sqlite3.Row]:
    return connection.execute(
        f"""SELECT DISTINCT a.*, u.role IN {OWN_ROLES} OR u.leads_to IS a.id AS own
        FROM urls u JOIN articles a ON a.id IN (u.article_id, u.leads_to)
        WHERE u.url_key = ? ORDER BY own DESC, u.leads_to IS a.id, a.id""",  # noqa: S608  a constant is put in
        (address.url_key,),
    ).fetchall()


def _tie(
    connection: sqlite3.Connection, check: Check, row: sqlite3.Row, asked: bool, judge: Judge
) -> Tie:
    rows = connection.execute(
        "SELECT url_key FROM urls WHERE article_id = ? OR leads_to = ?", (row["id"], row["id"])
    ).fetchall()
    keys = {str(found["url_key"]) for found in rows}
    stands = check.addresses[0]
    declares: Declared = "nothing"
    if check.declared_key:
        declares = "itself" if check.declared_key in keys else "another"
    numbers, sites = (
        judge.same_number(row["url"], stands.url),
        judge.same_site(row["url"], stands.url),
    )
    return Tie(asked, stands.url_key in keys, declares, numbers, sites)


def owner(connection: sqlite3.Connection, url_key: str) -> int | None:
    """The article that addresses with a key are the own ones of."""
    row = connection.execute(
        f"""SELECT article_id FROM urls WHERE url_key = ? AND article_id IS NOT NULL AND role IN {OWN_ROLES}
        ORDER BY id LIMIT 1""",  # noqa: S608  a constant is put in
        (url_key,),
    ).fetchone()
    return int(row["article_id"]) if row else None


def own_address(connection: sqlite3.Connection, check: Check, article: Article) -> str:
    """Where a new article is filed: where it was read, or, where that is another article's address,
    where it says."""
    if owner(connection, check.addresses[0].url_key) is None or not check.declared_key:
        return article.url
    if owner(connection, check.declared_key) is not None:
        return article.url
    return next(
        (other.url for other in check.addresses if other.url_key == check.declared_key), article.url
    )


# -- where an address leads now --------------------------------------------------------------------


def note_where_it_leads(
    connection: sqlite3.Connection, check: Check, article_id: int
) -> str | None:
    """Note that addresses of other articles, which a look asked for, led to this one; those of its
    own lead home again.

    What is new about the address that was looked at, in a few words; None if nothing is.
    """
    news = None
    for address in () if check.claimed else check.addresses:
        if address.role not in ("requested", "redirect", "elsewhere"):
            continue
        rows = connection.execute(
            """SELECT id, article_id, leads_to FROM urls
            WHERE url_key = ? AND article_id IS NOT NULL AND coalesce(checked_at, '') <= ?""",  # an import may be late
            (address.url_key, check.checked_at),
        ).fetchall()
        for row in rows:
            now = None if row["article_id"] == article_id else article_id
            if row["leads_to"] == now:
                continue
            connection.execute("UPDATE urls SET leads_to = ? WHERE id = ?", (now, row["id"]))
            if now is not None and address.url_key == check.url_key:
                news = f"the address of article {row['article_id']} leads to another article now"
    return news


def leads(connection: sqlite3.Connection, article_id: int) -> list[dict[str, Any]]:
    """Where the addresses of an article lead now, if not to it: `url`, and the `article_id`,
    `headline` and address (`leads_to`) of what stands there."""
    rows = connection.execute(
        """SELECT u.url, b.id AS article_id, b.headline, b.url AS leads_to FROM urls u JOIN articles b
        ON b.id = u.leads_to WHERE u.article_id = ? ORDER BY u.id""",
        (article_id,),
    )
    return [dict(row) for row in rows]
