"""The route by which an article is removed for good."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from datasette.views.base import DatasetteError  # type: ignore[import-untyped]

from archive.errors import DatelineError, UsageError
from archive.plugin.actions.edit_requests import (
    EditRequest,
    form_handler,
    redirect_with_message,
    unsaved_change_text,
)
from archive.plugin.guards.permissions import archive_file
from archive.plugin.page_requests import ARCHIVE_PATH
from archive.removal.remove_articles import RemovalOrder, removal_reason
from archive.removal.serving import remove_on_page


async def _respond_remove(datasette: Any, request: Any, asked: EditRequest) -> Any:
    """Remove the article of a form, and redirect to the front page."""
    folder = archive_file(datasette, asked.paths.database).parent
    try:
        article_id = asked.number("article")
        order = RemovalOrder(removal_reason(asked.value("reason")), "page", asked.author)
        # not on Datasette's thread, as both files are written
        unreached = await asyncio.to_thread(remove_on_page, folder, article_id, order)
    except UsageError as error:
        return redirect_with_message(datasette, request, _back(asked), str(error), error=True)
    except DatelineError as error:
        raise DatasetteError(str(error), status=503) from error
    except sqlite3.Error as error:
        raise DatasetteError(unsaved_change_text(error), status=503) from error
    message = " ".join([f"Article {article_id} is removed for good.", *unreached])
    return redirect_with_message(datasette, request, asked.paths.home(), message)


def _back(asked: EditRequest) -> str:
    """Return the path of the article of a form, or of the front page."""
    try:
        return asked.paths.article(asked.number("article"))
    except UsageError:
        return asked.paths.home()


REMOVAL_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/remove$", form_handler("remove", _respond_remove, _back)),
]
