"""Pages read by a template that was learnt from other pages of their outlet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import pytest

from archive.frontier.outlet_templates import TemplateEvidence, template_places
from archive.records import TEMPLATE_MARK, Article, Capture, OutletTemplate
from crawler.extraction.explain import explain_capture
from crawler.extraction.extract import CONTROL_PAGES, extract_article, read_capture
from crawler.extraction.rules.outlet_rules import ANY_OUTLET, OutletRule
from crawler.extraction.templates.element_keys import step_of_attributes
from crawler.sources.navigation_parser import article_and_navigation
from pipelines.template_learning import learn_from_outline, make_template
from tests.outlet_pages import NEW_DESIGN, OLD_DESIGN, article_page

LEARNING = replace(ANY_OUTLET, learns=True)


def evidence_of(pages: Iterable[Capture]) -> TemplateEvidence:
    evidence = TemplateEvidence()
    for page in pages:
        evidence = learn_from_outline(evidence, extract_article(page, LEARNING).outline)
    return evidence


@cache
def gazette_template() -> OutletTemplate:
    """What eight pages of the gazette teach."""
    return make_template(evidence_of(article_page(number) for number in range(8)))


def by_template(template: OutletTemplate | None = None) -> OutletRule:
    return replace(LEARNING, template=template or gazette_template())


def further_page(design: str = OLD_DESIGN) -> Capture:
    """A page that nothing was learnt from, and that is none of those read whole for control."""
    pages = (article_page(number, design=design) for number in range(20, 40))
    return next(page for page in pages if not is_control(page))


def is_control(page: Capture) -> bool:
    reading = read_capture(page, by_template())
    return bool(reading.steps and reading.steps.template and not reading.steps.template.removed)


def contents(article: Article) -> Article:
    """An article without what says how it was read."""
    return replace(article, extractor=None)


def test_a_page_cut_by_its_outlets_template_gives_the_same_article():
    page = further_page()
    alone, known = extract_article(page), extract_article(page, by_template())
    assert contents(known) == contents(alone)
    assert TEMPLATE_MARK in (known.extractor or "")


def test_what_surrounds_the_articles_of_an_outlet_is_removed_before_a_page_is_read():
    alone, known = read_capture(further_page()), read_capture(further_page(), by_template())
    assert alone.steps
    assert known.steps
    assert known.steps.template
    removed = {step for _, step in known.steps.template.removed}
    assert {"div#top", "div.side", "div#foot"} <= removed
    assert len(known.steps.page.blocks) < len(alone.steps.page.blocks) / 3


def test_the_text_is_found_by_a_sure_template_without_trafilatura(monkeypatch: pytest.MonkeyPatch):
    def not_asked(page: object) -> str:
        raise AssertionError(f"trafilatura was asked for {page}")

    monkeypatch.setattr("crawler.extraction.extract.trafilatura_lines", not_asked)
    assert extract_article(further_page(), by_template()).text.count("\n") == 4


def test_places_of_text_headline_byline_and_date_are_learnt_with_the_pages_that_agree():
    places = template_places(evidence_of(article_page(number) for number in range(8)))
    assert {place.part: (place.path.split(" > ")[-1], place.pages) for place in places} == {
        "text": ("p", 8),
        "headline": ("h1", 8),
        "byline": ("p.byline", 8),
        "date": ("p.stamp", 8),
    }


def test_a_page_in_another_design_is_read_whole_and_teaches_that_design():
    page = further_page(NEW_DESIGN)
    known = extract_article(page, by_template())
    assert contents(known) == contents(extract_article(page))
    assert TEMPLATE_MARK not in (known.extractor or "")
    assert known.outline


def test_an_outlet_that_changes_its_design_is_learnt_again():
    old = [article_page(number) for number in range(12)]
    new = [article_page(number, design=NEW_DESIGN) for number in range(12, 24)]
    template = make_template(evidence_of([*old, *new]))
    known = read_capture(further_page(NEW_DESIGN), by_template(template)).steps
    assert known
    assert known.template
    assert "section.further" in {step for _, step in known.template.removed}
    assert read_capture(article_page(30), by_template(template)).steps.template is None


def test_one_page_in_ten_is_read_whole_to_learn_from_it():
    pages = [article_page(number) for number in range(100, 300)]
    whole = [page for page in pages if is_control(page)]
    assert len(pages) / CONTROL_PAGES / 3 < len(whole) < len(pages) / CONTROL_PAGES * 3
    assert extract_article(whole[0], by_template()).outline
    assert contents(extract_article(whole[0], by_template())) == contents(extract_article(whole[0]))


def test_a_page_of_the_same_frame_without_an_article_is_judged_whole():
    page = further_page()
    start, end = b'<div class="story-text">', b'<div class="appeal">'
    head, _, tail = page.body.partition(start)
    missing = head + start + b"<p>Sorry</p></div>" + end + tail.partition(end)[2]
    empty = replace(page, body=missing)
    assert contents(extract_article(empty, by_template())) == contents(extract_article(empty))


def test_data_of_the_page_is_read_wherever_it_stands():
    page = further_page()
    data = b"""<script type="application/ld+json">{"@type": "NewsArticle",
    "datePublished": "2024-03-30T09:15:00Z"}</script></div></body>"""
    marked = replace(page, body=page.body.replace(b"</div>\n</body>", data))
    article = extract_article(marked, by_template())
    assert TEMPLATE_MARK in (article.extractor or "")
    assert article.published_at == "2024-03-30T09:15:00Z"


def test_a_list_in_a_text_is_kept_although_no_page_had_one_before():
    page = further_page()
    facts = b"<ul><li>The bridge opens again in May.</li><li>The tram stays closed until June.</li></ul>"
    listed = replace(
        page, body=page.body.replace(b"</p></div>\n", b"</p>" + facts + b"</div>\n", 1)
    )
    article = extract_article(listed, by_template())
    assert "The tram stays closed until June." in article.text
    assert article.text == extract_article(listed).text


def test_the_label_before_a_byline_is_kept_with_it():
    labelled = '<div class="label">By:</div><div class="name">{person}</div>'
    design = OLD_DESIGN.replace('<p class="byline">By {person}</p>', labelled)
    learnt = evidence_of(article_page(number, design=design) for number in range(8))
    page = further_page(design)
    known = extract_article(page, by_template(make_template(learnt)))
    assert TEMPLATE_MARK in (known.extractor or "")
    assert known.byline == extract_article(page).byline


def test_links_of_a_page_are_found_in_the_parts_that_its_template_leaves_out():
    plain = article_and_navigation(further_page())[1]
    known = article_and_navigation(further_page(), by_template())[1]
    assert known.links == plain.links != ()


def test_hand_written_selectors_go_before_a_template():
    rule = replace(by_template(), selectors={"text": (".appeal",), "byline": (".side h3",)})
    article = extract_article(further_page(), rule)
    assert article.text.startswith("The gazette.example newsletter")
    assert article.byline == "More from the region"
    assert TEMPLATE_MARK not in (article.extractor or "")


def test_explanations_tell_of_the_template_and_of_what_it_left_out():
    explained = explain_capture(further_page(), by_template())
    told = {(rule.kind, rule.key, rule.selector) for rule in explained.rules}
    assert ("template", "left out", "div.side") in told
    assert {line.by for line in explained.lines if line.kept} == {"the outlet's template"}
    left_out = [line for line in explained.lines if line.text.startswith("Why the ferry")]
    assert [line.why for line in left_out] == [
        "no part of the outlet's articles stands in div.side"
    ]


def test_an_outline_holds_nothing_of_the_text():
    outline = extract_article(article_page(3), LEARNING).outline
    words = {word for element in outline for word in element.step.replace(".", " ").split()}
    assert not words & {"waits", "weeks", "council", "Varnhem"}


def test_a_page_that_would_cost_much_to_outline_teaches_nothing():
    lines = b"".join(
        b"<p>Line %d of a list that goes on and on for ever.</p>" % at for at in range(2_000)
    )
    page = article_page(1)
    long = replace(
        page,
        body=page.body.replace(b'<div class="story-text">', b'<div class="story-text">' + lines),
    )
    article = extract_article(long, LEARNING)
    assert article.text.count("\n") > 1_000
    assert article.outline == ()


@pytest.mark.parametrize(
    ("attributes", "step"),
    [
        (("div", "post-1234", "entry"), "div#post-.entry"),
        (("article", None, "post-1234 category-floods tag-river hentry"), "article.hentry"),
        (("td", None, None), "div"),
        (("p", None, "a bb cc dd ee"), "p.bb.cc.dd"),
    ],
)
def test_steps_of_paths_leave_out_what_differs_from_page_to_page(attributes, step):
    assert step_of_attributes(*attributes) == step
