"""Parse the bytes of a page into a tree of elements, and refuse bytes that are not a page.

What would take too long to parse is read in part, and the page is marked as shortened: its first
megabytes, its first elements, a tag without its thousands of attributes, deep nesting as if it were
flat.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml.etree import ElementDefaultClassLookup, XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from archive.errors import ReadingError
from archive.records import Capture
from crawler.extraction.blocks import INLINE_TAGS
from crawler.extraction.nesting import close_open_divs, is_misnested
from crawler.text.charsets import decode_page
from crawler.text.entities import replace_overlong_references

MAX_PARSED_BYTES = 5_000_000
# news pages have hundreds to some thousands; reading more than these takes many seconds
MAX_PAGE_ELEMENTS = 15_000
MAX_NESTING_LEVELS = 1_000  # libxml2 silently drops what lies deeper than 2,048
MAX_TAG_ATTRIBUTES = 500  # the parser's time grows with the square of a tag's attributes

SIGNATURES_OF_OTHER_FILES = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"GIF8", "an image"),
    (b"RIFF", "an image or a recording"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b\x08", "compressed twice"),
    (b"ID3", "a recording"),
    (b"OggS", "a recording"),
    (b"\x00\x00\x00\x18ftyp", "a video"),
    (b"\x00\x00\x00\x20ftyp", "a video"),
    (b"\x7fELF", "a program"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
)
"""The first bytes of other file formats, and their names."""
# nothing is tried twice: every tag of a page is
LONG_START_TAG = re.compile(r"(<[a-zA-Z][\w:-]*+)\s[^<>]{2000,}+")
"""A start tag of more than 2,000 characters."""
QUOTED_ATTRIBUTE_VALUE = re.compile(r"\"[^\"]*\"|'[^']*'")
ANY_TAG = re.compile(r"</?([a-zA-Z][\w:-]*)[^<>]*>")
UNNESTED_TAGS_TEXT = "html head title meta link script style body p br h1 h2 h3 h4 h5 h6 li img"
UNNESTED_TAGS = frozenset(UNNESTED_TAGS_TEXT.split())
"""Tags that do not nest, or that occur once in a page."""
LINE_BREAKS = re.compile(r"(?:<br>\s*)+")
"""Line breaks in a row."""
COUNT_ELEMENTS = XPath("count(//*)")
IS_TOO_DEEP = XPath(
    f"count(//*) > {MAX_NESTING_LEVELS} and boolean(//*[ancestor::*[{MAX_NESTING_LEVELS}]])"
)
CONTROL_BYTES = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
"""Control characters; in UTF-8 each of these bytes is the character itself."""
NONCHARACTERS = ("\ufffe", "\uffff")
SINGLE_ELEMENT_CLASS = ElementDefaultClassLookup(element=HtmlElement)
"""One class for every element: lxml.html calls a Python function for each, to offer form methods
that are never used here."""
FRAGMENT_PAGE = "<html><body><article>{}</article></body></html>"
XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


class ParsedPage(NamedTuple):
    """The tree of a page, with the root `html`, and a few words on each part that was not read."""

    tree: HtmlElement
    shortened: tuple[str, ...]


def parse_page(capture: Capture) -> ParsedPage:
    """Return the tree of a captured page.

    Raises ReadingError with a message of a few words if the bytes are not a page.
    """
    body = capture.body[:MAX_PARSED_BYTES]
    _refuse_other_files(body)
    text = replace_overlong_references(decode_page(body, capture.header("Content-Type")))
    if not text.strip():
        raise ReadingError("no bytes but blanks")
    if text.count("\ufffd") * 10 > len(text):
        raise ReadingError("no text in any charset")
    shortened = []
    if len(capture.body) > MAX_PARSED_BYTES:
        shortened.append(f"only its first {MAX_PARSED_BYTES // 1_000_000} MB were read")
    light = LONG_START_TAG.sub(_without_many_attributes, text)
    if len(light) < len(text):
        shortened.append(
            f"a tag of more than {MAX_TAG_ATTRIBUTES} attributes was read without them"
        )
    tree = _cut_after_last_element(_tree_of_text(light), shortened)
    if IS_TOO_DEEP(tree):
        shortened.append(f"nested deeper than {MAX_NESTING_LEVELS} levels, read as if it were flat")
        flat = LINE_BREAKS.sub("<br>", ANY_TAG.sub(_flattened_tag, light))
        tree = _cut_after_last_element(_tree_of_text(flat), shortened)
        if IS_TOO_DEEP(tree):
            raise ReadingError(f"nested deeper than {MAX_NESTING_LEVELS} levels")
    return ParsedPage(tree, tuple(dict.fromkeys(shortened)))


def _without_many_attributes(tag: re.Match[str]) -> str:
    """The tag, without its attributes if it has too many."""
    if len(tag[0].split()) <= MAX_TAG_ATTRIBUTES:  # cheaper than to remove the values first
        return tag[0]
    unquoted = QUOTED_ATTRIBUTE_VALUE.sub("", tag[0])
    many = len(unquoted.split()) > MAX_TAG_ATTRIBUTES
    return tag[1] if many and not _is_in_script(tag.string, tag.start()) else tag[0]


def _flattened_tag(tag: re.Match[str]) -> str:
    """The replacement of a tag in a page that nests too deep: a line break for a block."""
    name = tag[1].lower()
    if name in UNNESTED_TAGS:
        return tag[0]
    return " " if name in INLINE_TAGS else "<br>"


def _cut_after_last_element(tree: HtmlElement, shortened: list[str]) -> HtmlElement:
    """The tree, cut after the last element that may be read."""
    if COUNT_ELEMENTS(tree) > MAX_PAGE_ELEMENTS:
        shortened.append(f"only its first {MAX_PAGE_ELEMENTS} elements were read")
        last = tree.xpath(f"(//*)[{MAX_PAGE_ELEMENTS}]")[0]
        for step in (last, *last.iterancestors()):
            around = step.getparent()
            if around is not None:
                del around[around.index(step) + 1 :]
    return tree


def _tree_of_text(text: str) -> HtmlElement:
    """The tree of a page's text, misnested elements closed as browsers do."""
    for mark in NONCHARACTERS:  # in a str: one that holds no wide letters is not searched
        text = text.replace(mark, "")
    encoded = XML_DECLARATION.sub("", text, count=1).encode("utf-8", "ignore")
    page = encoded.translate(None, CONTROL_BYTES)
    parser = _new_html_parser()
    tree = _parse_html(page, parser)
    if not is_misnested(parser.error_log):
        return tree
    mended = close_open_divs(page)
    return tree if mended is page else _parse_html(mended, _new_html_parser())


def parse_fragment(html: str) -> HtmlElement:
    """Return the tree of a part of a page, as the article of a separate page."""
    return _cut_after_last_element(_tree_of_text(FRAGMENT_PAGE.format(html)), [])


def _new_html_parser() -> HTMLParser:
    """A new parser for one page."""
    parser = HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    parser.set_element_class_lookup(SINGLE_ELEMENT_CLASS)
    return parser


def _parse_html(page: bytes, parser: HTMLParser) -> HtmlElement:
    """The tree of a page in UTF-8; raises ReadingError if lxml cannot parse it."""
    try:
        return document_fromstring(page, parser=parser, ensure_head_body=True)
    # lxml.etree.ParserError is a ValueError here
    except (ValueError, AssertionError, IndexError) as error:
        raise ReadingError("nothing that a parser could read") from error
    except Exception as error:
        if type(error).__module__.startswith("lxml"):
            raise ReadingError("nothing that a parser could read") from error
        raise


def _refuse_other_files(body: bytes) -> None:
    """Raise ReadingError if the bytes begin as another file format does."""
    for mark, what in SIGNATURES_OF_OTHER_FILES:
        if body.startswith(mark):
            raise ReadingError(f"{what}, not a page")


def _is_in_script(text: str, at: int) -> bool:
    """Return whether a position of the text lies inside a script."""
    return text.rfind("<script", 0, at) > text.rfind("</script", 0, at)
