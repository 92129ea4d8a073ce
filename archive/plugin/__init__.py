"""The Datasette plugin: an archive reads well in any Datasette that finds this package installed.

It knows archives by their tables, whatever their file is called, and leaves other databases alone. The hooks are those
that 0.65 and 1.0 share; where they differ, 0.65 asks `get_metadata` and 1.0 is told at `startup`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pluggy import HookimplMarker

from archive import reading
from archive.plugin import revisions
from archive.plugin.cells import beginning, cell, web_link
from archive.plugin.configuration import configuration, queries
from archive.plugin.safety import App, guarded, limit
from archive.search import match_or_nothing, passage

hookimpl = HookimplMarker("datasette")

RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
NEWEST = 20

Vars = dict[str, Any]


@hookimpl(trylast=True)  # after Datasette's own functions, so that its search boxes take escape_fts from here
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: Any) -> None:
    if database not in archives(datasette):
        return
    for name in ("match_query", "escape_fts"):
        conn.create_function(name, 1, match_or_nothing, deterministic=True)
    conn.create_function("passage", 2, _passage, deterministic=True)
    conn.create_function("registered", 1, registered, deterministic=True)
    limit(conn)


@hookimpl(optionalhook=True)  # gone in 1.0
def get_metadata(datasette: Any) -> Vars:
    names = archives(datasette)
    return configuration("0.65", names) if names else {}


@hookimpl
def register_routes(datasette: Any) -> list[Any]:
    return revisions.ROUTES if archives(datasette) else []


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]]:
    async def tell() -> None:
        names = archives(datasette)
        if names and hasattr(datasette, "add_query"):
            await _configure(datasette, configuration("1.0", names))

    return tell


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[App], App]:
    return lambda app: guarded(app) if archives(datasette) else app


@hookimpl
def extra_css_urls(datasette: Any) -> list[str]:
    if not archives(datasette):
        return []
    return [datasette.urls.static_plugins("dateline", "dateline.css") + "?" + _style_version()]


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str, datasette: Any) -> Markup | None:
    if database not in archives(datasette) or not isinstance(value, str | int):
        return None
    held = dict(row)
    id = held.get("id") if table in ("articles", "coverage") else held.get("article")
    url = str(datasette.urls.row(database, "articles", str(id))) if isinstance(id, int) else None
    return cell(column, value, url)


@hookimpl
def extra_template_vars(
    database: str | None, table: str | None, view_name: str, request: Any, datasette: Any
) -> Callable[[], Awaitable[Vars]]:
    names = archives(datasette)

    async def variables() -> Vars:
        if view_name == "row" and table == "articles" and database in names:
            return {"dateline_article": await _article(datasette, database, request)}
        if view_name in ("index", "database") and names and (database or names[0]) in names:
            return {"dateline_front": await _front(datasette, database or names[0])}
        return {}

    return variables


def archives(datasette: Any) -> tuple[str, ...]:
    """The names of the databases that are archives of this program."""
    return tuple(name for name, db in datasette.databases.items() if db.path and is_archive(str(db.path)))


@cache
def is_archive(path: str) -> bool:
    """Whether a file is an archive, by what it says of its own migrations."""
    try:
        connection = sqlite3.connect(Path(path).absolute().as_uri() + "?mode=ro", uri=True)
    except (sqlite3.Error, ValueError):
        return False
    try:
        applied = "SELECT 1 FROM _sqlite_migrations WHERE migration_set = 'dateline.archive'"
        return connection.execute(applied).fetchone() is not None
    except sqlite3.Error:
        return False
    finally:
        connection.close()


def registered(address: object) -> str | None:
    """The domain that was registered, by the Public Suffix List: `https://news.ridge.co.uk/1` → `ridge.co.uk`."""
    found = _suffixes()(str(address or ""))
    by_the_default_rule = ".".join([*found.subdomain.split(".")[-1:], found.domain]).strip(".")
    return found.top_domain_under_public_suffix or by_the_default_rule or None


@cache
def _suffixes() -> Any:
    from tldextract import TLDExtract

    return TLDExtract(suffix_list_urls=(), cache_dir=None)  # the list that came with it: serving asks no other host


def _passage(text: object, words: object) -> str:
    return passage(str(text or ""), str(words or ""))


@cache
def _style_version() -> str:
    return sha256((files("archive.plugin") / "static" / "dateline.css").read_bytes()).hexdigest()[:8]


async def _article(datasette: Any, database: str, request: Any) -> Vars | None:
    id = request.url_vars["pks"]
    if not id.isdigit():
        return None
    db = datasette.get_database(database)
    record: Vars | None = await db.execute_fn(lambda connection: reading.article(connection, int(id)))
    if record is None:
        return None
    return record | {
        "database": database,
        "paragraphs": [line for line in record["text"].split("\n") if line.strip()],
        "direction": direction(record["language"]),
        "link": web_link(record["url"]) or record["url"],
        "addresses": [other | {"link": web_link(other["url"]) or other["url"]} for other in record["addresses"]],
    }


async def _front(datasette: Any, database: str) -> Vars:
    """The page that an archive opens with: its newest articles, a search box, the questions that people ask first."""
    db = datasette.get_database(database)
    cards = await db.execute_fn(lambda connection: reading.newest(connection, NEWEST))
    counts = (
        await db.execute(
            "SELECT (SELECT count(*) FROM articles) AS articles, (SELECT count(*) FROM outlets) AS outlets"
        )
    ).first()
    for card in cards:
        card["beginning"] = beginning(card["standfirst"] or card["beginning"], 200)
        card["direction"] = direction(card["language"])
    return {
        "database": database,
        "cards": cards,
        "articles": counts["articles"],
        "outlets": counts["outlets"],
        "queries": {name: query["title"] for name, query in queries().items()},
    }


def direction(language: str | None) -> str:
    """The reading direction of a language, for HTML; `auto` where the language is not known."""
    if not language:
        return "auto"
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


async def _configure(datasette: Any, given: Vars) -> None:
    """Tell Datasette 1.0 what 0.65 asks for; what its own files say stays."""
    for database, settings in given["databases"].items():
        for name, query in settings["queries"].items():
            texts = {key: query[key] for key in ("title", "description")}
            await datasette.add_query(
                database, name, query["sql"], parameters=query.get("params"), is_trusted=True, **texts
            )
        tables = datasette.config.setdefault("databases", {}).setdefault(database, {}).setdefault("tables", {})
        for table, values in settings["tables"].items():
            tables[table] = values | tables.get(table, {})
    for database, told in given["metadata"]["databases"].items():
        await datasette.set_database_metadata(database, "description", told["description"])
        for table, values in told["tables"].items():
            await datasette.set_resource_metadata(database, table, "description", values.get("description", ""))
            for column, text in values.get("columns", {}).items():
                await datasette.set_column_metadata(database, table, column, "description", text)
