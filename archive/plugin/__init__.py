"""The Datasette plugin: an archive reads well in any Datasette that finds this package installed.

It knows archives by their tables, whatever their file is called, and leaves other databases alone.
The hooks are those that 0.65 and 1.0 share; where they differ, 0.65 asks `get_metadata` and 1.0 is
told at `startup`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import Any

from datasette import NotFound, Response  # type: ignore[import-untyped]
from datasette.views.base import DatasetteError  # type: ignore[import-untyped]
from markupsafe import Markup
from pluggy import HookimplMarker

from archive.plugin.cells import cell
from archive.plugin.concurrency import paced
from archive.plugin.csv_safety import safe_csv
from archive.plugin.metadata import configuration
from archive.plugin.middleware import App, Nonces, bounded, nonce, with_headers
from archive.plugin.permissions import actions, archives
from archive.plugin.public import SQL_IS_FOR, for_strangers, hosts, is_public
from archive.plugin.routes import ADDRESSES, Paths, is_missing, missing, routes
from archive.plugin.sql_limits import limit
from archive.queries.search import match_or_nothing, passage
from archive.text.formatting import direction, many, moment, percent
from archive.text.html import marked

__all__ = ["archives", "configuration", "direction"]

hookimpl = HookimplMarker("datasette")

Vars = dict[str, Any]


# after Datasette's own functions, so that its search boxes take escape_fts from here
@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: Any) -> None:
    if database not in archives(datasette):
        return
    for name in ("match_query", "escape_fts"):
        conn.create_function(name, 1, match_or_nothing, deterministic=True)
    conn.create_function("passage", 2, _passage, deterministic=True)
    conn.create_function("registered", 1, registered, deterministic=True)
    limit(conn)


@hookimpl(optionalhook=True)  # gone in 1.0
def get_metadata(datasette: Any, key: str | None) -> Vars:
    names = archives(datasette)
    if not names or key == "plugins":  # of which it says nothing, and which `is_public` asks for
        return {}
    return configuration("0.65", names) | (
        {"allow_sql": SQL_IS_FOR} if is_public(datasette) else {}
    )


@hookimpl
def register_routes(datasette: Any) -> list[Any]:
    return routes(datasette) if archives(datasette) else []


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]]:
    async def tell() -> None:
        names = archives(datasette)
        if not names:
            return
        quiet()
        if hasattr(datasette, "add_query"):
            await _configure(datasette, configuration("1.0", names))
            if is_public(datasette):
                datasette.config.setdefault("allow_sql", SQL_IS_FOR)

    return tell


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[App], App]:
    return lambda app: guarded(app, datasette) if archives(datasette) else app


def guarded(app: App, datasette: Any) -> App:
    """Datasette behind what `archive.plugin.middleware` tells of."""
    guarded = safe_csv(app)
    if is_public(datasette):
        guarded = for_strangers(guarded, datasette, ADDRESSES)
    return with_headers(bounded(paced(guarded, datasette, ADDRESSES), hosts(datasette)))


@hookimpl(tryfirst=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """What a visitor asked for that cannot be had is the visitor's mistake; None leaves it to
    Datasette."""
    if isinstance(exception, NotFound) and archives(datasette) and is_missing(datasette, request):
        return partial(missing, datasette, request, str(exception))
    told = refused(exception) if archives(datasette) else None
    if told is None:
        return None
    if request.path.endswith(".json"):
        return Response.json({"ok": False, "error": told, "status": 400, "title": None}, status=400)
    return Response.text(told, status=400)


@hookimpl
def extra_css_urls(datasette: Any) -> list[str]:
    if not archives(datasette):
        return []
    return [f"{datasette.urls.static_plugins('dateline', 'tables.css')}?{_version('tables.css')}"]


@hookimpl
def render_cell(
    row: Any, value: Any, column: str, table: str | None, database: str, datasette: Any
) -> Markup | None:
    if database not in archives(datasette) or not isinstance(value, str | int):
        return None
    held = dict(row)
    id = held.get("id") if table in ("articles", "coverage") else held.get("article")
    url = str(datasette.urls.row(database, "articles", str(id))) if isinstance(id, int) else None
    return cell(column, value, url)


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    env.filters |= {
        f"dateline_{each.__name__}": each for each in (moment, many, percent, direction, marked)
    }
    env.globals |= {"dateline_version": _version("dateline.css"), "csp_nonce": nonce}
    env.add_extension(Nonces)


@hookimpl
def menu_links(datasette: Any) -> list[Vars]:
    """From Datasette's own pages back to those of the archive."""
    return [
        {
            "href": Paths(datasette.urls, name).home(),
            "label": "Dateline" if name == "archive" else f"Dateline: {name}",
        }
        for name in archives(datasette)
    ]


@hookimpl
def extra_template_vars(database: str | None, datasette: Any) -> Vars:
    """For Datasette's own page of an archive: the way to the pages that are made to be read."""
    return {"paths": Paths(datasette.urls, database)} if database in archives(datasette) else {}


@hookimpl(optionalhook=True)  # new in 1.0
def register_actions() -> list[Any]:
    return actions()


def registered(address: object) -> str | None:
    """The domain that was registered, by the Public Suffix List: `https://news.ridge.co.uk/1` →
    `ridge.co.uk`."""
    found = _suffixes()(str(address or ""))
    by_the_default_rule = ".".join([*found.subdomain.split(".")[-1:], found.domain]).strip(".")
    return found.top_domain_under_public_suffix or by_the_default_rule or None


@cache
def _suffixes() -> Any:
    from tldextract import TLDExtract

    # the list that came with it: serving asks no other host
    return TLDExtract(suffix_list_urls=(), cache_dir=None)


def refused(exception: Exception) -> str | None:
    """The sentence for an error that a request brought about; None for one that it did not."""
    if isinstance(exception, MemoryError):
        return "The query needs more memory than this server gives."
    if isinstance(exception, OverflowError):
        return "A number is too large."
    if (
        isinstance(exception, DatasetteError)
        and exception.status == 500
        and not exception.message_is_html
    ):
        return str(exception.message)  # such as: cannot sort by that
    if isinstance(exception, sqlite3.DatabaseError):
        return str(exception)
    return "The request cannot be understood." if isinstance(exception, ValueError) else None


def quiet() -> None:
    """No pictures of all local variables in the log: where Rich is installed, Datasette draws one
    of each Not Found."""
    from datasette import handle_exception as drawing

    drawing.rich = None


def _passage(text: object, words: object) -> str:
    return passage(str(text or ""), str(words or ""))


@cache
def _version(style: str) -> str:
    return sha256((files("archive.plugin") / "static" / style).read_bytes()).hexdigest()[:8]


async def _configure(datasette: Any, given: Vars) -> None:
    """Tell Datasette 1.0 what 0.65 asks for; what its own files say stays."""
    for database, settings in given["databases"].items():
        for name, query in settings["queries"].items():
            texts = {key: query[key] for key in ("title", "description")}
            await datasette.add_query(
                database,
                name,
                query["sql"],
                parameters=query.get("params"),
                is_trusted=True,
                **texts,
            )
        tables = (
            datasette.config.setdefault("databases", {})
            .setdefault(database, {})
            .setdefault("tables", {})
        )
        for table, values in settings["tables"].items():
            tables[table] = values | tables.get(table, {})
    for database, told in given["metadata"]["databases"].items():
        if "description" not in await datasette.get_database_metadata(database):
            await datasette.set_database_metadata(database, "description", told["description"])
        for table, values in told["tables"].items():
            if "description" not in await datasette.get_resource_metadata(database, table):
                await datasette.set_resource_metadata(
                    database, table, "description", values.get("description", "")
                )
            for column, text in values.get("columns", {}).items():
                await datasette.set_column_metadata(database, table, column, "description", text)
