"""The reader reads the invented news web right: six ways of building a page, four languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from archive.frontier.outlet_templates import TemplateEvidence
from archive.records import Article, Capture, OutletTemplate, text_below_standfirst
from crawler.extraction.extract import extract_article
from crawler.extraction.rules.outlet_rules import ANY_OUTLET
from demo.outlets import Outlet, Page, load_world
from demo.web import answer
from pipelines.template_learning import learn_from_outline, make_template
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


def captured(outlet: Outlet, page: Page) -> Capture:
    reply = answer(outlet, page.path, WORLD.now)
    headers = tuple(reply.headers.items())
    return Capture(
        outlet.url(page.path), reply.body, headers=headers, fetched_at="2026-03-22T12:00:00Z"
    )


def read(outlet: Outlet, page: Page) -> Article:
    return extract_article(captured(outlet, page))


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


def template_of(host: str) -> OutletTemplate:
    """What the articles of an outlet teach."""
    evidence = TemplateEvidence()
    learning = replace(ANY_OUTLET, learns=True)
    for outlet, page in SHOWN:
        if outlet.host == host and page.page_type == "article" and page.status == 200:
            article = extract_article(captured(outlet, page), learning)
            evidence = learn_from_outline(evidence, article.outline)
    return make_template(evidence)


@pytest.mark.parametrize("links", [5, 3, 1])
def test_a_topic_page_is_a_listing_although_the_template_leaves_out_most_of_its_links(links):
    [(outlet, page)] = [each for each in SHOWN if each[1].page_type == "listing"]
    whole = captured(outlet, page)
    start, *items = whole.body.split(b'<li><a href="/2026/')
    end = items[4].split(b"</li>", 1)[1]
    kept = b"".join(b'<li><a href="/2026/' + item for item in items[: links - 1])
    last = b'<li><a href="/2026/' + items[links - 1].split(b"</li>", 1)[0] + b"</li>"
    topic = replace(whole, body=start + kept + last + end)
    template = replace(ANY_OUTLET, template=template_of(outlet.host))
    assert extract_article(topic).page_type == "listing"
    assert extract_article(topic, template).page_type == "listing"


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
