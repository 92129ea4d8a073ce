"""Parser of a page's topics, sections and links, and of the search that its outlet offers.

Only what the markup declares is used: `rel="tag"`, microdata, JSON-LD and breadcrumbs for topics;
schema.org's SearchAction, OpenSearch and search forms for the search. No URL is guessed, and none
leads to another site. Runs in worker processes, like everything that parses pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote, quote_plus, urlencode, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from archive.errors import ReadingError, SourceError, UsageError
from archive.records import Article, Capture, Lead
from crawler.dates.date_parser import parse_source_date
from crawler.extraction.extract import read_capture
from crawler.extraction.html_tree import parse_page
from crawler.extraction.jsonld import JsonLdThing, json_ld_things, types_of_thing
from crawler.extraction.links import MAX_PAGE_LINKS, leads_of_links
from crawler.extraction.rules.outlet_rules import OutletRule
from crawler.sources.feed_parser import parse_feed
from crawler.sources.navigation import (
    SEARCH_WORDS_PLACEHOLDER,
    ListedPages,
    PageNavigation,
    SiteSearch,
    TopicPage,
)
from crawler.text.html_text import text_of_html
from crawler.text.urls import resolve_web_url
from pipelines.identity import identify_lead
from pipelines.urls import is_front_page_url, registered_domain

MAX_PAGE_TOPICS, MAX_PAGE_SEARCHES = 40, 6
"""Limits for one page."""
MAX_SEARCH_TEMPLATE_CHARS = 2_000
"""Maximum length of a URL template in characters."""
MAX_OPENSEARCH_BYTES = 200_000
"""Maximum size of an OpenSearch description in bytes."""


def article_and_navigation(
    capture: Capture, rule: OutletRule | None = None
) -> tuple[Article, PageNavigation]:
    """Return the article as `extract` does, and the links of the page, mostly from one parse."""
    read = read_capture(capture, rule)
    if not read.steps:
        return read.article, PageNavigation()
    if read.steps.template:  # which has cut the links to other articles
        return read.article, page_navigation(capture)
    return read.article, _navigation_of_tree(read.steps.page.tree, capture.final_url or capture.url)


def page_navigation(capture: Capture) -> PageNavigation:
    """Return the links of a page whose article is known; empty if the page cannot be parsed."""
    try:
        tree = parse_page(capture).tree
    except ReadingError:
        return PageNavigation()
    return _navigation_of_tree(tree, capture.final_url or capture.url)


def parse_listing(capture: Capture, via: Literal["topic", "site search"]) -> ListedPages:
    """Return the entries of a topic page or a search result, which may be a feed.

    The record is empty if the page cannot be parsed.
    """
    url = capture.final_url or capture.url
    try:
        if _begins_like_feed(capture.body):
            listed = parse_feed(capture.body, url).leads
            return ListedPages(tuple(_leads_with_keys(listed, via, url)))
        tree = parse_page(capture).tree
    except (SourceError, ReadingError):
        return ListedPages()
    dates = dict(_dates_beside_links(tree, url))
    leads = _leads_with_keys(leads_of_links(tree, url), via, url, dates)
    return ListedPages(tuple(leads), next_list_page(tree, url), declared_searches(tree, url))


def _navigation_of_tree(tree: HtmlElement, url: str) -> PageNavigation:
    """Return the links of a parsed page."""
    return PageNavigation(
        tuple(leads_of_links(tree, url)), topic_pages(tree, url), declared_searches(tree, url)
    )


def _begins_like_feed(body: bytes) -> bool:
    """Return whether a body begins like an XML feed."""
    start = body[:2_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return any(mark in start for mark in (b"<rss", b"<feed", b"<rdf:rdf")) and b"<html" not in start


def _leads_with_keys(
    leads: list[Lead] | tuple[Lead, ...],
    via: Any,
    found_on: str,
    dates: Mapping[str, str] | None = None,
) -> Iterator[Lead]:
    """Yield leads with their keys, and with the dates beside their links.

    Leads whose URLs cannot be stored are skipped.
    """
    known_dates = dates or {}
    for lead in leads[:MAX_PAGE_LINKS]:
        try:
            yield identify_lead(
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

_TOPIC_PROPERTIES = ("keywords", "about", "mentions")
_SECTION_PROPERTIES = ("articlesection",)


def topic_pages(tree: HtmlElement, url: str) -> tuple[TopicPage, ...]:
    """Return the outlet's pages of a page's topics and sections, topics first."""
    found: dict[str, TopicPage] = {}
    links = [
        *_topics_in_markup(tree),
        *_topics_in_json_ld(json_ld_things(tree)),
        *_breadcrumbs_in_markup(tree),
    ]
    for href, name, section in links:
        topic_url = _topic_url(href, url)
        if topic_url and topic_url not in found and len(found) < MAX_PAGE_TOPICS:
            found[topic_url] = TopicPage(topic_url, text_of_html(name, 120) or "", section)
    return tuple(sorted(found.values(), key=lambda topic: topic.section))


def _topic_url(href: str | None, url: str) -> str | None:
    """Return a URL of the page's own site that is neither the page itself nor a front, or None."""
    link_url = _url_on_own_site(href, url)
    if link_url is None or link_url == url.partition("#")[0]:
        return None
    if not urlsplit(link_url).path.strip("/") or is_front_page_url(link_url):
        return None
    return link_url


TopicLink = tuple[str | None, str | None, bool]
"""URL, name, and whether it is a section."""


def _topics_in_markup(tree: HtmlElement) -> Iterator[TopicLink]:
    """Yield links marked as tags (`rel`), or as keywords or sections in microdata or RDFa."""
    for link in tree.iter("a", "link"):
        properties = _semantic_properties(link)
        is_topic = "tag" in _link_relations(link) or not properties.isdisjoint(_TOPIC_PROPERTIES)
        is_section = not properties.isdisjoint(_SECTION_PROPERTIES)
        if is_topic or is_section:
            yield link.get("href"), _link_label(link), not is_topic


def _semantic_properties(link: HtmlElement) -> set[str]:
    """Return the names of schema.org's properties on a link, in microdata or RDFa."""
    properties = f"{link.get('itemprop') or ''} {link.get('property') or ''}".lower()
    return set(properties.replace("schema:", "").split())


def _link_relations(link: HtmlElement) -> list[str]:
    """Return the words of a link's `rel`, in lower case."""
    return (link.get("rel") or "").lower().split()


def _topics_in_json_ld(found: list[JsonLdThing]) -> Iterator[TopicLink]:
    """Yield the keywords, subjects and breadcrumbs with URLs in JSON-LD."""
    for thing in found:
        for name in _TOPIC_PROPERTIES:
            for subject in _json_ld_objects(thing.get(name)):
                yield _url_of_thing(subject), _string_or_none(subject.get("name")), False
        if "BreadcrumbList" in types_of_thing(thing):
            yield from _breadcrumbs_of_list(thing)
        for crumb in _json_ld_objects(thing.get("breadcrumb")):
            yield from _breadcrumbs_of_list(crumb)


def _breadcrumbs_of_list(thing: JsonLdThing) -> Iterator[TopicLink]:
    """Yield the elements of a BreadcrumbList."""
    for element in _json_ld_objects(thing.get("itemListElement")):
        item = element.get("item")
        name = element.get("name")
        if isinstance(item, str):
            yield item, _string_or_none(name), True
            continue
        inner = item if isinstance(item, dict) else {}
        yield _url_of_thing(inner), _string_or_none(name or inner.get("name")), True


def _breadcrumbs_in_markup(tree: HtmlElement) -> Iterator[TopicLink]:
    """Yield links within elements that microdata, a label, a class or an id calls breadcrumbs."""
    for box in tree.iter("nav", "ol", "ul", "div", "p", "section"):
        labels = (box.get(name) or "" for name in _BREADCRUMB_LABELS)
        if "breadcrumb" not in " ".join(labels).lower():
            continue
        for link in list(box.iter("a"))[:10]:
            yield link.get("href"), _link_label(link), True


_BREADCRUMB_LABELS = ("itemtype", "aria-label", "class", "id")
"""Attributes in which an element is called breadcrumbs."""


def _url_of_thing(thing: Mapping[str, Any]) -> str | None:
    """Return the URL of a thing in JSON-LD, or None."""
    values = (thing.get(key) for key in ("url", "@id", "item"))
    return next((value for value in values if isinstance(value, str)), None)


def _link_label(link: HtmlElement) -> str:
    """Return the text or title of a link."""
    return " ".join((link.text_content() or link.get("title") or "").split())[:200]


def _string_or_none(value: object) -> str | None:
    """Return a value if it is a string, else None."""
    return value if isinstance(value, str) else None


def _json_ld_list(value: object) -> list[Any]:
    """Return a value of JSON-LD as a list: a list itself, a single value, or nothing."""
    if isinstance(value, list):
        return value[:200]
    return [] if value is None else [value]


def _json_ld_objects(value: object) -> list[JsonLdThing]:
    """Return the objects of a value of JSON-LD, which may be a list, an object or a text."""
    return [each for each in _json_ld_list(value) if isinstance(each, dict)]


# -- an outlet's own search ------------------------------------------------------------------------


def declared_searches(tree: HtmlElement, url: str) -> tuple[SiteSearch, ...]:
    """Return the searches that a page declares: SearchAction, OpenSearch, then forms, each once."""
    declared = [
        *_search_actions(tree, url),
        *_opensearch_links(tree, url),
        *_search_forms(tree, url),
    ]
    return tuple(dict.fromkeys(declared))[:MAX_PAGE_SEARCHES]


def _search_actions(tree: HtmlElement, url: str) -> Iterator[SiteSearch]:
    """Yield the schema.org SearchActions in JSON-LD and microdata."""
    for target in _search_action_targets(tree):
        template = _own_search_template(target, url)
        if template:
            yield SiteSearch(template)


def _search_action_targets(tree: HtmlElement) -> Iterator[str | None]:
    """Yield the templates of the SearchActions."""
    for thing in json_ld_things(tree):
        for action in _json_ld_objects(thing.get("potentialAction")):
            if "SearchAction" in types_of_thing(action):
                yield from map(_template_of_target, _json_ld_list(action.get("target")))
    for box in tree.xpath("//*[contains(@itemtype, 'SearchAction')]"):
        for target in box.xpath(".//*[@itemprop='target' or @itemprop='urlTemplate']"):
            yield target.get("content") or target.get("href")


def _template_of_target(target: object) -> str | None:
    """Return the template of a SearchAction's target, which is a text or an EntryPoint."""
    if isinstance(target, dict):
        return _string_or_none(target.get("urlTemplate"))
    return _string_or_none(target)


_TEMPLATE_PLACEHOLDER = re.compile(r"\{([^{}]{1,60})\}")


def _own_search_template(template: str | None, url: str) -> str | None:
    """Return a search template with `{words}`, absolute and on the page's own site, or None."""
    if not template or len(template) > MAX_SEARCH_TEMPLATE_CHARS:
        return None
    term = _search_term_placeholder(_TEMPLATE_PLACEHOLDER.findall(template))
    if term is None:
        return None
    # a word in place of the braces, which a URL must not contain
    bare = _TEMPLATE_PLACEHOLDER.sub(
        lambda place: "WORDSHERE" if place[1] == term else "", template
    )
    search_url = _url_on_own_site(bare, url)
    if search_url is None or "WORDSHERE" not in search_url:
        return None
    return search_url.replace("WORDSHERE", SEARCH_WORDS_PLACEHOLDER)


def _search_term_placeholder(places: Sequence[str]) -> str | None:
    """Return the one placeholder for the words, or None unless all others are optional."""
    terms = [place for place in places if _SEARCH_TERM_NAME.search(place)]
    if len(terms) != 1:
        return None
    others_are_optional = all(place.endswith("?") for place in places if place != terms[0])
    return terms[0] if others_are_optional else None


_SEARCH_TERM_NAME = re.compile(r"search|query|term|keyword|words|^q$|^s$", re.IGNORECASE)


def _url_on_own_site(href: str | None, url: str) -> str | None:
    """Return the absolute URL of a link within the page's own site, without fragment, or None."""
    link_url, _ = resolve_web_url(href, url)
    if link_url is None or registered_domain(link_url) != registered_domain(url):
        return None
    return link_url.partition("#")[0]


def _opensearch_links(tree: HtmlElement, url: str) -> Iterator[SiteSearch]:
    """Yield links `<link rel="search" type="application/opensearchdescription+xml">`."""
    for link in tree.iter("link"):
        is_description = "opensearch" in (link.get("type") or "").lower()
        if not is_description or "search" not in _link_relations(link):
            continue
        description_url = _url_on_own_site(link.get("href"), url)
        if description_url:
            yield SiteSearch(description_url, "description")


_SEARCH_LABELS = re.compile(
    r"search|such|recherch|busca|buscar|pesquis|cerca|ricerca|zoek|sök|søk|haku|szukaj|hledat|iskanje|поиск|пошук|搜|検索|검색|بحث"
    r"|arama|ara\b|αναζήτηση|tìm",
    re.IGNORECASE,
)
_TEXT_INPUT_TYPES = ("text", "search", "")
_PERSONAL_INPUT_TYPES = ("password", "email", "file")
_SEARCH_FIELD_NAMES = re.compile(
    r"^(?:q|s|k|w|qs|query|search\w*|keys?|keywords?|text|term|words?|buscar|recherche|suche?|kw|wd)$",
    re.I,
)


def _search_forms(tree: HtmlElement, url: str) -> Iterator[SiteSearch]:
    """Yield forms with method GET that look like a search and have one field for words."""
    for form in list(tree.iter("form"))[:40]:
        fields = [field for field in form.iter("input") if field.get("name")]
        words_field = _words_field(form, fields)
        if words_field is None:
            continue
        search_url = _url_on_own_site(form.get("action") or url, url)
        if search_url is not None:
            query = _search_form_query(fields, words_field)
            yield SiteSearch(f"{search_url.partition('?')[0]}?{query}")


def _words_field(form: HtmlElement, fields: Sequence[HtmlElement]) -> HtmlElement | None:
    """Return the field for words of a form that searches by GET, or None for other forms."""
    if (form.get("method") or "get").strip().lower() != "get":
        return None
    if any(_input_type(field) in _PERSONAL_INPUT_TYPES for field in fields):
        return None
    typed = [field for field in fields if _input_type(field) in _TEXT_INPUT_TYPES]
    if len(typed) != 1 or not _is_search_form(form, typed[0]):
        return None
    return typed[0]


def _search_form_query(fields: Sequence[HtmlElement], words_field: HtmlElement) -> str:
    """Return the query that a form sends: its hidden fields, and a placeholder for the words."""
    hidden = [field for field in fields if _input_type(field) == "hidden"][:10]
    values = urlencode([(str(field.get("name")), field.get("value") or "") for field in hidden])
    words = f"{quote_plus(str(words_field.get('name')))}={SEARCH_WORDS_PLACEHOLDER}"
    return f"{values}&{words}" if values else words


def _input_type(field: HtmlElement) -> str:
    """Return the type of an input field; empty means text."""
    return (field.get("type") or "").lower()


def _is_search_form(form: HtmlElement, field: HtmlElement) -> bool:
    """Return whether a form says that it searches, by type, role, or the names of its parts."""
    around = [form, *list(form.iterancestors())[:2]]
    if _input_type(field) == "search" or any(each.get("role") == "search" for each in around):
        return True
    if not _SEARCH_FIELD_NAMES.match(field.get("name") or ""):
        return False
    texts = (each.get(label) or "" for each in (form, field) for label in _FORM_LABELS)
    return bool(_SEARCH_LABELS.search(" ".join(texts)))


_FORM_LABELS = ("id", "class", "action", "name", "aria-label", "placeholder", "title")
"""Attributes that may call a form or a field a search."""


def parse_opensearch(body: bytes, url: str) -> list[SiteSearch]:
    """Return the searches in an OpenSearch description, those that answer with feeds first.

    See https://github.com/dewitt/opensearch. Raises SourceError if the body is not a description.
    """
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, huge_tree=False)
    try:
        if len(body) > MAX_OPENSEARCH_BYTES or b"<!entity" in body.lower():
            raise ValueError("too large, or it declares entities")
        root = etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError) as error:
        raise SourceError(f"{url}: not an OpenSearch description") from error
    if root is None or etree.QName(root).localname != "OpenSearchDescription":
        raise SourceError(f"{url}: not an OpenSearch description")
    found = [_search_of_url_element(element, url) for element in list(root.iter("{*}Url"))[:20]]
    return sorted(filter(None, found), key=lambda search: search.kind != "feed")


def _search_of_url_element(element: etree._Element, url: str) -> SiteSearch | None:
    """Return the search in a `Url` element, or None if it does not return results by GET."""
    gives_results = (element.get("rel") or "results").lower() == "results"
    by_get = (element.get("method") or "get").lower() == "get"
    if not gives_results or not by_get:
        return None
    media_type = (element.get("type") or "").lower()
    if not any(name in media_type for name in ("rss", "atom", "html")):
        return None
    template = _own_search_template(_filled_template(element.get("template")), url)
    if template is None:
        return None
    return SiteSearch(template, "page" if "html" in media_type else "feed")


_OPENSEARCH_DEFAULTS = {
    "inputEncoding": "UTF-8",
    "outputEncoding": "UTF-8",
    "startIndex": "1",
    "startPage": "1",
    "count": "50",
    "language": "*",
}


def _filled_template(template: str | None) -> str | None:
    """Return an OpenSearch template with its standard parameters filled in."""
    if template is None:
        return None
    return _TEMPLATE_PLACEHOLDER.sub(_default_of_placeholder, template)


def _default_of_placeholder(place: re.Match[str]) -> str:
    """Return the usual value for a placeholder, or the placeholder itself."""
    default = _OPENSEARCH_DEFAULTS.get(place[1])
    return place[0] if default is None else quote(default)


# -- a list and its next page ----------------------------------------------------------------------


def next_list_page(tree: HtmlElement, url: str) -> str | None:
    """Return the URL of a list's next page, as declared by `rel="next"`, or None."""
    for link in tree.iter("link", "a"):
        if "next" not in _link_relations(link):
            continue
        next_url = _url_on_own_site(link.get("href"), url)
        if next_url and next_url != url:
            return next_url
    return None


def _dates_beside_links(tree: HtmlElement, url: str) -> Iterator[tuple[str, str]]:
    """Yield the URLs of links with the date in the same box of a list."""
    for mark in list(tree.iter("time"))[:MAX_PAGE_LINKS]:
        date = parse_source_date(mark.get("datetime"))
        if date:
            for link_url in _links_beside_time(mark, url):
                yield link_url, date


def _links_beside_time(mark: HtmlElement, url: str) -> set[str]:
    """Return the links in the box of a `<time>`: its closest ancestor that contains links.

    The set is empty if the box has more than three links, or more than one date.
    """
    box = mark.getparent()
    for _ in range(4):
        if box is None or box.tag in ("body", "main"):
            break
        hrefs = (link.get("href") for link in box.iter("a"))
        linked = set(filter(None, (_url_on_own_site(href, url) for href in hrefs)))
        if linked:
            is_one_entry = len(linked) <= 3 and len(list(box.iter("time"))) == 1
            return linked if is_one_entry else set()
        box = box.getparent()
    return set()
