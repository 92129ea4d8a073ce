"""Explain an extraction: who found each line of a page, why it was left out, who says each field.

`crawler.extraction.extract.read_capture` reads the page exactly as a crawl does. This module
reports the steps of that reading and decides nothing itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from typing import Any

from archive.records import Article, Capture
from archive.text.diff import matching_positions
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.extract import PageSteps, read_capture
from crawler.extraction.fields import headline, metadata
from crawler.extraction.fields.article_dates import MODIFIED_META, PUBLISHED_META
from crawler.extraction.fields.author_claims import AUTHOR_META_NAMES
from crawler.extraction.fields.metadata import OpenedPage, absolute_http_url
from crawler.extraction.main_text import line_classifier, line_features
from crawler.extraction.main_text.feature_labels import label_features
from crawler.extraction.rules.explained_rules import (
    DROPPED_BY_RULE,
    KEPT_BY_RULE,
    TEXT_BY_RULE,
    ExplainedRule,
    explained_rules,
    fields_by_rules,
)
from crawler.extraction.rules.outlet_rules import OutletRule
from crawler.extraction.second_opinion import TextAlarm
from crawler.text.language import language_code
from pipelines.text.word_count import count_words

MAX_FIELD_PLACES = 3
"""Places on the page that are named for one field."""
MAX_LINE_FEATURES = 8
"""Features against a line that are considered, before those about the whole page are left out."""
FOUND_BY_TRAFILATURA, FOUND_BY_BLOCKS, FOUND_IN_DATA = (
    "trafilatura",
    "the page's blocks",
    "the page's data",
)
REPEATED_BY_OUTLET = "the outlet repeats it"


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """A line of a page."""

    text: str
    kept: bool
    by: str = ""
    """Its finder: trafilatura, the page's blocks or its data; empty if it was never part of the
    text."""
    why: str = ""
    """The reason why it was left out, or what counts against it."""
    is_minor: bool = False
    """True if it is a short line or a link outside the text, as in menus and buttons."""


@dataclass(frozen=True, slots=True)
class ExplainedField:
    """A field of an article other than its text."""

    name: str
    value: str
    said_by: tuple[str, ...] = ()
    """The places on the page that give the same value."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An article, the places that give its fields, and the lines of its page in reading order.

    The lines that were kept are the article's text.
    """

    article: Article
    fields: tuple[ExplainedField, ...] = ()
    lines: tuple[ExplainedLine, ...] = ()
    rules: tuple[ExplainedRule, ...] = ()
    """The selectors of the outlet's rules, with what each did."""


def explain_capture(capture: Capture, rule: OutletRule | None = None) -> Explanation:
    """Return the article of a captured page, as `extract` returns it, with the explanation."""
    read = read_capture(capture, rule)
    if read.steps is None:
        return Explanation(read.article, tuple(_explained_fields(read.article, None)))
    lines = tuple(_explained_lines(read.steps, read.article))
    findings = read.steps.findings
    given = fields_by_rules(findings) if findings else {}
    fields = tuple(
        replace(field, said_by=(given[field.name],)) if field.name in given else field
        for field in _explained_fields(read.article, read.steps.page)
    )
    rules = explained_rules(findings) if findings else ()
    return Explanation(read.article, (*fields, *_explained_alarm(read.alarm)), lines, rules)


def _explained_alarm(alarm: TextAlarm | None) -> Iterator[ExplainedField]:
    """The fault of the text as it was read first, and the reading taken instead."""
    if alarm:
        taken = f"read again by {alarm.reading}" if alarm.reading else "no other reading is better"
        yield ExplainedField("text", taken, (alarm.sign,))


def without_repeated_lines(explanation: Explanation, repeated: Collection[str]) -> Explanation:
    """Return the explanation with the lines that the outlet repeats left out of the text."""
    if not repeated:
        return explanation
    lines = tuple(
        replace(line, kept=False, why=REPEATED_BY_OUTLET)
        if line.kept and line.text in repeated
        else line
        for line in explanation.lines
    )
    text = "\n".join(line.text for line in lines if line.kept)
    counted = count_words(text, explanation.article.language)
    article = replace(explanation.article, text=text, word_count=counted)
    return replace(explanation, article=article, lines=lines)


# -- lines -----------------------------------------------------------------------------------------


def _explained_lines(steps: PageSteps, article: Article) -> Iterator[ExplainedLine]:
    """The lines of a page in reading order; one that is not a block follows the line before it."""
    blocks = steps.page.blocks
    found = list(_lines_found_as_text(steps))
    kept = [line for line in found if line.kept]
    dropped = [line for line in found if not line.kept]
    placed = _placed_lines(kept, dropped, [fold_text(block.text) for block in blocks])
    taken = {place for place, _ in placed}
    against, said = _block_objections(steps), _texts_of_fields(article)
    free = (at for at in range(len(blocks)) if at not in taken)
    rest = [(at, _line_of_free_block(blocks[at], against, said)) for at in free]
    for _, line in sorted([*placed, *rest], key=itemgetter(0)):
        yield line


def _lines_found_as_text(steps: PageSteps) -> Iterator[ExplainedLine]:
    """The lines that were part of the text: those kept, in their order, then those left out."""
    choice, findings = steps.choice, steps.findings
    of_data = choice.lines == choice.added == steps.claims.said.split("\n")
    by_others = FOUND_IN_DATA if of_data else FOUND_BY_BLOCKS
    finder = TEXT_BY_RULE if findings and findings.text else by_others
    added = dict.fromkeys(map(fold_text, choice.added), finder)
    found = {fold_text(line) for line in choice.lines}
    kept = findings.kept if findings else ()
    of_others = steps.alarm.reading if steps.alarm else None
    extractor = of_others or FOUND_BY_TRAFILATURA
    added |= {folded: KEPT_BY_RULE for folded in map(fold_text, kept) if folded not in found}
    for text in steps.body.lines:
        yield ExplainedLine(text, True, added.get(fold_text(text), extractor))
    kept_lines = set(map(fold_text, kept))
    for text, reason in steps.body.dropped:
        if fold_text(text) in kept_lines:
            continue
        by = added.get(fold_text(text), extractor)
        yield ExplainedLine(text, False, by, steps.apart.get(fold_text(text), reason))
    for text, selector in findings.dropped if findings else ():
        yield ExplainedLine(text, False, DROPPED_BY_RULE, f"{DROPPED_BY_RULE} {selector}")
    for text, signs in choice.dropped:
        yield ExplainedLine(text, False, extractor, label_features(signs))


def _placed_lines(
    kept: list[ExplainedLine], dropped: list[ExplainedLine], blocks: list[str]
) -> list[tuple[float, ExplainedLine]]:
    """The lines with the numbers of their blocks; for a dropped line the block nearest to the text.

    A line that is not a block gets the number of the kept line before it, plus a half.
    """
    same = dict(matching_positions([fold_text(line.text) for line in kept], blocks))
    placed: list[tuple[float, ExplainedLine]] = []
    first = min(same.values(), default=0)
    place = first - 1
    for number, line in enumerate(kept):
        place = same.get(number, place)
        placed.append((place if number in same else place + 0.5, line))
    free = _free_block_numbers(blocks, taken=set(same.values()), text=(first, place))
    for line in dropped:
        nearest = free[fold_text(line.text)]
        placed.append((nearest.pop() if nearest else place + 0.5, line))
    return placed


def _free_block_numbers(
    blocks: list[str], taken: set[int], text: tuple[float, float]
) -> defaultdict[str, list[int]]:
    """The numbers of the blocks that are not taken, by their folded text, the nearest last.

    The nearest is the one closest to the text, whose first and last block number are given.
    """
    first, last = text
    free = defaultdict[str, list[int]](list)
    by_distance = sorted(range(len(blocks)), key=lambda at: (max(first - at, at - last, 0), at))
    for at in reversed(by_distance):
        if at not in taken:
            free[blocks[at]].append(at)
    return free


def _block_objections(steps: PageSteps) -> dict[int, tuple[str, str]]:
    """By block `id`: how much of it trafilatura found, and the features that count against it."""
    weighed = line_features.compute_block_features(steps.page.blocks, steps.claims)
    return {
        id(one.block): (
            one.found,
            label_features(line_classifier.reasons_against_block(one, MAX_LINE_FEATURES)),
        )
        for one in weighed
    }


def _texts_of_fields(article: Article) -> dict[str, str]:
    """The folded lines that repeat another field of the article, each with that field's name."""
    said = {
        "the date": article.published_raw,
        "the date of a change": article.modified_raw,
        "the byline": article.byline,
        "the standfirst": article.standfirst,
        "the headline": article.headline,
    }
    return {fold_text(text): name for name, text in said.items() if text}


FOUND_ELSEWHERE_REASONS = {
    "line": "its words stand elsewhere on the page too",
    "within": "its words stand in another line",
    "partly": "part of it stands in another line",
}
"""Reasons for blocks whose text trafilatura found in another place."""


def _line_of_free_block(
    block: Block, against: dict[int, tuple[str, str]], said: dict[str, str]
) -> ExplainedLine:
    """The line of a block that was not found as a line of the text."""
    if name := said.get(fold_text(block.text)):
        return ExplainedLine(block.text, False, "", name)
    unweighed = "it is a link" if block.linked * 2 >= len(block.text) else "it is a word or two"
    found, signs = against.get(id(block), ("no", unweighed))
    why = (
        FOUND_ELSEWHERE_REASONS.get(found)
        or f"not found as text: {signs or 'little speaks for it'}"
    )
    return ExplainedLine(
        block.text, False, "", why, is_minor=not line_features.is_prose_block(block)
    )


# -- fields ----------------------------------------------------------------------------------------

FIELD_PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "headline": (("headline",), ("og:title", *headline.HEADLINE_META), ""),
    "standfirst": (("description",), metadata.STANDFIRST_META, ""),
    "byline": (("author", "creator"), AUTHOR_META_NAMES, "the text"),
    "authors": (
        ("author", "creator"),
        AUTHOR_META_NAMES,
        "the byline, or who the mark-up calls the author",
    ),
    "agency": (("author", "creator"), AUTHOR_META_NAMES, "the byline or the text"),
    "dateline": ((), (), "the beginning of the text"),
    "section": (("articleSection",), metadata.SECTION_META, ""),
    "published_at": (("datePublished",), PUBLISHED_META, "htmldate, from the mark-up"),
    "modified_at": (("dateModified",), MODIFIED_META, ""),
    "language": (("inLanguage",), ("og:locale",), "the words of the text"),
    "image_url": (("image",), metadata.IMAGE_META, ""),
    "canonical_url": ((), (), '<link rel="canonical">'),
    "free": ((), (), "JSON-LD isAccessibleForFree"),
    "page_type": ((), (), ""),
}
"""By field: its names in JSON-LD, its meta tags, and its source where neither gives it."""
FIELDS_SHOWN_AS_LINES = ("headline", "standfirst", "byline", "published_at", "modified_at")
"""Fields whose value may be a line of the page."""


def _explained_fields(article: Article, page: OpenedPage | None) -> Iterator[ExplainedField]:
    """The fields of an article that have a value, with the places that give it."""
    for name in FIELD_PLACES:
        value = getattr(article, name)
        values = value if isinstance(value, tuple) else (value,)
        shown = ", ".join(str(one) for one in values if one is not None)
        if not shown:
            continue
        if name == "page_type":
            yield ExplainedField(name, shown, (article.page_reason,) if article.page_reason else ())
            continue
        raw = getattr(article, name.replace("_at", "_raw")) if name.endswith("_at") else shown
        words = value if isinstance(value, tuple) else (raw or shown,)
        places = dict.fromkeys(_places_of_field(name, words, page)) if page else {}
        said_by = tuple(places)[:MAX_FIELD_PLACES]
        if raw and fold_text(raw) != fold_text(shown):
            shown = f"{shown} (“{raw}”)"
        yield ExplainedField(name, shown, said_by or tuple(filter(None, FIELD_PLACES[name][2:])))


def _places_of_field(name: str, words: Iterable[str], page: OpenedPage) -> Iterator[str]:
    """The places on a page that give one of these values for a field, the most reliable first."""
    keys, metas, _ = FIELD_PLACES[name]
    wanted = [_comparable_value(name, word, page) for word in words]
    of_data = chain.from_iterable(_texts_in_json_ld(key, page) for key in keys)
    of_meta = ((f"meta {tag}", page.meta[tag]) for tag in metas if tag in page.meta)
    for place, text in (*of_data, *of_meta, *_visible_places(name, page)):
        said = _comparable_value(name, text, page)
        if any(one and f" {one} " in f" {said} " for one in wanted):
            yield place


def _texts_in_json_ld(key: str, page: OpenedPage) -> Iterator[tuple[str, str]]:
    """The texts of a field in the page's JSON-LD, each with the name of its place."""
    return ((f"JSON-LD {key}", text) for text in _texts_of_value(page.article.get(key), page))


def _visible_places(name: str, page: OpenedPage) -> Iterator[tuple[str, str]]:
    """The visible parts of a page that may give the field, each with the name of its place."""
    if name == "language":
        yield "<html lang>", page.tree.get("lang") or ""
    if name == "headline":
        yield from (
            ("<h1>", " ".join(tag.text_content().split()))
            for tag in page.elements
            if tag.tag == "h1"
        )
        yield "<title>", page.title or ""
    if name.endswith("_at"):
        yield from (
            ("<time>", tag.get("datetime") or "") for tag in page.elements if tag.tag == "time"
        )
    if name in FIELDS_SHOWN_AS_LINES:
        yield from (
            ("a line of the page", block.text) for block in page.blocks if len(block.text) < 400
        )
    if name == "published_at":
        yield "the address", page.url


def _comparable_value(name: str, said: str, page: OpenedPage) -> str:
    """The part of a field's value that two spellings of it share."""
    if name == "language":
        return language_code(said) or ""
    if name == "image_url":
        return absolute_http_url(said, page.url) or ""
    return fold_text(said)


def _texts_of_value(value: Any, page: OpenedPage) -> Iterator[str]:
    """The texts in a value of the page's data: its own, and names and URLs of things in it."""
    for item in jsonld.resolve_references(value or [], page.things):
        parts = [item]
        if isinstance(item, dict):
            parts = [item.get(key) for key in ("name", "url", "contentUrl")]
        yield from filter(None, map(jsonld.plain_text_of, parts))
