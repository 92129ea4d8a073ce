"""Finding feeds, sitemaps and names: on invented home pages and robots files, and from what a
person types."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.errors import UsageError
from crawler.sources.source_discovery import (
    USUAL_FEED_PATHS,
    USUAL_SITEMAP_PATHS,
    DiscoveredFeed,
    feed_links,
    home_page_urls,
    likeliest_sitemaps_first,
    other_www_host,
    outlet_language,
    outlet_name,
    parse_host,
    parse_robots_sitemaps,
    registered_domain,
)

HOME = "https://www.harbour.example/"

PAGE = """<!doctype html><html lang="en-GB"><head><base href="/start/"><meta charset="utf-8">
<title>Latest news, ferries and tides | Harbour Post</title>
<link rel="alternate" type="application/rss+xml" title="Harbour Post &raquo; Feed" href="/feed/">
<link rel="alternate" type="application/rss+xml" title="Harbour Post &raquo; Comments Feed" href="/comments/feed/">
<link rel="alternate" type="application/rss+xml" title="Ferry collides" href="/2024/02/15/ferry/feed/">
<link REL="Alternate" TYPE="application/atom+xml; charset=utf-8" href="world.atom">
<link rel="alternate" type="application/feed+json" href="/feed.json#top">
<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">
<link rel="alternate" type="application/json+oembed" href="/oembed?url=feed">
<link rel="alternate" hreflang="de" href="/de/">
<link rel="stylesheet" type="text/css" href="/rss">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)">
</head><body>
<a href="/rss"><b>All</b> feeds</a> <a href="/feed/">Again</a> <a href="https://blog.harbour.example/index.rdf">Blog</a>
<a href="https://reader.example/feed">Follow us there</a> <a href="/feedback">Feedback</a>
<a href="/sport/?feed=rss2">Sport</a>
<a href="/a-feed-for-gulls">Gulls</a></body></html>"""


def test_a_home_page_names_its_feeds_but_not_those_of_comments() -> None:
    assert feed_links(PAGE.encode(), HOME) == [
        DiscoveredFeed("https://www.harbour.example/feed/", "Harbour Post » Feed"),
        DiscoveredFeed("https://www.harbour.example/start/world.atom", None),
        DiscoveredFeed("https://www.harbour.example/feed.json", None),
        DiscoveredFeed("https://www.harbour.example/rss", "All feeds"),
        DiscoveredFeed("https://blog.harbour.example/index.rdf", "Blog"),
        DiscoveredFeed("https://www.harbour.example/sport/?feed=rss2", "Sport"),
    ]


LD = '<script type="application/ld+json">{}</script><title>A story - Elsewhere</title>'


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (
            '<meta property="og:site_name" content="Harbour &amp; Mail"><title>x | y</title>',
            "Harbour & Mail",
        ),
        (
            LD.format(
                '{"@type":"NewsArticle","publisher":{"@type":"Organization","name":"Harbour Post"}}'
            ),
            "Harbour Post",
        ),
        (LD.format('{"@graph":[{"@type":["WebSite"],"name":"Harbour Post"}]}'), "Harbour Post"),
        (LD.format("{broken"), "Elsewhere"),
        ('<meta name="application-name" content="HP"><title>x</title>', "HP"),
        ("<title>Ferry collides with tram – Quay News</title>", "Quay News"),
        ("<title>The Harbour | News, tides and weather</title>", "The Harbour"),
        ("<title>Quay News | Ferries, tides, weather</title>", "Quay News"),
        ("<p>no title</p>", None),
        ("", None),
    ],
)
def test_an_outlet_is_called_what_it_calls_itself(page: str, name: str | None) -> None:
    assert outlet_name(page.encode(), HOME) == name


@pytest.mark.parametrize(
    ("page", "language"),
    [
        ('<html lang="pt-BR">', "pt"),
        ('<html><meta http-equiv="Content-Language" content="ko">', "ko"),
        ('<html lang=""><meta property="og:locale" content="de_AT">', "de"),
        ("<html><p>x", None),
        ("", None),
    ],
)
def test_the_language_is_the_one_that_the_page_declares(page: str, language: str | None) -> None:
    assert outlet_language(page.encode()) == language


def test_a_page_in_a_legacy_encoding_is_read_in_it() -> None:
    page = '<meta charset="windows-1251"><title>Новости | Гавань</title>'.encode("cp1251")
    assert outlet_name(page, "https://gavan.example/") == "Гавань"


def test_robots_names_sitemaps_here_and_on_other_hosts() -> None:
    text = """\ufeffUser-agent: *
Disallow: /private
SITEMAP: https://www.harbour.example/sitemap.xml
sitemap:https://maps.example/harbour.xml # ours
Sitemap: /news.xml
Sitemap: javascript:alert(1)
Sitemap: https://www.harbour.example/sitemap.xml
Sitemap:
"""
    assert parse_robots_sitemaps(text.encode(), HOME + "robots.txt") == [
        "https://www.harbour.example/sitemap.xml",
        "https://maps.example/harbour.xml",
        "https://www.harbour.example/news.xml",
    ]


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("Harbour.Example", ("https://harbour.example/", "http://harbour.example/")),
        ("harbour.example/news/", ("https://harbour.example/", "http://harbour.example/")),
        ("http://harbour.example", ("http://harbour.example/",)),
        ("HTTPS://harbour.example:8443/a?b#c", ("https://harbour.example:8443/",)),
        ("bücher.example", ("https://xn--bcher-kva.example/", "http://xn--bcher-kva.example/")),
        ("localhost:8000", ("https://localhost:8000/", "http://localhost:8000/")),
        ("127.0.0.1", ("https://127.0.0.1/", "http://127.0.0.1/")),
        ("http://[::1]:8000/", ("http://[::1]:8000/",)),
    ],
)
def test_the_home_pages_to_try(text: str, urls: tuple[str, ...]) -> None:
    assert home_page_urls(text) == urls


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "harbour",
        "harbour post.example",
        "ftp://h.example",
        "javascript:alert(1)",
        "me@h.example",
        "http://me:pw@h.example",
        "http://",
        "//h.example",
        "..",
        "-h.example",
        "h.example:99999",
        "h.example:x",
        "1.2.3",
        "http://[::1",
        "a" * 70 + ".example",
        "h.example/x\ny",
        "\x00.example",
        "%2e.example",
    ],
)
def test_what_is_no_host_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        home_page_urls(text)
    assert "\n" not in str(refused.value)
    assert "host" in str(refused.value)


def test_the_usual_paths_are_few_and_absolute() -> None:
    for paths in (USUAL_FEED_PATHS, USUAL_SITEMAP_PATHS):
        assert len(set(paths)) == len(paths) <= 8
        assert all(path.startswith("/") for path in paths)


def test_the_registered_domain_knows_public_suffixes() -> None:
    assert registered_domain("https://news.harbour.co.uk/x") == "harbour.co.uk"
    assert registered_domain("https://news.harbour.example/x") == "harbour.example"
    assert registered_domain("http://localhost:1/") == "localhost"
    assert registered_domain("http://127.0.0.1:1/") == "127.0.0.1"


@given(st.binary(max_size=300))
def test_any_bytes_are_a_page_with_or_without_feeds(body: bytes) -> None:
    for start in (
        b"",
        b'<link rel=alternate type="application/rss+xml" href="',
        b'<script type="application/ld+json">',
    ):
        outlet_name(start + body, HOME)
        outlet_language(start + body)
        assert all(feed.url.startswith("http") for feed in feed_links(start + body, HOME))


@pytest.mark.slow
@given(st.text(max_size=60))
def test_any_text_is_a_host_or_a_usage_error(text: str) -> None:
    try:
        urls = home_page_urls(text)
    except UsageError:
        return
    assert all(re.fullmatch(r"https?://[a-z0-9_.\[\]:-]+/", url) for url in urls)
    assert parse_host(urls[0]) == parse_host(text)


@given(st.text(max_size=200))
def test_any_text_is_a_robots_file(text: str) -> None:
    body = ("Sitemap: " + text).encode("utf-8", "surrogatepass")
    assert all(url.startswith("http") for url in parse_robots_sitemaps(body, HOME))


@pytest.mark.shared
def test_every_sitemap_that_a_captured_robots_file_names_is_found(shared: Path) -> None:
    folder = shared / "corpus"
    rows = [
        json.loads(line) for line in (folder / "robots" / "manifest.jsonl").read_text().splitlines()
    ]
    found = 0
    for row in rows:
        if row["path"].endswith(".gz"):
            continue
        body = (folder / row["path"]).read_bytes()
        text = body.decode("utf-8", "replace")
        named = {
            url
            for url in re.findall(r"(?im)^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", text)
            if url.lower().startswith("http")
        }
        sitemaps = parse_robots_sitemaps(body, HOME)
        assert len(sitemaps) >= min(len(named), 100), row["path"]
        found += len(sitemaps)
    assert found > 400


TODAY = "2024-03-12T10:00:00Z"


@pytest.mark.parametrize(
    ("named", "first"),
    [
        (
            [*(f"/old/{year}.xml" for year in range(1990, 2020)), "/news-sitemap.xml"],
            "/news-sitemap.xml",
        ),
        ([*(f"/sitemap-{year}.xml" for year in range(1995, 2025))], "/sitemap-2024.xml"),
        ([*(f"/s/{n}.xml" for n in range(40)), "/sitemap-index.xml"], "/sitemap-index.xml"),
        (["/sitemap-2019.xml", "/sitemap-images.xml", "/sitemap.xml"], "/sitemap.xml"),
        (["/video-news.xml", "/sitemap_authors.xml", "/posts-2024-03.xml"], "/posts-2024-03.xml"),
        (["/news-2003.xml", "/sitemap-2023-12.xml"], "/sitemap-2023-12.xml"),
        (["/sitemap.xml", "/google-news.xml"], "/google-news.xml"),
        (["/sitemap.xml", "/sitemap/noticias.xml"], "/sitemap/noticias.xml"),
    ],
)
def test_the_likeliest_sitemaps_come_first(named: list[str], first: str) -> None:
    urls = [f"https://harbour.example{path}" for path in named]
    found = likeliest_sitemaps_first(urls, TODAY)

    assert found[0] == f"https://harbour.example{first}"
    assert sorted(found) == sorted(urls)


def test_the_name_of_the_host_is_no_sign_of_news() -> None:
    urls = ["https://news.example/sitemap-2001.xml", "https://news.example/sitemap-2024.xml"]

    assert likeliest_sitemaps_first(urls, TODAY) == urls[::-1]


def test_all_sitemaps_of_a_robots_txt_are_looked_at() -> None:
    text = "".join(f"Sitemap: /s/{number}.xml\n" for number in range(3000))

    assert len(parse_robots_sitemaps(text.encode(), HOME + "robots.txt")) == 3000


@pytest.mark.parametrize(
    ("host", "others"),
    [
        ("harbour.example", ("www.harbour.example",)),
        ("www.harbour.example", ("harbour.example",)),
        ("news.harbour.example:8080", ("www.news.harbour.example:8080",)),
        ("localhost", ()),
        ("127.0.0.1:8000", ()),
        ("[::1]:8000", ()),
        ("www.example", ()),
    ],
)
def test_a_host_has_one_twin_with_or_without_www(host: str, others: tuple[str, ...]) -> None:
    assert other_www_host(host) == others
