"""The outline of a page that was read: in which elements the parts of its article stand.

It is what one page teaches about its outlet; `pipelines.template_learning` learns from it. An
outline holds the elements around the article's parts, and their other children. Nothing of the
page's text is in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from lxml.html import HtmlElement

from archive.records import Article, OutlineElement, PagePart
from crawler.extraction.blocks import INLINE_TAGS, Block, fold_text
from crawler.extraction.templates.element_keys import ElementPlaces

MAX_OUTLINE_ELEMENTS = 400
"""A page with more kinds of elements around its article teaches nothing."""
UNMARKED_TAGS = INLINE_TAGS | {"br", "hr", "script", "noscript", "template"}
"""Elements that are never left out: parts of sentences, and data for scripts."""
MAX_OUTLINE_COMPARISONS = 400_000
"""Blocks of a page times lines of its text: a page with more teaches nothing, as it would cost more
than reading it."""
MAX_OUTLINE_TEXT_CHARS = 100_000
LABELLED_PARTS: frozenset[PagePart] = frozenset(("byline", "date"))
MAX_VALUE_LABEL_CHARS = 40
"""Characters: a shorter block before a byline or a date may be its label, `By:`, and belongs to it."""
MAX_DAY_BLOCK_CHARS = 120
MIN_TEXT_SHARE_OF_BLOCK = 0.5
"""Share of a block's characters that has to be text: a reader's comment may quote a sentence."""
MIN_WITHIN_CHARS = 20
"""Characters: a shorter block does not count as a part of a line or a line as a part of it."""
MAX_BESIDE_VALUE_CHARS = 250
"""Characters beside a byline, a date or a headline in the same block."""


def is_leavable(element: HtmlElement) -> bool:
    """Return whether an element is of a kind that templates may leave out."""
    return isinstance(element.tag, str) and element.tag not in UNMARKED_TAGS


def is_json_ld(element: HtmlElement) -> bool:
    """Return whether an element holds the page's data."""
    return element.tag == "script" and "ld+json" in (element.get("type") or "").lower()


@dataclass(frozen=True)
class OutlinedPage:
    """The parts of an article that are looked for on its page."""

    article: Article
    date_lines: Iterable[str] = ()
    states_date: bool = False
    """True if the head, the data or the URL of the page give the date."""
    lines: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        lines = frozenset(map(fold_text, self.article.text.split("\n")))
        object.__setattr__(self, "lines", lines - {""})

    @cached_property
    def text(self) -> str:
        """The article's text, folded."""
        return fold_text(self.article.text)

    @cached_property
    def values(self) -> Mapping[str, PagePart]:
        """The folded values that lines of the page show, each with its part."""
        article = self.article
        dates = (article.published_raw, article.modified_raw, *self.date_lines)
        shown: list[tuple[str | None, PagePart]] = [
            *((date, "date") for date in dates),
            *((author, "byline") for author in (article.byline, *article.authors)),
            (article.headline, "headline"),
            (article.standfirst, "text"),
        ]
        return {folded: part for value, part in shown if (folded := fold_text(value or ""))}

    def is_text(self, folded: str) -> bool:
        """Return whether a block belongs to the text, whole or for the most part."""
        if folded in self.lines:
            return True
        if len(folded) < MIN_WITHIN_CHARS:
            return False
        long_lines = (line for line in self.lines if len(line) >= MIN_WITHIN_CHARS)
        within = sum(len(line) for line in long_lines if line in folded)
        return folded in self.text or within >= MIN_TEXT_SHARE_OF_BLOCK * len(folded)

    @cached_property
    def day(self) -> tuple[str, str]:
        """The year and the day of the article's date as a page prints them; empty if unknown."""
        year, _, rest = (self.article.published_day or "").partition("-")
        return year, rest[-2:].lstrip("0")

    def shows_day(self, folded: str) -> bool:
        """Return whether a short block has the year and the day of the article's date in it."""
        year, day = self.day
        if not day or year not in folded or len(folded) > MAX_DAY_BLOCK_CHARS:
            return False
        return day in {word.lstrip("0") for word in folded.split()}

    def values_in(self, folded: str) -> Iterator[PagePart]:
        """Yield the further parts of the article that a block shows."""
        for value, part in self.values.items():
            longest = len(value) + MAX_BESIDE_VALUE_CHARS
            if value == folded or (len(value) >= 5 and len(folded) <= longest and value in folded):
                yield part


def outline_page(
    tree: HtmlElement, blocks: Sequence[Block], page: OutlinedPage
) -> tuple[OutlineElement, ...]:
    """Return the outline of a page; empty if it is too large."""
    body = tree.find("body")
    is_large = len(blocks) * len(page.lines) > MAX_OUTLINE_COMPARISONS
    if body is None or is_large or len(page.article.text) > MAX_OUTLINE_TEXT_CHARS:
        return ()
    own = _contents_of_blocks(blocks, page)
    for element in _elements_with_data(body, page.article):
        own.parts[element].add("data")
    _add_place_of_date(own.parts, body, blocks, page)
    held = _parts_within({element: parts for element, parts in own.parts.items() if parts})
    return _outline_of_elements(ElementPlaces(tree), held, own)


@dataclass(slots=True)
class _OwnContents:
    """The contents that stand directly in each element of a page."""

    text_chars: defaultdict[HtmlElement, int] = field(default_factory=lambda: defaultdict(int))
    """Characters of the article's text."""
    other_chars: defaultdict[HtmlElement, int] = field(default_factory=lambda: defaultdict(int))
    parts: defaultdict[HtmlElement, set[PagePart]] = field(default_factory=lambda: defaultdict(set))


def _contents_of_blocks(blocks: Sequence[Block], page: OutlinedPage) -> _OwnContents:
    """Return what the blocks of a page show of the article, by their elements."""
    own = _OwnContents()
    passed: set[str] = set()
    before: Block | None = None
    for block in blocks:
        folded = fold_text(block.text)
        found = set(page.values_in(folded))
        is_copy = len(folded) >= MIN_WITHIN_CHARS and folded in passed  # as in a layer for printing
        passed.add(folded)
        if not is_copy and page.is_text(folded):
            found.add("text")
        chars = own.text_chars if "text" in found else own.other_chars
        chars[block.element] += len(block.text)
        if found:
            own.parts[block.element] |= found
        if before and not own.parts[before.element] and len(before.text) <= MAX_VALUE_LABEL_CHARS:
            own.parts[before.element] |= found & LABELLED_PARTS
        before = block
    return own


def _add_place_of_date(
    parts: defaultdict[HtmlElement, set[PagePart]],
    body: HtmlElement,
    blocks: Sequence[Block],
    page: OutlinedPage,
) -> None:
    """Add where the date stands, if the article has one that no element is known to show."""
    is_dated = any("date" in found for found in parts.values())
    if is_dated or page.states_date or not page.article.published_raw:
        return
    showing = [block.element for block in blocks if page.shows_day(fold_text(block.text))]
    for element in showing or [body]:
        parts[element].add("date" if showing else "elsewhere")


def _outline_of_elements(
    places: ElementPlaces, held: Mapping[HtmlElement, set[PagePart]], own: _OwnContents
) -> tuple[OutlineElement, ...]:
    """Return the elements with parts of the article, and those beside them; none if too many."""
    elements: dict[int, OutlineElement] = {}
    for element, holds in held.items():
        chars = own.text_chars[element], own.other_chars[element]
        _add_element(elements, places, element, frozenset(holds), chars)
        for child in element:
            if child not in held and is_leavable(child):
                _add_element(elements, places, child, frozenset(), (0, own.other_chars[child]))
        if len(elements) > MAX_OUTLINE_ELEMENTS:
            return ()
    return tuple(elements.values())


def _elements_with_data(body: HtmlElement, article: Article) -> Iterator[HtmlElement]:
    """Yield the elements of the body that give data of the article: JSON-LD, marked dates."""
    yield from filter(is_json_ld, body.iter("script"))
    dates = {date for date in (article.published_raw, article.modified_raw) if date}
    for element in body.iter("time", "meta", "abbr", "span"):
        if dates.intersection((element.get("datetime"), element.get("content"))):
            yield element


def _parts_within(
    parts: Mapping[HtmlElement, set[PagePart]],
) -> dict[HtmlElement, set[PagePart]]:
    """The elements in which parts of the article stand, at any depth, with these parts."""
    held: dict[HtmlElement, set[PagePart]] = {}
    for element, own in parts.items():
        for around in (element, *element.iterancestors()):
            if around.tag == "html":
                break
            known = held.setdefault(around, set())
            if around is not element and own <= known:
                break
            known |= own
    return held


def _add_element(
    elements: dict[int, OutlineElement],
    places: ElementPlaces,
    element: HtmlElement,
    holds: frozenset[PagePart],
    chars: tuple[int, int],
) -> None:
    """Add an element to an outline, together with those of the same key."""
    place = places.place_of(element)
    if place is None:
        return
    known = elements.get(place.key)
    if known is None:
        parent = None if element.tag == "body" else element.getparent()
        around = None if parent is None else places.place_of(parent)
        known = OutlineElement(place.key, around.key if around else 0, place.step)
    elements[place.key] = replace(
        known,
        holds=known.holds | holds,
        text_chars=known.text_chars + chars[0],
        other_chars=known.other_chars + chars[1],
    )
