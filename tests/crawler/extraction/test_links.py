from __future__ import annotations

import pytest

from archive.records import Capture, Lead
from crawler.extraction.extract import extract_article
from crawler.extraction.links import hosts_linked_to, may_link_to_article
from crawler.sources.navigation_parser import article_and_navigation, page_navigation
from crawler.spiders.story import leads_within_sites
from tests.stories import story

PAGE = "http://www.harbour.example/news/1-mine"


def links(page: Capture) -> list[Lead]:
    return list(page_navigation(page).links)


def followed(*anchors: str, outlets: tuple[str, ...] = ()) -> list[tuple[str, str | None]]:
    body = "<html><body>" + "".join(anchors) + "</body></html>"
    return [
        (lead.url, lead.headline)
        for lead in leads_within_sites(links(Capture(PAGE, body.encode())), outlets)
    ]


def test_a_link_is_a_lead_with_its_words_for_a_headline():
    found = links(
        Capture(PAGE, b'<p>See <a href="2-drill">Drill reaches <b>the miners</b></a>.</p>')
    )
    assert [(lead.url, lead.headline, lead.via, lead.found_on) for lead in found] == [
        ("http://www.harbour.example/news/2-drill", "Drill reaches the miners", "link", PAGE)
    ]
    assert found[0].url_key


def test_a_page_is_linked_once_whatever_its_address_carries_and_never_to_itself():
    anchors = (
        '<a href="/news/2#top">Drill reaches the miners</a>',
        '<a href="/news/2?utm_source=x">The drill again now</a>',
    )
    assert followed(*anchors, f'<a href="{PAGE}#comments">Eleven comments on this</a>') == [
        ("http://www.harbour.example/news/2", "Drill reaches the miners")
    ]


def test_other_sites_are_followed_only_where_they_are_outlets_of_the_archive():
    anchor = '<a href="https://www.ridge.example/a/long-story">A long story elsewhere</a>'
    assert followed(anchor) == []
    assert [url for url, _ in followed(anchor, outlets=("ridge.example",))] == [
        "https://www.ridge.example/a/long-story"
    ]


def test_a_subdomain_of_the_same_site_is_followed():
    assert followed('<a href="http://live.harbour.example/mine/ticker">Live from the salt mine</a>')


@pytest.mark.parametrize(
    ("address", "words", "may_be"),
    [
        ("http://a.example/news/salt-mine", "Salt mine roof falls", True),
        ("http://a.example/4711", "盐矿坍塌矿工被困井下", True),
        ("http://a.example/", "Home of the news", False),
        ("http://a.example/world", "World", False),
        ("http://a.example/topics/salt-mines", "All about salt mines", False),
        ("http://a.example/author/ida-berg", "More by Ida Berg", False),
        ("http://a.example/share?u=x", "Share this with friends", False),
        ("http://a.example/img/mine.jpg", "Picture of the mine", False),
        ("http://a.example/news/salt-mine", "", False),
    ],
)
def test_sections_tags_authors_shares_and_pictures_are_left_out(address, words, may_be):
    assert may_link_to_article(address, words) is may_be


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff", b"<a href='http://[bad'>three words here</a>", b"<" * 500]
)
def test_a_page_that_cannot_be_read_has_no_links(body):
    assert page_navigation(Capture(PAGE, body)).links == ()


def test_the_parse_that_gives_the_article_gives_the_links_too():
    """Also those in a table that arranges the page, and beside the text, which are no part of the
    article."""
    aside = '<aside><ul><li><a href="/news/2">Drill reaches the miners</a></ul></aside>'
    table = (
        '<table><tr><td><a href="/news/3">Trapped miners come up</a></td><td>11</td></tr></table>'
    )
    page = Capture(
        PAGE, f"<h1>Pier</h1>{story(1)}{aside}{table}".encode(), fetched_at="2026-03-10T12:00:00Z"
    )
    article, found = article_and_navigation(page)
    assert article == extract_article(page)
    assert found == page_navigation(page)
    assert [lead.headline for lead in found.links] == [
        "Drill reaches the miners",
        "Trapped miners come up",
    ]


def test_links_lead_from_where_the_page_stood_in_the_end():
    page = Capture(
        PAGE, b"<p><a href='2'>Drill reaches the miners</a>", final_url="http://sea.example/a/1"
    )
    assert [lead.url for lead in links(page)] == ["http://sea.example/a/2"]


def test_the_hosts_that_an_article_links_to_are_those_of_its_content_on_other_sites() -> None:
    page = b"""<nav><a href="https://group.example/">Our group</a></nav><main>
      <p>As <a href="https://www.quay.example/1">Quay Times</a> and <a href="//ridge.example/x">others</a> say,
      <a href="/news/2">here</a>, <a href="https://sport.harbour.example/3">there</a>,
      <a href="https://www.quay.example/4">again</a>, <a href="mailto:a@b.example">mail</a>, <a href="https://[x">?</a></p>
      </main><footer><a href="https://social.example/us">Us</a></footer><aside><a href="http://ads.example/">Ad</a></aside>"""
    capture = Capture(
        "https://www.harbour.example/news/1", page, headers=(("Content-Type", "text/html"),)
    )
    assert hosts_linked_to(capture) == ["www.quay.example", "ridge.example"]
    assert hosts_linked_to(Capture("https://harbour.example/x", b"\x00\x01")) == []


def test_links_to_invalid_hosts_are_skipped() -> None:
    page = b"""<p><a href="http://oranger wasserstoff/">Orange hydrogen</a> <a href="http:///x">?</a>
      <a href="https://www.quay.example/1">Quay Times</a></p>"""
    assert hosts_linked_to(Capture("https://www.harbour.example/news/1", page)) == [
        "www.quay.example"
    ]
