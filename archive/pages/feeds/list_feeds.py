"""The feeds of lists: rows of a search, an outlet, an event, changes, copies or a canned query."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from archive.pages.feeds.atom import (
    MAX_ATOM_ENTRIES,
    AtomFeed,
    FeedEntry,
    feed_identity,
    permanent_id,
    write_atom,
)
from archive.pages.findings.change_lists import (
    CHANGE_KINDS,
    ChangeFilters,
    change_rows,
    change_title,
    change_words_text,
)
from archive.pages.findings.copy_lists import CopyFilters, most_copied_texts
from archive.pages.findings.event_lists import EventFilters, largest_events, naming_article
from archive.pages.findings.event_page import event_articles
from archive.pages.search_page import SearchRequest, newest_found_articles
from archive.queries.lookup import PlainRow
from archive.text.formatting import many
from archive.text.html import text_excerpt

EVENTS_FEED_TITLE, COPIES_FEED_TITLE = "Events", "One text, many names"
FEED_EXCERPT_CHARS = 300
QUESTION_ARTICLE_COLUMN = "article"
"""The column of a canned query that makes its rows articles, and so a feed."""
COLUMNS_TOLD_BY_ENTRY = (QUESTION_ARTICLE_COLUMN, "headline", "url", "outlet", "published_at")
"""Columns that the other parts of an entry repeat."""
HIDDEN_DIFF_WORDS_PATTERN = re.compile(r'<span class="dateline-spoken">[^<]*</span>')

FEED_ARTICLES_SQL = """
SELECT a.id, coalesce(a.headline, a.url) AS headline, a.url, a.published_at, a.language, a.standfirst,
       substr(a.text, 1, 600) AS text, coalesce(o.name, o.host) AS outlet_name,
       coalesce((SELECT min(f.fetched_at) FROM urls u JOIN fetches f ON f.url_id = u.id
         WHERE u.article_id = a.id AND f.outcome = 'new'), a.fetched_at) AS archived_at
FROM json_each(?) j CROSS JOIN articles a ON a.id = j.value CROSS JOIN outlets o ON o.id = a.outlet_id
ORDER BY j.key"""

OUTLET_FEED_SQL = "SELECT id FROM articles WHERE outlet_id = ? ORDER BY id DESC LIMIT ?"

FeedPages = Callable[..., str]
"""Returns the full URL of a page: `article` and an ID, `event` and an ID, `change`, ID and number."""


def search_as_atom(
    connection: sqlite3.Connection, wanted: SearchRequest, own: str, page: str, url_of: FeedPages
) -> str:
    """Return what a search finds, the newest in the archive first. Raises UsageError."""
    ids = newest_found_articles(connection, wanted, MAX_ATOM_ENTRIES)
    entries = article_entries(connection, ids, url_of)
    about = feed_identity(connection, search_feed_name(wanted))
    return write_atom(AtomFeed(about, search_feed_title(wanted), own, entries, page))


def search_feed_name(wanted: SearchRequest) -> str:
    """Return a name for a search with its filters."""
    return list_feed_name("search", {"words": wanted.words, **wanted.filters})


def search_feed_title(wanted: SearchRequest) -> str:
    """Return the title of the feed of a search."""
    narrowed = ", ".join(f"{name} {value}" for name, value in wanted.filters.items())
    return f"{wanted.words} ({narrowed})" if narrowed else wanted.words


def outlet_as_atom(
    connection: sqlite3.Connection, host: str, own: str, page: str, url_of: FeedPages
) -> str | None:
    """Return an outlet's newest articles; None for an unknown outlet."""
    row = connection.execute(
        "SELECT id, coalesce(name, host) AS name FROM outlets WHERE host = ?", (host,)
    ).fetchone()
    if row is None:
        return None
    ids = [found[0] for found in connection.execute(OUTLET_FEED_SQL, (row["id"], MAX_ATOM_ENTRIES))]
    entries = article_entries(connection, ids, url_of)
    about = feed_identity(connection, f"outlet:{host}")
    return write_atom(AtomFeed(about, row["name"], own, entries, page))


def event_as_atom(
    connection: sqlite3.Connection, id: int, own: str, page: str, url_of: FeedPages
) -> str:
    """Return the articles of an event, which exists, the newest in the archive first."""
    rows = event_articles(connection, id)
    ids = sorted((row["id"] for row in rows), reverse=True)[:MAX_ATOM_ENTRIES]
    entries = article_entries(connection, ids, url_of)
    about = feed_identity(connection, f"event:{id}")
    return write_atom(AtomFeed(about, naming_article(rows)["headline"], own, entries, page))


def events_as_atom(
    connection: sqlite3.Connection, filters: EventFilters, own: str, page: str, url_of: FeedPages
) -> str:
    """Return the largest events of the filters' period."""
    rows = largest_events(connection, filters, MAX_ATOM_ENTRIES)
    entries = [event_entry(connection, row, url_of) for row in rows]
    about = feed_identity(connection, list_feed_name("events", filters.given))
    return write_atom(AtomFeed(about, EVENTS_FEED_TITLE, own, entries, page))


def event_entry(connection: sqlite3.Connection, row: PlainRow, url_of: FeedPages) -> FeedEntry:
    """Return the entry of an event as lists show it."""
    return FeedEntry(
        about=feed_identity(connection, f"event:{row['id']}"),
        title=row["headline"] or row["url"],
        page=url_of("event", row["id"]),
        updated=row["last_at"],
        published=row["first_at"],
        summary=_event_summary(row),
    )


def changes_as_atom(
    connection: sqlite3.Connection, filters: ChangeFilters, own: str, page: str, url_of: FeedPages
) -> str:
    """Return changes of articles with their words, those seen last first."""
    rows = change_rows(connection, filters, MAX_ATOM_ENTRIES)
    entries = [change_entry(row, url_of) for row in rows]
    about = feed_identity(connection, list_feed_name("changes", filters.given))
    return write_atom(AtomFeed(about, change_feed_title(filters), own, entries, page))


def change_feed_title(filters: ChangeFilters) -> str:
    """Return the title of the feed of changes."""
    kind = CHANGE_KINDS[filters.kind][0] if filters.kind in CHANGE_KINDS else ""
    return f"Changes: {kind}" if kind else "Changes"


def change_entry(row: PlainRow, url_of: FeedPages) -> FeedEntry:
    """Return the entry of a change as lists show it."""
    return FeedEntry(
        about=f"{row['url']}#revision-{row['number']}",
        title=change_title(row),
        page=url_of("change", row["article_id"], row["number"])
        if not row["gone"]
        else url_of("article", row["article_id"]),
        updated=row["seen_at"],
        author=row["outlet_name"],
        via=row["url"],
        summary=_change_summary(row),
        is_html=True,
        language=row["language"],
    )


def copies_as_atom(
    connection: sqlite3.Connection, filters: CopyFilters, own: str, page: str, url_of: FeedPages
) -> str:
    """Return the texts that most outlets published in the filters' period."""
    rows = most_copied_texts(connection, filters, MAX_ATOM_ENTRIES)
    entries = [copied_text_entry(row, url_of) for row in rows]
    about = feed_identity(connection, list_feed_name("copies", filters.given))
    return write_atom(AtomFeed(about, COPIES_FEED_TITLE, own, entries, page))


def copied_text_entry(row: PlainRow, url_of: FeedPages) -> FeedEntry:
    """Return the entry of a copied text as lists show it."""
    return FeedEntry(
        about=f"{row['url']}#copies",
        title=row["headline"] or row["url"],
        page=url_of("article", row["id"]),
        updated=row["last_at"],
        published=row["published_at"],
        author=row["outlet_name"],
        via=row["url"],
        summary=_copies_summary(row),
        language=row["language"],
    )


def question_as_atom(
    connection: sqlite3.Connection,
    name: str,
    title: str,
    rows: Sequence[Mapping[str, Any]],
    own: str,
    page: str,
    url_of: FeedPages,
) -> str:
    """Return the answer to a question whose rows are articles, in its order.

    A row without an article is left out; the other columns are the summary.
    """
    told = [row for row in rows if isinstance(row[QUESTION_ARTICLE_COLUMN], int)]
    told = told[:MAX_ATOM_ENTRIES]
    ids = list(dict.fromkeys(row[QUESTION_ARTICLE_COLUMN] for row in told))
    by_id = entries_by_article(connection, ids, url_of)
    entries: list[FeedEntry] = []
    seen: set[str] = set()
    for row in told:
        entry = by_id.get(row[QUESTION_ARTICLE_COLUMN])
        if entry is not None:
            entries.append(_question_entry(entry, row, is_repeated=entry.about in seen))
            seen.add(entry.about)
    about = feed_identity(connection, f"question:{name}:{own.partition('?')[2]}")
    return write_atom(AtomFeed(about, title, own, entries, page))


def article_entries(
    connection: sqlite3.Connection, ids: Iterable[int], url_of: FeedPages
) -> list[FeedEntry]:
    """Return articles as entries, in the order of their IDs as given."""
    return list(entries_by_article(connection, ids, url_of).values())


def entries_by_article(
    connection: sqlite3.Connection, ids: Iterable[int], url_of: FeedPages
) -> dict[int, FeedEntry]:
    """Return articles as entries by ID, in the order of the IDs as given; unknown ones are missing."""
    rows = connection.execute(FEED_ARTICLES_SQL, (json.dumps(list(ids)),))
    return {
        row["id"]: FeedEntry(
            about=row["url"],
            title=row["headline"],
            page=url_of("article", row["id"]),
            updated=row["archived_at"],
            published=row["published_at"],
            author=row["outlet_name"],
            via=row["url"],
            summary=text_excerpt(row["standfirst"] or row["text"], FEED_EXCERPT_CHARS),
            language=row["language"],
        )
        for row in rows
    }


def _question_entry(entry: FeedEntry, row: Mapping[str, Any], is_repeated: bool) -> FeedEntry:
    """Return the entry of a row: an article with the row's other columns."""
    columns = {
        name: value
        for name, value in row.items()
        if name not in COLUMNS_TOLD_BY_ENTRY and value not in (None, "")
    }
    told = " · ".join(f"{name.replace('_', ' ')}: {value}" for name, value in columns.items())
    # an article in several rows needs an identity for each
    about = f"{entry.about}#{permanent_id(json.dumps(columns, default=str))}"
    return replace(
        entry,
        about=about if is_repeated else entry.about,
        summary=text_excerpt(told, 2 * FEED_EXCERPT_CHARS) if told else entry.summary,
        language=None if told else entry.language,
    )


def list_feed_name(name: str, values: Mapping[str, str]) -> str:
    """Return a name for a list with its filters."""
    return f"{name}?{urlencode(sorted(values.items()))}"


def _event_summary(row: PlainRow) -> str:
    counts = f"{many(row['outlets'], 'outlet')}, {many(row['articles'], 'article')}"
    first = f" First: {row['first']['outlet_name']}." if row["first"] else ""
    names = ", ".join(row["names"])
    more = f" and {row['more_names']} more" if row["more_names"] else ""
    return f"{counts}.{first} {names}{more}".strip()


def _change_summary(row: PlainRow) -> str:
    """Return what a change is in HTML: the headline before, and the changed words."""
    if row["gone"]:
        return "The page is gone. The archive keeps its text."
    parts = [part for part in (row["headline_diff"], row["snippet"]) if part]
    if not parts:
        return change_words_text(row)
    html = "".join(f"<p>{part}</p>" for part in parts)
    # some readers show neither strokes nor colours
    return HIDDEN_DIFF_WORDS_PATTERN.sub("", html).replace("</del><ins>", "</del> <ins>")


def _copies_summary(row: PlainRow) -> str:
    names = ", ".join(dict.fromkeys(copy["outlet_name"] for copy in row["copies"]))
    more = f" and {row['more']} more" if row["more"] else ""
    return f"{many(row['outlets'], 'outlet')}: {row['outlet_name']}; then {names}{more}"
