"""Atom feeds (RFC 4287): one writer for all feeds of an archive."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from archive.text.formatting import parse_timestamp_as_utc
from archive.text.html import HTTP_URL

ATOM_NAMESPACE = "http://www.w3.org/2005/Atom"
MAX_ATOM_ENTRIES = 50
"""Maximum number of entries."""
INVALID_XML_CHARS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow."""

ARCHIVE_BIRTH_SQL = (
    "SELECT min(applied_at) FROM _sqlite_migrations WHERE name = 'm001_first_tables'"
)


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One entry of a feed."""

    about: str
    """The permanent name from which its identifier is made, such as the article's own URL."""
    title: str
    page: str
    """The full URL of the archive's page about it."""
    updated: str
    published: str | None = None
    author: str | None = None
    via: str | None = None
    """The original URL."""
    summary: str = ""
    is_html: bool = False
    """True if the summary is HTML."""
    language: str | None = None


@dataclass(frozen=True, slots=True)
class AtomFeed:
    """A feed with its entries, in the order in which they are written."""

    about: str
    """The permanent name from which its identifier is made."""
    title: str
    own: str
    """The full URL of the feed."""
    entries: Sequence[FeedEntry]
    page: str | None = None
    """The full URL of the page with the same list."""
    updated: str = "1970-01-01T00:00:00Z"
    """The time of a feed without entries."""


def write_atom(feed: AtomFeed) -> str:
    """Return a feed as XML, `MAX_ATOM_ENTRIES` entries at most."""
    entries = feed.entries[:MAX_ATOM_ENTRIES]
    root = ET.Element("feed", xmlns=ATOM_NAMESPACE)
    _add_element(root, "id", permanent_id(feed.about))
    _add_element(root, "title", feed.title)
    _add_element(
        root,
        "updated",
        max((_rfc3339_timestamp(entry.updated) for entry in entries), default=None)
        or _rfc3339_timestamp(feed.updated),
    )
    _add_element(_add_element(root, "author"), "name", "Dateline")
    _add_element(root, "link", rel="self", type="application/atom+xml", href=feed.own)
    if feed.page:
        _add_element(root, "link", rel="alternate", type="text/html", href=feed.page)
    for entry in entries:
        _fill_entry(_add_element(root, "entry"), entry)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def permanent_id(about: str) -> str:
    """Return the identifier of what a URL or another name stands for."""
    return uuid5(NAMESPACE_URL, about).urn


def feed_identity(connection: sqlite3.Connection, name: str) -> str:
    """Return the permanent name of a feed of this archive, wherever the archive is served."""
    return f"dateline:{connection.execute(ARCHIVE_BIRTH_SQL).fetchone()[0]}:{name}"


def _fill_entry(element: ET.Element, entry: FeedEntry) -> None:
    """Fill an element with an entry."""
    _add_element(element, "id", permanent_id(entry.about))
    _add_element(element, "title", entry.title)
    _add_element(element, "updated", _rfc3339_timestamp(entry.updated))
    if parse_timestamp_as_utc(entry.published):
        _add_element(element, "published", _rfc3339_timestamp(entry.published))
    if entry.author:
        _add_element(_add_element(element, "author"), "name", entry.author)
    _add_element(element, "link", rel="alternate", href=entry.page)
    if entry.via and HTTP_URL.fullmatch(entry.via):
        _add_element(element, "link", rel="via", href=entry.via)
    kind = "html" if entry.is_html else "text"
    summary = _add_element(element, "summary", entry.summary, type=kind)
    if entry.language:
        summary.set("xml:lang", INVALID_XML_CHARS.sub("", entry.language))


def _add_element(
    parent: ET.Element, name: str, text: str | None = None, **attributes: Any
) -> ET.Element:
    """Add a child element, without characters that XML does not allow."""
    allowed = {key: INVALID_XML_CHARS.sub("", value) for key, value in attributes.items()}
    element = ET.SubElement(parent, name, allowed)
    element.text = INVALID_XML_CHARS.sub("", text) if text else None
    return element


def _rfc3339_timestamp(written: str | None) -> str:
    """Return a timestamp as RFC 3339, as Atom requires; a bare day becomes its midnight."""
    found = parse_timestamp_as_utc(written)
    return f"{found:%Y-%m-%dT%H:%M:%SZ}" if found else "1970-01-01T00:00:00Z"
