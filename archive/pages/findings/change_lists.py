"""Lists of changes: what outlets changed after publication, with the changed words."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from archive.pages.filters import PageFilters
from archive.pages.findings.day_groups import group_by_day
from archive.queries.lookup import PlainRow
from archive.queries.story_changes import CHANGE_KIND_LABELS
from archive.records import text_with_standfirst
from archive.text.diff import (
    DiffParagraph,
    DiffPiece,
    TextDiff,
    changed_lines,
    diff_as_inline_html,
    diff_texts,
    is_unchanged_paragraph,
)
from archive.text.formatting import direction, many, parse_json_texts
from archive.text.html import text_excerpt

CHANGE_LIST_SIZE = 20
"""Changes per page."""
MAX_COUNTED_CHANGES = 1_000
"""Changes of some articles that are counted."""
MAX_CHANGE_OUTLETS = 40
"""Outlets that the filter offers, those with most of the newest changes."""
MAX_CHANGE_PAGES = 500
"""Pages that the list can be turned to."""
MAX_COMPARED_LINES = 1_000
"""Lines of a text that are compared for a list."""
MAX_SNIPPET_SOURCE_CHARS = 3_000
"""Characters of each changed passage that are compared word by word for a list."""
MAX_SNIPPET_CHARS = 360
"""Characters of changed words that a list shows, with those around them."""
MAX_PIECE_CHARS = 180
"""Characters of one passage in it."""
SNIPPET_CONTEXT_CHARS = 50
"""Characters of unchanged words around the changed ones."""

CHANGE_KINDS = {
    "headline": ("headlines", """r.kinds LIKE '%"headline"%'"""),
    "silently": ("made silently", "r.stealth = 1"),
    "correction": ("corrections", """r.kinds LIKE '%"correction"%'"""),
    "gone": ("pages gone", """r.kinds LIKE '%"gone"%'"""),
}
"""Kinds that the list can be limited to: their names, and their conditions in SQL."""

CHANGE_COUNTS_SQL = """
SELECT count(*) AS every, coalesce(sum({headline}), 0) AS headline,
       coalesce(sum({silently}), 0) AS silently, coalesce(sum({correction}), 0) AS correction,
       coalesce(sum({gone}), 0) AS gone
FROM revisions r WHERE r.number > 1 AND {condition}"""

CHANGE_IDS_SQL = """
SELECT r.id, r.seen_at FROM revisions r WHERE r.number > 1 AND {condition}
ORDER BY r.seen_at DESC, r.id DESC LIMIT :limit OFFSET :offset"""

NOTABLE_CHANGES_SQL = """
SELECT r.id FROM revisions r
WHERE r.number > 1 AND {condition} AND r.kinds <> '["typographic"]'
ORDER BY CASE WHEN r.stealth AND r.kinds LIKE '%"headline"%' THEN 0
              WHEN r.kinds LIKE '%"correction"%' THEN 1 WHEN r.kinds LIKE '%"gone"%' THEN 2
              WHEN r.stealth THEN 3 WHEN r.kinds LIKE '%"headline"%' THEN 4 ELSE 5 END,
         r.seen_at DESC, r.id DESC LIMIT :limit"""

CHANGED_ARTICLES_IDS_SQL = """
SELECT r.id, r.stealth FROM json_each(?) j CROSS JOIN revisions r ON r.article_id = j.value
WHERE r.number > 1 ORDER BY r.seen_at DESC, r.id DESC LIMIT ?"""

CHANGE_ROWS_SQL = """
SELECT r.id, r.article_id, r.number, r.seen_at, r.kinds, r.stealth, r.gone_reason, r.words_added,
       r.words_removed, r.headline, r.standfirst, r.text, p.headline AS headline_before,
       p.standfirst AS standfirst_before, p.text AS text_before,
       p.kinds LIKE '%"gone"%' AS was_gone, a.headline AS newest_headline, a.url, a.language,
       a.published_at, o.host AS outlet, coalesce(o.name, o.host) AS outlet_name
FROM json_each(?) j CROSS JOIN revisions r ON r.id = j.value
LEFT JOIN revisions p ON p.article_id = r.article_id AND p.number = r.number - 1
CROSS JOIN articles a ON a.id = r.article_id CROSS JOIN outlets o ON o.id = a.outlet_id
ORDER BY j.key"""

CHANGED_OUTLETS_SQL = """
SELECT o.host, count(*) AS changes
FROM (SELECT article_id FROM revisions WHERE number > 1 ORDER BY seen_at DESC LIMIT 2000) r
CROSS JOIN articles a ON a.id = r.article_id CROSS JOIN outlets o ON o.id = a.outlet_id
GROUP BY o.id ORDER BY changes DESC LIMIT ?"""

CHANGE_FILTERS_SQL = {
    "outlet": "r.article_id IN (SELECT id FROM articles WHERE outlet_id = "
    "(SELECT id FROM outlets WHERE host = :outlet))",
    "day": "r.seen_at >= :day AND r.seen_at < :day || '~'",
    "since": "r.seen_at >= :since",
}


@dataclass(frozen=True, slots=True)
class ChangeFilters(PageFilters):
    """The changes to list: one of `CHANGE_KINDS`, an outlet's host, a day such as `2024-02-15`,
    and a moment since which they were seen."""

    kind: str = ""
    outlet: str = ""
    day: str = ""
    since: str = ""


def change_list_data(
    connection: sqlite3.Connection, filters: ChangeFilters, page: int = 1
) -> PlainRow:
    """Return what the list of changes shows: one page of them by day, and how many of each kind."""
    return change_list_page(
        filters,
        page,
        change_counts(connection, filters),
        changed_outlets(connection, filters.outlet),
        lambda limit, offset: change_rows(connection, filters, limit, offset),
    )


def change_list_page(
    filters: ChangeFilters,
    page: int,
    counts: dict[str, int],
    outlets: list[str],
    rows_of: Callable[[int, int], list[PlainRow]],
) -> PlainRow:
    """Return one page of a list of changes; `rows_of` returns rows, given their most number and how
    many newer ones are skipped."""
    total = counts[filters.kind] if filters.kind in CHANGE_KINDS else counts["every"]
    pages = min(MAX_CHANGE_PAGES, max(1, -(-total // CHANGE_LIST_SIZE)))
    page = min(max(1, page), pages)
    rows = rows_of(CHANGE_LIST_SIZE, (page - 1) * CHANGE_LIST_SIZE)
    return {
        "days": group_by_day(rows, lambda row: row["seen_at"]),
        "total": total,
        "counts": counts,
        "outlets": outlets,
        "kinds": {kind: label for kind, (label, _) in CHANGE_KINDS.items()},
        "filters": filters.given,
        "page": page,
        "pages": pages,
    }


def change_counts(connection: sqlite3.Connection, filters: ChangeFilters) -> dict[str, int]:
    """Return the number of changes of each kind within the other filters, and of `every` kind."""
    condition, values = _change_condition(filters, with_kind=False)
    kinds = {kind: sql for kind, (_, sql) in CHANGE_KINDS.items()}
    row = connection.execute(CHANGE_COUNTS_SQL.format(condition=condition, **kinds), values)
    return dict(row.fetchone())


def change_rows(
    connection: sqlite3.Connection,
    filters: ChangeFilters,
    limit: int,
    offset: int = 0,
    with_words: bool = True,
) -> list[PlainRow]:
    """Return changes, those seen last first, as `_change_row` does; with their changed words, or
    without, which is faster for many."""
    moments = change_moments(connection, filters, limit, offset)
    return rows_of_changes(connection, [row["id"] for row in moments], with_words)


def change_moments(
    connection: sqlite3.Connection, filters: ChangeFilters, limit: int, offset: int = 0
) -> list[sqlite3.Row]:
    """Return `id` and `seen_at` of changes, those seen last first."""
    condition, values = _change_condition(filters)
    return connection.execute(
        CHANGE_IDS_SQL.format(condition=condition), {**values, "limit": limit, "offset": offset}
    ).fetchall()


def notable_changes(connection: sqlite3.Connection, since: str, limit: int) -> list[PlainRow]:
    """Return the changes since a moment that say most, as `change_rows` does.

    Silent changes of headlines come first, then corrections, pages that are gone, other silent
    changes, other headlines, and texts; mere typography is left out.
    """
    condition, values = _change_condition(ChangeFilters(since=since))
    sql = NOTABLE_CHANGES_SQL.format(condition=condition)
    ids = connection.execute(sql, {**values, "limit": limit})
    return rows_of_changes(connection, [row[0] for row in ids])


def summarize_article_changes(
    connection: sqlite3.Connection, article_ids: Sequence[int], limit: int
) -> PlainRow:
    """Return how many `changes` these articles had, how many `silent`, and the last of them.

    `rows` are as `change_rows` returns them, `limit` at most.
    """
    values = (json.dumps(article_ids), MAX_COUNTED_CHANGES)
    found = connection.execute(CHANGED_ARTICLES_IDS_SQL, values).fetchall()
    return {
        "changes": len(found),
        "silent": sum(row["stealth"] for row in found),
        "rows": rows_of_changes(connection, [row["id"] for row in found[:limit]]),
    }


def _change_condition(filters: ChangeFilters, with_kind: bool = True) -> tuple[str, dict[str, str]]:
    """Return the SQL condition for the filters, and its values."""
    clauses = [sql for name, sql in CHANGE_FILTERS_SQL.items() if name in filters.given]
    if with_kind and filters.kind in CHANGE_KINDS:
        clauses.append(CHANGE_KINDS[filters.kind][1])
    return " AND ".join(clauses) or "1", filters.given


def rows_of_changes(
    connection: sqlite3.Connection, ids: Sequence[int], with_words: bool = True
) -> list[PlainRow]:
    """Return changes by their IDs, in the order given, as `change_rows` does."""
    rows = connection.execute(CHANGE_ROWS_SQL, (json.dumps(ids),))
    return [_change_row(row, with_words) for row in rows]


def _change_row(row: sqlite3.Row, with_words: bool) -> PlainRow:
    """Return a change as lists show it.

    `kinds` and `labels` are what changed, `silent` whether the page did not say so;
    `headline_diff` and `snippet` are HTML or None.
    """
    kinds = parse_json_texts(row["kinds"])
    plain = ("id", "article_id", "number", "seen_at", "gone_reason", "words_added", "words_removed", "url",
             "language", "published_at", "outlet", "outlet_name", "headline_before")  # fmt: skip
    has_both_texts = not row["was_gone"] and row["text_before"] is not None
    is_comparable = with_words and has_both_texts and "gone" not in kinds
    headline = row["headline"] or row["headline_before"] or row["newest_headline"] or row["url"]
    headline_diff = snippet = None
    if is_comparable:
        snippet = _changed_text_html(row)
        if "headline" in kinds and row["headline_before"]:
            headline_diff = changed_headline_html(row["headline_before"], headline)
    return {name: row[name] for name in plain} | {
        "headline": headline,
        "kinds": kinds,
        "labels": [CHANGE_KIND_LABELS.get(kind, kind) for kind in kinds],
        "silent": bool(row["stealth"]),
        "gone": "gone" in kinds,
        "direction": direction(row["language"]),
        "headline_diff": headline_diff,
        "snippet": snippet,
    }


def _changed_text_html(row: sqlite3.Row) -> Markup | None:
    """Return the words that changed in standfirst and text, as HTML."""
    return changed_words_html(
        text_with_standfirst(row["text_before"], row["standfirst_before"]),
        text_with_standfirst(row["text"], row["standfirst"]),
    )


def changed_headline_html(before: str, after: str) -> Markup:
    """Return a changed headline with its removed and added words marked."""
    # the texts are escaped there
    return Markup(diff_as_inline_html(diff_texts(before, after)))  # noqa: S704


def changed_words_html(before: str, after: str) -> Markup | None:
    """Return the first changed words of a text with a few words around them; None without any."""
    shown: list[DiffParagraph] = []
    left = MAX_SNIPPET_CHARS
    for old, new in changed_passages(before, after):
        if left <= SNIPPET_CONTEXT_CHARS:
            shown.append((DiffPiece("same", "…"),))
            break
        for paragraph in diff_texts(old, new).paragraphs:
            if left > SNIPPET_CONTEXT_CHARS and not is_unchanged_paragraph(paragraph):
                shown.append(tuple(_shortened_pieces(paragraph, left)))
                left -= sum(len(piece.text) for piece in shown[-1])
    if not shown:
        return None
    html = diff_as_inline_html(TextDiff(tuple(shown), 0, 0)).replace("… …", "…")
    return Markup(html)  # noqa: S704  the texts are escaped there


def changed_passages(before: str, after: str) -> Iterator[tuple[str, str]]:
    """Yield the passages that differ, old and new, in their order (`changed_lines`).

    So only the first of them need to be compared word by word.
    """
    for old, new in changed_lines(before, after, MAX_COMPARED_LINES):
        yield "\n".join(old)[:MAX_SNIPPET_SOURCE_CHARS], "\n".join(new)[:MAX_SNIPPET_SOURCE_CHARS]


def _shortened_pieces(paragraph: DiffParagraph, most: int) -> Iterator[DiffPiece]:
    """Yield the pieces of a paragraph, unchanged ones cut to what is next to a change."""
    last = len(paragraph) - 1
    for number, piece in enumerate(paragraph):
        if most <= 0:
            yield DiffPiece("same", " …")
            return
        text = piece.text
        if piece.change == "same":
            text = _text_around(text, opens=number == 0, closes=number == last)
        elif len(text) > MAX_PIECE_CHARS:
            text = text_excerpt(text, MAX_PIECE_CHARS) + " "
        most -= len(text)
        yield DiffPiece(piece.change, text)


def _text_around(text: str, opens: bool, closes: bool) -> str:
    """Return the beginning and end of unchanged words, of which the middle is left out.

    At the start of a paragraph only their end is next to a change, at its end their beginning.
    """
    size = SNIPPET_CONTEXT_CHARS
    if len(text) <= (size if opens or closes else 2 * size):
        return text
    start = "" if opens else _whole_words(text[:size], at_end=True)
    end = "" if closes else _whole_words(text[-size:], at_end=False)
    return f"{start}…{end}"


def _whole_words(text: str, at_end: bool) -> str:
    """Return a cut text without the word that the cut went through; scripts without spaces stay."""
    if at_end:
        return text[: text.rfind(" ")] + " " if " " in text.strip() else text
    return " " + text[text.find(" ") + 1 :] if " " in text.strip() else text


def change_title(change: PlainRow) -> str:
    """Return a change in one line: `Ridge: text, correction · Talks on Thursday fail`."""
    labels = ", ".join(change["labels"]) or "changed"
    silently = ", silently" if change["silent"] else ""
    return f"{change['outlet_name']}: {labels}{silently} · {change['headline']}"


def change_words_text(change: PlainRow) -> str:
    """Return how many words were added and removed: `12 words added, 4 removed`."""
    if change["words_added"] is None:
        return ""
    return f"{many(change['words_added'], 'word')} added, {change['words_removed']:,} removed"


def change_file_row(change: PlainRow) -> PlainRow:
    """Return a change as one row of a file."""
    plain = ("article_id", "number", "seen_at", "outlet", "headline_before", "headline", "kinds",
             "silent", "gone_reason", "words_added", "words_removed", "published_at", "language",
             "url")  # fmt: skip
    return {name: change[name] for name in plain}


def changed_outlets(connection: sqlite3.Connection, chosen: str = "") -> list[str]:
    """Return the hosts of the newest changes, as the filter offers them, with the chosen one."""
    rows = connection.execute(CHANGED_OUTLETS_SQL, (MAX_CHANGE_OUTLETS,))
    return sorted({row["host"] for row in rows} | ({chosen} if chosen else set()))
