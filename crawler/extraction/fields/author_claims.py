"""The authors that a page's data and mark-up name, the most reliable source first.

A JSON-LD Person, an entry of a list and a marked-up name are one person each. A single text may
list several people.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from lxml.html import HtmlElement

from crawler.dates.date_parser import without_date_at_end
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, fold_text
from crawler.extraction.fields.byline import (
    byline_text,
    leads_on_to_name,
    people_in_byline,
    person_in_data,
)
from crawler.extraction.fields.metadata import OpenedPage

AUTHOR_META_NAMES = (
    "author",
    "article:author",
    "article:author_name",
    "og:article:author",
    "parsely-author",
    "sailthru.author",
    "cxenseparse:author",
    "byl",
    "dc.creator",
    "dcterms.creator",
    "dc.author",
    "citation_author",
    "authors",
    "creator",
    "shareaholic:article_author_name",
    "byline",
    "rbauthors",
)
"""Meta tags that name authors, the most reliable first."""
ASIDE_NAME = re.compile(
    r"comment|related|recommend|teaser|card|sidebar|widget|footer|nav|reply|popular|bio\b", re.I
)
"""Classes and ids of parts of a page that are about other articles or people."""
PICTURE_TAGS = ("figure", "figcaption", "picture")
"""Tags of pictures and their captions."""
TAGS_BESIDE_ARTICLE = ("footer", "nav", "aside", *PICTURE_TAGS)
PICTURE_CREDIT_NAME = re.compile(
    r"(?:^|[\s_-])(?:caption|(?:photo|image|picture|img|foto)[\w-]*(?:credit|author|by|copyright|"
    r"caption))",
    re.I,
)
"""Classes and ids of the captions and credits of pictures."""
MAX_MARKED_AUTHOR_CHARS = 160
"""Characters of an element that names an author."""
MAX_AUTHOR_CLAIM_CHARS = 500
"""Characters of a text of the page's data that names authors."""
MAX_CLAIMED_NAMES = MAX_MARKED_AUTHORS = 60  # more are a hostile page's
MAX_AUTHOR_DATA_LEVELS = 6
"""Levels of lists and things in the data of an author."""
JSON_LD_LIST_FIELDS = ("@list", "@set", "itemListElement")
"""Fields of JSON-LD lists."""
LINE_BREAK_MARK = "\ue000"
"""Stands for a line break in a byline: a character that is in no text."""
MAX_BOXES_AROUND_AUTHOR = 4
"""Boxes around a marked name that may contain other names of the same line."""


@dataclass(frozen=True, slots=True)
class AuthorClaim:
    """An author in the page's data: a person, an organisation, or a text that may list people."""

    text: str
    is_person: bool = False
    is_body: bool = False

    def people_named(self, language: str | None) -> tuple[str, ...]:
        """Return the people whom it names."""
        if self.is_body:
            named = person_in_data(self.text, language)
            is_firm = re.search(r"&|\+|\band\b|\bund\b", self.text) is not None
            return named if len(named) == 1 and not is_firm else ()
        if self.is_person or self.text.count(",") == 1:
            named = person_in_data(self.text, language)
            if self.is_person or (len(named) == 1 and named[0] not in self.text):
                return named
        return people_in_byline(self.text, language, sure=True)


def claims_by_source(page: OpenedPage) -> Iterator[list[AuthorClaim]]:
    """Return the authors of each source in the page's data, the most reliable source first."""
    given = page.article.get("author") or page.article.get("creator") or []
    if claims := _possible_claims(_claims_in_value(given, page)):
        yield claims
    said: defaultdict[str, list[str | None]] = defaultdict(list)
    for tag in page.tree.iter("meta"):
        said[(tag.get("property") or tag.get("name") or "").lower()].append(tag.get("content"))
    for wanted in AUTHOR_META_NAMES:
        texts = list(filter(None, map(jsonld.plain_text_of, said.get(wanted, ()))))
        in_list = len(texts) > 1
        given_by_tag = chain.from_iterable(_claims_in_text(text, page, in_list) for text in texts)
        if claims := _possible_claims(given_by_tag):
            yield claims


def _claims_in_text(
    text: str, page: OpenedPage, in_list: bool, depth: int = 0
) -> Iterator[AuthorClaim]:
    """The authors in a text, which may be the JSON of a thing."""
    if text[0] in "{[" and len(text) <= MAX_AUTHOR_CLAIM_CHARS and depth <= MAX_AUTHOR_DATA_LEVELS:
        with suppress(ValueError, RecursionError):
            yield from _claims_in_value(json.loads(text), page, depth=depth + 1)
            return
    yield AuthorClaim(text, is_person=in_list)


def _claims_in_value(
    value: Any, page: OpenedPage, in_list: bool = False, depth: int = 0
) -> Iterator[AuthorClaim]:
    """The authors in a JSON-LD value: a text, a thing, or a list of these or of lists."""
    if depth > MAX_AUTHOR_DATA_LEVELS:
        return
    if isinstance(value, list):
        for item in islice(value, MAX_CLAIMED_NAMES):
            yield from _claims_in_value(item, page, in_list or len(value) > 1, depth + 1)
    elif isinstance(value, dict):
        yield from _claims_in_thing(value, page, depth)
    elif text := jsonld.plain_text_of(value):
        yield from _claims_in_text(text, page, in_list, depth)


def _claims_in_thing(
    thing: jsonld.JsonLdThing, page: OpenedPage, depth: int
) -> Iterator[AuthorClaim]:
    """The authors in a JSON-LD thing: its names, or the things inside it."""
    (whole,) = jsonld.resolve_references(thing, page.things)
    if not isinstance(whole, dict):
        return
    is_body = any(
        kind.endswith(("Organization", "Corporation")) for kind in jsonld.types_of_thing(whole)
    )
    names = _names_of_thing(whole)
    for name in names:
        yield AuthorClaim(name, is_person=not is_body, is_body=is_body)
    if names:
        return
    listed = [whole[key] for key in JSON_LD_LIST_FIELDS if key in whole]
    nested = [whole[key] for key in ("author", "item") if key in whole]
    things = [part for part in whole.values() if isinstance(part, dict)]
    for value in listed or nested or things:
        yield from _claims_in_value(value, page, depth=depth + 1)


def _names_of_thing(thing: jsonld.JsonLdThing) -> list[str]:
    """The names of a thing: `name` may be a list, or the name may consist of two parts."""
    given = thing.get("name")
    values = given if isinstance(given, list) else [given]
    names = list(filter(None, map(jsonld.plain_text_of, values[:MAX_CLAIMED_NAMES])))
    if names:
        return names
    parts = (jsonld.plain_text_of(thing.get(part)) for part in ("givenName", "familyName"))
    whole = " ".join(filter(None, parts))
    return [whole] if whole else []


def _possible_claims(claims: Iterable[AuthorClaim]) -> list[AuthorClaim]:
    """The authors of these that may be names, as plain text."""
    kept = []
    for claim in islice(claims, MAX_CLAIMED_NAMES):
        text = byline_text(claim.text) if len(claim.text) <= MAX_AUTHOR_CLAIM_CHARS else ""
        if text and not _is_url_or_handle(text):
            kept.append(AuthorClaim(text, claim.is_person, claim.is_body))
    return kept


def _is_url_or_handle(text: str) -> bool:
    """Return whether a text is a URL, a mail address or a handle."""
    return (
        text.startswith(("http", "//", "@", "www."))
        or "facebook.com" in text
        or (" " not in text and "@" in text)
    )


def marked_people(
    page: OpenedPage, near: list[Block], is_nobody: Callable[[str], bool]
) -> tuple[str, ...]:
    """Return the people whom the mark-up around the headline calls authors.

    Empty if the mark-up names several people in different places.
    """
    named: list[tuple[HtmlElement, tuple[str, ...]]] = []
    for element in islice(filter(_is_marked_author, page.elements[1:]), MAX_MARKED_AUTHORS):
        if is_beside_article(element):
            continue
        names = _people_of_element(element, page.language, is_nobody)
        if names:
            named.append((element, names))
    found = tuple(dict.fromkeys(chain.from_iterable(names for _, names in named)))
    if len(found) < 2 or any(len(names) == len(found) for _, names in named):
        return found
    shown = _names_beside_headline(found, near)
    if len(shown) == 1:
        return shown
    return _named_in_one_line(named, found) if _is_near_headline(named[0][0], near) else ()


def _names_beside_headline(names: tuple[str, ...], near: list[Block]) -> tuple[str, ...]:
    """The names that the short lines beside the headline contain."""
    lines = [fold_text(block.text) for block in near if len(block.text) <= MAX_MARKED_AUTHOR_CHARS]
    text = "\n".join(lines)  # a folded name contains no line break
    return tuple(name for name in names if fold_text(name) in text)


def _is_near_headline(element: HtmlElement, near: list[Block]) -> bool:
    """Return whether an element contains a line beside the headline, or is close around one."""
    beside = {id(block.element) for block in near}
    around = islice(element.iterancestors(), MAX_BOXES_AROUND_AUTHOR)
    return any(id(each) in beside for each in (*element.iter(), *around))


def _named_in_one_line(
    named: list[tuple[HtmlElement, tuple[str, ...]]], found: tuple[str, ...]
) -> tuple[str, ...]:
    """All named people if one line names them and no other place names anybody else."""
    first = named[0][0]
    are_siblings = all(element.getparent() is first.getparent() for element, _ in named)
    for around in islice((first, *first.iterancestors()), MAX_BOXES_AROUND_AUTHOR):
        inside = chain.from_iterable(
            names for element, names in named if _is_same_or_inside(element, around)
        )
        if set(inside) == set(found):
            is_line = len(around.text_content()) <= MAX_MARKED_AUTHOR_CHARS
            return found if is_line or are_siblings else ()
    return ()


def _is_same_or_inside(element: HtmlElement, around: HtmlElement) -> bool:
    """Return whether an element is `around` or inside it."""
    return element is around or any(step is around for step in element.iterancestors())


def _people_of_element(
    element: HtmlElement, language: str | None, is_nobody: Callable[[str], bool]
) -> tuple[str, ...]:
    """The people whom an element names, without those for whom `is_nobody` is true."""
    is_author = "author" in (element.get("itemprop") or "").split()
    texts = _microdata_names(element) if is_author else []
    names: Iterable[str]
    if texts:
        names = chain.from_iterable(person_in_data(text, language) for text in texts)
    else:
        names = people_in_byline(without_date_at_end(names_line(element, language)), language)
    full = (name for name in names if " " in name or not name.isascii())
    return tuple(dict.fromkeys(name for name in full if not is_nobody(name)))


def _microdata_names(element: HtmlElement) -> list[str]:
    """The names of an `itemprop=author`: its own value, or the `name` inside it."""
    if content := element.get("content"):
        return [content]
    inside = [each for each in element.iter() if "name" in (each.get("itemprop") or "").split()]
    texts = (each.get("content") or " ".join(each.text_content().split()) for each in inside)
    return list(filter(None, texts))


def names_line(element: HtmlElement, language: str | None) -> str:
    """Return an element's text on one line, its names separated by commas.

    Links and list entries that each name a person are separated where the text does not do so.
    """
    text = _text_with_names_apart(element, language)
    entries = [spaced_text(each) for each in _name_entries(element) if each.find(".//a") is None]
    spaced = (entry for entry in dict.fromkeys(entries) if " " in entry)
    named = [entry for entry in spaced if people_in_byline(entry, language)]
    if len(named) < 2 or any(text.count(entry) != 1 for entry in named):
        return text
    for name in sorted(named, key=text.find)[1:]:
        start = text.find(name)
        if not leads_on_to_name(text[:start]):
            text = f"{text[:start].rstrip()}, {text[start:]}"
    return text


def _text_with_names_apart(element: HtmlElement, language: str | None) -> str:
    """An element's text on one line, with a comma for a line break between two names."""
    if element.find(".//br") is None:
        return spaced_text(element)
    marked = copy(element)
    for line_break in marked.iter("br"):
        line_break.tail = f"{LINE_BREAK_MARK}{line_break.tail or ''}"
    text = ""
    for line in spaced_text(marked).split(LINE_BREAK_MARK):
        follows_name = people_in_byline(text, language) and not leads_on_to_name(text)
        text += (", " if follows_name and people_in_byline(line, language) else " ") + line.strip()
    return text.strip()


def _name_entries(element: HtmlElement) -> list[HtmlElement]:
    """The elements inside that may each contain a name: entries, links, plain spans, names."""
    spans = islice(element.iter("span"), MAX_CLAIMED_NAMES)
    first = islice(element.iter(), MAX_CLAIMED_NAMES)
    return [
        *islice(chain(element.iter("li"), element.iter("a")), MAX_CLAIMED_NAMES),
        *(each for each in spans if len(each) == 0),
        *(each for each in first if each.get("itemprop") == "name"),
    ]


def spaced_text(element: HtmlElement) -> str:
    """Return an element's text on one line, with a blank before a capital in a new element."""
    text = ""
    for piece in element.itertext():
        if text and piece and text[-1].isalnum() and (piece[0].isupper() or piece[0] in "@("):
            text += " "
        text += piece
    return " ".join(text.split())


def _is_marked_author(element: HtmlElement) -> bool:
    """Return whether the mark-up calls an element an author, or it links to an author's page.

    An XPath would take ten times as long.
    """
    called = element.get("class")
    if called and ("author" in called or "byline" in called):
        return True
    if element.get("rel") == "author" or "author" in (element.get("itemprop") or ""):
        return True
    address = (element.get("href") or "") if element.tag == "a" else ""
    return "/author" in address or "/autor" in address


def is_at_picture(element: HtmlElement) -> bool:
    """Return whether an element is the caption or credit of a picture."""
    nearest = islice((element, *element.iterancestors()), MAX_BOXES_AROUND_AUTHOR)
    return any(
        each.tag in PICTURE_TAGS
        or PICTURE_CREDIT_NAME.search(f"{each.get('class')} {each.get('id')}")
        for each in nearest
        if each.tag not in ("body", "html")
    )


def is_beside_article(element: HtmlElement) -> bool:
    """Return whether an element is long, at a picture, or in a part about other articles."""
    if len(element.text_content()) > MAX_MARKED_AUTHOR_CHARS or is_at_picture(element):
        return True
    return any(
        each.tag in TAGS_BESIDE_ARTICLE
        or ASIDE_NAME.search(f"{each.get('class')} {each.get('id')}")
        for each in (element, *element.iterancestors())
        if each.tag not in ("body", "html")
    )
