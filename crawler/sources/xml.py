"""XML of feeds and sitemaps: from bytes to a tree, without entities that expand or are fetched."""

from __future__ import annotations

import re
from html.entities import html5

from lxml import etree
from w3lib.encoding import read_bom, resolve_encoding

from archive.errors import SourceError
from crawler.text.html_text import NON_XML_CHARACTER, one_line_error

_XML_DECLARED_ENCODING = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_FEED_ROOT_TAG = re.compile(
    r"<(?:[\w.-]+:)?(?:rss|feed|rdf|urlset|sitemapindex|opml)(?=[\s>/])", re.IGNORECASE
)
_HTML_ROOT_TAG = re.compile(r"<(?:!doctype\s+)?html[\s>]", re.IGNORECASE)
_LOOSE_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)([A-Za-z][A-Za-z0-9]{0,31};)?",
    re.DOTALL,
)


def decode_xml(body: bytes) -> str:
    """Decode an XML or JSON body, whatever encoding it declares.

    In order of precedence: a byte order mark, UTF-8 if all bytes are valid, the declaration, and a
    guess. UTF-8 precedes the declaration because declarations are wrong more often than other
    encodings are valid UTF-8.
    """
    encoding, mark = read_bom(body)
    if encoding:
        return body[len(mark or b"") :].decode(encoding, "replace")
    if body[:4] in (b"<\0?\0", b"\0<\0?"):
        return body.decode("utf-16-le" if body[0] else "utf-16-be", "replace")
    declared = _declared_xml_encoding(body)
    for candidate in _candidate_encodings(declared):
        try:
            return body.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode(_guess_xml_encoding(body, declared), "replace")


def _declared_xml_encoding(body: bytes) -> str | None:
    """Return Python's name of the encoding that an XML declaration gives, or None."""
    found = _XML_DECLARED_ENCODING.search(body[:1024])
    return resolve_encoding(found[1].decode("ascii", "replace")) if found else None


def _candidate_encodings(declared: str | None) -> tuple[str, ...]:
    """Return the encodings to try in turn."""
    if declared in ("iso2022_jp", "hz"):  # encodings of ASCII bytes, which are valid UTF-8 too
        return ("iso2022_jp", "hz")
    return ("utf-8", declared) if declared else ("utf-8",)


def _guess_xml_encoding(body: bytes, declared: str | None) -> str:
    """Guess the encoding of bytes that are valid neither in UTF-8 nor in the declared encoding."""
    if declared and declared != "utf-8" and not declared.startswith("utf-16"):
        return declared
    start = body[:65536]
    if _is_mostly_utf8(start):
        return "utf-8"
    from trafilatura.utils import detect_encoding

    names = map(resolve_encoding, detect_encoding(start))
    return next(filter(None, names), "cp1252")


def _is_mostly_utf8(body: bytes) -> bool:
    """Return whether fewer than a tenth of the bytes beyond ASCII are invalid in UTF-8."""
    beyond_ascii = sum(byte > 0x7F for byte in body)
    invalid = body.decode("utf-8", "replace").count("\ufffd")
    return invalid * 10 < beyond_ascii


def escape_xml_text(text: str) -> str:
    """Return XML without anything that would stop a parser or make it expand or fetch entities.

    Named entities of HTML become their characters, loose ampersands are escaped, and declarations
    of entities are disabled.
    """
    text = NON_XML_CHARACTER.sub("", text).replace("<!ENTITY", "&lt;!ENTITY")
    return _LOOSE_AMPERSAND.sub(_escape_xml_match, text) if "&" in text else text


def _escape_xml_match(match: re.Match[str]) -> str:
    """Return the replacement of a match of `_LOOSE_AMPERSAND`; CDATA sections stay unchanged."""
    if match[0].startswith("<"):
        return match[0]
    name = match[1] or ""
    character = html5.get(name, "")
    return character if character and character not in "<>&\"'" else "&amp;" + name


def escaped_xml_from_root(text: str, url: str) -> str:
    """Return the text from its root element on, well escaped.

    Raises SourceError for a web page and for text without a known root element.
    """
    root = _FEED_ROOT_TAG.search(text)
    if root is None or _HTML_ROOT_TAG.search(text, 0, root.start()):
        content = "other content"
        if _HTML_ROOT_TAG.search(text, 0, 65536):
            content = "a web page"
        elif not text.strip():
            content = "empty"
        raise SourceError(f"{url}: not a feed or sitemap, but {content}")
    return escape_xml_text(text[root.start() :])


def parse_xml_tree(text: str, url: str) -> etree._Element:
    """Parse XML with recovery from errors. Raises SourceError if there is no tree."""
    parser = etree.XMLParser(
        encoding="utf-8",
        recover=True,
        huge_tree=True,
        resolve_entities=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode(), parser, base_url=url)
    except (etree.LxmlError, ValueError) as error:
        raise SourceError(f"{url}: not readable as XML: {one_line_error(error)}") from error
    if root is None:
        raise SourceError(f"{url}: not readable as XML: only broken tags")
    return root
