"""Whom a page's data and mark-up name as its authors, the surest source first.

A JSON-LD Person, an entry of a list and marked-up names are one person each; a lone text may list
several.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
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
ASIDE = re.compile(
    r"comment|related|recommend|teaser|card|sidebar|widget|footer|nav|reply|popular|bio\b", re.I
)
PICTURE = ("figure", "figcaption", "picture")
OF_PICTURE = re.compile(
    r"(?:^|[\s_-])(?:caption|(?:photo|image|picture|img|foto)[\w-]*(?:credit|author|by|copyright|caption))",
    re.I,
)
MAX_MARKED_TEXT = 160
MAX_CLAIM = 500
MAX_NAMES = MAX_MARKED = 60  # more are a hostile page's
DEEPEST = 6
LISTED = ("@list", "@set", "itemListElement")
MAX_AROUND = 4
"""Boxes around one marked name in which others of the same line may stand."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the page's data name as an author: one person, a body, or a text that may list
    several."""

    text: str
    is_person: bool = False
    is_body: bool = False

    def people(self, language: str | None) -> tuple[str, ...]:
        """The people whom it names."""
        if self.is_body:
            named = one_person(self.text, language)
            return (
                named
                if len(named) == 1 and not re.search(r"&|\+|\band\b|\bund\b", self.text)
                else ()
            )
        if self.is_person or self.text.count(",") == 1:
            named = one_person(self.text, language)
            if self.is_person or (len(named) == 1 and named[0] not in self.text):
                return named
        return people(self.text, language, sure=True)


def sources(page: Page) -> Iterator[list[Claim]]:
    """The claims that each of the page's data make, the surest first."""
    given = page.article.get("author") or page.article.get("creator") or []
    if claims := _credible(_of_value(given, page)):
        yield claims
    said: defaultdict[str, list[str | None]] = defaultdict(list)
    for tag in page.tree.iter("meta"):
        said[(tag.get("property") or tag.get("name") or "").lower()].append(tag.get("content"))
    for wanted in AUTHOR_META:
        texts = list(filter(None, map(jsonld.plain, said.get(wanted, ()))))
        if claims := _credible(
            claim for text in texts for claim in _of_text(text, page, len(texts) > 1)
        ):
            yield claims


def _of_text(text: str, page: Page, in_list: bool, depth: int = 0) -> Iterator[Claim]:
    """The claims of a text; some hold the JSON of a thing."""
    if text[0] in "{[" and len(text) <= MAX_CLAIM and depth <= DEEPEST:
        with suppress(ValueError, RecursionError):
            yield from _of_value(json.loads(text), page, depth=depth + 1)
            return
    yield Claim(text, is_person=in_list)


def _of_value(value: Any, page: Page, in_list: bool = False, depth: int = 0) -> Iterator[Claim]:
    """The claims of a JSON-LD author: a text, a thing, a list of either, or lists in lists."""
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
    (whole,) = jsonld.resolved(thing, page.things)
    if not isinstance(whole, dict):
        return
    is_body = any(kind.endswith(("Organization", "Corporation")) for kind in jsonld.types(whole))
    names = _names_of(whole)
    for name in names:
        yield Claim(name, is_person=not is_body, is_body=is_body)
    if names:
        return
    inner = [whole[key] for key in LISTED if key in whole] or [
        whole[key] for key in ("author", "item") if key in whole
    ]
    for value in inner or [part for part in whole.values() if isinstance(part, dict)]:
        yield from _of_value(value, page, depth=depth + 1)


def _names_of(thing: jsonld.Thing) -> list[str]:
    """A thing's names: `name` may be a list, or stand in two parts."""
    given = thing.get("name")
    values = given if isinstance(given, list) else [given]
    if names := [text for value in islice(values, MAX_NAMES) if (text := jsonld.plain(value))]:
        return names
    whole = " ".join(
        filter(None, (jsonld.plain(thing.get(part)) for part in ("givenName", "familyName")))
    )
    return [whole] if whole else []


def _credible(claims: Iterable[Claim]) -> list[Claim]:
    kept = []
    for claim in islice(claims, MAX_NAMES):
        text = plain(claim.text) if len(claim.text) <= MAX_CLAIM else ""
        if text and not _is_address(text):
            kept.append(Claim(text, claim.is_person, claim.is_body))
    return kept


def _is_address(text: str) -> bool:
    return (
        text.startswith(("http", "//", "@", "www."))
        or "facebook.com" in text
        or (" " not in text and "@" in text)
    )


def marked_people(
    page: Page, near: list[Block], is_nobody: Callable[[str], bool]
) -> tuple[str, ...]:
    """Whom the mark-up around the headline calls the authors; nobody where it names several in
    different places."""
    marked = [
        each
        for each in islice(filter(_is_marked, page.elements[1:]), MAX_MARKED)
        if not stands_aside(each)
    ]
    named = [(element, _people_of_element(element, page.language, is_nobody)) for element in marked]
    named = [(element, names) for element, names in named if names]
    found = tuple(dict.fromkeys(name for _, names in named for name in names))
    if len(found) < 2 or any(len(names) == len(found) for _, names in named):
        return found
    lines = [folded(block.text) for block in near if len(block.text) <= MAX_MARKED_TEXT]
    shown = tuple(name for name in found if any(folded(name) in line for line in lines))
    if len(shown) == 1:
        return shown
    beside = {id(block.element) for block in near}
    is_near = any(
        id(each) in beside
        for each in (*named[0][0].iter(), *islice(named[0][0].iterancestors(), MAX_AROUND))
    )
    return _named_together(named, found) if is_near else ()


def _named_together(
    named: list[tuple[HtmlElement, tuple[str, ...]]], found: tuple[str, ...]
) -> tuple[str, ...]:
    """All whom one line names, where nobody else is named anywhere."""
    first = named[0][0]
    for around in islice((first, *first.iterancestors()), MAX_AROUND):
        inside = {name for element, names in named if _is_within(element, around) for name in names}
        if inside == set(found):
            together = len(around.text_content()) <= MAX_MARKED_TEXT or all(
                element.getparent() is first.getparent() for element, _ in named
            )
            return found if together else ()
    return ()


def _is_within(element: HtmlElement, around: HtmlElement) -> bool:
    return element is around or any(step is around for step in element.iterancestors())


def _people_of_element(
    element: HtmlElement, language: str | None, is_nobody: Callable[[str], bool]
) -> tuple[str, ...]:
    texts = _microdata(element) if "author" in (element.get("itemprop") or "").split() else []
    line = without_date(names_line(element, language)) if not texts else ""
    names = (
        [name for text in texts for name in one_person(text, language)]
        if texts
        else people(line, language)
    )
    whole = (name for name in names if (" " in name or not name.isascii()) and not is_nobody(name))
    return tuple(dict.fromkeys(whole))


def _microdata(element: HtmlElement) -> list[str]:
    """The names of an `itemprop=author`: its own value, or the `name` inside of it."""
    if content := element.get("content"):
        return [content]
    inside = [each for each in element.iter() if "name" in (each.get("itemprop") or "").split()]
    return [
        text
        for each in inside
        if (text := (each.get("content") or " ".join(each.text_content().split())))
    ]


def names_line(element: HtmlElement, language: str | None) -> str:
    """An element's text as one line, its links and list entries parted by commas where each of them
    names somebody."""
    text = spaced_text(element)
    entries = [each for tag in ("li", "a") for each in element.iter(tag)][:MAX_NAMES]
    entries += [each for each in islice(element.iter("span"), MAX_NAMES) if len(each) == 0]
    entries += [
        each for each in islice(element.iter(), MAX_NAMES) if each.get("itemprop") == "name"
    ]
    singles = [spaced_text(each) for each in entries if each.find(".//a") is None]
    named = [
        single for single in dict.fromkeys(singles) if " " in single and people(single, language)
    ]
    if len(named) < 2 or any(text.count(single) != 1 for single in named):
        return text
    for name in sorted(named, key=text.find)[1:]:
        start = text.find(name)
        if not leads_on(text[:start]):
            text = f"{text[:start].rstrip()}, {text[start:]}"
    return text


def spaced_text(element: HtmlElement) -> str:
    """An element's text on one line, with a blank where one element ends and a capital begins the
    next."""
    text = ""
    for piece in element.itertext():
        if text and piece and text[-1].isalnum() and (piece[0].isupper() or piece[0] in "@("):
            text += " "
        text += piece
    return " ".join(text.split())


def _is_marked(element: HtmlElement) -> bool:
    """Whether mark-up calls an element an author, or it links to one's page. An XPath would take
    ten times as long."""
    called = element.get("class")
    if called and ("author" in called or "byline" in called):
        return True
    if element.get("rel") == "author" or "author" in (element.get("itemprop") or ""):
        return True
    address = (element.get("href") or "") if element.tag == "a" else ""
    return "/author" in address or "/autor" in address


def at_picture(element: HtmlElement) -> bool:
    """Whether an element is a picture's caption or credit."""
    nearest = islice((element, *element.iterancestors()), MAX_AROUND)
    return any(
        step.tag in PICTURE or OF_PICTURE.search(f"{step.get('class')} {step.get('id')}")
        for step in nearest
        if step.tag not in ("body", "html")
    )


def stands_aside(element: HtmlElement) -> bool:
    """Whether an element is long, at a picture, or in a part of the page that is about other
    articles."""
    if len(element.text_content()) > MAX_MARKED_TEXT or at_picture(element):
        return True
    around = [element, *element.iterancestors()]
    return any(
        step.tag in ("footer", "nav", "aside", *PICTURE)
        or ASIDE.search(f"{step.get('class')} {step.get('id')}")
        for step in around
        if step.tag not in ("body", "html")
    )
