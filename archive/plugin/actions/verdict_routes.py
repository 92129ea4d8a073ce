"""The route by which a person says whether an article belongs to a story."""

from __future__ import annotations

import re
import sqlite3
from typing import Any
from urllib.parse import parse_qsl

from archive.pages.story import StoryFilters
from archive.pages.story_verdicts import store_page_verdict, verdict_query
from archive.plugin.actions.edit_requests import Edited, EditRequest, edit_handler
from archive.plugin.page_requests import ARCHIVE_PATH
from archive.story_policy import story_policy
from archive.text.formatting import format_query_string

KEPT_PARAMETERS = (*StoryFilters.__slots__, "page")
"""Values of a story page's query that a verdict keeps."""
PLACE_PATTERN = re.compile(r"[a-z-]{1,20}(?:-[0-9]{1,18})?")
"""Names of places on the page to which a verdict returns."""


def _judge(connection: sqlite3.Connection, asked: EditRequest) -> Edited:
    """Store a verdict on an article, and list the story again.

    The page opens with the reader's filters, at the reader's place, and says what changed.
    """
    id, place = asked.number("article"), asked.value("place")
    result = store_page_verdict(
        connection, asked.vars["name"], id, asked.value("word"), story_policy()
    )
    query = format_query_string(view_of_query(asked.value("view")) | verdict_query(result))
    fragment = place if PLACE_PATTERN.fullmatch(place) else f"article-{id}"
    return Edited("", f"{_story_page(asked)}{query}#{fragment}")


def view_of_query(written: str) -> dict[str, str]:
    """Return the filters and the page number in a query string that a form sent back."""
    values = parse_qsl(written.lstrip("?")[:2000])
    return {name: value[:200] for name, value in values if name in KEPT_PARAMETERS}


def _story_page(asked: EditRequest) -> str:
    """Return the path of the story of a form."""
    return asked.paths.story(asked.vars["name"])


VERDICT_ROUTES: list[tuple[str, Any]] = [
    (
        ARCHIVE_PATH + r"/-/story/(?P<name>[^/.]+)/verdict$",
        edit_handler("verdict", _judge, _story_page),
    ),
]
