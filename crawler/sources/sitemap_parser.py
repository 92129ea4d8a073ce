"""What a sitemap says, from bytes to leads and children, and which of them are worth reading.

Sources: https://www.sitemaps.org/protocol.html and Google's news extension
(https://developers.google.com/search/docs/crawling-indexing/sitemaps/news-sitemap). Names are read
without their namespace, which publishers misspell; the tree is read and dropped element by element.
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
"""Bytes, inflated; the protocol allows 50 MB."""
MOST_ENTRIES = 50_000
"""As the protocol allows."""
MOST_SKIPPED = 1_000
"""Reasons that are kept; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Child:
    """A sitemap that an index names."""

    url: str
    modified_at: str | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A sitemap as it was read."""

    url: str
    kind: SitemapKind
    leads: tuple[Lead, ...]
    children: tuple[Child, ...]
    skipped: tuple[str, ...]
    """Why an entry became neither lead nor child, a few words each."""


Entry = Lead | Child | str


def read_sitemap(body: bytes, url: str, *, fetched_at: str | None = None) -> Sitemap:
    """Read a sitemap, a sitemap index or a list of URLs that was fetched from `url`, gzipped or
    not.

    A feed in a sitemap's place is read as a feed (kind `urls`, its leads via `feed`). No date lies
    more than a day after `fetched_at` (now, if left out). Raises SourceError for what is none of
    these, or inflates beyond LARGEST_SITEMAP.
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
    return _sitemap(
        url, "index" if root == "sitemapindex" else "urls", _entries(text, url, before), cut
    )


def _root(text: str) -> str:
    """The name of the first tag, which `xml_text` has put at the start."""
    return re.split(r"[\s/>]", text[1:100], maxsplit=1)[0].rpartition(":")[2].lower()


def _sitemap(
    url: str, kind: SitemapKind, entries: Iterator[Entry], notes: tuple[str, ...]
) -> Sitemap:
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
        raise SourceError(f"{url}: not a sitemap, but text without a single http address")
    if kind == "urls" and any(lead.via == "news sitemap" for lead in leads):
        kind = "news"
    return Sitemap(url, kind, tuple(leads), tuple(children), _shortened(skipped))


def _shortened(reasons: Sequence[str]) -> tuple[str, ...]:
    more = len(reasons) - MOST_SKIPPED
    return tuple(reasons) if more <= 0 else (*reasons[:MOST_SKIPPED], f"{more:,} more")


# --- from bytes to elements -----------------------------------------------------------------------


def inflated(body: bytes, url: str) -> tuple[bytes, tuple[str, ...]]:
    """The body after gzip, told by its first bytes, and a note if the stream was cut short.

    Raises SourceError for a stream that is broken from its start, or inflates beyond
    LARGEST_SITEMAP.
    """
    notes: tuple[str, ...] = ()
    for _ in range(2):  # a file.xml.gz that the server has compressed once more
        if not body.startswith(b"\x1f\x8b"):
            break
        body, notes = _gunzip(body, url)
    if len(body) > LARGEST_SITEMAP:
        raise SourceError(
            f"{url}: the sitemap is larger than {LARGEST_SITEMAP // 1024**2} MiB and was not read"
        )
    return body, notes


def _gunzip(body: bytes, url: str) -> tuple[bytes, tuple[str, ...]]:
    out = bytearray()
    while body.startswith(b"\x1f\x8b"):  # members may follow one another (RFC 1952, 2.2)
        stream = zlib.decompressobj(wbits=31)
        try:
            out += stream.decompress(body, LARGEST_SITEMAP + 1 - len(out))
        except zlib.error as error:
            if not out:
                raise SourceError(f"{url}: broken gzip: {error}") from error
            return bytes(out), ("the rest of a broken gzip stream",)
        if len(out) > LARGEST_SITEMAP:
            raise SourceError(
                f"{url}: the sitemap inflates beyond {LARGEST_SITEMAP // 1024**2} MiB and was not read"
            )
        if not stream.eof:
            return bytes(out), ("the rest of a gzip stream that was cut short",)
        body = stream.unused_data
    return bytes(out), ()


_ENTRY_TAGS = tuple(
    "{*}" + name for local in ("url", "sitemap") for name in (local, local.upper(), local.title())
)


def _entries(text: str, url: str, before: str) -> Iterator[Entry]:
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
    """Give back the memory of all that stands before an element that was read."""
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


@lru_cache(maxsize=512)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2].lower()


Children = dict[str, etree._Element]


def _children(element: etree._Element) -> Children:
    """The first child of each name."""
    children: Children = {}
    for child in element:
        tag = child.tag
        if isinstance(tag, str):
            children.setdefault(_local(tag), child)
    return children


def _text(children: Children, name: str) -> str:
    child = children.get(name)
    return "" if child is None or child.text is None else child.text.strip()


def _entry(element: etree._Element, url: str, before: str) -> Entry:
    children = _children(element)
    loc = _text(children, "loc") or ("" if "loc" in children else (element.text or "").strip())
    address, problem = web_url(loc, url)
    if address is None:
        return problem if loc else "no <loc>"
    modified = read_moment(_text(children, "lastmod"), fetched_at=before)
    if _local(str(element.tag)) == "sitemap":
        return Child(address, modified)
    news = children.get("news")
    if news is None:
        return Lead(url=address, via="sitemap", found_on=url, modified_at=modified)
    return _news_lead(address, url, modified, _children(news), before)


def _news_lead(address: str, url: str, modified: str | None, news: Children, before: str) -> Lead:
    publication = news.get("publication")
    raw = _text(news, "publication_date")
    tag = None if publication is None else _text(_children(publication), "language")
    language = language_code(tag or _text(news, "language"))
    return Lead(
        url=address,
        via="news sitemap",
        found_on=url,
        headline=text_of_html(_text(news, "title")),
        language=language,
        published_at=read_moment(raw, fetched_at=before, language=language),
        published_raw=raw or None,
        modified_at=modified,
    )


def _lines(text: str, url: str) -> Iterator[Entry]:
    """A sitemap in plain text: an address a line, each in full."""
    for line in text.splitlines():
        if line := line.strip().strip("\ufeff"):
            http = line.lower().startswith(("http://", "https://"))
            address, problem = web_url(line, url) if http else (None, f"no address ({line[:60]})")
            yield Lead(url=address, via="sitemap", found_on=url) if address else problem


# --- what is worth reading ------------------------------------------------------------------------


def newer_than(leads: Iterable[Lead], since: str) -> tuple[list[Lead], int, int]:
    """The leads of `since` or later, and how many were left out as older and as undated.

    The date is `published_at`, else `modified_at`, else the one in the URL's path. A day is as old
    as `since` if it is the same day.
    """
    taken: list[Lead] = []
    older = undated = 0
    for lead in leads:
        moment = lead.published_at or lead.modified_at or latest_day_in_path(lead.url)
        if moment is None:
            undated += 1
        elif not_before(moment, since):
            taken.append(lead)
        else:
            older += 1
    return taken, older, undated


def children_to_read(children: Iterable[Child], since: str, limit: int) -> list[Child]:
    """At most `limit` children that may name something of `since` or later, newest first, news
    sitemaps before all.

    A child is left out only if its lastmod, or the day, month or year in its name, says that all of
    it is older. One without any date comes after those that are new for certain, in the order of
    the index.
    """
    dated = [(_latest(child), child) for child in children]
    read = [
        (latest, child) for latest, child in dated if latest is None or not_before(latest, since)
    ]
    read.sort(key=lambda pair: pair[0] or "", reverse=True)
    read.sort(
        key=lambda pair: "news" not in pair[1].url.rpartition("//")[2].partition("/")[2].lower()
    )
    return [child for _, child in read[:limit]]


def _latest(child: Child) -> str | None:
    """The last moment that a child can speak of."""
    known = [moment for moment in (child.modified_at, latest_day_in_name(child.url)) if moment]
    return min(known, default=None)
