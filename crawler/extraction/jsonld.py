"""The JSON-LD of a page (https://schema.org), also where its JSON is slightly broken."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import Any

from lxml.html import HtmlElement

from archive.text.unspaced import HAN_RANGE, HANGUL_RANGE, KANA_RANGE
from crawler.text.entities import unescape_html
from crawler.text.relaxed_json import repair_json

JsonLdThing = dict[str, Any]

OTHER_ARTICLE_TYPES = frozenset(
    {"BlogPosting", "LiveBlogPosting", "Report", "Review", "AnalysisNewsArticle"}
)
"""Types that name an article although they do not end in `Article`."""
NEWS_TYPES = frozenset(
    {"NewsArticle", "ReportageNewsArticle", "OpinionNewsArticle", "BackgroundNewsArticle"}
)
"""Types of news articles."""
MAIN_THING_FIELDS = ("@graph", "mainEntity", "mainEntityOfPage", "itemReviewed")
"""Fields that may contain the main thing of a page."""
RANKED_ARTICLE_FIELDS = ("headline", "datePublished", "author", "articleBody", "dateModified")
"""Fields that count when one of several articles is chosen."""
MAX_JSON_LD_THINGS = 400
_HEADLINE_WORD = re.compile(rf"[^\W\d_]{{4,}}|[{KANA_RANGE}{HAN_RANGE}{HANGUL_RANGE}]{{2}}")
"""Words long enough to distinguish one headline from another."""
SCRIPT_OPENING_MARKS = re.compile(
    r"\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)?\s*"
)
"""Opening marks of comments and CDATA sections, within which old sites put scripts."""
SCRIPT_CLOSING_MARKS = re.compile(r"(?:-->|(?://)?\s*\]\]>|/\*\s*\]\]>\s*\*/)?[\s;]*$")
"""Closing marks of comments and CDATA sections."""
MAX_CLOSING_MARK_CHARS = 40
"""Characters at the end of a script in which a closing comment mark is looked for."""
TRAILING_COMMA = re.compile(r",(\s*[}\]])")
"""A comma before a closing bracket."""
INVALID_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')
"""A backslash that does not begin one of JSON's escapes."""
TEXT_VALUE_START = re.compile(r':\s*"')
TEXT_VALUE_END = re.compile(r'"(?=\s*(?:[}\]]|,\s*"[\w@:.-]{1,60}"\s*:))')
"""A quotation mark that can only end a text: another field or a bracket follows."""
UNESCAPED_QUOTE = re.compile(r'(?<!\\)"')
FIELD_INSIDE_VALUE = re.compile(r'"\s*:\s*["\[{\d]')
PLAIN_FIELD_PATTERN = r'"{}"\s*:\s*"((?:[^"\\]|\\.)*)' + TEXT_VALUE_END.pattern.replace(
    "{", "{{"
).replace("}", "}}")
"""A field with a text value in broken JSON."""
PLAIN_FIELD_NAMES = ("headline", "datePublished", "dateModified")


def json_ld_things(tree: HtmlElement) -> list[JsonLdThing]:
    """Return the objects of the page's JSON-LD in order, also in `@graph` and main entities."""
    found: list[JsonLdThing] = []
    for script in tree.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and script.text:
            found += _things_in(_parse_script(script.text))
    return found[:MAX_JSON_LD_THINGS]


def types_of_thing(thing: JsonLdThing) -> set[str]:
    """Return the schema.org types of a thing, without the URL before them."""
    kinds = thing.get("@type")
    named = kinds if isinstance(kinds, list) else [kinds]
    return {kind.rpartition("/")[2] for kind in named if isinstance(kind, str)}


def types_of_things(found: Iterable[JsonLdThing]) -> set[str]:
    """Return the schema.org types of all these things."""
    return set(chain.from_iterable(map(types_of_thing, found)))


def is_article_thing(thing: JsonLdThing) -> bool:
    """Return whether a thing has one of schema.org's types for articles."""
    return any(
        kind.endswith("Article") or kind in OTHER_ARTICLE_TYPES for kind in types_of_thing(thing)
    )


def article_thing(
    found: list[JsonLdThing], addresses: Collection[str] = (), titles: str = ""
) -> JsonLdThing:
    """Return the thing that describes this page's article, or `{}`.

    News come before other articles, and things with more fields before those with fewer. A thing
    describes another page if its URL is not among the page's `addresses` and its headline shares no
    word with the page's `titles`.
    """
    articles = [
        thing
        for thing in found
        if is_article_thing(thing) and not _is_of_another_page(thing, addresses, titles)
    ]

    def rank(
        thing: JsonLdThing,
    ) -> tuple[bool, int]:  # the greater, the better it describes the article
        return bool(types_of_thing(thing) & NEWS_TYPES), sum(
            name in thing for name in RANKED_ARTICLE_FIELDS
        )

    return max(articles, key=rank, default={})


def _is_of_another_page(thing: JsonLdThing, addresses: Collection[str], titles: str) -> bool:
    """Return whether an article has another URL and another headline than the page."""
    main = thing.get("mainEntityOfPage")
    claims = (thing.get("url"), main.get("@id") if isinstance(main, dict) else main)
    named = {
        _url_for_comparison(claim) for claim in claims if isinstance(claim, str) and "//" in claim
    }
    headline = plain_text_of(thing.get("headline")) or ""
    words = set(_HEADLINE_WORD.findall(headline.casefold()))
    if not named or not words or not titles:
        return False
    of_page = set(_HEADLINE_WORD.findall(titles.casefold()))
    return named.isdisjoint(map(_url_for_comparison, addresses)) and words.isdisjoint(of_page)


def _url_for_comparison(address: str) -> str:
    """A URL without the parts in which two spellings of it often differ."""
    return (
        address.partition("//")[2]
        .removeprefix("www.")
        .partition("#")[0]
        .partition("?")[0]
        .rstrip("/")
    )


def resolve_references(value: Any, found: list[JsonLdThing]) -> list[Any]:
    """Return a value as a list, each `{"@id": …}` in it replaced by the thing with this id."""
    named: dict[object, JsonLdThing] = {
        thing["@id"]: thing
        for thing in found
        if isinstance(thing.get("@id"), str) and len(thing) > 1
    }
    values = value if isinstance(value, list) else [value]
    lists = (item if isinstance(item, list) else [item] for item in values)
    return [_resolve_reference(item, named) for item in chain.from_iterable(lists)]


def _resolve_reference(item: Any, named: dict[object, JsonLdThing]) -> Any:
    """The thing that an item refers to by its `@id`, else the item itself."""
    if not isinstance(item, dict) or "name" in item:
        return item
    key = item.get("@id")
    return named.get(key, item) if isinstance(key, str) else item


def plain_text_of(value: Any) -> str | None:
    """Return the text of a value, entities resolved and blanks collapsed; None if it has no text.

    Of a list the first text counts, of a thing its name, its value or its URL.
    """
    if isinstance(value, list):
        return next((text for item in value if (text := plain_text_of(item))), None)
    if isinstance(value, dict):
        return plain_text_of(value.get("name") or value.get("@value") or value.get("url"))
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    text = " ".join(unescape_html(unescape_html(str(value))).split())
    return text or None


def _things_in(value: Any, depth: int = 0) -> Iterator[JsonLdThing]:
    """The things in a value and in those of its fields that may contain the main thing."""
    if depth > 8:
        return
    if isinstance(value, list):
        for item in value:
            yield from _things_in(item, depth + 1)
    elif isinstance(value, dict):
        if "@type" in value or "@id" in value:
            yield value
        for key in MAIN_THING_FIELDS:
            if isinstance(value.get(key), list | dict):
                yield from _things_in(value[key], depth + 1)


def _parse_script(raw: str) -> Any:
    """Parse the JSON of a script.

    Broken JSON is repaired where this cannot change a value. Otherwise the few plain fields that
    are unambiguous are returned.
    """
    text = _without_script_marks(raw)
    for mend, decoder in JSON_REPAIRS:
        try:
            return _decode_all_values(mend(text), decoder)
        except (ValueError, RecursionError):
            continue
    return _plain_article_fields(text)


def _without_script_marks(raw: str) -> str:
    """The JSON without the comment or CDATA marks around it."""
    opening = SCRIPT_OPENING_MARKS.match(raw)
    text = raw[opening.end() :].rstrip() if opening else raw
    closing = SCRIPT_CLOSING_MARKS.search(text, max(0, len(text) - MAX_CLOSING_MARK_CHARS))
    return text[: closing.start()] if closing else text


def _without_syntax_slips(text: str) -> str:
    """The JSON without commas before closing brackets, and with single backslashes doubled."""
    return INVALID_ESCAPE.sub(r"\\\\", TRAILING_COMMA.sub(r"\1", text))


def _with_escaped_quotes(text: str) -> str:
    """The JSON with the quotation marks inside its text values escaped.

    Raises ValueError where the end of a value is in doubt: where no end is found, or where
    something like another field follows inside the value.
    """
    text = _without_syntax_slips(text)
    ends = [end.start() for end in TEXT_VALUE_END.finditer(text)]
    parts: list[str] = []
    at = 0
    for start in TEXT_VALUE_START.finditer(text):
        if start.end() <= at:
            continue
        following = bisect_left(ends, start.end())
        if following == len(ends):
            raise ValueError("a text value has no end")
        value = text[start.end() : ends[following]]
        if FIELD_INSIDE_VALUE.search(value):
            raise ValueError("the end of a text value is in doubt")
        parts += [text[at : start.end()], UNESCAPED_QUOTE.sub(r'\\"', value)]
        at = ends[following]
    return "".join(parts) + text[at:]


def _relaxed_unescaped(text: str) -> str:
    """The JSON with its entities resolved, parsed as relaxed JSON."""
    return repair_json(unescape_html(text))


def _object_without_duplicates(fields: list[tuple[str, Any]]) -> JsonLdThing:
    """The object with these fields; raises ValueError if one of them occurs twice."""
    thing = dict(fields)
    if len(thing) < len(fields):
        raise ValueError("a field occurs twice")
    return thing


LENIENT_DECODER = json.JSONDecoder(strict=False)
DUPLICATE_REFUSING_DECODER = json.JSONDecoder(
    strict=False, object_pairs_hook=_object_without_duplicates
)
"""For repaired JSON: a field that occurs twice shows that the repair was wrong."""


JSON_REPAIRS: tuple[tuple[Callable[[str], str], json.JSONDecoder], ...] = (
    (str, LENIENT_DECODER),
    (_without_syntax_slips, LENIENT_DECODER),
    (repair_json, LENIENT_DECODER),
    (unescape_html, LENIENT_DECODER),
    (_with_escaped_quotes, DUPLICATE_REFUSING_DECODER),
    (_relaxed_unescaped, LENIENT_DECODER),
)
"""The ways to repair broken JSON, the safest first, each with its decoder."""


def _decode_all_values(text: str, decoder: json.JSONDecoder) -> list[Any]:
    """Parse one JSON value, or several in a row."""
    values: list[Any] = []
    at = 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return values


def _plain_article_fields(text: str) -> JsonLdThing:
    """The article fields that occur exactly once in broken JSON."""
    if not re.search(r'"@type"\s*:\s*\[?\s*"\w*Article"', text):
        return {}
    thing: JsonLdThing = {"@type": "NewsArticle"}
    for name in PLAIN_FIELD_NAMES:
        values = set(re.findall(PLAIN_FIELD_PATTERN.format(name), text))
        if len(values) == 1:
            thing[name] = values.pop().replace('\\"', '"').replace("\\/", "/")
    if author := _single_value("author", text):
        thing["author"] = author
    return thing


def _single_value(name: str, text: str) -> Any:
    """The value of a field that occurs once in broken JSON; None where the value is broken."""
    places = [fits.end() for fits in re.finditer(rf'"{name}"\s*:\s*(?=["\[{{])', text)]
    if len(places) != 1:
        return None
    try:
        return LENIENT_DECODER.raw_decode(text, places[0])[0]
    except (ValueError, RecursionError):
        return None
