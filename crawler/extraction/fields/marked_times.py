"""Moments that a page marks for machines beside what it shows: `<time datetime>`, `<abbr title>`,
`data-` attributes.

Pure but for the tree that is read.
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
FURTHER = (
    "data-published",
    "data-publish-date",
    "data-published-at",
    "data-pubdate",
    "data-iso",
    "data-utc",
)
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
MOST_MARKS = 300
MACHINE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d|$)|\d{8}T\d|[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d|\d{10}(?:\d{3})?$"
)
"""How machines are told a moment."""
ZONE = re.compile(r"\s*(?:Z|[+-]\d\d:?\d\d|UTC|GMT)$", re.I)
UPDATE_CLASS = re.compile(r"(?:^|[\s_-])(?:date-?)?(?:updated?|modified|edited)(?:$|[\s_-])", re.I)
PUBLISHED_CLASS = re.compile(r"publish|entry-date|created|posted", re.I)
BEHIND = re.compile(r"[(\[]?(?:[apAP]\.?[mM]\.?|Uhr|uhr|hrs?|h|[A-Z]{2,5})[)\],.]*")
"""Words behind a clock time that are part of it, though it would read the same without them."""
FURTHEST = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Mark:
    """An element with a moment for machines."""

    element: HtmlElement
    said: str
    text: str
    """What is shown in its place."""
    is_update: bool | None
    """As its class or itemprop says; None where they say nothing."""
    within_prose: bool
    """Whether it stands in a sentence of the text."""


class Reading(Protocol):
    """What reads the dates of a page."""

    language: str | None

    def moment(self, raw: str | None) -> str | None: ...


def marks(tree: HtmlElement) -> Iterator[Mark]:
    """The elements of a page that mark a moment for machines, in their order."""
    return islice(_marks(tree), MOST_MARKS)


def _marks(tree: HtmlElement) -> Iterator[Mark]:
    for element in tree.iter(*TAGS):
        if not NAMES.isdisjoint(element.keys()) and (said := _said(element)):
            text = " ".join(element.text_content().split())
            if len(text) <= 200:
                yield Mark(element, said, text, _is_update(element), _within_prose(element))


def _said(element: HtmlElement) -> str | None:
    attributes = element.attrib
    wanted = ATTRIBUTES[:1] if element.tag == "time" else ()
    for name in (*wanted, *ATTRIBUTES, *FURTHER):
        value = (attributes.get(name) or "").strip()
        if (
            value
            and len(value) < 64
            and MACHINE.match(value)
            and (name != "content" or element.get("itemprop"))
        ):
            return value
    return None


def _is_update(element: HtmlElement) -> bool | None:
    said = f"{element.get('class') or ''} {element.get('itemprop') or ''}"
    if PUBLISHED_CLASS.search(said):
        return False
    return True if UPDATE_CLASS.search(said) or element.get("itemprop") == "dateModified" else None


def _within_prose(element: HtmlElement) -> bool:
    around = element
    while around.tag in INLINE and (parent := around.getparent()) is not None:
        around = parent
    if around is element or around.tag not in ("p", "li", "blockquote", "td", "dd"):
        return False
    return is_sentence(" ".join(around.text_content().split()))


def marks_in(block: Block, found: Iterable[Mark]) -> list[Mark]:
    """The marks whose text stands in a block, in their order."""
    return [
        mark
        for mark in found
        if mark.text and mark.text in block.text and _is_in(mark.element, block.element)
    ]


def _is_in(element: HtmlElement, block: HtmlElement) -> bool:
    """Whether an inline element's text is of the block, or the whole block is inside of the
    element."""
    around: HtmlElement | None = element
    while around is not None and around is not block and around.tag in INLINE:
        around = around.getparent()
    return around is block or any(step is element for step in block.iterancestors())


def parted(text: str, found: list[Mark]) -> list[tuple[str, Mark | None]]:
    """A line in parts of one mark each, with the words before it; what follows the last is its
    too."""
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
    """The moment of a mark and the text shown for it: the mark's where they agree on the day or the
    text names none."""
    at = reader.moment(mark.said)
    if at is None:
        return shown
    local = moment(ZONE.sub("", mark.said)) or at
    if shown is None:
        days = days_in(text, reader.language)
        return (
            at if not days or any(local[5:DAY] == day or at[5:DAY] == day for day in days) else None
        )
    if len(shown) == DAY:
        return at if same_day(shown, at, local) else shown
    if len(local) == DAY or (local[11:] == "00:00:00" and shown[11:] != "00:00:00"):
        return shown
    if shown.endswith("Z"):
        return shown
    return at if agree(shown, at) else shown


def same_day(day: str, at: str, local: str | None = None) -> bool:
    """Whether a moment lies on a day, in the zone that it was written in, or in some zone if it was
    given in UTC."""
    if (local or at)[:DAY] == day:
        return True
    if not at.endswith("Z") or (local and not at.startswith(local[:19])):
        return False
    noon = datetime.fromisoformat(day) + timedelta(hours=12)
    return abs(datetime.fromisoformat(at[:19]) - noon) <= FURTHEST + timedelta(hours=12)


def agree(shown: str, at: str) -> bool:
    """Whether a clock time without zone may be the moment, in one of the zones of the world."""
    return abs(datetime.fromisoformat(shown[:19]) - datetime.fromisoformat(at[:19])) <= FURTHEST


def as_printed(text: str, at: str | None, read: Callable[[str], str | None]) -> str:
    """The fewest words of a line that name the same moment, with the half of the day and the zone
    behind them."""
    words = text.split()
    while len(words) > 1 and read(" ".join(words[1:])) == at:
        words.pop(0)
    dropped: list[str] = []
    while len(words) > 1 and read(" ".join(words[:-1])) == at:
        dropped.append(words.pop())
    while dropped and BEHIND.fullmatch(dropped[-1]):
        words.append(dropped.pop())
    printed = " ".join(words).rstrip(" ,;|·•–—-").lstrip(" ,;|·•–—-([")
    return (printed if printed.count("(") else printed.rstrip(")]")) or text
