"""What a page closes over an open box is closed, and nothing below it is lost."""

from __future__ import annotations

import pytest

from archive.records import Capture
from crawler.extraction.extract import extract_article
from crawler.extraction.html_tree import parse_page
from crawler.extraction.nesting import close_open_divs
from tests.growth import assert_growth
from tests.lighthouse import PARAGRAPHS as WHOLE

PARAGRAPHS = WHOLE[:4]
BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)


def text_of(above: str, body: str = BODY) -> list[str]:
    page = (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Lamp to move to the northern cape</title></head>"
        f"<body><div class=top>{above}</div><main><article><h1>Lamp to move to the northern cape</h1>{body}</article>"
        "</main></body></html>"
    )
    return extract_article(
        Capture(url="https://fennmouthlog.example/news/lamp", body=page.encode())
    ).text.split("\n")


SWALLOWING = (
    "button select textarea object video audio canvas svg math iframe template noscript nav aside footer header form "
    "dialog label figure details menu ul"
)


@pytest.mark.parametrize("tag", SWALLOWING.split())
def test_an_article_below_a_misnested_element_is_read(tag: str):
    assert text_of(f"<{tag} class=x>Menu<div><div></{tag}>") == list(PARAGRAPHS)


def test_capitals_words_between_and_attributes_do_not_hide_a_misnested_button():
    assert text_of('<BUTTON type="button"><SPAN>Menu<DIV class="icon"><I></BUTTON>') == list(
        PARAGRAPHS
    )


def test_a_player_that_swallows_half_an_article_gives_it_back():
    body = BODY.replace(
        "<p>Around", "<video controls><div class=fallback>No player here</video><p>Around"
    )
    assert text_of("", body) == list(PARAGRAPHS)


@pytest.mark.parametrize("tag", ["button", "svg", "object", "canvas", "video"])
def test_an_article_below_an_element_that_nobody_closes_is_read(tag: str):
    page = f"<html><head><title>Lamp</title></head><body><{tag} class=x>Menu<article><h1>Lamp</h1>{BODY}</article>"
    found = extract_article(
        Capture(url="https://fennmouthlog.example/news/lamp", body=page.encode())
    )
    assert found.text.split("\n") == list(PARAGRAPHS)


@pytest.mark.parametrize(
    "page",
    [
        b"<button><div>one</div></button><p>two</p>",
        b"<nav><div></div></nav><div><section><div></div></section></div>",
        b"<button><div/>one</button>two",
        b"<script>'<button><div></button>'</script><!-- <nav><div></nav> --><p>one</p>",
        b"<nav><table><tr><td><div></nav></div></td></tr></table>",
        b"</button></div><p>one</p></nav>",
    ],
)
def test_a_page_whose_elements_are_nested_is_left_as_it_is(page: bytes):
    assert close_open_divs(page) is page


def test_each_open_box_is_closed_before_what_is_around_it():
    assert close_open_divs(b"<nav><div><button><div><div>x</button></nav>y") == (
        b"<nav><div><button><div><div>x</div></div></button></div></nav>y"
    )


def test_an_end_tag_of_an_outer_box_ends_what_is_in_it():
    assert (
        close_open_divs(b"<div><nav></div><nav><div></nav>")
        == b"<div><nav></div><nav><div></div></nav>"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", [b"<nav><div>", b"<nav><td><aside></nav>", b"</div></nav><script>", b"<button></td>"]
)
def test_tags_without_end_cost_no_more_than_their_number(piece: bytes):
    assert_growth(lambda times: close_open_divs(piece * times + b"</nav>" * times), 3_000)


def test_a_page_that_is_nested_as_it_should_be_is_parsed_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        "crawler.extraction.html_tree.close_open_divs", lambda _: pytest.fail("balanced")
    )
    capture = Capture(
        url="https://fennmouthlog.example/", body=b"<div><button>one</button><ul><li>two</ul></div>"
    )
    assert parse_page(capture).tree.find(".//button").text == "one"
