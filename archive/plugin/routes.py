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
from archive.judging import judge
from archive.pages.article import article, beside
from archive.pages.home import home, stories
from archive.pages.outlet import outlet, outlets
from archive.pages.search_page import Wanted, find
from archive.pages.story import Filters, coverage, found_story, say, story_page
from archive.pages.story_feed import atom
from archive.pages.tables import explained
from archive.plugin import capture_page
from archive.plugin import revision_page as revisions
from archive.plugin.concurrency import routed
from archive.plugin.metadata import queries
from archive.plugin.permissions import archives, may_ask_in_sql, may_judge, may_see
from archive.plugin.public import is_public, robots
from archive.plugin.read_pool import check_length, readers
from archive.queries.lookup import Row

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""The archive's pages have no scripts, no inline styles and nothing from other hosts."""

OF_FILES = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""If a browser displays a dossier instead of saving it, it runs no scripts and is not part of this
site."""

TABLES = ("articles", "outlets", "stories", "story_articles", "events", "revisions", "urls")
"""The tables that the pages are made of. Visitors need permission for all of them, because each
page draws on several."""


@dataclass(frozen=True, slots=True)
class Paths:
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
class Asked:
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


Make = Callable[[sqlite3.Connection, Asked], Row | None]


def page(template: str, make: Make) -> Callable[..., Awaitable[Any]]:
    """Return a handler that renders what `make` returns; None becomes Not Found."""

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond with the page."""
        database = await opened(datasette, request)
        asked = _asked(request)
        found = await readers(datasette).read(
            datasette, database, lambda connection: make(connection, asked)
        )
        if found is None:
            raise NotFound(f"{request.path}: this archive has no such page")
        return await _rendered(datasette, request, template, database, found)

    return handler


async def opened(datasette: Any, request: Any, tables: tuple[str, ...] = TABLES) -> str:
    """Return the archive that a path names, or the first that the visitor may see.

    Raises NotFound for an unknown archive, and Forbidden without permission.
    """
    names = archives(datasette)
    if "database" not in request.url_vars:
        seen = [name for name in names if await may_see(datasette, request.actor, name, tables)]
        if not seen:
            raise Forbidden("view-instance")
        return seen[0]
    database = str(tilde_decode(request.url_vars["database"]))
    if database not in names:
        raise NotFound(f"{database}: not an archive")
    if not await may_see(datasette, request.actor, database, tables):
        raise Forbidden(f"view-table: {database}: {', '.join(tables)}")
    return database


def _asked(request: Any) -> Asked:
    path = {name: unquote(value) for name, value in request.url_vars.items() if value}
    return Asked(path, {name: request.args[name] for name in request.args})


async def _rendered(datasette: Any, request: Any, template: str, database: str, found: Row) -> Any:
    """Respond with a template filled with the data of a page."""
    paths = Paths(datasette.urls, database)
    context = {
        "title": await title(datasette),
        "paths": paths,
        "database": database,
        "archives": [name for name in archives(datasette) if name != database],
        "may_judge": await may_judge(datasette, request.actor, database),
        "may_ask_in_sql": await may_ask_in_sql(datasette, request.actor, database),
        "is_public": is_public(datasette),
        "shown": found,
    }
    text = await datasette.render_template(f"dateline_{template}.html", context, request=request)
    return Response.html(text, headers={"content-security-policy": POLICY})


async def title(datasette: Any) -> str:
    """Return the title of the pages, from Datasette's configuration or by default `Dateline`."""
    if hasattr(datasette, "get_instance_metadata"):  # 1.0
        configured = (await datasette.get_instance_metadata()).get("title")
    else:
        configured = datasette.metadata("title")
    return str(configured or "Dateline")


# -- from a request to the data of a page ----------------------------------------------------------


def _article(connection: sqlite3.Connection, asked: Asked) -> Row | None:
    return article(connection, int(asked.vars["id"]))


def _beside(connection: sqlite3.Connection, asked: Asked) -> Row | None:
    id, other = int(asked.vars["id"]), int(asked.vars["other"])
    check_length(connection, id, other)
    return beside(connection, id, other)


def _story(connection: sqlite3.Connection, asked: Asked) -> Row | None:
    filters = Filters(**asked.pick("outlet", "language", "since", "until"))
    return story_page(connection, asked.vars["name"], filters, asked.page)


def _search(connection: sqlite3.Connection, asked: Asked) -> Row:
    return find(
        connection,
        Wanted(**asked.pick("words", "outlet", "month", "language", "story")),
        asked.page,
    )


def _home(connection: sqlite3.Connection, _: Asked) -> Row:
    return home(connection)


def _stories(connection: sqlite3.Connection, _: Asked) -> Row:
    return {"stories": stories(connection)}


def _outlets(connection: sqlite3.Connection, asked: Asked) -> Row:
    return {"outlets": outlets(connection, asked.page), "page": asked.page}


def _outlet(connection: sqlite3.Connection, asked: Asked) -> Row | None:
    return outlet(connection, asked.vars["host"])


def _questions(_: sqlite3.Connection, __: Asked) -> Row:
    return {"queries": queries()}


def _tables(_: sqlite3.Connection, __: Asked) -> Row:
    return {"tables": explained()}


# -- a story as a file -----------------------------------------------------------------------------

FILES = {
    "atom": "application/atom+xml; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
"""Content types by the ending of the path."""
DOSSIERS = {"txt": "text", "md": "md", "json": "json", "html": "html"}
"""Formats of the dossier by the ending of the path."""
AT_ONCE = ("atom", "json")
"""Formats that a program reads from the server; the others are saved as files."""
CSV_COLUMNS = ("published_at", "outlet", "headline", "language", "url", "probability", "tier", "part", "verdict",
               "id", "original_id")  # fmt: skip
"""Columns of a story's table."""


async def story_file(datasette: Any, request: Any) -> Any:
    """Respond with a story as a feed, a table or a dossier."""
    database = await opened(datasette, request)
    name, form = unquote(request.url_vars["name"]), request.url_vars["form"]
    paths = Paths(datasette.urls, database)

    def absolute(path: str) -> str:
        """Return the full URL of a path."""
        return str(datasette.absolute_url(request, path))

    def article_url(id: int) -> str:
        """Return the full URL of an article's page."""
        return absolute(paths.article(id))

    def write_file(connection: sqlite3.Connection) -> str | None:
        """Return the content of the file, or None for an unknown story."""
        story = found_story(connection, name)
        if story is None:
            return None
        if form == "atom":
            return atom(connection, story, absolute(paths.story(story.name, form)), article_url)
        if form == "csv":
            return _as_csv(coverage(connection, story.id))
        return _dossier(connection, story, form)

    text = await readers(datasette).read(datasette, database, write_file)
    if text is None:
        raise NotFound(f"{name}: no such story")
    headers = {"content-security-policy": OF_FILES}
    if form not in AT_ONCE:
        filename = f"UTF-8''{quote(name, safe='')}.{form}"
        headers["content-disposition"] = f"attachment; filename*={filename}"
    return Response(text, content_type=FILES[form], headers=headers)


def _as_csv(rows: list[sqlite3.Row]) -> str:
    from archive.exports.article_files import write_csv

    """Return a story's coverage as CSV, with a header even if it is empty."""
    file = io.StringIO(newline="")
    file.write("\ufeff")  # tells spreadsheets that the file is UTF-8
    if rows:
        write_csv(map(_csv_row, rows), file)
    else:
        file.write(",".join(CSV_COLUMNS) + "\r\n")
    return file.getvalue()


def _csv_row(row: sqlite3.Row) -> Row:
    return {name: row[name] for name in CSV_COLUMNS}


def _dossier(connection: sqlite3.Connection, story: Story, form: str) -> str:
    """Return a story's dossier in a format."""
    from archive.exports.dossier import FORMATS, dossier

    return FORMATS[DOSSIERS[form]](dossier(connection, story))


# -- verdicts --------------------------------------------------------------------------------------


async def verdict(datasette: Any, request: Any) -> Any:
    """Store a person's verdict on an article, list the story again, and redirect to it.

    Raises Forbidden for visitors who may not write.
    """
    database = await opened(datasette, request)
    paths, name = Paths(datasette.urls, database), unquote(request.url_vars["name"])
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
            lambda connection: _say(connection, name, int(id), word)
        )
    except UsageError as error:
        raise NotFound(str(error)) from error
    response = Response.redirect(f"{paths.story(name)}#article-{id}")
    datasette.add_message(request, came)
    return response


def _say(connection: sqlite3.Connection, name: str, id: int, word: str) -> str:
    """Store a verdict in a transaction; return what changed, in a sentence."""
    by = judge()
    try:
        with connection:
            return say(connection, name, id, word, by)
    except sqlite3.Error as error:
        raise DatelineError(f"the verdict could not be saved ({error}); try again") from error


async def no_page(request: Any) -> Any:
    """Raise Not Found with a message; 0.65 would look for a table called `-`."""
    raise NotFound(f"{unquote(request.path)}: this archive has no such page")


def routes(datasette: Any) -> list[tuple[str, Any]]:
    """Return the routes of the pages.

    On 0.65 they include everything else below `/archive/-`, where 1.0 has pages of its own.
    """
    return ROUTES if hasattr(datasette, "get_instance_metadata") else [*ROUTES, (BELOW, no_page)]


def is_missing(datasette: Any, request: Any) -> bool:
    """Return True for a missing page of the archive, for which `missing` responds."""
    found = PLACES.match(routed(request.path, datasette.setting("base_url")))
    return bool(found and tilde_decode(found["database"]) in archives(datasette))


async def missing(datasette: Any, request: Any, why: str) -> Any:
    """Respond with Not Found as a page of the archive, or as JSON to a program."""
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "error": why, "status": 404, "title": None}, status=404)
    path = routed(request.path, datasette.setting("base_url"))
    found = PLACES.match(path)
    assert found is not None
    database = str(tilde_decode(found["database"]))
    if not await may_see(datasette, request.actor, database, TABLES):
        return Response.text("Not found", status=404)
    response = await _rendered(datasette, request, "missing", database, {"why": why})
    response.status = 404
    return response


# -- routes ----------------------------------------------------------------------------------------

_ARCHIVE = r"^/(?P<database>[^/]+)"
_ARTICLE = _ARCHIVE + r"/articles/(?P<id>\d{1,18})"
_STORY = _ARCHIVE + r"/-/story/(?P<name>[^/.]+)"

HOME = page("home", _home)

ROUTES: list[tuple[str, Any]] = [
    (r"^/$", HOME),
    (r"^/robots\.txt$", robots),
    (_ARCHIVE + r"/-/home$", HOME),
    (_ARTICLE + r"$", page("article", _article)),
    (_ARTICLE + r"/beside/(?P<other>\d{1,18})$", page("beside", _beside)),
    *revisions.ROUTES,
    *capture_page.ROUTES,
    (_ARCHIVE + r"/-/search$", page("search", _search)),
    (_ARCHIVE + r"/-/stories$", page("stories", _stories)),
    (_STORY + r"$", page("story", _story)),
    (_STORY + rf"\.(?P<form>{'|'.join(FILES)})$", story_file),
    (_STORY + r"/verdict$", verdict),
    (_ARCHIVE + r"/-/outlets$", page("outlets", _outlets)),
    (_ARCHIVE + r"/-/outlet/(?P<host>[^/]+)$", page("outlet", _outlet)),
    (_ARCHIVE + r"/-/questions$", page("questions", _questions)),
    (_ARCHIVE + r"/-/tables$", page("tables", _tables)),
    (_ARCHIVE + r"/-/(?:story|outlet)/.*$", no_page),
]

BELOW = _ARCHIVE + r"/-(?:/.*)?$"
PLACES = re.compile(_ARCHIVE + r"/(?:-(?:/|$)|articles/)")
"""Paths below which the archive's pages lie, existing or missing."""

ADDRESSES = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", address) for address, _ in ROUTES))
"""The paths of the pages, for middleware that sees a request before Datasette does."""
