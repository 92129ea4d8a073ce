"""Bytes → a tree of elements: charset, size, nesting, and what is no page at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.etree import iterwalk
from lxml.html import HtmlElement, HTMLParser, document_fromstring
from trafilatura.utils import detect_encoding
from w3lib.encoding import html_body_declared_encoding, http_content_type_encoding, read_bom

from archive.errors import ReadingError
from archive.records import Capture

MAX_BYTES = 5_000_000
MAX_ELEMENTS = 30_000  # news pages have hundreds to some thousands; trafilatura takes seconds for more than these
MAX_DEPTH = 1_000  # libxml2 silently drops what lies deeper than 2,048
MAX_ATTRIBUTES = 5_000  # the parser's time grows with the square of a tag's attributes

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
LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{8000,}")
QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'")
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
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
WESTERN = {"cp1252", "iso8859-1", "latin-1", "iso8859-15", "windows-1252", "ascii"}


def read_page(capture: Capture) -> HtmlElement:
    """The tree of a captured page, its root `html`.

    Raises ReadingError, its message a few words, when the bytes are no page or would take too long to read.
    """
    body = capture.body[:MAX_BYTES]
    _refuse_bytes(body)
    text = decode(body, capture.header("Content-Type"))
    if not text.strip():
        raise ReadingError("no bytes but blanks")
    if text.count("\ufffd") * 10 > len(text):
        raise ReadingError("no text in any charset")
    tree = _tree(text)
    _refuse_tree(tree)
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
        return text
    for encoding in _candidates(body, content_type):
        if (text := _strictly(body, encoding)) is not None:
            return text
    return body.decode("utf-8", "replace")


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
    clean = UNREADABLE.sub("", XML_DECLARATION.sub("", text, count=1))
    parser = HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return document_fromstring(clean.encode("utf-8"), parser=parser, ensure_head_body=True)
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
    if any(
        len(QUOTED.sub(b"", tag[0]).split()) > MAX_ATTRIBUTES and not _in_script(body, tag.start())
        for tag in LONG_TAG.finditer(body)
    ):
        raise ReadingError(f"a tag of more than {MAX_ATTRIBUTES} attributes")


def _in_script(body: bytes, at: int) -> bool:
    return body.rfind(b"<script", 0, at) > body.rfind(b"</script", 0, at)


def _refuse_tree(tree: HtmlElement) -> None:
    depth = many = 0
    for event, _ in iterwalk(tree, events=("start", "end")):
        depth += 1 if event == "start" else -1
        many += event == "start"
        if depth > MAX_DEPTH:
            raise ReadingError(f"nested deeper than {MAX_DEPTH} levels")
        if many > MAX_ELEMENTS:
            raise ReadingError(f"more than {MAX_ELEMENTS} elements")
