"""The JSON-LD of a page (https://schema.org), also where its JSON is slightly broken."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import Any

from lxml.html import HtmlElement

from crawler.text.entities import unescape
from crawler.text.relaxed_json import relaxed

Thing = dict[str, Any]

ARTICLE_TYPES = frozenset(
    {"BlogPosting", "LiveBlogPosting", "Report", "Review", "AnalysisNewsArticle"}
)
"""Types that name an article although they do not end in `Article`."""
NEWS_TYPES = frozenset(
    {"NewsArticle", "ReportageNewsArticle", "OpinionNewsArticle", "BackgroundNewsArticle"}
)
"""Types of news articles."""
INSIDE = ("@graph", "mainEntity", "mainEntityOfPage", "itemReviewed")
"""Fields that may contain the main thing of a page."""
RANKED_FIELDS = ("headline", "datePublished", "author", "articleBody", "dateModified")
"""Fields that count when one of several articles is chosen."""
MAX_THINGS = 400
_WORDS = re.compile(r"[^\W\d_]{4,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2}")
"""Words long enough to distinguish one headline from another."""
WRAPPED_FROM = re.compile(r"\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)?\s*")
"""Opening marks of comments and CDATA sections, within which old sites put scripts."""
WRAPPED_TO = re.compile(r"(?:-->|(?://)?\s*\]\]>|/\*\s*\]\]>\s*\*/)?[\s;]*$")
"""Closing marks of comments and CDATA sections."""
MAX_WRAPPING = 40
"""Characters at the end of a script in which a closing comment mark is looked for."""
TRAILING_COMMA = re.compile(r",(\s*[}\]])")
"""A comma before a closing bracket."""
LONE_BACKSLASH = re.compile(r'\\(?!["\\/bfnrtu])')
"""A backslash that does not begin one of JSON's escapes."""
VALUE_START = re.compile(r':\s*"')
VALUE_END = re.compile(r'"(?=\s*(?:[}\]]|,\s*"[\w@:.-]{1,60}"\s*:))')
"""A quotation mark that can only end a text: another field or a bracket follows."""
INNER_QUOTE = re.compile(r'(?<!\\)"')
INNER_FIELD = re.compile(r'"\s*:\s*["\[{\d]')
PLAIN_FIELD = r'"{}"\s*:\s*"((?:[^"\\]|\\.)*)' + VALUE_END.pattern.replace("{", "{{").replace(
    "}", "}}"
)
"""A field with a text value in broken JSON."""
PLAIN_FIELDS = ("headline", "datePublished", "dateModified")


def things(tree: HtmlElement) -> list[Thing]:
    """Return the objects of the page's JSON-LD in order, also in `@graph` and main entities."""
    found: list[Thing] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            found += _flat(_load(script.text))
    return found[:MAX_THINGS]


def types(thing: Thing) -> set[str]:
    """Return the schema.org types of a thing, without the URL before them."""
    kinds = thing.get("@type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return {kind.rpartition("/")[2] for kind in named if isinstance(kind, str)}


def declared_types(found: Iterable[Thing]) -> set[str]:
    """Return the schema.org types of all these things."""
    return set(chain.from_iterable(map(types, found)))


def is_article(thing: Thing) -> bool:
    """Whether a thing has one of schema.org's types for articles."""
    return any(kind.endswith("Article") or kind in ARTICLE_TYPES for kind in types(thing))


def article_of(found: list[Thing], addresses: Collection[str] = (), titles: str = "") -> Thing:
    """Return the thing that describes this page's article, `{}` if there is none.

    News come before other articles, and things with more fields before those with fewer. A thing
    describes another page if its URL is not among the page's `addresses` and its headline shares no
    word with the page's `titles`.
    """
    articles = [
        thing
        for thing in found
        if is_article(thing) and not _is_of_another_page(thing, addresses, titles)
    ]

    def rank(thing: Thing) -> tuple[bool, int]:  # the greater, the better it describes the article
        return bool(types(thing) & NEWS_TYPES), sum(name in thing for name in RANKED_FIELDS)

    return max(articles, key=rank, default={})


def _is_of_another_page(thing: Thing, addresses: Collection[str], titles: str) -> bool:
    """Whether an article has another URL and another headline than the page."""
    main = thing.get("mainEntityOfPage")
    claims = (thing.get("url"), main.get("@id") if isinstance(main, dict) else main)
    named = {_place(claim) for claim in claims if isinstance(claim, str) and "//" in claim}
    headline = plain(thing.get("headline")) or ""
    words = set(_WORDS.findall(headline.casefold()))
    if not named or not words or not titles:
        return False
    of_page = set(_WORDS.findall(titles.casefold()))
    return named.isdisjoint(map(_place, addresses)) and words.isdisjoint(of_page)


def _place(address: str) -> str:
    """A URL without the parts in which two spellings of it often differ."""
    return (
        address.partition("//")[2]
        .removeprefix("www.")
        .partition("#")[0]
        .partition("?")[0]
        .rstrip("/")
    )


def resolved(value: Any, found: list[Thing]) -> list[Any]:
    """Return a value as a list, each `{"@id": …}` in it replaced by the thing with this id."""
    named: dict[object, Thing] = {
        thing["@id"]: thing
        for thing in found
        if isinstance(thing.get("@id"), str) and len(thing) > 1
    }
    values = value if isinstance(value, list) else [value]
    lists = (item if isinstance(item, list) else [item] for item in values)
    return [_resolved_item(item, named) for item in chain.from_iterable(lists)]


def _resolved_item(item: Any, named: dict[object, Thing]) -> Any:
    """The thing that an item refers to by its `@id`, else the item itself."""
    if not isinstance(item, dict) or "name" in item:
        return item
    key = item.get("@id")
    return named.get(key, item) if isinstance(key, str) else item


def plain(value: Any) -> str | None:
    """Return the text of a value, entities resolved and blanks collapsed; None if it has no text.

    Of a list the first text counts, of a thing its name, its value or its URL.
    """
    if isinstance(value, list):
        return next((text for item in value if (text := plain(item))), None)
    if isinstance(value, dict):
        return plain(value.get("name") or value.get("@value") or value.get("url"))
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    text = " ".join(unescape(unescape(str(value))).split())
    return text or None


def _flat(value: Any, depth: int = 0) -> Iterator[Thing]:
    """The things in a value and in those of its fields that may contain the main thing."""
    if depth > 8:
        return
    if isinstance(value, list):
        for item in value:
            yield from _flat(item, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value or "@id" in value:
            yield value
        for key in INSIDE:
            if isinstance(value.get(key), list | dict):
                yield from _flat(value[key], depth + 1)


def _load(raw: str) -> Any:
    """Parse the JSON of a script.

    Broken JSON is repaired where this cannot change a value. Otherwise the few plain fields that
    are unambiguous are returned.
    """
    text = _unwrapped(raw)
    for mend, decoder in REPAIRS:
        try:
            return _all_values(mend(text), decoder)
        except (ValueError, RecursionError):
            continue
    return _plain_fields(text)


def _unwrapped(raw: str) -> str:
    """The JSON without the comment or CDATA marks around it."""
    opening = WRAPPED_FROM.match(raw)
    text = raw[opening.end() :].rstrip() if opening else raw
    closing = WRAPPED_TO.search(text, max(0, len(text) - MAX_WRAPPING))
    return text[: closing.start()] if closing else text


def _tidied(text: str) -> str:
    """The JSON without commas before closing brackets, and with single backslashes doubled."""
    return LONE_BACKSLASH.sub(r"\\\\", TRAILING_COMMA.sub(r"\1", text))


def _requoted(text: str) -> str:
    """The JSON with the quotation marks inside its text values escaped.

    Raises ValueError where the end of a value is in doubt: where no end is found, or where
    something like another field follows inside the value.
    """
    text = _tidied(text)
    ends = [end.start() for end in VALUE_END.finditer(text)]
    parts: list[str] = []
    at = 0
    for start in VALUE_START.finditer(text):
        if start.end() <= at:
            continue
        following = bisect_left(ends, start.end())
        if following == len(ends):
            raise ValueError("a text value has no end")
        value = text[start.end() : ends[following]]
        if INNER_FIELD.search(value):
            raise ValueError("the end of a text value is in doubt")
        parts += [text[at : start.end()], INNER_QUOTE.sub(r'\\"', value)]
        at = ends[following]
    return "".join(parts) + text[at:]


def _relaxed_unescaped(text: str) -> str:
    """The JSON with its entities resolved, parsed as relaxed JSON."""
    return relaxed(unescape(text))


def _once(fields: list[tuple[str, Any]]) -> Thing:
    """The object with these fields; raises ValueError if one of them occurs twice."""
    thing = dict(fields)
    if len(thing) < len(fields):
        raise ValueError("a field occurs twice")
    return thing


LENIENT = json.JSONDecoder(strict=False)
CAREFUL = json.JSONDecoder(strict=False, object_pairs_hook=_once)
"""For repaired JSON: a field that occurs twice shows that the repair was wrong."""


REPAIRS: tuple[tuple[Callable[[str], str], json.JSONDecoder], ...] = (
    (str, LENIENT),
    (_tidied, LENIENT),
    (relaxed, LENIENT),
    (unescape, LENIENT),
    (_requoted, CAREFUL),
    (_relaxed_unescaped, LENIENT),
)
"""The ways to repair broken JSON, the safest first, each with its decoder."""


def _all_values(text: str, decoder: json.JSONDecoder) -> list[Any]:
    """Parse one JSON value, or several in a row."""
    values: list[Any] = []
    at = 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return values


def _plain_fields(text: str) -> Thing:
    """The article fields that occur exactly once in broken JSON."""
    if not re.search(r'"@type"\s*:\s*\[?\s*"\w*Article"', text):
        return {}
    thing: Thing = {"@type": "NewsArticle"}
    for name in PLAIN_FIELDS:
        values = set(re.findall(PLAIN_FIELD.format(name), text))
        if len(values) == 1:
            thing[name] = values.pop().replace('\\"', '"').replace("\\/", "/")
    if author := _lone_value("author", text):
        thing["author"] = author
    return thing


def _lone_value(name: str, text: str) -> Any:
    """The value of a field that occurs once in broken JSON; None where the value is broken."""
    places = [fits.end() for fits in re.finditer(rf'"{name}"\s*:\s*(?=["\[{{])', text)]
    if len(places) != 1:
        return None
    try:
        return LENIENT.raw_decode(text, places[0])[0]
    except (ValueError, RecursionError):
        return None
