"""Parser of sitemaps, from bytes to leads and children, and the choice of children worth reading.

Specifications: https://www.sitemaps.org/protocol.html and Google's news extension
(https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap). Namespaces are
ignored, since publishers misspell them; the tree is read and freed element by element.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from operator import itemgetter
from typing import Literal

from lxml import etree

from archive.errors import SourceError
from archive.records import Lead, current_timestamp
from crawler.dates.date_parser import (
    is_not_before,
    parse_source_date,
    parse_source_site_date,
)
from crawler.dates.url_dates import latest_day_in_name, latest_day_in_path
from crawler.sources.feed_parser import parse_feed
from crawler.sources.xml import decode_xml, escaped_xml_from_root
from crawler.text.html_text import one_line_error, text_of_html
from crawler.text.language import language_code
from crawler.text.urls import resolve_web_url

SitemapKind = Literal["index", "news", "urls", "text"]

MAX_SITEMAP_BYTES = 64 * 1024 * 1024
"""Maximum size in bytes, decompressed; the protocol allows 50 MB."""
MAX_SITEMAP_ENTRIES = 50_000
"""The limit of the protocol."""
MAX_SITEMAP_SKIP_REASONS = 1_000
"""Reasons to store; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class ChildSitemap:
    """A sitemap in a sitemap index."""

    url: str
    modified_at: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedSitemap:
    """A parsed sitemap."""

    url: str
    kind: SitemapKind
    leads: tuple[Lead, ...]
    children: tuple[ChildSitemap, ...]
    skipped: tuple[str, ...]
    """Why entries became neither leads nor children, in a few words each."""


SitemapEntry = Lead | ChildSitemap | str


def parse_sitemap(body: bytes, url: str, *, fetched_at: str | None = None) -> ParsedSitemap:
    """Parse a sitemap, a sitemap index or a list of URLs fetched from `url`, gzipped or not.

    A feed in place of a sitemap is parsed as a feed (kind `urls`, its leads via `feed`). Dates more
    than a day after `fetched_at` (default: now) are dropped. Raises SourceError if the body has
    another format, or is larger than LARGEST_SITEMAP when decompressed.
    """
    before = fetched_at or current_timestamp()
    body, cut = gunzip_sitemap(body, url)
    text = decode_xml(body)
    del body
    if "<" not in text[:4096]:
        return _collect_sitemap(url, "text", _text_sitemap_entries(text, url), cut)
    text = escaped_xml_from_root(text, url)
    root = _sitemap_root_name(text)
    if root in ("rss", "feed", "rdf"):
        feed = parse_feed(text.encode(), url, fetched_at=before)
        return ParsedSitemap(url, "urls", feed.leads, (), feed.skipped + cut)
    if root not in ("urlset", "sitemapindex"):
        raise SourceError(f"{url}: not a sitemap, its root is <{root}>")
    kind: SitemapKind = "index" if root == "sitemapindex" else "urls"
    return _collect_sitemap(url, kind, _iterate_sitemap_entries(text, url, before), cut)


def _sitemap_root_name(text: str) -> str:
    """Return the name of the first tag, which `escaped_xml_from_root` has put at the start."""
    return re.split(r"[\s/>]", text[1:100], maxsplit=1)[0].rpartition(":")[2].lower()


def _collect_sitemap(
    url: str, kind: SitemapKind, entries: Iterator[SitemapEntry], notes: tuple[str, ...]
) -> ParsedSitemap:
    """Collect entries into a sitemap. Raises SourceError for a text without URLs."""
    leads: list[Lead] = []
    children: list[ChildSitemap] = []
    skipped = list(notes)
    for number, entry in enumerate(entries, 1):
        if number > MAX_SITEMAP_ENTRIES:
            skipped.append(f"all entries after the first {MAX_SITEMAP_ENTRIES:,}")
            break
        if isinstance(entry, Lead):
            leads.append(entry)
        elif isinstance(entry, ChildSitemap):
            children.append(entry)
        else:
            skipped.append(f"entry {number}: {entry}")
    if kind == "text" and not leads:
        raise SourceError(f"{url}: not a sitemap, but text without a single http URL")
    return ParsedSitemap(
        url,
        _news_or_other_kind(kind, leads),
        tuple(leads),
        tuple(children),
        _shortened_reasons(skipped),
    )


def _news_or_other_kind(kind: SitemapKind, leads: Sequence[Lead]) -> SitemapKind:
    """Return the kind of a sitemap: `news` for a list of URLs with the news extension."""
    has_news = any(lead.via == "news sitemap" for lead in leads)
    return "news" if kind == "urls" and has_news else kind


def _shortened_reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    """Return the first reasons, and the number of further ones."""
    more = len(reasons) - MAX_SITEMAP_SKIP_REASONS
    if more <= 0:
        return tuple(reasons)
    return (*reasons[:MAX_SITEMAP_SKIP_REASONS], f"{more:,} more")


# --- from bytes to elements -----------------------------------------------------------------------


def gunzip_sitemap(body: bytes, url: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the decompressed body if it is gzip by its first bytes, and a note if it is truncated.

    Raises SourceError if the stream is broken from its start, or larger than LARGEST_SITEMAP when
    decompressed.
    """
    notes: tuple[str, ...] = ()
    for _ in range(2):  # servers may compress a file.xml.gz once more
        if not body.startswith(b"\x1f\x8b"):
            break
        body, notes = _gunzip_members(body, url)
    if len(body) > MAX_SITEMAP_BYTES:
        raise SourceError(
            f"{url}: the sitemap is larger than {MAX_SITEMAP_BYTES // 1024**2} MiB and was not read"
        )
    return body, notes


def _gunzip_members(body: bytes, url: str) -> tuple[bytes, tuple[str, ...]]:
    """Decompress the members of a gzip body, with a note if it is truncated."""
    out = bytearray()
    while body.startswith(b"\x1f\x8b"):  # a file is a sequence of members (RFC 1952, 2.2)
        stream = zlib.decompressobj(wbits=31)
        try:
            out += stream.decompress(body, MAX_SITEMAP_BYTES + 1 - len(out))
        except zlib.error as error:
            if not out:
                raise SourceError(f"{url}: broken gzip: {error}") from error
            return bytes(out), ("the rest of a broken gzip stream",)
        if len(out) > MAX_SITEMAP_BYTES:
            limit = MAX_SITEMAP_BYTES // 1024**2
            raise SourceError(f"{url}: the sitemap inflates beyond {limit} MiB and was not read")
        if not stream.eof:
            return bytes(out), ("the rest of a gzip stream that was cut short",)
        body = stream.unused_data
    return bytes(out), ()


_SITEMAP_ENTRY_TAGS = tuple(
    "{*}" + name for local in ("url", "sitemap") for name in (local, local.upper(), local.title())
)


def _iterate_sitemap_entries(text: str, url: str, before: str) -> Iterator[SitemapEntry]:
    """Yield the entries of a sitemap or index while parsing; an error ends them with a reason."""
    stream = etree.iterparse(
        BytesIO(text.encode()),
        ("end",),
        tag=_SITEMAP_ENTRY_TAGS,
        encoding="utf-8",
        recover=True,
        huge_tree=True,
        resolve_entities=False,
        no_network=True,
    )
    try:
        for _, element in stream:
            yield _sitemap_entry(element, url, before)
            _free_elements_before(element)
    except (etree.LxmlError, ValueError) as error:
        yield f"the rest of it: not readable as XML: {one_line_error(error)}"


def _free_elements_before(element: etree._Element) -> None:
    """Free the memory of everything before an element that was read."""
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


@lru_cache(maxsize=512)
def _local_tag_name(tag: str) -> str:
    """Return the lower-case name of a tag without its namespace."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


ChildrenByName = dict[str, etree._Element]


def _children_by_name(element: etree._Element) -> ChildrenByName:
    """Return the first child of each name."""
    children: ChildrenByName = {}
    for child in element:
        tag = child.tag
        if isinstance(tag, str):
            children.setdefault(_local_tag_name(tag), child)
    return children


def _child_text(children: ChildrenByName, name: str) -> str:
    """Return the text of a child, or an empty string."""
    child = children.get(name)
    return "" if child is None or child.text is None else child.text.strip()


def _sitemap_entry(element: etree._Element, url: str, before: str) -> SitemapEntry:
    """Return the lead or child of an element, or the reason why it has none."""
    children = _children_by_name(element)
    loc = _child_text(children, "loc")
    if "loc" not in children:  # a URL directly in the element
        loc = (element.text or "").strip()
    loc_url, problem = resolve_web_url(loc, url)
    if loc_url is None:
        return problem if loc else "no <loc>"
    modified = parse_source_date(_child_text(children, "lastmod"), fetched_at=before)
    if _local_tag_name(str(element.tag)) == "sitemap":
        return ChildSitemap(loc_url, modified)
    news = children.get("news")
    if news is None:
        return Lead(url=loc_url, via="sitemap", found_on=url, modified_at=modified)
    return _lead_of_news_entry(loc_url, url, modified, _children_by_name(news), before)


def _lead_of_news_entry(
    loc_url: str, url: str, modified: str | None, news: ChildrenByName, before: str
) -> Lead:
    """Return the lead of an element with the news extension."""
    raw = _child_text(news, "publication_date")
    language = language_code(_publication_language(news) or _child_text(news, "language"))
    published = parse_source_site_date(raw, fetched_at=before, language=language)
    return Lead(
        url=loc_url,
        via="news sitemap",
        found_on=url,
        headline=text_of_html(_child_text(news, "title")),
        language=language,
        published_at=published.timestamp if published else None,
        published_raw=raw or None,
        published_offset=published.offset if published else None,
        modified_at=modified,
    )


def _publication_language(news: ChildrenByName) -> str:
    """Return the language tag of the publication, or an empty string."""
    publication = news.get("publication")
    return "" if publication is None else _child_text(_children_by_name(publication), "language")


def _text_sitemap_entries(text: str, url: str) -> Iterator[SitemapEntry]:
    """Yield the entries of a sitemap in plain text, which has an absolute URL on each line."""
    for raw_line in text.splitlines():
        line = raw_line.strip().strip("\ufeff")
        if not line:
            continue
        if not line.lower().startswith(("http://", "https://")):
            yield f"no address ({line[:60]})"
            continue
        line_url, problem = resolve_web_url(line, url)
        yield Lead(url=line_url, via="sitemap", found_on=url) if line_url else problem


# --- what is worth reading ------------------------------------------------------------------------


def leads_newer_than(leads: Iterable[Lead], since: str) -> tuple[list[Lead], int, int]:
    """Return the leads of `since` or later, and the numbers of older and of undated leads left out.

    The date is `published_at`, else `modified_at`, else the one in the URL's path. A lead of the
    same day as `since` is included if it has no time.
    """
    newer: list[Lead] = []
    older = undated = 0
    for lead in leads:
        timestamp = lead.published_at or lead.modified_at or latest_day_in_path(lead.url)
        if timestamp is None:
            undated += 1
        elif is_not_before(timestamp, since):
            newer.append(lead)
        else:
            older += 1
    return newer, older, undated


def child_sitemaps_to_read(
    children: Iterable[ChildSitemap], since: str, limit: int
) -> list[ChildSitemap]:
    """Return at most `limit` children that may list pages of `since` or later, newest first.

    News sitemaps come before all others. A child is left out only if its lastmod, or the day, month
    or year in its name, proves that all of it is older. A child without any date comes after those
    that are certainly new, in the order of the index.
    """
    dated = [(_latest_date_of_child(child), child) for child in children]
    new = [(date, child) for date, child in dated if not date or is_not_before(date, since)]
    new.sort(key=itemgetter(0), reverse=True)
    ordered = sorted((child for _, child in new), key=_is_without_news_in_path)
    return ordered[:limit]


def _is_without_news_in_path(child: ChildSitemap) -> bool:
    """Return whether the path of a sitemap's URL does not contain `news`."""
    return "news" not in child.url.rpartition("//")[2].partition("/")[2].lower()


def _latest_date_of_child(child: ChildSitemap) -> str:
    """Return the latest date that a child can contain, or an empty string if unknown."""
    known = filter(None, (child.modified_at, latest_day_in_name(child.url)))
    return min(known, default="")
