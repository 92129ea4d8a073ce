"""Bytes → a tree of elements: charset, size, nesting, and what is no page at all.

What would take too long to read is read in part, and the page says so: its first megabytes, its first elements, a tag
without its thousands of attributes, a nest of boxes as if it were flat.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from lxml.etree import ElementDefaultClassLookup, XPath
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from trafilatura.utils import detect_encoding
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from archive.errors import ReadingError
from archive.records import Capture
from crawler.blocks import INLINE
from crawler.entities import bounded
from crawler.nesting import closed, is_misnested

MAX_BYTES = 5_000_000
MAX_ELEMENTS = 15_000  # news pages have hundreds to some thousands; reading more than these takes many seconds
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
LONG_TAG = re.compile(r"(<[a-zA-Z][\w:-]*+)\s[^<>]{2000,}+")  # nothing is tried twice: every tag of a page is
QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
TAG = re.compile(r"</?([a-zA-Z][\w:-]*)[^<>]*>")
FLAT_TEXT = "html head title meta link script style body p br h1 h2 h3 h4 h5 h6 li img"
FLAT = frozenset(FLAT_TEXT.split())
"""Tags that do not nest, or that a page has one of."""
BREAKS = re.compile(r"(?:<br>\s*)+")
MANY = XPath("count(//*)")
DEEP = XPath(f"boolean(//*[ancestor::*[{MAX_DEPTH}]])")
UNREADABLE = bytes({*range(0x20), 0x7F} - set(b"\t\n\r"))
"""Control characters; in UTF-8 each of these bytes is the character."""
NO_CHARACTERS = ("\ufffe", "\uffff")
ONE_CLASS = ElementDefaultClassLookup(element=HtmlElement)
"""One class for every element: lxml.html asks a Python function for each, for the sake of forms that nobody fills."""
XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
ASCII_RUN = re.compile(rb"<[^>]*>|[\x00-\x7f]{12,}")
META_LANGUAGE = re.compile(rb"<html[^>]{0,300}?\blang\s*=\s*[\"']?([a-zA-Z]{2})", re.I)
LEGACY = {  # what pages of a language were written in before UTF-8, the stricter first
    "ja": ("euc_jp", "cp932", "iso2022_jp"),
    "ko": ("cp949",),
    "zh": ("gb18030", "big5"),
    "ru": ("cp1251",),
    "el": ("cp1253",),
    "pl": ("cp1250",),
    "cs": ("cp1250",),
    "hu": ("cp1250",),
    "tr": ("cp1254",),
}
CONTROL = re.compile(rb"\xc2[\x80-\x9f]")
"""U+0080 to U+009F in UTF-8: no page has them, but those that were encoded twice."""
WINDOWS = {code: bytes((code,)).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
WESTERN = {"cp1252", "iso8859-1", "latin-1", "iso8859-15", "windows-1252", "ascii"}


class Opened(NamedTuple):
    """A page's tree, its root `html`, and what was not read of it, each in a few words."""

    tree: HtmlElement
    shortened: tuple[str, ...]


def read_page(capture: Capture) -> Opened:
    """The tree of a captured page.

    Raises ReadingError, its message a few words, when the bytes are no page.
    """
    body = capture.body[:MAX_BYTES]
    _refuse_bytes(body)
    text = bounded(decode(body, capture.header("Content-Type")))
    if not text.strip():
        raise ReadingError("no bytes but blanks")
    if text.count("\ufffd") * 10 > len(text):
        raise ReadingError("no text in any charset")
    shortened = [f"only its first {MAX_BYTES // 1_000_000} MB were read"] if len(capture.body) > MAX_BYTES else []
    light = LONG_TAG.sub(_few_attributes, text)
    if len(light) < len(text):
        shortened.append(f"a tag of more than {MAX_ATTRIBUTES} attributes was read without them")
    tree = _first_elements(_tree(light), shortened)
    if DEEP(tree):
        shortened.append(f"nested deeper than {MAX_DEPTH} levels, read as if it were flat")
        tree = _first_elements(_tree(BREAKS.sub("<br>", TAG.sub(_flat, light))), shortened)
        if DEEP(tree):
            raise ReadingError(f"nested deeper than {MAX_DEPTH} levels")
    return Opened(tree, tuple(dict.fromkeys(shortened)))


def _few_attributes(tag: re.Match[str]) -> str:
    many = len(QUOTED.sub("", tag[0]).split()) > MAX_ATTRIBUTES
    return tag[1] if many and not _in_script(tag.string, tag.start()) else tag[0]


def _flat(tag: re.Match[str]) -> str:
    name = tag[1].lower()
    return tag[0] if name in FLAT else " " if name in INLINE else "<br>"


def _first_elements(tree: HtmlElement, shortened: list[str]) -> HtmlElement:
    """The tree, cut behind its last element that may be read."""
    if MANY(tree) > MAX_ELEMENTS:
        shortened.append(f"only its first {MAX_ELEMENTS} elements were read")
        last = tree.xpath(f"(//*)[{MAX_ELEMENTS}]")[0]
        for step in (last, *last.iterancestors()):
            around = step.getparent()
            if around is not None:
                del around[around.index(step) + 1 :]
    return tree


def decode(body: bytes, content_type: str | None = None) -> str:
    """The text of a page's bytes. Bytes that are valid UTF-8 are UTF-8, whatever the page declares.

    Then, as long as the bytes agree: the HTTP header, the page's own declaration, what its language was written in,
    and what charset_normalizer sees in its letters.
    """
    mark, bom = read_bom(body)
    if mark and bom:
        return body[len(bom) :].decode(mark, "replace")
    if wide := _wide(body):
        return body.decode(wide, "replace")
    if (text := _strictly(body, "utf-8")) is not None:
        return _encoded_once(text) if CONTROL.search(body) else text
    for encoding in _candidates(body, content_type):
        if (text := _strictly(body, encoding)) is not None:
            return text
    return body.decode("utf-8", "replace")


def _encoded_once(text: str) -> str:
    """A page with control characters for letters, as it was before somebody took its bytes for Latin-1 and saved it.

    They were UTF-8 if all of them are; else Windows-1252, as which HTML reads such numbers.
    """
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text.translate(WINDOWS)


def _wide(body: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of the mark-up is NUL."""
    head = body[:400]
    if head.count(0) * 3 < len(head):
        return None
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def _candidates(body: bytes, content_type: str | None) -> Iterator[str]:
    if _nearly_utf8(body):
        return
    yield from filter(None, (http_content_type_encoding(content_type), html_body_declared_encoding(body)))
    found = META_LANGUAGE.search(body[:4000])
    yield from LEGACY.get(found[1].decode().lower(), ()) if found else ()
    letters = b" ".join(part for part in ASCII_RUN.split(body) if part)
    yield from detect_encoding(letters[:20_000])
    yield "cp1252"


def _nearly_utf8(body: bytes) -> bool:
    """UTF-8 that was cut or has a few bytes of something else in it."""
    replaced = body.decode("utf-8", "replace").count("\ufffd")
    return replaced * 20 < len(body.translate(None, bytes(range(0xC2))))


def _strictly(body: bytes, encoding: str) -> str | None:
    """The decoded text, or None where the bytes do not agree or the letters are no language's."""
    try:
        if b"<".decode(encoding) != "<":  # no web page is in EBCDIC; detection finds it in noise
            return None
        text = body.decode(encoding)
    except (LookupError, UnicodeDecodeError):
        return None
    if encoding.lower() not in WESTERN:
        return text
    sample = text[:100_000]
    high = sum(character > "\x7f" for character in sample)
    return text if high * 5 < sum(character.isalpha() for character in sample) else None


def _tree(text: str) -> HtmlElement:
    for mark in NO_CHARACTERS:  # in a str: one that holds no wide letters is not searched
        text = text.replace(mark, "")
    page = XML_DECLARATION.sub("", text, count=1).encode("utf-8", "ignore").translate(None, UNREADABLE)
    parser = _parser()
    tree = _parsed(page, parser)
    if is_misnested(parser.error_log):
        return _parsed(closed(page), _parser())
    return tree


def _parser() -> HTMLParser:
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
    try:
        return document_fromstring(page, parser=parser, ensure_head_body=True)
    except (ValueError, AssertionError, IndexError) as error:  # lxml.etree.ParserError is a ValueError here
        raise ReadingError("nothing that a parser could read") from error
    except Exception as error:
        if type(error).__module__.startswith("lxml"):
            raise ReadingError("nothing that a parser could read") from error
        raise


def _refuse_bytes(body: bytes) -> None:
    for mark, what in NOT_PAGES:
        if body.startswith(mark):
            raise ReadingError(f"{what}, not a page")


def _in_script(text: str, at: int) -> bool:
    return text.rfind("<script", 0, at) > text.rfind("</script", 0, at)
