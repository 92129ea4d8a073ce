"""Storing an article: whether it is known, whether it changed, and whether its text is another's.

What counts as the same text or as a change is decided in the pipelines and passed in as
`Decisions`. All functions run inside the caller's transaction.

The outlet's boilerplate (`archive.articles.boilerplate`) is removed first: the rest is stored,
compared and searched. Of a known article it is also removed from the old text before the
comparison, so that boilerplate found in the meantime changes the text without a revision.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from archive.articles.boilerplate import Judge as HabitJudge
from archive.articles.boilerplate import (
    Lines,
    Told,
    added,
    consider,
    gone_of,
    habits_in,
    keep_left_out,
    left_out,
    remember,
    trim,
)
from archive.articles.copies import Judge as TextJudge
from archive.articles.copies import Kind as Relationship
from archive.articles.copies import Relation, relate
from archive.articles.events import Judge as EventJudge
from archive.articles.events import join, reword
from archive.articles.identity import Judge as IdentityJudge
from archive.articles.identity import find, own_address
from archive.articles.language_keys import Judge as KeyJudge
from archive.articles.language_keys import keep as keep_keys
from archive.articles.revisions import Judge as ChangeJudge
from archive.articles.revisions import Looks, Version, keep_revision
from archive.articles.stories import Judge as StoryJudge
from archive.articles.stories import file
from archive.frontier.sources import Due, Rhythm
from archive.frontier.urls import add_addresses, outlet_of
from archive.records import Article, Check, Outcome
from archive.text.searchable import searchable_text
from archive.text.unspaced import bigrams
from archive.timestamps import say_the_same

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
    "stated_at",
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

SAME_UNDER_ANOTHER_SLUG: tuple[Relationship, ...] = ("identical", "copy", "extends")
"""Relations of the text at a newer slug to the known one; an excerpt may be an article's page 2."""

DATES = ("modified_at", "modified_raw")
"""Columns that are updated if only the page's own dates changed."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions that the archive leaves to the pipelines (`pipelines.policies.DECISIONS`)."""

    texts: TextJudge
    """The relation of two texts."""
    identity: IdentityJudge
    """The known article that a page shows."""
    habits: HabitJudge
    """The lines that are an outlet's boilerplate."""
    changes: ChangeJudge
    """The meaning of a new extraction of a known article."""
    due_at: Callable[[Looks, str], str | None]
    """The history of an article's page, and the time now → when to fetch it again."""
    source_due: Callable[[Rhythm, str], Due]
    """The history of a feed or sitemap, and the time now → when to fetch it again."""
    events: EventJudge
    """The articles that belong to one event."""
    keys: KeyJudge
    """The language-independent features of articles."""
    stories: StoryJudge
    """The articles that belong to a story that a person follows."""


@dataclass(frozen=True, slots=True)
class Filed:
    """The result of storing an article."""

    article_id: int
    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """An extracted article, and what is known of its lines."""

    article: Article
    fingerprint: str
    outlet_text: Told
    lines: Lines


def keep_article(connection: sqlite3.Connection, check: Check, decisions: Decisions) -> Filed:
    """Store the article of a check: as a new one, a revision of a known one, or unchanged."""
    if check.article is None:
        raise ValueError("a check without an article")
    found = find(connection, check, decisions.identity)
    if found and found.fit == "part":
        return _note_part(connection, check, int(found.row["id"]))
    known = found.row if found else None
    article = check.article
    if known is None:
        article = replace(article, url=own_address(connection, check, article))
    outlet_text = Told(outlet_of(connection, article.url), article.text, article.language)
    lines = consider(connection, outlet_text, decisions.habits, known["id"] if known else None)
    reading = _Reading(article, check.fingerprint, outlet_text, lines)
    if known is None:
        filed = _keep_new(connection, reading, decisions)
    else:
        filed = _keep_again(connection, known, reading, decisions)
    add_addresses(connection, filed.article_id, check.addresses)
    file(connection, filed.article_id, decisions.stories, changed=filed.outcome != "unchanged")
    return filed


def _note_part(connection: sqlite3.Connection, check: Check, article_id: int) -> Filed:
    """Record that a page shows only a part of a known article, which stays unchanged.

    The page's URL never counts as the article's own.
    """
    add_addresses(
        connection, article_id, [replace(address, role="part") for address in check.addresses]
    )
    return Filed(article_id, "unchanged", f"shows a part of article {article_id}")


def _keep_new(connection: sqlite3.Connection, reading: _Reading, decisions: Decisions) -> Filed:
    """Store a new article, unless it is a version of the outlet's article under an older slug."""
    gone = decisions.habits.gone(
        reading.outlet_text.text, reading.lines.habits, reading.outlet_text.language
    )
    row, without = _row_without(reading, gone, decisions.habits)
    connection.execute("SAVEPOINT arrival")
    article_id = _insert(connection, row)
    relations = relate(connection, article_id, decisions.texts, row["fetched_at"])
    older = _under_older_slug(connection, row, relations, decisions)
    if older is not None:
        connection.execute("ROLLBACK TO arrival")
    connection.execute("RELEASE arrival")
    if older is not None:
        return _keep_again(connection, older, reading, decisions)
    keep_keys(connection, article_id, decisions.keys)
    join(connection, article_id, decisions.events)
    keep_left_out(connection, article_id, without)
    remember(connection, reading.outlet_text, article_id, reading.lines, decisions.habits)
    return Filed(article_id, "new")


def _under_older_slug(
    connection: sqlite3.Connection,
    row: dict[str, Any],
    relations: Iterable[Relation],
    decisions: Decisions,
) -> sqlite3.Row | None:
    """Return the article with the same text and the same number in its URL, or None.

    Example: `/12345-old-title` is now `/12345-new-title`.
    """
    for relation in relations:
        if relation.likeness.kind not in SAME_UNDER_ANOTHER_SLUG:
            continue
        other: sqlite3.Row = connection.execute(
            "SELECT * FROM articles WHERE id = ?", (relation.other_id,)
        ).fetchone()
        same_outlet = other["outlet_id"] == row["outlet_id"]
        if same_outlet and decisions.identity.same_number(other["url"], row["url"]):
            return other
    return None


def _keep_again(
    connection: sqlite3.Connection, known: sqlite3.Row, reading: _Reading, decisions: Decisions
) -> Filed:
    """Store a new extraction of a known article; its old text is stored first if it changed."""
    article_id, at = int(known["id"]), reading.article.fetched_at or ""
    if at < known["fetched_at"]:
        return Filed(article_id, "unchanged", "older than the stored version")
    gone = _gone_of_both(connection, known, reading, decisions.habits)
    old = dict(known)
    if _is_another_page(known, reading):
        old = _leave_out(connection, known, gone, decisions.habits)
    row, without = _row_without(reading, gone, decisions.habits)
    changes = _reads_without(decisions, connection, reading.outlet_text, gone)
    kept = keep_revision(connection, old, row, changes)
    if kept.takes != "nothing":
        _update(connection, article_id, row, DATES if kept.takes == "dates" else row)
    if kept.takes == "all":
        keep_left_out(connection, article_id, without)
    _follow(connection, known, at, decisions, reworded=kept.takes == "all")
    # nothing is learnt from a version that was held or badly extracted
    if kept.takes != "nothing" or row["text"] == old["text"]:
        remember(connection, reading.outlet_text, article_id, reading.lines, decisions.habits)
    return Filed(article_id, kept.outcome, kept.reason)


def _follow(
    connection: sqlite3.Connection,
    known: sqlite3.Row,
    at: str,
    decisions: Decisions,
    *,
    reworded: bool,
) -> None:
    """Update relations, terms and keys of an article if its text changed."""
    row = connection.execute(
        "SELECT fingerprint FROM articles WHERE id = ?", (known["id"],)
    ).fetchone()
    text_changed = row[0] != known["fingerprint"]
    if text_changed:
        relate(connection, known["id"], decisions.texts, at)
    if reworded or text_changed:
        reword(connection, known["id"], decisions.events)
        keep_keys(connection, known["id"], decisions.keys)


# -- what an outlet repeats ------------------------------------------------------------------------


def catch_up(connection: sqlite3.Connection, article_id: int, decisions: Decisions) -> int:
    """Remove lines found to be boilerplate since the article was stored; return their number."""
    known = connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
    policy, outlet_text = (
        decisions.habits,
        Told(known["outlet_id"], known["text"], known["language"]),
    )
    trimmed = _leave_out(connection, known, gone_of(connection, outlet_text, policy), policy)
    if trimmed["text"] == known["text"]:
        return 0
    _follow(connection, known, known["fetched_at"], decisions, reworded=False)
    file(connection, article_id, decisions.stories, changed=True)
    return int(known["text"].count("\n")) - int(trimmed["text"].count("\n"))


def learn(connection: sqlite3.Connection, article_id: int, decisions: Decisions) -> None:
    """Learn the outlet's boilerplate from an article without changing it."""
    known = connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
    outlet_text = Told(known["outlet_id"], known["text"], known["language"])
    lines = consider(connection, outlet_text, decisions.habits, article_id)
    remember(connection, outlet_text, article_id, lines, decisions.habits)


def _is_another_page(known: sqlite3.Row, reading: _Reading) -> bool:
    """Return whether an extraction is of another capture than the stored one."""
    return known["digest"] is None or known["digest"] != reading.article.digest


def _gone_of_both(
    connection: sqlite3.Connection, known: sqlite3.Row, reading: _Reading, policy: HabitJudge
) -> frozenset[int]:
    """Return the hashes of the boilerplate in an extraction and, if its page differs, the old text.

    For the old text these are the lines removed so far and those that are boilerplate by now.
    """
    outlet_text, habits = reading.outlet_text, reading.lines.habits
    gone = policy.gone(outlet_text.text, habits, outlet_text.language)
    if not _is_another_page(known, reading):
        return gone
    old = Told(outlet_text.outlet_id, known["text"], known["language"])
    habits |= habits_in(connection, old, policy)
    gone_of_old = policy.gone(old.text, habits, old.language)
    return gone.union(left_out(connection, known["id"]).values(), gone_of_old)


def _leave_out(
    connection: sqlite3.Connection, known: sqlite3.Row, gone: Collection[int], policy: HabitJudge
) -> dict[str, Any]:
    """Remove these lines from an article and its revisions; return the article's new row."""
    trimmed = trim(known["text"], gone, policy)
    row = dict(known)
    revisions = connection.execute(
        "SELECT id, text FROM revisions WHERE article_id = ?", (known["id"],)
    ).fetchall()
    for revision in revisions:
        then = trim(revision["text"], gone, policy)
        if then.left_out:
            connection.execute(
                "UPDATE revisions SET text = ?, fingerprint = ? WHERE id = ?",
                (then.text, policy.fingerprint(then.text), revision["id"]),
            )
    if not trimmed.left_out:
        return row
    lines = known["text"].count("\n") + 1
    all_removed = added(left_out(connection, known["id"]), lines, trimmed.left_out)
    keep_left_out(connection, known["id"], all_removed)
    changes = _of_text(trimmed.text, row, policy)
    _update(connection, known["id"], row | changes, changes)
    return row | changes


def _reads_without(
    decisions: Decisions, connection: sqlite3.Connection, outlet_text: Told, gone: frozenset[int]
) -> ChangeJudge:
    """Return the policy of changes, whose `reread` also removes the outlet's boilerplate."""
    reread, policy = decisions.changes.reread, decisions.habits
    if reread is None:
        return decisions.changes

    def reread_without(digest: str) -> Version | None:
        again = reread(digest)
        if again is None:
            return None
        all_gone = gone | gone_of(connection, replace(outlet_text, text=again.text), policy)
        text = trim(again.text, all_gone, policy).text
        if text == again.text:
            return again
        return replace(again, text=text, fingerprint=policy.fingerprint(text))

    return replace(decisions.changes, reread=reread_without)


# -- rows ------------------------------------------------------------------------------------------


def _row_without(
    reading: _Reading, gone: Collection[int], policy: HabitJudge
) -> tuple[dict[str, Any], Mapping[int, int]]:
    """Return the columns of an article without these lines, and the removed lines."""
    article, trimmed = reading.article, trim(reading.outlet_text.text, gone, policy)
    row = _row(article, reading.fingerprint)
    if trimmed.left_out:
        row |= _of_text(trimmed.text, row, policy)
    return row | {"outlet_id": reading.outlet_text.outlet_id}, trimmed.left_out


def _row(article: Article, fingerprint: str) -> dict[str, Any]:
    """Return the columns of an article."""
    row = {name: getattr(article, name) for name in COLUMNS}
    row |= {"authors": json.dumps(article.authors, ensure_ascii=False), "fingerprint": fingerprint}
    return row | {"bigrams": _bigrams(row)}


def _of_text(text: str, row: Mapping[str, Any], policy: HabitJudge) -> dict[str, Any]:
    """Return the columns that depend on an article's text."""
    words, bigrams = policy.word_count(text, row["language"]), _bigrams({**row, "text": text})
    return {
        "text": text,
        "fingerprint": policy.fingerprint(text),
        "word_count": words,
        "bigrams": bigrams,
    }


def _bigrams(row: Mapping[str, Any]) -> str | None:
    """Return the column `bigrams` of an article."""
    return bigrams(searchable_text(row["headline"], row["standfirst"], row["byline"], row["text"]))


def _insert(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
    """Insert an article; return its id."""
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    # our own names
    done = connection.execute(f"INSERT INTO articles ({names}) VALUES ({marks})", row)  # noqa: S608
    return int(done.lastrowid or 0)


def _update(
    connection: sqlite3.Connection, article_id: int, row: dict[str, Any], names: Collection[str]
) -> None:
    """Update columns of an article.

    The outlet, the URL, and known dates and headlines that the new row lacks stay as they are; so
    does a date that was known more precisely.
    """
    optional = ("published_at", "published_raw", "headline")
    unchanged = {"outlet_id", "url"} | {name for name in optional if row[name] is None}
    before = connection.execute(
        "SELECT published_at FROM articles WHERE id = ?", (article_id,)
    ).fetchone()[0]
    after = row["published_at"]
    if before and after and len(before) > len(after) and say_the_same(before, after):
        unchanged |= {"published_at", "published_raw"}
    changes = ", ".join(f"{name} = :{name}" for name in names if name not in unchanged)
    # our own names
    connection.execute(f"UPDATE articles SET {changes} WHERE id = :id", row | {"id": article_id})  # noqa: S608
