"""A template of an outlet on one of its pages: the page is cut before the costly steps.

Only elements in which no part of an article ever stood are removed, and none if the page has no
element in which the outlet's texts stand: such a page is set in another template, and read whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.records import TEMPLATE_MARK, OutletTemplate
from crawler.extraction.blocks import Block, text_blocks
from crawler.extraction.templates.element_keys import (
    ElementPlaces,
    place_within,
)
from crawler.extraction.templates.page_outline import is_json_ld, is_leavable


@dataclass(frozen=True, slots=True)
class AppliedTemplate:
    """A template that fits a page, and the elements that were removed from the page by it."""

    template: OutletTemplate
    places: ElementPlaces
    removed: tuple[tuple[HtmlElement, str], ...] = ()
    """Elements, each with the last step of its path."""

    def odds_of_block(self, block: Block) -> float:
        """Return the log-odds that the template adds to those of a block to be text."""
        place = self.places.place_of(block.element) if self.template.odds else None
        return self.template.odds.get(place.key, 0.0) if place else 0.0

    def as_extractor(self) -> str:
        """Return the part of an article's `extractor` that says that a template took part."""
        return f"{TEMPLATE_MARK}{self.template.digest}"


def apply_template(
    template: OutletTemplate, tree: HtmlElement, *, cuts: bool = True
) -> AppliedTemplate | None:
    """Remove from a page what its outlet's template leaves out.

    Returns None, and leaves the page as it is, if the template does not fit. With `cuts=False` nothing
    is removed.
    """
    body = tree.find("body")
    if body is None:
        return None
    with_data = _elements_around_data(body)
    places = ElementPlaces(tree)
    leaving: list[tuple[HtmlElement, str]] = []
    has_text = False
    waiting = [body]
    while waiting:
        around = waiting.pop()
        for element in around:
            if not isinstance(element.tag, str):
                continue
            place = place_within(places.known[around], element)
            if place.key in template.left_out and element not in with_data and is_leavable(element):
                leaving.append((element, place.step))
            elif place.key in template.around:
                has_text = has_text or place.key in template.texts
                places.known[element] = place
                waiting.append(element)
    if not has_text:
        return None
    if cuts:
        for element, _ in leaving:
            element.drop_tree()
    return AppliedTemplate(template, places, tuple(leaving) if cuts else ())


def _elements_around_data(body: HtmlElement) -> set[HtmlElement]:
    """The elements around the page's JSON-LD, which stay."""
    around: set[HtmlElement] = set()
    for script in filter(is_json_ld, body.iter("script")):
        around.update(script.iterancestors())
    return around


def lines_of_removed(applied: AppliedTemplate) -> Iterator[tuple[str, str]]:
    """Yield the lines of the elements that were removed, each with the step of its element."""
    for element, step in applied.removed:
        for block in text_blocks(element):
            yield block.text, step
