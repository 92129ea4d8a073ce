"""Removal of soft hyphens (U+00AD), which mark where a word may be broken, from a page's tree.

With them, a headline differs from its copy above the text, and no search finds the word.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml.etree import XPath
from lxml.html import HtmlElement

SOFT_HYPHEN = "\N{SOFT HYPHEN}"
HAS_SOFT_HYPHEN = XPath(
    f"boolean(contains(., '{SOFT_HYPHEN}') or //meta[contains(@content, '{SOFT_HYPHEN}')])"
)


def remove_soft_hyphens(tree: HtmlElement, elements: Iterable[HtmlElement]) -> None:
    """Remove the soft hyphens from a tree's texts and from the content of its meta elements.

    `elements` are the elements of the tree; they are changed in place.
    """
    if not HAS_SOFT_HYPHEN(tree):
        return
    for element in elements:
        text, tail = element.text, element.tail
        if text and SOFT_HYPHEN in text:
            element.text = text.replace(SOFT_HYPHEN, "")
        if tail and SOFT_HYPHEN in tail:
            element.tail = tail.replace(SOFT_HYPHEN, "")
        if element.tag == "meta":
            content = element.get("content") or ""
            if SOFT_HYPHEN in content:
                element.set("content", content.replace(SOFT_HYPHEN, ""))
