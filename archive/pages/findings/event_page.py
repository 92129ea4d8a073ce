"""The page of an event: its timeline, who was first, who copied whom, its articles and changes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from archive.articles.stories import LISTED_MEMBER_SQL, fold_copies
from archive.pages.charts import TimelineArticle, build_timeline
from archive.pages.filters import PageFilters, page_of_rows
from archive.pages.findings.change_lists import summarize_article_changes
from archive.pages.findings.copy_lists import time_after
from archive.pages.findings.event_lists import first_report, naming_article
from archive.pages.story import text_row, text_spreads
from archive.queries.lookup import PlainRow
from archive.text.formatting import direction, format_query_string

EVENT_PAGE_SIZE = 25
"""Texts per page."""
MAX_EVENT_PAGE_ARTICLES = 2_000
"""Articles of an event that are read, the earliest first."""
MAX_EVENT_CHANGES = 5
"""Changes shown with their words, those seen last first."""
MAX_FIRST_OUTLETS = 12
"""Outlets in the order of their first reports."""
MAX_OTHER_STORIES = 6
"""Stories that are named."""

EVENT_ROW_SQL = "SELECT id, articles, texts, first_at, last_at FROM events WHERE id = ?"
EVENT_OF_ARTICLE_SQL = "SELECT event_id FROM event_articles WHERE article_id = ?"

EVENT_PAGE_ARTICLES_SQL = """
SELECT a.id, coalesce(t.original_id, a.id) AS original_id, coalesce(a.headline, a.url) AS headline,
       a.url, a.language,
       a.published_at, a.published_day, a.published_offset, a.fetched_at, a.word_count, a.agency, m.joined,
       o.host AS outlet, coalesce(o.name, o.host) AS outlet_name
FROM event_articles m CROSS JOIN articles a ON a.id = m.article_id
CROSS JOIN outlets o ON o.id = a.outlet_id
LEFT JOIN shared_text_articles v ON v.article_id = a.id
LEFT JOIN shared_texts t ON t.id = v.text_id
WHERE m.event_id = ? ORDER BY a.published_at IS NULL, a.published_at, a.id LIMIT ?"""

REVISED_ARTICLES_SQL = """
SELECT r.article_id, r.seen_at FROM event_articles m JOIN revisions r ON r.article_id = m.article_id
WHERE m.event_id = ? AND r.number > 1 ORDER BY r.seen_at"""

EVENT_STORIES_SQL = f"""
SELECT s.name, s.title, count(*) AS articles FROM event_articles e
JOIN story_articles m ON m.article_id = e.article_id JOIN stories s ON s.id = m.story_id
WHERE e.event_id = ? AND {LISTED_MEMBER_SQL}
GROUP BY s.id ORDER BY articles DESC, s.title LIMIT ?"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class EventPageFilters(PageFilters):
    """The part of an event's articles to list."""

    outlet: str = ""
    language: str = ""

    def keeps_article(self, row: sqlite3.Row) -> bool:
        """Return True if the filters let an article through."""
        return self.outlet in ("", row["outlet"]) and self.language in ("", row["language"])


def event_of_id(connection: sqlite3.Connection, id: int) -> int | None:
    """Return the event of this ID, else the event of the article of this ID, else None.

    Events that turn out to be one are merged, so an old link leads to the event of its article.
    """
    if connection.execute("SELECT 1 FROM events WHERE id = ?", (id,)).fetchone():
        return id
    row = connection.execute(EVENT_OF_ARTICLE_SQL, (id,)).fetchone()
    return int(row[0]) if row else None


def event_page_data(
    connection: sqlite3.Connection, id: int, filters: EventPageFilters, page: int = 1
) -> PlainRow | None:
    """Return everything that the page of an event shows, or None for an unknown event.

    `coverage` lists the texts of one `page` in the order of publication, each with its `copies`.
    `outlets` and `languages` count the whole event; the coverage follows the filters.
    """
    event = connection.execute(EVENT_ROW_SQL, (id,)).fetchone()
    if event is None:
        return None
    rows = event_articles(connection, id)
    selected = [row for row in rows if filters.keeps_article(row)]
    texts = fold_copies(rows)
    listed, page, pages = page_of_rows(fold_copies(selected), page, EVENT_PAGE_SIZE)
    head = naming_article(rows)
    ids = [row["id"] for row in rows]
    plain = ("id", "articles", "texts", "first_at", "last_at")
    return {name: event[name] for name in plain} | {
        "headline": head["headline"],
        "language": head["language"],
        "direction": direction(head["language"]),
        "first": first_report(rows),
        "order": outlets_in_order(rows),
        "outlets": Counter(row["outlet"] for row in rows).most_common(),
        "languages": Counter(row["language"] for row in rows if row["language"]).most_common(),
        "timeline": build_timeline(_event_timeline(connection, id, rows)),
        "spreads": text_spreads(texts),
        "stories": _event_stories(connection, id),
        "changes": summarize_article_changes(connection, ids, MAX_EVENT_CHANGES),
        "coverage": [text_row(text) for text in listed],
        "selected": len(selected),
        "filters": filters.given,
        "page": page,
        "pages": pages,
        "later": format_query_string(filters.given, page=page + 1) if page < pages else None,
        "earlier": format_query_string(filters.given, page=page - 1) if page > 1 else None,
    }


def event_articles(connection: sqlite3.Connection, id: int) -> list[sqlite3.Row]:
    """Return an event's articles in the order of publication, undated ones last."""
    return connection.execute(EVENT_PAGE_ARTICLES_SQL, (id, MAX_EVENT_PAGE_ARTICLES)).fetchall()


def outlets_in_order(rows: Iterable[sqlite3.Row]) -> list[PlainRow]:
    """Return the first article of each outlet that has a time of day, in the order of their times.

    Each says how much `later` than the first it was published, and whether it is a copy.
    """
    first_of_outlet: dict[str, sqlite3.Row] = {}
    for row in rows:
        if len(row["published_at"] or "") > len("2024-02-15"):
            first_of_outlet.setdefault(row["outlet"], row)
    ordered = list(first_of_outlet.values())
    if len(ordered) < 2:
        return []
    return [
        dict(row)
        | {
            "later": time_after(ordered[0], row) if row is not ordered[0] else None,
            "is_copy": row["original_id"] != row["id"],
        }
        for row in ordered[:MAX_FIRST_OUTLETS]
    ]


def _event_timeline(
    connection: sqlite3.Connection, id: int, rows: Sequence[sqlite3.Row]
) -> list[TimelineArticle]:
    """Return an event's articles as the timeline needs them."""
    revised: dict[int, list[str]] = {}
    for article_id, seen_at in connection.execute(REVISED_ARTICLES_SQL, (id,)):
        revised.setdefault(article_id, []).append(seen_at)
    outlet_of = {row["id"]: row["outlet"] for row in rows}
    return [
        TimelineArticle(
            row["id"],
            row["outlet_name"],
            row["headline"],
            row["published_at"],
            outlet_of.get(row["original_id"], "") != row["outlet"],
            tuple(revised.get(row["id"], ())),
            row["published_day"],
            row["published_offset"],
        )
        for row in rows
    ]


def _event_stories(connection: sqlite3.Connection, id: int) -> list[PlainRow]:
    rows = connection.execute(EVENT_STORIES_SQL, (id, MAX_OTHER_STORIES))
    return [dict(row) for row in rows]


def event_article_file_row(row: sqlite3.Row) -> PlainRow:
    """Return an article of an event as one row of a file."""
    plain = ("id", "published_at", "outlet", "headline", "language", "agency", "word_count", "url",
             "original_id", "joined")  # fmt: skip
    return {name: row[name] for name in plain}
