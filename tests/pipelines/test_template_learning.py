"""What the outlines of an outlet's pages teach about its template."""

from __future__ import annotations

from collections.abc import Iterable

from archive.frontier.outlet_templates import TemplateEvidence
from archive.records import OutletTemplate, OutlineElement
from pipelines.template_learning import (
    DECISION_PAGES,
    MAX_EVIDENCE_ELEMENTS,
    MAX_EVIDENCE_PAGES,
    MAX_STRANGE_PAGES,
    decide_template,
    learn_from_outline,
    make_template,
)

Outline = tuple[OutlineElement, ...]
TEXT = frozenset(("text",))
BODY = OutlineElement(1, 0, "body", TEXT)
STORY = OutlineElement(2, 1, "div.story", TEXT)
LINES = OutlineElement(3, 2, "p", TEXT, text_chars=900)
SIDE = OutlineElement(4, 1, "div.side")
LIST = OutlineElement(5, 2, "ul", other_chars=80)
TEASER = OutlineElement(6, 2, "p.teaser", other_chars=120)
PAGE: Outline = (BODY, STORY, LINES, SIDE, LIST, TEASER)


def learnt_from(pages: Iterable[Outline]) -> TemplateEvidence:
    evidence = TemplateEvidence()
    for page in pages:
        evidence = learn_from_outline(evidence, page)
    return evidence


def template_of(*pages: Outline) -> OutletTemplate:
    return make_template(learnt_from(pages))


def in_new_design(page: Outline) -> Outline:
    moved = [
        OutlineElement(each.key + 100, each.parent + 100, each.step, each.holds, each.text_chars)
        for each in page[1:]
    ]
    return (BODY, *moved)


def test_an_element_beside_the_article_on_four_pages_is_left_out():
    assert SIDE.key not in template_of(*[PAGE] * 3).left_out
    assert SIDE.key in template_of(*[PAGE] * 4).left_out


def test_an_element_that_once_held_a_part_of_an_article_is_never_left_out():
    quote = OutlineElement(SIDE.key, 1, "div.side", TEXT, text_chars=60)
    with_quote = tuple(quote if each is SIDE else each for each in PAGE)
    assert SIDE.key not in template_of(*[PAGE] * 9, with_quote, *[PAGE] * 9).left_out


def test_an_element_without_a_name_beside_paragraphs_is_never_left_out():
    left_out = template_of(*[PAGE] * 8).left_out
    assert LIST.key not in left_out
    assert TEASER.key in left_out


def test_odds_of_an_element_rise_with_the_pages_on_which_it_is_text():
    odds = [template_of(*[PAGE] * pages).odds[LINES.key] for pages in (3, 8, 30)]
    assert odds == sorted(set(odds))
    assert odds[0] > 0
    assert template_of(*[PAGE] * 8).odds[LIST.key] < 0


def test_a_template_is_sure_of_its_text_once_five_pages_agree():
    assert template_of(*[PAGE] * 4).boxes == frozenset()
    assert template_of(*[PAGE] * 5).boxes == {STORY.key}
    unsure = OutlineElement(3, 2, "p", TEXT, text_chars=900, other_chars=300)
    mixed = tuple(unsure if each is LINES else each for each in PAGE)
    assert template_of(*[mixed] * 8).boxes == frozenset()


def test_a_template_stays_the_same_between_the_pages_at_which_it_is_decided():
    evidence, template, seen = TemplateEvidence(), None, []
    for _ in range(60):
        evidence = learn_from_outline(evidence, PAGE)
        template = decide_template(evidence, template)
        seen.append(template.pages if template else 0)
    assert sorted(set(seen)) == [0, *DECISION_PAGES]


def test_pages_in_an_unknown_design_change_nothing_until_there_are_several_in_a_row():
    new = in_new_design(PAGE)
    known = learnt_from([PAGE] * 8)
    some = learnt_from([*[PAGE] * 8, *[new] * (MAX_STRANGE_PAGES - 1)])
    assert (some.elements, some.strange) == (known.elements, MAX_STRANGE_PAGES - 1)
    assert learn_from_outline(some, PAGE).strange == 0
    again = learn_from_outline(some, new)
    assert (again.learnt, again.strange) == (1, 0)
    assert STORY.key not in again.elements


def test_the_old_template_reads_on_until_the_new_design_is_known():
    evidence, template, in_force = TemplateEvidence(), None, []
    for page in [*[PAGE] * 8, *[in_new_design(PAGE)] * 9]:
        evidence = learn_from_outline(evidence, page)
        template = decide_template(evidence, template)
        in_force.append(STORY.key in template.around if template else None)
    assert in_force == [None] * 4 + [True] * 11 + [False] * 2


def test_pages_whose_date_stands_nowhere_are_not_cut():
    undated = OutlineElement(1, 0, "body", frozenset(("text", "elsewhere")))
    assert template_of(*[(undated, *PAGE[1:])] * 8).left_out == frozenset()


def test_what_is_known_fades_and_has_a_limited_size():
    evidence = learnt_from(
        (*PAGE, OutlineElement(1_000 + page, 1, "div.once")) for page in range(900)
    )
    assert evidence.pages <= MAX_EVIDENCE_PAGES
    assert evidence.learnt == 900
    assert len(evidence.elements) <= MAX_EVIDENCE_ELEMENTS
    assert STORY.key in evidence.elements


def test_the_same_evidence_gives_the_same_digest_in_any_order_of_its_elements():
    turned = tuple(reversed(PAGE))
    one, two = template_of(*[PAGE] * 8), template_of(*[turned] * 8)
    assert one.digest == two.digest
    assert one.digest != template_of(*[PAGE[:-1]] * 8).digest
