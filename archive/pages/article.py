"""The page of an article: its text, its copies, its stories and event, and its revisions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from archive.articles.language_keys import readable_keys
from archive.articles.revisions import Revision, article_revisions
from archive.queries import lookup
from archive.queries.evidence import unfinished_deposits
from archive.queries.lookup import PlainRow
from archive.queries.revision_diff import revision_kinds_text
from archive.records import RENDERED_MARK, text_below_standfirst
from archive.text.diff import diff_as_html, diff_as_inline_html, diff_texts
from archive.text.diff_columns import columns_as_html, shared_word_share
from archive.text.formatting import direction, parse_json_texts, split_paragraphs
from archive.text.html import outward_link

MAX_EVENT_ARTICLES = 12
"""Articles of the same event that are listed."""
MAX_ARTICLE_PAGE_TERMS = 6
"""Terms shown for each story and event."""
COMPARISON_VIEWS = ("columns", "inline")
"""The ways in which two texts are shown."""
MIN_INLINE_SHARE = 0.5
"""Share of common words from which two texts are shown as one text with its changes."""

SHARED_TEXT_SQL = """
SELECT coalesce(r.coverage, 0) AS ours, coalesce(r.other_coverage, 0) AS theirs, r.facts
FROM relations r WHERE r.article_id = :one AND r.other_id = :other AND r.coverage IS NOT NULL
UNION ALL SELECT coalesce(r.other_coverage, 0), coalesce(r.coverage, 0), r.facts
FROM relations r WHERE r.article_id = :other AND r.other_id = :one AND r.coverage IS NOT NULL LIMIT 1"""

ARTICLE_EVENT_SQL = """
SELECT e.id, e.articles, e.texts, e.first_at, e.last_at, m.joined, m.score, m.terms
FROM event_articles m JOIN events e ON e.id = m.event_id WHERE m.article_id = ?"""

EVENT_ARTICLES_SQL = """
SELECT a.id, a.headline, a.published_at, a.published_day, a.published_offset, a.language, a.url, o.host AS outlet,
       coalesce(o.name, o.host) AS outlet_name, f.other_outlets
FROM event_articles m JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
JOIN originals f ON f.id = a.id
WHERE m.event_id = :event AND a.id <> :id AND f.original_id = a.id
  AND a.id <> (SELECT original_id FROM originals WHERE id = :id)
ORDER BY a.published_at IS NULL, a.published_at, a.id LIMIT :most"""

ARTICLE_STORIES_SQL = """
SELECT s.name, s.title, m.probability, m.tier, m.part, m.terms, m.verdict
FROM story_articles m JOIN stories s ON s.id = m.story_id
WHERE m.article_id = ? AND (m.verdict IS NOT NULL OR m.tier IS NOT NULL)
ORDER BY m.verdict IS 'not', m.probability DESC"""

JOINED_REASONS = {
    "first": "It is the event's first article.",
    "copy": "It is a copy of one of its articles.",
    "words": "It shares words with it.",
    "keys": "It reports the same as an article in another language.",
    "tidy": "A second comparison found words in common.",
}
"""Why an article is part of an event, by `event_articles.joined`."""


def article_page_data(connection: sqlite3.Connection, id: int) -> PlainRow | None:
    """Return an article with everything that its page shows, or None."""
    record = lookup.article_with_context(connection, id)
    if record is None:
        return None
    revisions = article_revisions(connection, id) if record["revisions"] else []
    addresses = [other | {"link": _link_or_url(other["url"])} for other in record["addresses"]]
    related = [other | text_shares(connection, id, other["id"]) for other in record["related"]]
    return record | {
        "paragraphs": split_paragraphs(text_below_standfirst(record["text"], record["standfirst"])),
        "direction": direction(record["language"]),
        "link": _link_or_url(record["url"]),
        "addresses": addresses,
        "related": related,
        "event": event_of_article(connection, record),
        "stories": stories_of_article(connection, record),
        "changes": [_change_row(revision) for revision in reversed(revisions)],
        "rendered": RENDERED_MARK in (record["extractor"] or ""),
        "moved_to": lookup.moved_page_path(connection, record["digest"]),
        "deposits": unfinished_deposits(connection, id),
    }


def _link_or_url(url: str) -> str:
    """Return a link to a web URL; any other URL as plain text."""
    return outward_link(url) or url


def _change_row(revision: Revision) -> PlainRow:
    return {
        "number": revision.number,
        "seen_at": revision.seen_at,
        "nature": revision_kinds_text(revision),
        "stealth": revision.stealth,
        "added": revision.words_added,
        "removed": revision.words_removed,
    }


def text_shares(connection: sqlite3.Connection, id: int, other: int) -> PlainRow:
    """Return how much two articles share, with None for unknown values.

    `ours` is the share of this article that the other has, `theirs` the reverse, `facts` the share
    of numbers and names that agree.
    """
    row = connection.execute(SHARED_TEXT_SQL, {"one": id, "other": other}).fetchone()
    return dict(row) if row else {"ours": None, "theirs": None, "facts": None}


def event_of_article(connection: sqlite3.Connection, record: PlainRow) -> PlainRow | None:
    """Return the event of an article, the reason it belongs and the event's other texts.

    None if no other article reports the event.
    """
    row = connection.execute(ARTICLE_EVENT_SQL, (record["id"],)).fetchone()
    if row is None or row["articles"] < 2:
        return None
    others = connection.execute(
        EVENT_ARTICLES_SQL, {"event": row["id"], "id": record["id"], "most": MAX_EVENT_ARTICLES}
    )
    return dict(row) | {
        "why": JOINED_REASONS.get(row["joined"], row["joined"]),
        "terms": article_terms(
            readable_keys(parse_json_texts(row["terms"]))[:MAX_ARTICLE_PAGE_TERMS], record
        ),
        "others": [dict(other) for other in others],
    }


def stories_of_article(connection: sqlite3.Connection, record: PlainRow) -> list[PlainRow]:
    """Return the stories that list an article, most probable first; `verdict` is a person's."""
    rows = connection.execute(ARTICLE_STORIES_SQL, (record["id"],))
    return [
        dict(row)
        | {"terms": article_terms(parse_json_texts(row["terms"])[:MAX_ARTICLE_PAGE_TERMS], record)}
        for row in rows
    ]


def article_terms(terms: Iterable[str], record: PlainRow) -> list[str]:
    """Return stems as the article writes them."""
    from archive.exports.dossier import terms_as_written

    return list(terms_as_written(terms, f"{record['headline'] or ''}\n{record['text']}"))


def article_comparison(
    connection: sqlite3.Connection, id: int, other_id: int, view: str = ""
) -> PlainRow | None:
    """Return two articles compared word by word, the earlier one as the old text.

    `view` is `columns` or `inline`; any other text chooses columns for texts that share less than
    `MIN_INLINE_SHARE` of their words. The keys are `old`, `new`, `view`, `headline` and `text`
    (HTML; rows of a table for columns), the words `added` and `removed`, and what `text_shares`
    returns. None if one of the two does not exist.
    """
    one, other = (
        lookup.article_with_context(connection, id),
        lookup.article_with_context(connection, other_id),
    )
    if one is None or other is None or id == other_id:
        return None
    old, new = sorted([one, other], key=_publication_order)
    headlines = diff_texts(old["headline"] or "", new["headline"] or "")
    bodies = diff_texts(old["text"], new["text"])
    if view not in COMPARISON_VIEWS:
        view = "inline" if shared_word_share(bodies) >= MIN_INLINE_SHARE else "columns"
    return {
        "old": old,
        "new": new,
        "view": view,
        "direction": direction(new["language"]),
        "headline": diff_as_inline_html(headlines),
        "text": columns_as_html(bodies) if view == "columns" else diff_as_html(bodies),
        "added": bodies.words_added,
        "removed": bodies.words_removed,
        **text_shares(connection, old["id"], new["id"]),
    }


def _publication_order(record: PlainRow) -> tuple[bool, str]:
    """Sort by publication, undated articles last."""
    return record["published_at"] is None, record["published_at"] or ""
