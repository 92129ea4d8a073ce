"""The page of an article: its text, its copies, its stories and event, and its revisions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from archive.articles.language_keys import readable
from archive.articles.revisions import Revision, revisions_of
from archive.queries import lookup
from archive.queries.lookup import Row
from archive.queries.revision_diff import nature
from archive.records import below_standfirst
from archive.text.diff import as_html, as_inline_html, diff
from archive.text.formatting import direction, paragraphs, texts
from archive.text.html import web_link

OTHERS = 12
"""Articles of the same event that are listed."""
TERMS = 6
"""Terms shown for each story and event."""

SHARES = """
SELECT coalesce(r.coverage, 0) AS ours, coalesce(r.other_coverage, 0) AS theirs, r.facts
FROM relations r WHERE r.article_id = :one AND r.other_id = :other AND r.coverage IS NOT NULL
UNION ALL SELECT coalesce(r.other_coverage, 0), coalesce(r.coverage, 0), r.facts
FROM relations r WHERE r.article_id = :other AND r.other_id = :one AND r.coverage IS NOT NULL LIMIT 1"""

EVENT = """
SELECT e.id, e.articles, e.texts, e.first_at, e.last_at, m.joined, m.score, m.terms
FROM event_articles m JOIN events e ON e.id = m.event_id WHERE m.article_id = ?"""

OF_EVENT = """
SELECT a.id, a.headline, a.published_at, a.language, a.url, o.host AS outlet,
       coalesce(o.name, o.host) AS outlet_name, f.other_outlets
FROM event_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
JOIN folded f ON f.id = a.id
WHERE m.event_id = :event AND a.id <> :id AND f.original_id = a.id
  AND a.id <> (SELECT original_id FROM folded WHERE id = :id)
ORDER BY a.published_at IS NULL, a.published_at, a.id LIMIT :most"""

STORIES = """
SELECT s.name, s.title, m.probability, m.tier, m.part, m.terms, m.verdict
FROM story_articles m JOIN stories s ON s.id = m.story_id
WHERE m.article_id = ? AND (m.verdict IS NOT NULL OR m.tier IS NOT NULL)
ORDER BY m.verdict IS 'not', m.probability DESC"""

JOINED = {
    "first": "It is the event's first article.",
    "copy": "It is a copy of one of its articles.",
    "words": "It shares words with it.",
    "keys": "It reports the same as an article in another language.",
    "tidy": "A second comparison found words in common.",
}
"""Why an article is part of an event, by `event_articles.joined`."""


def article(connection: sqlite3.Connection, id: int) -> Row | None:
    """Return an article with everything that its page shows, or None."""
    record = lookup.article(connection, id)
    if record is None:
        return None
    revisions = revisions_of(connection, id) if record["revisions"] else []
    addresses = [other | {"link": _link(other["url"])} for other in record["addresses"]]
    related = [other | shares(connection, id, other["id"]) for other in record["related"]]
    return record | {
        "paragraphs": paragraphs(below_standfirst(record["text"], record["standfirst"])),
        "direction": direction(record["language"]),
        "link": _link(record["url"]),
        "addresses": addresses,
        "related": related,
        "event": event(connection, record),
        "stories": stories(connection, record),
        "changes": [_change_row(revision) for revision in reversed(revisions)],
    }


def _link(url: str) -> str:
    """Return a link to a web URL; any other URL as plain text."""
    return web_link(url) or url


def _change_row(revision: Revision) -> Row:
    return {
        "number": revision.number,
        "seen_at": revision.seen_at,
        "nature": nature(revision),
        "stealth": revision.stealth,
        "added": revision.words_added,
        "removed": revision.words_removed,
    }


def shares(connection: sqlite3.Connection, id: int, other: int) -> Row:
    """Return how much two articles share, with None for unknown values.

    `ours` is the share of this article that the other has, `theirs` the reverse, `facts` the share
    of numbers and names that agree.
    """
    row = connection.execute(SHARES, {"one": id, "other": other}).fetchone()
    return dict(row) if row else {"ours": None, "theirs": None, "facts": None}


def event(connection: sqlite3.Connection, record: Row) -> Row | None:
    """Return the event of an article, the reason it belongs and the event's other texts.

    None if no other article reports the event.
    """
    row = connection.execute(EVENT, (record["id"],)).fetchone()
    if row is None or row["articles"] < 2:
        return None
    others = connection.execute(OF_EVENT, {"event": row["id"], "id": record["id"], "most": OTHERS})
    return dict(row) | {
        "why": JOINED.get(row["joined"], row["joined"]),
        "terms": written(readable(texts(row["terms"]))[:TERMS], record),
        "others": [dict(other) for other in others],
    }


def stories(connection: sqlite3.Connection, record: Row) -> list[Row]:
    """Return the stories that list an article, most probable first; `verdict` is a person's."""
    rows = connection.execute(STORIES, (record["id"],))
    return [dict(row) | {"terms": written(texts(row["terms"])[:TERMS], record)} for row in rows]


def written(terms: Iterable[str], record: Row) -> list[str]:
    """Return stems as the article writes them."""
    from archive.exports.dossier import as_written

    return list(as_written(terms, f"{record['headline'] or ''}\n{record['text']}"))


def beside(connection: sqlite3.Connection, id: int, other_id: int) -> Row | None:
    """Return two articles compared word by word, the earlier one as the old text.

    The keys are `old`, `new`, `headline` and `text` (HTML), the words `added` and `removed`, and
    what `shares` returns. None if one of the two does not exist.
    """
    one, other = lookup.article(connection, id), lookup.article(connection, other_id)
    if one is None or other is None or id == other_id:
        return None
    old, new = sorted([one, other], key=_publication_order)
    headlines = diff(old["headline"] or "", new["headline"] or "")
    bodies = diff(old["text"], new["text"])
    return {
        "old": old,
        "new": new,
        "direction": direction(new["language"]),
        "headline": as_inline_html(headlines),
        "text": as_html(bodies),
        "added": bodies.words_added,
        "removed": bodies.words_removed,
        **shares(connection, old["id"], new["id"]),
    }


def _publication_order(record: Row) -> tuple[bool, str]:
    """Sort by publication, undated articles last."""
    return record["published_at"] is None, record["published_at"] or ""
