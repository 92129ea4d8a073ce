"""The page of an article's changes: `/archive/articles/12/revisions`, and `…/revisions/3` for one of them."""

from __future__ import annotations

from typing import Any

from datasette import Forbidden, NotFound, Response  # type: ignore[import-untyped]
from datasette.utils import tilde_decode  # type: ignore[import-untyped]
from markupsafe import Markup

from archive.changes import page_rows
from archive.errors import ArchiveError, UsageError

TABLES = ("articles", "revisions")
"""Who may not see these does not see what is made of them."""


async def changes(datasette: Any, request: Any) -> Any:
    """The page. Raises NotFound for what is no archive, article or revision, Forbidden for who may not see it."""
    from archive.plugin import archives, direction  # which imports this module

    database = tilde_decode(request.url_vars["database"])
    if database not in archives(datasette):
        raise NotFound(f"{database}: no archive")
    for table in TABLES:
        if not await _may_see(datasette, request.actor, database, table):
            raise Forbidden(f"view-table: {database}/{table}")
    id, number = int(request.url_vars["id"]), request.url_vars["number"]
    try:
        shown = await datasette.get_database(database).execute_fn(
            lambda connection: page_rows(connection, id, int(number) if number else None)
        )
    except (ArchiveError, UsageError) as error:
        raise NotFound(str(error)) from error
    more = {"database": database, "direction": direction(shown["language"])}
    comparison = Markup(shown["comparison"]) if shown["comparison"] else None  # noqa: S704  escaped where it was made
    page = await datasette.render_template(
        "dateline_diff.html", {"changes": shown | more | {"comparison": comparison}}, request=request
    )
    return Response.html(page)


async def _may_see(datasette: Any, actor: Any, database: str, table: str) -> bool:
    if hasattr(datasette, "allowed"):  # 1.0
        from datasette.resources import TableResource  # type: ignore[import-untyped]

        resource = TableResource(database=database, table=table)
        return bool(await datasette.allowed(action="view-table", resource=resource, actor=actor))
    asked = [("view-table", (database, table)), ("view-database", database), "view-instance"]
    visible, _ = await datasette.check_visibility(actor, permissions=asked)
    return bool(visible)


ROUTES = [(r"^/(?P<database>[^/]+)/articles/(?P<id>\d{1,18})/revisions(?:/(?P<number>\d{1,9}))?$", changes)]
