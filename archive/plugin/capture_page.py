"""Download the page of an article as it was served: `/archive/articles/12/capture`.

The page is never displayed here, because its markup and scripts are not ours. A public archive does
not offer it.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import Any

from datasette import NotFound, Response  # type: ignore[import-untyped]

from archive.errors import ArchiveError
from archive.plugin.guards.permissions import archive_file
from archive.plugin.guards.public import is_public_archive
from archive.plugin.guards.read_pool import page_readers
from archive.plugin.page_requests import ARTICLE_PATH, FILE_CONTENT_POLICY, requested_archive
from archive.queries.lookup import stored_page

CAPTURE_PAGE_TABLES = ("articles",)


async def download_capture(datasette: Any, request: Any) -> Any:
    """Respond with the page's bytes as an attachment.

    Raises NotFound if the article does not exist or its page is not stored.
    """
    database, id = (
        await requested_archive(datasette, request, CAPTURE_PAGE_TABLES),
        int(request.url_vars["id"]),
    )
    folder = archive_file(datasette, database).parent

    def read_page(connection: sqlite3.Connection) -> bytes | None:
        """Return the stored page, or None."""
        row = connection.execute("SELECT digest FROM articles WHERE id = ?", (id,)).fetchone()
        if row is None or not row["digest"]:
            return None
        return stored_page(folder, row["digest"])

    body = None
    if not is_public_archive(datasette):
        # the message of an ArchiveError would reveal the folder
        with suppress(ArchiveError):
            body = await page_readers(datasette).read(datasette, database, read_page)
    if body is None:
        raise NotFound(f"article {id}: its page is not stored here")
    headers = {
        "content-security-policy": FILE_CONTENT_POLICY,
        "content-disposition": f'attachment; filename="article-{id}.html"',
    }
    return Response(body, content_type="application/octet-stream", headers=headers)


CAPTURE_ROUTES = [(ARTICLE_PATH + r"/capture$", download_capture)]
