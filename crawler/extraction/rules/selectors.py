"""Selectors of rules: CSS or XPath, compiled when a page of the outlet is read for the first time.

A selector that begins with `/`, `./`, `(` or a function is XPath, any other is CSS, with parsel's
`::text` and `::attr(name)`. XPath has parsel's functions too: `has-class(…)`, `re:…` and `set:…`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from lxml.etree import ErrorTypes, XPath, XPathError
from lxml.html import HtmlElement, document_fromstring

XPATH_BEGINNING = re.compile(r"/|\./|\(|(?:(?:re|set):)?[a-z-]+\(")
"""The beginning of an XPath: a path, a bracket, or a function such as `contains(…)`."""
XPATH_NAMESPACES = {
    "re": "http://exslt.org/regular-expressions",
    "set": "http://exslt.org/sets",
}
XPATH_LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
XPATH_FUNCTION = re.compile(r"(?<![\w.:-])(?:[A-Za-z_][\w.-]*:)?[A-Za-z_][\w.-]*(?=\s*\()")
XPATH_PREFIX = re.compile(r"(?<![\w.:-])([A-Za-z_][\w.-]*):(?=[A-Za-z_*])")
XPATH_VARIABLE = re.compile(r"\$\s*[\w.:-]+")
NO_FUNCTIONS = frozenset(
    ("and", "or", "div", "mod", "node", "text", "comment", "processing-instruction")
)
"""Operators and tests of nodes, which may also stand before a bracket."""
MAX_COMPILED_SELECTORS = 16_384
EVALUATION_ERRORS = (XPathError, ValueError, TypeError, OverflowError, re.error)
"""Errors that an XPath raises on a page; all but the first come from functions in Python."""

SelectedPart = HtmlElement | str
"""An element of a page, or the text of an attribute or text node."""


class SelectorError(Exception):
    """A selector is invalid, or fails on a page; the message says why."""


@lru_cache(MAX_COMPILED_SELECTORS)
def compiled_selector(selector: str) -> XPath:
    """Return a selector as XPath; raises SelectorError."""
    text = selector.strip()
    if not text:
        raise SelectorError("is empty")
    path = text if XPATH_BEGINNING.match(text) else _css_as_xpath(text)
    try:
        compiled = _compiled_xpath(path)
        _check_xpath_names(path)
        compiled(_specimen_page())  # errors outside conditions show only now
    except EVALUATION_ERRORS as error:
        raise SelectorError(f"is not a valid XPath ({error})") from error
    return compiled


def _compiled_xpath(path: str) -> XPath:
    """Return an XPath with parsel's functions. Raises XPathError."""
    from parsel.xpathfuncs import setup

    setup()
    # with a namespace of sets, lxml registers their functions at every evaluation
    used = {prefix: uri for prefix, uri in XPATH_NAMESPACES.items() if f"{prefix}:" in path}
    return XPath(path, namespaces=used, smart_strings=False)


def _check_xpath_names(path: str) -> None:
    """Raise SelectorError for an unknown function, prefix or variable.

    An evaluation shows them only on a page that has all the parts before them.
    """
    code = XPATH_LITERAL.sub("''", path)
    if variable := XPATH_VARIABLE.search(code):
        raise SelectorError(f"is not a valid XPath (there is no variable {variable[0]})")
    for prefix in XPATH_PREFIX.findall(code):
        if prefix not in XPATH_NAMESPACES:
            raise SelectorError(f"is not a valid XPath (there is no prefix {prefix}:)")
    for name in XPATH_FUNCTION.findall(code):
        if name not in NO_FUNCTIONS and not _is_xpath_function(name):
            raise SelectorError(f"is not a valid XPath (there is no function {name}())")


def _is_xpath_function(name: str) -> bool:
    """Return whether a function exists: without arguments, most raise another error then."""
    call = _compiled_xpath(f"{name}()")
    try:
        call(_specimen_page())
    except EVALUATION_ERRORS:
        last = call.error_log.last_error
        return last is None or last.type != ErrorTypes.XPATH_UNKNOWN_FUNC_ERROR
    return True


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
    true or above zero. Raises SelectorError if it cannot be evaluated on this page.
    """
    try:
        found = compiled_selector(selector)(tree)
    except EVALUATION_ERRORS as error:
        raise SelectorError(f"fails on this page ({error})") from error
    if isinstance(found, list):
        return [part for part in found if isinstance(part, HtmlElement | str)]
    if isinstance(found, str):
        return [found] if found.strip() else []
    return [tree] if found else []
