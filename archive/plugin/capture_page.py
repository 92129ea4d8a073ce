"""The page of an article as it came, to be saved: `/archive/articles/12/capture`.

It is never shown here, as its markup and its scripts are somebody else's. A public archive has none
of it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from datasette import NotFound, Response  # type: ignore[import-untyped]

from archive.errors import ArchiveError
from archive.plugin.public import is_public
from archive.plugin.read_pool import readers
from archive.queries.lookup import page

TABLES = ("articles",)


async def capture(datasette: Any, request: Any) -> Any:
    """The bytes. Raises NotFound where there is no such article or its page was not kept."""
    from archive.plugin.routes import OF_FILES, opened  # which imports this module

    database, id = await opened(datasette, request, TABLES), int(request.url_vars["id"])
    file = datasette.get_database(database).path

    def made(connection: sqlite3.Connection) -> bytes | None:
        row = connection.execute("SELECT digest FROM articles WHERE id = ?", (id,)).fetchone()
        return page(Path(file).parent, row["digest"]) if row and row["digest"] and file else None

    try:
        body = (
            None
            if is_public(datasette)
            else await readers(datasette).read(datasette, database, made)
        )
    except ArchiveError:  # whose words name the folder
        body = None
    if body is None:
        raise NotFound(f"article {id}: its page as it came is not kept here")
    headers = {
        "content-security-policy": OF_FILES,
        "content-disposition": f'attachment; filename="article-{id}.html"',
    }
    return Response(body, content_type="application/octet-stream", headers=headers)


ROUTES = [(r"^/(?P<database>[^/]+)/articles/(?P<id>\d{1,18})/capture$", capture)]
