"""Find the article in the state that a page's scripts keep, where its HTML shows nothing of it.

The state holds menus, teasers and other articles as well. An object is the page's article if its
headline is among the page's titles, or its URL is the page's, and if one of its fields is a text.
It is returned in the terms of JSON-LD, in which the other steps read it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from crawler.extraction.blocks import fold_text
from crawler.extraction.jsonld import JsonLdThing, plain_text_of
from crawler.text.rich_text import (
    field_key,
    kind_of_object,
    object_of_reference,
    plain_lines,
    rich_text_lines,
)
from crawler.text.script_state import PageScript, state_values, value_in_json_text

MIN_STATE_TEXT_CHARS = 200
"""Letters of the prose of an article in a state."""
MIN_STATE_LINE_CHARS = 60
"""Letters of a line that counts as prose."""
MAX_STATE_OBJECTS = 50_000
"""Lists and objects of a page's states that are searched."""
MAX_STATE_LEVELS = 40
"""Levels of a state that are searched."""
MAX_ARTICLES_READ = 50
"""Objects with the page's headline or URL whose text is read."""
MIN_TITLE_CHARS = 8
"""Characters of a headline that identifies an article."""
BODY_FIELD = re.compile(
    r"^(?:article|story|post|news|main|full|rich|raw|page)?(?:body|content|text|html|copy|"
    r"paragraphs?|blocks|elements|components|sections|markdown|children|document)"
    r"(?:html|text|elements|blocks|json|raw|rich|content|parts?|body)?$"
)
"""Names of fields with a text, as `field_key` gives them."""
HEADLINE_FIELDS = (
    "headline",
    "title",
    "heading",
    "hed",
    "displaytitle",
    "name",
    "headlines",
    "shorttitle",
)
WRAPPED_VALUE_FIELDS = (
    "rendered",
    "basic",
    "default",
    "value",
    "text",
    "main",
    "headline",
    "title",
    "web",
)
"""Fields of an object that wraps a single text."""
URL_FIELDS = (
    "url",
    "link",
    "canonicalurl",
    "canonical",
    "slug",
    "path",
    "href",
    "permalink",
    "uri",
    "weburl",
    "id",
)
PUBLISHED_FIELDS = (
    "datepublished", "publishedat", "publisheddate", "publishdate", "publicationdate", "firstpublished",
    "firstpublishedat", "firstpublishdate", "firstpublisheddate", "displaydate", "pubdate", "publishedon",
    "published", "publishtime", "publishedtime", "dategmt", "date",
)  # fmt: skip
MODIFIED_FIELDS = (
    "datemodified", "modifiedat", "updatedat", "lastmodified", "lastupdated", "lastupdatedat",
    "lastupdateddate", "modifieddate", "updateddate", "dateupdated", "modified", "updated",
)  # fmt: skip
AUTHOR_FIELDS = (
    "authors",
    "author",
    "byline",
    "bylines",
    "writers",
    "contributors",
    "credits",
    "by",
)
STANDFIRST_FIELDS = (
    "standfirst", "subheadline", "subheadlines", "subtitle", "dek", "deck", "description", "excerpt",
    "summary", "lead", "lede", "intro",
)  # fmt: skip
PERSON_NAME_FIELDS = ("name", "fullname", "displayname", "byline", "title")
MAX_EPOCH_SECONDS = 10_000_000_000
"""A greater number of a date counts milliseconds."""


@dataclass(slots=True)
class _StateObject:
    """An object of a state, with what its surroundings say of it."""

    fields: Mapping[str, Any]
    """The object's fields by `field_key`."""
    named: Mapping[str, Any] = field(default_factory=dict)
    """The objects of its state by the key that references give."""


def article_in_state(
    tree: HtmlElement, titles: Collection[str], addresses: Collection[str]
) -> JsonLdThing:
    """Return the article in the state of a page's scripts in the terms of JSON-LD, or `{}`.

    `titles` are the titles of the page, `addresses` its URLs. The state is read without running a
    script.
    """
    folded = {fold_text(title) for title in titles}
    paths = set(filter(None, map(_path_of_url, addresses)))
    best: JsonLdThing = {}
    read = 0
    for each in _objects_of_states(_scripts_of_page(tree)):
        if read >= MAX_ARTICLES_READ:
            break
        if not (_has_title(each, folded) or _has_address(each, paths)):
            continue
        lines = _longest_text(each)
        read += any(map(BODY_FIELD.match, each.fields))
        if _prose_letters(lines) >= MIN_STATE_TEXT_CHARS:
            best = max(best, _thing_of_object(each, lines), key=_rank_of_thing)
    return best


def _rank_of_thing(thing: JsonLdThing) -> tuple[int, int]:
    """The greater, the more an object looks like an article: a page around one has no author."""
    named = ("datePublished" in thing) + ("author" in thing)
    return named, len(thing.get("articleBody", ""))


def _scripts_of_page(tree: HtmlElement) -> Iterator[PageScript]:
    """The scripts of a page, with their types and ids."""
    for script in tree.iter("script"):
        if script.text:
            yield PageScript(
                (script.get("type") or "").lower(), script.get("id") or "", script.text
            )


def _objects_of_states(scripts: Iterator[PageScript]) -> Iterator[_StateObject]:
    """The objects of all states of a page, the outer ones first."""
    left = MAX_STATE_OBJECTS
    for state in state_values(scripts):
        if not isinstance(state, list | dict):
            continue
        named = state if isinstance(state, dict) else {}
        row: list[tuple[Any, int]] = [(state, 0)]
        while row and left:
            value, level = row.pop()
            left -= 1
            if isinstance(value, dict):
                if _is_named_cache(value):
                    named = value
                yield _StateObject(_fields_by_key(value), named)
            if level < MAX_STATE_LEVELS:
                row += [(inner, level + 1) for inner in _inner_values(value)]


def _inner_values(value: Any) -> Iterator[Any]:
    """The lists and objects in a value, also those that are written as text in a field."""
    for inner in value.values() if isinstance(value, dict) else value:
        found = value_in_json_text(inner) if isinstance(inner, str) else inner
        if isinstance(found, dict | list):
            yield found


def _is_named_cache(value: Mapping[str, Any]) -> bool:
    """Return whether an object is a cache whose keys are names, as Apollo's `Article:12`."""
    return "ROOT_QUERY" in value


def _fields_by_key(value: Mapping[str, Any]) -> dict[str, Any]:
    """An object's fields by their names in lower case without signs, the first of each."""
    found: dict[str, Any] = {}
    for name, each in value.items():
        found.setdefault(field_key(name), each)
    return found


# -- the page's article ----------------------------------------------------------------------------


def _has_title(each: _StateObject, titles: Collection[str]) -> bool:
    """Return whether the headline of an object is one of the page's titles, or begins one."""
    said = fold_text(_first_text(each.fields, HEADLINE_FIELDS) or "")
    if len(said) < MIN_TITLE_CHARS:
        return False
    return any(title == said or title.startswith(f"{said} ") for title in titles)


def _has_address(each: _StateObject, paths: Collection[str]) -> bool:
    """Return whether an object has the page's URL and is more than a link to it."""
    said = (each.fields.get(name) for name in URL_FIELDS)
    named = {_path_of_url(url) for url in said if isinstance(url, str) and "/" in url}
    return not named.isdisjoint(paths) and any(map(BODY_FIELD.match, each.fields))


def _path_of_url(url: str) -> str:
    """The path of a URL without slashes at its ends; empty for a home page and for an invalid URL."""
    try:
        return urlsplit(url).path.strip("/")
    except ValueError:
        return ""


def _longest_text(each: _StateObject) -> list[str]:
    """The lines of the longest of an object's texts; its content may be one level below."""
    fields = [each.fields]
    fields += [
        _fields_by_key(inner)
        for name, inner in each.fields.items()
        if isinstance(inner, dict)
        and name in ("content", "fields", "attributes", "data", "article", "story")
    ]
    texts = (
        rich_text_lines(value, each.named)
        for row in fields
        for name, value in row.items()
        if BODY_FIELD.match(name) and isinstance(value, str | list | dict)
    )
    return max(texts, key=_prose_letters, default=[])


def _prose_letters(lines: list[str]) -> int:
    """The letters of the lines that are long enough for prose."""
    return sum(len(line) for line in lines if len(line) >= MIN_STATE_LINE_CHARS)


# -- its fields ------------------------------------------------------------------------------------


def _thing_of_object(each: _StateObject, lines: list[str]) -> JsonLdThing:
    """An article in the terms of JSON-LD."""
    fields = each.fields
    thing: JsonLdThing = {
        "@type": "NewsArticle",
        "headline": _first_text(fields, HEADLINE_FIELDS),
        "description": _first_text(fields, STANDFIRST_FIELDS),
        "datePublished": _first_date(fields, PUBLISHED_FIELDS),
        "dateModified": _first_date(fields, MODIFIED_FIELDS),
        "author": _people_of_object(each),
        "articleBody": "\n".join(lines),
    }
    return {name: value for name, value in thing.items() if value}


def _first_text(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The text of the first of these fields that has one, on one line."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, dict):
            inner = _fields_by_key(value)
            value = next(filter(None, map(inner.get, WRAPPED_VALUE_FIELDS)), None)
        if isinstance(value, str) and (text := " ".join(plain_lines(value).split())):
            return text
    return None


def _first_date(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of these fields that is a date; a number counts seconds or milliseconds."""
    for name in names:
        value = fields.get(name)
        if isinstance(value, str) and any(map(str.isdigit, value)):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            seconds = value / 1000 if value > MAX_EPOCH_SECONDS else value
            if seconds < MAX_EPOCH_SECONDS:
                return datetime.fromtimestamp(seconds, UTC).isoformat()
    return None


def _people_of_object(each: _StateObject) -> list[JsonLdThing | str]:
    """The authors of an article: objects with names, or the printed byline."""
    for name in AUTHOR_FIELDS:
        value = each.fields.get(name)
        if isinstance(value, dict) and isinstance(value.get("by"), list):
            value = value["by"]
        row = value if isinstance(value, list) else [value]
        named = (_person_of_value(one, each.named) for one in row)
        people: list[JsonLdThing | str] = [person for person in named if person]
        if people:
            return people
    return []


def _person_of_value(value: Any, named: Mapping[str, Any]) -> JsonLdThing | str | None:
    """One author, None for a value without a name."""
    if isinstance(value, str):
        return plain_text_of(plain_lines(value))
    if not isinstance(value, dict):
        return None
    fields = _fields_by_key(object_of_reference(value, named))
    kind = kind_of_object(fields).lower()
    name = _first_text(fields, PERSON_NAME_FIELDS)
    if name is None or "organi" in kind:
        return name
    return {"@type": "Person", "name": name}
