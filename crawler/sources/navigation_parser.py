"""Parser of a page's topics, sections and links, and of the search that its outlet offers.

Only what the markup declares is used: `rel="tag"`, microdata, JSON-LD and breadcrumbs for topics;
schema.org's SearchAction, OpenSearch and search forms for the search. No URL is guessed, and none
leads to another site. Runs in worker processes, like everything that parses pages.
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
"""Limits for one page."""
LONGEST_TEMPLATE = 2_000
"""Maximum length of a URL template in characters."""
LARGEST_DESCRIPTION = 200_000
"""Maximum size of an OpenSearch description in bytes."""


def article_and_ways(capture: Capture) -> tuple[Article, Ways]:
    """Return the article as `extract` does, and the links of the page, from one parse."""
    read = reading(capture)
    if not read.steps:
        return read.article, Ways()
    return read.article, _ways(read.steps.page.tree, capture.final_url or capture.url)


def ways(capture: Capture) -> Ways:
    """Return the links of a page whose article is known; empty if the page cannot be parsed."""
    try:
        tree = read_page(capture).tree
    except ReadingError:
        return Ways()
    return _ways(tree, capture.final_url or capture.url)


def listed(capture: Capture, via: Literal["topic", "site search"]) -> Listed:
    """Return the entries of a topic page or a search result, which may be a feed.

    The record is empty if the page cannot be parsed.
    """
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
    """Return the links of a parsed page."""
    return Ways(tuple(article_links(tree, url)), topics(tree, url), searches(tree, url))


def _is_feed(body: bytes) -> bool:
    """Return whether a body begins like an XML feed."""
    start = body[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return any(mark in start for mark in (b"<rss", b"<feed", b"<rdf:rdf")) and b"<html" not in start


def _filed(
    leads: list[Lead] | tuple[Lead, ...],
    via: Any,
    found_on: str,
    dates: Mapping[str, str] | None = None,
) -> Iterator[Lead]:
    """Yield leads with their keys, and with the dates beside their links.

    Leads whose URLs cannot be stored are skipped.
    """
    known_dates = dates or {}
    for lead in leads[:MOST_LINKS]:
        try:
            yield file_lead(
                Lead(
                    lead.url,
                    via=via,
                    found_on=found_on,
                    headline=lead.headline,
                    lede=lead.lede,
                    published_at=lead.published_at or known_dates.get(lead.url),
                    modified_at=lead.modified_at,
                )
            )
        except UsageError:
            continue


# -- topics ----------------------------------------------------------------------------------------

_KEYWORD = ("keywords", "about", "mentions")
_SECTION = ("articlesection",)


def topics(tree: HtmlElement, url: str) -> tuple[Topic, ...]:
    """Return the outlet's pages of a page's topics and sections, topics first."""
    found: dict[str, Topic] = {}
    links = [*_marked_topics(tree), *_told_topics(things(tree)), *_breadcrumbs(tree)]
    for href, name, section in links:
        topic_url = _own(href, url)
        if topic_url and topic_url not in found and len(found) < MOST_TOPICS:
            found[topic_url] = Topic(topic_url, text_of_html(name, 120) or "", section)
    return tuple(sorted(found.values(), key=lambda topic: topic.section))


def _own(href: str | None, url: str) -> str | None:
    """Return a URL of the page's own site that is neither the page itself nor a front, or None."""
    link_url = _own_site(href, url)
    if link_url is None or link_url == url.partition("#")[0]:
        return None
    if not urlsplit(link_url).path.strip("/") or is_front(link_url):
        return None
    return link_url


Found = tuple[str | None, str | None, bool]
"""URL, name, and whether it is a section."""


def _marked_topics(tree: HtmlElement) -> Iterator[Found]:
    """Yield links marked as tags (`rel`), or as keywords or sections in microdata or RDFa."""
    for link in tree.iter("a", "link"):
        properties = f"{link.get('itemprop') or ''} {link.get('property') or ''}".lower()
        marks = set(properties.replace("schema:", "").split())
        is_tag = "tag" in (link.get("rel") or "").lower().split()
        if is_tag or not marks.isdisjoint(_KEYWORD):
            yield link.get("href"), _said(link), False
        elif not marks.isdisjoint(_SECTION):
            yield link.get("href"), _said(link), True


def _told_topics(found: list[Thing]) -> Iterator[Found]:
    """Yield the keywords, subjects and breadcrumbs with URLs in JSON-LD."""
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
    """Yield the elements of a BreadcrumbList."""
    for each in _as_list(thing.get("itemListElement")):
        if isinstance(each, dict):
            item = each.get("item")
            inner = item if isinstance(item, dict) else {}
            href = item if isinstance(item, str) else _address_of(inner)
            yield href, _text(each.get("name") or inner.get("name")), True


def _breadcrumbs(tree: HtmlElement) -> Iterator[Found]:
    """Yield links within elements that microdata, a label, a class or an id calls breadcrumbs."""
    for box in tree.iter("nav", "ol", "ul", "div", "p", "section"):
        labels = " ".join(box.get(name) or "" for name in ("itemtype", "aria-label", "class", "id"))
        if "breadcrumb" in labels.lower():
            for link in list(box.iter("a"))[:10]:
                yield link.get("href"), _said(link), True


def _address_of(thing: Mapping[str, Any]) -> str | None:
    """Return the URL of a thing in JSON-LD, or None."""
    values = (thing.get(key) for key in ("url", "@id", "item"))
    return next((value for value in values if isinstance(value, str)), None)


def _said(link: HtmlElement) -> str:
    """Return the text or title of a link."""
    return " ".join((link.text_content() or link.get("title") or "").split())[:200]


def _text(value: object) -> str | None:
    """Return a value if it is a string, else None."""
    return value if isinstance(value, str) else None


def _as_list(value: object) -> list[Any]:
    """Return a value of JSON-LD as a list: a list itself, a single value, or nothing."""
    if isinstance(value, list):
        return value[:200]
    return [] if value is None else [value]


# -- an outlet's own search ------------------------------------------------------------------------


def searches(tree: HtmlElement, url: str) -> tuple[Search, ...]:
    """Return the searches that a page declares: SearchAction, OpenSearch, then forms, each once."""
    declared = [*_actions(tree, url), *_descriptions(tree, url), *_forms(tree, url)]
    return tuple(dict.fromkeys(declared))[:MOST_SEARCHES]


def _actions(tree: HtmlElement, url: str) -> Iterator[Search]:
    """Yield the schema.org SearchActions in JSON-LD and microdata."""
    for target in _action_targets(tree):
        template = _template(target, url)
        if template:
            yield Search(template)


def _action_targets(tree: HtmlElement) -> Iterator[str | None]:
    """Yield the templates of the SearchActions."""
    for thing in things(tree):
        for action in _as_list(thing.get("potentialAction")):
            if not isinstance(action, dict) or "SearchAction" not in types(action):
                continue
            for target in _as_list(action.get("target")):
                yield _text(target.get("urlTemplate") if isinstance(target, dict) else target)
    for box in tree.xpath("//*[contains(@itemtype, 'SearchAction')]"):
        for target in box.xpath(".//*[@itemprop='target' or @itemprop='urlTemplate']"):
            yield target.get("content") or target.get("href")


_PLACE = re.compile(r"\{([^{}]{1,60})\}")


def _template(template: str | None, url: str) -> str | None:
    """Return a search template with `{words}`, absolute and on the page's own site, or None.

    A template needs exactly one placeholder for the words; others must be optional.
    """
    if not template or len(template) > LONGEST_TEMPLATE:
        return None
    places = _PLACE.findall(template)
    terms = [place for place in places if _TERM_NAME.search(place)]
    others = [place for place in places if place not in terms]
    if len(terms) != 1 or not all(place.endswith("?") for place in others):
        return None
    # a word in place of the braces, which a URL must not contain
    bare = _PLACE.sub(lambda place: "WORDSHERE" if place[1] in terms else "", template)
    search_url = _own_site(bare, url)
    if search_url is None or "WORDSHERE" not in search_url:
        return None
    return search_url.replace("WORDSHERE", WORDS)


_TERM_NAME = re.compile(r"search|query|term|keyword|words|^q$|^s$", re.IGNORECASE)


def _own_site(href: str | None, url: str) -> str | None:
    """Return the absolute URL of a link within the page's own site, without fragment, or None."""
    link_url, _ = web_url(href, url)
    if link_url is None or registered_domain(link_url) != registered_domain(url):
        return None
    return link_url.partition("#")[0]


def _descriptions(tree: HtmlElement, url: str) -> Iterator[Search]:
    """Yield links `<link rel="search" type="application/opensearchdescription+xml">`."""
    for link in tree.iter("link"):
        is_search = "search" in (link.get("rel") or "").lower().split()
        is_description = "opensearch" in (link.get("type") or "").lower()
        if is_search and is_description:
            description_url = _own_site(link.get("href"), url)
            if description_url:
                yield Search(description_url, "description")


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
    """Yield forms with method GET that look like a search and have one field for words."""
    for form in list(tree.iter("form"))[:40]:
        if (form.get("method") or "get").strip().lower() != "get":
            continue
        fields = [field for field in form.iter("input") if field.get("name")]
        typed = [field for field in fields if _input_type(field) in _TYPED]
        has_other = any(_input_type(field) in ("password", "email", "file") for field in fields)
        if len(typed) != 1 or has_other or not _says_search(form, typed[0]):
            continue
        search_url = _own_site(form.get("action") or url, url)
        if search_url is not None:
            hidden = [field for field in fields if _input_type(field) == "hidden"][:10]
            values = [(str(field.get("name")), field.get("value") or "") for field in hidden]
            place = f"{quote_plus(str(typed[0].get('name')))}={WORDS}"
            query = "&".join(filter(None, (urlencode(values), place)))
            yield Search(f"{search_url.partition('?')[0]}?{query}")


def _input_type(field: HtmlElement) -> str:
    """Return the type of an input field; empty means text."""
    return (field.get("type") or "").lower()


def _says_search(form: HtmlElement, field: HtmlElement) -> bool:
    """Return whether a form says that it searches, by type, role, or the names of its parts."""
    around = [form, *list(form.iterancestors())[:2]]
    if _input_type(field) == "search" or any(each.get("role") == "search" for each in around):
        return True
    labels = ("id", "class", "action", "name", "aria-label", "placeholder", "title")
    text = " ".join(each.get(label) or "" for each in (form, field) for label in labels)
    return bool(_NAMES.match(field.get("name") or "") and _SEARCHES.search(text))


def read_description(body: bytes, url: str) -> list[Search]:
    """Return the searches in an OpenSearch description, those that answer with feeds first.

    See https://github.com/dewitt/opensearch. Raises SourceError if the body is not a description.
    """
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        if len(body) > LARGEST_DESCRIPTION or b"<!entity" in body.lower():
            raise ValueError("too large, or it declares entities")
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError) as error:
        raise SourceError(f"{url}: not an OpenSearch description") from error
    if root is None or etree.QName(root).localname != "OpenSearchDescription":
        raise SourceError(f"{url}: not an OpenSearch description")
    found = [_described_search(element, url) for element in list(root.iter("{*}Url"))[:20]]
    return sorted(filter(None, found), key=lambda search: search.kind != "feed")


def _described_search(element: etree._Element, url: str) -> Search | None:
    """Return the search in a `Url` element, or None if it does not return results by GET."""
    kind = (element.get("type") or "").lower()
    gives_results = (element.get("rel") or "results").lower() == "results"
    by_get = (element.get("method") or "get").lower() == "get"
    is_readable = any(name in kind for name in ("rss", "atom", "html"))
    template = _template(_filled(element.get("template")), url)
    if not (template and by_get and gives_results and is_readable):
        return None
    return Search(template, "page" if "html" in kind else "feed")


_USUAL = {"inputEncoding": "UTF-8", "outputEncoding": "UTF-8", "startIndex": "1", "startPage": "1", "count": "50",
          "language": "*"}  # fmt: skip


def _filled(template: str | None) -> str | None:
    """Return an OpenSearch template with its standard parameters filled in."""
    if template is None:
        return None
    return _PLACE.sub(_usual_value, template)


def _usual_value(place: re.Match[str]) -> str:
    """Return the usual value for a placeholder, or the placeholder itself."""
    return quote(_USUAL[place[1]]) if place[1] in _USUAL else place[0]


# -- a list and its next page ----------------------------------------------------------------------


def next_page(tree: HtmlElement, url: str) -> str | None:
    """Return the URL of a list's next page, as declared by `rel="next"`, or None."""
    for link in tree.iter("link", "a"):
        if "next" in (link.get("rel") or "").lower().split():
            next_url = _own_site(link.get("href"), url)
            if next_url and next_url != url:
                return next_url
    return None


def _dates_beside(tree: HtmlElement, url: str) -> Iterator[tuple[str, str]]:
    """Yield the URLs of links with the date in the same box of a list.

    The box is the closest ancestor of a `<time>` that contains links; it counts if it has at most
    three links and one date.
    """
    for mark in list(tree.iter("time"))[:MOST_LINKS]:
        date = read_moment(mark.get("datetime"))
        box = mark.getparent()
        for _ in range(4):
            if not date or box is None or box.tag in ("body", "main"):
                break
            hrefs = (link.get("href") for link in box.iter("a"))
            linked = set(filter(None, (_own_site(href, url) for href in hrefs)))
            if linked:
                if len(linked) <= 3 and len(list(box.iter("time"))) == 1:
                    for link_url in linked:
                        yield link_url, date
                break
            box = box.getparent()
