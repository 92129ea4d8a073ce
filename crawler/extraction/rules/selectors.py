"""Selectors of rules: CSS or XPath, compiled when a page of the outlet is read for the first time.

A selector that begins with `/`, `./`, `(` or a function is XPath, any other is CSS, with parsel's `::text` and
`::attr(name)`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from lxml.etree import XPath, XPathError
from lxml.html import HtmlElement, document_fromstring

XPATH_BEGINNING = re.compile(r"/|\./|\(|[a-z-]+\(")
"""The beginning of an XPath: a path, a bracket, or a function such as `contains(…)`."""
MAX_COMPILED_SELECTORS = 16_384

SelectedPart = HtmlElement | str
"""An element of a page, or the text of an attribute or text node."""


class SelectorError(Exception):
    """A selector is invalid; the message says why."""


@lru_cache(MAX_COMPILED_SELECTORS)
def compiled_selector(selector: str) -> XPath:
    """Return a selector as XPath; raises SelectorError."""
    text = selector.strip()
    if not text:
        raise SelectorError("is empty")
    path = text if XPATH_BEGINNING.match(text) else _css_as_xpath(text)
    try:
        compiled = XPath(path, smart_strings=False)
        compiled(_specimen_page())  # an unknown function shows only now
    except (XPathError, ValueError) as error:
        raise SelectorError(f"is not a valid XPath ({error})") from error
    return compiled


@cache
def _specimen_page() -> HtmlElement:
    """A page on which selectors are tried when they are compiled."""
    return document_fromstring("<p>")


def _css_as_xpath(text: str) -> str:
    """Return a CSS selector as XPath; raises SelectorError."""
    from cssselect import ExpressionError, SelectorSyntaxError
    from parsel.csstranslator import HTMLTranslator

    try:
        return HTMLTranslator().css_to_xpath(text)
    except (SelectorSyntaxError, ExpressionError) as error:
        raise SelectorError(f"is not a valid CSS selector ({error})") from error


def selected_parts(selector: str, tree: HtmlElement) -> list[SelectedPart]:
    """Return what a selector finds in a page.

    A test or a number, such as `contains(…)` or `count(…)`, finds the root of the page if it is
    true or above zero.
    """
    found = compiled_selector(selector)(tree)
    if isinstance(found, list):
        return [part for part in found if isinstance(part, HtmlElement | str)]
    if isinstance(found, str):
        return [found] if found.strip() else []
    return [tree] if found else []
