"""Requests for pages: their URLs, their permissions, and the code between a request and a template."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote, unquote, urlencode

from datasette import Forbidden, NotFound, Response  # type: ignore[import-untyped]
from datasette.utils import tilde_decode, tilde_encode  # type: ignore[import-untyped]

from archive.pages.filters import PageFilters
from archive.plugin.guards.permissions import archives, has_several_archives, may_see_tables
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.page_work import page_work
from archive.plugin.site_context import site_context
from archive.queries.lookup import PlainRow

PAGE_CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""The archive's pages have no inline scripts or styles and nothing from other hosts. Their scripts
only add to what works without them."""

FILE_CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
)
"""If a browser displays a dossier instead of saving it, it runs no scripts and is not part of this
site."""

PAGE_TABLES = ("articles", "outlets", "stories", "story_articles", "events", "revisions", "urls")
"""The tables that the pages are made of. Visitors need permission for all of them, because each
page draws on several."""


ARCHIVE_PATH = r"^/(?P<database>[^/]+)"
"""The beginning of a route within an archive."""
ARTICLE_PATH = ARCHIVE_PATH + r"/articles/(?P<id>\d{1,18})"
"""The beginning of a route of an article."""


@dataclass(frozen=True, slots=True)
class ListPaths:
    """Paths of the pages that one archive has, and several have together."""

    urls: Any
    """Datasette's own paths, which include its base_url."""

    def _folder(self) -> str:
        """Return the path below which the pages lie, without base_url."""
        raise NotImplementedError

    def _page(self, *words: object) -> str:
        path = "/".join(quote(str(word), safe="") for word in words)
        return str(self.urls.path(f"{self._folder()}/{path}"))

    def stories(self) -> str:
        """Return the path of the list of stories."""
        return self._page("stories")

    def outlets(self) -> str:
        """Return the path of the list of outlets."""
        return self._page("outlets")

    def search(self, **values: str) -> str:
        """Return the path of the search page, with a query."""
        return self._page("search") + ("?" + urlencode(values) if values else "")

    def search_feed(self, values: dict[str, str]) -> str:
        """Return the path of the feed of a search."""
        return self._list("search", "atom", dict(values))

    def events(self, form: str | None = None, **values: str | int) -> str:
        """Return the path of the list of events, or of its file in a format, with filters."""
        return self._list("events", form, values)

    def changes(self, form: str | None = None, **values: str | int) -> str:
        """Return the path of the list of changes, or of its file in a format, with filters."""
        return self._list("changes", form, values)

    def copies(self, form: str | None = None, **values: str | int) -> str:
        """Return the path of the list of copies, or of its file in a format, with filters."""
        return self._list("copies", form, values)

    def attention(self, form: str | None = None, **values: str | int) -> str:
        """Return the path of a subject's articles over time, or of its file in a format."""
        return self._list("attention", form, values)

    def questions(self) -> str:
        """Return the path of the canned queries."""
        return self._page("questions")

    def _list(self, name: str, form: str | None, values: dict[str, str | int]) -> str:
        filled = {key: value for key, value in values.items() if value != ""}
        query = "?" + urlencode(filled) if filled else ""
        return self._page(name + (f".{form}" if form else "")) + query


@dataclass(frozen=True, slots=True)
class CombinedPaths(ListPaths):
    """Paths of the pages that several archives have together."""

    is_combined: ClassVar[bool] = True
    database: ClassVar[None] = None

    def _folder(self) -> str:
        return "/-/all"

    def home(self) -> str:
        """Return the path of the home page."""
        return str(self.urls.path("/"))

    def question(self, name: str, form: str | None = None) -> str:
        """Return the path of the answer of all archives to a question, or of its file in a format."""
        return self._page("question", name + (f".{form}" if form else ""))

    def search_file(self, form: str, values: dict[str, str]) -> str:
        """Return the path of what a search finds, as a file in a format."""
        return self._list("search", form, dict(values))

    def of(self, row: PlainRow) -> ArchivePaths:
        """Return the paths of the archive that a row is from."""
        return self.archive(str(row["archive"]))

    def archive(self, name: str) -> ArchivePaths:
        """Return the paths of one of the archives."""
        return ArchivePaths(self.urls, name)


@dataclass(frozen=True, slots=True)
class ArchivePaths(ListPaths):
    """Paths of the pages within one archive."""

    database: str
    is_combined: ClassVar[bool] = False

    def _folder(self) -> str:
        return f"/{tilde_encode(self.database)}/-"

    def of(self, _row: PlainRow) -> ArchivePaths:
        """Return these paths: all rows are from this archive."""
        return self

    def combined(self) -> CombinedPaths:
        """Return the paths of the pages of all archives of the site."""
        return CombinedPaths(self.urls)

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

    def beside(self, id: int, other: int, view: str = "") -> str:
        """Return the path of two articles compared, in `columns`, `inline`, or what fits best."""
        return f"{self.article(id)}/beside/{other}" + (f"?view={view}" if view else "")

    def story(self, name: str, form: str | None = None) -> str:
        """Return the path of a story's page, or of its file in a format."""
        return self._page("story", name + (f".{form}" if form else ""))

    def verdict(self, name: str) -> str:
        """Return the path to which a verdict is sent."""
        return self._page("story", name, "verdict")

    def outlet(self, host: str, form: str | None = None) -> str:
        """Return the path of an outlet's page, or of its feed (`atom`)."""
        return self._page("outlet", host + (f".{form}" if form else ""))

    def outlet_look(self, token: str) -> str:
        """Return the path of the lookup of an outlet."""
        return self._page("outlets", "look", token)

    def action(self, *words: object) -> str:
        """Return the path to which a form is sent: `action("note", 12, "edit")`."""
        return self._page(*words)

    def event(self, id: int, form: str | None = None) -> str:
        """Return the path of an event's page, or of its file in a format."""
        return self._page("event", f"{id}" + (f".{form}" if form else ""))

    def tables(self) -> str:
        """Return the path of the page that explains the tables."""
        return self._page("tables")

    def sql(self, sql: str) -> str:
        """Return the path of a query in Datasette's SQL page."""
        return f"{self.urls.database(self.database)}?{urlencode({'sql': sql})}"


MAX_FILTER_VALUE_CHARS = 200
"""Characters of a filter that are read."""

AskedFilters = TypeVar("AskedFilters", bound=PageFilters)


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

    def filters(self, kind: type[AskedFilters]) -> AskedFilters:
        """Return the filters of a kind that the query names, cut to `MAX_FILTER_VALUE_CHARS`."""
        build: Callable[..., AskedFilters] = kind
        given = {name: self.args[name].strip() for name in kind.__slots__ if name in self.args}
        return build(**{name: value[:MAX_FILTER_VALUE_CHARS] for name, value in given.items()})


PageDataFunction = Callable[[sqlite3.Connection, PageRequest], PlainRow | None]


def page_handler(template: str, make: PageDataFunction) -> Callable[..., Awaitable[Any]]:
    """Return a handler that renders what `make` returns; None becomes Not Found."""

    async def handler(datasette: Any, request: Any) -> Any:
        """Respond with the page."""
        database = await requested_archive(datasette, request)
        asked = page_request(request)
        found = await page_readers(datasette).read(
            datasette, database, lambda connection: make(connection, asked)
        )
        if found is None:
            raise NotFound(f"{request.path}: this archive has no such page")
        return await rendered_page(datasette, request, template, database, found)

    return handler


async def first_archive_for(datasette: Any, actor: Any) -> str | None:
    """Return the first archive that a visitor may see, or None."""
    for name in archives(datasette):
        if await may_see_tables(datasette, actor, name, PAGE_TABLES):
            return name
    return None


async def archive_to_link(datasette: Any, actor: Any, database: str | None) -> str | None:
    """Return the archive of a page, or else the first that the visitor may see, or None."""
    if database in archives(datasette) and await may_see_tables(
        datasette, actor, database, PAGE_TABLES
    ):
        return database
    return await first_archive_for(datasette, actor)


async def paths_to_link(
    datasette: Any, actor: Any, database: str | None
) -> ArchivePaths | CombinedPaths | None:
    """Return the paths that the header of a page links, or None if the visitor may see no archive.

    They are those of the page's archive, else of all archives together, or of the only one.
    """
    linked = await archive_to_link(datasette, actor, database)
    if linked is None:
        return None
    if linked != database and has_several_archives(datasette):
        return CombinedPaths(datasette.urls)
    return ArchivePaths(datasette.urls, linked)


async def requested_archive(
    datasette: Any, request: Any, tables: tuple[str, ...] = PAGE_TABLES
) -> str:
    """Return the archive that a path names, or the first that the visitor may see.

    Raises NotFound for an unknown archive, and Forbidden without permission.
    """
    if "database" not in request.url_vars:
        seen = await first_archive_for(datasette, request.actor)
        if seen is None:
            raise Forbidden("view-instance")
        return seen
    database = str(tilde_decode(request.url_vars["database"]))
    if database not in archives(datasette):
        raise NotFound(f"{database}: not an archive")
    if not await may_see_tables(datasette, request.actor, database, tables):
        raise Forbidden(f"view-table: {database}: {', '.join(tables)}")
    return database


def page_request(request: Any) -> PageRequest:
    """Return the parts of a request that a page depends on."""
    path = {name: unquote(value) for name, value in request.url_vars.items() if value}
    return PageRequest(path, {name: request.args[name] for name in request.args})


async def rendered_page(
    datasette: Any, request: Any, template: str, database: str, found: PlainRow
) -> Any:
    """Respond with a template filled with the data of a page."""
    paths = ArchivePaths(datasette.urls, database)
    context = {
        "site": await site_context(datasette, request, paths),
        "paths": paths,
        "database": database,
        "shown": found,
        "work": await page_work(datasette, request, template, database, found),
    }
    return await response_of_template(datasette, request, template, context)


async def response_of_template(
    datasette: Any, request: Any, template: str, context: dict[str, Any]
) -> Any:
    """Respond with a template of the archive's pages."""
    text = await datasette.render_template(f"dateline_{template}.html", context, request=request)
    return Response.html(text, headers={"content-security-policy": PAGE_CONTENT_POLICY})


async def stock_page_context(datasette: Any, request: Any, database: str | None) -> dict[str, Any]:
    """Return what a page that Datasette computes needs: `site`, and `paths` if it has an archive."""
    paths = await paths_to_link(datasette, request.actor if request else None, database)
    linked = paths.database if paths else None
    site = await site_context(datasette, request, paths)
    own = {"is_archive_site": True, "is_archive_page": bool(database) and linked == database}
    return {"site": site | own, "paths": paths}
