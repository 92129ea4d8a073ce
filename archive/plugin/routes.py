"""The addresses of the pages, and the few lines between a request and the functions of
`archive.pages`."""

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

Row = dict[str, Any]

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""These pages have no scripts, no styles of their own and nothing from elsewhere."""

OF_FILES = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
"""Should a browser show a dossier instead of saving it: no scripts, and not as a page of this
site."""

TABLES = ("articles", "outlets", "stories", "story_articles", "events", "revisions", "urls")
"""What the pages are made of: who may not see one of these sees none of them, as each page tells of
several."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Addresses within one archive."""

    urls: Any
    """Datasette's, which know its base_url."""
    database: str

    def _page(self, *words: object) -> str:
        path = "/".join(quote(str(word), safe="") for word in words)
        return str(self.urls.path(f"/{tilde_encode(self.database)}/-/{path}"))

    def home(self) -> str:
        return self._page("home")

    def article(self, id: int) -> str:
        return str(self.urls.row(self.database, "articles", str(id)))

    def revisions(self, id: int, number: int | None = None) -> str:
        return f"{self.article(id)}/revisions" + (f"/{number}" if number else "")

    def capture(self, id: int) -> str:
        return f"{self.article(id)}/capture"

    def beside(self, id: int, other: int) -> str:
        return f"{self.article(id)}/beside/{other}"

    def stories(self) -> str:
        return self._page("stories")

    def story(self, name: str, form: str | None = None) -> str:
        return self._page("story", name + (f".{form}" if form else ""))

    def verdict(self, name: str) -> str:
        return self._page("story", name, "verdict")

    def outlets(self) -> str:
        return self._page("outlets")

    def outlet(self, host: str) -> str:
        return self._page("outlet", host)

    def search(self, **values: str) -> str:
        return self._page("search") + ("?" + urlencode(values) if values else "")

    def questions(self) -> str:
        return self._page("questions")

    def tables(self) -> str:
        return self._page("tables")

    def sql(self, sql: str) -> str:
        return f"{self.urls.database(self.database)}?{urlencode({'sql': sql})}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, as far as a page is made of it."""

    vars: dict[str, str]
    """From the path."""
    args: dict[str, str]
    """From the query, the first of each name."""

    @property
    def page(self) -> int:
        number = self.args.get("page", "")
        return int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1

    def pick(self, *names: str) -> dict[str, str]:
        """Some of the query's values, cut to a length that a filter may have."""
        return {name: self.args[name].strip()[:200] for name in names if self.args.get(name)}


Make = Callable[[sqlite3.Connection, Asked], Row | None]


def page(template: str, make: Make) -> Callable[..., Awaitable[Any]]:
    """A handler: what `make` finds in the archive, in a template. None is Not Found."""

    async def handler(datasette: Any, request: Any) -> Any:
        database = await opened(datasette, request)
        asked = _asked(request)
        found = await readers(datasette).read(
            datasette, database, lambda connection: make(connection, asked)
        )
        if found is None:
            raise NotFound(f"{request.path}: there is no such page in this archive")
        return await _rendered(datasette, request, template, database, found)

    return handler


async def opened(datasette: Any, request: Any, tables: tuple[str, ...] = TABLES) -> str:
    """The archive that an address names, the first where it names none. Raises NotFound, or
    Forbidden."""
    names = archives(datasette)
    if "database" not in request.url_vars:
        seen = [name for name in names if await may_see(datasette, request.actor, name, tables)]
        if not seen:
            raise Forbidden("view-instance")
        return seen[0]
    database = str(tilde_decode(request.url_vars["database"]))
    if database not in names:
        raise NotFound(f"{database}: no archive")
    if not await may_see(datasette, request.actor, database, tables):
        raise Forbidden(f"view-table: {database}: {', '.join(tables)}")
    return database


def _asked(request: Any) -> Asked:
    path = {name: unquote(value) for name, value in request.url_vars.items() if value}
    return Asked(path, {name: request.args[name] for name in request.args})


async def _rendered(datasette: Any, request: Any, template: str, database: str, found: Row) -> Any:
    paths = Paths(datasette.urls, database)
    told = {
        "title": await title(datasette),
        "paths": paths,
        "database": database,
        "archives": [name for name in archives(datasette) if name != database],
        "may_judge": await may_judge(datasette, request.actor, database),
        "may_ask_in_sql": await may_ask_in_sql(datasette, request.actor, database),
        "is_public": is_public(datasette),
        "shown": found,
    }
    text = await datasette.render_template(f"dateline_{template}.html", told, request=request)
    return Response.html(text, headers={"content-security-policy": POLICY})


async def title(datasette: Any) -> str:
    """What the pages are headed with: as Datasette's configuration says, or the program's own
    name."""
    if hasattr(datasette, "get_instance_metadata"):  # 1.0
        told = (await datasette.get_instance_metadata()).get("title")
    else:
        told = datasette.metadata("title")
    return str(told or "Dateline")


# -- what is made of what --------------------------------------------------------------------------


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
DOSSIERS = {"txt": "text", "md": "md", "json": "json", "html": "html"}
AT_ONCE = ("atom", "json")
"""Files that a program reads where they are; the others are saved."""
CSV_COLUMNS = ("published_at", "outlet", "headline", "language", "url", "probability", "tier", "part", "verdict",
               "id", "original_id")  # fmt: skip


async def story_file(datasette: Any, request: Any) -> Any:
    """A story as a feed, a table or a dossier."""
    database = await opened(datasette, request)
    name, form = unquote(request.url_vars["name"]), request.url_vars["form"]
    paths = Paths(datasette.urls, database)

    def absolute(path: str) -> str:
        return str(datasette.absolute_url(request, path))

    def made(connection: sqlite3.Connection) -> str | None:
        told = found_story(connection, name)
        if told is None:
            return None
        if form == "atom":
            return atom(
                connection,
                told,
                absolute(paths.story(told.name, form)),
                lambda id: absolute(paths.article(id)),
            )
        return (
            _as_csv(coverage(connection, told.id))
            if form == "csv"
            else _dossier(connection, told, form)
        )

    text = await readers(datasette).read(datasette, database, made)
    if text is None:
        raise NotFound(f"{name}: no such story")
    headers = {"content-security-policy": OF_FILES}
    if form not in AT_ONCE:
        headers["content-disposition"] = (
            f"attachment; filename*=UTF-8''{quote(name, safe='')}.{form}"
        )
    return Response(text, content_type=FILES[form], headers=headers)


def _as_csv(rows: list[sqlite3.Row]) -> str:
    from archive.exports.article_files import write_csv

    file = io.StringIO(newline="")
    file.write("\ufeff")  # by which spreadsheets know UTF-8
    if rows:
        write_csv(({name: row[name] for name in CSV_COLUMNS} for row in rows), file)
    else:
        file.write(",".join(CSV_COLUMNS) + "\r\n")
    return file.getvalue()


def _dossier(connection: sqlite3.Connection, told: Any, form: str) -> str:
    from archive.exports.dossier import FORMATS, dossier

    return FORMATS[DOSSIERS[form]](dossier(connection, told))


# -- a person's word -------------------------------------------------------------------------------


async def verdict(datasette: Any, request: Any) -> Any:
    """Keep a person's word on an article, list the story anew, and go back to it.

    Raises Forbidden for who may not write.
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
        raise NotFound(f"{id}: no article")
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
    by = judge()
    try:
        with connection:
            return say(connection, name, id, word, by)
    except sqlite3.Error as error:
        raise DatelineError(f"the verdict could not be kept ({error}); try again") from error


async def no_page(request: Any) -> Any:
    """Not Found, in words; 0.65 would look for a table that is called `-`."""
    raise NotFound(f"{unquote(request.path)}: there is no such page in this archive")


def routes(datasette: Any) -> list[tuple[str, Any]]:
    """The addresses of the pages; on 0.65 also all else below `/archive/-`, where 1.0 has pages of
    its own."""
    return ROUTES if hasattr(datasette, "get_instance_metadata") else [*ROUTES, (BELOW, no_page)]


def is_missing(datasette: Any, request: Any) -> bool:
    """Whether a page that is not there would be one of ours, for which `missing` stands in."""
    found = PLACES.match(routed(request.path, datasette.setting("base_url")))
    return bool(found and tilde_decode(found["database"]) in archives(datasette))


async def missing(datasette: Any, request: Any, why: str) -> Any:
    """Not Found as a page of the archive; as JSON for a program."""
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


# -- the addresses ---------------------------------------------------------------------------------

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
"""Where our pages lie, those that are there and those that are not."""

ADDRESSES = re.compile("|".join(re.sub(r"\?P<\w+>", "?:", address) for address, _ in ROUTES))
"""Those of the pages, for what has to know them before Datasette does."""
