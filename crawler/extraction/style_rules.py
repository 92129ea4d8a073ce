"""Elements that the style rules of a page hide: `.x {display: none}` in its `style` elements.

Read are rules for one element alone, by tag, id and classes, that hold on every screen. An element
that another rule shows in some case is not hidden. The cost is linear in the rules and bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

from lxml.html import HtmlElement

MAX_STYLE_CHARS = 300_000
"""Characters of a page's style elements that are read."""
MAX_DISPLAY_RULES = 2_000
"""Rules of a page that set `display`."""
MAX_RULES_OF_NAME = 50
"""Rules for elements of one name that are compared."""
MAX_RULE_GROUPS = 20
"""Groups of rules within each other, such as `@media`."""
CSS_COMMENT_OR_TEXT = re.compile(r"/\*.*?(?:\*/|\Z)|\"[^\"\n]*\"|'[^'\n]*'|<!--|-->", re.DOTALL)
"""Parts of a style sheet whose braces mean nothing."""
DISPLAY_DECLARATION = re.compile(r"(?:^|[;\s])display\s*:\s*([\w-]+)\s*(!?)", re.I)
ANY_SCREEN_QUERY = re.compile(r"\s*@(?:media\s+(?:only\s+)?(?:screen|all)|layer\b[^{]*)\s*$", re.I)
"""Openings of groups of rules that hold on every screen."""
ELEMENT_SELECTOR = re.compile(r"([a-z][\w-]*|\*)?((?:[.#][\w-]+)*)", re.I)
"""A selector of one element by tag, id and classes."""
STATE_SELECTOR = re.compile(r"[:\[]")
"""Signs of a selector that holds in some states only, such as under the mouse."""
SELECTOR_COMBINATOR = re.compile(r"\s*[>+~]\s*|\s+")
EVERY_SCREEN_MEDIA = ("", "all", "screen", "only screen")
"""Values of the attribute `media` of a style element that holds on every screen."""
UNHIDDEN_TAGS = frozenset(("html", "head", "body", "main", "article", "h1"))
"""Elements whose style is for the time until scripts have run, or around the page itself."""


Weight = tuple[int, int, int, int]


class ElementSelector(NamedTuple):
    """A selector of one element."""

    tag: str
    ids: frozenset[str]
    classes: frozenset[str]
    weight: Weight
    """1 for `!important`, then the specificity, with that of the elements around it."""

    def matches(self, tag: str, own_id: str, classes: frozenset[str]) -> bool:
        """Return whether an element is selected."""
        return (
            self.tag in ("", tag)
            and (not self.ids or self.ids == {own_id})
            and self.classes <= classes
        )


RankedSelector = tuple[int, ElementSelector]
"""A selector and its place among the rules."""


@dataclass(slots=True)
class StyleRules:
    """The rules of a page that set `display` of single elements, by one of the names selected."""

    hiding: dict[str, list[RankedSelector]] = field(default_factory=dict)
    """Selectors of what is hidden on every screen."""
    showing: dict[str, list[RankedSelector]] = field(default_factory=dict)
    """Selectors of what is shown somewhere."""
    _known: dict[tuple[str, str, str], bool] = field(default_factory=dict)

    def hides(self, element: HtmlElement) -> bool:
        """Return whether the rules hide an element."""
        if not self.hiding or element.tag in UNHIDDEN_TAGS:
            return False
        key = (str(element.tag), element.get("id") or "", element.get("class") or "")
        if key not in self._known:
            self._known[key] = self._decide(key[0], key[1], frozenset(key[2].split()))
        return self._known[key]

    def _decide(self, tag: str, own_id: str, classes: frozenset[str]) -> bool:
        """Return whether the strongest rule for an element hides it."""
        names = (tag, f"#{own_id}", *(f".{name}" for name in classes))

        def ranks(rules: dict[str, list[RankedSelector]]) -> Iterator[tuple[Weight, int]]:
            of_names = chain.from_iterable(rules.get(name, ()) for name in names)
            return ((one.weight, at) for at, one in of_names if one.matches(tag, own_id, classes))

        hidden = max(ranks(self.hiding), default=None)
        return hidden is not None and max(ranks(self.showing), default=hidden) <= hidden


def _add_selector(
    rules: dict[str, list[RankedSelector]], at: int, selector: ElementSelector
) -> None:
    """Add a selector under its rarest name: an id, else a class, else the tag."""
    named = (*(f"#{name}" for name in selector.ids), *(f".{name}" for name in selector.classes))
    same = rules.setdefault((*named, selector.tag)[0], [])
    if len(same) < MAX_RULES_OF_NAME:
        same.append((at, selector))


class DisplayRule(NamedTuple):
    """A rule that sets `display`."""

    selectors: str
    value: str
    is_important: bool
    holds: bool
    """True if it holds on every screen."""


def page_style_rules(tree: HtmlElement) -> StyleRules:
    """Return the rules of a page's style elements that set `display`."""
    rules = StyleRules()
    for at, rule in enumerate(islice(_display_rules(tree), MAX_DISPLAY_RULES)):
        for selector in map(str.strip, rule.selectors.split(",")):
            if rule.value != "none":
                _add_showing(rules, at if rule.holds else MAX_DISPLAY_RULES, selector, rule)
            elif rule.holds and (single := _element_selector(selector, selector, rule)):
                _add_selector(rules.hiding, at, single)
    return rules


def _add_showing(rules: StyleRules, at: int, selector: str, rule: DisplayRule) -> None:
    """Add what a selector shows, whatever is around it; not what it shows in a state."""
    last = SELECTOR_COMBINATOR.split(selector)[-1]
    shown = None if STATE_SELECTOR.search(selector) else _element_selector(last, selector, rule)
    if shown:
        _add_selector(rules.showing, at, shown)


def _element_selector(text: str, whole: str, rule: DisplayRule) -> ElementSelector | None:
    """Parse a selector of one element; `whole` is the selector with the elements around it."""
    match = ELEMENT_SELECTOR.fullmatch(text)
    if not match or text in ("", "*"):
        return None
    tag, names = (match[1] or "").lower(), re.findall(r"[.#][\w-]+", match[2])
    ids = frozenset(name[1:] for name in names if name[0] == "#")
    classes = frozenset(name[1:] for name in names if name[0] == ".")
    tags = sum(part[:1].isalpha() for part in SELECTOR_COMBINATOR.split(whole))
    weight = (int(rule.is_important), whole.count("#"), whole.count("."), tags)
    return ElementSelector("" if tag == "*" else tag, ids, classes, weight)


def _display_rules(tree: HtmlElement) -> Iterator[DisplayRule]:
    """Yield the rules of a page's style elements that set `display`, if one of them is `none`."""
    left = MAX_STYLE_CHARS
    sheets: list[tuple[str, bool]] = []
    for element in tree.iter("style"):
        text = (element.text or "")[:left]
        left -= len(text)
        is_conditional = any(True for _ in element.iterancestors("noscript", "svg", "template"))
        if "display" in text.lower() and not is_conditional:
            media = (element.get("media") or "").strip().lower()
            sheets.append((text, media in EVERY_SCREEN_MEDIA))
    if any("none" in text.lower() for text, _ in sheets):
        yield from chain.from_iterable(_rules_of_sheet(*sheet) for sheet in sheets)


def _rules_of_sheet(text: str, holds: bool) -> Iterator[DisplayRule]:
    """Yield the rules of a style sheet that set `display`."""
    around: list[bool] = []
    for part in CSS_COMMENT_OR_TEXT.sub(" ", text).split("}"):
        *openings, declarations = part.split("{")
        if not openings:
            del around[-1:]  # the end of a group
            continue
        around += [ANY_SCREEN_QUERY.fullmatch(opening) is not None for opening in openings[:-1]]
        if len(around) > MAX_RULE_GROUPS:
            return
        mentions = "display" in declarations or "DISPLAY" in declarations
        if mentions and (values := DISPLAY_DECLARATION.findall(declarations)):
            value, mark = values[-1]
            selectors = openings[-1].rpartition(";")[2]
            yield DisplayRule(selectors, value.lower(), bool(mark), holds and all(around))
