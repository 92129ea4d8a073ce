"""The Datasette plugin, which adds readable pages to any Datasette with this package installed.

It recognises archives by their tables, whatever the file's name, and ignores other databases. Its
hooks are those that Datasette 0.65 and 1.0 share; where they differ, 0.65 calls `get_metadata` and
1.0 is configured at `startup`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from markupsafe import Markup
from pluggy import HookimplMarker

from archive.exports.timeline import timeline_svg
from archive.plugin.answer_pages import (
    answer_table,
    field_kind,
    field_options,
    table_column_names,
)
from archive.plugin.cells import CellPlace, cell_html, column_label
from archive.plugin.error_pages import respond_exception, respond_forbidden, respond_missing
from archive.plugin.extending.content_policy import configured_sources, widened_policy
from archive.plugin.extending.own_questions import is_site_question, own_questions
from archive.plugin.feed_routes import atom_output
from archive.plugin.guards.concurrency import with_request_lanes
from archive.plugin.guards.csv_safety import csv_row_limits, with_safe_csv
from archive.plugin.guards.middleware import (
    App,
    ScriptNonces,
    script_nonce,
    with_security_headers,
    with_sound_requests,
)
from archive.plugin.guards.permissions import archives, edit_actions
from archive.plugin.guards.proxy_users import actor_of_proxy
from archive.plugin.guards.public import (
    SQL_ALLOW_BLOCK,
    added_paths,
    is_public_archive,
    restricted_for_strangers,
    server_host_names,
)
from archive.plugin.guards.sql_limits import limit_connection
from archive.plugin.metadata import (
    TABLE_PAGE_SIZES,
    configuration,
    folded_columns,
    table_sentence,
    table_settings,
)
from archive.plugin.page_requests import ArchivePaths, stock_page_context
from archive.plugin.routes import page_paths_pattern, page_routes
from archive.plugin.static_files import (
    static_file_version,
    with_compressed_pages,
    with_static_files,
)
from archive.queries.sql_functions import add_archive_functions
from archive.text.formatting import (
    direction,
    many,
    modified_moment,
    moment,
    percent,
    printed_moment,
)
from archive.text.html import contact_link, marked

__all__ = ["archives", "configuration", "direction"]

hookimpl = HookimplMarker("datasette")

TemplateVars = dict[str, Any]

UNSET_KEYS = ("allow", "plugins")
"""Keys of metadata that the archive's own never has.

Datasette 0.65 asks for the first one dozens of times a page, and `is_public_archive`, for the
second, would recurse.
"""


# after Datasette's own functions, so that its search boxes use this escape_fts
@hookimpl(trylast=True)
def prepare_connection(conn: sqlite3.Connection, database: str, datasette: Any) -> None:
    """Add the archive's SQL functions to a connection, and limit what statements may do."""
    if database not in archives(datasette):
        return
    add_archive_functions(conn)
    limit_connection(conn)


@hookimpl(optionalhook=True)  # gone in 1.0
def get_metadata(datasette: Any, key: str | None) -> TemplateVars:
    """Return titles, descriptions and canned queries for Datasette 0.65."""
    names = archives(datasette)
    if not names or key in UNSET_KEYS:
        return {}
    if key == "tables":
        return table_settings(names)
    metadata = configuration("0.65", names, own_questions(datasette))
    return metadata | {"allow_sql": SQL_ALLOW_BLOCK} if is_public_archive(datasette) else metadata


@hookimpl
def register_routes(datasette: Any) -> list[Any]:
    """Return the routes of the archive's pages."""
    return page_routes(datasette) if archives(datasette) else []


@hookimpl
def register_output_renderer() -> TemplateVars:
    """Return the output format `.atom` of queries whose rows are articles."""
    return atom_output()


@hookimpl
def startup(datasette: Any) -> Callable[[], Awaitable[None]]:
    """Return the function that configures Datasette 1.0 when it starts."""

    async def configure() -> None:
        """Add queries and descriptions, unless 0.65 reads them as metadata."""
        names = archives(datasette)
        if not names:
            return
        disable_rich_tracebacks()
        if hasattr(datasette, "add_query"):
            await _configure_datasette(
                datasette, configuration("1.0", names, own_questions(datasette))
            )
            if is_public_archive(datasette):
                datasette.config.setdefault("allow_sql", SQL_ALLOW_BLOCK)

    return configure


@hookimpl
def asgi_wrapper(datasette: Any) -> Callable[[App], App]:
    """Return a function that puts the middleware around Datasette."""
    return lambda app: guarded_app(app, datasette) if archives(datasette) else app


def guarded_app(app: App, datasette: Any) -> App:
    """Return Datasette behind the middleware that `archive.plugin.guards.middleware` describes."""
    ours = page_paths_pattern(datasette)
    guarded = with_safe_csv(app, csv_row_limits(datasette, TABLE_PAGE_SIZES))
    if is_public_archive(datasette):
        guarded = restricted_for_strangers(
            guarded,
            datasette,
            ours,
            partial(respond_missing, datasette),
            lambda: added_paths(datasette, own_questions(datasette)),
        )
    with_lanes = with_request_lanes(guarded, datasette, ours)
    with_files = with_static_files(with_compressed_pages(with_lanes), datasette.setting("base_url"))
    sound = with_sound_requests(with_files, server_host_names(datasette))
    allowed = configured_sources(datasette)
    return with_security_headers(sound, partial(widened_policy, allowed=allowed))


@hookimpl(tryfirst=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Return the function that responds with an error page of the archive."""
    return (
        partial(respond_exception, datasette, request, exception) if archives(datasette) else None
    )


@hookimpl(tryfirst=True)
def forbidden(datasette: Any, request: Any, message: str) -> Any:  # noqa: ARG001
    """Return the function that responds to a visitor without permission."""
    return partial(respond_forbidden, datasette, request) if archives(datasette) else None


@hookimpl
def render_cell(
    row: Any, value: Any, column: str, table: str | None, database: str, datasette: Any
) -> Markup | None:
    """Return the HTML of a cell in Datasette's tables; None leaves it to Datasette."""
    if database not in archives(datasette):
        return None
    place = CellPlace(column, table, row, ArchivePaths(datasette.urls, database))
    return cell_html(place, value)


@hookimpl
def prepare_jinja2_environment(env: Any, datasette: Any) -> None:
    """Add the filters and globals that the templates use."""
    filters = (
        moment,
        printed_moment,
        modified_moment,
        many,
        percent,
        direction,
        marked,
        contact_link,
        timeline_svg,
    )
    env.filters["dateline_column_label"] = column_label
    env.filters |= {f"dateline_{each.__name__}": each for each in filters}
    env.globals |= {
        "dateline_version": static_file_version,
        "csp_nonce": script_nonce,
        "dateline_answer": answer_table,
        "dateline_max_rows": partial(datasette.setting, "max_returned_rows"),
        "dateline_field_kind": field_kind,
        "dateline_folded_columns": folded_columns,
        "dateline_is_question": partial(is_site_question, datasette),
        "dateline_table_columns": table_column_names,
        "dateline_table_sentence": table_sentence,
    }
    env.add_extension(ScriptNonces)


@hookimpl
def extra_template_vars(
    template: str | None, database: str | None, request: Any, datasette: Any
) -> Callable[[], Awaitable[TemplateVars]]:
    """Return a function that gives Datasette's own pages the frame of the archive's pages."""

    async def frame() -> TemplateVars:
        """Return `site` and `paths`; the archive's own pages already have both."""
        if not archives(datasette) or (template or "").startswith("dateline_"):
            return {}
        context = await stock_page_context(datasette, request, database)
        paths = context["paths"]
        if paths is not None and not paths.is_combined:
            context["field_options"] = partial(field_options, datasette, paths.database)
        return context

    return frame


@hookimpl
def actor_from_request(datasette: Any, request: Any) -> dict[str, str] | None:
    """Return the visitor whom a reverse proxy has signed in."""
    return actor_of_proxy(datasette, request)


@hookimpl(optionalhook=True)  # new in 1.0
def register_actions() -> list[Any]:
    """Return the permissions to record verdicts, write notes and so on."""
    return edit_actions()


def disable_rich_tracebacks() -> None:
    """Keep local variables out of the log.

    With Rich installed, Datasette prints them for each Not Found.
    """
    from datasette import handle_exception as drawing  # type: ignore[import-untyped]

    drawing.rich = None


async def _configure_datasette(datasette: Any, given: TemplateVars) -> None:
    """Configure Datasette 1.0; values from its own configuration files take precedence."""
    for database, settings in given["databases"].items():
        await _add_queries(datasette, database, settings["queries"])
        databases = datasette.config.setdefault("databases", {})
        tables = databases.setdefault(database, {}).setdefault("tables", {})
        for table, values in settings["tables"].items():
            tables[table] = values | tables.get(table, {})
    for database, metadata in given["metadata"]["databases"].items():
        await _describe_tables(datasette, database, metadata)


async def _add_queries(datasette: Any, database: str, queries: TemplateVars) -> None:
    """Add the canned queries of one database."""
    for name, query in queries.items():
        await datasette.add_query(
            database,
            name,
            query["sql"],
            parameters=query.get("params"),
            is_trusted=True,
            title=query["title"],
            description=query["description"],
        )


async def _describe_tables(datasette: Any, database: str, metadata: TemplateVars) -> None:
    """Set the descriptions of a database, its tables and their columns."""
    if "description" not in await datasette.get_database_metadata(database):
        await datasette.set_database_metadata(database, "description", metadata["description"])
    for table, values in metadata["tables"].items():
        if "description" not in await datasette.get_resource_metadata(database, table):
            description = values.get("description", "")
            await datasette.set_resource_metadata(database, table, "description", description)
        for column, text in values.get("columns", {}).items():
            if "description" not in await datasette.get_column_metadata(database, table, column):
                await datasette.set_column_metadata(database, table, column, "description", text)
