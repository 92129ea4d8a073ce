from __future__ import annotations

import pytest

from crawler.links import article_links, may_be_article

PAGE = "http://www.harbour.example/news/1-mine"


def links(*anchors: str, outlets: tuple[str, ...] = ()) -> list[tuple[str, str | None]]:
    body = "<html><body>" + "".join(anchors) + "</body></html>"
    return [(lead.url, lead.headline) for lead in article_links(body.encode(), PAGE, outlets)]


def test_a_link_is_a_lead_with_its_words_for_a_headline():
    found = article_links(b'<p>See <a href="2-drill">Drill reaches <b>the miners</b></a>.</p>', PAGE)
    assert [(lead.url, lead.headline, lead.via, lead.found_on) for lead in found] == [
        ("http://www.harbour.example/news/2-drill", "Drill reaches the miners", "link", PAGE)
    ]
    assert found[0].url_key


def test_a_page_is_linked_once_whatever_its_address_carries_and_never_to_itself():
    anchors = (
        '<a href="/news/2#top">Drill reaches the miners</a>',
        '<a href="/news/2?utm_source=x">The drill again now</a>',
    )
    assert links(*anchors, f'<a href="{PAGE}#comments">Eleven comments on this</a>') == [
        ("http://www.harbour.example/news/2", "Drill reaches the miners")
    ]


def test_other_sites_are_followed_only_where_they_are_outlets_of_the_archive():
    anchor = '<a href="https://www.ridge.example/a/long-story">A long story elsewhere</a>'
    assert links(anchor) == []
    assert [url for url, _ in links(anchor, outlets=("ridge.example",))] == ["https://www.ridge.example/a/long-story"]


def test_a_subdomain_of_the_same_site_is_followed():
    assert links('<a href="http://live.harbour.example/mine/ticker">Live from the salt mine</a>')


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
    assert may_be_article(address, words) is may_be


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"<a href='http://[bad'>three words here</a>", b"<" * 500])
def test_a_page_that_cannot_be_read_has_no_links(body):
    assert article_links(body, PAGE) == []
