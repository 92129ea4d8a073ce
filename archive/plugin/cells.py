"""How single values look in Datasette's tables."""

from __future__ import annotations

import json
import re
from typing import Any

from markupsafe import Markup, escape

from archive.search import CLOSE, OPEN

LONG = ("text", "standfirst", "page_title", "bigrams", "lede")
BEGINNING = 240

WEB_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f\x7f\"'<>`]+", re.IGNORECASE)
OUTWARDS = 'rel="noopener noreferrer nofollow"'


def cell(column: str, value: Any, article_url: str | None) -> Markup | None:
    """The HTML of a value; None leaves it to Datasette. `article_url` is the page of the row's article."""
    if not isinstance(value, str):
        return link(article_url, str(value)) if column == "article" and article_url else None
    if column == "headline" and article_url:
        return link(article_url, value)
    if column == "passage":
        return passage(value)
    if column in LONG:
        return Markup('<div class="dateline-text" dir="auto">{}</div>').format(beginning(value))
    if column == "authors":
        return Markup("{}").format(", ".join(names(value)))
    return web_link(value)


def link(url: str, text: str) -> Markup:
    """A link within the archive."""
    return Markup('<a class="dateline-article" dir="auto" href="{}">{}</a>').format(url, text)


def web_link(value: str) -> Markup | None:
    """A link out, only of http and https; None for what is no such address."""
    if not WEB_ADDRESS.fullmatch(value):
        return None
    shown = re.sub(r"^https?://", "", value)
    shown = shown if len(shown) <= 60 else shown[:42] + "…" + shown[-17:]
    return Markup(f'<a class="dateline-out" href="{{}}" title="{{}}" {OUTWARDS}>{{}}</a>').format(value, value, shown)  # noqa: S704  our own text


def passage(value: str) -> Markup:
    """A passage, its ⟦words⟧ marked."""
    marked = str(escape(value)).replace(OPEN, "<mark>").replace(CLOSE, "</mark>")
    return Markup('<div class="dateline-text" dir="auto">{}</div>').format(Markup(marked))  # noqa: S704  escaped above


def beginning(text: str, length: int = BEGINNING) -> str:
    """The first letters of a text, cut at a space where there is one."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    cut = text[:length]
    return (cut.rsplit(" ", 1)[0] if " " in cut[-30:] else cut) + "…"


def names(value: str) -> list[str]:
    """The people of a JSON list; what is none stays as it is."""
    try:
        people = json.loads(value)
    except ValueError:
        return [value]
    return [str(person) for person in people] if isinstance(people, list) else [value]
