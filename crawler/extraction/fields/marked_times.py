"""Timestamps for machines beside visible dates.

They are given by `<time datetime>`, `<abbr title>` and `data-` attributes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from lxml.html import HtmlElement

from crawler.dates.date_parser import days_in, is_sentence, moment
from crawler.extraction.blocks import INLINE, Block

DAY = len("2024-02-15")
MIDNIGHT = "00:00:00"
"""Characters of a day in ISO 8601."""
ATTRIBUTES = (
    "datetime",
    "content",
    "title",
    "data-datetime",
    "data-time",
    "data-date",
    "data-timestamp",
    "data-utime",
)
"""Attributes of any tag that may contain a timestamp."""
FURTHER = (
    "data-published",
    "data-publish-date",
    "data-published-at",
    "data-pubdate",
    "data-iso",
    "data-utc",
)
"""Further attributes that may contain a timestamp, read last."""
NAMES = frozenset((*ATTRIBUTES, *FURTHER))
TAGS = (
    "time",
    "abbr",
    "span",
    "div",
    "p",
    "a",
    "small",
    "em",
    "i",
    "b",
    "strong",
    "ins",
    "li",
    "td",
    "relative-time",
)
"""Tags that may be marked with a timestamp."""
MOST_MARKS = 300
"""Marked elements of a page that are read."""
MAX_TIMESTAMP_CHARS = 63
"""Characters of a timestamp for machines."""
MACHINE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d|$)|\d{8}T\d|[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d|"
    r"\d{10}(?:\d{3})?$"
)
"""The forms of timestamps for machines."""
ZONE = re.compile(r"\s*(?:Z|[+-]\d\d:?\d\d|UTC|GMT)$", re.I)
"""A time zone at the end of a timestamp."""
UPDATE_CLASS = re.compile(r"(?:^|[\s_-])(?:date-?)?(?:updated?|modified|edited)(?:$|[\s_-])", re.I)
"""Classes and properties of the date of an update."""
PUBLISHED_CLASS = re.compile(r"publish|entry-date|created|posted", re.I)
"""Classes and properties of the date of publication."""
BEHIND = re.compile(r"[(\[]?(?:[apAP]\.?[mM]\.?|Uhr|uhr|hrs?|h|[A-Z]{2,5})[)\],.]*")
"""Words after a clock time that belong to it, although it has the same meaning without them."""
FURTHEST = timedelta(hours=14)
"""The largest difference between a local time and UTC."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An element with a timestamp for machines."""

    element: HtmlElement
    said: str
    text: str
    """The text that is shown for it."""
    is_update: bool | None
    """Whether class or itemprop call it the date of an update; None if they say nothing."""
    within_prose: bool
    """Whether it is part of a sentence of the text."""


class Reading(Protocol):
    """Reads the dates of a page."""

    language: str | None

    def read_date(self, raw: str | None) -> str | None: ...


def marks(tree: HtmlElement) -> Iterator[Mark]:
    """Return the elements of a page that are marked with a timestamp, in their order."""
    return islice(_marks(tree), MOST_MARKS)


def _marks(tree: HtmlElement) -> Iterator[Mark]:
    """All elements of a page that are marked with a timestamp."""
    for element in tree.iter(*TAGS):
        if not NAMES.isdisjoint(element.keys()) and (said := _said(element)):
            text = " ".join(element.text_content().split())
            if len(text) <= 200:
                yield Mark(element, said, text, _is_update(element), _within_prose(element))


def _said(element: HtmlElement) -> str | None:
    """The timestamp that marks an element, None if there is none."""
    for name in (*ATTRIBUTES, *FURTHER):
        value = (element.get(name) or "").strip()
        if not value or len(value) > MAX_TIMESTAMP_CHARS or not MACHINE.match(value):
            continue
        if name != "content" or element.get("itemprop"):
            return value
    return None


def _is_update(element: HtmlElement) -> bool | None:
    """Whether class or itemprop call an element the date of an update; None if they say nothing."""
    said = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
    if PUBLISHED_CLASS.search(said):
        return False
    return True if UPDATE_CLASS.search(said) or element.get("itemprop") == "dateModified" else None


def _within_prose(element: HtmlElement) -> bool:
    """Whether an element is part of a sentence."""
    around = element
    while around.tag in INLINE and (parent := around.getparent()) is not None:
        around = parent
    if around is element or around.tag not in ("p", "li", "blockquote", "td", "dd"):
        return False
    return is_sentence(" ".join(around.text_content().split()))


def marks_in(block: Block, found: Iterable[Mark]) -> list[Mark]:
    """Return the marks whose text is part of a block, in their order."""
    named = (mark for mark in found if mark.text and mark.text in block.text)
    return [mark for mark in named if _is_in(mark.element, block.element)]


def _is_in(element: HtmlElement, block: HtmlElement) -> bool:
    """Whether an inline element's text belongs to the block, or the block is inside the element."""
    around: HtmlElement | None = element
    while around is not None and around is not block and around.tag in INLINE:
        around = around.getparent()
    return around is block or any(step is element for step in block.iterancestors())


def parted(text: str, found: list[Mark]) -> list[tuple[str, Mark | None]]:
    """Return a line in parts with one mark each, which begin with the words before the mark.

    The words after the last mark belong to the last part.
    """
    if not found:
        return [(text, None)]
    parts: list[tuple[str, Mark | None]] = []
    start = 0
    for mark in found:
        at = text.find(mark.text, start)
        if at < 0:
            continue
        end = at + len(mark.text)
        parts.append((text[start:end], mark))
        start = end
    if not parts:
        return [(text, None)]
    last, mark_of_last = parts[-1]
    return [*parts[:-1], (last + text[start:], mark_of_last)]


def believed(text: str, shown: str | None, mark: Mark, reader: Reading) -> str | None:
    """Return the timestamp to believe for a mark and the text shown for it.

    It is the mark's if both agree on the day or the text gives no day, else the shown one.
    """
    at = reader.read_date(mark.said)
    if at is None:
        return shown
    local = moment(ZONE.sub("", mark.said)) or at
    if shown is None:
        days = days_in(text, reader.language)
        return at if not days or local[5:DAY] in days or at[5:DAY] in days else None
    if len(shown) == DAY:
        return at if same_day(shown, at, local) else shown
    is_day_only = len(local) == DAY or (local[11:] == MIDNIGHT and shown[11:] != MIDNIGHT)
    if is_day_only or shown.endswith("Z"):
        return shown
    return at if agree(shown, at) else shown


def same_day(day: str, at: str, local: str | None = None) -> bool:
    """Whether a timestamp is on a day, in its own time zone, or in any zone if it is in UTC."""
    if (local or at)[:DAY] == day:
        return True
    if not at.endswith("Z") or (local and not at.startswith(local[:19])):
        return False
    noon = datetime.fromisoformat(day) + timedelta(hours=12)
    return abs(datetime.fromisoformat(at[:19]) - noon) <= FURTHEST + timedelta(hours=12)


def agree(shown: str, at: str) -> bool:
    """Whether a clock time without time zone may be the timestamp, in any zone of the world."""
    return abs(datetime.fromisoformat(shown[:19]) - datetime.fromisoformat(at[:19])) <= FURTHEST


def as_printed(text: str, at: str | None, read: Callable[[str], str | None]) -> str:
    """Return the shortest part of a line that gives the same timestamp.

    The half of the day and the time zone after the clock time are included.
    """
    words = text.split()
    while len(words) > 1 and read(" ".join(words[1:])) == at:
        words.pop(0)
    dropped: list[str] = []
    while len(words) > 1 and read(" ".join(words[:-1])) == at:
        dropped.append(words.pop())
    while dropped and BEHIND.fullmatch(dropped[-1]):
        words.append(dropped.pop())
    printed = " ".join(words).rstrip(" ,;|·•–—-").lstrip(" ,;|·•–—-([")
    if "(" not in printed:
        printed = printed.rstrip(")]")
    return printed or text
