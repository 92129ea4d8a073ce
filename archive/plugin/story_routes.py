"""The routes of stories: list, page and files."""

from __future__ import annotations

import re
import sqlite3
from typing import Any
from urllib.parse import quote, unquote

from datasette import NotFound, Response  # type: ignore[import-untyped]

from archive.articles.stories import Story
from archive.exports.citations import cited_articles
from archive.pages.feeds.story_feed import story_as_atom
from archive.pages.story import (
    StoryFilters,
    story_coverage_rows,
    story_for_page,
    story_page_data,
)
from archive.pages.story_list import story_list_data
from archive.pages.story_verdicts import judged_notice
from archive.plugin.citation_pages import CITATION_CONTENT_TYPES, archived_urls, citation_response
from archive.plugin.feed_routes import atom_response
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.page_requests import (
    ARCHIVE_PATH,
    FILE_CONTENT_POLICY,
    ArchivePaths,
    PageRequest,
    page_handler,
    requested_archive,
)
from archive.plugin.page_work import sees_private_table
from archive.queries.lookup import PlainRow

STORY_CONTENT_TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
"""Content types by the ending of the path."""
DOSSIER_FORMAT_BY_ENDING = {"txt": "text", "md": "md", "json": "json", "html": "html"}
"""Formats of the dossier by the ending of the path."""
INLINE_STORY_FORMATS = ("atom", "json")
"""Formats that a program reads from the server; the others are saved as files."""
STORY_CSV_COLUMNS = ("published_at", "outlet", "headline", "language", "url", "probability", "tier", "part", "verdict",
               "id", "original_id", "published_day", "published_offset")  # fmt: skip
"""Columns of a story's table."""


async def respond_story_file(datasette: Any, request: Any) -> Any:
    """Respond with a story as a feed, a table or a dossier."""
    database = await requested_archive(datasette, request)
    name, form = unquote(request.url_vars["name"]), request.url_vars["form"]
    paths = ArchivePaths(datasette.urls, database)

    def absolute(path: str) -> str:
        """Return the full URL of a path."""
        return str(datasette.absolute_url(request, path))

    def article_url(id: int) -> str:
        """Return the full URL of an article's page."""
        return absolute(paths.article(id))

    with_notes = await sees_private_table(datasette, request.actor, database, "notes")

    def write_file(connection: sqlite3.Connection) -> str | None:
        """Return the content of the file, or None for an unknown story."""
        story = story_for_page(connection, name)
        if story is None:
            return None
        if form == "atom":
            own, page = paths.story(story.name, form), paths.story(story.name)
            return story_as_atom(connection, story, absolute(own), article_url, absolute(page))
        if form == "csv":
            return _story_as_csv(connection, story)
        return _dossier_text(connection, story, form, with_notes)

    text = await page_readers(datasette).read(datasette, database, write_file)
    if text is None:
        raise NotFound(f"{name}: no such story")
    if form == "atom":
        return atom_response(request, text)
    headers = {"content-security-policy": FILE_CONTENT_POLICY}
    if form not in INLINE_STORY_FORMATS:
        filename = f"UTF-8''{quote(name, safe='')}.{form}"
        headers["content-disposition"] = f"attachment; filename*={filename}"
    return Response(text, content_type=STORY_CONTENT_TYPES[form], headers=headers)


def _story_as_csv(connection: sqlite3.Connection, story: Story) -> str:
    """Return a story's coverage as CSV."""
    from archive.exports.article_files import rows_as_csv

    rows = [
        {name: row[name] for name in STORY_CSV_COLUMNS}
        for row in story_coverage_rows(connection, story.id)
    ]
    return rows_as_csv(rows, STORY_CSV_COLUMNS)


def _dossier_text(connection: sqlite3.Connection, story: Story, form: str, with_notes: bool) -> str:
    """Return a story's dossier in a format."""
    from archive.exports.dossier import DOSSIER_WRITERS, build_dossier

    dossier = build_dossier(connection, story, with_notes=with_notes)
    return DOSSIER_WRITERS[DOSSIER_FORMAT_BY_ENDING[form]](dossier)


async def respond_story_citations(datasette: Any, request: Any) -> Any:
    """Respond with the citations of a story's articles. Raises NotFound for an unknown story."""
    database = await requested_archive(datasette, request)
    name, ending = unquote(request.url_vars["name"]), request.url_vars["form"]
    archived_url = archived_urls(datasette, request, database)

    def read_citations(connection: sqlite3.Connection) -> Any:
        """Return the citations, or None for an unknown story."""
        story = story_for_page(connection, name)
        if story is None:
            return None
        ids = [row["id"] for row in story_coverage_rows(connection, story.id)]
        return cited_articles(connection, ids, archived_url)

    citations = await page_readers(datasette).read(datasette, database, read_citations)
    if citations is None:
        raise NotFound(f"{name}: no such story")
    return citation_response(citations, ending, quote(name, safe=""))


# -- pages and routes ------------------------------------------------------------------------------


def _story_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    filters = asked.filters(StoryFilters)
    found = story_page_data(connection, asked.vars["name"], filters, asked.page)
    if found is None:
        return None
    return found | {"judged": judged_notice(connection, found["story"].id, asked.args)}


def _stories_data(connection: sqlite3.Connection, _: PageRequest) -> PlainRow:
    return story_list_data(connection)


_STORY_PATH = ARCHIVE_PATH + r"/-/story/(?P<name>[^/.]+)"
_CITATION_ENDINGS = "|".join(
    re.escape(ending) for ending in CITATION_CONTENT_TYPES if ending not in STORY_CONTENT_TYPES
)

STORY_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/stories$", page_handler("stories", _stories_data)),
    (_STORY_PATH + r"$", page_handler("story", _story_data)),
    (_STORY_PATH + rf"\.(?P<form>{'|'.join(STORY_CONTENT_TYPES)})$", respond_story_file),
    (_STORY_PATH + rf"\.(?P<form>{_CITATION_ENDINGS})$", respond_story_citations),
]
