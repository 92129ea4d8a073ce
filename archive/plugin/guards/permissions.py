"""Recognise the databases that are archives, and check who may see and judge their content.

Datasette's own permissions decide.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

VERDICT_PERMISSION = "dateline-verdict"
"""The permission to say which articles belong to a story. Datasette's root has it (`datasette
--root`), and anyone whom Datasette's configuration names."""


def archives(datasette: Any) -> tuple[str, ...]:
    """Return the names of the databases that are archives of this program."""
    return tuple(
        name for name, db in datasette.databases.items() if db.path and is_archive(str(db.path))
    )


@cache
def is_archive(path: str) -> bool:
    """Return True if a file is an archive, judging by its table of migrations."""
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


async def may_see_tables(datasette: Any, actor: Any, database: str, tables: Iterable[str]) -> bool:
    """Return True if a visitor may see all of these tables."""
    for table in tables:
        if not await _may_see_table(datasette, actor, database, table):
            return False
    return True


async def _may_see_table(datasette: Any, actor: Any, database: str, table: str) -> bool:
    if hasattr(datasette, "allowed"):  # 1.0
        from datasette.resources import TableResource  # type: ignore[import-untyped]

        resource = TableResource(database=database, table=table)
        return bool(await datasette.allowed(action="view-table", resource=resource, actor=actor))
    from datasette import Forbidden  # type: ignore[import-untyped]

    asked = [("view-table", (database, table)), ("view-database", database), "view-instance"]
    try:
        await datasette.ensure_permissions(actor, asked)
    except Forbidden:
        return False
    return True


async def may_judge(datasette: Any, actor: Any, database: str) -> bool:
    """Return True if a visitor may record verdicts.

    It is False for every visitor of a file that was opened as immutable.
    """
    if not datasette.get_database(database).is_mutable:
        return False
    if hasattr(datasette, "allowed"):  # 1.0
        from datasette.resources import DatabaseResource

        resource = DatabaseResource(database=database)
        return bool(
            await datasette.allowed(action=VERDICT_PERMISSION, resource=resource, actor=actor)
        )
    default = bool(actor) and (
        actor.get("id") == "root" or _is_named_in_config(datasette, actor, database)
    )
    return bool(
        await datasette.permission_allowed(
            actor, VERDICT_PERMISSION, resource=database, default=default
        )
    )


async def may_run_sql(datasette: Any, actor: Any, database: str) -> bool:
    """Return True if a visitor may run their own SQL, and so sees the tables too."""
    if hasattr(datasette, "allowed"):  # 1.0
        from datasette.resources import DatabaseResource

        resource = DatabaseResource(database=database)
        return bool(await datasette.allowed(action="execute-sql", resource=resource, actor=actor))
    return bool(
        await datasette.permission_allowed(actor, "execute-sql", resource=database, default=True)
    )


def _is_named_in_config(datasette: Any, actor: Any, database: str) -> bool:
    """Return True if the configuration of 0.65 names the visitor.

    It looks like `{"plugins": {"dateline": {"verdict": {"id": "mara"}}}}`.
    """
    from datasette.utils import actor_matches_allow  # type: ignore[import-untyped]

    allow = (datasette.plugin_config("dateline", database=database) or {}).get("verdict")
    return allow is not None and bool(actor_matches_allow(actor, allow))


def verdict_actions() -> list[Any]:
    """Return the permission for Datasette 1.0."""
    from datasette.permissions import Action  # type: ignore[import-untyped]
    from datasette.resources import DatabaseResource

    description = "Say which articles belong to a story"
    return [
        Action(name=VERDICT_PERMISSION, description=description, resource_class=DatabaseResource)
    ]
