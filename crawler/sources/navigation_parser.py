"""What a page names besides articles: the topic and section pages that it is filed under, and its
outlet's search.

Only what the markup itself says is taken: `rel="tag"`, microdata, JSON-LD and breadcrumbs for
topics; schema.org's SearchAction, OpenSearch and a search form for the search. No address is
guessed, and none leads to another site. Run in worker processes, as all that reads pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from archive.errors import ReadingError, SourceError, UsageError
from archive.records import Article, Capture, Lead
from crawler.dates.date_parser import read_moment
from crawler.extraction.extract import reading
from crawler.extraction.html_tree import read_page
from crawler.extraction.jsonld import Thing, things, types
from crawler.extraction.links import MOST_LINKS, article_links
from crawler.sources.feed_parser import read_feed
from crawler.sources.navigation import WORDS, Listed, Search, Topic, Ways
from crawler.text.html_text import text_of_html
from crawler.text.urls import web_url
from pipelines.identity import file_lead
from pipelines.urls import is_front, registered_domain

MOST_TOPICS, MOST_SEARCHES = 40, 6
"""Of one page."""
LONGEST_TEMPLATE = 2_000
LARGEST_DESCRIPTION = 200_000
"""Bytes."""


def article_and_ways(capture: Capture) -> tuple[Article, Ways]:
    """As `crawler.extraction.extract.extract`, with all that the page leads to, from one parse."""
    read = reading(capture)
    return read.article, _ways(
        read.steps.page.tree, capture.final_url or capture.url
    ) if read.steps else Ways()


def ways(capture: Capture) -> Ways:
    """Where a page leads whose article is known already. Nothing, where the page cannot be read."""
    try:
        tree = read_page(capture).tree
    except ReadingError:
        return Ways()
    return _ways(tree, capture.final_url or capture.url)


def listed(capture: Capture, via: Literal["topic", "site search"]) -> Listed:
    """The leads of a topic page or of a search's answer, which may be a feed. Nothing, where it
    cannot be read."""
    url = capture.final_url or capture.url
    if _is_feed(capture.body):
        try:
            return Listed(tuple(_filed(read_feed(capture.body, url).leads, via, url)))
        except SourceError:
            return Listed()
    try:
        tree = read_page(capture).tree
    except ReadingError:
        return Listed()
    dates = dict(_dates_beside(tree, url))
    leads = _filed(article_links(tree, url), via, url, dates)
    return Listed(tuple(leads), next_page(tree, url), searches(tree, url))


def _ways(tree: HtmlElement, url: str) -> Ways:
    return Ways(tuple(article_links(tree, url)), topics(tree, url), searches(tree, url))


def _is_feed(body: bytes) -> bool:
    start = body[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return any(mark in start for mark in (b"<rss", b"<feed", b"<rdf:rdf")) and b"<html" not in start


def _filed(
    leads: list[Lead] | tuple[Lead, ...],
    via: Any,
    found_on: str,
    dates: Mapping[str, str] | None = None,
) -> Iterator[Lead]:
    """Leads as found on a topic page or by a search, with the dates that stand beside their
    links."""
    for lead in leads[:MOST_LINKS]:
        try:
            yield file_lead(
                Lead(
                    lead.url,
                    via=via,
                    found_on=found_on,
                    headline=lead.headline,
                    lede=lead.lede,
                    published_at=lead.published_at or (dates or {}).get(lead.url),
                    modified_at=lead.modified_at,
                )
            )
        except UsageError:
            continue


# -- topics ----------------------------------------------------------------------------------------

_KEYWORD = ("keywords", "about", "mentions")
_SECTION = ("articlesection",)


def topics(tree: HtmlElement, url: str) -> tuple[Topic, ...]:
    """The outlet's own pages of the topics and sections that a page is filed under, topics
    first."""
    found: dict[str, Topic] = {}
    for href, name, section in [
        *_marked_topics(tree),
        *_told_topics(things(tree)),
        *_breadcrumbs(tree),
    ]:
        address = _own(href, url)
        if address and address not in found and len(found) < MOST_TOPICS:
            found[address] = Topic(address, text_of_html(name, 120) or "", section)
    return tuple(sorted(found.values(), key=lambda topic: topic.section))


def _own(href: str | None, url: str) -> str | None:
    """An address of the page's own site that is neither the page itself nor a front; None for any
    other."""
    address, _ = web_url(href, url)
    if address is None:
        return None
    address = address.partition("#")[0]
    if address == url.partition("#")[0] or registered_domain(address) != registered_domain(url):
        return None
    return None if not urlsplit(address).path.strip("/") or is_front(address) else address


Found = tuple[str | None, str | None, bool]
"""An address, a name, and whether it is a section."""


def _marked_topics(tree: HtmlElement) -> Iterator[Found]:
    """Links that are marked as tags (`rel`), or as keywords or sections in microdata or RDFa."""
    for link in tree.iter("a", "link"):
        marks = (
            f"{link.get('itemprop') or ''} {link.get('property') or ''}".lower()
            .replace("schema:", "")
            .split()
        )
        if "tag" in (link.get("rel") or "").lower().split() or any(
            mark in _KEYWORD for mark in marks
        ):
            yield link.get("href"), _said(link), False
        elif any(mark in _SECTION for mark in marks):
            yield link.get("href"), _said(link), True


def _told_topics(found: list[Thing]) -> Iterator[Found]:
    """Things with an address that JSON-LD calls a keyword or the article's matter, and its
    breadcrumbs."""
    for thing in found:
        for name in _KEYWORD:
            for each in _as_list(thing.get(name)):
                if isinstance(each, dict):
                    yield _address_of(each), _text(each.get("name")), False
        if "BreadcrumbList" in types(thing):
            yield from _crumbs(thing)
        for crumb in _as_list(thing.get("breadcrumb")):
            if isinstance(crumb, dict):
                yield from _crumbs(crumb)


def _crumbs(thing: Thing) -> Iterator[Found]:
    for each in _as_list(thing.get("itemListElement")):
        if isinstance(each, dict):
            item = each.get("item")
            inner = item if isinstance(item, dict) else {}
            yield (
                (item if isinstance(item, str) else _address_of(inner)),
                _text(each.get("name") or inner.get("name")),
                True,
            )


def _breadcrumbs(tree: HtmlElement) -> Iterator[Found]:
    """Links in what microdata, a label or a class calls breadcrumbs."""
    for box in tree.iter("nav", "ol", "ul", "div", "p", "section"):
        said = f"{box.get('itemtype') or ''} {box.get('aria-label') or ''} {box.get('class') or ''} {box.get('id') or ''}"
        if "breadcrumb" in said.lower():
            for link in list(box.iter("a"))[:10]:
                yield link.get("href"), _said(link), True


def _address_of(thing: Mapping[str, Any]) -> str | None:
    return next(
        (value for key in ("url", "@id", "item") if isinstance(value := thing.get(key), str)), None
    )


def _said(link: HtmlElement) -> str:
    return " ".join((link.text_content() or link.get("title") or "").split())[:200]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _as_list(value: object) -> list[Any]:
    return value[:200] if isinstance(value, list) else [] if value is None else [value]


# -- an outlet's own search ------------------------------------------------------------------------


def searches(tree: HtmlElement, url: str) -> tuple[Search, ...]:
    """The outlet's own searches that a page declares: SearchAction, OpenSearch, a form; each once,
    in this order."""
    declared = [*_actions(tree, url), *_descriptions(tree, url), *_forms(tree, url)]
    return tuple(dict.fromkeys(declared))[:MOST_SEARCHES]


def _actions(tree: HtmlElement, url: str) -> Iterator[Search]:
    """schema.org's SearchAction, in JSON-LD or microdata."""
    for thing in things(tree):
        for action in _as_list(thing.get("potentialAction")):
            if isinstance(action, dict) and "SearchAction" in types(action):
                for target in _as_list(action.get("target")):
                    said = target.get("urlTemplate") if isinstance(target, dict) else target
                    if template := _template(_text(said), url):
                        yield Search(template)
    for box in tree.xpath("//*[contains(@itemtype, 'SearchAction')]"):
        for target in box.xpath(".//*[@itemprop='target' or @itemprop='urlTemplate']"):
            if template := _template(target.get("content") or target.get("href"), url):
                yield Search(template)


_PLACE = re.compile(r"\{([^{}]{1,60})\}")


def _template(said: str | None, url: str) -> str | None:
    """A template with one place for the words, absolute and on the page's own site; None for any
    other."""
    if not said or len(said) > LONGEST_TEMPLATE:
        return None
    places = _PLACE.findall(said)
    terms = [
        each
        for each in places
        if re.search(r"search|query|term|keyword|words|^q$|^s$", each, re.IGNORECASE)
    ]
    if len(terms) != 1 or (
        len(places) > 1 and not all(each.endswith("?") for each in places if each not in terms)
    ):
        return None
    bare = _PLACE.sub(lambda at: "WORDSHERE" if at[1] in terms else "", said)
    address = _own_site(bare, url)
    return address.replace("WORDSHERE", WORDS) if address and "WORDSHERE" in address else None


def _own_site(href: str | None, url: str) -> str | None:
    address, _ = web_url(href, url)
    same = address is not None and registered_domain(address) == registered_domain(url)
    return address.partition("#")[0] if address and same else None


def _descriptions(tree: HtmlElement, url: str) -> Iterator[Search]:
    """`<link rel="search" type="application/opensearchdescription+xml">`."""
    for link in tree.iter("link"):
        named = (
            "search" in (link.get("rel") or "").lower().split()
            and "opensearch" in (link.get("type") or "").lower()
        )
        if named and (address := _own_site(link.get("href"), url)):
            yield Search(address, "description")


_SEARCHES = re.compile(
    r"search|such|recherch|busca|buscar|pesquis|cerca|ricerca|zoek|sök|søk|haku|szukaj|hledat|iskanje|поиск|пошук|搜|検索|검색|بحث"
    r"|arama|ara\b|αναζήτηση|tìm",
    re.IGNORECASE,
)
_TYPED = ("text", "search", "")
_NAMES = re.compile(
    r"^(?:q|s|k|w|qs|query|search\w*|keys?|keywords?|text|term|words?|buscar|recherche|suche?|kw|wd)$",
    re.I,
)


def _forms(tree: HtmlElement, url: str) -> Iterator[Search]:
    """A form that is sent by GET, says that it searches, and has one field for words."""
    for form in list(tree.iter("form"))[:40]:
        if (form.get("method") or "get").strip().lower() != "get":
            continue
        fields = [each for each in form.iter("input") if each.get("name")]
        typed = [each for each in fields if (each.get("type") or "").lower() in _TYPED]
        if len(typed) != 1 or any(
            (each.get("type") or "").lower() in ("password", "email", "file") for each in fields
        ):
            continue
        if not _says_search(form, typed[0]):
            continue
        address = _own_site(form.get("action") or url, url)
        if address is not None:
            hidden = [
                (e.get("name"), e.get("value") or "")
                for e in fields
                if (e.get("type") or "").lower() == "hidden"
            ]
            query = urlencode([(str(name), value) for name, value in hidden[:10]])
            place = f"{quote_plus(str(typed[0].get('name')))}={WORDS}"
            yield Search(f"{address.partition('?')[0]}?{'&'.join(filter(None, (query, place)))}")


def _says_search(form: HtmlElement, field: HtmlElement) -> bool:
    around = [form, *list(form.iterancestors())[:2]]
    if (field.get("type") or "").lower() == "search" or any(
        each.get("role") == "search" for each in around
    ):
        return True
    said = " ".join(
        each.get(name) or ""
        for each in (form, field)
        for name in ("id", "class", "action", "name", "aria-label", "placeholder", "title")
    )
    return bool(_NAMES.match(field.get("name") or "") and _SEARCHES.search(said))


def read_description(body: bytes, url: str) -> list[Search]:
    """The searches of an OpenSearch description (https://github.com/dewitt/opensearch), feeds
    first.

    Raises SourceError for what is none.
    """
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        if len(body) > LARGEST_DESCRIPTION or b"<!entity" in body.lower():
            raise ValueError("larger than any, or with entities of its own")
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError) as error:
        raise SourceError(f"{url}: not an OpenSearch description") from error
    if root is None or etree.QName(root).localname != "OpenSearchDescription":
        raise SourceError(f"{url}: not an OpenSearch description")
    found: list[Search] = []
    for element in list(root.iter("{*}Url"))[:20]:
        kind = (element.get("type") or "").lower()
        of_results = (element.get("rel") or "results").lower() == "results"
        by_get = (element.get("method") or "get").lower() == "get"
        template = _template(_filled(element.get("template")), url)
        if (
            template
            and by_get
            and of_results
            and ("rss" in kind or "atom" in kind or "html" in kind)
        ):
            found.append(Search(template, "page" if "html" in kind else "feed"))
    return sorted(found, key=lambda search: search.kind != "feed")


_USUAL = {"inputEncoding": "UTF-8", "outputEncoding": "UTF-8", "startIndex": "1", "startPage": "1", "count": "50",
          "language": "*"}  # fmt: skip


def _filled(template: str | None) -> str | None:
    """A template with what every search may ask for filled in."""
    if template is None:
        return None
    return _PLACE.sub(lambda at: quote(_USUAL[at[1]]) if at[1] in _USUAL else at[0], template)


# -- a list and its next page ----------------------------------------------------------------------


def next_page(tree: HtmlElement, url: str) -> str | None:
    """The page that goes on with a list, as the list itself says (`rel="next"`)."""
    for link in tree.iter("link", "a"):
        if "next" in (link.get("rel") or "").lower().split():
            address = _own_site(link.get("href"), url)
            if address and address != url:
                return address
    return None


def _dates_beside(tree: HtmlElement, url: str) -> Iterator[tuple[str, str]]:
    """Addresses of links, and the one date that is marked in the box of the list that holds
    each."""
    for mark in list(tree.iter("time"))[:MOST_LINKS]:
        moment = read_moment(mark.get("datetime"))
        box = mark.getparent()
        for _ in range(4):
            if not moment or box is None or box.tag in ("body", "main"):
                break
            linked = {
                address for link in box.iter("a") if (address := _own_site(link.get("href"), url))
            }
            if linked:
                if len(linked) <= 3 and len(list(box.iter("time"))) == 1:
                    yield from ((address, moment) for address in linked)
                break
            box = box.getparent()
