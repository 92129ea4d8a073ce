"""Which addresses lead to the same page, and which do not."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from courlan import clean_url
from hypothesis import given
from hypothesis import strategies as st
from w3lib.url import canonicalize_url, safe_url_string

from archive.errors import UsageError
from pipelines.urls import (
    MAX_GIVEN_URL_CHARS,
    MAX_STORED_URL_CHARS,
    DeclaredIdentity,
    article_number_token,
    declared_identity,
    have_same_article_number,
    registered_domain,
    request_url,
    url_key,
)
from tests.growth import assert_growth

PAIRS: dict[str, list[tuple[str, str, str]]] = tomllib.loads(
    Path(__file__).with_name("url_pairs.toml").read_text(encoding="utf-8")
)
SAME, APART = PAIRS["same"], PAIRS["apart"]
PAGE = "https://news.example/2024/02/15/ties-open"


@pytest.mark.parametrize(("_case", "one", "other"), SAME, ids=[row[0] for row in SAME])
def test_variants_of_one_page_have_one_key(_case: str, one: str, other: str) -> None:
    assert url_key(one) == url_key(other)


@pytest.mark.parametrize(("_case", "one", "other"), APART, ids=[row[0] for row in APART])
def test_pages_that_may_differ_have_two_keys(_case: str, one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_keys_find_more_than_w3lib_and_courlan_and_merge_less() -> None:
    for key in canonicalize_url, clean_url:
        assert sum(key(one) == key(other) for _, one, other in SAME) < len(SAME) / 2
        assert sum(key(one) == key(other) for _, one, other in APART) > 0


def test_every_address_of_the_table_is_stable_on_both_levels() -> None:
    for _, *pair in SAME + APART:
        for url in pair:
            assert request_url(request_url(url)) == request_url(url)
            assert url_key("http://" + url_key(url)) == url_key(request_url(url)) == url_key(url)


REQUESTS = [
    ("http://news.example", "http://news.example/"),
    ("HTTP://News.EXAMPLE:80/A?b=1#top", "http://news.example/A?b=1"),
    ("https://news.example:8443/a", "https://news.example:8443/a"),
    ("https://www.news.example/story/amp/?amp=1", "https://www.news.example/story/amp/?amp=1"),
    ("http://m.news.example/story?print=1&page=2", "http://m.news.example/story?print=1&page=2"),
    ("https://news.example/r?b=2&utm_source=x&a=1&fbclid=y", "https://news.example/r?b=2&a=1"),
    (
        "https://news.example/r?ref=rss&source=ap&from=12",
        "https://news.example/r?source=ap&from=12",
    ),
    ("https://news.example/r?utm_source=x", "https://news.example/r"),
    ("https://news.example/#!/story/5", "https://news.example/#!/story/5"),
    ("https://news.example/a/./b/../c/", "https://news.example/a/c/"),
    ("https://news.example/%e9t%7e%2f%2e", "https://news.example/%E9t~%2F."),
    ("https://news.example/été?q=ü", "https://news.example/%C3%A9t%C3%A9?q=%C3%BC"),
    ("https://zürich.example/100% sure", "https://xn--zrich-kva.example/100%25%20sure"),
    ("https://news.example\\@other.example/", "https://news.example/@other.example/"),
    ("http://[::0:1]:80/a", "http://[::1]/a"),
    (" \ufeffhttps://news.example/a\n", "https://news.example/a"),
    (
        "https://web.archive.org/web/2024/http://news.example/a",
        "https://web.archive.org/web/2024/http://news.example/a",
    ),
]


@pytest.mark.parametrize(("url", "asked"), REQUESTS, ids=[row[1] for row in REQUESTS])
def test_a_server_is_asked_for_what_was_linked_without_what_only_counts_clicks(
    url: str, asked: str
) -> None:
    assert request_url(url) == asked


REFUSED = [
    "", "news", "news.example/story", "//news.example/a", "ftp://news.example/a", "javascript:alert(1)",
    "data:text/html,x",    "file:///etc/hosts", "mailto:desk@news.example", "http://", "http:///a", "http:news.example",
    "https://user@news.example/",
    "https://user:secret@news.example/", "https://@news.example/",
    "https://news.example/a\x00b", "https://news.example/a\nb", "https://news.example/a\x85b", "https://news.example/\ud800",
    "https://news.example:99999/", "https://news.example:port/", "https://ne ws.example/", "https://news..example/",
    "https://[::1%25eth0]/", "https://[::1/", "https://%6eews.example/", "https://" + "a" * 64 + ".example/",
    "https://news.example/" + "a" * MAX_STORED_URL_CHARS, "https://news.example/?utm_source=" + "a" * MAX_GIVEN_URL_CHARS,
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED, ids=[ascii(url)[:40] for url in REFUSED])
def test_what_is_no_address_is_refused_in_one_line(url: str) -> None:
    with pytest.raises(UsageError, match="address") as refusal:
        request_url(url)
    assert len(str(refusal.value).splitlines()) == 1
    assert len(str(refusal.value)) < 1000


def test_a_long_tail_of_tracking_costs_no_address_its_place() -> None:
    assert request_url(f"{PAGE}?fbclid={'x' * 3000}") == PAGE
    assert (
        len(request_url("https://news.example/".ljust(MAX_STORED_URL_CHARS, "a")))
        == MAX_STORED_URL_CHARS
    )


DOMAINS = [
    ("https://www.bbc.co.uk/news/world", "bbc.co.uk"),
    ("WWW.News.Example", "news.example"),
    ("en.m.pedia.example:8080", "pedia.example"),
    ("localhost:8090", "localhost"),
    ("http://127.0.0.1:8090/a", "127.0.0.1"),
    ("[::1]:80", "[::1]"),
    ("alice.blogspot.com", "alice.blogspot.com"),
    ("www.alice.github.io", "alice.github.io"),
    ("blogspot.com", "blogspot.com"),
    ("co.uk", "co.uk"),
    ("zürich.example", "xn--zrich-kva.example"),
    ("news.example/go?to=http://other.example", "news.example"),
]


@pytest.mark.parametrize(("given_", "domain"), DOMAINS, ids=[row[0] for row in DOMAINS])
def test_a_domain_is_what_somebody_registered(given_: str, domain: str) -> None:
    assert registered_domain(given_) == domain


def test_a_page_may_say_that_it_is_another_address_of_its_domain() -> None:
    identity = declared_identity("https://m.news.example/a?id=5", PAGE, {"amphtml": f"{PAGE}/amp"})
    assert identity == DeclaredIdentity(url_key(PAGE), also=("news.example/a?id=5",))


def test_a_canonical_of_another_domain_is_only_a_hint() -> None:
    theirs = "https://wire.example/2024/02/15/ties-open?utm_source=x"
    assert declared_identity(PAGE, theirs, {}) == DeclaredIdentity(url_key(PAGE), hint=theirs)
    assert declared_identity(PAGE, theirs, {"og:url": PAGE + "/"}) == DeclaredIdentity(
        url_key(PAGE), hint=theirs
    )


def test_one_blog_may_not_claim_another_of_the_same_host() -> None:
    mine, theirs = (
        "https://alice.blogspot.com/2024/02/a-b.html",
        "https://bob.blogspot.com/2024/02/a-b.html",
    )
    assert declared_identity(mine, theirs, {}) == DeclaredIdentity(url_key(mine), hint=theirs)


def test_an_open_redirect_does_not_carry_an_identity_to_another_domain() -> None:
    assert declared_identity(
        "https://site.example/amp/s/news.example/story-5", None, {}
    ).key.startswith("site.example/")


SECTIONS = [
    "https://news.example", "https://news.example/index.html", "https://news.example/world", "https://news.example/world/asia/",
    "https://news.example/us-and-canada", "https://news.example/world.html", "https://news.example/2024/02/15/",
    "https://news.example/list?section=world",
]  # fmt: skip


@pytest.mark.parametrize("declared", SECTIONS)
def test_a_page_that_calls_itself_the_home_page_or_a_section_is_not_believed(declared: str) -> None:
    assert declared_identity(PAGE, declared, {"og:url": declared}) == DeclaredIdentity(
        url_key(PAGE)
    )


ARTICLES = [
    "https://news.example/?p=5123", "https://news.example/world/ties-open", "https://news.example/seoul-and-havana-open-ties-now",
    "https://news.example/world/story-68300000", "https://news.example/2024/02/14/ties", "https://news.example/#!/story/5",
    "https://news.example/기사/쿠바-수교",
]  # fmt: skip


@pytest.mark.parametrize("declared", ARTICLES)
def test_a_page_that_names_an_article_is_believed(declared: str) -> None:
    assert declared_identity(PAGE, declared, {}) == DeclaredIdentity(
        url_key(declared), also=(url_key(PAGE),)
    )


@pytest.mark.parametrize(
    "slip", ["", "/2024/02/15/ties-open", "javascript:void(0)", "http://[", "undefined"]
)
def test_what_a_page_miswrites_changes_nothing(slip: str) -> None:
    assert declared_identity(PAGE, slip, {"og:url": slip}) == DeclaredIdentity(url_key(PAGE))


TOKENS = [
    ("https://news.example/12345-old-title", "news.example 12345"),
    ("https://m.news.example/12345-new-title/amp", "news.example 12345"),
    ("https://news.example/706332/price-of-power", "news.example 706332"),
    ("https://news.example/article/us-cuba-ties-idUSKBN2A10ZZ", "news.example idUSKBN2A10ZZ"),
    ("https://news.example/article/slug_6216666_3210.html", "news.example 6216666"),
    (
        "https://news.example/a-b-0a1b2c3d-0001-4abc-8def-0123456789ab",
        "news.example 0a1b2c3d-0001-4abc-8def-0123456789ab",
    ),
    (
        "https://news.example/article/a-b-0123456789abcdef0123456789abcdef",
        "news.example 0123456789abcdef0123456789abcdef",
    ),
    ("https://news.example/view?idxno=30211&title=x", "news.example 30211"),
    ("https://news.example/2024/02/15/ties-open", None),
    ("https://news.example/20240215/ties-open", None),
    ("https://news.example/202402/ties-open", None),
]


@pytest.mark.parametrize(("url", "token"), TOKENS, ids=[row[0] for row in TOKENS])
def test_an_article_number_outlives_its_slug(url: str, token: str | None) -> None:
    assert article_number_token(url) == token


def test_a_number_counts_on_its_own_host_alone() -> None:
    assert have_same_article_number(
        "https://news.example/12345-old", "http://www.news.example/12345-new"
    )
    assert not have_same_article_number(
        "https://news.example/12345-old", "https://other.example/12345-old"
    )
    assert not have_same_article_number(PAGE, PAGE)


PIECES = """
    amp / // ? & = #! # ; % %2e %2F %25 %20 . .. www. m. news.example google.com /amp/s/ /url?q= http:// https:// print
    + web.archive.org/web/2024/ cdn.ampproject.org/c/s/ .html index.html amp; utm_source=x id=5 12345 é e\u0301 |
    ref=rss sid=0123456789abcdef0 :80 :443 %C3%A9 %E9 (S(x)) [ ] \\ @ \u0958 a-b-c-d /2024/02/ amphtml co.uk 。 '
    _amp ~amp //c/s// /c/s//ampamp //amp/ bing-amp.com//wp/s/
"""
URLS = st.builds(
    str.__add__,
    st.sampled_from(["http://", "https://news.example/", "http://google.com/", "HTTP://WWW.", ""]),
    st.lists(
        st.sampled_from(PIECES.split()) | st.text(st.characters(codec=None), max_size=2),
        max_size=14,
    ).map("".join),
)


@pytest.mark.slow
@given(URLS)
def test_any_text_is_refused_or_stable_on_every_level(url: str) -> None:
    try:
        asked = request_url(url)
    except UsageError:
        return
    assert asked == request_url(asked) == safe_url_string(asked)
    key = url_key(url)
    assert key == url_key(asked) == url_key("http://" + key)
    assert asked.isascii()
    assert key.isascii()
    assert declared_identity(url, url, {}) == DeclaredIdentity(key)
    assert article_number_token(url) == article_number_token(asked)


@pytest.mark.parametrize(
    "path",
    [
        *("/c/s//ampamp", "//c/v", "/c/s/https://", "/v/AMP/i", "///c/s//s//v", "//wp/i/AMP"),
        *("/c//s/news.example/story", "//c/s/news.example/amp/story", "/c/%73/news.example/story"),
        "/c//cdn.ampproject.org//c//cdn.ampproject.org/c/news.example/story",
        "//c" + "//cdn.ampproject.org//c" * 9 + "/news.example/story",
        "/c" + "/cdn.ampproject.org/c" * 5 + "//cdn.ampproject.org/c/news.example/story",
    ],
)
@pytest.mark.parametrize(
    "cache", ["cdn.ampproject.org", "news-example.cdn.ampproject.org", "news-example.bing-amp.com"]
)
def test_an_address_in_an_amp_cache_with_slashes_too_many_has_a_stable_key(
    cache: str, path: str
) -> None:
    key = url_key(f"https://{cache}{path}")

    assert url_key(f"http://{key}") == key


def test_slashes_too_many_hide_no_amp_cache() -> None:
    cached = "https://cdn.ampproject.org//c//s//news.example/story-of-the-day"

    assert url_key(cached) == "news.example/story-of-the-day"


@given(st.text(st.characters(codec=None)) | URLS, st.text(st.characters(codec=None)) | URLS)
def test_nothing_but_a_refusal_comes_of_any_text(one: str, other: str) -> None:
    for ask in request_url, url_key, registered_domain, article_number_token:
        with suppress(UsageError):
            ask(one)
    assert declared_identity(PAGE, one, {"og:url": other, "json-ld": one}).key


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["/amp/", "/amp", "a-", "%2e", ";sid=", "/(S(", "_amp", "1-amp/", "google.com/amp/s/"]
)
def test_a_long_hostile_path_costs_little_time(part: str) -> None:
    """A pattern that went back and forth over eight thousand characters would take minutes; each
    variant that is folded may cost a pass over the path."""

    def read(length: int) -> None:
        for _ in range(2):
            with suppress(UsageError):
                url_key("https://google.com/amp/s/" + (part * length)[:length])

    assert_growth(read, (MAX_GIVEN_URL_CHARS - 30) // 8, slack=12)
