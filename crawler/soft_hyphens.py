"""Soft hyphens (U+00AD) say where a word may be broken, and are no part of it: they are taken out of a page's tree.

Left in, a headline is not the same as the one above the text, and no search finds the word.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml.html import HtmlElement

SOFT_HYPHEN = "\N{SOFT HYPHEN}"
ENTITIES = (b"&shy", b"&#173", b"&#xad", b"&#XAD", b"&#xAD", b"&#Xad")


def may_have_soft_hyphens(body: bytes) -> bool:
    """Whether a page's bytes may hold one, as a character of some encoding or as an entity."""
    return b"\xad" in body or any(entity in body for entity in ENTITIES)


def without_soft_hyphens(elements: Iterable[HtmlElement]) -> None:
    """Take the soft hyphens out of all words and of what meta tags say."""
    for element in elements:
        if (text := element.text) and SOFT_HYPHEN in text:
            element.text = text.replace(SOFT_HYPHEN, "")
        if (tail := element.tail) and SOFT_HYPHEN in tail:
            element.tail = tail.replace(SOFT_HYPHEN, "")
        if element.tag == "meta" and SOFT_HYPHEN in (said := element.get("content") or ""):
            element.set("content", said.replace(SOFT_HYPHEN, ""))
