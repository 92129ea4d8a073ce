"""Names for the elements of an outlet's pages that are the same on all of them.

An element is known by the end of its path from the page's body, from the third named element around
it on. A step of the path is the tag with `id` and the first classes, without what differs from page to
page: digits, and the classes in which content systems store the number, the tags or the author of an
article. The beginning of the path does not count, as outlets name their sections there, nor does the
place among siblings, so that all paragraphs of a text have one key.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from lxml.html import HtmlElement

from crawler.extraction.blocks import TABLE_PART_TAGS

BODY_KEY = 1
MAX_STEP_CLASSES = 3
"""Classes of an element that count, the first ones."""
MAX_STEP_CHARS = 80
NAMED_STEPS = 3
"""Elements with an id or a class, from which on a path counts."""
MAX_UNNAMED_CHARS = 200
"""Characters of the steps below a named element that count, the last ones."""
DIGITS = re.compile(r"\d+")
PAGE_CLASS = re.compile(
    r"^(?:category|tag|author|post|postid|page-id|parent-pageid|term|nid|node|section|topic|id)-"
)
"""Classes that say which article it is, in WordPress, Drupal and others."""


@lru_cache(maxsize=32_768)  # an outlet's pages share nearly all of these attributes
def step_of_attributes(tag: str, id: str | None, classes: str | None) -> str:
    """Return the step of a path for an element: `div#main.article-body`."""
    names: dict[str, None] = {}
    for word in (classes or "").split():
        name = DIGITS.sub("", word)
        if len(name) > 1 and not PAGE_CLASS.match(word):
            names[name] = None
        if len(names) == MAX_STEP_CLASSES:
            break
    # a table that arranges the page is read as boxes
    plain_tag = "div" if tag in TABLE_PART_TAGS else tag
    own_id = DIGITS.sub("", id or "")
    step = "".join((plain_tag, f"#{own_id}" if own_id else "", *(f".{name}" for name in names)))
    return step[:MAX_STEP_CHARS]


def is_named_step(step: str) -> bool:
    """Return whether the element of a step has an id or a class."""
    return "." in step or "#" in step


class ElementPlace(NamedTuple):
    """The end of the path to an element: its nearest named elements, and the steps below each."""

    key: int
    step: str
    named: tuple[str, ...]


BODY_PLACE = ElementPlace(BODY_KEY, "body", ("body",))


def place_within(around: ElementPlace, element: HtmlElement) -> ElementPlace:
    """Return the place of an element in one whose place is known."""
    step = step_of_attributes(str(element.tag), element.get("id"), element.get("class"))
    if is_named_step(step):
        named = (*around.named, step)[-NAMED_STEPS:]
    else:
        named = (*around.named[:-1], f"{around.named[-1]}/{step}"[-MAX_UNNAMED_CHARS:])
    return ElementPlace(_key_of_path(named), step, named)


@lru_cache(maxsize=32_768)  # as with the steps
def _key_of_path(named: tuple[str, ...]) -> int:
    """The key of a path."""
    return crc32(">".join(named).encode("utf-8", "surrogatepass"))


class ElementPlaces:
    """The places of a page's elements, computed when they are asked for."""

    def __init__(self, tree: HtmlElement) -> None:
        body = tree.find("body")
        self.known: dict[HtmlElement, ElementPlace] = {} if body is None else {body: BODY_PLACE}

    def place_of(self, element: HtmlElement) -> ElementPlace | None:
        """Return the place of an element, or None if it is not in the page's body."""
        chain: list[HtmlElement] = []
        at: HtmlElement | None = element
        while at is not None and at not in self.known:
            chain.append(at)
            at = at.getparent()
        if at is None:
            return None
        place = self.known[at]
        for each in reversed(chain):
            place = self.known[each] = place_within(place, each)
        return place
