"""The small web answers as a real one would, and as a test told it to."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from lxml import etree

from demo.outlets import Template
from demo.web import Outlet, Page, Revision, Web, World, serve
from tests.patience import patient

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXT = "The first paragraph, with a [link](/two).\n\n## A subhead\n\nThe last paragraph."
PAGES = (
    Page(
        "/one",
        "A bridge opens",
        TEXT,
        NOON - 3 * HOUR,
        authors=("Ada Berg", "Ole Dahl"),
        section="Local",
    ),
    Page("/two", "A bridge closes", "It closed.", NOON - 2 * HOUR),
    Page("/later", "A bridge reopens", "It reopened.", NOON + HOUR),
    Page("/old", "A bridge is planned", "It was planned.", NOON - 80 * HOUR),
)


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def get(web: Web, url: str, method: str = "GET", **headers: str) -> Got:
    """Ask the web as a proxy, once."""
    connection = http.client.HTTPConnection(urlsplit(web.proxy).netloc, timeout=patient(10))
    connection.request(
        method, url, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    response = connection.getresponse()
    got = Got(
        response.status,
        {key.lower(): value for key, value in response.getheaders()},
        response.read(),
    )
    connection.close()
    return got


@pytest.fixture
def web() -> Iterator[Web]:
    outlets = (
        Outlet("a.example", "The A", pages=PAGES),
        Outlet("b.example", feed="atom", sitemap="index", template="graph", amp=True, pages=PAGES),
        Outlet(
            "c.example",
            feed="json",
            sitemap="news",
            validators=False,
            tracking="utm_source=x",
            pages=PAGES,
        ),
    )
    with serve(World(outlets, NOON)) as running:
        yield running


def test_a_proxy_client_sees_each_outlet_under_its_own_name(web: Web) -> None:
    assert "<title>A bridge opens | The A</title>" in get(web, "http://a.example/one").text
    assert "<title>A bridge opens · An Outlet</title>" in get(web, "http://b.example/one").text
    assert web.hosts == ["a.example", "b.example", "c.example"]


def test_a_client_that_resolves_the_names_itself_sees_them_too(web: Web) -> None:
    assert "A bridge opens" in get(web, "/one", Host="a.example").text


@pytest.mark.parametrize(
    "url", ["http://stranger.example/", "https://a.example/", "http://a.example:8080/"]
)
def test_strangers_other_schemes_and_other_ports_are_refused(web: Web, url: str) -> None:
    assert get(web, url).status == 502


def test_tunnels_are_refused(web: Web) -> None:
    assert get(web, "a.example:443", method="CONNECT").status == 501


def test_one_connection_carries_many_requests(web: Web) -> None:
    connection = http.client.HTTPConnection(urlsplit(web.proxy).netloc, timeout=patient(10))
    for path in ("/one", "/two", "/nowhere"):
        connection.request("GET", f"http://a.example{path}")
        connection.getresponse().read()
    assert [request.status for request in web.requests] == [200, 200, 404]
    connection.close()


def test_head_says_how_long_the_page_would_be(web: Web) -> None:
    head = get(web, "http://a.example/one", method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) == len(get(web, "http://a.example/one").body)


def test_what_is_not_yet_published_is_not_there(web: Web) -> None:
    assert get(web, "http://a.example/later").status == 404
    assert "/later" not in get(web, "http://a.example/feed.xml").text
    web.now += 2 * HOUR
    assert get(web, "http://a.example/later").status == 200
    assert "/later" in get(web, "http://a.example/feed.xml").text


def test_the_clock_can_be_set_over_the_wire(web: Web) -> None:
    assert get(web, "/-/now").text == "2026-03-10T12:00:00+00:00\n"
    assert get(web, "/-/now?2026-03-11T08:00:00Z").status == 200
    assert web.now == datetime(2026, 3, 11, 8, tzinfo=UTC)
    assert get(web, "/-/now?tomorrow").status == 400
    assert get(web, "/").text.count("<li>") == 3


def test_a_page_known_already_is_answered_with_304_by_etag_or_by_date(web: Web) -> None:
    first = get(web, "http://a.example/one").headers
    same = get(web, "http://a.example/one", If_None_Match=first["etag"])
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", first["etag"])
    assert get(web, "http://a.example/one", If_Modified_Since=first["last-modified"]).status == 304
    assert get(web, "http://a.example/one", If_None_Match='"other"').status == 200
    assert get(web, "http://a.example/one", If_Modified_Since="yesterday").status == 200
    assert [request.conditional for request in web.requests] == [False, True, True, True, True]


def test_an_outlet_without_validators_sends_its_page_each_time(web: Web) -> None:
    headers = get(web, "http://c.example/one").headers
    assert {"etag", "last-modified"} & set(headers) == set()
    assert (
        get(web, "http://c.example/one", If_Modified_Since="Sun, 22 Mar 2026 12:00:00 GMT").status
        == 200
    )


def test_a_client_that_takes_gzip_gets_gzip(web: Web) -> None:
    packed = get(web, "http://a.example/one", Accept_Encoding="gzip")
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == get(web, "http://a.example/one").body


def test_robots_txt_names_the_sitemap_and_keeps_the_outlets_rules() -> None:
    strict = Outlet("a.example", robots="User-agent: *\nDisallow: /private/")
    with serve(World((strict,))) as web:
        robots = get(web, "http://a.example/robots.txt").text
    assert robots == "User-agent: *\nDisallow: /private/\n\nSitemap: http://a.example/sitemap.xml\n"


def test_the_home_page_points_to_the_feed_and_to_the_section_fronts(web: Web) -> None:
    home = get(web, "http://b.example/").text
    assert '<link rel="alternate" type="application/atom+xml"' in home
    assert 'href="/section/local"' in home
    front = get(web, "http://b.example/section/local").text
    assert front.count("<article>") == 1


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://a.example/feed.xml", "application/rss+xml"),
        ("http://b.example/atom.xml", "application/atom+xml"),
        ("http://c.example/feed.json", "application/feed+json"),
    ],
)
def test_each_kind_of_feed_lists_what_is_out_newest_first(web: Web, url: str, kind: str) -> None:
    got = get(web, url)
    places = [got.text.index(f"/{path}") for path in ("two", "one", "old")]
    assert got.headers["content-type"].startswith(kind)
    assert places == sorted(places)
    if "json" not in kind:
        etree.fromstring(got.body)


def test_a_feeds_tracking_parameters_lead_to_the_same_page(web: Web) -> None:
    items = json.loads(get(web, "http://c.example/feed.json").body)["items"]
    assert items[0]["url"] == "http://c.example/two?utm_source=x"
    assert get(web, items[0]["url"]).body == get(web, "http://c.example/two").body


def test_a_sitemap_index_leads_to_two_days_of_news_and_to_gzipped_months(web: Web) -> None:
    index = etree.fromstring(get(web, "http://b.example/sitemap.xml").body)
    news, month = [loc.text or "" for loc in index.iter("{*}loc")]
    recent = [loc.text for loc in etree.fromstring(get(web, news).body).iter("{*}loc")]
    whole = [
        loc.text for loc in etree.fromstring(gzip.decompress(get(web, month).body)).iter("{*}loc")
    ]
    assert recent == ["http://b.example/two", "http://b.example/one"]
    assert whole == [*recent, "http://b.example/old"]


def test_a_plain_sitemap_lists_everything_and_a_news_sitemap_two_days(web: Web) -> None:
    assert get(web, "http://a.example/sitemap.xml").text.count("<loc>") == 3 + 2
    assert get(web, "http://c.example/sitemap.xml").text.count("<news:title>") == 2


def test_an_outlet_with_amp_has_a_second_page_that_names_the_first(web: Web) -> None:
    assert (
        '<link rel="amphtml" href="http://b.example/one/amp">'
        in get(web, "http://b.example/one").text
    )
    second = get(web, "http://b.example/one/amp")
    assert '<link rel="canonical" href="http://b.example/one">' in second.text
    assert get(web, "http://a.example/one/amp").status == 404


@pytest.mark.parametrize("template", ["jsonld", "plain", "meta", "table", "graph"])
def test_every_template_carries_the_whole_text_headline_and_byline_once(template: Template) -> None:
    outlet = Outlet("a.example", template=template, pages=PAGES)
    with serve(World((outlet,), NOON)) as web:
        page = get(web, "http://a.example/one").text
    for sentence in (
        'The first paragraph, with a <a href="/two">link</a>.',
        "A subhead",
        "The last paragraph.",
    ):
        assert page.count(sentence) == 1
    assert "By Ada Berg and Ole Dahl" in page
    assert ("datePublished" in page) == (template in ("jsonld", "graph"))
    assert ("article:published_time" in page) == (template in ("jsonld", "meta"))
    assert "A bridge closes" in page, "other headlines stand around the text"


def test_what_an_outlet_writes_is_escaped_in_every_format() -> None:
    wild = Page("/w", "Fish & <b>chips</b>", "A < B & C.", NOON, standfirst='He said "x</script>"')
    outlets = tuple(Outlet(f"{feed}.example", feed=feed, pages=(wild,)) for feed in ("rss", "atom"))
    with serve(World(outlets, NOON)) as web:
        for url in (
            "http://rss.example/feed.xml",
            "http://atom.example/atom.xml",
            "http://rss.example/sitemap.xml",
        ):
            etree.fromstring(get(web, url).body)
        page = get(web, "http://rss.example/w").text
    assert "Fish &amp; &lt;b&gt;chips&lt;/b&gt;</h1>" in page
    assert page.count("</script>") == 1


def test_a_revision_changes_the_page_from_its_moment_on_and_says_so_or_not() -> None:
    stealth = Revision(NOON + HOUR, headline="New words")
    fair = Revision(NOON + 2 * HOUR, text="Put right.", updated=NOON + 2 * HOUR, note="Corrected.")
    gone = Revision(NOON + 3 * HOUR, status=410)
    page = Page("/p", "Old words", "Wrong.", NOON, updated=NOON, revisions=(stealth, fair, gone))
    with serve(World((Outlet("a.example", pages=(page,)),), NOON)) as web:
        pages = []
        for hours in range(4):
            web.now = NOON + hours * HOUR
            pages.append(get(web, "http://a.example/p"))
        feed = get(web, "http://a.example/feed.xml").text
    assert [("New words" in got.text, "Corrected." in got.text) for got in pages[:3]] == [
        (False, False),
        (True, False),
        (True, True),
    ]
    modified = [got.text.partition('"dateModified": "')[2][:16] for got in pages[:3]]
    assert modified == ["2026-03-10T12:00", "2026-03-10T12:00", "2026-03-10T14:00"]
    assert pages[3].status == 410
    assert "<item>" not in feed


def test_a_test_can_describe_faults() -> None:
    pages = (
        Page("/500", status=500),
        Page("/busy", "Busy", "At last.", status=429, headers={"Retry-After": "7"}, times=2),
        Page("/loop", status=302, headers={"Location": "http://a.example/loop"}),
        Page("/raw", body=b"\xff\xfe", headers={"Content-Type": "text/html; charset=euc-kr"}),
        Page("/robots.txt", status=503),
    )
    with serve(World((Outlet("a.example", pages=pages),))) as web:
        assert get(web, "http://a.example/500").status == 500
        busy = [get(web, "http://a.example/busy") for _ in range(3)]
        loop = get(web, "http://a.example/loop")
        raw = get(web, "http://a.example/raw", Accept_Encoding="gzip")
        assert get(web, "http://a.example/robots.txt").status == 503
    assert [got.status for got in busy] == [429, 429, 200]
    assert busy[0].headers["retry-after"] == "7"
    assert "At last." in busy[2].text
    assert (loop.status, loop.headers["location"]) == (302, "http://a.example/loop")
    assert (raw.body, raw.headers["content-type"]) == (b"\xff\xfe", "text/html; charset=euc-kr")


def test_a_body_can_break_off() -> None:
    page = Page("/cut", "Cut", "Words.", cut=True)
    with (
        serve(World((Outlet("a.example", pages=(page,)),))) as web,
        pytest.raises(http.client.IncompleteRead),
    ):
        get(web, "http://a.example/cut")


def test_a_page_can_keep_a_client_waiting_but_not_the_end_of_the_test() -> None:
    pages = (Page("/slow", "Slow", "Words.", delay=0.2), Page("/hang", "Hang", delay=3600))
    with serve(World((Outlet("a.example", pages=pages),))) as web:
        get(web, "http://a.example/slow")
        address = urlsplit(web.proxy)
        waiting = socket.create_connection(
            (str(address.hostname), address.port or 80), timeout=patient(10)
        )
        waiting.sendall(b"GET http://a.example/hang HTTP/1.1\r\nHost: a.example\r\n\r\n")
        answered = get(web, "http://a.example/")
    assert answered.status == 200
    waiting.close()


def test_every_request_is_remembered(web: Web) -> None:
    get(web, "http://a.example/one?x=1", User_Agent="Reader/1.0")
    get(web, "http://b.example/nowhere")
    first, second = web.requests
    assert (first.method, first.url, first.status) == ("GET", "http://a.example/one?x=1", 200)
    assert (first.user_agent, first.conditional) == ("Reader/1.0", False)
    assert (second.host, second.status) == ("b.example", 404)
    assert first.at <= second.at
    assert web.asked("b.example") == ["http://b.example/nowhere"]
