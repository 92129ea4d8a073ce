"""The Python interface to an archive: typed records, read while a crawl may be writing.

    from archive.api import open_archive

    with open_archive("data") as archive:
        for article in archive.articles(since="2024-02-01", words="ferry strike"):
            print(article.published_day, article.outlet, article.headline)

Methods that return an iterator read one row at a time. The commands use the same functions.
`crawler.api.read_page` reads a single page without an archive.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from archive.articles.revisions import Revision, article_revisions
from archive.articles.stories import Story, all_stories, find_story
from archive.errors import ArchiveError
from archive.exports.article_files import ARTICLE_ROWS_SQL, export_articles
from archive.queries.lookup import (
    PlainRow,
    UrlKeyFunction,
    article_record,
    find_article_id,
    related_articles,
)
from archive.records import format_utc
from archive.storage.database import open_read_only
from archive.storage.schema import ARCHIVE_SCHEMA
from archive.times import parse_since

__all__ = [
    "ArchiveReader",
    "ArchivedArticle",
    "ArchivedEvent",
    "ArticleRelation",
    "CopyOfArticle",
    "Revision",
    "Story",
    "StoryArticle",
    "open_archive",
]

ONE_ARTICLE_SQL = f"{ARTICLE_ROWS_SQL} WHERE a.id = ?"
EVENTS_SQL = """SELECT id, articles, texts, first_at, last_at FROM events
WHERE last_at >= ? AND substr(first_at, 1, length(?)) <= ? ORDER BY first_at, id"""
ARTICLES_OF_EVENT_SQL = """SELECT a.*, o.host AS outlet FROM event_articles m
JOIN articles a ON a.id = m.article_id JOIN outlets o ON o.id = a.outlet_id
WHERE m.event_id = ? ORDER BY a.published_at IS NULL, a.published_at, a.id"""
END_OF_TIME = "9999"

Moment = str | date | datetime
"""A date (`2024-02-15`), a time, or an age such as `7d`; a `datetime` without a zone is UTC."""


@dataclass(frozen=True, slots=True)
class ArchivedArticle:
    """An article of an archive; its fields are the columns of the table `articles`."""

    id: int
    outlet: str
    """The host of the outlet."""
    url: str
    canonical_url: str | None
    headline: str | None
    page_title: str | None
    standfirst: str | None
    byline: str | None
    """As printed."""
    authors: tuple[str, ...]
    agency: str | None
    dateline: str | None
    section: str | None
    language: str | None
    published_at: str | None
    """In ISO 8601, as precise as the page; UTC if it ends in Z."""
    published_raw: str | None
    published_day: str | None
    """The day as the outlet prints it; in UTC if that is not known."""
    published_offset: int | None
    """Minutes of the outlet's clock ahead of UTC; None if it is not stated."""
    stated_at: str | None
    """The date on the page itself; empty if it has none, None if that is not known."""
    modified_at: str | None
    modified_raw: str | None
    fetched_at: str
    text: str
    """Paragraphs separated by line feeds."""
    word_count: int
    image_url: str | None
    free: bool | None
    page_type: str
    """`article`, `liveblog` or `gallery`."""
    digest: str | None
    """SHA-256 of the page that it was extracted from, in hexadecimal."""
    extractor: str | None
    fingerprint: str
    """Hash of the text; equal texts have equal fingerprints."""


@dataclass(frozen=True, slots=True)
class StoryArticle:
    """An article in the coverage of a story."""

    id: int
    original_id: int
    """The article whose text it repeats; itself if it is not a copy."""
    outlet: str
    headline: str | None
    published_at: str | None
    published_day: str | None
    published_offset: int | None
    language: str | None
    url: str
    probability: float | None
    tier: str | None
    """`sure` or `likely`."""
    part: str | None
    """`event`, `development` or `background`."""
    verdict: str | None
    """`belongs` if a person confirmed it."""
    terms: tuple[str, ...]
    """The terms that it shares with the story, the strongest first."""


@dataclass(frozen=True, slots=True)
class ArticleRelation:
    """Two articles that share text."""

    article_id: int
    other_id: int
    """The one of the two that was archived earlier."""
    kind: str
    """`identical`, `copy`, `excerpt`, `extends`, `template` or `overlap`."""
    found_at: str
    coverage: float | None
    """Share of the article that the other has too."""
    other_coverage: float | None
    """Share of the other that the article has too."""


@dataclass(frozen=True, slots=True)
class CopyOfArticle:
    """Another article that shares the text of an article, in full or in part."""

    id: int
    how: str
    """In words, such as `same text` or `an edited copy`."""
    headline: str | None
    outlet: str
    published_at: str | None
    published_day: str | None
    published_offset: int | None
    url: str


@dataclass(frozen=True, slots=True)
class ArchivedEvent:
    """A group of articles that report the same occurrence."""

    id: int
    articles: int
    texts: int
    """Articles without the copies."""
    first_at: str
    last_at: str


class ArchiveReader:
    """An archive that is open for reading; `open_archive` makes it.

    It is a context manager, and belongs to the thread that opened it.
    """

    def __init__(self, path: Path, url_key: UrlKeyFunction | None = None) -> None:
        self.folder = path.parent if path.name == "archive.db" else path
        self.connection = open_read_only(self.folder / "archive.db", ARCHIVE_SCHEMA)
        """The connection, for SQL of your own; the file is open for reading only."""
        self._url_key = url_key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the archive."""
        self.connection.close()

    def articles(
        self,
        *,
        words: str | None = None,
        outlet: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        language: str | None = None,
    ) -> Iterator[ArchivedArticle]:
        """Yield the articles that match, in the order in which they were archived.

        `words` are those of a search, `outlet` is a host, and `until` includes its whole day. An
        undated article counts at the time when it was fetched. Raises UsageError for an invalid
        value.
        """
        given = {
            "outlet": outlet,
            "since": _moment_text(since),
            "until": _moment_text(until),
            "language": language,
        }
        return map(_archived_article, export_articles(self.connection, words, **given))

    def article(self, id_or_url: int | str) -> ArchivedArticle:
        """Return the article of that number or URL. Raises ArchiveError if it is not there."""
        row = self.connection.execute(ONE_ARTICLE_SQL, [self._known_id(id_or_url)]).fetchone()
        return _archived_article(article_record(row))

    def revisions(self, id_or_url: int | str) -> list[Revision]:
        """Return the versions of an article, the first one first. Raises ArchiveError."""
        return article_revisions(self.connection, self._known_id(id_or_url))

    def copies(self, id_or_url: int | str) -> list[CopyOfArticle]:
        """Return the articles that share an article's text, the oldest first. Raises ArchiveError."""
        found = related_articles(self.connection, self._known_id(id_or_url))
        return [
            CopyOfArticle(**{each.name: row[each.name] for each in fields(CopyOfArticle)})
            for row in found
        ]

    def relations(self) -> Iterator[ArticleRelation]:
        """Yield all pairs of articles of which it was found that they share text."""
        columns = ", ".join(each.name for each in fields(ArticleRelation))
        query = f"SELECT {columns} FROM relations ORDER BY article_id, other_id"  # noqa: S608
        for row in self.connection.execute(query):
            yield ArticleRelation(*row)

    def stories(self) -> list[Story]:
        """Return the stories that are followed, by name."""
        return all_stories(self.connection)

    def story(self, name: str) -> Story:
        """Return the story of that name. Raises UsageError with the most similar names."""
        return find_story(self.connection, name)

    def coverage(self, story: Story | str) -> Iterator[StoryArticle]:
        """Yield the articles of a story as its page lists them, the oldest first."""
        chosen = self.story(story) if isinstance(story, str) else story
        columns = ", ".join(each.name for each in fields(StoryArticle))
        rows = self.connection.execute(
            f"SELECT {columns} FROM story_coverage WHERE story_id = ? "  # noqa: S608
            "ORDER BY published_at IS NULL, published_at, id",
            [chosen.id],
        )
        return map(_story_article, rows)

    def events(
        self, *, since: Moment | None = None, until: Moment | None = None
    ) -> Iterator[ArchivedEvent]:
        """Yield the events with an article in a period, the first one first."""
        end = _moment_text(until) or END_OF_TIME
        rows = self.connection.execute(EVENTS_SQL, [_moment_text(since) or "", end, end])
        return (ArchivedEvent(*row) for row in rows)

    def event_articles(self, event: ArchivedEvent | int) -> Iterator[ArchivedArticle]:
        """Yield the articles of an event, the oldest first."""
        number = event.id if isinstance(event, ArchivedEvent) else event
        rows = self.connection.execute(ARTICLES_OF_EVENT_SQL, [number])
        return (_archived_article(article_record(row)) for row in rows)

    def _known_id(self, id_or_url: int | str) -> int:
        number = find_article_id(self.connection, str(id_or_url), self._url_key)
        if number is None:
            raise ArchiveError(f"{id_or_url}: not an article of {self.folder}")
        return number


def open_archive(path: str | Path, url_key: UrlKeyFunction | None = None) -> ArchiveReader:
    """Open the archive in a folder for reading.

    With `pipelines.urls.url_key` as `url_key`, articles are found by other spellings of their URLs
    too. Raises ArchiveError if there is no archive.
    """
    return ArchiveReader(Path(path), url_key)


def _moment_text(moment: Moment | None) -> str | None:
    """Return a date, time or age as the archive writes it; raises UsageError for another text."""
    if isinstance(moment, datetime):
        return format_utc(moment) if moment.tzinfo else f"{moment.isoformat(timespec='seconds')}Z"
    if isinstance(moment, date):
        return moment.isoformat()
    return None if moment is None else parse_since(moment)


def _archived_article(record: PlainRow) -> ArchivedArticle:
    values: dict[str, Any] = {each.name: record[each.name] for each in fields(ArchivedArticle)}
    return ArchivedArticle(**values | {"authors": tuple(record["authors"])})


def _story_article(row: sqlite3.Row) -> StoryArticle:
    values = {each.name: row[each.name] for each in fields(StoryArticle)}
    return StoryArticle(**values | {"terms": tuple(json.loads(row["terms"] or "[]"))})
