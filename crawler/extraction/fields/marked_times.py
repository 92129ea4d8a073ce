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

from archive.timestamps import MAX_ZONE_EAST
from crawler.dates.date_parser import days_without_year, parse_date, reads_as_sentence
from crawler.extraction.blocks import INLINE_TAGS, Block

ISO_DAY_CHARS = len("2024-02-15")
ISO_MIDNIGHT = "00:00:00"
"""Characters of a day in ISO 8601."""
TIMESTAMP_ATTRIBUTES = (
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
RARE_TIMESTAMP_ATTRIBUTES = (
    "data-published",
    "data-publish-date",
    "data-published-at",
    "data-pubdate",
    "data-iso",
    "data-utc",
)
"""Further attributes that may contain a timestamp, read last."""
ALL_TIMESTAMP_ATTRIBUTES = frozenset((*TIMESTAMP_ATTRIBUTES, *RARE_TIMESTAMP_ATTRIBUTES))
TIMESTAMP_TAGS = (
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
MAX_TIME_MARKS = 300
"""Marked elements of a page that are read."""
MAX_MARKED_TIMESTAMP_CHARS = 63
"""Characters of a timestamp for machines."""
MACHINE_TIMESTAMP = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d|$)|\d{8}T\d|[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d|"
    r"\d{10}(?:\d{3})?$"
)
"""The forms of timestamps for machines."""
ZONE_AT_END = re.compile(r"\s*(?:Z|[+-]\d\d:?\d\d|UTC|GMT)$", re.I)
"""A time zone at the end of a timestamp."""
UPDATE_MARK = re.compile(r"(?:^|[\s_-])(?:date-?)?(?:updated?|modified|edited)(?:$|[\s_-])", re.I)
"""Classes and properties of the date of an update."""
PUBLICATION_MARK = re.compile(r"publish|entry-date|created|posted", re.I)
"""Classes and properties of the date of publication."""
PART_OF_CLOCK_TIME = re.compile(r"[(\[]?(?:[apAP]\.?[mM]\.?|Uhr|uhr|hrs?|h|[A-Z]{2,5})[)\],.]*")
"""Words after a clock time that belong to it, although it has the same meaning without them."""


@dataclass(frozen=True, slots=True)
class TimeMark:
    """An element with a timestamp for machines."""

    element: HtmlElement
    said: str
    text: str
    """The text that is shown for it."""
    is_update: bool | None
    """True if class or itemprop call it the date of an update; None if they say nothing."""
    within_prose: bool
    """True if it is part of a sentence of the text."""


class DateReader(Protocol):
    """Reads the dates of a page."""

    language: str | None

    def read_date(self, raw: str | None) -> str | None: ...


def time_marks(tree: HtmlElement) -> Iterator[TimeMark]:
    """Return the elements of a page that are marked with a timestamp, in their order."""
    return islice(_all_time_marks(tree), MAX_TIME_MARKS)


def _all_time_marks(tree: HtmlElement) -> Iterator[TimeMark]:
    """All elements of a page that are marked with a timestamp."""
    for element in tree.iterdescendants(*TIMESTAMP_TAGS):
        if ALL_TIMESTAMP_ATTRIBUTES.isdisjoint(element.keys()):  # as nearly all elements
            continue
        said = _timestamp_of_element(element)
        if not said:
            continue
        text = " ".join(element.text_content().split())
        if len(text) <= 200:
            yield TimeMark(
                element, said, text, _is_update_mark(element), _is_within_sentence(element)
            )


def _timestamp_of_element(element: HtmlElement) -> str | None:
    """Return the timestamp in an element's attributes, None if they have no timestamp."""
    for name in (*TIMESTAMP_ATTRIBUTES, *RARE_TIMESTAMP_ATTRIBUTES):
        value = (element.get(name) or "").strip()
        if (
            not value
            or len(value) > MAX_MARKED_TIMESTAMP_CHARS
            or not MACHINE_TIMESTAMP.match(value)
        ):
            continue
        if name != "content" or element.get("itemprop"):
            return value
    return None


def _is_update_mark(element: HtmlElement) -> bool | None:
    """Return whether class or itemprop mark the date of an update; None if they say nothing."""
    said = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
    if PUBLICATION_MARK.search(said):
        return False
    return True if UPDATE_MARK.search(said) or element.get("itemprop") == "dateModified" else None


def _is_within_sentence(element: HtmlElement) -> bool:
    """Return whether an element is part of a sentence."""
    around = element
    while around.tag in INLINE_TAGS and (parent := around.getparent()) is not None:
        around = parent
    if around is element or around.tag not in ("p", "li", "blockquote", "td", "dd"):
        return False
    return reads_as_sentence(" ".join(around.text_content().split()))


def time_marks_in_block(block: Block, found: Iterable[TimeMark]) -> list[TimeMark]:
    """Return the marks whose text is part of a block, in their order."""
    named = (mark for mark in found if mark.text and mark.text in block.text)
    return [mark for mark in named if _is_text_of_block(mark.element, block.element)]


def _is_text_of_block(element: HtmlElement, block: HtmlElement) -> bool:
    """Return whether an inline element belongs to the block, or contains the block."""
    around: HtmlElement | None = element
    while around is not None and around is not block and around.tag in INLINE_TAGS:
        around = around.getparent()
    return around is block or any(step is element for step in block.iterancestors())


def split_at_marks(text: str, found: list[TimeMark]) -> list[tuple[str, TimeMark | None]]:
    """Return a line in parts with one mark each, which begin with the words before the mark.

    The words after the last mark belong to the last part.
    """
    if not found:
        return [(text, None)]
    parts: list[tuple[str, TimeMark | None]] = []
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


def believed_timestamp(
    text: str, shown: str | None, mark: TimeMark, reader: DateReader
) -> str | None:
    """Return the timestamp to believe for a mark and the text shown for it.

    It is the mark's if both agree on the day or the text gives no day, else the shown one.
    """
    at = reader.read_date(mark.said)
    if at is None:
        return shown
    local = parse_date(ZONE_AT_END.sub("", mark.said)) or at
    if shown is None:
        days = days_without_year(text, reader.language)
        return (
            at
            if not days or local[5:ISO_DAY_CHARS] in days or at[5:ISO_DAY_CHARS] in days
            else None
        )
    if len(shown) == ISO_DAY_CHARS:
        return at if is_on_day(shown, at, local) else shown
    is_day_only = len(local) == ISO_DAY_CHARS or (
        local[11:] == ISO_MIDNIGHT and shown[11:] != ISO_MIDNIGHT
    )
    if is_day_only or shown.endswith("Z"):
        return shown
    return at if may_be_same_time(shown, at) else shown


def is_on_day(day: str, at: str, local: str | None = None) -> bool:
    """Return whether a timestamp is on a day in its own time zone, or in any zone if in UTC."""
    if (local or at)[:ISO_DAY_CHARS] == day:
        return True
    if not at.endswith("Z") or (local and not at.startswith(local[:19])):
        return False
    noon = datetime.fromisoformat(day) + timedelta(hours=12)
    return abs(datetime.fromisoformat(at[:19]) - noon) <= MAX_ZONE_EAST + timedelta(hours=12)


def may_be_same_time(shown: str, at: str) -> bool:
    """Return whether a clock time without time zone may be the timestamp in some time zone."""
    return (
        abs(datetime.fromisoformat(shown[:19]) - datetime.fromisoformat(at[:19])) <= MAX_ZONE_EAST
    )


def shortest_wording(text: str, at: str | None, read: Callable[[str], str | None]) -> str:
    """Return the shortest part of a line that gives the same timestamp.

    The half of the day and the time zone after the clock time are included.
    """
    words = text.split()
    while len(words) > 1 and read(" ".join(words[1:])) == at:
        words.pop(0)
    dropped: list[str] = []
    while len(words) > 1 and read(" ".join(words[:-1])) == at:
        dropped.append(words.pop())
    while dropped and PART_OF_CLOCK_TIME.fullmatch(dropped[-1]):
        words.append(dropped.pop())
    printed = " ".join(words).rstrip(" ,;|·•–—-").lstrip(" ,;|·•–—-([")
    if "(" not in printed:
        printed = printed.rstrip(")]")
    return printed or text
