"""Recognise the databases that are archives, and check who may see and change their content.

Datasette's own permissions decide.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

EDIT_PERMISSIONS = {
    "verdict": "Say which articles belong to a story",
    "follow": "Follow a story, starting from articles",
    "note": "Write notes on articles, events and stories",
    "outlet": "Add, pause, resume and remove outlets",
    "search": "Save searches",
    "remove": "Remove articles for good",
}
"""Words for the changes to an archive, and what each allows. The permission of a word is
called `dateline-WORD` in Datasette."""

READ_ONLY_MESSAGE = "This archive is served read-only: nothing can be changed here."
UNWRITABLE_MESSAGE = (
    "This server may not write the archive's file, so nothing can be changed here; "
    "give it write permission for the file and its folder."
)


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


def has_several_archives(datasette: Any) -> bool:
    """Return True if a server has more than one archive, which its pages then show together."""
    return len(archives(datasette)) > 1


def archive_file(datasette: Any, database: str) -> Path:
    """Return the file of an archive; where the database is a link, the file that it leads to."""
    return Path(datasette.get_database(database).path).resolve()


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


async def is_editor(datasette: Any, actor: Any, database: str, word: str) -> bool:
    """Return True if a visitor has the permission of a word in `EDIT_PERMISSIONS`."""
    permission = f"dateline-{word}"
    named = bool(actor) and _is_named_in_config(datasette, actor, database, word)
    if hasattr(datasette, "allowed"):  # 1.0
        from datasette.resources import DatabaseResource

        resource = DatabaseResource(database=database)
        allowed = await datasette.allowed(action=permission, resource=resource, actor=actor)
        return bool(allowed) or named
    default = named or (bool(actor) and actor.get("id") == "root")
    return bool(
        await datasette.permission_allowed(actor, permission, resource=database, default=default)
    )


def write_hindrance(datasette: Any, database: str) -> str | None:
    """Return why an archive cannot be written by this server, as a sentence, or None if it can."""
    served = datasette.get_database(database)
    if not served.is_mutable:
        return READ_ONLY_MESSAGE
    path = archive_file(datasette, database)
    is_writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return None if is_writable else UNWRITABLE_MESSAGE


async def may_run_sql(datasette: Any, actor: Any, database: str) -> bool:
    """Return True if a visitor may run their own SQL, and so sees the tables too."""
    if hasattr(datasette, "allowed"):  # 1.0
        from datasette.resources import DatabaseResource

        resource = DatabaseResource(database=database)
        return bool(await datasette.allowed(action="execute-sql", resource=resource, actor=actor))
    return bool(
        await datasette.permission_allowed(actor, "execute-sql", resource=database, default=True)
    )


async def may_ask_question(datasette: Any, actor: Any, database: str, name: str) -> bool:
    """Return True if a visitor may see the answer of an archive to a question."""
    if hasattr(datasette, "allowed"):  # 1.0
        from datasette.resources import QueryResource

        resource = QueryResource(database=database, query=name)
        return bool(await datasette.allowed(action="view-query", resource=resource, actor=actor))
    return bool(
        await datasette.permission_allowed(
            actor, "view-query", resource=(database, name), default=True
        )
    )


def _is_named_in_config(datasette: Any, actor: Any, database: str, word: str) -> bool:
    """Return True if the plugin's configuration names the visitor for a word, or for `edit`.

    It looks like `{"plugins": {"dateline": {"verdict": {"id": "mara"}}}}`; `edit` means all words.
    """
    from datasette.utils import actor_matches_allow  # type: ignore[import-untyped]

    config = datasette.plugin_config("dateline") or {}
    config = config | (datasette.plugin_config("dateline", database=database) or {})
    blocks = [config[name] for name in (word, "edit") if config.get(name) is not None]
    return any(actor_matches_allow(actor, block) for block in blocks)


def edit_actions() -> list[Any]:
    """Return the permissions for Datasette 1.0."""
    from datasette.permissions import Action  # type: ignore[import-untyped]
    from datasette.resources import DatabaseResource

    return [
        Action(name=f"dateline-{word}", description=description, resource_class=DatabaseResource)
        for word, description in EDIT_PERMISSIONS.items()
    ]
