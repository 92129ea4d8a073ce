"""A template of an outlet on one of its pages: the page is cut before the costly steps.

Only elements in which no part of an article ever stood are removed, and none if the page has no
element in which the outlet's texts stand: such a page is set in another template, and read whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement

from archive.records import TEMPLATE_MARK, OutletTemplate
from crawler.extraction.blocks import Block, fold_text, text_blocks
from crawler.extraction.main_text.line_features import count_prose_letters
from crawler.extraction.templates.element_keys import (
    ElementPlaces,
    is_named_step,
    place_within,
)
from crawler.extraction.templates.page_outline import is_json_ld, is_leavable

MIN_TEMPLATE_TEXT_CHARS = 200
"""Letters: a shorter text is looked for by the general reader."""
MIN_PROSE_SHARE = 0.35
"""Share of the page's prose, such as comments: with less of it, the text may stand elsewhere."""


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

    def find_text(self, blocks: Sequence[Block]) -> list[str] | None:
        """Return the blocks in which the outlet's texts stand; None if the template is not sure.

        It is not sure either if much prose of the page is elsewhere.
        """
        if not self.template.boxes:
            return None
        of_text = {
            fold_text(block.text): block for block in reversed(blocks) if self._is_in_text(block)
        }
        found = list(reversed(of_text.values()))  # a layer for printing repeats the text
        prose, whole = count_prose_letters(found), count_prose_letters(list(blocks))
        if prose < MIN_TEMPLATE_TEXT_CHARS or prose < MIN_PROSE_SHARE * whole:
            return None
        return [block.text for block in found]

    def _is_in_text(self, block: Block) -> bool:
        """Return whether a block is of a kind that is text, or an unknown one directly in a text's box.

        What stands in further boxes with names is text only where that is known of them.
        """
        place = self.places.place_of(block.element)
        odds = self.template.odds.get(place.key, 0.0) if place else 0.0
        if odds:
            return odds > 0
        if block.linked * 2 >= len(block.text):
            return False
        for around in (block.element, *block.element.iterancestors()):
            place = self.places.place_of(around)
            if place is None or place.key in self.template.boxes:
                return place is not None
            if is_named_step(place.step):
                return False
        return False

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


def blocks_of_removed(applied: AppliedTemplate) -> Iterator[tuple[Block, str]]:
    """Yield the blocks of the elements that were removed, each with the step of its element."""
    for element, step in applied.removed:
        for block in text_blocks(element):
            yield block, step
