"""The routes of stories: list, page, files and verdicts."""

from __future__ import annotations

import io
import re
import sqlite3
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from datasette import Forbidden, NotFound, Response  # type: ignore[import-untyped]

from archive.articles.stories import Story
from archive.errors import DatelineError, UsageError
from archive.exports.citations import cited_articles
from archive.pages.feeds.story_feed import story_as_atom
from archive.pages.story import (
    StoryFilters,
    story_coverage_rows,
    story_for_page,
    story_page_data,
)
from archive.pages.story_list import story_list_data
from archive.pages.story_verdicts import (
    VerdictResult,
    judged_notice,
    store_page_verdict,
    verdict_query,
)
from archive.plugin.citation_pages import CITATION_CONTENT_TYPES, archived_urls, citation_response
from archive.plugin.feed_routes import atom_response
from archive.plugin.guards.permissions import may_judge
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
from archive.story_policy import story_policy
from archive.text.formatting import format_query_string

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


FILTER_NAMES = tuple(StoryFilters.__slots__)
"""Filters of the page, as its query names them."""
PLACE_PATTERN = re.compile(r"[a-z-]{1,20}(?:-[0-9]{1,18})?")
"""Names of places on the page to which a verdict returns."""


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
            return _story_as_csv(story_coverage_rows(connection, story.id))
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


def _story_as_csv(rows: list[sqlite3.Row]) -> str:
    from archive.exports.article_files import write_csv

    """Return a story's coverage as CSV, with a header even if it is empty."""
    file = io.StringIO(newline="")
    file.write("\ufeff")  # tells spreadsheets that the file is UTF-8
    if rows:
        write_csv(map(_story_csv_row, rows), file)
    else:
        file.write(",".join(STORY_CSV_COLUMNS) + "\r\n")
    return file.getvalue()


def _story_csv_row(row: sqlite3.Row) -> PlainRow:
    return {name: row[name] for name in STORY_CSV_COLUMNS}


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


# -- verdicts --------------------------------------------------------------------------------------


async def respond_verdict(datasette: Any, request: Any) -> Any:
    """Store a person's verdict on an article, list the story again, and redirect to it.

    The page opens with the reader's filters, at the reader's place, and says what changed. Raises
    Forbidden for visitors who may not write.
    """
    database = await requested_archive(datasette, request)
    paths, name = ArchivePaths(datasette.urls, database), unquote(request.url_vars["name"])
    if request.method != "POST":
        return Response.redirect(paths.story(name))
    if not await may_judge(datasette, request.actor, database):
        raise Forbidden("dateline-verdict")
    form = await request.post_vars()
    id, word = form.get("article", ""), form.get("word", "")
    if not (id.isascii() and id.isdigit() and len(id) < 19):
        raise NotFound(f"{id}: not an article number")
    try:
        result = await datasette.get_database(database).execute_write_fn(
            lambda connection: _store_verdict(connection, name, int(id), word)
        )
    except UsageError as error:
        raise NotFound(str(error)) from error
    place = form.get("place", "")
    query = format_query_string(view_of_query(form.get("view", "")) | verdict_query(result))
    fragment = place if PLACE_PATTERN.fullmatch(place) else f"article-{id}"
    return Response.redirect(f"{paths.story(name)}{query}#{fragment}")


def view_of_query(written: str) -> dict[str, str]:
    """Return the filters and the page number in a query string that a form sent back."""
    known = (*FILTER_NAMES, "page")
    return {
        name: value[:200] for name, value in parse_qsl(written.lstrip("?")[:2000]) if name in known
    }


def _store_verdict(connection: sqlite3.Connection, name: str, id: int, word: str) -> VerdictResult:
    """Store a verdict in a transaction; return what changed."""
    policy = story_policy()
    try:
        with connection:
            return store_page_verdict(connection, name, id, word, policy)
    except sqlite3.Error as error:
        raise DatelineError(f"the verdict could not be saved ({error}); try again") from error


# -- pages and routes ------------------------------------------------------------------------------


def _story_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    filters = StoryFilters(**asked.pick(*FILTER_NAMES))
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
    (_STORY_PATH + r"/verdict$", respond_verdict),
]
