"""All routes that change an archive; each has a handler of `edit_handler` or `form_handler`."""

from __future__ import annotations

from typing import Any

from archive.plugin.actions.follow_routes import FOLLOW_ROUTES
from archive.plugin.actions.note_routes import NOTE_ROUTES
from archive.plugin.actions.outlet_routes import OUTLET_EDIT_ROUTES
from archive.plugin.actions.removal_routes import REMOVAL_ROUTES
from archive.plugin.actions.saved_search_routes import SAVED_SEARCH_ROUTES
from archive.plugin.actions.verdict_routes import VERDICT_ROUTES

EDIT_ROUTES: list[tuple[str, Any]] = [
    *FOLLOW_ROUTES,
    *NOTE_ROUTES,
    *OUTLET_EDIT_ROUTES,
    *REMOVAL_ROUTES,
    *SAVED_SEARCH_ROUTES,
    *VERDICT_ROUTES,
]
