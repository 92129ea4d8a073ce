"""What a page says of itself in JSON-LD (https://schema.org), also where its JSON is slightly
broken."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from typing import Any

from lxml.html import HtmlElement

from crawler.text.entities import unescape
from crawler.text.relaxed_json import relaxed

Thing = dict[str, Any]

ARTICLE_TYPES = frozenset(
    {"BlogPosting", "LiveBlogPosting", "Report", "Review", "AnalysisNewsArticle"}
)
NEWS_TYPES = frozenset(
    {"NewsArticle", "ReportageNewsArticle", "OpinionNewsArticle", "BackgroundNewsArticle"}
)
INSIDE = ("@graph", "mainEntity", "mainEntityOfPage", "itemReviewed")
MAX_THINGS = 400
_WORDS = re.compile(r"[^\W\d_]{4,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2}")
"""Words long enough to tell one headline from another."""
WRAPPED_FROM = re.compile(r"\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)?\s*")
WRAPPED_TO = re.compile(r"(?:-->|(?://)?\s*\]\]>|/\*\s*\]\]>\s*\*/)?[\s;]*$")
MAX_WRAPPING = 40
TRAILING_COMMA = re.compile(r",(\s*[}\]])")
LONE_BACKSLASH = re.compile(r'\\(?!["\\/bfnrtu])')
VALUE_START = re.compile(r':\s*"')
VALUE_END = re.compile(r'"(?=\s*(?:[}\]]|,\s*"[\w@:.-]{1,60}"\s*:))')
"""A quotation mark that can only end a text: a further field or a bracket follows."""
INNER_QUOTE = re.compile(r'(?<!\\)"')
INNER_FIELD = re.compile(r'"\s*:\s*["\[{\d]')
PLAIN_FIELD = r'"{}"\s*:\s*"((?:[^"\\]|\\.)*)' + VALUE_END.pattern.replace("{", "{{").replace(
    "}", "}}"
)
PLAIN_FIELDS = ("headline", "datePublished", "dateModified")


def things(tree: HtmlElement) -> list[Thing]:
    """Every object that the page's JSON-LD holds at its top, in `@graph` or as a main entity, in
    their order."""
    found: list[Thing] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            found += _flat(_load(script.text))
    return found[:MAX_THINGS]


def types(thing: Thing) -> set[str]:
    """A thing's schema.org types, without their address."""
    kinds = thing.get("@type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return {kind.rpartition("/")[2] for kind in named if isinstance(kind, str)}


def is_article(thing: Thing) -> bool:
    """Whether schema.org would call it an article of some kind."""
    return any(kind.endswith("Article") or kind in ARTICLE_TYPES for kind in types(thing))


def article_of(found: list[Thing], addresses: Collection[str] = (), titles: str = "") -> Thing:
    """The thing that describes this page's article, `{}` if none does.

    News before other articles, those that say more before those that say less. One that names
    another address than the page's `addresses` and a headline that shares no word with its `titles`
    is another page's.
    """
    articles = [
        thing
        for thing in found
        if is_article(thing) and not _is_of_another_page(thing, addresses, titles)
    ]
    telling = ("headline", "datePublished", "author", "articleBody", "dateModified")
    return max(
        articles,
        key=lambda thing: (bool(types(thing) & NEWS_TYPES), sum(k in thing for k in telling)),
        default={},
    )


def _is_of_another_page(thing: Thing, addresses: Collection[str], titles: str) -> bool:
    main = thing.get("mainEntityOfPage")
    claims = (thing.get("url"), main.get("@id") if isinstance(main, dict) else main)
    named = {_place(claim) for claim in claims if isinstance(claim, str) and "//" in claim}
    words = set(_WORDS.findall((plain(thing.get("headline")) or "").casefold()))
    if not named or not words or not titles:
        return False
    return not named & set(map(_place, addresses)) and not words & set(
        _WORDS.findall(titles.casefold())
    )


def _place(address: str) -> str:
    """An address without what often differs between two spellings of it."""
    return (
        address.partition("//")[2]
        .removeprefix("www.")
        .partition("#")[0]
        .partition("?")[0]
        .rstrip("/")
    )


def resolved(value: Any, found: list[Thing]) -> list[Any]:
    """A value as a list, each `{"@id": …}` in it replaced by the thing of that name."""
    named: dict[object, Thing] = {
        thing["@id"]: thing
        for thing in found
        if isinstance(thing.get("@id"), str) and len(thing) > 1
    }
    values = value if isinstance(value, list) else [value]
    flat = [inner for item in values for inner in (item if isinstance(item, list) else [item])]
    return [
        named.get(item["@id"], item)
        if isinstance(item, dict) and "name" not in item and isinstance(item.get("@id"), str)
        else item
        for item in flat
    ]


def plain(value: Any) -> str | None:
    """A text value: of a list the first, of a thing its name or value; blanks tidied, entities
    resolved."""
    if isinstance(value, list):
        return next((text for item in value if (text := plain(item))), None)
    if isinstance(value, dict):
        return plain(value.get("name") or value.get("@value") or value.get("url"))
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    text = " ".join(unescape(unescape(str(value))).split())
    return text or None


def _flat(value: Any, depth: int = 0) -> Iterator[Thing]:
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
    """The JSON of a script; mended where that changes no value, else the few plain fields that are
    beyond doubt."""
    text = _unwrapped(raw)
    for mend, decoder in (
        (str, LENIENT),
        (_tidied, LENIENT),
        (relaxed, LENIENT),
        (unescape, LENIENT),
        (_requoted, CAREFUL),
        (_relaxed_unescaped, LENIENT),
    ):
        try:
            return _all_values(mend(text), decoder)
        except (ValueError, RecursionError):
            continue
    return _plain_fields(text)


def _unwrapped(raw: str) -> str:
    """The JSON without the comment or CDATA marks around it."""
    text = raw[opening.end() :].rstrip() if (opening := WRAPPED_FROM.match(raw)) else raw
    to = WRAPPED_TO.search(text, max(0, len(text) - MAX_WRAPPING))
    return text[: to.start()] if to else text


def _tidied(text: str) -> str:
    """The JSON without commas before closing brackets, its lone backslashes doubled."""
    return LONE_BACKSLASH.sub(r"\\\\", TRAILING_COMMA.sub(r"\1", text))


def _requoted(text: str) -> str:
    """The JSON with the quotation marks inside of its text values escaped.

    Raises ValueError where a value's end is in doubt: where none is found, or what may be a field
    stands inside.
    """
    text = _tidied(text)
    ends, parts, at = [end.start() for end in VALUE_END.finditer(text)], [], 0
    for start in VALUE_START.finditer(text):
        if start.end() <= at:
            continue
        following = bisect_left(ends, start.end())
        value = text[start.end() : ends[following]] if following < len(ends) else '":"'
        if INNER_FIELD.search(value):
            raise ValueError("where a text ends is in doubt")
        parts += [text[at : start.end()], INNER_QUOTE.sub(r'\\"', value)]
        at = ends[following]
    return "".join(parts) + text[at:]


def _relaxed_unescaped(text: str) -> str:
    return relaxed(unescape(text))


def _once(fields: list[tuple[str, Any]]) -> Thing:
    thing = dict(fields)
    if len(thing) < len(fields):
        raise ValueError("a field stands there twice")
    return thing


LENIENT = json.JSONDecoder(strict=False)
CAREFUL = json.JSONDecoder(strict=False, object_pairs_hook=_once)
"""For what was mended: a field that stands there twice is no longer sure."""


def _all_values(text: str, decoder: json.JSONDecoder) -> list[Any]:
    """One JSON value, or several that follow each other."""
    values: list[Any] = []
    at = 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return values


def _plain_fields(text: str) -> Thing:
    """Fields of an article whose JSON is broken, where each stands in it exactly once."""
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
    """The value of a field that stands in broken JSON once; None where it is broken itself."""
    places = [fits.end() for fits in re.finditer(rf'"{name}"\s*:\s*(?=["\[{{])', text)]
    if len(places) != 1:
        return None
    try:
        return LENIENT.raw_decode(text, places[0])[0]
    except (ValueError, RecursionError):
        return None
