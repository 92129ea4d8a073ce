"""The HTML of single values in Datasette's tables and answers: dates in words, links to pages."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from archive.plugin.page_requests import ArchivePaths
from archive.text.formatting import moment
from archive.text.html import marked, outward_link, text_excerpt

SHORTENED_COLUMNS = ("text", "standfirst", "page_title", "bigrams", "lede")
"""Columns of which only the beginning is shown."""
MAX_CELL_CHARS = 300
"""Characters that are shown of any other text."""
LISTED_COLUMNS = ("authors", "kinds", "terms", "sections", "keywords")
"""Columns with a JSON list, or an object of which the names are shown."""
OUTLET_COLUMNS = ("outlet", "host", "outlets", "ran_by", "published_by", "first_outlet")
"""Columns with the host of an outlet, or several with commas between them."""
HEADLINE_COLUMNS = ("headline", "headline_before", "headline_after", "newest_headline")
ARTICLE_NUMBER_COLUMNS = ("article", "article_id", "original_id")
STORY_COLUMNS = ("story",)
STORY_KEY = ("stories", "name")
"""The table of the stories, and its column with their names."""
EVENT_COLUMNS = ("event", "event_id")
EVENT_KEY = ("events", "id")
"""The table of the events, and its column with their numbers."""
ARTICLE_VIEWS = ("articles", "coverage", "event_coverage")
"""The table and the views whose rows are articles."""
TIMESTAMP_PATTERN = re.compile(
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
HOST_PATTERN = re.compile(r"[\w-]+(?:\.[\w-]+)+", re.ASCII)
UNGROUPED_NUMBERS = re.compile(r"(?:.*_)?id|article|event|status|year|port|number|revision")
"""Columns whose numbers are names, and have no thousands separators."""


class ValueCell(Markup):
    """The HTML of a value, and the value itself, from which charts are drawn."""

    raw: Any = None

    @classmethod
    def of(cls, html: str, raw: Any) -> ValueCell:
        """Return the cell of a value; `html` is safe."""
        cell = cls(html)
        cell.raw = raw
        return cell


@dataclass(frozen=True, slots=True)
class CellPlace:
    """Where a value stands: its column, its table if any, its row as Datasette has it."""

    column: str
    table: str | None
    row: Mapping[str, Any] | sqlite3.Row
    paths: ArchivePaths

    def beside(self, column: str) -> Any:
        """Return the value of another column of the row, or None without such a column."""
        try:
            return self.row[column]
        except (KeyError, IndexError):  # of a mapping, of a row of SQLite
            return None

    @property
    def is_event(self) -> bool:
        """True if the value is the number of an event."""
        return self.column in EVENT_COLUMNS or (self.table, self.column) == EVENT_KEY

    @property
    def is_story_name(self) -> bool:
        """True if the value is the name of a story."""
        return self.column in STORY_COLUMNS or (self.table, self.column) == STORY_KEY

    @property
    def article_url(self) -> str | None:
        """The page of the row's article, or None."""
        name = "article_id" if self.table else "article"
        id = self.beside("id" if self.table in ARTICLE_VIEWS else name)
        id = id.get("value") if isinstance(id, Mapping) else id
        return self.paths.article(id) if isinstance(id, int) else None


def cell_html(place: CellPlace, value: Any) -> ValueCell | None:
    """Return the HTML of a value; None leaves it to Datasette."""
    if isinstance(value, bytes):
        return None
    html = _value_html(place, value)
    return ValueCell.of(html, value) if html is not None else None


def _value_html(place: CellPlace, value: Any) -> Markup | None:
    if value is None:
        return Markup("")
    if isinstance(value, Mapping):
        return _labelled_key(place, value)
    if isinstance(value, int | float):
        return _number_html(place, value)
    return _text_html(place, str(value))


def _labelled_key(place: CellPlace, value: Mapping[str, Any]) -> Markup | None:
    """Return a foreign key that Datasette gave the label of its row."""
    key, label = value.get("value"), str(value.get("label"))
    if place.column == "outlet_id" and HOST_PATTERN.fullmatch(label):
        return _page_link(place.paths.outlet(label), label)
    if place.column == "story_id":
        return _page_link(place.paths.story(label), label)
    if place.is_event and isinstance(key, int):
        return _page_link(place.paths.event(key), str(key))
    if place.column in ("article_id", "original_id", "other_id") and isinstance(key, int):
        return article_link(place.paths.article(key), label)
    return None


def _number_html(place: CellPlace, value: float) -> Markup | None:
    link = _number_link(place, value)
    if link is not None:
        return link
    if place.column == "stealth" and place.beside("kinds") is not None:
        return Markup("silently") if value else Markup("")
    if UNGROUPED_NUMBERS.fullmatch(place.column):
        return Markup("{}").format(value)
    grouped = f"{value:,}" if isinstance(value, int) else f"{value:,g}"
    return Markup('<span class="figure">{}</span>').format(grouped)


def _number_link(place: CellPlace, value: float) -> Markup | None:
    """Return the link to the article, event or revision that a number names, or None."""
    url = place.article_url
    if not isinstance(value, int):
        return article_link(url, str(value)) if place.column == "id" and url else None
    if place.column in ARTICLE_NUMBER_COLUMNS:
        return article_link(place.paths.article(value), str(value))
    if place.is_event:
        return _page_link(place.paths.event(value), str(value))
    if url and place.column == "id":
        return article_link(url, str(value))
    if url and place.column == "revision":
        return _page_link(f"{url}/revisions/{value}", str(value))
    return None


def _text_html(place: CellPlace, value: str) -> Markup | None:
    column = place.column
    if column in HEADLINE_COLUMNS and place.article_url:
        return article_link(place.article_url, value)
    if column == "passage":
        return _readable_text(marked(value))
    if column in SHORTENED_COLUMNS:
        return _readable_text(text_excerpt(value))
    if column in LISTED_COLUMNS:
        names = ", ".join(texts_in(value)) or " "  # without any text Datasette shows the JSON
        return Markup("{}").format(names)
    if column in OUTLET_COLUMNS and _all_hosts(value):
        links = [_page_link(place.paths.outlet(host), host) for host in value.split(",")]
        return Markup(", ").join(links)
    if place.is_story_name:
        return _page_link(place.paths.story(value), value)
    if TIMESTAMP_PATTERN.fullmatch(value) and not column.endswith("_raw"):
        return Markup('<time datetime="{}">{}</time>').format(value, moment(value))
    return outward_link(value) or Markup("{}").format(_cut_text(value))


def _readable_text(text: str) -> Markup:
    """Return a passage of an article, in the direction of its letters."""
    return Markup('<div class="dateline-text" dir="auto">{}</div>').format(text)


def _cut_text(text: str) -> str:
    """Return the beginning of a long text, with an ellipsis."""
    return text if len(text) <= MAX_CELL_CHARS else text[:MAX_CELL_CHARS] + "…"


def _all_hosts(value: str) -> bool:
    return all(HOST_PATTERN.fullmatch(host) for host in value.split(","))


def _page_link(path: str, text: str) -> Markup:
    return Markup('<a href="{}"><bdi>{}</bdi></a>').format(path, text)


def article_link(url: str, text: str) -> Markup:
    """Return a link to an article."""
    return Markup('<a class="dateline-article" dir="auto" href="{}">{}</a>').format(url, text)


def texts_in(value: str) -> list[str]:
    """Return the texts in a JSON list or the names in an object; any other text is the only one."""
    try:
        texts = json.loads(value)
    except (ValueError, RecursionError):
        return [value]
    return [str(text) for text in texts] if isinstance(texts, list | dict) else [value]


COLUMN_LABELS = {
    "also_in": "Also in",
    "ran_by": "Published by",
    "url": "Address",
    "published_at": "Published",
    "published_raw": "Date as written",
    "published_day": "Day as printed",
    "published_offset": "Minutes ahead of UTC",
    "name_an_agency": "Naming an agency",
    "word_count": "Words",
    "texts": "Different texts",
    "last_at": "Latest",
    "first_at": "Earliest",
    "first_published_at": "Earliest",
    "last_published_at": "Latest",
    "stealth": "Silently",
}
"""Headings of columns that their names do not explain."""


def column_label(name: str) -> str:
    """Return the heading of a column of a question: `words_added` becomes `Words added`."""
    words = COLUMN_LABELS.get(name) or name.removesuffix("_at").replace("_", " ")
    return words[:1].upper() + words[1:]
