"""A page read by the rules of its outlet, before the general reader reads it.

All selectors see the page as parsed, so their order does not matter. Then the parts to drop are
removed from the tree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

from lxml.html import HtmlElement

from archive.records import NO_MATCH_MARK, RULE_MARK
from archive.text.diff import matching_positions
from crawler.extraction import visibility
from crawler.extraction.blocks import (
    fold_text,
    remove_note_marks,
    text_blocks,
    unfold_layout_tables,
)
from crawler.extraction.main_text import inline_elements
from crawler.extraction.rules.outlet_rules import FIELD_KEYS, SELECTOR_KEYS, OutletRule
from crawler.extraction.rules.selectors import SelectedPart, SelectorError, selected_parts

VALUE_ATTRIBUTES = ("datetime", "content")
"""Attributes that give the value of an element in place of its text, such as `<time datetime>`."""


@dataclass(frozen=True, slots=True)
class SelectorFinding:
    """A selector, and the number of parts of the page that it matched."""

    key: str
    selector: str
    matches: int
    problem: str | None = None
    """Why it could not be evaluated on the page."""


@dataclass(frozen=True, slots=True)
class RuleFindings:
    """Everything that the rules of an outlet found on one page."""

    rule: OutletRule
    selectors: tuple[SelectorFinding, ...] = ()
    text: tuple[str, ...] = ()
    """The lines of the article; empty if the rules give no text."""
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The values found for headline, byline and date."""
    kept: tuple[str, ...] = ()
    """Lines that belong to the text in any case."""
    order: tuple[str, ...] = ()
    """All lines of the page in reading order, folded; only if some are to be kept."""
    dropped: tuple[tuple[str, str], ...] = ()
    """The lines that were removed from the page, each with the selector."""
    paywall: str | None = None
    """The selector that found the marker of a paywall."""
    unreadable_date: str | None = None
    """The text of a date that cannot be read."""

    @property
    def unmatched(self) -> tuple[str, ...]:
        """The fields that have selectors, none of which gives a value: the rules are out of date."""
        given = {"text": self.text, **self.values}
        missing = [key for key in FIELD_KEYS if self.rule.selectors.get(key) and not given.get(key)]
        return tuple(missing)

    def with_unreadable_date(self, raw: str) -> RuleFindings:
        """Return the findings without a date, since the text found for it is not a date."""
        values = {key: found for key, found in self.values.items() if key != "date"}
        return replace(self, values=values, unreadable_date=raw)

    def as_extractor(self) -> str:
        """Return the part of an article's `extractor` that says that rules took part."""
        missing = self.unmatched
        return f"{RULE_MARK}{self.rule.digest}" + (
            f"{NO_MATCH_MARK}{', '.join(missing)}" if missing else ""
        )


def apply_rule(rule: OutletRule, tree: HtmlElement) -> RuleFindings:
    """Read a page by the rules of its outlet, and remove what they drop from its tree."""
    problems: dict[str, str] = {}
    parts = {key: _parts_by_selector(rule, key, tree, problems) for key in SELECTOR_KEYS}
    found = tuple(
        SelectorFinding(key, selector, len(each), problems.get(selector))
        for key, by_selector in parts.items()
        for selector, each in by_selector
    )
    kept = _lines_of_parts(_all_parts(parts["keep"]))
    order = tuple(fold_text(block.text) for block in text_blocks(tree)) if kept else ()
    values = {key: _first_values(parts[key]) for key in ("headline", "byline", "date")}
    dropped = tuple(_drop_parts(parts["drop"], tree))
    # what lies within a dropped part is not read
    remaining = [part for part in _all_parts(parts["text"]) if _is_in_tree(part, tree)]
    return RuleFindings(
        rule,
        found,
        text=tuple(_lines_of_parts(remaining)),
        values=values,
        kept=tuple(kept),
        order=order,
        dropped=tuple((line, selector) for line, selector in dropped if line not in kept),
        paywall=next((selector for selector, each in parts["paywall"] if each), None),
    )


PartsBySelector = list[tuple[str, list[SelectedPart]]]


def _parts_by_selector(
    rule: OutletRule, key: str, tree: HtmlElement, problems: dict[str, str]
) -> PartsBySelector:
    """The parts of the page that each selector of a key finds; `problems` takes what fails."""
    found: PartsBySelector = []
    for selector in rule.selectors.get(key, ()):
        try:
            found.append((selector, selected_parts(selector, tree)))
        except SelectorError as error:
            problems[selector] = str(error)
            found.append((selector, []))
    return found


def _all_parts(by_selector: PartsBySelector) -> list[SelectedPart]:
    """The parts that all selectors of a key find, elements within others left out."""
    parts = [part for _, each in by_selector for part in each]
    elements = list(dict.fromkeys(part for part in parts if isinstance(part, HtmlElement)))
    chosen = set(elements)
    outermost = [each for each in elements if chosen.isdisjoint(each.iterancestors())]
    texts = [part for part in parts if isinstance(part, str)]
    if len(by_selector) > 1 and len(outermost) > 1:
        outermost.sort(key=_document_order(outermost[0]))
    return [*outermost, *texts]


def _document_order(element: HtmlElement) -> Callable[[HtmlElement], int]:
    """A function that gives the place of elements in the document of one of them."""
    places = {each: place for place, each in enumerate(element.getroottree().iter())}
    return lambda each: places.get(each, 0)


def _is_in_tree(part: SelectedPart, tree: HtmlElement) -> bool:
    """Return whether a part still belongs to the page."""
    return isinstance(part, str) or part is tree or any(up is tree for up in part.iterancestors())


# -- values ----------------------------------------------------------------------------------------


def _first_values(by_selector: PartsBySelector) -> tuple[str, ...]:
    """The values of the first selector that finds any."""
    for _, parts in by_selector:
        if values := tuple(dict.fromkeys(filter(None, map(_value_of_part, parts)))):
            return values
    return ()


def _value_of_part(part: SelectedPart) -> str:
    """The text of a part on one line, or the attribute that gives its value."""
    if isinstance(part, str):
        return " ".join(part.split())
    said = next((part.get(name) for name in VALUE_ATTRIBUTES if part.get(name)), None)
    return " ".join(said.split()) if said else " ".join(_lines_of_parts([part]))


# -- lines -----------------------------------------------------------------------------------------


def _lines_of_parts(parts: Iterable[SelectedPart]) -> list[str]:
    """The lines of parts in reading order.

    A part that the page hides is read all the same; what is hidden within it is not.
    """
    lines: list[str] = []
    for part in parts:
        if isinstance(part, str):
            lines += filter(None, (" ".join(line.split()) for line in part.split("\n")))
        else:
            lines += _lines_of_element(part)
    return lines


def _lines_of_element(element: HtmlElement) -> list[str]:
    """The lines of one element, read in a page without anything else."""
    copied = deepcopy(element)
    copied.tail = None
    page = element.makeelement("html")
    body = element.makeelement("body")
    page.append(body)
    body.append(copied)
    visibility.mark_hidden(page)
    copied.attrib.pop(visibility.HIDDEN_ATTRIBUTE, None)
    inline_elements.mend_sentences(page)
    unfold_layout_tables(page)
    remove_note_marks(page)
    return [block.text for block in text_blocks(page)]


def _drop_parts(by_selector: PartsBySelector, tree: HtmlElement) -> Iterable[tuple[str, str]]:
    """Remove the parts to drop; yield their lines with the selector."""
    for selector, parts in by_selector:
        for part in parts:
            if not isinstance(part, HtmlElement) or part is tree or not _is_in_tree(part, tree):
                continue
            for line in _lines_of_parts([part]):
                yield line, selector
            part.drop_tree()


def with_kept_lines(lines: Sequence[str], findings: RuleFindings) -> list[str]:
    """Return the lines of a text with those to be kept, in the order of the page."""
    known = {fold_text(line) for line in lines}
    missing = [line for line in dict.fromkeys(findings.kept) if fold_text(line) not in known]
    if not missing:
        return list(lines)
    result = list(lines)
    for line in missing:
        result.insert(_place_of_line(line, result, findings.order), line)
    return result


def _place_of_line(line: str, lines: Sequence[str], order: Sequence[str]) -> int:
    """The place of a further line among the lines of a text: above the first that follows it."""
    folded = fold_text(line)
    at = order.index(folded) if folded in order else len(order)
    positions = sorted(matching_positions([fold_text(each) for each in lines], order))
    return next((place for place, found in positions if found > at), len(lines))
