"""Keeping an article: is it one that is there already, did it change, and is its text another's?

What is one text, and what a change, is decided elsewhere and comes in as `Decisions`. All functions
run inside the caller's transaction.

What an outlet repeats (`archive.articles.boilerplate`) is left out first: what is kept, compared
and searched is the rest. Of a known article it is left out of the old reading too, before the two
are compared; so what was learnt meanwhile changes a text and is no revision.
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
"""What the text at a newer slug is to the known one; an excerpt may be the second page of an
article."""

DATES = ("modified_at", "modified_raw")
"""What an article takes of a reading in which only the page's own dates moved."""


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the archive asks and does not know itself (`pipelines.policies.DECISIONS`)."""

    texts: TextJudge
    """What one text is to another."""
    identity: IdentityJudge
    """Whether what was read at an address is the article that stood there."""
    habits: HabitJudge
    """What a line is to its outlet."""
    changes: ChangeJudge
    """What a new reading of a known article is."""
    due_at: Callable[[Looks, str], str | None]
    """What is known of an article's looks, and now → when to look again."""
    source_due: Callable[[Rhythm, str], Due]
    """What is known of a feed or sitemap, and now → when to look again."""
    events: EventJudge
    """What belongs to one event."""
    keys: KeyJudge
    """What an article is known by in any language."""
    stories: StoryJudge
    """What belongs to a story that a person follows."""


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of an article that was read."""

    article_id: int
    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Reading:
    """An article as it was read, and what its lines are to its outlet."""

    article: Article
    fingerprint: str
    told: Told
    lines: Lines


def keep_article(connection: sqlite3.Connection, check: Check, decisions: Decisions) -> Filed:
    """Keep what a check read: a new article, a revision of one that is known, or nothing that one
    would see."""
    if check.article is None:
        raise ValueError("a check without an article")
    found = find(connection, check, decisions.identity)
    if found and found.fit == "part":
        return _note_part(connection, check, int(found.row["id"]))
    known = found.row if found else None
    article = (
        check.article
        if known
        else replace(check.article, url=own_address(connection, check, check.article))
    )
    told = Told(outlet_of(connection, article.url), article.text, article.language)
    lines = consider(connection, told, decisions.habits, known["id"] if known else None)
    reading = _Reading(article, check.fingerprint, told, lines)
    if known is None:
        filed = _keep_new(connection, reading, decisions)
    else:
        filed = _keep_again(connection, known, reading, decisions)
    add_addresses(connection, filed.article_id, check.addresses)
    file(connection, filed.article_id, decisions.stories, changed=filed.outcome != "unchanged")
    return filed


def _note_part(connection: sqlite3.Connection, check: Check, article_id: int) -> Filed:
    """A page that shows only a part of a known article leaves that as it is, and is never taken for
    its own address."""
    add_addresses(
        connection, article_id, [replace(address, role="part") for address in check.addresses]
    )
    return Filed(article_id, "unchanged", f"shows a part of article {article_id}")


def _keep_new(connection: sqlite3.Connection, reading: _Reading, decisions: Decisions) -> Filed:
    """A new article; unless it proves to be a version of one that the outlet has under an older
    slug."""
    gone = decisions.habits.gone(reading.told.text, reading.lines.habits, reading.told.language)
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
    remember(connection, reading.told, article_id, reading.lines, decisions.habits)
    return Filed(article_id, "new")


def _under_older_slug(
    connection: sqlite3.Connection,
    row: dict[str, Any],
    relations: Iterable[Relation],
    decisions: Decisions,
) -> sqlite3.Row | None:
    """The article of the same number in its address whose text agrees: `/12345-old-title`, now
    `/12345-new-title`."""
    for relation in relations:
        if relation.likeness.kind in SAME_UNDER_ANOTHER_SLUG:
            other = connection.execute(
                "SELECT * FROM articles WHERE id = ?", (relation.other_id,)
            ).fetchone()
            if other["outlet_id"] == row["outlet_id"] and decisions.identity.same_number(
                other["url"], row["url"]
            ):
                return other  # type: ignore[no-any-return]
    return None


def _keep_again(
    connection: sqlite3.Connection, known: sqlite3.Row, reading: _Reading, decisions: Decisions
) -> Filed:
    """What was said before is kept, where it has to be, before the article's row changes."""
    article_id, at = int(known["id"]), reading.article.fetched_at or ""
    if at < known["fetched_at"]:
        return Filed(article_id, "unchanged", "older than what is kept")
    gone = _gone_of_both(connection, known, reading, decisions.habits)
    old = (
        _leave_out(connection, known, gone, decisions.habits)
        if _is_another_page(known, reading)
        else dict(known)
    )
    row, without = _row_without(reading, gone, decisions.habits)
    kept = keep_revision(
        connection, old, row, _reads_without(decisions, connection, reading.told, gone)
    )
    if kept.takes != "nothing":
        _update(connection, article_id, row, DATES if kept.takes == "dates" else row)
    if kept.takes == "all":
        keep_left_out(connection, article_id, without)
    _follow(connection, known, at, decisions, reworded=kept.takes == "all")
    # what is held or was not read well teaches nothing
    if kept.takes != "nothing" or row["text"] == old["text"]:
        remember(connection, reading.told, article_id, reading.lines, decisions.habits)
    return Filed(article_id, kept.outcome, kept.reason)


def _follow(
    connection: sqlite3.Connection,
    known: sqlite3.Row,
    at: str,
    decisions: Decisions,
    *,
    reworded: bool,
) -> None:
    """What is made of an article's text, made anew where that changed."""
    now = connection.execute(
        "SELECT fingerprint FROM articles WHERE id = ?", (known["id"],)
    ).fetchone()[0]
    if now != known["fingerprint"]:
        relate(connection, known["id"], decisions.texts, at)
    if reworded or now != known["fingerprint"]:
        reword(connection, known["id"], decisions.events)
        keep_keys(connection, known["id"], decisions.keys)


# -- what an outlet repeats ------------------------------------------------------------------------


def catch_up(connection: sqlite3.Connection, article_id: int, decisions: Decisions) -> int:
    """Leave out of an article what was learnt of its outlet since; the number of lines that
    went."""
    known = connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
    judge, told = decisions.habits, Told(known["outlet_id"], known["text"], known["language"])
    now = _leave_out(connection, known, gone_of(connection, told, judge), judge)
    if now["text"] == known["text"]:
        return 0
    _follow(connection, known, known["fetched_at"], decisions, reworded=False)
    file(connection, article_id, decisions.stories, changed=True)
    return int(known["text"].count("\n")) - int(now["text"].count("\n"))


def learn(connection: sqlite3.Connection, article_id: int, decisions: Decisions) -> None:
    """Learn of an outlet what an article of it shows that stays as it is."""
    known = connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
    told = Told(known["outlet_id"], known["text"], known["language"])
    remember(
        connection,
        told,
        article_id,
        consider(connection, told, decisions.habits, article_id),
        decisions.habits,
    )


def _is_another_page(known: sqlite3.Row, reading: _Reading) -> bool:
    return known["digest"] is None or known["digest"] != reading.article.digest


def _gone_of_both(
    connection: sqlite3.Connection, known: sqlite3.Row, reading: _Reading, judge: HabitJudge
) -> frozenset[int]:
    """What is left out of a reading, by its marks; of another page's also what was, and now is, of
    the old reading."""
    told, habits = reading.told, reading.lines.habits
    gone = judge.gone(told.text, habits, told.language)
    if not _is_another_page(known, reading):
        return gone
    old = Told(told.outlet_id, known["text"], known["language"])
    habits |= habits_in(connection, old, judge)
    return gone.union(
        left_out(connection, known["id"]).values(), judge.gone(old.text, habits, old.language)
    )


def _leave_out(
    connection: sqlite3.Connection, known: sqlite3.Row, gone: Collection[int], judge: HabitJudge
) -> dict[str, Any]:
    """The row of an article, which now has its text, and those of its revisions, without these
    lines."""
    trimmed = trim(known["text"], gone, judge)
    row = dict(known)
    for revision in connection.execute(
        "SELECT id, text FROM revisions WHERE article_id = ?", (known["id"],)
    ).fetchall():
        if (then := trim(revision["text"], gone, judge)).left_out:
            connection.execute(
                "UPDATE revisions SET text = ?, fingerprint = ? WHERE id = ?",
                (then.text, judge.fingerprint(then.text), revision["id"]),
            )
    if not trimmed.left_out:
        return row
    lines = known["text"].count("\n") + 1
    keep_left_out(
        connection, known["id"], added(left_out(connection, known["id"]), lines, trimmed.left_out)
    )
    changes = _of_text(trimmed.text, row, judge)
    _update(connection, known["id"], row | changes, changes)
    return row | changes


def _reads_without(
    decisions: Decisions, connection: sqlite3.Connection, told: Told, gone: frozenset[int]
) -> ChangeJudge:
    """The judge of changes, to whom the old page is read anew as the new one was: without what the
    outlet repeats."""
    reread, judge = decisions.changes.reread, decisions.habits
    if reread is None:
        return decisions.changes

    def without(digest: str) -> Version | None:
        again = reread(digest)
        if again is None:
            return None
        text = trim(
            again.text, gone | gone_of(connection, replace(told, text=again.text), judge), judge
        ).text
        return (
            again
            if text == again.text
            else replace(again, text=text, fingerprint=judge.fingerprint(text))
        )

    return replace(decisions.changes, reread=without)


# -- rows ------------------------------------------------------------------------------------------


def _row_without(
    reading: _Reading, gone: Collection[int], judge: HabitJudge
) -> tuple[dict[str, Any], Mapping[int, int]]:
    """The columns of an article without the lines of these marks, and which lines of it those
    were."""
    article, trimmed = reading.article, trim(reading.told.text, gone, judge)
    row = _row(article, reading.fingerprint)
    if trimmed.left_out:
        row |= _of_text(trimmed.text, row, judge)
    return row | {"outlet_id": reading.told.outlet_id}, trimmed.left_out


def _row(article: Article, fingerprint: str) -> dict[str, Any]:
    row = {name: getattr(article, name) for name in COLUMNS}
    row |= {"authors": json.dumps(article.authors, ensure_ascii=False), "fingerprint": fingerprint}
    return row | {"bigrams": _bigrams(row)}


def _of_text(text: str, row: Mapping[str, Any], judge: HabitJudge) -> dict[str, Any]:
    """The columns that follow from an article's text."""
    words, bigrams = judge.word_count(text, row["language"]), _bigrams({**row, "text": text})
    return {
        "text": text,
        "fingerprint": judge.fingerprint(text),
        "word_count": words,
        "bigrams": bigrams,
    }


def _bigrams(row: Mapping[str, Any]) -> str | None:
    return bigrams(searchable_text(row["headline"], row["standfirst"], row["byline"], row["text"]))


def _insert(connection: sqlite3.Connection, row: dict[str, Any]) -> int:
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    # our own names
    done = connection.execute(f"INSERT INTO articles ({names}) VALUES ({marks})", row)  # noqa: S608
    return int(done.lastrowid or 0)


def _update(
    connection: sqlite3.Connection, article_id: int, row: dict[str, Any], names: Collection[str]
) -> None:
    """The outlet, the address and a date that was known, or known more finely, stay as they are."""
    kept = {"outlet_id", "url"} | {
        name for name in ("published_at", "published_raw", "headline") if row[name] is None
    }
    before = connection.execute(
        "SELECT published_at FROM articles WHERE id = ?", (article_id,)
    ).fetchone()[0]
    if before and row["published_at"] and len(before) > len(row["published_at"]):
        kept |= (
            {"published_at", "published_raw"}
            if say_the_same(before, row["published_at"])
            else set()
        )
    changes = ", ".join(f"{name} = :{name}" for name in names if name not in kept)
    # our own names
    connection.execute(f"UPDATE articles SET {changes} WHERE id = :id", row | {"id": article_id})  # noqa: S608
