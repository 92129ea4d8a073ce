"""The URLs of the pages, and the code between a request and the functions of `archive.pages`."""

from __future__ import annotations

import io
import re
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlencode

from datasette import Forbidden, NotFound, Response  # type: ignore[import-untyped]
from datasette.utils import tilde_decode, tilde_encode  # type: ignore[import-untyped]

from archive.articles.stories import Story
from archive.errors import DatelineError, UsageError
from archive.pages.article import article_comparison, article_page_data
from archive.pages.home import followed_story_rows, home_page_data
from archive.pages.outlet import outlet_list_rows, outlet_page_data
from archive.pages.search_page import SearchRequest, search_page_data
from archive.pages.story import (
    StoryFilters,
    store_page_verdict,
    story_coverage_rows,
    story_for_page,
    story_page_data,
)
from archive.pages.story_feed import story_as_atom
from archive.pages.tables import explained_tables
from archive.plugin import capture_page
from archive.plugin import revision_page as revisions
from archive.plugin.concurrency import routed_path
from archive.plugin.metadata import canned_queries
from archive.plugin.permissions import archives, may_judge, may_run_sql, may_see_tables
from archive.plugin.public import is_public_archive, respond_robots_txt
from archive.plugin.read_pool import check_comparable_length, page_readers
from archive.queries.lookup import PlainRow
from archive.story_policy import story_policy

PAGE_CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""The archive's pages have no scripts, no inline styles and nothing from other hosts."""

FILE_CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
)
"""If a browser displays a dossier instead of saving it, it runs no scripts and is not part of this
site."""

PAGE_TABLES = ("articles", "outlets", "stories", "story_articles", "events", "revisions", "urls")
"""The tables that the pages are made of. Visitors need permission for all of them, because each
page draws on several."""


@dataclass(frozen=True, slots=True)
class ArchivePaths:
    """Paths of the pages within one archive."""

    urls: Any
    """Datasette's own paths, which include its base_url."""
    database: str

    def _page(self, *words: object) -> str:
        path = "/".join(quote(str(word), safe="") for word in words)
        return str(self.urls.path(f"/{tilde_encode(self.database)}/-/{path}"))

    def home(self) -> str:
        """Return the path of the home page."""
        return self._page("home")

    def article(self, id: int) -> str:
        """Return the path of an article's page."""
        return str(self.urls.row(self.database, "articles", str(id)))

    def revisions(self, id: int, number: int | None = None) -> str:
        """Return the path of an article's revisions, or of one of them."""
        return f"{self.article(id)}/revisions" + (f"/{number}" if number else "")

    def capture(self, id: int) -> str:
        """Return the path of the page as it was served."""
        return f"{self.article(id)}/capture"

    def beside(self, id: int, other: int) -> str:
        """Return the path of two articles compared."""
        return f"{self.article(id)}/beside/{other}"

    def stories(self) -> str:
        """Return the path of the list of stories."""
        return self._page("stories")

    def story(self, name: str, form: str | None = None) -> str:
        """Return the path of a story's page, or of its file in a format."""
        return self._page("story", name + (f".{form}" if form else ""))

    def verdict(self, name: str) -> str:
        """Return the path to which a verdict is sent."""
        return self._page("story", name, "verdict")

    def outlets(self) -> str:
        """Return the path of the list of outlets."""
        return self._page("outlets")

    def outlet(self, host: str) -> str:
        """Return the path of an outlet's page."""
        return self._page("outlet", host)

    def search(self, **values: str) -> str:
        """Return the path of the search page, with a query."""
        return self._page("search") + ("?" + urlencode(values) if values else "")

    def questions(self) -> str:
        """Return the path of the canned queries."""
        return self._page("questions")

    def tables(self) -> str:
        """Return the path of the page that explains the tables."""
        return self._page("tables")

    def sql(self, sql: str) -> str:
        """Return the path of a query in Datasette's SQL page."""
        return f"{self.urls.database(self.database)}?{urlencode({'sql': sql})}"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The parts of a request that a page depends on."""

    vars: dict[str, str]
    """Values from the path."""
    args: dict[str, str]
    """Values from the query, the first of each name."""

    @property
    def page(self) -> int:
        """The page number, 1 if it is missing or invalid."""
        number = self.args.get("page", "")
        return int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1

    def pick(self, *names: str) -> dict[str, str]:
        """Return some of the query's values, cut to the greatest length of a filter."""
        return {name: self.args[name].strip()[:200] for name in names if self.args.get(name)}


PageDataFunction = Callable[[sqlite3.Connection, PageRequest], PlainRow | None]


def page_handler(template: str, make: PageDataFunction) -> Callable[..., Awaitable[Any]]:
    """Return a handler that renders what `make` returns; None becomes Not Found."""

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond with the page."""
        database = await requested_archive(datasette, request)
        asked = _page_request(request)
        found = await page_readers(datasette).read(
            datasette, database, lambda connection: make(connection, asked)
        )
        if found is None:
            raise NotFound(f"{request.path}: this archive has no such page")
        return await _rendered_page(datasette, request, template, database, found)

    return handler


async def requested_archive(
    datasette: Any, request: Any, tables: tuple[str, ...] = PAGE_TABLES
) -> str:
    """Return the archive that a path names, or the first that the visitor may see.

    Raises NotFound for an unknown archive, and Forbidden without permission.
    """
    names = archives(datasette)
    if "database" not in request.url_vars:
        seen = [
            name for name in names if await may_see_tables(datasette, request.actor, name, tables)
        ]
        if not seen:
            raise Forbidden("view-instance")
        return seen[0]
    database = str(tilde_decode(request.url_vars["database"]))
    if database not in names:
        raise NotFound(f"{database}: not an archive")
    if not await may_see_tables(datasette, request.actor, database, tables):
        raise Forbidden(f"view-table: {database}: {', '.join(tables)}")
    return database


def _page_request(request: Any) -> PageRequest:
    path = {name: unquote(value) for name, value in request.url_vars.items() if value}
    return PageRequest(path, {name: request.args[name] for name in request.args})


async def _rendered_page(
    datasette: Any, request: Any, template: str, database: str, found: PlainRow
) -> Any:
    """Respond with a template filled with the data of a page."""
    paths = ArchivePaths(datasette.urls, database)
    context = {
        "title": await site_title(datasette),
        "paths": paths,
        "database": database,
        "archives": [name for name in archives(datasette) if name != database],
        "may_judge": await may_judge(datasette, request.actor, database),
        "may_ask_in_sql": await may_run_sql(datasette, request.actor, database),
        "is_public": is_public_archive(datasette),
        "shown": found,
    }
    text = await datasette.render_template(f"dateline_{template}.html", context, request=request)
    return Response.html(text, headers={"content-security-policy": PAGE_CONTENT_POLICY})


async def site_title(datasette: Any) -> str:
    """Return the title of the pages, from Datasette's configuration or by default `Dateline`."""
    if hasattr(datasette, "get_instance_metadata"):  # 1.0
        configured = (await datasette.get_instance_metadata()).get("title")
    else:
        configured = datasette.metadata("title")
    return str(configured or "Dateline")


# -- from a request to the data of a page ----------------------------------------------------------


def _article_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    return article_page_data(connection, int(asked.vars["id"]))


def _comparison_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    id, other = int(asked.vars["id"]), int(asked.vars["other"])
    check_comparable_length(connection, id, other)
    return article_comparison(connection, id, other)


def _story_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    filters = StoryFilters(**asked.pick("outlet", "language", "since", "until"))
    return story_page_data(connection, asked.vars["name"], filters, asked.page)


def _search_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return search_page_data(
        connection,
        SearchRequest(**asked.pick("words", "outlet", "month", "language", "story")),
        asked.page,
    )


def _home_data(connection: sqlite3.Connection, _: PageRequest) -> PlainRow:
    return home_page_data(connection)


def _stories_data(connection: sqlite3.Connection, _: PageRequest) -> PlainRow:
    return {"stories": followed_story_rows(connection)}


def _outlets_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow:
    return {"outlets": outlet_list_rows(connection, asked.page), "page": asked.page}


def _outlet_data(connection: sqlite3.Connection, asked: PageRequest) -> PlainRow | None:
    return outlet_page_data(connection, asked.vars["host"])


def _questions_data(_: sqlite3.Connection, __: PageRequest) -> PlainRow:
    return {"queries": canned_queries()}


def _tables_data(_: sqlite3.Connection, __: PageRequest) -> PlainRow:
    return {"tables": explained_tables()}


# -- a story as a file -----------------------------------------------------------------------------

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
               "id", "original_id")  # fmt: skip
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

    def write_file(connection: sqlite3.Connection) -> str | None:
        """Return the content of the file, or None for an unknown story."""
        story = story_for_page(connection, name)
        if story is None:
            return None
        if form == "atom":
            return story_as_atom(
                connection, story, absolute(paths.story(story.name, form)), article_url
            )
        if form == "csv":
            return _story_as_csv(story_coverage_rows(connection, story.id))
        return _dossier_text(connection, story, form)

    text = await page_readers(datasette).read(datasette, database, write_file)
    if text is None:
        raise NotFound(f"{name}: no such story")
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


def _dossier_text(connection: sqlite3.Connection, story: Story, form: str) -> str:
    """Return a story's dossier in a format."""
    from archive.exports.dossier import DOSSIER_WRITERS, build_dossier

    return DOSSIER_WRITERS[DOSSIER_FORMAT_BY_ENDING[form]](build_dossier(connection, story))


# -- verdicts --------------------------------------------------------------------------------------


async def respond_verdict(datasette: Any, request: Any) -> Any:
    """Store a person's verdict on an article, list the story again, and redirect to it.

    Raises Forbidden for visitors who may not write.
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
        came = await datasette.get_database(database).execute_write_fn(
            lambda connection: _store_verdict(connection, name, int(id), word)
        )
    except UsageError as error:
        raise NotFound(str(error)) from error
    response = Response.redirect(f"{paths.story(name)}#article-{id}")
    datasette.add_message(request, came)
    return response


def _store_verdict(connection: sqlite3.Connection, name: str, id: int, word: str) -> str:
    """Store a verdict in a transaction; return what changed, in a sentence."""
    policy = story_policy()
    try:
        with connection:
            return store_page_verdict(connection, name, id, word, policy)
    except sqlite3.Error as error:
        raise DatelineError(f"the verdict could not be saved ({error}); try again") from error


async def respond_no_page(request: Any) -> Any:
    """Raise Not Found with a message; 0.65 would look for a table called `-`."""
    raise NotFound(f"{unquote(request.path)}: this archive has no such page")


def page_routes(datasette: Any) -> list[tuple[str, Any]]:
    """Return the routes of the pages.

    On 0.65 they include everything else below `/archive/-`, where 1.0 has pages of its own.
    """
    return (
        PAGE_ROUTES
        if hasattr(datasette, "get_instance_metadata")
        else [*PAGE_ROUTES, (BELOW_DASH_PATH, respond_no_page)]
    )


def is_missing_page(datasette: Any, request: Any) -> bool:
    """Return True for a missing page of the archive, for which `respond_missing` responds."""
    found = PAGE_PLACES_PATTERN.match(routed_path(request.path, datasette.setting("base_url")))
    return bool(found and tilde_decode(found["database"]) in archives(datasette))


async def respond_missing(datasette: Any, request: Any, why: str) -> Any:
    """Respond with Not Found as a page of the archive, or as JSON to a program."""
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "error": why, "status": 404, "title": None}, status=404)
    path = routed_path(request.path, datasette.setting("base_url"))
    found = PAGE_PLACES_PATTERN.match(path)
    assert found is not None
    database = str(tilde_decode(found["database"]))
    if not await may_see_tables(datasette, request.actor, database, PAGE_TABLES):
        return Response.text("Not found", status=404)
    response = await _rendered_page(datasette, request, "missing", database, {"why": why})
    response.status = 404
    return response


# -- routes ----------------------------------------------------------------------------------------

_ARCHIVE_PATH = r"^/(?P<database>[^/]+)"
_ARTICLE_PATH = _ARCHIVE_PATH + r"/articles/(?P<id>\d{1,18})"
_STORY_PATH = _ARCHIVE_PATH + r"/-/story/(?P<name>[^/.]+)"

HOME_HANDLER = page_handler("home", _home_data)

PAGE_ROUTES: list[tuple[str, Any]] = [
    (r"^/$", HOME_HANDLER),
    (r"^/robots\.txt$", respond_robots_txt),
    (_ARCHIVE_PATH + r"/-/home$", HOME_HANDLER),
    (_ARTICLE_PATH + r"$", page_handler("article", _article_data)),
    (_ARTICLE_PATH + r"/beside/(?P<other>\d{1,18})$", page_handler("beside", _comparison_data)),
    *revisions.REVISION_ROUTES,
    *capture_page.CAPTURE_ROUTES,
    (_ARCHIVE_PATH + r"/-/search$", page_handler("search", _search_data)),
    (_ARCHIVE_PATH + r"/-/stories$", page_handler("stories", _stories_data)),
    (_STORY_PATH + r"$", page_handler("story", _story_data)),
    (_STORY_PATH + rf"\.(?P<form>{'|'.join(STORY_CONTENT_TYPES)})$", respond_story_file),
    (_STORY_PATH + r"/verdict$", respond_verdict),
    (_ARCHIVE_PATH + r"/-/outlets$", page_handler("outlets", _outlets_data)),
    (_ARCHIVE_PATH + r"/-/outlet/(?P<host>[^/]+)$", page_handler("outlet", _outlet_data)),
    (_ARCHIVE_PATH + r"/-/questions$", page_handler("questions", _questions_data)),
    (_ARCHIVE_PATH + r"/-/tables$", page_handler("tables", _tables_data)),
    (_ARCHIVE_PATH + r"/-/(?:story|outlet)/.*$", respond_no_page),
]

BELOW_DASH_PATH = _ARCHIVE_PATH + r"/-(?:/.*)?$"
PAGE_PLACES_PATTERN = re.compile(_ARCHIVE_PATH + r"/(?:-(?:/|$)|articles/)")
"""Paths below which the archive's pages lie, existing or missing."""

PAGE_PATHS_PATTERN = re.compile(
    "|".join(re.sub(r"\?P<\w+>", "?:", address) for address, _ in PAGE_ROUTES)
)
"""The paths of the pages, for middleware that sees a request before Datasette does."""
