"""The lists of several archives as Atom feeds and as rows of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from archive.pages.combined.combined_lists import (
    largest_combined_events,
    most_copied_of_all,
    newest_changes,
)
from archive.pages.combined.combined_search import best_texts, found_hits, search_each
from archive.pages.combined.merged_rows import ArchiveConnections
from archive.pages.feeds.atom import (
    MAX_ATOM_ENTRIES,
    AtomFeed,
    FeedEntry,
    feed_identity,
    write_atom,
)
from archive.pages.feeds.list_feeds import (
    COPIES_FEED_TITLE,
    EVENTS_FEED_TITLE,
    FeedPages,
    article_entries,
    change_entry,
    change_feed_title,
    copied_text_entry,
    event_entry,
    list_feed_name,
    search_feed_name,
    search_feed_title,
)
from archive.pages.findings.change_lists import ChangeFilters, change_file_row
from archive.pages.findings.copy_lists import CopyFilters, copy_file_row
from archive.pages.findings.event_lists import EventFilters, event_file_row
from archive.pages.search_page import SearchRequest, newest_found_articles
from archive.queries.lookup import PlainRow

PagesOfArchive = Callable[[str], FeedPages]
"""Returns the function that gives feeds the full URLs of an archive's pages."""

FOUND_ARTICLE_COLUMNS = ("archive", "id", "published_at", "outlet", "headline", "language", "url")
"""Columns of a file with what a search finds."""


# -- feeds -----------------------------------------------------------------------------------------


def combined_search_atom(
    connections: ArchiveConnections,
    wanted: SearchRequest,
    own: str,
    page: str,
    pages_of: PagesOfArchive,
) -> str:
    """Return what a search finds in all archives, the newest there first. Raises UsageError."""
    entries: list[FeedEntry] = []
    for name, connection in connections.items():
        ids = newest_found_articles(connection, wanted, MAX_ATOM_ENTRIES)
        entries += article_entries(connection, ids, pages_of(name))
    entries.sort(key=lambda entry: entry.updated, reverse=True)
    about = combined_feed_identity(connections, search_feed_name(wanted))
    return _written_once(AtomFeed(about, search_feed_title(wanted), own, entries, page))


def combined_events_atom(
    connections: ArchiveConnections,
    filters: EventFilters,
    own: str,
    page: str,
    pages_of: PagesOfArchive,
) -> str:
    """Return the largest events of all archives."""
    rows = largest_combined_events(connections, filters, MAX_ATOM_ENTRIES)
    entries = [
        event_entry(connections[row["archive"]], row, pages_of(row["archive"])) for row in rows
    ]
    about = combined_feed_identity(connections, list_feed_name("events", filters.given))
    return _written_once(AtomFeed(about, EVENTS_FEED_TITLE, own, entries, page))


def combined_changes_atom(
    connections: ArchiveConnections,
    filters: ChangeFilters,
    own: str,
    page: str,
    pages_of: PagesOfArchive,
) -> str:
    """Return the changes of all archives, those seen last first."""
    rows = newest_changes(connections, filters, MAX_ATOM_ENTRIES)
    entries = [change_entry(row, pages_of(row["archive"])) for row in rows]
    about = combined_feed_identity(connections, list_feed_name("changes", filters.given))
    return _written_once(AtomFeed(about, change_feed_title(filters), own, entries, page))


def combined_copies_atom(
    connections: ArchiveConnections,
    filters: CopyFilters,
    own: str,
    page: str,
    pages_of: PagesOfArchive,
) -> str:
    """Return the texts of all archives that most outlets published."""
    rows = most_copied_of_all(connections, filters, MAX_ATOM_ENTRIES)
    entries = [copied_text_entry(row, pages_of(row["archive"])) for row in rows]
    about = combined_feed_identity(connections, list_feed_name("copies", filters.given))
    return _written_once(AtomFeed(about, COPIES_FEED_TITLE, own, entries, page))


def combined_feed_identity(connections: ArchiveConnections, name: str) -> str:
    """Return the permanent name of a feed of these archives, wherever they are served."""
    return " ".join(feed_identity(connection, name) for connection in connections.values())


def _written_once(feed: AtomFeed) -> str:
    """Return a feed as XML, with an entry that several archives have only once."""
    by_name: dict[str, FeedEntry] = {}
    for entry in feed.entries:
        by_name.setdefault(entry.about, entry)
    once: Sequence[FeedEntry] = list(by_name.values())
    return write_atom(AtomFeed(feed.about, feed.title, feed.own, once, feed.page))


# -- rows ------------------------------------------------------------------------------------------


def found_article_rows(
    connections: ArchiveConnections, wanted: SearchRequest, limit: int
) -> list[PlainRow]:
    """Return what a search finds in all archives as rows of a file. Raises UsageError."""
    texts = best_texts(search_each(connections, wanted))[:limit]
    hits = found_hits(connections, texts, wanted.words)
    return [{name: hit[name] for name in FOUND_ARTICLE_COLUMNS} for hit in hits]


def event_rows_of_all(
    connections: ArchiveConnections, filters: EventFilters, limit: int
) -> list[PlainRow]:
    """Return the largest events of all archives as rows of a file."""
    return _with_archive(largest_combined_events(connections, filters, limit), event_file_row)


def change_rows_of_all(
    connections: ArchiveConnections, filters: ChangeFilters, limit: int
) -> list[PlainRow]:
    """Return the changes of all archives as rows of a file."""
    changes = newest_changes(connections, filters, limit, with_words=False)
    return _with_archive(changes, change_file_row)


def copy_rows_of_all(
    connections: ArchiveConnections, filters: CopyFilters, limit: int
) -> list[PlainRow]:
    """Return the copied texts of all archives as rows of a file."""
    return _with_archive(most_copied_of_all(connections, filters, limit), copy_file_row)


def _with_archive(
    rows: Iterable[PlainRow], file_row: Callable[[PlainRow], PlainRow]
) -> list[PlainRow]:
    return [{"archive": row["archive"], **file_row(row)} for row in rows]
