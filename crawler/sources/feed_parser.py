"""Parser of feeds, from bytes to leads: RSS 0.9x, 1.0 and 2.0, Atom, RDF and JSON Feed.

The tree is lxml's, parsed with recovery. No entity is declared, expanded or fetched, since
`escaped_xml_from_root` removes declarations before parsing. Own code instead of feedparser, because
the size of the work is bounded and every skipped entry is reported. Specifications:
https://www.rssboard.org/rss-specification, https://web.resource.org/rss/1.0/spec, RFC 4287 (Atom),
https://www.jsonfeed.org/version/1.1/.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

from lxml import etree

from archive.errors import SourceError
from archive.records import Lead, current_timestamp
from crawler.dates.date_parser import SiteDate, parse_source_site_date, writes_month_first
from crawler.sources.xml import decode_xml, escaped_xml_from_root, parse_xml_tree
from crawler.text.html_text import NON_XML_CHARACTER, one_line_error, text_of_html
from crawler.text.language import language_code
from crawler.text.urls import resolve_web_url

FeedKind = Literal["rss", "atom", "rdf", "json"]

MAX_FEED_BYTES = 16 * 1024 * 1024
"""Maximum size of the body in bytes."""
MAX_FEED_ENTRIES = 5_000
MAX_FEED_LEDE_CHARS = 600
"""Maximum length in characters."""
MAX_XML_BASES = 8
"""Elements whose `xml:base` is applied: an entry and its closest ancestors."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A parsed feed."""

    url: str
    kind: FeedKind
    title: str | None
    language: str | None
    home_url: str | None
    ttl_minutes: int | None
    """The interval that the publisher asks for, from `ttl` or `sy:updatePeriod`."""
    leads: tuple[Lead, ...]
    skipped: tuple[str, ...]
    """Why entries did not become leads, in a few words each."""
    month_first: bool | None = None
    """Meaning of 03/04/2024 in the feed's country: True for March, False for April."""


def parse_feed(body: bytes, url: str, *, fetched_at: str | None = None) -> ParsedFeed:
    """Parse a feed that was fetched from `url`.

    Leads have absolute http or https URLs; dates more than a day after `fetched_at` (default: now)
    are dropped. Raises SourceError if the body is not a feed or larger than LARGEST_FEED.
    """
    if len(body) > MAX_FEED_BYTES:
        raise SourceError(
            f"{url}: the feed is larger than {MAX_FEED_BYTES // 1024**2} MiB and was not read"
        )
    text = decode_xml(body)
    before = fetched_at or current_timestamp()
    if text.lstrip().startswith("{"):
        return _parse_json_feed(text, url, before)
    return _parse_xml_feed(text, url, before)


# --- names of elements ----------------------------------------------------------------------------

_FEED_NAMESPACE_PREFIXES = {
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
_IGNORED_FEED_PREFIXES = ("rss", "atom", "rdf", "a10")
_XML_NAMESPACE = "{http://www.w3.org/XML/1998/namespace}"


@lru_cache(maxsize=2048)
def _feed_tag_name(tag: str, own: str) -> str:
    """Return the lower-case name of a tag, with a prefix outside of the feed's namespace `own`."""
    space, brace, local = tag.rpartition("}")
    local = local.lower()
    if brace:
        prefix = "" if space[1:] == own else _FEED_NAMESPACE_PREFIXES.get(space[1:], "?:")
        return prefix + local
    prefix, colon, rest = local.rpartition(":")  # an undeclared prefix is part of the name
    return rest if not colon or prefix in _IGNORED_FEED_PREFIXES else local


def _feed_element_name(element: etree._Element, own: str) -> str:
    """Return the name of an element; empty for comments and the like."""
    tag = element.tag
    return _feed_tag_name(tag, own) if isinstance(tag, str) else ""


ElementsByName = dict[str, list[etree._Element]]


def _elements_by_name(element: etree._Element, own: str) -> ElementsByName:
    """Return the children by name."""
    parts: ElementsByName = {}
    for child in element:
        parts.setdefault(_feed_element_name(child, own), []).append(child)
    return parts


def _first_text_of(parts: ElementsByName, *names: str) -> str | None:
    """Return the text, or the markup, of the first of these elements that is not empty."""
    texts = (_text_or_markup(element) for name in names for element in parts.get(name, ()))
    return next((text for text in texts if text), None)


def _text_or_markup(element: etree._Element) -> str:
    """Return an element's text, or its markup if it contains elements (XHTML, bare HTML)."""
    if len(element):
        return etree.tostring(element, encoding="unicode", with_tail=False)
    return (element.text or "").strip()


# --- XML feeds ------------------------------------------------------------------------------------

_FEED_ENTRY_TAGS = ("item", "entry")


def _parse_xml_feed(text: str, url: str, before: str) -> ParsedFeed:
    """Parse an XML feed. Raises SourceError if it is not one."""
    root = parse_xml_tree(escaped_xml_from_root(text, url), url)
    own = etree.QName(root).namespace or ""
    kinds: dict[str, FeedKind] = {"rss": "rss", "feed": "atom", "rdf": "rdf"}
    kind = kinds.get(_feed_element_name(root, own))
    if kind is None:
        raise SourceError(f"{url}: not a feed, its root is <{_feed_element_name(root, own)}>")
    channel = next((child for child in root if _feed_element_name(child, own) == "channel"), root)
    parts = _elements_by_name(channel, own)
    tag = _first_text_of(parts, "language", "dc:language") or _xml_lang(channel) or _xml_lang(root)
    feed = ParsedFeed(
        url=url,
        kind=kind,
        title=text_of_html(_first_text_of(parts, "title", "dc:title")),
        language=language_code(tag),
        month_first=writes_month_first(tag, url),
        home_url=resolve_web_url(_link_of_feed_entry(parts), _xml_base_url(channel, url))[0],
        ttl_minutes=_feed_ttl_minutes(parts),
        leads=(),
        skipped=(),
    )
    leads = (
        _lead_of_xml_entry(item, own, feed, before) for item in _feed_entry_elements(root, own)
    )
    return _feed_with_leads(feed, leads)


def _feed_entry_elements(root: etree._Element, own: str) -> Iterator[etree._Element]:
    """Yield the entries at any depth, except entries within entries."""
    walk = etree.iterwalk(root, events=("start",))
    for _, element in walk:
        if _feed_element_name(element, own) in _FEED_ENTRY_TAGS:
            yield element
            walk.skip_subtree()


def _xml_base_url(element: etree._Element, url: str) -> str:
    """Return the base URL of an element: `xml:base` of it and its closest ancestors.

    lxml's own method goes up to the root for each element, which takes hours if thousands are
    nested.
    """
    around = [element, *islice(element.iterancestors(), MAX_XML_BASES - 1)]
    for base in filter(None, (each.get(_XML_NAMESPACE + "base") for each in reversed(around))):
        url = resolve_web_url(base, url)[0] or url
    return url


def _lead_of_xml_entry(item: etree._Element, own: str, feed: ParsedFeed, before: str) -> Lead | str:
    """Return the lead of an entry, or the reason why it has none."""
    parts = _elements_by_name(item, own)
    raw = _first_text_of(parts, *_FEED_DATE_TAGS)
    language = language_code(_first_text_of(parts, "dc:language", "language") or _xml_lang(item))
    changed = _first_text_of(parts, "updated", "modified", "dc:modified", "lastbuilddate")
    published, modified = _feed_entry_dates(raw, changed, feed, language, before)
    lead = Lead(
        url=_link_of_feed_entry(parts) or "",
        via="feed",
        found_on=feed.url,
        headline=_first_text_of(parts, "title", "media:title", "dc:title"),
        lede=_first_text_of(parts, *_FEED_SUMMARY_TAGS, *_FEED_CONTENT_TAGS),
        language=language or feed.language,
        published_at=published.timestamp if published else None,
        published_raw=raw,
        published_offset=published.offset if published else None,
        modified_at=modified.timestamp if modified else None,
        guid=_first_text_of(parts, "guid", "id"),
    )
    no_link = "an enclosure only" if "enclosure" in parts else "no link"
    return _lead_or_problem(lead, _xml_base_url(item, feed.url), no_link)


_FEED_DATE_TAGS = (
    "pubdate", "published", "issued", "dc:issued", "dc:date", "date", "dc:created", "created",
)  # fmt: skip
_FEED_SUMMARY_TAGS = ("description", "summary", "subtitle", "itunes:summary")
_FEED_CONTENT_TAGS = (
    "content:encoded", "content", "encoded", "media:description", "dc:description",
)  # fmt: skip


def _link_of_feed_entry(parts: ElementsByName) -> str | None:
    """Return the URL of an entry or channel: FeedBurner's original, a link, or a permalink guid."""
    return (
        _first_text_of(parts, "feedburner:origlink")
        or _url_of_links(parts.get("link", []))
        or _permalink_of_guids(parts.get("guid", []))
    )


def _url_of_links(links: Sequence[etree._Element]) -> str | None:
    """Return the first URL that is a link's text (RSS), else the first `href` (Atom)."""
    texts = ((link.text or "").strip() for link in links)
    alternates = (link for link in links if link.get("rel", "alternate") == "alternate")
    hrefs = (link.get("href") for link in alternates)
    return next(filter(None, texts), None) or next(filter(None, hrefs), None)


def _permalink_of_guids(guids: Sequence[etree._Element]) -> str | None:
    """Return the first guid that is the entry's URL."""
    for guid in guids:
        text = (guid.text or "").strip()
        is_permalink = guid.get("isPermaLink", "true").lower() != "false"
        if is_permalink and text.lower().startswith(("http://", "https://")):
            return text
    return None


def _xml_lang(element: etree._Element) -> str | None:
    """Return the `xml:lang` of an element."""
    return element.get(_XML_NAMESPACE + "lang")


def _feed_ttl_minutes(parts: ElementsByName) -> int | None:
    """Return the interval that a channel asks for, in minutes."""
    minutes = _six_digit_number(_first_text_of(parts, "ttl"))
    if minutes is not None:
        return minutes or None
    periods = {"hourly": 60, "daily": 1440, "weekly": 10_080, "monthly": 43_200, "yearly": 525_600}
    period = periods.get((_first_text_of(parts, "sy:updateperiod") or "").lower())
    if period is None:
        return None
    frequency = _six_digit_number(_first_text_of(parts, "sy:updatefrequency")) or 1
    return max(1, period // frequency)


def _six_digit_number(text: str | None) -> int | None:
    """Return a decimal number of at most six digits, or None."""
    if text and text.isascii() and text.isdecimal() and len(text) < 7:
        return int(text)
    return None


# --- JSON Feed ------------------------------------------------------------------------------------


def _parse_json_feed(text: str, url: str, before: str) -> ParsedFeed:
    """Parse a JSON Feed. Raises SourceError if it is not one."""
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{url}: not readable as a JSON Feed: {one_line_error(error)}") from error
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise SourceError(f"{url}: not a JSON Feed, it has no list of items")
    feed = ParsedFeed(
        url=url,
        kind="json",
        title=text_of_html(_json_feed_string(data, "title")),
        language=language_code(_json_feed_string(data, "language")),
        month_first=writes_month_first(_json_feed_string(data, "language"), url),
        home_url=resolve_web_url(_json_feed_string(data, "home_page_url"), url)[0],
        ttl_minutes=None,
        leads=(),
        skipped=(),
    )
    return _feed_with_leads(feed, (_lead_of_json_item(item, feed, before) for item in items))


def _lead_of_json_item(item: object, feed: ParsedFeed, before: str) -> Lead | str:
    """Return the lead of an item, or the reason why it has none."""
    if not isinstance(item, dict):
        return "not an object"
    raw = _json_feed_string(item, "date_published")
    changed = _json_feed_string(item, "date_modified")
    language = language_code(_json_feed_string(item, "language"))
    published, modified = _feed_entry_dates(raw, changed, feed, language, before)
    lead = Lead(
        url=_json_feed_string(item, "url") or _json_feed_string(item, "external_url") or "",
        via="feed",
        found_on=feed.url,
        headline=_json_feed_string(item, "title"),
        lede=_lede_of_json_item(item),
        language=language or feed.language,
        published_at=published.timestamp if published else None,
        published_raw=raw,
        published_offset=published.offset if published else None,
        modified_at=modified.timestamp if modified else None,
        guid=_json_feed_string(item, "id"),
    )
    no_link = "an attachment only" if item.get("attachments") else "no url"
    return _lead_or_problem(lead, feed.url, no_link)


def _lede_of_json_item(item: dict[str, Any]) -> str:
    """Return the summary of an item as HTML, else its content; empty if it has neither."""
    markup = _json_feed_string(item, "summary") or _json_feed_string(item, "content_html")
    return markup or html.escape(_json_feed_string(item, "content_text") or "")


def _json_feed_string(data: dict[str, Any], key: str) -> str | None:
    """Return a string or integer as text, or None."""
    value = data.get(key)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    if isinstance(value, str):
        return NON_XML_CHARACTER.sub("", value).strip() or None
    return None


# --- leads ----------------------------------------------------------------------------------------


def _feed_with_leads(feed: ParsedFeed, found: Iterator[Lead | str]) -> ParsedFeed:
    """Return the feed with its leads; a string is the reason why an entry was skipped."""
    leads: list[Lead] = []
    skipped: list[str] = []
    for number, lead in enumerate(found, 1):
        if number > MAX_FEED_ENTRIES:
            skipped.append(f"all entries after the first {MAX_FEED_ENTRIES:,}")
            break
        if isinstance(lead, Lead):
            leads.append(lead)
        else:
            skipped.append(f"entry {number}: {lead}")
    return replace(feed, leads=tuple(leads), skipped=tuple(skipped))


def _lead_or_problem(lead: Lead, base: str, no_link: str) -> Lead | str:
    """Return a lead with plain texts and an absolute URL, or the reason why it has none."""
    headline = text_of_html(lead.headline)
    if not lead.url:
        return f"{no_link} ({headline[:60]})" if headline else no_link
    url, problem = resolve_web_url(lead.url, base)
    if url is None:
        return problem
    return replace(
        lead, url=url, headline=headline, lede=text_of_html(lead.lede, MAX_FEED_LEDE_CHARS)
    )


def _feed_entry_dates(
    published: str | None, modified: str | None, feed: ParsedFeed, language: str | None, before: str
) -> tuple[SiteDate | None, SiteDate | None]:
    """Return when an entry was published and changed, parsed in its own language or the feed's."""

    def read_date(raw: str | None) -> SiteDate | None:
        return parse_source_site_date(
            raw, fetched_at=before, language=language or feed.language, month_first=feed.month_first
        )

    return read_date(published), read_date(modified)
