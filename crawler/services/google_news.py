"""Google News' search as RSS: headline, outlet and time, 100 an answer.

Its links lead to Google. Those of before 2024 hold the article's address, encoded; later ones hold
an opaque number, and such an article is known by headline and outlet alone, until the outlet's own
feed or sitemap names it.
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
from crawler.dates.date_parser import read_moment
from crawler.services.search_service import (
    Answer,
    Ask,
    Headline,
    Query,
    Service,
    address,
    first_of,
    halves,
    host_of,
    instant,
)
from crawler.sources.xml import decoded, xml_from_root
from crawler.text.html_text import text_of_html
from crawler.text.urls import web_url

MOST = 100
"""Articles that an answer can hold."""
MOST_ITEMS = 1_000
"""That are read of one answer, whatever its length."""
A_DAY = timedelta(days=1)
DEEPEST = 5
HOSTS_AT_ONCE = 5
LARGEST = 8 * 1024 * 1024
EDITIONS_TEXT = """
ar ar EG EG:ar  bg bg BG BG:bg  bn bn BD BD:bn  cs cs CZ CZ:cs  de de DE DE:de  el el GR GR:el  en en-US US US:en
es es-419 US US:es-419  fr fr FR FR:fr  he he IL IL:he  hi hi IN IN:hi  hu hu HU HU:hu  id id ID ID:id  it it IT IT:it
ja ja JP JP:ja  ko ko KR KR:ko  lt lt LT LT:lt  lv lv LV LV:lv  ml ml IN IN:ml  mr mr IN IN:mr  nl nl NL NL:nl
no no NO NO:no  pl pl PL PL:pl  pt pt-BR BR BR:pt-419  ro ro RO RO:ro  ru ru RU RU:ru  sk sk SK SK:sk  sl sl SI SI:sl
sr sr RS RS:sr  sv sv SE SE:sv  ta ta IN IN:ta  te te IN IN:te  th th TH TH:th  tr tr TR TR:tr  uk uk UA UA:uk
vi vi VN VN:vi  zh zh-CN CN CN:zh-Hans
"""
_FIELDS = EDITIONS_TEXT.split()
EDITIONS = {code: tuple(_FIELDS[at + 1 : at + 4]) for at, code in enumerate(_FIELDS) if at % 4 == 0}
"""`hl`, `gl` and `ceid` of the edition that a language is asked in."""


@dataclass(frozen=True)
class GoogleNews(Service):
    """Its RSS search; each language asks the edition of one country."""

    name: ClassVar[str] = "google-news"
    title: ClassVar[str] = "Google News"
    via: ClassVar[str] = "google news"
    asks_robots: ClassVar[bool] = True

    base: str = "https://news.google.com"
    pause: float = 5.0
    patience: float = 600.0

    def unfit(self, query: Query) -> str | None:
        if query.languages and not set(query.languages) & EDITIONS.keys():
            return f"Google News has no edition in {', '.join(query.languages)}"
        return None if expression(query) else "Google News needs words or outlets to search for"

    def requests(self, query: Query) -> Iterator[Ask]:
        if self.unfit(query):
            return
        groups = [
            query.hosts[at : at + HOSTS_AT_ONCE] for at in range(0, len(query.hosts), HOSTS_AT_ONCE)
        ]
        for language in query.languages or ("en",):
            if language in EDITIONS:
                for hosts in groups or [()]:
                    yield self._ask(replace(query, hosts=hosts), language)

    def _ask(self, query: Query, language: str, depth: int = 0) -> Ask:
        hl, gl, ceid = EDITIONS[language]
        url = address(f"{self.base}/rss/search", q=expression(query), hl=hl, gl=gl, ceid=ceid)
        return Ask(url, query, language=language, depth=depth)

    def _read(self, body: bytes, ask: Ask) -> Answer:
        if len(body) > LARGEST:
            return self.failed(f"sent a feed of more than {LARGEST // 1024**2} MiB")
        try:
            found = [self._entry(item, ask) for item in islice(_items(body, ask.url), MOST_ITEMS)]
        except SourceError as error:
            return self.later(ask, f"sent no feed ({error.args[0].removeprefix(ask.url)[2:]})")
        asks = self._further(ask) if len(found) >= MOST else ()
        skipped = [entry for entry in found if isinstance(entry, str)]
        if len(found) >= MOST and not asks:
            skipped.insert(0, f"what Google News found beyond {MOST} articles")
        return Answer(
            leads=tuple(entry for entry in found if isinstance(entry, Lead)),
            headlines=tuple(entry for entry in found if isinstance(entry, Headline)),
            asks=asks,
            skipped=first_of(skipped),
        )

    def _further(self, ask: Ask) -> tuple[Ask, ...]:
        """A full answer's window in two; without a window there is none to halve."""
        if ask.depth >= DEEPEST or not ask.query.since:
            return ()
        parts = halves(ask.query.window(A_DAY), A_DAY)
        return tuple(self._ask(part, ask.language or "en", ask.depth + 1) for part in parts)

    def _entry(self, item: etree._Element, ask: Ask) -> Lead | Headline | str:
        """The article of an item: as a lead where its address can be read, else as a headline."""
        source = item.find("source")
        outlet = text_of_html(source.text) if source is not None else None
        headline, named = without_outlet(text_of_html(_child(item, "title")), outlet)
        if not headline:
            return "no headline"
        published = read_moment(_child(item, "pubDate"))
        for link in (_child(item, "link"), _child(item, "guid")):
            if url := hidden_address(link or ""):
                return self.lead(
                    url, ask, headline=headline, language=ask.language, published_at=published
                )
        host = host_of(source.get("url") or "") if source is not None else ""
        return Headline(headline, host or None, named, published, ask.language, found_on=ask.url)


def expression(query: Query, now: datetime | None = None) -> str:
    """The query in Google's words. A window of hours is `when:36h`, one of days `after:` and
    `before:`."""
    words = [_term(word) for word in query.words]
    groups = ([_term(word) for word in query.any_of], [f"site:{host}" for host in query.hosts])
    wanted = [
        *filter(None, words),
        *filter(None, (_any_of([*filter(None, terms)]) for terms in groups)),
    ]
    return " ".join([*wanted, *_when(query, now or datetime.now(UTC))]) if wanted else ""


def _when(query: Query, now: datetime) -> Iterator[str]:
    if query.since and not query.until and now - 2 * A_DAY < instant(query.since) < now:
        hours = -((instant(query.since) - now) // timedelta(hours=1))
        yield f"when:{hours}h"
        return
    if query.since:
        yield f"after:{instant(query.since):%Y-%m-%d}"
    if query.until:
        yield f"before:{instant(query.until) + A_DAY:%Y-%m-%d}"


def _any_of(terms: list[str]) -> str:
    return f"({' OR '.join(terms)})" if len(terms) > 1 else "".join(terms)


def _term(word: str) -> str:
    """A word, or a phrase in quotation marks, without what would be an operator."""
    parts = [part for part in re.sub(r'["“”()|:*]', " ", word).split() if part not in ("OR", "AND")]
    bare = " ".join(part.lstrip("-+") for part in parts)
    return f'"{bare}"' if " " in bare else bare


def without_outlet(title: str | None, outlet: str | None) -> tuple[str | None, str | None]:
    """A title's headline and the outlet's name behind its last dash: `Ferry sinks - The Bay
    Post`."""
    if title is None:
        return None, outlet
    if outlet:
        return (title.removesuffix(f" - {outlet}").strip() or None), outlet
    headline, dash, last = title.rpartition(" - ")
    return (headline.strip(), last.strip()) if dash and headline.strip() else (title, None)


_ARTICLE = re.compile(r"(?:/articles/|^)(CBM[\w-]+)")


def hidden_address(link: str) -> str | None:
    """The address that a link of before 2024 holds; None for later ones, whose bytes are no
    address.

    The last part of the link is base64 of two or three fields (protocol buffers): a number, the
    address, and perhaps the address of the AMP page; each begins with its kind and its length.
    """
    found = _ARTICLE.search(link.strip())
    if found is None:
        return None
    try:
        packed = urlsafe_b64decode(found[1] + "=" * (-len(found[1]) % 4))
    except (NoBase64, ValueError):
        return None
    start = packed.find(b"\x22")
    if not 0 <= start <= 4 or len(packed) < start + 3:
        return None
    size, at = packed[start + 1], start + 2
    if size & 0x80:  # a length of two bytes, seven bits each
        size, at = (size & 0x7F) | packed[at] << 7, at + 1
    raw = packed[at : at + size]
    if len(raw) < size or not raw.startswith((b"http://", b"https://")):
        return None
    return web_url(raw.decode("utf-8", "replace"), "")[0]


def _items(body: bytes, url: str) -> Iterator[etree._Element]:
    """The items of an RSS feed; SourceError for what is none."""
    text = xml_from_root(decoded(body), url)
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


def _child(item: etree._Element, name: str) -> str | None:
    found = item.find(name)
    return "".join(found.itertext()).strip() if found is not None else None
