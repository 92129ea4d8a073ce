"""What the style rules of a page hide is not read."""

from __future__ import annotations

import pytest
from lxml import html

from archive.records import Capture
from crawler.extraction.extract import extract_article
from crawler.extraction.style_rules import MAX_DISPLAY_RULES, MAX_STYLE_CHARS, page_style_rules

SENTENCE = "The ferry left the island at noon, and nobody on the quay was sorry to see it go."
SECRET = "Readers of this harbour paper also bought a lamp, a rope and two very yellow boots."
ARTICLE = "".join(f"<p>{number}. {SENTENCE}</p>" for number in range(6))


def hides(css: str, markup: str, media: str = "") -> bool:
    page = f"<html><head><style{media}>{css}</style></head><body>{markup}</body></html>"
    tree = html.document_fromstring(page)
    return page_style_rules(tree).hides(tree.find("body")[0])


@pytest.mark.parametrize(
    ("css", "markup"),
    [
        (".x{display:none}", "<p class='a x'>"),
        (".X { color: red; DISPLAY : None !important }", "<p class=X>"),
        ("#promo{display:none}", "<div id=promo>"),
        ("promo-box{display:none}", "<promo-box>"),
        ("div.x.y, .z{display:none}", "<div class='y x'>"),
        ("@media screen{.x{display:none}}", "<p class=x>"),
        ("@media print{.y{display:none}} .x{display:none}", "<p class=x>"),
        ("/* } */ .y::before{content:'}'} .x{display:none}", "<p class=x>"),
        ("@import url(a.css); .x{display:none}", "<p class=x>"),
        (".x{display:block} .x{display:none}", "<p class=x>"),
        (".x{display:none !important} .x{display:block}", "<p class=x>"),
        ("p{display:block} .x{display:none}", "<p class=x>"),
        (".x{display:none} .x:hover{display:block}", "<p class=x>"),
        (".x{display:none} .x.open{display:block}", "<p class=x>"),
    ],
)
def test_a_rule_for_one_element_hides_it(css: str, markup: str) -> None:
    assert hides(css, markup)


@pytest.mark.parametrize(
    ("css", "markup"),
    [
        (".x{display:none}", "<p class=xy>"),
        (".x p{display:none}", "<p class=x>"),
        (".x:empty{display:none}", "<p class=x>"),
        ("@media print{.x{display:none}}", "<p class=x>"),
        ("@media (max-width:600px){.x{display:none}}", "<p class=x>"),
        (".x{display:none} @media (min-width:600px){.x{display:block}}", "<p class=x>"),
        (".x{display:none} .x{display:block}", "<p class=x>"),
        (".x{display:none} .page .x{display:block}", "<p class=x>"),
        (".x{display:none} #a{display:flex}", "<p class=x id=a>"),
        (".x{display:none} .x.open{display:block}", "<p class='x open'>"),
        ("article{display:none}", "<article>"),
        ("h1{display:none}", "<h1>"),
        ("/* .x{display:none}", "<p class=x>"),
    ],
)
def test_an_element_that_is_shown_somewhere_is_not_hidden(css: str, markup: str) -> None:
    assert not hides(css, markup)


def test_a_style_element_for_print_or_for_browsers_without_scripts_hides_nothing() -> None:
    css = ".x{display:none}"
    assert hides(css, "<p class=x>", " media=screen")
    assert not hides(css, "<p class=x>", " media=print")
    page = f"<html><body><p class=x></p><noscript><style>{css}</style></noscript></body></html>"
    tree = html.document_fromstring(page)
    assert not page_style_rules(tree).hides(tree.find("body")[0])


def read_text(css: str, body: str) -> str:
    page = f"<html lang=en><head><title>Ferry leaves</title><style>{css}</style></head><body>{body}</body></html>"
    return extract_article(Capture("https://courier.example/a", page.encode())).text


def test_what_a_style_rule_hides_amid_an_article_is_not_read() -> None:
    body = f"<article><h1>Ferry leaves</h1>{ARTICLE}<p class=x7>{SECRET}</p>{ARTICLE}</article>"
    assert SECRET in read_text(".x8{display:none}", body)
    text = read_text(".x7{display:none}", body)
    assert SECRET not in text
    assert SENTENCE in text


def test_text_that_a_click_unfolds_is_read() -> None:
    body = (
        f"<article><h1>Ferry leaves</h1>{ARTICLE}<div id=more><p>{SECRET}</p></div>"
        "<button>Read more</button></article>"
    )
    assert SECRET in read_text("#more{display:none}", body)


def test_an_article_that_waits_for_a_script_is_read() -> None:
    body = f"<h1>Ferry leaves</h1><div class=page-text>{ARTICLE}</div><p>{SENTENCE}</p>"
    assert f"5. {SENTENCE}" in read_text(".page-text{display:none}", body)


def test_a_page_of_endless_rules_is_read_up_to_a_limit() -> None:
    many = ".y{display:block}" * (MAX_DISPLAY_RULES + 1)
    assert not hides(many + ".x{display:none}", "<p class=x>")
    assert not hides("a" * MAX_STYLE_CHARS + "{} .x{display:none}", "<p class=x>")
    assert not hides("{" * 100_000 + ".x{display:none}", "<p class=x>")
