"""A story as an Atom feed (RFC 4287), the latest finds first."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from archive.articles.stories import Story
from archive.pages.story import STORY_COVERAGE_CTE
from archive.text.formatting import parse_timestamp_as_utc
from archive.text.html import HTTP_URL, text_excerpt

ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"
MAX_ATOM_ENTRIES = 50
"""Maximum number of entries."""
INVALID_XML_CHARS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow."""

STORY_FEED_SQL = """
SELECT n.id, n.headline, n.url, n.published_at, n.language, coalesce(n.outlet_name, n.outlet) AS outlet_name,
       n.found_at, a.standfirst, substr(a.text, 1, 600) AS text
FROM (SELECT * FROM members WHERE original_id = id ORDER BY found_at DESC, published_at DESC, id DESC LIMIT :most) n
JOIN articles a ON a.id = n.id ORDER BY n.found_at DESC, n.published_at DESC, n.id DESC"""


def story_as_atom(
    connection: sqlite3.Connection, story: Story, own: str, page_of: Callable[[int], str]
) -> str:
    """Return the feed of a story, without copies.

    `own` is the feed's URL; `page_of` returns the URL of an article's page.
    """
    rows = connection.execute(
        STORY_COVERAGE_CTE + STORY_FEED_SQL, {"story": story.id, "most": MAX_ATOM_ENTRIES}
    ).fetchall()
    query = "SELECT created_at FROM stories WHERE id = ?"
    created = connection.execute(query, (story.id,)).fetchone()[0]
    feed = ET.Element("feed", xmlns=ATOM_NAMESPACE)
    _add_element(feed, "id", uuid5(NAMESPACE_URL, f"dateline:{story.name}:{created}").urn)
    _add_element(feed, "title", story.title)
    _add_element(
        feed, "updated", _rfc3339_timestamp(max((row["found_at"] for row in rows), default=created))
    )
    _add_element(_add_element(feed, "author"), "name", "Dateline")
    _add_element(feed, "link", rel="self", type="application/atom+xml", href=own)
    for row in rows:
        _fill_entry(_add_element(feed, "entry"), row, page_of(row["id"]))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"


def _fill_entry(entry: ET.Element, row: sqlite3.Row, page: str) -> None:
    """Fill an entry with an article."""
    _add_element(entry, "id", uuid5(NAMESPACE_URL, row["url"]).urn)
    _add_element(entry, "title", row["headline"] or row["url"])
    _add_element(entry, "updated", _rfc3339_timestamp(row["found_at"]))
    if parse_timestamp_as_utc(row["published_at"]):
        _add_element(entry, "published", _rfc3339_timestamp(row["published_at"]))
    _add_element(_add_element(entry, "author"), "name", row["outlet_name"])
    _add_element(entry, "link", rel="alternate", href=page)
    if HTTP_URL.fullmatch(row["url"]):
        _add_element(entry, "link", rel="via", href=row["url"])
    summary = _add_element(
        entry, "summary", text_excerpt(row["standfirst"] or row["text"], 300), type="text"
    )
    if row["language"]:
        summary.set("xml:lang", row["language"])


def _add_element(
    parent: ET.Element, name: str, text: str | None = None, **attributes: Any
) -> ET.Element:
    """Add a child element, without characters that XML does not allow."""
    allowed = {key: INVALID_XML_CHARS.sub("", value) for key, value in attributes.items()}
    element = ET.SubElement(parent, name, allowed)
    element.text = INVALID_XML_CHARS.sub("", text) if text else None
    return element


def _rfc3339_timestamp(written: str) -> str:
    """Return a timestamp as RFC 3339, as Atom requires; a bare day becomes its midnight."""
    found = parse_timestamp_as_utc(written)
    return f"{found:%Y-%m-%dT%H:%M:%SZ}" if found else "1970-01-01T00:00:00Z"
