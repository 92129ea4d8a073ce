"""What pages name besides articles: topic pages, and their outlet's own search."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import SourceError
from archive.records import Capture
from crawler.sources.navigation import SiteSearch, site_search_url
from crawler.sources.navigation_parser import (
    MAX_PAGE_SEARCHES,
    MAX_PAGE_TOPICS,
    page_navigation,
    parse_listing,
    parse_opensearch,
)

PAGE = "http://www.harbour.example/news/1-mine"


def page(markup: str) -> Capture:
    return Capture(PAGE, f"<html><body>{markup}<p>Text.</p></body></html>".encode())


def ld(json: str) -> str:
    return f'<script type="application/ld+json">{json}</script>'


TOPICS = {
    "rel": '<a rel="nofollow tag" href="/tags/mine">Mine</a>',
    "rel of a link element": '<link rel="tag" href="/tags/mine" title="Mine">',
    "microdata": '<a itemprop="keywords" href="/tags/mine">Mine</a>',
    "RDFa": '<a property="schema:keywords" href="/tags/mine">Mine</a>',
    "JSON-LD about": ld(
        '{"@type":"NewsArticle","about":{"@type":"Thing","name":"Mine","@id":"/tags/mine"}}'
    ),
    "JSON-LD keywords": ld(
        '{"@type":"Article","keywords":[{"@type":"DefinedTerm","name":"Mine","url":"/tags/mine"},"x"]}'
    ),
    "JSON-LD mentions": ld(
        '{"@graph":[{"@type":"NewsArticle","mentions":[{"name":"Mine","url":"/tags/mine"}]}]}'
    ),
    "another host of the site": '<a rel="tag" href="http://topics.harbour.example/tags/mine">Mine</a>',
}
SECTIONS = {
    "microdata": '<a itemprop="articleSection" href="/tags/mine">Mine</a>',
    "a label": '<nav aria-label="Breadcrumbs"><a href="/">Home</a><a href="/tags/mine">Mine</a></nav>',
    "a class": '<div class="site-breadcrumb"><a href="/tags/mine">Mine</a></div>',
    "a list in microdata": '<ol itemtype="https://schema.org/BreadcrumbList"><li><a href="/tags/mine">Mine</a></ol>',
    "JSON-LD": ld(
        '{"@type":"BreadcrumbList","itemListElement":[{"@type":"ListItem","position":1,"item":"/"},'
        '{"@type":"ListItem","position":2,"name":"Mine","item":{"@id":"/tags/mine"}}]}'
    ),
    "JSON-LD of the page": ld(
        '{"@type":"WebPage","breadcrumb":{"@type":"BreadcrumbList","itemListElement":{"item":"/tags/mine","name":"Mine"}}}'
    ),
}


@pytest.mark.parametrize(
    ("markup", "section"),
    [(m, False) for m in TOPICS.values()] + [(m, True) for m in SECTIONS.values()],
)
def test_a_page_is_filed_where_its_markup_says_so(markup, section):
    topics = page_navigation(page(markup)).topics
    assert [(topic.url.partition("example")[2], topic.name, topic.section) for topic in topics] == [
        ("/tags/mine", "Mine", section)
    ]


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/tags/mine">Mine</a>',
        '<a rel="tag" href="http://elsewhere.example/tags/mine">Mine</a>',
        '<a rel="tag" href="/">Home</a>',
        f'<a rel="tag" href="{PAGE}#mine">Mine</a>',
        '<a rel="tag" href="javascript:void(0)">Mine</a>',
        '<a rel="tag" href="http://[bad/">Mine</a>',
        ld('{"@type":"NewsArticle","about":{"name":"Mine"},"keywords":"mine, salt"}'),
        ld('{"@type":"BreadcrumbList","itemListElement":[1, null, "x", {"item": 7}]}'),
    ],
)
def test_no_topic_is_guessed_and_none_leads_to_another_site_or_to_the_page_itself(markup):
    assert page_navigation(page(markup)).topics == ()


Q = "http://www.harbour.example/find?q={words}"
SEARCHES = {
    "SearchAction": (
        ld(
            '{"@type":"WebSite","potentialAction":{"@type":"SearchAction","target":"/find?q={search_term_string}"}}'
        ),
        Q,
    ),
    "an entry point among several": (
        ld(
            '{"@graph":[{"@type":["WebSite"],"potentialAction":[{"@type":"ReadAction","target":"/x"},'
            '{"@type":"SearchAction","target":{"@type":"EntryPoint","urlTemplate":"/find?q={search_term}"}}]}]}'
        ),
        Q,
    ),
    "microdata": (
        '<div itemscope itemtype="https://schema.org/WebSite"><form itemprop="potentialAction" itemscope method="post" '
        'itemtype="https://schema.org/SearchAction"><meta itemprop="target" content="/find?q={query}"></form></div>',
        Q,
    ),
    "a form for searching": ('<form action="/find"><input type="search" name="q"></form>', Q),
    "a role": (
        '<div role="search"><form action="/find?old=1"><input name="q"><button>Go</button></form></div>',
        Q,
    ),
    "what it is called": (
        '<form class="site-search" action="/find"><input type="text" name="q"></form>',
        Q,
    ),
    "what it is called in Japanese": (
        '<form action="/find"><input name="q" placeholder="記事を検索"></form>',
        Q,
    ),
    "a form with hidden fields": (
        '<form id="suche" action="/find"><input type="hidden" name="s" value="a b"><input name="q" type="text"></form>',
        "http://www.harbour.example/find?s=a+b&q={words}",
    ),
    "a path": (
        ld(
            '{"@type":"WebSite","potentialAction":{"@type":"SearchAction","target":"/search/{search_term_string}/"}}'
        ),
        "http://www.harbour.example/search/{words}/",
    ),
}


@pytest.mark.parametrize("kind", SEARCHES)
def test_an_outlets_own_search_is_found_as_its_pages_declare_it(kind):
    markup, address = SEARCHES[kind]
    assert page_navigation(page(markup)).searches == (SiteSearch(address),)


@pytest.mark.parametrize(
    "markup",
    [
        '<form action="/find" method="post"><input type="search" name="q"></form>',
        '<form action="http://elsewhere.example/find"><input type="search" name="q"></form>',
        '<form action="/login" class="search"><input name="q"><input type="password" name="p"></form>',
        '<form action="/subscribe"><input type="email" name="q"></form>',
        '<form action="/newsletter"><input type="text" name="name"></form>',
        '<form action="/find"><input type="search"></form>',
        '<form class="search" action="/find"><input name="q"><input name="where"></form>',
        ld(
            '{"@type":"WebSite","potentialAction":{"@type":"SearchAction","target":"https://elsewhere.example/?q={q}"}}'
        ),
        ld(
            '{"@type":"WebSite","potentialAction":{"@type":"SearchAction","target":"/find?q={search_term}&in={section}"}}'
        ),
        ld(
            '{"@type":"WebSite","potentialAction":{"@type":"SearchAction","target":["", 7, null, {"urlTemplate": 3}]}}'
        ),
        '<link rel="search" type="application/opensearchdescription+xml" href="http://elsewhere.example/osd.xml">',
    ],
)
def test_what_is_no_search_of_the_outlet_is_none(markup):
    assert page_navigation(page(markup)).searches == ()


def test_words_go_into_a_search_as_its_address_wants_them():
    assert (
        site_search_url(SiteSearch("http://a.example/?s={words}&x=1"), "salt & mine")
        == "http://a.example/?s=salt+%26+mine&x=1"
    )
    assert site_search_url(SiteSearch("http://a.example/s/{words}/"), "salt / 鉱山") == (
        "http://a.example/s/salt%20%2F%20%E9%89%B1%E5%B1%B1/"
    )


def test_a_description_names_its_searches_feeds_first():
    body = (
        b'<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">'
        b'<Url type="application/x-suggestions+json" template="http://a.example/suggest?q={searchTerms}"/>'
        b'<Url type="text/html" template="http://a.example/s?q={searchTerms}&amp;n={count}&amp;p={startPage?}"/>'
        b'<Url type="application/rss+xml" template="http://a.example/s.rss?q={searchTerms}"/>'
        b'<Url type="text/html" method="post" template="http://a.example/post?q={searchTerms}"/>'
        b'<Url type="text/html" template="http://elsewhere.example/s?q={searchTerms}"/></OpenSearchDescription>'
    )
    assert parse_opensearch(body, "http://a.example/osd.xml") == [
        SiteSearch("http://a.example/s.rss?q={words}", "feed"),
        SiteSearch("http://a.example/s?q={words}&n=50&p="),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html></html>",
        b"{}",
        b'<!DOCTYPE x [<!ENTITY a "b">]><OpenSearchDescription/>',
        b"<OpenSearchDescription>" + b" " * 300_000 + b"</OpenSearchDescription>",
    ],
)
def test_what_is_no_description_is_told(body):
    with pytest.raises(SourceError, match="not an OpenSearch description"):
        parse_opensearch(body, "http://a.example/osd.xml")


def test_a_list_gives_its_links_with_the_dates_beside_them_and_the_page_that_goes_on():
    found = parse_listing(
        page(
            '<ul><li><a href="/a">The mine has fallen in</a> <time datetime="2026-03-01T10:00:00Z">1 March</time>'
            '<li><div><a href="/b">The miners are free</a></div><time datetime="2026-03-02">2 March</time></ul>'
            '<a rel="next" href="?page=2">Older</a>'
        ),
        "topic",
    )
    assert [
        (lead.url[-2:], lead.published_at, lead.via, lead.found_on) for lead in found.leads
    ] == [
        ("/a", "2026-03-01T10:00:00Z", "topic", PAGE),
        ("/b", "2026-03-02", "topic", PAGE),
    ]
    assert found.next_url == f"{PAGE}?page=2"


def test_a_search_may_answer_with_a_feed():
    feed = b"<rss><channel><item><title>The mine</title><link>http://www.harbour.example/a</link></item></channel></rss>"
    found = parse_listing(Capture("http://www.harbour.example/s.rss", feed), "site search")
    assert [(lead.headline, lead.via) for lead in found.leads] == [("The mine", "site search")]


def test_a_page_of_endless_topics_and_forms_is_read_to_a_bound():
    tags = "".join(f'<a rel="tag" href="/tags/{n}">Mine {n}</a>' for n in range(3_000))
    forms = "".join(
        f'<form action="/find{n}"><input type="search" name="q"></form>' for n in range(1_000)
    )
    found = page_navigation(page(tags + forms))
    assert (len(found.topics), len(found.searches)) == (MAX_PAGE_TOPICS, MAX_PAGE_SEARCHES)


@settings(max_examples=30)
@given(
    st.text(max_size=200),
    st.sampled_from(
        ["{}", "<a rel=tag href='{}'>x</a>", "<form action='{}'><input type=search name=q></form>"]
    ),
)
def test_whatever_a_page_says_it_is_read(said, markup):
    found = page_navigation(
        page(
            markup.replace("{}", said)
            + ld('{"potentialAction":{"@type":"SearchAction","target":"' + said + '"}}')
        )
    )
    assert all(topic.url.startswith("http") for topic in found.topics)
    assert all(
        "{words}" in search.address or search.kind == "description" for search in found.searches
    )
