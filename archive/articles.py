"""Keeping an article: is it one that is there already, did it change, and is its text another's?

What is one text, and what a change, is decided elsewhere and comes in as `Decisions`. All functions run inside the
caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from archive.events import Judge as EventJudge
from archive.events import join, reword
from archive.frontier import OWN_ROLES, add_addresses, outlet_of
from archive.postings import VERSIONS, Relation, relate
from archive.postings import Judge as TextJudge
from archive.records import Address, Article, Check, Outcome
from archive.revisions import Judge as ChangeJudge
from archive.revisions import Looks, keep_revision
from archive.search import bigrams
from archive.sources import Due, Rhythm
from archive.stories import Judge as StoryJudge
from archive.stories import file

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

DATES = ("modified_at", "modified_raw")
"""What an article takes of a reading in which only the page's own dates moved."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the archive asks and does not know itself (`pipelines.decisions.DECISIONS`)."""

    texts: TextJudge
    """What one text is to another."""
    same_story_url: Callable[[str, str], bool]
    """Whether two addresses of one outlet may be one article's, under an older slug and a newer one."""
    changes: ChangeJudge
    """What a new reading of a known article is."""
    due_at: Callable[[Looks, str], str | None]
    """What is known of an article's looks, and now → when to look again."""
    source_due: Callable[[Rhythm, str], Due]
    """What is known of a feed or sitemap, and now → when to look again."""
    events: EventJudge
    """What belongs to one event."""
    stories: StoryJudge
    """What belongs to a story that a person follows."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of an article that was read."""

    article_id: int
    outcome: Outcome
    reason: str | None = None


def keep_article(connection: sqlite3.Connection, check: Check, decisions: Decisions) -> Filed:
    """Keep what a check read: a new article, a revision of one that is known, or nothing that one would see."""
    if check.article is None:
        raise ValueError("a check without an article")
    row = _row(check.article, check.fingerprint) | {"outlet_id": outlet_of(connection, check.article.url)}
    known = _known(connection, check)
    filed = _keep_new(connection, row, decisions) if known is None else _keep_again(connection, known, row, decisions)
    add_addresses(connection, filed.article_id, check.addresses)
    file(connection, filed.article_id, decisions.stories, changed=filed.outcome != "unchanged")
    return filed


def _keep_new(connection: sqlite3.Connection, row: dict[str, Any], decisions: Decisions) -> Filed:
    """A new article; unless it proves to be a version of one that the outlet has under an older slug."""
    connection.execute("SAVEPOINT arrival")
    article_id = _insert(connection, row)
    relations = relate(connection, article_id, decisions.texts, row["fetched_at"])
    older = _under_older_slug(connection, row, relations, decisions)
    if older is not None:
        connection.execute("ROLLBACK TO arrival")
    connection.execute("RELEASE arrival")
    if older is not None:
        return _keep_again(connection, older, row, decisions)
    join(connection, article_id, decisions.events)
    return Filed(article_id, "new")


def _under_older_slug(
    connection: sqlite3.Connection, row: dict[str, Any], relations: Iterable[Relation], decisions: Decisions
) -> sqlite3.Row | None:
    """The article of the same number in its address whose text agrees: `/12345-old-title`, now `/12345-new-title`."""
    for relation in relations:
        if relation.likeness.kind in VERSIONS:
            other = connection.execute("SELECT * FROM articles WHERE id = ?", (relation.other_id,)).fetchone()
            if other["outlet_id"] == row["outlet_id"] and decisions.same_story_url(other["url"], row["url"]):
                return other  # type: ignore[no-any-return]
    return None


def _keep_again(connection: sqlite3.Connection, known: sqlite3.Row, row: dict[str, Any], decisions: Decisions) -> Filed:
    """What was said before is kept, where it has to be, before the article's row changes."""
    article_id = int(known["id"])
    if row["fetched_at"] < known["fetched_at"]:
        return Filed(article_id, "unchanged", "older than what is kept")
    kept = keep_revision(connection, known, row, decisions.changes)
    if kept.takes != "nothing":
        _update(connection, article_id, row, DATES if kept.takes == "dates" else row)
    if kept.takes == "all" and known["fingerprint"] != row["fingerprint"]:
        relate(connection, article_id, decisions.texts, row["fetched_at"])
    if kept.takes == "all":
        reword(connection, article_id, decisions.events)
    return Filed(article_id, kept.outcome, kept.reason)


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


def _update(connection: sqlite3.Connection, article_id: int, row: dict[str, Any], names: Collection[str]) -> None:
    """The outlet, the address and a date that was known stay as they are."""
    kept = {"outlet_id", "url"} | {name for name in ("published_at", "published_raw", "headline") if row[name] is None}
    changes = ", ".join(f"{name} = :{name}" for name in names if name not in kept)
    connection.execute(f"UPDATE articles SET {changes} WHERE id = :id", row | {"id": article_id})  # noqa: S608  our own names
