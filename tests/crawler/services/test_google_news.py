"""Google News' RSS search: a query in its words, headlines without addresses, the old links that
hold one."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.services import SearchQuery, ServiceRequest, UnresolvedHeadline, service_named
from crawler.services.google_news import (
    GOOGLE_EDITION_OF_LANGUAGE,
    MAX_GOOGLE_ARTICLES,
    decode_article_url,
    google_expression,
    split_outlet_name,
)

GOOGLE = service_named("google-news", "http://google-news.example")
NOW = datetime(2024, 2, 15, 12, tzinfo=UTC)
ASK = ServiceRequest(
    "http://google-news.example/rss/search?q=ferry", SearchQuery(("ferry",)), language="en"
)


def hidden(url: str, more: bytes = b"\xd2\x01\x00") -> str:
    """A link as Google wrote it until 2024."""
    raw, size = url.encode(), len(url.encode())
    length = bytes([size]) if size < 128 else bytes([size & 0x7F | 0x80, size >> 7])
    packed = urlsafe_b64encode(b"\x08\x13\x22" + length + raw + more).decode().rstrip("=")
    return f"https://news.google.com/rss/articles/{packed}?oc=5"


OPAQUE = hidden("AU_yqLPkgj7wCM6bkL34fQ49DTO0FOo6HZTEfXEFQiR2hNr1SG")


def item(title: str = "Ferry sinks - The Bay Post", link: str = OPAQUE, more: str = "") -> str:
    date = "<pubDate>Thu, 15 Feb 2024 10:30:00 GMT</pubDate>"
    return f"<item><title>{title}</title><link>\n  {link}</link>{date}{more}</item>"


def rss(*items: str) -> bytes:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{"".join(items)}</channel></rss>'.encode()


SOURCE = '<source url="https://www.bay.example">The Bay Post</source>'


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (SearchQuery(("ferry", "harbour wall")), 'ferry "harbour wall"'),
        (
            SearchQuery(("ferry",), any_of=("inquiry", "court case")),
            'ferry (inquiry OR "court case")',
        ),
        (
            SearchQuery(("ferry",), hosts=("a.example", "b.example")),
            "ferry (site:a.example OR site:b.example)",
        ),
        (
            SearchQuery(("ferry",), since="2024-02-01", until="2024-02-10"),
            "ferry after:2024-02-01 before:2024-02-11",
        ),
        (SearchQuery(("ferry",), since="2024-02-15T05:30:00Z"), "ferry when:7h"),
        (SearchQuery(("ferry",), since="2024-02-01T05:30:00Z"), "ferry after:2024-02-01"),
        (SearchQuery(('-ferry" OR (x', "site:evil")), '"ferry x" "site evil"'),
        (SearchQuery(since="2024-02-01"), ""),
    ],
)
def test_a_query_is_written_in_googles_words(query, said):
    assert google_expression(query, NOW) == said


def test_each_language_asks_the_edition_of_one_country():
    asked = [
        parse_qs(urlsplit(ask.url).query)
        for ask in GOOGLE.requests(SearchQuery(("ferry",), languages=("ko", "pt", "xx")))
    ]
    assert [(ask["hl"][0], ask["gl"][0], ask["ceid"][0]) for ask in asked] == [
        ("ko", "KR", "KR:ko"),
        ("pt-BR", "BR", "BR:pt-419"),
    ]
    assert (
        GOOGLE.unfit_reason(SearchQuery(("ferry",), languages=("xx",)))
        == "Google News has no edition in xx"
    )
    assert all(
        len(edition) == 3 and ":" in edition[2] for edition in GOOGLE_EDITION_OF_LANGUAGE.values()
    )


def test_robots_txt_has_a_say_as_the_feed_is_no_interface_for_programs():
    assert GOOGLE.asks_robots


def test_an_item_is_a_headline_an_outlet_and_a_time():
    [found] = GOOGLE.read(rss(item(more=SOURCE)), ASK).headlines
    assert found == UnresolvedHeadline(
        "Ferry sinks", "bay.example", "The Bay Post", "2024-02-15T10:30:00Z", "en", ASK.url
    )


@pytest.mark.parametrize(
    ("title", "outlet", "parts"),
    [
        ("Ferry sinks - The Bay Post", "The Bay Post", ("Ferry sinks", "The Bay Post")),
        (
            "Ferry sinks - live - The Bay Post",
            "The Bay Post",
            ("Ferry sinks - live", "The Bay Post"),
        ),
        ("Ferry sinks - live", "The Bay Post", ("Ferry sinks - live", "The Bay Post")),
        ("Ferry sinks - Bay - Post", "Bay - Post", ("Ferry sinks", "Bay - Post")),
        ("Ferry sinks - live - Somewhere", None, ("Ferry sinks - live", "Somewhere")),
        ("Ferry-sinks", None, ("Ferry-sinks", None)),
        (" - The Bay Post", "The Bay Post", (None, "The Bay Post")),
        (None, None, (None, None)),
    ],
)
def test_the_outlets_name_is_taken_off_the_title(title, outlet, parts):
    assert split_outlet_name(title, outlet) == parts


@pytest.mark.parametrize(
    "url",
    ["https://bay.example/ferry", f"https://bay.example/{'f' * 180}", "http://bay.example/한글"],
)
def test_a_link_of_before_2024_holds_the_address(url):
    assert decode_article_url(hidden(url)) == url
    assert decode_article_url(hidden(url, b"\xd2\x01\x18https://amp.example/a")) == url
    [lead] = GOOGLE.read(rss(item(link=hidden(url), more=SOURCE)), ASK).leads
    assert (lead.url, lead.via, lead.headline, lead.published_at) == (
        url,
        "google news",
        "Ferry sinks",
        "2024-02-15T10:30:00Z",
    )


@pytest.mark.parametrize(
    "link",
    [
        OPAQUE,
        "",
        "https://bay.example/articles/CBM",
        "CBMi====",
        hidden("javascript:alert(1)"),
        hidden("https://bay.example/ferry")[:60],
    ],
)
def test_a_later_link_and_a_broken_one_hold_none(link):
    assert decode_article_url(link) is None


def test_a_full_answer_is_asked_for_again_in_two_halves_of_its_window():
    ask = next(
        GOOGLE.requests(SearchQuery(("ferry",), since="2024-02-01", until="2024-02-09T00:00:00Z"))
    )
    answer = GOOGLE.read(rss(*[item(more=SOURCE)] * MAX_GOOGLE_ARTICLES), ask)
    assert [parse_qs(urlsplit(further.url).query)["q"][0] for further in answer.asks] == [
        "ferry after:2024-02-05 before:2024-02-10",
        "ferry after:2024-02-01 before:2024-02-06",
    ]
    assert (len(answer.headlines), answer.skipped) == (MAX_GOOGLE_ARTICLES, ())


def test_a_full_answer_without_a_window_says_that_there_is_more():
    answer = GOOGLE.read(rss(*[item(more=SOURCE)] * MAX_GOOGLE_ARTICLES), ASK)
    assert (answer.asks, answer.skipped) == ((), ("what Google News found beyond 100 articles",))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            b"<!doctype html><title>Before you continue</title>",
            "not a feed or sitemap, but a web page",
        ),
        (b"", "not a feed or sitemap, but empty"),
        (b"Sorry", "not a feed or sitemap, but other content"),
    ],
)
def test_a_wall_in_the_feeds_place_is_a_problem_and_google_is_left_alone(body, why):
    answer = GOOGLE.read(body, ASK)
    assert answer.problem == f"Google News sent no feed ({why}); it can be asked again in 600 s"
    assert answer.wait == 600


def test_a_feed_that_breaks_off_gives_what_it_holds():
    body = rss(item(more=SOURCE), item("Second - B", more=SOURCE))
    assert len(GOOGLE.read(body[: body.index(b"Second")], ASK).headlines) == 1
    assert GOOGLE.read(rss("<item><link>x</link></item>"), ASK).skipped == ("no headline",)
