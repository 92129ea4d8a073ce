"""Articles from mapped fields: the lines that `dateline import` reads, and the items of spiders."""

from __future__ import annotations

import json
from typing import Any

from archive.articles.store import ARTICLE_COLUMNS
from archive.errors import UsageError
from archive.records import Article, current_timestamp

ROW_FIELD_TYPES: dict[str, Any] = {
    "authors": str | list,
    "word_count": int,
    "published_offset": int,
    "free": bool | int,
}
ROW_FIELD_TYPE_NAMES = {
    "authors": "a list of names",
    "word_count": "a number",
    "published_offset": "a number of minutes",
    "free": "true or false",
}


def article_of_row(row: Any) -> Article:
    """Build an article from a mapping whose keys are columns of `articles`.

    `authors` is a list, or JSON of one. Raises UsageError that names the field.
    """
    if not isinstance(row, dict):
        raise UsageError("not an object of fields")
    for needed in ("url", "text"):
        if not isinstance(row.get(needed), str) or not row[needed].strip():
            raise UsageError(f"needs `{needed}`")
    known = {name: row[name] for name in ARTICLE_COLUMNS if row.get(name) is not None}
    for name, value in known.items():
        if not isinstance(value, ROW_FIELD_TYPES.get(name, str)):
            raise UsageError(f"`{name}` is not {ROW_FIELD_TYPE_NAMES.get(name, 'text')}")
    known["authors"] = _parse_authors(known.get("authors", ()))
    if "free" in known:
        known["free"] = bool(known["free"])
    known.setdefault("fetched_at", current_timestamp())
    known.setdefault("word_count", len(known["text"].split()))
    return Article(**known)


def _parse_authors(given: Any) -> tuple[str, ...]:
    """Parse the authors: a list, JSON of a list, or one name; raises UsageError."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            given = [given]
    if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
        raise UsageError("`authors` is not a list of names")
    return tuple(given)
