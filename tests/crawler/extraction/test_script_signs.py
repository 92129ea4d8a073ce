"""A page whose text scripts would bring is told from one that has little to say."""

from __future__ import annotations

import pytest

from archive.records import RENDERED_HEADER, SCRIPTED_PAGE_REASON, Capture
from crawler.extraction.extract import extract_article
from crawler.extraction.html_tree import parse_page
from crawler.extraction.script_signs import script_signs

BUNDLE = '<script src="/static/main.3f2a.js"></script>'
HINT = "<noscript>You need to enable JavaScript to run this app.</noscript>"
FLASH = "<p>The ferry to the north quay is cancelled until noon because of fog, the board said.</p>"
MENU = "<nav>" + "".join(f'<a href="/{n}">Section {n}</a>' for n in range(20)) + "</nav>"
TEXT = "<p>The harbour board voted on Tuesday to move the ferry landing to the north quay.</p>" * 6


def page(body: str, head: str = "") -> Capture:
    markup = f"<html lang=en><head><title>Courier</title>{head}</head><body>{body}</body></html>"
    return Capture("https://courier.example/2026/ferry", markup.encode())


def signs(body: str, head: str = "") -> str | None:
    return script_signs(parse_page(page(body, head))[0])


@pytest.mark.parametrize(
    ("body", "head", "found"),
    [
        (f'<div id="root"></div>{HINT}{BUNDLE}', "", "an empty #root, a hint that it needs JavaScript, 1 script"),
        (f'<div id="app"><div class="loader">Loading …</div></div>{BUNDLE}', "", "an empty #app, 1 script"),
        (f'{MENU}<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{{}}</script>', BUNDLE,
         "an empty #__next, __NEXT_DATA__, 1 script"),
        ("<app-root></app-root>", BUNDLE, "an empty <app-root>, 1 script"),
        (f"<div ng-version='17'></div>{BUNDLE}", "", "an empty <div>, 1 script"),
        (f"<main></main>{HINT}{BUNDLE}{BUNDLE}", "", "a hint that it needs JavaScript, 2 scripts"),
        ("<main></main><script>window.__INITIAL_STATE__ = {}</script>", "", "__INITIAL_STATE__, 1 script"),
    ],
)  # fmt: skip
def test_a_page_that_scripts_would_fill_shows_it_by_its_markup(body, head, found):
    assert signs(body, head) == found


@pytest.mark.parametrize(
    "body",
    [
        f'<div id="root">{TEXT}</div>{HINT}{BUNDLE}',  # scripts have filled it on the server
        f'{TEXT}<div id="app"></div>{BUNDLE}',  # a box for comments beside a text
        '<div id="root"></div>',  # without a script nothing comes
        '<div id="root"></div><script type="application/ld+json">{}</script>',
        f"<main></main>{BUNDLE}",  # an empty page with a counter of visitors
        "",
    ],
)
def test_a_page_with_a_text_or_without_scripts_that_would_bring_one_shows_none(body):
    assert signs(body) is None


def test_a_page_that_scripts_would_fill_is_read_as_empty_with_its_signs():
    for body in (f'<div id="root"></div>{HINT}{BUNDLE}', f"{MENU}<div id=root></div>{BUNDLE}"):
        article = extract_article(page(body))
        assert article.page_type == "empty"
        assert (article.page_reason or "").startswith(f"{SCRIPTED_PAGE_REASON} (an empty #root")


def test_a_short_report_of_a_framework_is_an_article_and_a_long_one_too():
    state = "<script>window.__NUXT__ = {}</script>"
    for text in (f"<h1>Ferry cancelled</h1>{FLASH}", f"<h1>Ferry landing moves</h1>{TEXT}"):
        article = extract_article(
            page(f'<div id="__nuxt"><article>{text}</article></div>{state}{HINT}')
        )
        assert article.page_type == "article", article.page_reason


def test_a_page_that_stays_empty_in_a_browser_needs_no_other():
    shown = page(f'<div id="root"></div>{BUNDLE}')
    rendered = Capture(shown.url, shown.body, headers=((RENDERED_HEADER, "chromium/150.0"),))
    article = extract_article(rendered)
    assert (article.page_type, article.page_reason) == (
        "empty",
        "its scripts brought no text (an empty #root, 1 script)",
    )
    assert (article.extractor or "").endswith(", rendered")
