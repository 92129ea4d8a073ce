"""The reader reads the invented news web right: six ways of building a page, four languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive.records import Article, Capture, text_below_standfirst
from crawler.extraction.extract import extract_article
from demo.outlets import Outlet, Page, load_world
from demo.web import answer
from tests.paths import WORLD

WORLD = load_world(WORLD)
SHOWN = [(outlet, page.as_of(WORLD.now)) for outlet in WORLD.outlets for page in outlet.pages]
PAGES = [
    pytest.param(outlet, page, id=outlet.host + page.path)
    for outlet, page in SHOWN
    if page.status == 200
]
ARTICLES = [case for case in PAGES if case.values[1].page_type == "article"]  # type: ignore[union-attr]
WITH_MORE = {
    "/trade/tankers-turn-and-prices-follow": "the correction below the text is kept: it is news of the text",
}


def read(outlet: Outlet, page: Page) -> Article:
    reply = answer(outlet, page.path, WORLD.now)
    headers = tuple(reply.headers.items())
    return extract_article(
        Capture(
            outlet.url(page.path), reply.body, headers=headers, fetched_at="2026-03-22T12:00:00Z"
        )
    )


def body(article: Article) -> str:
    return text_below_standfirst(article.text, article.standfirst)


def tidy(text: str) -> str:
    """With one blank where the page had any, the wide one of Japanese among them."""
    return " ".join(text.split())


@pytest.mark.parametrize(("outlet", "page"), PAGES)
def test_a_page_is_taken_for_what_it_is(outlet: Outlet, page: Page) -> None:
    article = read(outlet, page)
    assert (article.page_type, tidy(article.headline or "")) == (
        page.page_type,
        tidy(page.headline),
    )


@pytest.mark.parametrize(("outlet", "page"), ARTICLES)
def test_an_article_is_read_to_the_word(outlet: Outlet, page: Page) -> None:
    """Paragraph by paragraph; one page has a line more."""
    lines, wanted = (
        body(read(outlet, page)).split("\n"),
        [tidy(line) for line in page.plain.split("\n")],
    )
    if page.path in WITH_MORE:
        assert lines[-1].startswith("Correction")
        lines.pop()
    assert lines == wanted


@pytest.mark.parametrize(("outlet", "page"), ARTICLES)
def test_an_article_is_dated_as_its_page_dates_it(outlet: Outlet, page: Page) -> None:
    """The same moment where the page gives a time zone, the same clock time or day where it gives
    no more."""
    found = read(outlet, page).published_at
    if page.published is None or not page.dated:
        assert found is None
    elif found is not None and found.endswith("Z"):
        assert datetime.fromisoformat(found) == page.published.astimezone(UTC).replace(second=0)
    else:
        assert found is not None
        assert page.published.isoformat().startswith(found)


@pytest.mark.parametrize(("outlet", "page"), ARTICLES)
def test_the_standfirst_is_known_and_the_text_has_it_at_its_beginning_alone(
    outlet: Outlet, page: Page
) -> None:
    article = read(outlet, page)
    if page.standfirst and article.standfirst:
        assert article.standfirst == page.standfirst
    assert not page.standfirst or tidy(page.standfirst) not in body(article).split("\n")


@pytest.mark.parametrize(("outlet", "page"), ARTICLES)
def test_those_who_wrote_it_are_named(outlet: Outlet, page: Page) -> None:
    assert set(read(outlet, page).authors) == set(page.authors)
