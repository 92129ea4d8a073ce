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
from typing import Literal

from lxml import etree

from archive.errors import SourceError
from archive.records import Lead, now
from crawler.dates.date_parser import not_before, read_moment
from crawler.dates.url_dates import latest_day_in_name, latest_day_in_path
from crawler.sources.feed_parser import read_feed
from crawler.sources.xml import decoded, xml_from_root
from crawler.text.html_text import one_line_error, text_of_html
from crawler.text.language import language_code
from crawler.text.urls import web_url

SitemapKind = Literal["index", "news", "urls", "text"]

LARGEST_SITEMAP = 64 * 1024 * 1024
"""Maximum size in bytes, decompressed; the protocol allows 50 MB."""
MOST_ENTRIES = 50_000
"""The limit of the protocol."""
MOST_SKIPPED = 1_000
"""Reasons to store; further ones are only counted."""


@dataclass(frozen=True, slots=True)
class Child:
    """A sitemap in a sitemap index."""

    url: str
    modified_at: str | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A parsed sitemap."""

    url: str
    kind: SitemapKind
    leads: tuple[Lead, ...]
    children: tuple[Child, ...]
    skipped: tuple[str, ...]
    """Why entries became neither leads nor children, in a few words each."""


Entry = Lead | Child | str


def read_sitemap(body: bytes, url: str, *, fetched_at: str | None = None) -> Sitemap:
    """Parse a sitemap, a sitemap index or a list of URLs fetched from `url`, gzipped or not.

    A feed in place of a sitemap is parsed as a feed (kind `urls`, its leads via `feed`). Dates more
    than a day after `fetched_at` (default: now) are dropped. Raises SourceError if the body is none
    of these, or larger than LARGEST_SITEMAP when decompressed.
    """
    before = fetched_at or now()
    body, cut = inflated(body, url)
    text = decoded(body)
    del body
    if "<" not in text[:4096]:
        return _sitemap(url, "text", _lines(text, url), cut)
    text = xml_from_root(text, url)
    root = _root(text)
    if root in ("rss", "feed", "rdf"):
        feed = read_feed(text.encode(), url, fetched_at=before)
        return Sitemap(url, "urls", feed.leads, (), feed.skipped + cut)
    if root not in ("urlset", "sitemapindex"):
        raise SourceError(f"{url}: not a sitemap, its root is <{root}>")
    kind: SitemapKind = "index" if root == "sitemapindex" else "urls"
    return _sitemap(url, kind, _entries(text, url, before), cut)


def _root(text: str) -> str:
    """Return the name of the first tag, which `xml_from_root` has put at the start."""
    return re.split(r"[\s/>]", text[1:100], maxsplit=1)[0].rpartition(":")[2].lower()


def _sitemap(
    url: str, kind: SitemapKind, entries: Iterator[Entry], notes: tuple[str, ...]
) -> Sitemap:
    """Collect entries into a sitemap. Raises SourceError for a text without URLs."""
    leads: list[Lead] = []
    children: list[Child] = []
    skipped = list(notes)
    for number, entry in enumerate(entries, 1):
        if number > MOST_ENTRIES:
            skipped.append(f"all entries after the first {MOST_ENTRIES:,}")
            break
        if isinstance(entry, Lead):
            leads.append(entry)
        elif isinstance(entry, Child):
            children.append(entry)
        else:
            skipped.append(f"entry {number}: {entry}")
    if kind == "text" and not leads:
        raise SourceError(f"{url}: not a sitemap, but text without a single http URL")
    if kind == "urls" and any(lead.via == "news sitemap" for lead in leads):
        kind = "news"
    return Sitemap(url, kind, tuple(leads), tuple(children), _shortened(skipped))


def _shortened(reasons: Sequence[str]) -> tuple[str, ...]:
    """Return the first reasons, and the number of further ones."""
    more = len(reasons) - MOST_SKIPPED
    if more <= 0:
        return tuple(reasons)
    return (*reasons[:MOST_SKIPPED], f"{more:,} more")


# --- from bytes to elements -----------------------------------------------------------------------


def inflated(body: bytes, url: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the decompressed body if it is gzip by its first bytes, and a note if it is truncated.

    Raises SourceError if the stream is broken from its start, or larger than LARGEST_SITEMAP when
    decompressed.
    """
    notes: tuple[str, ...] = ()
    for _ in range(2):  # servers may compress a file.xml.gz once more
        if not body.startswith(b"\x1f\x8b"):
            break
        body, notes = _gunzip(body, url)
    if len(body) > LARGEST_SITEMAP:
        raise SourceError(
            f"{url}: the sitemap is larger than {LARGEST_SITEMAP // 1024**2} MiB and was not read"
        )
    return body, notes


def _gunzip(body: bytes, url: str) -> tuple[bytes, tuple[str, ...]]:
    """Decompress the members of a gzip body, with a note if it is truncated."""
    out = bytearray()
    while body.startswith(b"\x1f\x8b"):  # a file is a sequence of members (RFC 1952, 2.2)
        stream = zlib.decompressobj(wbits=31)
        try:
            out += stream.decompress(body, LARGEST_SITEMAP + 1 - len(out))
        except zlib.error as error:
            if not out:
                raise SourceError(f"{url}: broken gzip: {error}") from error
            return bytes(out), ("the rest of a broken gzip stream",)
        if len(out) > LARGEST_SITEMAP:
            limit = LARGEST_SITEMAP // 1024**2
            raise SourceError(f"{url}: the sitemap inflates beyond {limit} MiB and was not read")
        if not stream.eof:
            return bytes(out), ("the rest of a gzip stream that was cut short",)
        body = stream.unused_data
    return bytes(out), ()


_ENTRY_TAGS = tuple(
    "{*}" + name for local in ("url", "sitemap") for name in (local, local.upper(), local.title())
)


def _entries(text: str, url: str, before: str) -> Iterator[Entry]:
    """Yield the entries of a sitemap or index while parsing; an error ends them with a reason."""
    stream = etree.iterparse(
        BytesIO(text.encode()),
        ("end",),
        tag=_ENTRY_TAGS,
        encoding="utf-8",
        recover=True,
        huge_tree=True,
        resolve_entities=False,
        no_network=True,
    )
    try:
        for _, element in stream:
            yield _entry(element, url, before)
            _drop(element)
    except (etree.LxmlError, ValueError) as error:
        yield f"the rest of it: not readable as XML: {one_line_error(error)}"


def _drop(element: etree._Element) -> None:
    """Free the memory of everything before an element that was read."""
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


@lru_cache(maxsize=512)
def _local(tag: str) -> str:
    """Return the lower-case name of a tag without its namespace."""
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


Children = dict[str, etree._Element]


def _children(element: etree._Element) -> Children:
    """Return the first child of each name."""
    children: Children = {}
    for child in element:
        tag = child.tag
        if isinstance(tag, str):
            children.setdefault(_local(tag), child)
    return children


def _text(children: Children, name: str) -> str:
    """Return the text of a child, or an empty string."""
    child = children.get(name)
    return "" if child is None or child.text is None else child.text.strip()


def _entry(element: etree._Element, url: str, before: str) -> Entry:
    """Return the lead or child of an element, or the reason why it has none."""
    children = _children(element)
    loc = _text(children, "loc")
    if "loc" not in children:  # a URL directly in the element
        loc = (element.text or "").strip()
    loc_url, problem = web_url(loc, url)
    if loc_url is None:
        return problem if loc else "no <loc>"
    modified = read_moment(_text(children, "lastmod"), fetched_at=before)
    if _local(str(element.tag)) == "sitemap":
        return Child(loc_url, modified)
    news = children.get("news")
    if news is None:
        return Lead(url=loc_url, via="sitemap", found_on=url, modified_at=modified)
    return _news_lead(loc_url, url, modified, _children(news), before)


def _news_lead(loc_url: str, url: str, modified: str | None, news: Children, before: str) -> Lead:
    """Return the lead of an element with the news extension."""
    publication = news.get("publication")
    raw = _text(news, "publication_date")
    tag = None if publication is None else _text(_children(publication), "language")
    language = language_code(tag or _text(news, "language"))
    return Lead(
        url=loc_url,
        via="news sitemap",
        found_on=url,
        headline=text_of_html(_text(news, "title")),
        language=language,
        published_at=read_moment(raw, fetched_at=before, language=language),
        published_raw=raw or None,
        modified_at=modified,
    )


def _lines(text: str, url: str) -> Iterator[Entry]:
    """Yield the entries of a sitemap in plain text, which has an absolute URL on each line."""
    for raw_line in text.splitlines():
        line = raw_line.strip().strip("\ufeff")
        if not line:
            continue
        if not line.lower().startswith(("http://", "https://")):
            yield f"no address ({line[:60]})"
            continue
        line_url, problem = web_url(line, url)
        yield Lead(url=line_url, via="sitemap", found_on=url) if line_url else problem


# --- what is worth reading ------------------------------------------------------------------------


def newer_than(leads: Iterable[Lead], since: str) -> tuple[list[Lead], int, int]:
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
        elif not_before(timestamp, since):
            newer.append(lead)
        else:
            older += 1
    return newer, older, undated


def children_to_read(children: Iterable[Child], since: str, limit: int) -> list[Child]:
    """Return at most `limit` children that may list pages of `since` or later, newest first.

    News sitemaps come before all others. A child is left out only if its lastmod, or the day, month
    or year in its name, proves that all of it is older. A child without any date comes after those
    that are certainly new, in the order of the index.
    """
    dated = [(_latest(child), child) for child in children]
    new = [pair for pair in dated if pair[0] is None or not_before(pair[0], since)]
    new.sort(key=lambda pair: pair[0] or "", reverse=True)
    new.sort(key=lambda pair: not _has_news_in_path(pair[1].url))
    return [child for _, child in new[:limit]]


def _has_news_in_path(url: str) -> bool:
    """Return whether the path of a URL contains `news`."""
    return "news" in url.rpartition("//")[2].partition("/")[2].lower()


def _latest(child: Child) -> str | None:
    """Return the latest date that a child can contain, or None if unknown."""
    known = [moment for moment in (child.modified_at, latest_day_in_name(child.url)) if moment]
    return min(known, default=None)
