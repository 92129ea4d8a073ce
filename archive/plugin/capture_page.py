"""Download the page of an article as it was served: `/archive/articles/12/capture`.

The page is never displayed here, because its markup and scripts are not ours. A public archive does
not offer it.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from datasette import NotFound, Response  # type: ignore[import-untyped]

from archive.errors import ArchiveError
from archive.plugin.public import is_public
from archive.plugin.read_pool import readers
from archive.queries.lookup import page

TABLES = ("articles",)


async def capture(datasette: Any, request: Any) -> Any:
    """Respond with the page's bytes as an attachment.

    Raises NotFound if the article does not exist or its page is not stored.
    """
    from archive.plugin.routes import OF_FILES, opened  # which imports this module

    database, id = await opened(datasette, request, TABLES), int(request.url_vars["id"])
    file = datasette.get_database(database).path

    def read_page(connection: sqlite3.Connection) -> bytes | None:
        """Return the stored page, or None."""
        row = connection.execute("SELECT digest FROM articles WHERE id = ?", (id,)).fetchone()
        if row is None or not row["digest"] or not file:
            return None
        return page(Path(file).parent, row["digest"])

    body = None
    if not is_public(datasette):
        # the message of an ArchiveError would reveal the folder
        with suppress(ArchiveError):
            body = await readers(datasette).read(datasette, database, read_page)
    if body is None:
        raise NotFound(f"article {id}: its page is not stored here")
    headers = {
        "content-security-policy": OF_FILES,
        "content-disposition": f'attachment; filename="article-{id}.html"',
    }
    return Response(body, content_type="application/octet-stream", headers=headers)


ROUTES = [(r"^/(?P<database>[^/]+)/articles/(?P<id>\d{1,18})/capture$", capture)]
