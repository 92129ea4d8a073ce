"""The HTML of single values in Datasette's tables."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from archive.text.html import marked, outward_link, text_excerpt

SHORTENED_COLUMNS = ("text", "standfirst", "page_title", "bigrams", "lede")
"""Columns of which only the beginning is shown."""


def cell_html(column: str, value: Any, article_url: str | None) -> Markup | None:
    """Return the HTML of a value; None leaves it to Datasette.

    `article_url` is the page of the row's article.
    """
    if not isinstance(value, str):
        return (
            article_link(article_url, str(value)) if column == "article" and article_url else None
        )
    if column == "headline" and article_url:
        return article_link(article_url, value)
    if column == "passage":
        return Markup('<div class="dateline-text" dir="auto">{}</div>').format(marked(value))
    if column in SHORTENED_COLUMNS:
        return Markup('<div class="dateline-text" dir="auto">{}</div>').format(text_excerpt(value))
    if column == "authors":
        return Markup("{}").format(", ".join(people_in(value)))
    return outward_link(value)


def article_link(url: str, text: str) -> Markup:
    """Return a link within the archive."""
    return Markup('<a class="dateline-article" dir="auto" href="{}">{}</a>').format(url, text)


def people_in(value: str) -> list[str]:
    """Return the people in a JSON list; any other text is returned as the only one."""
    try:
        people = json.loads(value)
    except ValueError:
        return [value]
    return [str(person) for person in people] if isinstance(people, list) else [value]
