"""Soft hyphens (U+00AD) say where a word may be broken, and are no part of it: they are taken out
of a page's tree.

Left in, a headline is not the same as the one above the text, and no search finds the word.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml.etree import XPath
from lxml.html import HtmlElement

SOFT_HYPHEN = "\N{SOFT HYPHEN}"
PRESENT = XPath(
    f"boolean(contains(., '{SOFT_HYPHEN}') or //meta[contains(@content, '{SOFT_HYPHEN}')])"
)


def without_soft_hyphens(tree: HtmlElement, elements: Iterable[HtmlElement]) -> None:
    """Take the soft hyphens out of all words of a tree, whose `elements` these are, and of what
    meta tags say."""
    if not PRESENT(tree):
        return
    for element in elements:
        if (text := element.text) and SOFT_HYPHEN in text:
            element.text = text.replace(SOFT_HYPHEN, "")
        if (tail := element.tail) and SOFT_HYPHEN in tail:
            element.tail = tail.replace(SOFT_HYPHEN, "")
        if element.tag == "meta" and SOFT_HYPHEN in (said := element.get("content") or ""):
            element.set("content", said.replace(SOFT_HYPHEN, ""))
