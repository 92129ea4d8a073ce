"""XML of feeds and sitemaps: from bytes to a tree, without entities that could expand or fetch
anything."""

from __future__ import annotations

import re
from html.entities import html5

from lxml import etree
from w3lib.encoding import read_bom, resolve_encoding

from archive.errors import SourceError
from crawler.text.html_text import NOT_XML, one_line_error

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_ROOT = re.compile(
    r"<(?:[\w.-]+:)?(?:rss|feed|rdf|urlset|sitemapindex|opml)(?=[\s>/])", re.IGNORECASE
)
_HTML = re.compile(r"<(?:!doctype\s+)?html[\s>]", re.IGNORECASE)
_LOOSE_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)([A-Za-z][A-Za-z0-9]{0,31};)?",
    re.DOTALL,
)


def decoded(body: bytes) -> str:
    """The text of an XML or JSON body, whatever encoding it declares.

    A byte order mark counts first, then bytes that are UTF-8 throughout, then the declaration, then
    what the bytes look like: publishers' declarations are wrong more often than random bytes are
    UTF-8.
    """
    encoding, mark = read_bom(body)
    if encoding:
        return body[len(mark or b"") :].decode(encoding, "replace")
    if body[:4] in (b"<\0?\0", b"\0<\0?"):
        return body.decode("utf-16-le" if body[0] else "utf-16-be", "replace")
    found = _DECLARED.search(body[:1024])
    declared = resolve_encoding(found[1].decode("ascii", "replace")) if found else None
    for candidate in (
        ("iso2022_jp", "hz") if declared in ("iso2022_jp", "hz") else ("utf-8", declared)
    ):
        try:
            return body.decode(candidate or "ascii")
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode(_likely_encoding(body, declared), "replace")


def _likely_encoding(body: bytes, declared: str | None) -> str:
    """For bytes that are neither UTF-8 nor what they declare."""
    if declared not in (None, "utf-8") and not (declared or "").startswith("utf-16"):
        return declared or "utf-8"
    high = sum(byte > 0x7F for byte in body[:65536])
    wrong = body[:65536].decode("utf-8", "replace").count("\ufffd")
    if wrong * 10 < high:
        return "utf-8"
    from trafilatura.utils import detect_encoding

    guesses: list[str] = detect_encoding(body[:65536])
    return next((name for guess in guesses if (name := resolve_encoding(guess))), "cp1252")


def well_escaped(text: str) -> str:
    """The text without what would stop an XML parser, or make it expand or fetch anything.

    Named entities of HTML become their characters, loose ampersands are escaped, and no entity can
    be declared any more.
    """
    text = NOT_XML.sub("", text).replace("<!ENTITY", "&lt;!ENTITY")
    return _LOOSE_AMPERSAND.sub(_escaped, text) if "&" in text else text


def _escaped(match: re.Match[str]) -> str:
    if match[0].startswith("<"):
        return match[0]
    name = match[1] or ""
    character = html5.get(name, "")
    return character if character and character not in "<>&\"'" else "&amp;" + name


def xml_from_root(text: str, url: str) -> str:
    """The text from its root on, well escaped; SourceError if it is a web page or has no root that
    we know."""
    root = _ROOT.search(text)
    if root is None or _HTML.search(text, 0, root.start()):
        what = (
            "a web page"
            if _HTML.search(text, 0, 65536)
            else "empty"
            if not text.strip()
            else "no XML we know"
        )
        raise SourceError(f"{url}: not a feed or sitemap, but {what}")
    return well_escaped(text[root.start() :])


def xml_tree(text: str, url: str) -> etree._Element:
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
        raise SourceError(f"{url}: not readable as XML: nothing but broken tags")
    return root
