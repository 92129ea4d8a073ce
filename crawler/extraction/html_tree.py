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
from crawler.extraction.blocks import INLINE
from crawler.extraction.nesting import closed, is_misnested
from crawler.text.charsets import decode
from crawler.text.entities import bounded

MAX_BYTES = 5_000_000
# news pages have hundreds to some thousands; reading more than these takes many seconds
MAX_ELEMENTS = 15_000
MAX_DEPTH = 1_000  # libxml2 silently drops what lies deeper than 2,048
MAX_ATTRIBUTES = 500  # the parser's time grows with the square of a tag's attributes

NOT_PAGES = (
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
LONG_TAG = re.compile(r"(<[a-zA-Z][\w:-]*+)\s[^<>]{2000,}+")
"""A start tag of more than 2,000 characters."""
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
TAG = re.compile(r"</?([a-zA-Z][\w:-]*)[^<>]*>")
FLAT_TEXT = "html head title meta link script style body p br h1 h2 h3 h4 h5 h6 li img"
FLAT = frozenset(FLAT_TEXT.split())
"""Tags that do not nest, or that occur once in a page."""
BREAKS = re.compile(r"(?:<br>\s*)+")
"""Line breaks in a row."""
MANY = XPath("count(//*)")
DEEP = XPath(f"count(//*) > {MAX_DEPTH} and boolean(//*[ancestor::*[{MAX_DEPTH}]])")
UNREADABLE = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
"""Control characters; in UTF-8 each of these bytes is the character itself."""
NO_CHARACTERS = ("\ufffe", "\uffff")
ONE_CLASS = ElementDefaultClassLookup(element=HtmlElement)
"""One class for every element: lxml.html calls a Python function for each, to offer form methods
that are never used here."""
XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


class Opened(NamedTuple):
    """The tree of a page, with the root `html`, and a few words on each part that was not read."""

    tree: HtmlElement
    shortened: tuple[str, ...]


def read_page(capture: Capture) -> Opened:
    """Return the tree of a captured page.

    Raises ReadingError with a message of a few words if the bytes are not a page.
    """
    body = capture.body[:MAX_BYTES]
    _refuse_bytes(body)
    text = bounded(decode(body, capture.header("Content-Type")))
    if not text.strip():
        raise ReadingError("no bytes but blanks")
    if text.count("\ufffd") * 10 > len(text):
        raise ReadingError("no text in any charset")
    shortened = []
    if len(capture.body) > MAX_BYTES:
        shortened.append(f"only its first {MAX_BYTES // 1_000_000} MB were read")
    light = LONG_TAG.sub(_few_attributes, text)
    if len(light) < len(text):
        shortened.append(f"a tag of more than {MAX_ATTRIBUTES} attributes was read without them")
    tree = _first_elements(_tree(light), shortened)
    if DEEP(tree):
        shortened.append(f"nested deeper than {MAX_DEPTH} levels, read as if it were flat")
        flat = BREAKS.sub("<br>", TAG.sub(_flat, light))
        tree = _first_elements(_tree(flat), shortened)
        if DEEP(tree):
            raise ReadingError(f"nested deeper than {MAX_DEPTH} levels")
    return Opened(tree, tuple(dict.fromkeys(shortened)))


def _few_attributes(tag: re.Match[str]) -> str:
    """The tag, without its attributes if it has too many."""
    if len(tag[0].split()) <= MAX_ATTRIBUTES:  # cheaper than to remove the values first
        return tag[0]
    unquoted = QUOTED.sub("", tag[0])
    many = len(unquoted.split()) > MAX_ATTRIBUTES
    return tag[1] if many and not _in_script(tag.string, tag.start()) else tag[0]


def _flat(tag: re.Match[str]) -> str:
    """The replacement of a tag in a page that nests too deep: a line break for a block."""
    name = tag[1].lower()
    if name in FLAT:
        return tag[0]
    return " " if name in INLINE else "<br>"


def _first_elements(tree: HtmlElement, shortened: list[str]) -> HtmlElement:
    """The tree, cut after the last element that may be read."""
    if MANY(tree) > MAX_ELEMENTS:
        shortened.append(f"only its first {MAX_ELEMENTS} elements were read")
        last = tree.xpath(f"(//*)[{MAX_ELEMENTS}]")[0]
        for step in (last, *last.iterancestors()):
            around = step.getparent()
            if around is not None:
                del around[around.index(step) + 1 :]
    return tree


def _tree(text: str) -> HtmlElement:
    """The tree of a page's text, misnested elements closed as browsers do."""
    for mark in NO_CHARACTERS:  # in a str: one that holds no wide letters is not searched
        text = text.replace(mark, "")
    encoded = XML_DECLARATION.sub("", text, count=1).encode("utf-8", "ignore")
    page = encoded.translate(None, UNREADABLE)
    parser = _parser()
    tree = _parsed(page, parser)
    if not is_misnested(parser.error_log):
        return tree
    mended = closed(page)
    return tree if mended is page else _parsed(mended, _parser())


def _parser() -> HTMLParser:
    """A new parser for one page."""
    parser = HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    parser.set_element_class_lookup(ONE_CLASS)
    return parser


def _parsed(page: bytes, parser: HTMLParser) -> HtmlElement:
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


def _refuse_bytes(body: bytes) -> None:
    """Raise ReadingError if the bytes begin as another file format does."""
    for mark, what in NOT_PAGES:
        if body.startswith(mark):
            raise ReadingError(f"{what}, not a page")


def _in_script(text: str, at: int) -> bool:
    """Whether a position of the text lies inside a script."""
    return text.rfind("<script", 0, at) > text.rfind("</script", 0, at)
