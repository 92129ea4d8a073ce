"""The HTML of single values in Datasette's tables."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from archive.text.html import beginning, marked, web_link

LONG = ("text", "standfirst", "page_title", "bigrams", "lede")
"""Columns of which only the beginning is shown."""


def cell(column: str, value: Any, article_url: str | None) -> Markup | None:
    """Return the HTML of a value; None leaves it to Datasette.

    `article_url` is the page of the row's article.
    """
    if not isinstance(value, str):
        return link(article_url, str(value)) if column == "article" and article_url else None
    if column == "headline" and article_url:
        return link(article_url, value)
    if column == "passage":
        return Markup('<div class="dateline-text" dir="auto">{}</div>').format(marked(value))
    if column in LONG:
        return Markup('<div class="dateline-text" dir="auto">{}</div>').format(beginning(value))
    if column == "authors":
        return Markup("{}").format(", ".join(names(value)))
    return web_link(value)


def link(url: str, text: str) -> Markup:
    """Return a link within the archive."""
    return Markup('<a class="dateline-article" dir="auto" href="{}">{}</a>').format(url, text)


def names(value: str) -> list[str]:
    """Return the people in a JSON list; any other text is returned as the only one."""
    try:
        people = json.loads(value)
    except ValueError:
        return [value]
    return [str(person) for person in people] if isinstance(people, list) else [value]
