"""trafilatura's text of a page, without those of its steps that cannot change the text.

trafilatura compares its text with that of readability, which is mostly too short to be preferred
whatever it is; it collects all words of a page to learn whether its text is a small part of them;
and it evaluates its expressions for every element. While it reads a page, cheaper functions
with the same results stand in for these steps in its modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

import trafilatura
from lxml.etree import XPath
from lxml.html import HtmlElement, document_fromstring
from trafilatura import core, external, main_extractor, xpaths

from crawler.extraction.main_text.attribute_tests import (
    AttributeFinder,
    FirstAttributeFinder,
    UntranslatableError,
)

MAX_READABILITY_LENGTH_RATIO = 2
"""The length of readability's text, in lengths of trafilatura's own, above which trafilatura prefers
it; it also prefers it to a text without paragraphs."""
MIN_SHARE_OF_PAGE = core.ESCALATION_PAGE_SHARE
"""trafilatura searches again if its text is a smaller share of the page's words."""
MAX_BLANKS_AN_ELEMENT = 2
"""Blanks that trafilatura puts around a block, to count a page's words."""
EMPTY_PAGE = "<html><body></body></html>"
RAW_TEXT_TAGS_TEXT = "title textarea xmp iframe noembed noframes plaintext noscript script style"
RAW_TEXT_TAGS = tuple(RAW_TEXT_TAGS_TEXT.split())
"""Elements whose tags are text; where such an element is empty, readability reads tags as text."""
COUNT_ELEMENTS_WITHIN = XPath("count(.//*)")
HAS_PARAGRAPH_TEXT = XPath("boolean(.//p//text())")


class _StandIn(NamedTuple):
    """A replacement for a name in one of trafilatura's modules."""

    module: Any
    name: str
    value: object


class _HandedOver(NamedTuple):
    """A tree that trafilatura may change, and need not copy first."""

    tree: HtmlElement


def extract_by_trafilatura(tree: HtmlElement, url: str | None) -> str:
    """Return the text that trafilatura's default mode finds in a tree; the tree may be changed."""
    page: Any = _HandedOver(tree)
    with _cheaper_steps():
        found: Any = trafilatura.bare_extraction(page, url=url, include_comments=False)
    return (found.text or "") if found is not None else ""


@contextmanager
def _cheaper_steps() -> Iterator[None]:
    """Replace costly steps of trafilatura for the duration of one call."""
    stand_ins = [*_stand_ins_for_expressions(), *_stand_ins_for_comparisons()]
    replaced = [(each, getattr(each.module, each.name)) for each in stand_ins]
    try:
        for each in stand_ins:
            setattr(each.module, each.name, each.value)
        yield
    finally:
        for each, value in replaced:
            setattr(each.module, each.name, value)


@cache
def _stand_ins_for_expressions() -> tuple[_StandIn, ...]:
    """The lists of expressions that trafilatura evaluates on every page, translated."""
    comments = _joined(xpaths.REMOVE_COMMENTS_AND_LISTS_XPATH)
    boilerplate = _joined(xpaths.OVERALL_DISCARD_XPATH)
    bodies = list(map(_first_of, xpaths.BODY_XPATH))
    return (
        _StandIn(core, "RAW_TREE_PRUNE_XPATH", _joined(xpaths.RAW_TREE_PRUNE_XPATH)),
        _StandIn(core, "REMOVE_COMMENTS_AND_LISTS_XPATH", comments),
        _StandIn(main_extractor, "OVERALL_DISCARD_XPATH", boilerplate),
        _StandIn(main_extractor, "BODY_XPATH", bodies),
    )


def _joined(expressions: Sequence[XPath]) -> Sequence[object]:
    """One finder for all the expressions, or the expressions if they cannot be translated."""
    try:
        return [AttributeFinder(expressions)]
    except UntranslatableError:
        return expressions


def _first_of(expression: XPath) -> object:
    """A finder of the expression's first element, the only one that trafilatura uses."""
    try:
        return FirstAttributeFinder(expression)
    except UntranslatableError:
        return expression


def _stand_ins_for_comparisons() -> tuple[_StandIn, ...]:
    """The comparisons of the text with readability's text and with the words of the page."""
    compare, collect_words = external.compare_extraction, trafilatura.html2txt
    lengths: list[int] = []

    def compare_where_needed(
        cleaned: HtmlElement, whole: HtmlElement, body: Any, text: str, options: Any
    ) -> tuple[Any, str]:
        if not _may_prefer_readability(whole, body, text, options):
            whole = document_fromstring(EMPTY_PAGE)  # only readability reads it
        result: tuple[Any, str] = compare(cleaned, whole, body, text, options)
        lengths.append(len(result[1]))
        return result

    def words_where_needed(tree: HtmlElement) -> str:
        most = _max_words_length(tree)
        if lengths and lengths[-1] >= MIN_SHARE_OF_PAGE * most:
            return ""
        return str(collect_words(tree))

    return (
        _StandIn(core, "load_html", _tree_handed_over),
        _StandIn(core, "compare_extraction", compare_where_needed),
        _StandIn(core, "html2txt", words_where_needed),
    )


def _tree_handed_over(page: _HandedOver, _: object) -> HtmlElement:
    """The tree of a page, which trafilatura would otherwise copy, as its caller may need it."""
    return page.tree


def _may_prefer_readability(whole: HtmlElement, body: Any, text: str, options: Any) -> bool:
    """Return whether trafilatura might prefer what readability can find on the page to its own.

    Readability finds a part of the page's text.
    """
    if options.focus != "balanced" or not text or not HAS_PARAGRAPH_TEXT(body):
        return True
    if len(body.findall(".//table")) > len(body.findall(".//p")):
        return True
    if len(" ".join(whole.text_content().split())) > MAX_READABILITY_LENGTH_RATIO * len(text):
        return True
    return any(not len(part) and not part.text for part in whole.iter(*RAW_TEXT_TAGS))


def _max_words_length(tree: HtmlElement) -> float:
    """The greatest length that the words of a page can have for trafilatura."""
    letters = len(" ".join(tree.text_content().split()))
    blanks: float = COUNT_ELEMENTS_WITHIN(tree)
    return letters + MAX_BLANKS_AN_ELEMENT * (blanks + 1)
