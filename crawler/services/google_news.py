"""Google News search as RSS: headline, outlet and time, up to 100 in an answer.

Its links lead to Google. Links from before 2024 contain the encoded URL of the article; later
ones contain an opaque number. Such an article is known by headline and outlet only, until the
outlet's own feed or sitemap lists it.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error as NoBase64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import ClassVar

from lxml import etree

from archive.errors import SourceError
from archive.records import Lead
from crawler.dates.date_parser import parse_source_date
from crawler.services.search_service import (
    SearchQuery,
    SearchService,
    ServiceAnswer,
    ServiceRequest,
    UnresolvedHeadline,
    bare_host_of,
    first_reasons,
    halve_window,
    parse_instant,
    url_with_query,
    without_reasons,
)
from crawler.sources.xml import decode_xml, escaped_xml_from_root
from crawler.text.html_text import text_of_html
from crawler.text.urls import resolve_web_url

MAX_GOOGLE_ARTICLES = 100
"""Articles in one answer, the service's maximum."""
MAX_GOOGLE_ITEMS = 1_000
"""Items that are read of one answer, whatever its length."""
ONE_DAY = timedelta(days=1)
MAX_GOOGLE_HALVINGS = 5
"""Halvings of a window."""
GOOGLE_HOSTS_PER_QUERY = 5
"""Hosts in one query."""
MAX_GOOGLE_FEED_BYTES = 8 * 1024 * 1024
"""Bytes of one answer."""
GOOGLE_EDITIONS_TEXT = """
ar ar EG EG:ar  bg bg BG BG:bg  bn bn BD BD:bn  cs cs CZ CZ:cs  de de DE DE:de  el el GR GR:el  en en-US US US:en
es es-419 US US:es-419  fr fr FR FR:fr  he he IL IL:he  hi hi IN IN:hi  hu hu HU HU:hu  id id ID ID:id  it it IT IT:it
ja ja JP JP:ja  ko ko KR KR:ko  lt lt LT LT:lt  lv lv LV LV:lv  ml ml IN IN:ml  mr mr IN IN:mr  nl nl NL NL:nl
no no NO NO:no  pl pl PL PL:pl  pt pt-BR BR BR:pt-419  ro ro RO RO:ro  ru ru RU RU:ru  sk sk SK SK:sk  sl sl SI SI:sl
sr sr RS RS:sr  sv sv SE SE:sv  ta ta IN IN:ta  te te IN IN:te  th th TH TH:th  tr tr TR TR:tr  uk uk UA UA:uk
vi vi VN VN:vi  zh zh-CN CN CN:zh-Hans
"""
_GOOGLE_EDITION_FIELDS = GOOGLE_EDITIONS_TEXT.split()
GOOGLE_EDITION_OF_LANGUAGE = {
    code: tuple(_GOOGLE_EDITION_FIELDS[at + 1 : at + 4])
    for at, code in enumerate(_GOOGLE_EDITION_FIELDS)
    if at % 4 == 0
}
"""The parameters `hl`, `gl` and `ceid` of the edition for each language."""


@dataclass(frozen=True)
class GoogleNews(SearchService):
    """The RSS search; each language uses the edition of one country."""

    name: ClassVar[str] = "google-news"
    title: ClassVar[str] = "Google News"
    via: ClassVar[str] = "google news"
    asks_robots: ClassVar[bool] = True

    base: str = "https://news.google.com"
    pause: float = 5.0
    patience: float = 600.0

    def unfit_reason(self, query: SearchQuery) -> str | None:
        """Return why a query cannot be asked, or None."""
        if query.languages and not set(query.languages) & GOOGLE_EDITION_OF_LANGUAGE.keys():
            return f"Google News has no edition in {', '.join(query.languages)}"
        return (
            None if google_expression(query) else "Google News needs words or outlets to search for"
        )

    def requests(self, query: SearchQuery) -> Iterator[ServiceRequest]:
        """Yield a request for each language and group of hosts."""
        if self.unfit_reason(query):
            return
        groups = [
            query.hosts[at : at + GOOGLE_HOSTS_PER_QUERY]
            for at in range(0, len(query.hosts), GOOGLE_HOSTS_PER_QUERY)
        ]
        for language in query.languages or ("en",):
            if language in GOOGLE_EDITION_OF_LANGUAGE:
                for hosts in groups or [()]:
                    yield self._ask(replace(query, hosts=hosts), language)

    def _ask(self, query: SearchQuery, language: str, depth: int = 0) -> ServiceRequest:
        """Return the request for a query in one language."""
        hl, gl, ceid = GOOGLE_EDITION_OF_LANGUAGE[language]
        url = url_with_query(
            f"{self.base}/rss/search", q=google_expression(query), hl=hl, gl=gl, ceid=ceid
        )
        return ServiceRequest(url, query, language=language, depth=depth)

    def _read(self, body: bytes, ask: ServiceRequest) -> ServiceAnswer:
        if len(body) > MAX_GOOGLE_FEED_BYTES:
            return self.failed(f"sent a feed of more than {MAX_GOOGLE_FEED_BYTES // 1024**2} MiB")
        try:
            items = list(islice(_rss_items(body, ask.url), MAX_GOOGLE_ITEMS))
        except SourceError as error:
            return self.later(ask, f"sent no feed ({error.args[0].removeprefix(ask.url)[2:]})")
        found, skipped = without_reasons(self._entry(item, ask) for item in items)
        asks: tuple[ServiceRequest, ...] = ()
        if len(items) >= MAX_GOOGLE_ARTICLES:
            asks = self._further(ask)
            if not asks:
                skipped.insert(0, f"what Google News found beyond {MAX_GOOGLE_ARTICLES} articles")
        return ServiceAnswer(
            leads=tuple(entry for entry in found if isinstance(entry, Lead)),
            headlines=tuple(entry for entry in found if isinstance(entry, UnresolvedHeadline)),
            asks=asks,
            skipped=first_reasons(skipped),
        )

    def _further(self, ask: ServiceRequest) -> tuple[ServiceRequest, ...]:
        """Return requests for the two halves of a full answer's window."""
        if ask.depth >= MAX_GOOGLE_HALVINGS or not ask.query.since:
            return ()
        parts = halve_window(ask.query.window(ONE_DAY), ONE_DAY)
        return tuple(self._ask(part, ask.language or "en", ask.depth + 1) for part in parts)

    def _entry(self, item: etree._Element, ask: ServiceRequest) -> Lead | UnresolvedHeadline | str:
        """Return the article of an item: a lead if its URL can be decoded, else a headline.

        Returns a reason as text if the item has no headline.
        """
        outlet, host = _source_of_item(item)
        headline, named = split_outlet_name(text_of_html(_item_child_text(item, "title")), outlet)
        if not headline:
            return "no headline"
        published = parse_source_date(_item_child_text(item, "pubDate"))
        links = (_item_child_text(item, "link"), _item_child_text(item, "guid"))
        urls = (decode_article_url(link or "") for link in links)
        url = next(filter(None, urls), None)
        if url is None:
            return UnresolvedHeadline(
                headline, host, named, published, ask.language, found_on=ask.url
            )
        return self.lead(url, ask, headline=headline, language=ask.language, published_at=published)


def google_expression(query: SearchQuery, now: datetime | None = None) -> str:
    """Return the query in Google's syntax.

    A recent window in hours becomes `when:36h`, one in days `after:` and `before:`.
    """
    alternatives = filter(None, map(_google_term, query.any_of))
    sites = [f"site:{host}" for host in query.hosts]
    choices = [_google_alternatives(list(alternatives)), _google_alternatives(sites)]
    terms = list(filter(None, [*map(_google_term, query.words), *choices]))
    if not terms:
        return ""
    return " ".join([*terms, *_google_window_terms(query, now or datetime.now(UTC))])


def _source_of_item(item: etree._Element) -> tuple[str | None, str | None]:
    """Return the name and the host of the outlet that an item names, or None for either."""
    source = item.find("source")
    if source is None:
        return None, None
    return text_of_html(source.text), bare_host_of(source.get("url") or "") or None


def _google_window_terms(query: SearchQuery, now: datetime) -> Iterator[str]:
    """Yield the terms for the window of a query."""
    if query.since and not query.until and now - 2 * ONE_DAY < parse_instant(query.since) < now:
        hours = -((parse_instant(query.since) - now) // timedelta(hours=1))
        yield f"when:{hours}h"
        return
    if query.since:
        yield f"after:{parse_instant(query.since):%Y-%m-%d}"
    if query.until:
        yield f"before:{parse_instant(query.until) + ONE_DAY:%Y-%m-%d}"


def _google_alternatives(terms: list[str]) -> str:
    """Return alternatives as one term."""
    return f"({' OR '.join(terms)})" if len(terms) > 1 else "".join(terms)


def _google_term(word: str) -> str:
    """Return a word, or a phrase in quotation marks, without operators."""
    parts = [part for part in re.sub(r'["“”()|:*]', " ", word).split() if part not in ("OR", "AND")]
    bare = " ".join(part.lstrip("-+") for part in parts)
    return f'"{bare}"' if " " in bare else bare


def split_outlet_name(title: str | None, outlet: str | None) -> tuple[str | None, str | None]:
    """Split a title into headline and outlet at its last dash: `Ferry sinks - The Bay Post`."""
    if title is None:
        return None, outlet
    if outlet:
        return (title.removesuffix(f" - {outlet}").strip() or None), outlet
    headline, dash, last = title.rpartition(" - ")
    return (headline.strip(), last.strip()) if dash and headline.strip() else (title, None)


_GOOGLE_ARTICLE_LINK = re.compile(r"(?:/articles/|^)(CBM[\w-]+)")
"""The encoded part of a link to an article."""


def decode_article_url(link: str) -> str | None:
    """Return the URL encoded in a link from before 2024; None for later links.

    The last part of such a link is base64 of two or three fields (protocol buffers): a number, the
    URL, and perhaps the URL of the AMP page, each after its type and its length.
    """
    found = _GOOGLE_ARTICLE_LINK.search(link.strip())
    if found is None:
        return None
    try:
        packed = urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))
    except (NoBase64, ValueError):
        return None
    raw = _packed_text_field(packed)
    if raw is None or not raw.startswith((b"http://", b"https://")):
        return None
    return resolve_web_url(raw.decode("utf-8", "replace"), "")[0]


def _packed_text_field(packed: bytes) -> bytes | None:
    """Return the first text of a packed message, which follows a number; None without one."""
    start = packed.find(b"\x22")
    if not 0 <= start <= 4 or len(packed) < start + 3:
        return None
    size, at = packed[start + 1], start + 2
    if size & 0x80:  # a length of two bytes, seven bits each
        size, at = (size & 0x7F) | packed[at] << 7, at + 1
    field = packed[at : at + size]
    return field if len(field) == size else None


def _rss_items(body: bytes, url: str) -> Iterator[etree._Element]:
    """Return the items of an RSS feed; raises SourceError for other text."""
    text = escaped_xml_from_root(decode_xml(body), url)
    parser = etree.XMLParser(
        encoding="utf-8", recover=True, resolve_entities=False, no_network=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except (etree.LxmlError, ValueError):
        root = None
    if root is None:
        raise SourceError(f"{url}: not readable as XML")
    return root.iter("item")


def _item_child_text(item: etree._Element, name: str) -> str | None:
    """Return the text of a child element, or None."""
    found = item.find(name)
    return "".join(found.itertext()).strip() if found is not None else None
