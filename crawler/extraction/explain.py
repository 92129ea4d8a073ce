"""Explain an extraction: who found each line of a page, why it was left out, who says each field.

`crawler.extraction.extract.reading` reads the page exactly as a crawl does. This module reports the
steps of that reading and decides nothing itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from operator import itemgetter
from typing import Any

from archive.records import Article, Capture
from archive.text.diff import matches
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, folded
from crawler.extraction.extract import Steps, reading
from crawler.extraction.fields import headline, metadata
from crawler.extraction.fields.article_dates import MODIFIED_META, PUBLISHED_META
from crawler.extraction.fields.author_claims import AUTHOR_META
from crawler.extraction.fields.metadata import Page, absolute
from crawler.extraction.main_text import line_classifier, line_features
from crawler.extraction.main_text.feature_labels import in_words
from crawler.text.language import language_code
from pipelines.text.word_count import word_count

MOST_WITNESSES = 3
"""Places on the page that are named for one field."""
MOST_SIGNS = 8
"""Features against a line that are considered, before those about the whole page are left out."""
TRAFILATURA, BLOCKS, DATA = "trafilatura", "the page's blocks", "the page's data"
REPEATED = "the outlet repeats it"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page."""

    text: str
    kept: bool
    by: str = ""
    """Its finder: trafilatura, the page's blocks or its data; empty if it was never part of the
    text."""
    why: str = ""
    """The reason why it was left out, or what counts against it."""
    is_minor: bool = False
    """Whether it is a short line or a link that was never part of the text, as in menus and
    buttons."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an article other than its text."""

    name: str
    value: str
    said_by: tuple[str, ...] = ()
    """The places on the page that give the same value."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An article, the places that give its fields, and the lines of its page in reading order.

    The lines that were kept are the article's text.
    """

    article: Article
    fields: tuple[Field, ...] = ()
    lines: tuple[Line, ...] = ()


def explained(capture: Capture) -> Explained:
    """Return the article of a captured page, as `extract` returns it, with the explanation."""
    read = reading(capture)
    page = read.steps.page if read.steps else None
    lines = tuple(_lines(read.steps, read.article)) if read.steps else ()
    return Explained(read.article, tuple(_fields(read.article, page)), lines)


def without(explanation: Explained, repeated: Collection[str]) -> Explained:
    """Return the explanation with the lines that the outlet repeats left out of the text."""
    if not repeated:
        return explanation
    lines = tuple(
        replace(line, kept=False, why=REPEATED) if line.kept and line.text in repeated else line
        for line in explanation.lines
    )
    text = "\n".join(line.text for line in lines if line.kept)
    counted = word_count(text, explanation.article.language)
    article = replace(explanation.article, text=text, word_count=counted)
    return replace(explanation, article=article, lines=lines)


# -- lines -----------------------------------------------------------------------------------------


def _lines(steps: Steps, article: Article) -> Iterator[Line]:
    """The lines of a page in reading order; one that is not a block follows the line before it."""
    blocks = steps.page.blocks
    found = list(_found(steps))
    kept = [line for line in found if line.kept]
    dropped = [line for line in found if not line.kept]
    placed = _places(kept, dropped, [folded(block.text) for block in blocks])
    taken = {place for place, _ in placed}
    against, said = _against(steps), _said(article)
    free = (at for at in range(len(blocks)) if at not in taken)
    rest = [(at, _untaken(blocks[at], against, said)) for at in free]
    for _, line in sorted([*placed, *rest], key=itemgetter(0)):
        yield line


def _found(steps: Steps) -> Iterator[Line]:
    """The lines that were part of the text: those kept, in their order, then those left out."""
    choice = steps.choice
    of_data = choice.lines == choice.added == steps.claims.said.split("\n")
    added = dict.fromkeys(map(folded, choice.added), DATA if of_data else BLOCKS)
    for text in steps.body.lines:
        yield Line(text, True, added.get(folded(text), TRAFILATURA))
    for text, reason in steps.body.dropped:
        by = added.get(folded(text), TRAFILATURA)
        yield Line(text, False, by, steps.apart.get(folded(text), reason))
    for text, signs in choice.dropped:
        yield Line(text, False, TRAFILATURA, in_words(signs))


def _places(kept: list[Line], dropped: list[Line], blocks: list[str]) -> list[tuple[float, Line]]:
    """The lines with the numbers of their blocks; for a dropped line the block nearest to the text.

    A line that is not a block gets the number of the kept line before it, plus a half.
    """
    same = dict(matches([folded(line.text) for line in kept], blocks))
    placed: list[tuple[float, Line]] = []
    first = min(same.values(), default=0)
    place = first - 1
    for number, line in enumerate(kept):
        place = same.get(number, place)
        placed.append((place if number in same else place + 0.5, line))
    free = _free_blocks(blocks, taken=set(same.values()), text=(first, place))
    for line in dropped:
        nearest = free[folded(line.text)]
        placed.append((nearest.pop() if nearest else place + 0.5, line))
    return placed


def _free_blocks(
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


def _against(steps: Steps) -> dict[int, tuple[str, str]]:
    """By block `id`: how much of it trafilatura found, and the features that count against it."""
    weighed = line_features.judged(steps.page.blocks, steps.claims)
    return {
        id(one.block): (one.found, in_words(line_classifier.because(one, MOST_SIGNS)))
        for one in weighed
    }


def _said(article: Article) -> dict[str, str]:
    """The folded lines that repeat another field of the article, each with that field's name."""
    said = {
        "the date": article.published_raw,
        "the date of a change": article.modified_raw,
        "the byline": article.byline,
        "the standfirst": article.standfirst,
        "the headline": article.headline,
    }
    return {folded(text): name for name, text in said.items() if text}


ELSEWHERE = {
    "line": "its words stand elsewhere on the page too",
    "within": "its words stand in another line",
    "partly": "part of it stands in another line",
}
"""Reasons for blocks whose text trafilatura found in another place."""


def _untaken(block: Block, against: dict[int, tuple[str, str]], said: dict[str, str]) -> Line:
    """The line of a block that was not found as a line of the text."""
    if name := said.get(folded(block.text)):
        return Line(block.text, False, "", name)
    unweighed = "it is a link" if block.linked * 2 >= len(block.text) else "it is a word or two"
    found, signs = against.get(id(block), ("no", unweighed))
    why = ELSEWHERE.get(found) or f"not found as text: {signs or 'little speaks for it'}"
    return Line(block.text, False, "", why, is_minor=not line_features.is_prose(block))


# -- fields ----------------------------------------------------------------------------------------

WITNESSES: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "headline": (("headline",), ("og:title", *headline.OTHER_META), ""),
    "standfirst": (("description",), metadata.STANDFIRST_META, ""),
    "byline": (("author", "creator"), AUTHOR_META, "the text"),
    "authors": (
        ("author", "creator"),
        AUTHOR_META,
        "the byline, or who the mark-up calls the author",
    ),
    "agency": (("author", "creator"), AUTHOR_META, "the byline or the text"),
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
SHOWN = ("headline", "standfirst", "byline", "published_at", "modified_at")
"""Fields whose value may be a line of the page."""


def _fields(article: Article, page: Page | None) -> Iterator[Field]:
    """The fields of an article that have a value, with the places that give it."""
    for name in WITNESSES:
        value = getattr(article, name)
        values = value if isinstance(value, tuple) else (value,)
        shown = ", ".join(str(one) for one in values if one is not None)
        if not shown:
            continue
        if name == "page_type":
            yield Field(name, shown, (article.page_reason,) if article.page_reason else ())
            continue
        raw = getattr(article, name.replace("_at", "_raw")) if name.endswith("_at") else shown
        words = value if isinstance(value, tuple) else (raw or shown,)
        places = dict.fromkeys(_said_by(name, words, page)) if page else {}
        said_by = tuple(places)[:MOST_WITNESSES]
        if raw and folded(raw) != folded(shown):
            shown = f"{shown} (“{raw}”)"
        yield Field(name, shown, said_by or tuple(filter(None, WITNESSES[name][2:])))


def _said_by(name: str, words: Iterable[str], page: Page) -> Iterator[str]:
    """The places on a page that give one of these values for a field, the most reliable first."""
    keys, metas, _ = WITNESSES[name]
    wanted = [_comparable(name, word, page) for word in words]
    of_data = chain.from_iterable(_in_data(key, page) for key in keys)
    of_meta = ((f"meta {tag}", page.meta[tag]) for tag in metas if tag in page.meta)
    for place, text in (*of_data, *of_meta, *_shown(name, page)):
        said = _comparable(name, text, page)
        if any(one and f" {one} " in f" {said} " for one in wanted):
            yield place


def _in_data(key: str, page: Page) -> Iterator[tuple[str, str]]:
    """The texts of a field in the page's JSON-LD, each with the name of its place."""
    return ((f"JSON-LD {key}", text) for text in _texts(page.article.get(key), page))


def _shown(name: str, page: Page) -> Iterator[tuple[str, str]]:
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
    if name in SHOWN:
        yield from (
            ("a line of the page", block.text) for block in page.blocks if len(block.text) < 400
        )
    if name == "published_at":
        yield "the address", page.url


def _comparable(name: str, said: str, page: Page) -> str:
    """The part of a field's value that two spellings of it share."""
    if name == "language":
        return language_code(said) or ""
    if name == "image_url":
        return absolute(said, page.url) or ""
    return folded(said)


def _texts(value: Any, page: Page) -> Iterator[str]:
    """The texts in a value of the page's data: its own, and names and URLs of things in it."""
    for item in jsonld.resolved(value or [], page.things):
        parts = [item]
        if isinstance(item, dict):
            parts = [item.get(key) for key in ("name", "url", "contentUrl")]
        yield from filter(None, map(jsonld.plain, parts))
