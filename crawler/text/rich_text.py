"""The lines of a text that content systems keep as data: HTML, Markdown or nested objects.

The objects are those of editors and content systems (ProseMirror, Slate, Lexical, Draft.js,
Portable Text, Contentful, Arc) and of page frameworks (React elements, trees of HTML).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from crawler.text.entities import unescape_html

MAX_RICH_TEXT_DEPTH = 60
"""Levels of lists and objects in each other that are read."""
MAX_RICH_TEXT_ITEMS = 50_000
"""Lists, objects and texts of one text that are read."""
MAX_RICH_TEXT_CHARS = 1_000_000
"""Characters of one text that are read."""
LINE_END = "\n"
TEXT_FIELDS_TEXT = """
articlebody articlecontent blocks body bodyblocks bodycontent bodyelements bodyhtml bodyparts bodytext
children components content contentblocks contentbody contentelements contenthtml copy data document
elements fragments fulltext heading html htmlcontent innerhtml item items json list listitems main
markdown maincontent nodes p para paragraph paragraphs parts props question quote raw rendered
richtext root rows section sections spans storybody storyelements subheading text textblocks textcontent
title value values answer cells columns
"""
TEXT_FIELDS = frozenset(TEXT_FIELDS_TEXT.split())
"""Fields whose value is part of the text, in lower case without signs."""
KIND_FIELDS = ("tagName", "tag", "type", "_type", "nodeType", "__typename", "kind", "component")
"""Fields that name the kind of an object, the most reliable first."""
INLINE_KIND = re.compile(
    r"^(?:(?:leaf|inline)?text(?:node|run|leaf)?|spans?|strong|em|bold|italics?|underline|marks?|"
    r"link|hyperlink|inline\w*|a|b|i|u|s|sub|sup|small|abbr|cite|code|time|q|entry-hyperlink)$",
    re.I,
)
"""Kinds of objects within a sentence."""
FOREIGN_KIND = re.compile(
    r"image|img|picture|photo|video|audio|podcast|embed|iframe|^ads?$|advert|\bad[_-]|related|galler|"
    r"slideshow|promo|newsletter|social|tweet|instagram|author|byline|caption|figure|widget|recirc|"
    r"recommend|teaser|interstitial|^script|^style$|svg|button|^form|input|share|comment|paywall|"
    r"correction_link|inlinerelated|read-?more|oembed|media",
    re.I,
)
"""Kinds of objects that are not part of a text."""
NOT_LETTERS = re.compile(r"[^a-z]")
BLOCK_TAG = re.compile(
    r"<(/?)(?:p|br|div|li|ul|ol|dl|dt|dd|h[1-6]|blockquote|t[rdh]|table|section|hr|pre|article)\b[^<>]*>",
    re.I,
)
FOREIGN_TAG_CONTENT = re.compile(
    r"<(script|style|figure|figcaption|aside|iframe|svg|button|form|noscript|video|audio|nav)\b.*?"
    r"(?:</\1\s*>|\Z)",
    re.I | re.S,
)
ANY_HTML_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.S)
MARKDOWN_START = re.compile(r"^\s{0,3}(?:#{1,6}|>)\s+", re.M)
MARKDOWN_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")


def field_key(name: str) -> str:
    """Return a field's name in lower case without signs: `body_html` and `bodyHtml` are one."""
    return NOT_LETTERS.sub("", name.lower())


def rich_text_lines(value: Any, named: Mapping[str, Any] | None = None) -> list[str]:
    """Return the lines of a text; `named` are the objects that references in it name."""
    reader = _RichTextReader(named or {})
    text = "".join(reader.pieces_of(value, 0))
    lines = (" ".join(line.split()) for line in text.split(LINE_END))
    return list(filter(None, lines))


class _RichTextReader:
    """Reads one text, as far as its bounds allow."""

    def __init__(self, named: Mapping[str, Any]) -> None:
        self._named = named
        self._items = MAX_RICH_TEXT_ITEMS
        self._chars = MAX_RICH_TEXT_CHARS

    def pieces_of(self, value: Any, depth: int) -> Iterator[str]:
        """Yield the pieces of a text with the ends of its lines."""
        self._items -= 1
        if depth > MAX_RICH_TEXT_DEPTH or self._items < 0 or self._chars < 0:
            return
        if isinstance(value, str):
            self._chars -= len(value)
            yield plain_lines(value)
        elif isinstance(value, list):
            yield from self._pieces_of_list(value, depth)
        elif isinstance(value, dict):
            yield from self._pieces_of_object(value, depth)

    def _pieces_of_list(self, row: list[Any], depth: int) -> Iterator[str]:
        """The pieces of a list: a React element, pieces of a sentence, or blocks."""
        if len(row) == 4 and row[0] == "$" and isinstance(row[1], str):
            element = {"tag": row[1], "children": _children_of_element(row[3])}
            yield from self._pieces_of_object(element, depth)
            return
        is_sentence = any(isinstance(each, dict) and _is_inline(each) for each in row) or any(
            isinstance(each, list) and each[:1] == ["$"] for each in row
        )
        for each in row:
            yield from self.pieces_of(each, depth + 1)
            if isinstance(each, str) and not is_sentence:
                yield LINE_END

    def _pieces_of_object(self, value: dict[str, Any], depth: int) -> Iterator[str]:
        """The pieces of an object, between line ends where it is a block."""
        kind = kind_of_object(value)
        if FOREIGN_KIND.search(kind):
            return
        value = object_of_reference(value, self._named)
        end = "" if _is_inline(value) else LINE_END
        for name, each in value.items():
            if name in KIND_FIELDS and isinstance(each, str):
                continue
            if name == "title" and not end:  # the tooltip of a link
                continue
            if field_key(name) not in TEXT_FIELDS or _is_json_text(each):
                continue
            pieces = "".join(self.pieces_of(each, depth + 1))
            if pieces:
                yield f"{end}{pieces}{end}"


def object_of_reference(value: dict[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the object that a reference names (`{"__ref": …}`), else the object itself."""
    key = value.get("__ref") or (value.get("id") if value.get("type") == "id" else None)
    other = named.get(key) if isinstance(key, str) else None
    return other if isinstance(other, dict) else value


def kind_of_object(value: Mapping[str, Any]) -> str:
    """Return the name of an object's kind, an empty text where it has none."""
    kinds = (value.get(name) for name in KIND_FIELDS)
    return next((kind for kind in kinds if isinstance(kind, str) and kind), "")


def plain_lines(text: str) -> str:
    """Return HTML, Markdown or plain text as lines of plain text.

    Blanks at its ends stay, as a text may be a piece of a sentence.
    """
    if "<" in text:
        text = BLOCK_TAG.sub(LINE_END, FOREIGN_TAG_CONTENT.sub(LINE_END, text.replace("\n", " ")))
        text = ANY_HTML_TAG.sub("", text)
    else:
        text = MARKDOWN_LINK.sub(r"\1", MARKDOWN_START.sub("", text))
    return unescape_html(text)


def _children_of_element(props: Any) -> Any:
    """The visible content of a React element."""
    if not isinstance(props, dict):
        return None
    inner = props.get("dangerouslySetInnerHTML")
    if isinstance(inner, dict):
        return inner.get("__html")
    return props.get("children")


def _is_inline(value: Mapping[str, Any]) -> bool:
    """Return whether an object is a piece of a sentence."""
    if kind := kind_of_object(value):
        is_block = isinstance(value.get("content"), str) or isinstance(value.get("blocks"), list)
        return INLINE_KIND.match(kind) is not None and not is_block
    return isinstance(value.get("text"), str) and not any(
        isinstance(each, list | dict) and each for each in value.values()
    )


def _is_json_text(value: Any) -> bool:
    """Return whether a text holds data instead of words."""
    return isinstance(value, str) and value[:2] in ('{"', "[{", '["')
