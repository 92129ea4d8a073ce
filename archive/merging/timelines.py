"""When an article was seen, and how it was then: the versions of one archive, or of two in order.

A sighting is a version that the archive stored, or a later fetch that found the article unchanged.
The latter matter only between versions of another archive: they show that a change was undone.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from archive.articles.boilerplate import removed_lines
from archive.articles.histories import SeenVersion
from archive.articles.store import ARTICLE_COLUMNS
from archive.frontier.urls import OWN_ROLES_SQL
from archive.records import Article

VERSION_COLUMNS = (
    "headline", "standfirst", "byline", "authors", "text", "published_at", "stated_at",
    "modified_at", "digest", "extractor",
)  # fmt: skip
"""Columns of `articles` that each revision has too."""
CURRENT_ONLY_COLUMNS = ("free", "word_count", "modified_raw")
"""Columns that say nothing about an earlier version."""

SUCCESSFUL_FETCHES_SQL = f"""
SELECT DISTINCT f.fetched_at FROM urls u JOIN fetches f ON f.url_id = u.id
WHERE u.article_id = ? AND u.leads_to IS NULL AND u.role IN {OWN_ROLES_SQL}
  AND f.outcome IN ('new', 'changed', 'unchanged') AND f.reason IS NULL ORDER BY 1"""  # noqa: S608  a constant is put in


@dataclass(frozen=True, slots=True)
class Sighting:
    """An article seen at one time."""

    version: SeenVersion
    look: tuple[str | None, ...]
    """The fields that a reader sees; two sightings that agree in them show no change."""
    again: bool = False
    """True if a fetch only found the version that was known."""
    other: bool = False
    """True if it is the other archive's."""

    @property
    def seen_at(self) -> str:
        """When it was seen, UTC."""
        return self.version.seen_at


def sightings_of_article(connection: sqlite3.Connection, article_id: int) -> list[Sighting]:
    """Return the sightings of an article in the order of time."""
    article = connection.execute("SELECT * FROM articles WHERE id = ?", (article_id,)).fetchone()
    removed = removed_lines(connection, article_id)
    rows = connection.execute(
        "SELECT * FROM revisions WHERE article_id = ? ORDER BY number", (article_id,)
    ).fetchall()
    if rows:
        newest = max((row["number"] for row in rows if not _is_gone(row)), default=0)
        seen = [
            _sighting_of_revision(article, row, removed if row["number"] == newest else {})
            for row in rows
        ]
    else:
        version = SeenVersion(article["fetched_at"], _article_of_row(article), removed=removed)
        seen = [Sighting(version, _look_of_row(article))]
    seen += _held_sightings(connection, article)
    again = connection.execute(SUCCESSFUL_FETCHES_SQL, (article_id,)).fetchall()
    return _with_unchanged(seen, [str(row[0]) for row in again])


@dataclass(frozen=True, slots=True)
class MergedHistory:
    """The versions of an article in two archives, in the order of time."""

    versions: tuple[SeenVersion, ...]
    only_later: bool
    """True if these are versions after all of ours; False if they replace ours."""


def merged_history(
    ours: Sequence[Sighting], theirs: Iterable[Sighting], fetched: Collection[str] = ()
) -> MergedHistory | None:
    """Return the versions of both archives in the order of time; None if theirs add nothing.

    `fetched` has the times of the fetches that our archive knows; what these saw is in it already.
    Sightings that show what was last seen are left out.
    """
    new = [replace(each, other=True) for each in theirs if each.seen_at not in fetched]
    kept = order_sightings([*ours, *new])
    if not any(each.other for each in kept):
        return None
    newest = max(each.seen_at for each in ours)
    later = [each.version for each in kept if each.other]
    if all(version.seen_at >= newest for version in later):
        return MergedHistory(tuple(later), only_later=True)
    first = next((at for at, each in enumerate(kept) if each.version.article), 0)
    return MergedHistory(tuple(each.version for each in kept[first:]), only_later=False)


def order_sightings(sightings: Iterable[Sighting]) -> list[Sighting]:
    """Return sightings in the order of time, without those that show what was last seen."""
    kept: list[Sighting] = []
    for each in sorted(sightings, key=_order):
        if not (kept and _is_repetition(kept, each)):
            kept.append(each)
    return kept


def _is_repetition(kept: Sequence[Sighting], new: Sighting) -> bool:
    """Return whether a sighting says nothing after those that are kept.

    The first one after a version that no second fetch has confirmed may confirm it.
    """
    last = kept[-1]
    is_confirmed = last.again or last.version.confirmed or len(kept) == 1
    return (new.again or new.other) and last.look == new.look and is_confirmed


def _order(sighting: Sighting) -> tuple[str, bool]:
    return sighting.seen_at, sighting.again


def _with_unchanged(seen: list[Sighting], times: Sequence[str]) -> list[Sighting]:
    """Return the sightings with those of fetches that found the version of that time again."""
    result = sorted(seen, key=_order)
    known = {each.seen_at for each in seen}
    added = []
    for at in times:
        before = [each for each in result if each.seen_at <= at and each.version.article]
        if at in known or not before:
            continue
        same = before[-1]
        again = SeenVersion(
            at, same.version.article, same.version.confirmed, removed=same.version.removed
        )
        added.append(Sighting(again, same.look, again=True))
    return sorted([*result, *added], key=_order)


def _sighting_of_revision(
    article: sqlite3.Row, row: sqlite3.Row, removed: dict[int, int]
) -> Sighting:
    """Return the sighting in a row of `revisions`."""
    at, is_later = str(row["seen_at"]), row["number"] > 1
    if _is_gone(row):
        return Sighting(SeenVersion(at, None, gone_reason=row["gone_reason"]), ("gone",))
    values: dict[str, Any] = {name: row[name] for name in VERSION_COLUMNS}
    if row["digest"] != article["digest"] or row["fingerprint"] != article["fingerprint"]:
        values |= dict.fromkeys(CURRENT_ONLY_COLUMNS) | {"word_count": 0}
    version = SeenVersion(
        at, _article_of_row(dict(article) | values), confirmed=is_later, removed=removed
    )
    return Sighting(version, _look_of_row(row))


def _held_sightings(connection: sqlite3.Connection, article: sqlite3.Row) -> list[Sighting]:
    """Return the version that waits for a second fetch, if there is one."""
    held = connection.execute(
        "SELECT * FROM unconfirmed_revisions WHERE article_id = ?", (article["id"],)
    ).fetchone()
    if held is None:
        return []
    values = {"text": held["text"], "digest": held["digest"], "word_count": 0}
    version = SeenVersion(held["seen_at"], _article_of_row(dict(article) | values))
    return [Sighting(version, (held["text"],))]


def _article_of_row(row: sqlite3.Row | dict[str, Any]) -> Article:
    """Return the article in a row of `articles`."""
    values = {name: row[name] for name in ARTICLE_COLUMNS}
    values["authors"] = tuple(json.loads(values["authors"]))
    values["free"] = None if values["free"] is None else bool(values["free"])
    known = {field.name for field in fields(Article)}
    return Article(**{name: value for name, value in values.items() if name in known})


def _look_of_row(row: sqlite3.Row) -> tuple[str | None, ...]:
    """Return what a reader sees of a version."""
    seen = ("fingerprint", "headline", "standfirst", "byline", "published_at", "modified_at")
    return tuple(row[name] for name in seen)


def _is_gone(row: sqlite3.Row) -> bool:
    """Return whether a revision says that the article is gone."""
    return "gone" in json.loads(row["kinds"])
