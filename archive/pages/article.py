"""One article: what it says, whose text it is, what it belongs to and how it changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from archive.articles.language_keys import readable
from archive.articles.revisions import revisions_of
from archive.queries import lookup
from archive.queries.revision_diff import nature
from archive.records import below_standfirst
from archive.text.diff import as_html, as_inline_html, diff
from archive.text.formatting import direction, paragraphs, texts
from archive.text.html import web_link

Row = dict[str, Any]

OTHERS = 12
"""Articles of its event that are listed."""
TERMS = 6

SHARES = """
SELECT coalesce(r.coverage, 0) AS ours, coalesce(r.other_coverage, 0) AS theirs, r.facts
FROM relations r WHERE r.article_id = :one AND r.other_id = :other AND r.coverage IS NOT NULL
UNION ALL SELECT coalesce(r.other_coverage, 0), coalesce(r.coverage, 0), r.facts
FROM relations r WHERE r.article_id = :other AND r.other_id = :one AND r.coverage IS NOT NULL LIMIT 1"""

EVENT = """
SELECT e.id, e.articles, e.texts, e.first_at, e.last_at, m.joined, m.score, m.terms
FROM event_articles m JOIN events e ON e.id = m.event_id WHERE m.article_id = ?"""

OF_EVENT = """
SELECT a.id, a.headline, a.published_at, a.language, a.url, o.host AS outlet, coalesce(o.name, o.host) AS outlet_name,
       f.other_outlets
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
    "words": "It has words in common with it.",
    "keys": "It tells what a report in another language tells.",
    "tidy": "A second look found words in common.",
}


def article(connection: sqlite3.Connection, id: int) -> Row | None:
    """The article with all that its page shows; None if there is none."""
    record = lookup.article(connection, id)
    if record is None:
        return None
    revisions = revisions_of(connection, id) if record["revisions"] else []
    return record | {
        "paragraphs": paragraphs(below_standfirst(record["text"], record["standfirst"])),
        "direction": direction(record["language"]),
        "link": web_link(record["url"]) or record["url"],
        "addresses": [other | {"link": web_link(other["url"]) or other["url"]} for other in record["addresses"]],
        "related": [other | shares(connection, id, other["id"]) for other in record["related"]],
        "event": event(connection, record),
        "stories": stories(connection, record),
        "changes": [
            {"number": r.number, "seen_at": r.seen_at, "nature": nature(r), "stealth": r.stealth,
             "added": r.words_added, "removed": r.words_removed}
            for r in reversed(revisions)
        ],
    }  # fmt: skip


def shares(connection: sqlite3.Connection, id: int, other: int) -> Row:
    """How much of this article the other has (`ours`), of the other this (`theirs`), and the
    `facts` that agree."""
    row = connection.execute(SHARES, {"one": id, "other": other}).fetchone()
    return dict(row) if row else {"ours": None, "theirs": None, "facts": None}


def event(connection: sqlite3.Connection, record: Row) -> Row | None:
    """The event of an article, why it belongs, and the event's other texts; None if it stands
    alone."""
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
    """The stories that an article was listed in, the surest first; `verdict` is a person's word."""
    rows = connection.execute(STORIES, (record["id"],))
    return [dict(row) | {"terms": written(texts(row["terms"])[:TERMS], record)} for row in rows]


def written(terms: Iterable[str], record: Row) -> list[str]:
    """Stems, as the article writes them."""
    from archive.exports.dossier import as_written

    return list(as_written(terms, f"{record['headline'] or ''}\n{record['text']}"))


def beside(connection: sqlite3.Connection, id: int, other_id: int) -> Row | None:
    """Two articles compared, the earlier as the old text: `old`, `new`, `headline`, `text` (HTML)
    and the words.

    None if one of them is not there.
    """
    pair = [lookup.article(connection, each) for each in (id, other_id)]
    if pair[0] is None or pair[1] is None or id == other_id:
        return None
    old, new = sorted(
        filter(None, pair),
        key=lambda each: (each["published_at"] is None, each["published_at"] or ""),
    )
    headlines, bodies = (
        diff(old["headline"] or "", new["headline"] or ""),
        diff(old["text"], new["text"]),
    )
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
