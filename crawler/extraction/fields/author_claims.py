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
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from lxml.html import HtmlElement

from crawler.dates.date_parser import without_date
from crawler.extraction import jsonld
from crawler.extraction.blocks import Block, folded
from crawler.extraction.fields.byline import leads_on, one_person, people, plain
from crawler.extraction.fields.metadata import Page

AUTHOR_META = (
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
ASIDE = re.compile(
    r"comment|related|recommend|teaser|card|sidebar|widget|footer|nav|reply|popular|bio\b", re.I
)
"""Classes and ids of parts of a page that are about other articles or people."""
PICTURE = ("figure", "figcaption", "picture")
"""Tags of pictures and their captions."""
ASIDE_TAGS = ("footer", "nav", "aside", *PICTURE)
OF_PICTURE = re.compile(
    r"(?:^|[\s_-])(?:caption|(?:photo|image|picture|img|foto)[\w-]*(?:credit|author|by|copyright|"
    r"caption))",
    re.I,
)
"""Classes and ids of the captions and credits of pictures."""
MAX_MARKED_TEXT = 160
"""Characters of an element that names an author."""
MAX_CLAIM = 500
"""Characters of a text of the page's data that names authors."""
MAX_NAMES = MAX_MARKED = 60  # more are a hostile page's
DEEPEST = 6
"""Levels of lists and things in the data of an author."""
LISTED = ("@list", "@set", "itemListElement")
"""Fields of JSON-LD lists."""
MAX_AROUND = 4
"""Boxes around a marked name that may contain other names of the same line."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An author in the page's data: a person, an organisation, or a text that may list people."""

    text: str
    is_person: bool = False
    is_body: bool = False

    def people_named(self, language: str | None) -> tuple[str, ...]:
        """Return the people whom it names."""
        if self.is_body:
            named = one_person(self.text, language)
            is_firm = re.search(r"&|\+|\band\b|\bund\b", self.text) is not None
            return named if len(named) == 1 and not is_firm else ()
        if self.is_person or self.text.count(",") == 1:
            named = one_person(self.text, language)
            if self.is_person or (len(named) == 1 and named[0] not in self.text):
                return named
        return people(self.text, language, sure=True)


def sources(page: Page) -> Iterator[list[Claim]]:
    """Return the authors of each source in the page's data, the most reliable source first."""
    given = page.article.get("author") or page.article.get("creator") or []
    if claims := _credible(_of_value(given, page)):
        yield claims
    said: defaultdict[str, list[str | None]] = defaultdict(list)
    for tag in page.tree.iter("meta"):
        said[(tag.get("property") or tag.get("name") or "").lower()].append(tag.get("content"))
    for wanted in AUTHOR_META:
        texts = list(filter(None, map(jsonld.plain, said.get(wanted, ()))))
        in_list = len(texts) > 1
        given_by_tag = chain.from_iterable(_of_text(text, page, in_list) for text in texts)
        if claims := _credible(given_by_tag):
            yield claims


def _of_text(text: str, page: Page, in_list: bool, depth: int = 0) -> Iterator[Claim]:
    """The authors in a text, which may be the JSON of a thing."""
    if text[0] in "{[" and len(text) <= MAX_CLAIM and depth <= DEEPEST:
        with suppress(ValueError, RecursionError):
            yield from _of_value(json.loads(text), page, depth=depth + 1)
            return
    yield Claim(text, is_person=in_list)


def _of_value(value: Any, page: Page, in_list: bool = False, depth: int = 0) -> Iterator[Claim]:
    """The authors in a JSON-LD value: a text, a thing, or a list of these or of lists."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for item in islice(value, MAX_NAMES):
            yield from _of_value(item, page, in_list or len(value) > 1, depth + 1)
    elif isinstance(value, dict):
        yield from _of_thing(value, page, depth)
    elif text := jsonld.plain(value):
        yield from _of_text(text, page, in_list, depth)


def _of_thing(thing: jsonld.Thing, page: Page, depth: int) -> Iterator[Claim]:
    """The authors in a JSON-LD thing: its names, or the things inside it."""
    (whole,) = jsonld.resolved(thing, page.things)
    if not isinstance(whole, dict):
        return
    is_body = any(kind.endswith(("Organization", "Corporation")) for kind in jsonld.types(whole))
    names = _names_of(whole)
    for name in names:
        yield Claim(name, is_person=not is_body, is_body=is_body)
    if names:
        return
    listed = [whole[key] for key in LISTED if key in whole]
    nested = [whole[key] for key in ("author", "item") if key in whole]
    things = [part for part in whole.values() if isinstance(part, dict)]
    for value in listed or nested or things:
        yield from _of_value(value, page, depth=depth + 1)


def _names_of(thing: jsonld.Thing) -> list[str]:
    """The names of a thing: `name` may be a list, or the name may consist of two parts."""
    given = thing.get("name")
    values = given if isinstance(given, list) else [given]
    names = list(filter(None, map(jsonld.plain, values[:MAX_NAMES])))
    if names:
        return names
    parts = (jsonld.plain(thing.get(part)) for part in ("givenName", "familyName"))
    whole = " ".join(filter(None, parts))
    return [whole] if whole else []


def _credible(claims: Iterable[Claim]) -> list[Claim]:
    """The authors of these that may be names, as plain text."""
    kept = []
    for claim in islice(claims, MAX_NAMES):
        text = plain(claim.text) if len(claim.text) <= MAX_CLAIM else ""
        if text and not _is_address(text):
            kept.append(Claim(text, claim.is_person, claim.is_body))
    return kept


def _is_address(text: str) -> bool:
    """Whether a text is a URL, a mail address or a handle."""
    return (
        text.startswith(("http", "//", "@", "www."))
        or "facebook.com" in text
        or (" " not in text and "@" in text)
    )


def marked_people(
    page: Page, near: list[Block], is_nobody: Callable[[str], bool]
) -> tuple[str, ...]:
    """Return the people whom the mark-up around the headline calls authors.

    Empty if the mark-up names several people in different places.
    """
    named: list[tuple[HtmlElement, tuple[str, ...]]] = []
    for element in islice(filter(_is_marked, page.elements[1:]), MAX_MARKED):
        if stands_aside(element):
            continue
        names = _people_of_element(element, page.language, is_nobody)
        if names:
            named.append((element, names))
    found = tuple(dict.fromkeys(chain.from_iterable(names for _, names in named)))
    if len(found) < 2 or any(len(names) == len(found) for _, names in named):
        return found
    shown = _shown_beside(found, near)
    if len(shown) == 1:
        return shown
    return _named_together(named, found) if _is_near(named[0][0], near) else ()


def _shown_beside(names: tuple[str, ...], near: list[Block]) -> tuple[str, ...]:
    """The names that the short lines beside the headline contain."""
    lines = [folded(block.text) for block in near if len(block.text) <= MAX_MARKED_TEXT]
    text = "\n".join(lines)  # a folded name contains no line break
    return tuple(name for name in names if folded(name) in text)


def _is_near(element: HtmlElement, near: list[Block]) -> bool:
    """Whether an element contains one of the lines beside the headline, or is close around it."""
    beside = {id(block.element) for block in near}
    around = islice(element.iterancestors(), MAX_AROUND)
    return any(id(each) in beside for each in (*element.iter(), *around))


def _named_together(
    named: list[tuple[HtmlElement, tuple[str, ...]]], found: tuple[str, ...]
) -> tuple[str, ...]:
    """All named people if one line names them and no other place names anybody else."""
    first = named[0][0]
    are_siblings = all(element.getparent() is first.getparent() for element, _ in named)
    for around in islice((first, *first.iterancestors()), MAX_AROUND):
        inside = chain.from_iterable(
            names for element, names in named if _is_within(element, around)
        )
        if set(inside) == set(found):
            is_line = len(around.text_content()) <= MAX_MARKED_TEXT
            return found if is_line or are_siblings else ()
    return ()


def _is_within(element: HtmlElement, around: HtmlElement) -> bool:
    """Whether an element is `around` or inside it."""
    return element is around or any(step is around for step in element.iterancestors())


def _people_of_element(
    element: HtmlElement, language: str | None, is_nobody: Callable[[str], bool]
) -> tuple[str, ...]:
    """The people whom an element names, without those for whom `is_nobody` is true."""
    is_author = "author" in (element.get("itemprop") or "").split()
    texts = _microdata(element) if is_author else []
    names: Iterable[str]
    if texts:
        names = chain.from_iterable(one_person(text, language) for text in texts)
    else:
        names = people(without_date(names_line(element, language)), language)
    full = (name for name in names if " " in name or not name.isascii())
    return tuple(dict.fromkeys(name for name in full if not is_nobody(name)))


def _microdata(element: HtmlElement) -> list[str]:
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
    text = spaced_text(element)
    entries = [spaced_text(each) for each in _name_entries(element) if each.find(".//a") is None]
    spaced = (entry for entry in dict.fromkeys(entries) if " " in entry)
    named = [entry for entry in spaced if people(entry, language)]
    if len(named) < 2 or any(text.count(entry) != 1 for entry in named):
        return text
    for name in sorted(named, key=text.find)[1:]:
        start = text.find(name)
        if not leads_on(text[:start]):
            text = f"{text[:start].rstrip()}, {text[start:]}"
    return text


def _name_entries(element: HtmlElement) -> list[HtmlElement]:
    """The elements inside that may each contain a name: entries, links, plain spans, names."""
    spans = islice(element.iter("span"), MAX_NAMES)
    first = islice(element.iter(), MAX_NAMES)
    return [
        *islice(chain(element.iter("li"), element.iter("a")), MAX_NAMES),
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


def _is_marked(element: HtmlElement) -> bool:
    """Whether the mark-up calls an element an author, or it links to an author's page.

    An XPath would take ten times as long.
    """
    called = element.get("class")
    if called and ("author" in called or "byline" in called):
        return True
    if element.get("rel") == "author" or "author" in (element.get("itemprop") or ""):
        return True
    address = (element.get("href") or "") if element.tag == "a" else ""
    return "/author" in address or "/autor" in address


def at_picture(element: HtmlElement) -> bool:
    """Whether an element is the caption or credit of a picture."""
    nearest = islice((element, *element.iterancestors()), MAX_AROUND)
    return any(
        each.tag in PICTURE or OF_PICTURE.search(f"{each.get('class')} {each.get('id')}")
        for each in nearest
        if each.tag not in ("body", "html")
    )


def stands_aside(element: HtmlElement) -> bool:
    """Whether an element is long, at a picture, or in a part of the page about other articles."""
    if len(element.text_content()) > MAX_MARKED_TEXT or at_picture(element):
        return True
    return any(
        each.tag in ASIDE_TAGS or ASIDE.search(f"{each.get('class')} {each.get('id')}")
        for each in (element, *element.iterancestors())
        if each.tag not in ("body", "html")
    )
