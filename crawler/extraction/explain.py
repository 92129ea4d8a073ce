"""Why an article reads as it does: each line of its page with who found it and what left it out,
and who says what.

`crawler.extraction.extract.reading` reads the page, here as in a crawl; what it kept of its steps
is told here, and nothing is decided anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
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
MOST_SIGNS = 8
"""Of those against a line, before what is about the whole page is left out of them."""
TRAFILATURA, BLOCKS, DATA = "trafilatura", "the page's blocks", "the page's data"
REPEATED = "the outlet repeats it"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page."""

    text: str
    kept: bool
    by: str = ""
    """Who found it: trafilatura, the page's blocks or its data; nothing where nobody took it for
    the text."""
    why: str = ""
    """Why it was left out, or what speaks against it."""
    is_minor: bool = False
    """Whether it is a short line or a link that nobody took: a menu's, a list's, a button's."""


@dataclass(frozen=True, slots=True)
class Field:
    """What is known of an article beside its text."""

    name: str
    value: str
    said_by: tuple[str, ...] = ()
    """Where the page says the same."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An article, where its fields are said, and the lines of its page in reading order.

    Those that were kept are the article's text.
    """

    article: Article
    fields: tuple[Field, ...] = ()
    lines: tuple[Line, ...] = ()


def explained(capture: Capture) -> Explained:
    """The article that a capture holds, as `extract` reads it, and why it reads so."""
    read = reading(capture)
    page = read.steps.page if read.steps else None
    lines = tuple(_lines(read.steps, read.article)) if read.steps else ()
    return Explained(read.article, tuple(_fields(read.article, page)), lines)


def without(told: Explained, repeated: Collection[str]) -> Explained:
    """The same when lines that the outlet repeats are left out of the text."""
    if not repeated:
        return told
    lines = tuple(
        replace(line, kept=False, why=REPEATED) if line.kept and line.text in repeated else line
        for line in told.lines
    )
    text = "\n".join(line.text for line in lines if line.kept)
    article = replace(told.article, text=text, word_count=word_count(text, told.article.language))
    return replace(told, article=article, lines=lines)


# -- lines -----------------------------------------------------------------------------------------


def _lines(steps: Steps, article: Article) -> Iterator[Line]:
    """The lines of a page in reading order; one that is no block of it stands behind the one before
    it."""
    blocks = steps.page.blocks
    found = list(_found(steps))
    kept, dropped = [line for line in found if line.kept], [line for line in found if not line.kept]
    placed = _places(kept, dropped, [folded(block.text) for block in blocks])
    taken = {place for place, _ in placed}
    against, said = _against(steps), _said(article)
    rest = [
        (at, _untaken(block, against, said)) for at, block in enumerate(blocks) if at not in taken
    ]
    for _, line in sorted([*placed, *rest], key=lambda each: each[0]):
        yield line


def _found(steps: Steps) -> Iterator[Line]:
    """The lines that somebody took for the text: those kept in their order, then those left out."""
    choice = steps.choice
    of_data = choice.lines == choice.added == steps.claims.said.split("\n")
    added = dict.fromkeys(map(folded, choice.added), DATA if of_data else BLOCKS)
    for text in steps.body.lines:
        yield Line(text, True, added.get(folded(text), TRAFILATURA))
    for text, why in steps.body.dropped:
        yield Line(
            text, False, added.get(folded(text), TRAFILATURA), steps.apart.get(folded(text), why)
        )
    for text, signs in choice.dropped:
        yield Line(text, False, TRAFILATURA, in_words(signs))


def _places(kept: list[Line], dropped: list[Line], blocks: list[str]) -> list[tuple[float, Line]]:
    """Lines with the numbers of the blocks that they are; a dropped one is the block of its words
    nearest to the text.

    A line that is no block stands half a number behind the one kept before it.
    """
    same = dict(matches([folded(line.text) for line in kept], blocks))
    placed: list[tuple[float, Line]] = []
    first = min(same.values(), default=0)
    place = first - 1
    for number, line in enumerate(kept):
        place = same.get(number, place)
        placed.append((place if number in same else place + 0.5, line))
    free, taken = defaultdict[str, list[int]](list), set(same.values())
    by_distance = sorted(range(len(blocks)), key=lambda at: (max(first - at, at - place, 0), at))
    for at in reversed(by_distance):
        if at not in taken:
            free[blocks[at]].append(at)
    for line in dropped:
        nearest = free[folded(line.text)]
        placed.append((nearest.pop() if nearest else place + 0.5, line))
    return placed


def _against(steps: Steps) -> dict[int, tuple[str, str]]:
    """How much trafilatura has of each block (by its `id`), and what speaks against it."""
    judged = line_features.judged(steps.page.blocks, steps.claims)
    return {
        id(one.block): (one.found, in_words(line_classifier.because(one, MOST_SIGNS)))
        for one in judged
    }


def _said(article: Article) -> dict[str, str]:
    """Lines, folded, that say what the article has elsewhere, each with what that is."""
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


def _untaken(block: Block, against: dict[int, tuple[str, str]], said: dict[str, str]) -> Line:
    """A block that stands in no line of its own."""
    if name := said.get(folded(block.text)):
        return Line(block.text, False, "", name)
    passed_over = "it is a link" if block.linked * 2 >= len(block.text) else "it is a word or two"
    found, signs = against.get(id(block), ("no", passed_over))
    why = ELSEWHERE.get(found) or f"nobody took it: {signs or 'little speaks for it'}"
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
"""By field: the names in JSON-LD and of meta tags that may say it, and who does if nothing on the
page does."""
SHOWN = ("headline", "standfirst", "byline", "published_at", "modified_at")
"""Fields that may be a line of the page."""


def _fields(article: Article, page: Page | None) -> Iterator[Field]:
    for name in WITNESSES:
        value = getattr(article, name)
        shown = (
            ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
        )
        if not shown:
            continue
        if name == "page_type":
            yield Field(name, shown, (article.page_reason,) if article.page_reason else ())
            continue
        raw = getattr(article, name.replace("_at", "_raw")) if name.endswith("_at") else shown
        words = value if isinstance(value, tuple) else (raw or shown,)
        said_by = tuple(dict.fromkeys(_said_by(name, words, page)))[:MOST_WITNESSES] if page else ()
        told = f"{shown} (“{raw}”)" if raw and folded(raw) != folded(shown) else shown
        yield Field(name, told, said_by or tuple(filter(None, WITNESSES[name][2:])))


def _said_by(name: str, words: Iterable[str], page: Page) -> Iterator[str]:
    """Where a page says any of these words as this field, the surest first."""
    keys, metas, _ = WITNESSES[name]
    wanted = [_comparable(name, word, page) for word in words]
    of_data = (
        (f"JSON-LD {key}", text) for key in keys for text in _texts(page.article.get(key), page)
    )
    of_meta = ((f"meta {tag}", page.meta[tag]) for tag in metas if tag in page.meta)
    of_marks = _shown(name, page)
    for where, text in (*of_data, *of_meta, *of_marks):
        said = _comparable(name, text, page)
        if any(one and f" {one} " in f" {said} " for one in wanted):
            yield where


def _shown(name: str, page: Page) -> Iterator[tuple[str, str]]:
    """What the page shows that may be this field."""
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
    """What two ways to say a field's value have in common."""
    if name == "language":
        return language_code(said) or ""
    return absolute(said, page.url) or "" if name == "image_url" else folded(said)


def _texts(value: Any, page: Page) -> Iterator[str]:
    """The texts in a value of the page's data: its own, and the names and addresses of the things
    in it."""
    for item in jsonld.resolved(value or [], page.things):
        parts = (
            [item.get(key) for key in ("name", "url", "contentUrl")]
            if isinstance(item, dict)
            else [item]
        )
        yield from (text for part in parts if (text := jsonld.plain(part)))
