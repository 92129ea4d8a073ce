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

from archive.articles.boilerplate import (
    BoilerplatePolicy,
    KnownLineHashes,
    OutletText,
    add_removed_lines,
    boilerplate_in,
    classify_lines,
    lines_to_remove,
    remember_lines,
    removed_lines,
    store_removed_lines,
    trim_text,
)
from archive.articles.copies import CopyPolicy as TextJudge
from archive.articles.copies import RelationKind as Relationship
from archive.articles.copies import TextRelation, relate_article
from archive.articles.events import EventPolicy as EventJudge
from archive.articles.events import join_event, update_article_words
from archive.articles.identity import IdentityPolicy as IdentityJudge
from archive.articles.identity import find_article, url_for_new_article
from archive.articles.language_keys import KeyPolicy as KeyJudge
from archive.articles.language_keys import save_keys as keep_keys
from archive.articles.revisions import ArticleVersion, FetchHistory, store_revision
from archive.articles.revisions import RevisionPolicy as ChangeJudge
from archive.articles.stories import StoryPolicy as StoryJudge
from archive.articles.stories import file_article
from archive.articles.vocabulary import WeightedTerms
from archive.frontier.outlet_templates import TemplatePolicy, learn_outline
from archive.frontier.sources import SourceDue, SourceHistory
from archive.frontier.urls import add_article_urls, outlet_id_of_url
from archive.records import Article, Check, Outcome, features_digest
from archive.text.searchable import searchable_text
from archive.text.unspaced import bigrams
from archive.timestamps import can_be_same_time

ARTICLE_COLUMNS = (
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
    "published_day",
    "published_offset",
    "stated_at",
    "modified_at",
    "modified_raw",
    "fetched_at",
    "text",
    "word_count",
    "image_url",
    "free",
    "page_type",
    "digest",
    "extractor",
)
"""The fields of an Article that are columns of `articles` under the same name."""

SAME_UNDER_ANOTHER_SLUG: tuple[Relationship, ...] = ("identical", "copy", "extends")
"""Relations of the text at a newer slug to the known one; an excerpt may be an article's page 2."""

PUBLICATION_DATE_COLUMNS = frozenset(
    ("published_at", "published_raw", "published_day", "published_offset")
)
"""Columns of one date of publication, which are updated together."""

MODIFICATION_COLUMNS = ("modified_at", "modified_raw")
"""Columns that are updated if only the page's own dates changed."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """The decisions that the archive leaves to the pipelines (`pipelines.policies.DECISIONS`)."""

    texts: TextJudge
    """The relation of two texts."""
    identity: IdentityJudge
    """The known article that a page shows."""
    boilerplate: BoilerplatePolicy
    """The lines that are an outlet's boilerplate."""
    changes: ChangeJudge
    """The meaning of a new extraction of a known article."""
    due_at: Callable[[FetchHistory, str], str | None]
    """The history of an article's page, and the time now → when to fetch it again."""
    source_due: Callable[[SourceHistory, str], SourceDue]
    """The history of a feed or sitemap, and the time now → when to fetch it again."""
    events: EventJudge
    """The articles that belong to one event."""
    keys: KeyJudge
    """The language-independent features of articles."""
    stories: StoryJudge
    """The articles that belong to a story that a person follows."""
    templates: TemplatePolicy
    """Where the articles of an outlet stand on its pages."""


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """The result of storing an article."""

    article_id: int
    outcome: Outcome
    reason: str | None = None
    keys: WeightedTerms | None = None
    """The vector of language keys of a new article."""


@dataclass(frozen=True, slots=True)
class _ExtractedArticle:
    """An extracted article, and what is known of its lines."""

    article: Article
    fingerprint: str
    outlet_text: OutletText
    lines: KnownLineHashes


def store_article(
    connection: sqlite3.Connection, check: Check, decisions: Decisions
) -> StoredArticle:
    """Store the article of a check: as a new one, a revision of a known one, or unchanged."""
    if check.article is None:
        raise ValueError("a check without an article")
    found = find_article(connection, check, decisions.identity)
    if found and found.fit == "part":
        return _note_partial_page(connection, check, int(found.row["id"]))
    known = found.row if found else None
    article = check.article
    if known is None:
        article = replace(article, url=url_for_new_article(connection, check, article))
    outlet_text = OutletText(
        outlet_id_of_url(connection, article.url), article.text, article.language
    )
    lines = classify_lines(
        connection, outlet_text, decisions.boilerplate, known["id"] if known else None
    )
    reading = _ExtractedArticle(article, check.fingerprint, outlet_text, lines)
    if known is None:
        filed = _store_new_article(connection, reading, decisions)
    else:
        filed = _store_known_article(connection, known, reading, decisions)
    add_article_urls(connection, filed.article_id, check.addresses)
    file_article(
        connection,
        filed.article_id,
        decisions.stories,
        changed=filed.outcome != "unchanged",
        own_keys=filed.keys,
    )
    return filed


def _note_partial_page(
    connection: sqlite3.Connection, check: Check, article_id: int
) -> StoredArticle:
    """Record that a page shows only a part of a known article, which stays unchanged.

    The page's URL never counts as the article's own.
    """
    add_article_urls(
        connection, article_id, [replace(address, role="part") for address in check.addresses]
    )
    return StoredArticle(article_id, "unchanged", f"shows a part of article {article_id}")


def _store_new_article(
    connection: sqlite3.Connection, reading: _ExtractedArticle, decisions: Decisions
) -> StoredArticle:
    """Store a new article, unless it is a version of the outlet's article under an older slug."""
    gone: frozenset[int] = frozenset()
    if reading.lines.boilerplate:
        gone = decisions.boilerplate.gone(
            reading.outlet_text.text, reading.lines.boilerplate, reading.outlet_text.language
        )
    row, without = _row_without_lines(reading, gone, decisions.boilerplate)
    connection.execute("SAVEPOINT arrival")
    article_id = _insert_article(connection, row)
    relations = relate_article(connection, article_id, decisions.texts, row["fetched_at"])
    older = _article_under_older_slug(connection, row, relations, decisions)
    if older is not None:
        connection.execute("ROLLBACK TO arrival")
    connection.execute("RELEASE arrival")
    if older is not None:
        return _store_known_article(connection, older, reading, decisions)
    keys = keep_keys(connection, article_id, decisions.keys)
    join_event(connection, article_id, decisions.events, keys)
    store_removed_lines(connection, article_id, without)
    remember_lines(
        connection, reading.outlet_text, article_id, reading.lines, decisions.boilerplate
    )
    learn_outline(
        connection, reading.outlet_text.outlet_id, reading.article.outline, decisions.templates
    )
    return StoredArticle(article_id, "new", keys=keys)


def _article_under_older_slug(
    connection: sqlite3.Connection,
    row: dict[str, Any],
    relations: Iterable[TextRelation],
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


def _store_known_article(
    connection: sqlite3.Connection,
    known: sqlite3.Row,
    reading: _ExtractedArticle,
    decisions: Decisions,
) -> StoredArticle:
    """Store a new extraction of a known article; its old text is stored first if it changed."""
    article_id, at = int(known["id"]), reading.article.fetched_at or ""
    if at < known["fetched_at"]:
        return StoredArticle(article_id, "unchanged", "older than the stored version")
    gone = _boilerplate_of_both(connection, known, reading, decisions.boilerplate)
    old = dict(known)
    if _is_other_capture(known, reading):
        old = _remove_lines(connection, known, gone, decisions.boilerplate)
    row, without = _row_without_lines(reading, gone, decisions.boilerplate)
    changes = _policy_without_boilerplate(decisions, connection, reading.outlet_text, gone)
    kept = store_revision(connection, old, row, changes)
    if kept.takes != "nothing":
        update_article(
            connection, article_id, row, MODIFICATION_COLUMNS if kept.takes == "dates" else row
        )
    if kept.takes == "all":
        store_removed_lines(connection, article_id, without)
    _update_derived_data(connection, known, at, decisions, reworded=kept.takes == "all")
    # nothing is learnt from a version that was held or badly extracted
    if kept.takes != "nothing" or row["text"] == old["text"]:
        remember_lines(
            connection, reading.outlet_text, article_id, reading.lines, decisions.boilerplate
        )
    return StoredArticle(article_id, kept.outcome, kept.reason)


def _update_derived_data(
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
        relate_article(connection, known["id"], decisions.texts, at)
    if reworded or text_changed:
        update_article_words(connection, known["id"], decisions.events)
        keep_keys(connection, known["id"], decisions.keys)


# -- what an outlet repeats ------------------------------------------------------------------------


def remove_new_boilerplate(
    connection: sqlite3.Connection, article_id: int, decisions: Decisions
) -> int:
    """Remove lines found to be boilerplate since the article was stored; return their number."""
    known = connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
    policy, outlet_text = (
        decisions.boilerplate,
        OutletText(known["outlet_id"], known["text"], known["language"]),
    )
    trimmed = _remove_lines(
        connection, known, lines_to_remove(connection, outlet_text, policy), policy
    )
    if trimmed["text"] == known["text"]:
        return 0
    _update_derived_data(connection, known, known["fetched_at"], decisions, reworded=False)
    file_article(connection, article_id, decisions.stories, changed=True)
    return int(known["text"].count("\n")) - int(trimmed["text"].count("\n"))


def learn_boilerplate(
    connection: sqlite3.Connection, article_id: int, decisions: Decisions
) -> None:
    """Learn the outlet's boilerplate from an article without changing it."""
    known = connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
    outlet_text = OutletText(known["outlet_id"], known["text"], known["language"])
    lines = classify_lines(connection, outlet_text, decisions.boilerplate, article_id)
    remember_lines(connection, outlet_text, article_id, lines, decisions.boilerplate)


def _is_other_capture(known: sqlite3.Row, reading: _ExtractedArticle) -> bool:
    """Return whether an extraction is of another capture than the stored one."""
    return known["digest"] is None or known["digest"] != reading.article.digest


def _boilerplate_of_both(
    connection: sqlite3.Connection,
    known: sqlite3.Row,
    reading: _ExtractedArticle,
    policy: BoilerplatePolicy,
) -> frozenset[int]:
    """Return the hashes of the boilerplate in an extraction and, if its page differs, the old text.

    For the old text these are the lines removed so far and those that are boilerplate by now.
    """
    outlet_text, boilerplate = reading.outlet_text, reading.lines.boilerplate
    gone = policy.gone(outlet_text.text, boilerplate, outlet_text.language)
    if not _is_other_capture(known, reading):
        return gone
    old = OutletText(outlet_text.outlet_id, known["text"], known["language"])
    boilerplate |= boilerplate_in(connection, old, policy)
    gone_of_old = policy.gone(old.text, boilerplate, old.language)
    return gone.union(removed_lines(connection, known["id"]).values(), gone_of_old)


def _remove_lines(
    connection: sqlite3.Connection,
    known: sqlite3.Row,
    gone: Collection[int],
    policy: BoilerplatePolicy,
) -> dict[str, Any]:
    """Remove these lines from an article and its revisions; return the article's new row."""
    trimmed = trim_text(known["text"], gone, policy)
    row = dict(known)
    revisions = connection.execute(
        "SELECT id, text FROM revisions WHERE article_id = ?", (known["id"],)
    ).fetchall()
    for revision in revisions:
        then = trim_text(revision["text"], gone, policy)
        if then.left_out:
            connection.execute(
                "UPDATE revisions SET text = ?, fingerprint = ? WHERE id = ?",
                (then.text, policy.fingerprint(then.text), revision["id"]),
            )
    if not trimmed.left_out:
        return row
    lines = known["text"].count("\n") + 1
    all_removed = add_removed_lines(removed_lines(connection, known["id"]), lines, trimmed.left_out)
    store_removed_lines(connection, known["id"], all_removed)
    changes = _columns_of_text(trimmed.text, row, policy)
    update_article(connection, known["id"], row | changes, changes)
    return row | changes


def _policy_without_boilerplate(
    decisions: Decisions,
    connection: sqlite3.Connection,
    outlet_text: OutletText,
    gone: frozenset[int],
) -> ChangeJudge:
    """Return the policy of changes, whose `reread` also removes the outlet's boilerplate."""
    reread, policy = decisions.changes.reread, decisions.boilerplate
    if reread is None:
        return decisions.changes

    def reread_without(digest: str) -> ArticleVersion | None:
        again = reread(digest)
        if again is None:
            return None
        all_gone = gone | lines_to_remove(connection, replace(outlet_text, text=again.text), policy)
        text = trim_text(again.text, all_gone, policy).text
        if text == again.text:
            return again
        return replace(again, text=text, fingerprint=policy.fingerprint(text))

    return replace(decisions.changes, reread=reread_without)


# -- rows ------------------------------------------------------------------------------------------


def _row_without_lines(
    reading: _ExtractedArticle, gone: Collection[int], policy: BoilerplatePolicy
) -> tuple[dict[str, Any], Mapping[int, int]]:
    """Return the columns of an article without these lines, and the removed lines."""
    article, trimmed = reading.article, trim_text(reading.outlet_text.text, gone, policy)
    row = article_row(article, reading.fingerprint)
    if trimmed.left_out:
        row |= _columns_of_text(trimmed.text, row, policy)
    return row | {"outlet_id": reading.outlet_text.outlet_id}, trimmed.left_out


def article_row(article: Article, fingerprint: str) -> dict[str, Any]:
    """Return the columns of an article."""
    row = {name: getattr(article, name) for name in ARTICLE_COLUMNS}
    row |= {"authors": json.dumps(article.authors, ensure_ascii=False), "fingerprint": fingerprint}
    known = article.features
    searched = (article.headline, article.standfirst, article.text, article.byline)
    if known and known.searchable_digest == features_digest(*searched):
        return row | {"bigrams": known.bigrams}
    return row | {"bigrams": _bigrams_of_row(row)}


def _columns_of_text(
    text: str, row: Mapping[str, Any], policy: BoilerplatePolicy
) -> dict[str, Any]:
    """Return the columns that depend on an article's text."""
    words, bigrams = (
        policy.word_count(text, row["language"]),
        _bigrams_of_row({**row, "text": text}),
    )
    return {
        "text": text,
        "fingerprint": policy.fingerprint(text),
        "word_count": words,
        "bigrams": bigrams,
    }


def _bigrams_of_row(row: Mapping[str, Any]) -> str | None:
    """Return the column `bigrams` of an article."""
    return bigrams(searchable_text(row["headline"], row["standfirst"], row["byline"], row["text"]))


def _insert_article(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
    """Insert an article; return its id, which no article had before."""
    row = row | {"id": next_article_id(connection)}
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    # our own names
    done = connection.execute(f"INSERT INTO articles ({names}) VALUES ({marks})", row)  # noqa: S608
    return int(done.lastrowid or 0)


def next_article_id(connection: sqlite3.Connection) -> int:
    """Return the id of the next article, above those of all articles, deleted ones too."""
    highest = connection.execute(
        """SELECT max(coalesce((SELECT max(id) FROM articles), 0),
          coalesce((SELECT highest_id FROM retired_articles), 0))"""
    ).fetchone()[0]
    return int(highest) + 1


def update_article(
    connection: sqlite3.Connection, article_id: int, row: dict[str, Any], names: Collection[str]
) -> None:
    """Update columns of an article.

    The outlet, the URL, and known dates and headlines that the new row lacks stay as they are; so
    does a date that was known more precisely.
    """
    optional = ("published_raw", "headline")
    unchanged = {"outlet_id", "url"} | {name for name in optional if row[name] is None}
    if row["published_at"] is None:
        unchanged |= PUBLICATION_DATE_COLUMNS - {"published_raw"}
    before = connection.execute(
        "SELECT published_at FROM articles WHERE id = ?", (article_id,)
    ).fetchone()[0]
    after = row["published_at"]
    if before and after and len(before) > len(after) and can_be_same_time(before, after):
        unchanged |= PUBLICATION_DATE_COLUMNS
    changes = ", ".join(f"{name} = :{name}" for name in names if name not in unchanged)
    # our own names
    connection.execute(f"UPDATE articles SET {changes} WHERE id = :id", row | {"id": article_id})  # noqa: S608
