"""The routes by which searches are saved under a name, and removed."""

from __future__ import annotations

import sqlite3
from typing import Any

from archive.editing.saved_searches import remove_saved_search, save_search
from archive.plugin.actions.edit_requests import Edited, EditRequest, edit_handler
from archive.plugin.page_requests import ARCHIVE_PATH

FILTER_PREFIX = "filter-"
"""Beginning of the names of the fields that hold filters."""


def _save(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    words = asked.value("words")
    filters = {
        name.removeprefix(FILTER_PREFIX): asked.value(name)
        for name in asked.form
        if name.startswith(FILTER_PREFIX)
    }
    search = save_search(
        connection, asked.value("name") or words[:80], words, filters, asked.author
    )
    return Edited(f"The search is saved as {search.name}.", asked.paths.search(**search.values))


def _remove(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    search = remove_saved_search(connection, asked.value("name"))
    return Edited(f"The saved search {search.name} is removed.", asked.paths.search())


def _search_page(asked: EditRequest) -> str:
    """Return the path of the search page with the words of a form."""
    words = asked.value("words")
    return asked.paths.search(**({"words": words} if words else {}))


SAVED_SEARCH_ROUTES: list[tuple[str, Any]] = [
    (ARCHIVE_PATH + r"/-/searches/save$", edit_handler("search", _save, _search_page)),
    (ARCHIVE_PATH + r"/-/searches/remove$", edit_handler("search", _remove, _search_page)),
]
