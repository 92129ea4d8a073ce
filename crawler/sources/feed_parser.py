"""What a feed says: RSS 0.9x, 1.0 and 2.0, Atom, RDF and JSON Feed, from bytes to leads.

The tree is lxml's, read with recovery. No entity is declared, expanded or fetched: `xml_root` takes that away before
the parser sees the text. Sources: https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec,
RFC 4287 (Atom), https://www.jsonfeed.org/version/1.1/.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from html.entities import html5
from itertools import islice
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

from lxml import etree
from w3lib.encoding import read_bom, resolve_encoding

from archive.errors import SourceError
from archive.records import Lead, now
from crawler.dates.date_parser import month_first, read_moment
from crawler.text.entities import unescape
from crawler.text.language import language_code

FeedKind = Literal["rss", "atom", "rdf", "json"]

LARGEST_FEED = 16 * 1024 * 1024
"""Bytes of body."""
MOST_ENTRIES = 5_000
LONGEST_LEDE = 600
"""Characters."""
MOST_BASES = 8
"""Elements whose `xml:base` counts: an entry and those around it."""
LONGEST_URL = 4_096
"""Characters; what is longer is no address that a page would have."""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it was read."""

    url: str
    kind: FeedKind
    title: str | None
    language: str | None
    home_url: str | None
    ttl_minutes: int | None
    """How long its publisher asks readers to wait, from `ttl` or `sy:updatePeriod`."""
    leads: tuple[Lead, ...]
    skipped: tuple[str, ...]
    """Why an entry became no lead, a few words each."""
    month_first: bool | None = None
    """How its country writes 03/04/2024: True as of March, False as of April."""


def read_feed(body: bytes, url: str, *, fetched_at: str | None = None) -> Feed:
    """Read a feed that was fetched from `url`.

    A lead has an absolute http or https URL; its dates are none that lie more than a day after `fetched_at` (now, if
    left out). Raises SourceError for what is no feed, or is larger than LARGEST_FEED.
    """
    if len(body) > LARGEST_FEED:
        raise SourceError(f"{url}: the feed is larger than {LARGEST_FEED // 1024**2} MiB and was not read")
    text = decoded(body)
    before = fetched_at or now()
    if text.lstrip().startswith("{"):
        return _read_json(text, url, before)
    return _read_xml(text, url, before)


# --- from bytes to a tree ---------------------------------------------------------------------------------------------

_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ROOT = re.compile(r"<(?:[\w.-]+:)?(?:rss|feed|rdf|urlset|sitemapindex|opml)(?=[\s>/])", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s+)?html[\s>]", re.IGNORECASE)
_LOOSE_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)([A-Za-z][A-Za-z0-9]{0,31};)?",
    re.DOTALL,
)


def decoded(body: bytes) -> str:
    """The text of an XML or JSON body, whatever encoding it declares.

    A byte order mark counts first, then bytes that are UTF-8 throughout, then the declaration, then what the bytes look
    like: publishers' declarations are wrong more often than random bytes are UTF-8.
    """
    encoding, mark = read_bom(body)
    if encoding:
        return body[len(mark or b"") :].decode(encoding, "replace")
    if body[:4] in (b"<\0?\0", b"\0<\0?"):
        return body.decode("utf-16-le" if body[0] else "utf-16-be", "replace")
    found = _DECLARED.search(body[:1024])
    declared = resolve_encoding(found[1].decode("ascii", "replace")) if found else None
    for candidate in ("iso2022_jp", "hz") if declared in ("iso2022_jp", "hz") else ("utf-8", declared):
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

    Named entities of HTML become their characters, loose ampersands are escaped, and no entity can be
    declared any more.
    """
    text = _NOT_XML.sub("", text).replace("<!ENTITY", "&lt;!ENTITY")
    return _LOOSE_AMPERSAND.sub(_escaped, text) if "&" in text else text


def _escaped(match: re.Match[str]) -> str:
    if match[0].startswith("<"):
        return match[0]
    name = match[1] or ""
    character = html5.get(name, "")
    return character if character and character not in "<>&\"'" else "&amp;" + name


def xml_text(text: str, url: str) -> str:
    """The text from its root on, well escaped; SourceError if it is a web page or has no root that we know."""
    root = _ROOT.search(text)
    if root is None or _HTML.search(text, 0, root.start()):
        what = "a web page" if _HTML.search(text, 0, 65536) else "empty" if not text.strip() else "no XML we know"
        raise SourceError(f"{url}: not a feed or sitemap, but {what}")
    return well_escaped(text[root.start() :])


def _tree(text: str, url: str) -> etree._Element:
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
        raise SourceError(f"{url}: not readable as XML: {one_line(error)}") from error
    if root is None:
        raise SourceError(f"{url}: not readable as XML: nothing but broken tags")
    return root


def one_line(error: Exception) -> str:
    """A foreign error's words, on one line."""
    return plain(str(error), 200) or type(error).__name__


# --- names of elements ------------------------------------------------------------------------------------------------

_VOCABULARIES = {
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dc:",
    "http://purl.org/rss/1.0/modules/syndication/": "sy:",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://search.yahoo.com/mrss/": "media:",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner:",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://backend.userland.com/rss2": "",
    "http://www.w3.org/2005/Atom": "",
    "http://purl.org/atom/ns#": "",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "",
}
_PLAIN_PREFIXES = ("rss", "atom", "rdf", "a10")
_XML = "{http://www.w3.org/XML/1998/namespace}"


@lru_cache(maxsize=2048)
def _named(tag: str, own: str) -> str:
    """The lower-case name of a tag, with a prefix if it is of another vocabulary than the feed's `own`."""
    space, brace, local = tag.rpartition("}")
    local = local.lower()
    if brace:
        prefix = "" if space[1:] == own else _VOCABULARIES.get(space[1:], "?:")
        return prefix + local
    prefix, colon, rest = local.rpartition(":")  # a prefix that nobody declared stays in the name
    return rest if not colon or prefix in _PLAIN_PREFIXES else local


def _name(element: etree._Element, own: str) -> str:
    tag = element.tag
    return _named(tag, own) if isinstance(tag, str) else ""


Parts = dict[str, list[etree._Element]]


def _parts(element: etree._Element, own: str) -> Parts:
    """The children by name."""
    parts: Parts = {}
    for child in element:
        parts.setdefault(_name(child, own), []).append(child)
    return parts


def _first(parts: Parts, *names: str) -> str | None:
    """The text, or the markup, of the first of these that has any."""
    texts = (_inner(element) for name in names for element in parts.get(name, ()))
    return next((text for text in texts if text), None)


def _inner(element: etree._Element) -> str:
    """Markup that was not escaped (XHTML in Atom, HTML without CDATA) is written out again."""
    if len(element):
        return etree.tostring(element, encoding="unicode", with_tail=False)
    return (element.text or "").strip()


# --- XML feeds --------------------------------------------------------------------------------------------------------

_ITEMS = ("item", "entry")


def _read_xml(text: str, url: str, before: str) -> Feed:
    root = _tree(xml_text(text, url), url)
    own = etree.QName(root).namespace or ""
    kinds: dict[str, FeedKind] = {"rss": "rss", "feed": "atom", "rdf": "rdf"}
    kind = kinds.get(_name(root, own))
    if kind is None:
        raise SourceError(f"{url}: not a feed, its root is <{_name(root, own)}>")
    channel = next((child for child in root if _name(child, own) == "channel"), root)
    parts = _parts(channel, own)
    tag = _first(parts, "language", "dc:language") or _lang(channel) or _lang(root)
    feed = Feed(
        url=url,
        kind=kind,
        title=plain(_first(parts, "title", "dc:title")),
        language=language_code(tag),
        month_first=month_first(tag, url),
        home_url=web_address(_link(parts), _base(channel, url))[0],
        ttl_minutes=_ttl(parts),
        leads=(),
        skipped=(),
    )
    return _with_leads(feed, (_xml_lead(item, own, feed, before) for item in _items(root, own)))


def _items(root: etree._Element, own: str) -> Iterator[etree._Element]:
    """The entries at any depth, but none inside another."""
    walk = etree.iterwalk(root, events=("start",))
    for _, element in walk:
        if _name(element, own) in _ITEMS:
            yield element
            walk.skip_subtree()


def _base(element: etree._Element, url: str) -> str:
    """What addresses in an element are relative to: `xml:base` of it and of the elements around it.

    lxml's own goes up to the root for each element and
    joins what it finds, which takes hours where thousands lie in each other.
    """
    around = [element, *islice(element.iterancestors(), MOST_BASES - 1)]
    for base in filter(None, (each.get(_XML + "base") for each in reversed(around))):
        url = web_address(base, url)[0] or url
    return url


def _xml_lead(item: etree._Element, own: str, feed: Feed, before: str) -> Lead | str:
    parts = _parts(item, own)
    raw = _first(parts, "pubdate", "published", "issued", "dc:issued", "dc:date", "date", "dc:created", "created")
    language = language_code(_first(parts, "dc:language", "language") or _lang(item))
    changed = _first(parts, "updated", "modified", "dc:modified", "lastbuilddate")
    published, modified = _dates(raw, changed, feed, language, before)
    said = Lead(
        url=_link(parts) or "",
        via="feed",
        found_on=feed.url,
        headline=_first(parts, "title", "media:title", "dc:title"),
        lede=_first(parts, "description", "summary", "subtitle", "itunes:summary")
        or _first(parts, "content:encoded", "content", "encoded", "media:description", "dc:description"),
        language=language or feed.language,
        published_at=published,
        published_raw=raw,
        modified_at=modified,
        guid=_first(parts, "guid", "id"),
    )
    return _checked(said, _base(item, feed.url), "an enclosure only" if "enclosure" in parts else "no link")


def _link(parts: Parts) -> str | None:
    """Where the entry or the channel is on the web: FeedBurner's original, a link, or a guid that is a permalink."""
    original = _first(parts, "feedburner:origlink")
    if original:
        return original
    links = parts.get("link", [])
    written = [text for link in links if (text := (link.text or "").strip())]
    hrefs = [href for link in links if link.get("rel", "alternate") == "alternate" and (href := link.get("href"))]
    if written or hrefs:
        return (written or hrefs)[0]
    for guid in parts.get("guid", []):
        text = (guid.text or "").strip()
        if guid.get("isPermaLink", "true").lower() != "false" and text.lower().startswith(("http://", "https://")):
            return text
    return None


def _lang(element: etree._Element) -> str | None:
    return element.get(_XML + "lang")


def _ttl(parts: Parts) -> int | None:
    minutes = _first(parts, "ttl") or ""
    if minutes.isascii() and minutes.isdecimal() and len(minutes) < 7:
        return int(minutes) or None
    periods = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
    period = periods.get((_first(parts, "sy:updateperiod") or "").lower())
    times = _first(parts, "sy:updatefrequency") or "1"
    often = int(times) if times.isascii() and times.isdecimal() and len(times) < 7 else 1
    return max(1, period // max(1, often)) if period else None


# --- JSON Feed --------------------------------------------------------------------------------------------------------


def _read_json(text: str, url: str, before: str) -> Feed:
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{url}: not readable as a JSON Feed: {one_line(error)}") from error
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise SourceError(f"{url}: not a JSON Feed, it has no list of items")
    feed = Feed(
        url=url,
        kind="json",
        title=plain(_string(data, "title")),
        language=language_code(_string(data, "language")),
        month_first=month_first(_string(data, "language"), url),
        home_url=web_address(_string(data, "home_page_url"), url)[0],
        ttl_minutes=None,
        leads=(),
        skipped=(),
    )
    return _with_leads(feed, (_json_lead(item, feed, before) for item in items))


def _json_lead(item: object, feed: Feed, before: str) -> Lead | str:
    if not isinstance(item, dict):
        return "not an object"
    raw = _string(item, "date_published")
    language = language_code(_string(item, "language"))
    published, modified = _dates(raw, _string(item, "date_modified"), feed, language, before)
    said = Lead(
        url=_string(item, "url") or _string(item, "external_url") or "",
        via="feed",
        found_on=feed.url,
        headline=_string(item, "title"),
        lede=_string(item, "summary")
        or _string(item, "content_html")
        or html.escape(_string(item, "content_text") or ""),
        language=language or feed.language,
        published_at=published,
        published_raw=raw,
        modified_at=modified,
        guid=_string(item, "id"),
    )
    return _checked(said, feed.url, "an attachment only" if item.get("attachments") else "no url")


def _string(data: dict[str, Any], key: str) -> str | None:
    value = data.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    return _NOT_XML.sub("", value).strip() or None if isinstance(value, str) else None


# --- leads ------------------------------------------------------------------------------------------------------------


def _with_leads(feed: Feed, found: Iterator[Lead | str]) -> Feed:
    """The feed with what was found in it; a string says why an entry is no lead."""
    leads: list[Lead] = []
    skipped: list[str] = []
    for number, lead in enumerate(found, 1):
        if number > MOST_ENTRIES:
            skipped.append(f"all entries after the first {MOST_ENTRIES:,}")
            break
        if isinstance(lead, Lead):
            leads.append(lead)
        else:
            skipped.append(f"entry {number}: {lead}")
    return replace(feed, leads=tuple(leads), skipped=tuple(skipped))


def _checked(said: Lead, base: str, no_link: str) -> Lead | str:
    """What an entry said, its markup read as plain text and its link as an address, or why it is no lead."""
    headline = plain(said.headline)
    if not said.url:
        return f"{no_link} ({headline[:60]})" if headline else no_link
    address, problem = web_address(said.url, base)
    if address is None:
        return problem
    return replace(said, url=address, headline=headline, lede=plain(said.lede, LONGEST_LEDE))


def _dates(
    published: str | None, modified: str | None, feed: Feed, language: str | None, before: str
) -> tuple[str | None, str | None]:
    """When an entry was published and changed, read in its own language or the feed's."""

    def read(raw: str | None) -> str | None:
        return read_moment(raw, fetched_at=before, language=language or feed.language, month_first=feed.month_first)

    return read(published), read(modified)


_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/[^\s\\&]*(?:&(?!amp;|#)[^\s\\&]*)*)?")
"""Nothing to be mended; most of a sitemap's 50,000 need no closer look."""


def web_address(link: str | None, base: str) -> tuple[str | None, str]:
    """The absolute http or https URL that `link` means on `base`, or None and why there is none.

    What a browser leaves out of an address is left out here: spaces around it, line breaks and tabs inside it.
    """
    text = (link or "").strip()
    if len(text) <= LONGEST_URL and _PLAIN_ADDRESS.fullmatch(text):
        return text, ""
    text = re.sub(r"[\t\r\n]+ *", "", text).replace(" ", "%20")
    text = re.sub(r"&amp;|&#0*38;", "&", text)
    if not text:
        return None, "no link"
    shown = text[:60]
    if len(text) > LONGEST_URL:
        return None, f"a link of {len(text):,} characters ({shown}…)"
    try:
        address = urljoin(base, text)
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None, f"no valid address ({shown})"
    if parts.scheme not in ("http", "https"):
        return None, f"a {parts.scheme or 'relative'}: link ({shown})"
    return (address, "") if host else (None, f"an address without host ({shown})")


# --- text and language ------------------------------------------------------------------------------------------------

_NO_TEXT = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_BLOCK = re.compile(
    r"</?(?:p|br|div|li|ul|ol|h[1-6]|blockquote|tr|td|figure|figcaption|hr|img)\b[^<>]*>", re.IGNORECASE
)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_MOST_MARKUP = 20_000
"""Characters of markup that are looked at for a headline or a lede."""


def plain(markup: str | None, longest: int = 1_000) -> str | None:
    """The text of a piece of HTML on one line, at most `longest` characters and cut between words; None for no text."""
    text = (markup or "")[:_MOST_MARKUP]
    if "<" in text:
        text = _TAG.sub("", _BLOCK.sub(" ", _NO_TEXT.sub(" ", text)))
    text = " ".join(_NOT_XML.sub("", unescape(text)).split())
    if len(text) <= longest:
        return text or None
    cut = text[: longest - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[longest // 2 :] else cut).rstrip() + "…"
