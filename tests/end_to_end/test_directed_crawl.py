"""Crawls for a story that runs on: the days of its coverage, topic pages, and the outlets' own
searches."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from archive.records import Lead, format_utc
from crawler.sources.sitemap_parser import ChildSitemap
from crawler.story_search.date_span import (
    Span,
    children_within,
    is_worth_widening,
    leads_within,
    span_around,
    wider_span,
)
from crawler.story_search.directed_search import MAX_TOPIC_PAGES_PER_OUTLET
from demo.web import Outlet, Page, Web, World, serve
from tests.conftest import Dateline

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
FIRST = datetime(2025, 6, 4, 9, tzinfo=UTC)
WORDS = "miners Vellmar salt mine Halden gallery"


def report(number: int, headline: str, day: datetime, **more: object) -> Page:
    text = (
        f"{headline}. Rescuers of the Vellmar salt mine said so on day {number}; the mine belongs to Halden Salt.\n\n"
        f"The eleven miners of the Vellmar gallery and their families heard report {number} from Halden Salt first."
    )
    usual = {"published": day, "authors": ("Ida Berg",), "listed": False}
    return Page(f"/{day:%Y/%m/%d}/vellmar-salt-mine-{number}", headline, text, **(usual | more))  # type: ignore[arg-type]


MINE = report(1, "Eleven miners trapped in the Vellmar salt mine", FIRST)
DRILL = report(2, "Drill reaches the miners in the Vellmar salt mine", FIRST + timedelta(days=3))
INQUIRY = report(
    3, "Inquiry into the Vellmar salt mine of Halden Salt begins", FIRST + timedelta(days=30)
)
VERDICT = report(
    4, "Court fines Halden Salt over the Vellmar salt mine", FIRST + timedelta(days=58)
)
BEFORE = report(
    5, "Engineers warned Halden Salt of cracks in the Vellmar salt mine", FIRST - timedelta(days=18)
)


def other(number: int, day: datetime) -> Page:
    text = (
        f"The council of ward {number} met about the road to the harbour and closed at {number} in the evening.\n\n"
        * 3
    )
    return Page(
        f"/{day:%Y/%m/%d}/council-of-ward-{number}",
        f"Council of ward {number} meets",
        text,
        day,
        listed=False,
    )


def sitemap(*pages: Page, host: str = "harbour.example") -> bytes:
    urls = "".join(
        f"<url><loc>http://{host}{page.path}</loc><lastmod>{page.published:%Y-%m-%d}</lastmod></url>"
        for page in pages
        if page.published
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def index(*names: str, host: str = "harbour.example") -> bytes:
    maps = "".join(f"<sitemap><loc>http://{host}/{name}</loc></sitemap>" for name in names)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{maps}</sitemapindex>'.encode()


def raw(path: str, body: bytes, kind: str = "application/xml") -> Page:
    return Page(path, "", "", NOW, listed=False, body=body, headers={"Content-Type": kind})


def months(*pages: Page, years: range = range(2019, 2027)) -> tuple[Page, ...]:
    """A sitemap index of every month of some years, with the pages in the months of their days."""
    names = [
        f"{year}-{month:02}"
        for year in years
        for month in range(1, 13)
        if (year, month) <= (2026, 3)
    ]
    maps = [
        raw(
            f"/map-{name}.xml",
            sitemap(*[page for page in pages if f"{page.published:%Y-%m}" == name]),
        )
        for name in names
    ]
    return (raw("/sitemap.xml", index(*[f"map-{name}.xml" for name in names])), *maps, *pages)


def outlet(
    *pages: Page, host: str = "harbour.example", feed: str | None = None, **more: object
) -> Outlet:
    return Outlet(host, "The Harbour Post", pages=pages, feed=feed, **more)  # type: ignore[arg-type]


def followed(
    dateline, web: Web, *words: object, start: Page = MINE, host: str = "harbour.example"
) -> tuple[str, Dateline]:
    """The story, followed from one article and crawled for; what the crawl said."""
    run: Dateline = dateline(web)
    run.knows()
    run("follow", f"http://{host}{start.path}", "--name", "mine")
    web.requests.clear()
    return run("crawl", "--story", "mine", "--delay", "0", *words).stdout, run


def coverage(run: Dateline) -> set[str]:
    return {
        url.rpartition("example")[2]
        for url in run.column("SELECT url FROM story_coverage WHERE story = 'mine'")
    }


def read_maps(web: Web) -> list[str]:
    return [request.path[5:12] for request in web.requests if request.path.startswith("/map-")]


# -- the days of a story ---------------------------------------------------------------------------


def test_of_an_index_of_years_only_the_months_around_the_story_are_read_and_further_ones_as_it_is_found_to_run_on(
    dateline,
):
    strangers = [other(number, datetime(2021, number, 3, tzinfo=UTC)) for number in range(1, 13)]
    pages = months(MINE, DRILL, INQUIRY, VERDICT, BEFORE, *strangers)
    with serve(World((outlet(*pages),), NOW)) as web:
        told, run = followed(dateline, web)
        read = read_maps(web)
    assert coverage(run) == {page.path for page in (MINE, DRILL, INQUIRY, VERDICT, BEFORE)}
    assert {"2025-05", "2025-06", "2025-07", "2025-08"} <= set(read)
    assert len(read) == len(set(read)), "each month once"
    assert not [name for name in read if name < "2025-02" or name > "2025-11"], read
    assert run.column("SELECT count(*) FROM urls WHERE url LIKE '%council%'") == [0]
    assert "Looked for: 2025-0" in told


def test_a_sitemap_without_months_is_read_again_for_the_days_beyond_and_no_more_often(dateline):
    strangers = [
        other(number, datetime(2021, 1, 1, tzinfo=UTC) + timedelta(days=10 * number))
        for number in range(100)
    ]
    pages = (MINE, DRILL, INQUIRY, VERDICT, BEFORE, *strangers)
    with serve(
        World((outlet(raw("/sitemap.xml", gzip.compress(sitemap(*pages))), *pages),), NOW)
    ) as web:
        _, run = followed(dateline, web)
        many = sum(request.path == "/sitemap.xml" for request in web.requests)
    assert coverage(run) == {page.path for page in (MINE, DRILL, INQUIRY, VERDICT, BEFORE)}
    assert many <= 6
    assert run.column("SELECT count(*) FROM urls WHERE url LIKE '%/2021/%'") == [0]


def test_a_window_that_a_person_set_is_not_left(dateline):
    with serve(World((outlet(*months(MINE, DRILL, INQUIRY, VERDICT, BEFORE)),), NOW)) as web:
        run = dateline(web)
        run.knows()
        until = format_utc(FIRST + timedelta(days=10))[:10]
        run(
            "follow",
            f"http://harbour.example{MINE.path}",
            "--name",
            "mine",
            "--until",
            until,
            "--since",
            "2025-06-01",
        )
        web.requests.clear()
        run("crawl", "--story", "mine", "--delay", "0")
        assert set(read_maps(web)) == {"2025-06"}
    assert coverage(run) == {MINE.path, DRILL.path}


@pytest.mark.parametrize(
    ("name", "lastmod", "may"),
    [
        ("map-2024-02.xml", None, True),
        ("map-2024-01.xml", "2025-01-01", False),
        ("map-2024-04.xml", None, False),
        ("posts-2024.xml", None, True),
        ("posts-2023.xml", None, False),
        ("sitemap.xml?yyyy=2024&mm=02&dd=15", None, True),
        ("sitemap.xml?yyyy=2024&mm=02&dd=28", None, False),
        ("archive/2024/2/map.xml", None, True),
        ("post-sitemap7.xml", "2024-03-02", True),
        ("post-sitemap6.xml", "2024-01-02", False),
        ("news-sitemap.xml", "2026-03-10", False),
        ("authors.xml", None, True),
    ],
)
def test_a_sitemap_is_read_if_its_name_and_its_date_let_it_hold_days_of_the_story(
    name, lastmod, may
):
    child = ChildSitemap(f"http://harbour.example/{name}", lastmod)
    taken, others = children_within([child], Span("2024-02-01", "2024-02-20"), "2026-03-10", 60)
    assert (taken, others) == (([child], []) if may else ([], [child]))


def test_numbered_sitemaps_that_were_filled_soonest_after_the_story_come_first():
    children = [
        ChildSitemap(f"http://a.example/post-sitemap{n}.xml", f"2024-{n:02}-01")
        for n in range(1, 12)
    ]
    taken, _ = children_within(children, Span("2024-03-10", "2024-04-10"), "2026-03-10", 3)
    assert [child.url[-6:] for child in taken] == ["p4.xml", "p5.xml", "p6.xml"]


def test_what_was_only_changed_later_may_have_been_published_in_the_days_of_the_story():
    span = Span("2024-02-01", "2024-02-20")
    leads = [
        Lead("http://a.example/mine-falls", via="sitemap", modified_at="2026-01-01T00:00:00Z"),
        Lead(
            "http://a.example/2024/02/mine-falls-in",
            via="sitemap",
            modified_at="2026-01-01T00:00:00Z",
        ),
        Lead("http://a.example/2025/02/03/mine-opens", via="sitemap", modified_at="2025-02-03"),
        Lead("http://a.example/old-mine", via="sitemap", modified_at="2024-01-01"),
        Lead("http://a.example/undated-mine", via="sitemap"),
    ]
    taken, other_days, undated = leads_within(leads, span)
    assert [lead.url[17:] for lead in taken] == ["mine-falls", "2024/02/mine-falls-in"]
    assert (other_days, undated) == (2, 1)


def test_days_are_those_of_the_coverage_and_weeks_around_it_never_beyond_today():
    span = span_around(["2026-03-01T10:00:00Z", "2026-02-01"], "2026-03-10T12:00:00Z")
    assert span == Span("2026-01-11", None)
    assert span_around([], "2026-03-10") is None
    old = span_around(["2020-02-01"], "2026-03-10")
    assert old == Span("2020-01-11", "2020-04-11")
    assert wider_span(old, "2026-03-10").covers(old)
    assert not is_worth_widening(old, Span(old.since, "2020-04-14")), (
        "three days are not worth a request"
    )
    assert is_worth_widening(old, Span("2019-12-01", old.until))


# -- topic pages -----------------------------------------------------------------------------------


def article_with(page: Page, head: str = "", foot: str = "") -> Page:
    from demo.markup import page_html

    markup = page_html(outlet(), page, NOW)
    body = markup.replace("</head>", f"{head}</head>").replace("</body>", f"{foot}</body>")
    return replace(page, body=body.encode())


def list_page(path: str, *pages: Page, head: str = "") -> Page:
    items = "".join(
        f'<li><article><a href="{page.path}">{page.headline}</a><time datetime="{page.published:%Y-%m-%d}"></time>'
        for page in pages
    )
    return raw(
        path,
        f"<html><head><title>List</title>{head}</head><body><ul>{items}</ul></body></html>".encode(),
        "text/html",
    )


TAGGED = {
    "a link that is marked as a tag": ("", '<a rel="tag" href="/vellmar">Vellmar salt mine</a>'),
    "microdata": ("", '<a itemprop="keywords" href="/vellmar">Vellmar salt mine</a>'),
    "JSON-LD": (
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"NewsArticle","headline":"x",'
        '"about":[{"@type":"Thing","name":"Vellmar salt mine","url":"/vellmar"}]}</script>',
        "",
    ),
    "breadcrumbs": (
        "",
        '<nav aria-label="Breadcrumb"><a href="/">Home</a><a href="/vellmar">Vellmar salt mine</a></nav>',
    ),
}


@pytest.mark.parametrize("how", TAGGED)
def test_a_topic_page_that_an_article_is_filed_under_is_read_for_leads(dateline, how):
    """The outlet has no list that goes back so far; its topic page does, on a second page too."""
    start = article_with(MINE, *TAGGED[how])
    more = list_page("/vellmar/2", INQUIRY, VERDICT)
    topic = list_page("/vellmar", DRILL, head='<link rel="next" href="/vellmar/2">')
    with serve(
        World((outlet(start, DRILL, INQUIRY, VERDICT, topic, more, feed="rss", sitemap=None),), NOW)
    ) as web:
        told, run = followed(dateline, web)
    assert {DRILL.path, INQUIRY.path, VERDICT.path} <= coverage(run)
    assert set(run.column("SELECT via FROM urls WHERE url LIKE '%vellmar-salt-mine-2'")) == {
        "topic"
    }
    assert "1 topic page" in told


def test_topics_that_are_not_the_storys_are_not_read_and_of_the_others_only_a_few(dateline):
    tags = "".join(f'<a rel="tag" href="/tag/{n}">Vellmar salt mine {n}</a>' for n in range(20))
    foreign = '<a rel="tag" href="http://elsewhere.example/tag/vellmar">Vellmar</a><a rel="tag" href="/tag/food">Food</a>'
    start = article_with(MINE, "", tags + foreign)
    with serve(
        World((outlet(start, feed="rss", sitemap=None), outlet(host="elsewhere.example")), NOW)
    ) as web:
        followed(dateline, web)
        asked = [request.path for request in web.requests if request.path.startswith("/tag/")]
    assert len(asked) == MAX_TOPIC_PAGES_PER_OUTLET
    assert "/tag/food" not in asked
    assert not [
        request
        for request in web.requests
        if request.host == "elsewhere.example" and "tag" in request.path
    ]


# -- an outlet's own search ------------------------------------------------------------------------

FORM = (
    '<form role="search" action="/find"><input type="hidden" name="sort" value="new">'
    '<input type="search" name="q"></form>'
)
ACTION = (
    '<script type="application/ld+json">{"@context":"https://schema.org","@type":"WebSite","url":"http://ridge.example/",'
    '"potentialAction":{"@type":"SearchAction","target":{"@type":"EntryPoint",'
    '"urlTemplate":"http://ridge.example/find?q={search_term_string}"},'
    '"query-input":"required name=search_term_string"}}</script>'
)
OSD = '<link rel="search" type="application/opensearchdescription+xml" href="/osd.xml">'
DESCRIPTION = (
    b'<?xml version="1.0"?><OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">'
    b'<Url type="text/html" template="http://ridge.example/find?q={searchTerms}&amp;p={startPage?}"/>'
    b"</OpenSearchDescription>"
)


class Searching(Web):
    """A web whose ridge.example finds its reports at /find by all the words of a question; nothing
    else lists them."""

    def respond(self, method, host, path, headers):
        if host == "ridge.example" and path.startswith("/find"):
            words = parse_qs(path.partition("?")[2]).get("q", [""])[0].lower().split()
            reports = [page for page in self.world.outlets[-1].pages if "mine" in page.path]
            found = [page for page in reports if all(word in page.text.lower() for word in words)]
            ridge = self.world.outlets[-1]
            self.outlets[host] = replace(ridge, pages=(*ridge.pages, list_page(path, *found)))
        return super().respond(method, host, path, headers)


def searching(home: str, *more: Page, robots: str = "User-agent: *\nAllow: /\n") -> Searching:
    front = raw(
        "/",
        f"<html><head><title>Ridge</title>{home}</head><body>{home}</body></html>".encode(),
        "text/html",
    )
    rules = raw("/robots.txt", robots.encode(), "text/plain")
    today = [other(number, NOW - timedelta(hours=number)) for number in range(1, 4)]
    listed = [replace(page, listed=True) for page in today]
    ridge = outlet(
        front, rules, *listed, DRILL, INQUIRY, *more, host="ridge.example", feed="rss", sitemap=None
    )
    return Searching(World((outlet(*months(MINE)), ridge), NOW))


@pytest.mark.parametrize("home", [FORM, ACTION, OSD], ids=["a form", "SearchAction", "OpenSearch"])
def test_an_outlet_whose_feed_does_not_reach_back_is_asked_through_the_search_that_its_front_page_declares(
    dateline, home
):
    from demo.web import served

    with served(searching(home, raw("/osd.xml", DESCRIPTION))) as web:
        told, run = followed(dateline, web)
        asked = [request.path for request in web.requests if request.path.startswith("/find")]
    assert {DRILL.path, INQUIRY.path} <= coverage(run)
    assert "site search" in run.column("SELECT via FROM urls WHERE url LIKE '%vellmar-salt-mine-2'")
    assert len(asked) == 1
    assert ("sort=new" in asked[0]) == (home == FORM)
    assert "ridge.example: its search was asked for" in told


def test_a_search_that_robots_txt_forbids_is_not_asked_and_that_is_told(dateline):
    from demo.web import served

    with served(searching(FORM, robots="User-agent: *\nDisallow: /find\n")) as web:
        told, run = followed(dateline, web)
        assert not [request for request in web.requests if request.path.startswith("/find")]
    assert coverage(run) == {MINE.path}
    assert "ridge.example: /find: forbidden by robots.txt" in told


def test_a_search_of_another_site_is_never_asked(dateline):
    from demo.web import served

    elsewhere = '<form action="http://harbour.example/find" role="search"><input type="search" name="q"></form>'
    with served(searching(elsewhere)) as web:
        told, _ = followed(dateline, web)
        assert not [request for request in web.requests if request.path.startswith("/find")]
    assert "ridge.example: its lists do not reach back, and its pages declare no search" in told


def test_an_outlet_whose_sitemap_has_the_days_of_the_story_is_not_searched(dateline):
    pages = months(MINE, *[other(number, FIRST + timedelta(days=number)) for number in range(3)])
    front = raw("/", f"<html><body>{FORM}</body></html>".encode(), "text/html")
    with serve(World((outlet(front, *pages),), NOW)) as web:
        followed(dateline, web)
        assert not [
            request
            for request in web.requests
            if request.path in ("/", "/find") or "/find" in request.path
        ]


def test_topic_pages_and_searches_count_for_the_budget_of_their_outlet(dateline):
    from demo.web import served

    with served(searching(FORM)) as web:
        followed(dateline, web, "--outlet-budget", "1")
        spent = [
            r.path
            for r in web.requests
            if r.host == "ridge.example" and r.path not in ("/robots.txt", "/feed.xml")
        ]
    assert len(spent) <= 1


def test_searches_are_asked_no_further_once_many_outlets_in_a_row_declare_none(dateline):
    short = [
        outlet(*[replace(other(n, NOW - timedelta(hours=n)), listed=True) for n in (1, 2)],
               host=f"town{number}.example", feed="rss", sitemap=None)
        for number in range(24)
    ]  # fmt: skip
    with serve(World((outlet(*months(MINE)), *short), NOW)) as web:
        followed(dateline, web)
        fronts = [request.host for request in web.requests if request.path == "/"]
    assert len(fronts) == len(set(fronts)) == 8
