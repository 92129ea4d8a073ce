"""Learn the template of an outlet: where its articles stand, and what never belongs to them.

A page contributes its outline: the elements that the parts of its article stand in, and those beside
them. An element that several pages have, and in which none of them has a part of its article, is left
out of further pages before they are read. Where an element's own blocks are text on most pages, a
block in it is more likely to be text on the next, and the other way round. So one page of an outlet
corrects another, and nothing is known but what the general reader made of them.

A template is decided after certain numbers of pages only, so that it stays the same meanwhile. When
several pages in a row have their text in unknown elements, the outlet has changed its design, and
learning starts again. Older pages fade.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from math import log

from archive.frontier.outlet_templates import (
    PAGE_PARTS,
    ElementEvidence,
    TemplateEvidence,
    TemplatePolicy,
)
from archive.records import OutletTemplate, OutlineElement, PagePart

TEMPLATE_VERSION = 1
"""Part of every digest; increases whenever the same evidence would give another template."""
DECISION_PAGES = (5, 8, 12, 20, 32, 50)
"""Numbers of pages after which a template is decided; then after every fiftieth."""
PAGES_PER_LATER_DECISION = 50
MIN_ELEMENT_PAGES = 4
"""Pages with an element from which on it may be left out."""
MIN_ODDS_PAGES = 3
"""Pages with an element from which on its share of text counts."""
PRIOR_PAGES = 0.5
"""Pages added on either side when a share is turned into odds."""
OUTLET_ODDS_WEIGHT, MAX_OUTLET_ODDS, ODDS_STEP = 0.5, 3.0, 0.25
"""The weight of an outlet's log-odds beside those of the page's features, their limit on either side,
and the step to which they are rounded, so that a template changes rarely."""
MAX_ELSEWHERE_SHARE = 0.1
"""Share of the pages whose date stands in no known element, above which no page is cut."""
MIN_TEXT_PAGES_SHARE = 0.05
"""Share of the pages that have their text in an element from which on it marks the template."""
MIN_SURE_PAGES = 5
"""Pages with text in an element from which on the template may be sure of its box."""
MIN_SURE_TEXT_SHARE = 0.9
"""Share of an element's characters that have to be text."""
MIN_BOX_TEXT_SHARE = 0.2
"""Share of all text that has to stand in an element whose box is one of texts."""
MAX_EVIDENCE_PAGES = 100
"""Pages after which all counts are halved."""
MAX_EVIDENCE_ELEMENTS = 600
"""Elements of an outlet that are remembered, the commonest."""
MAX_STRANGE_TEXT_SHARE = 0.5
"""Share of a page's text in unknown elements above which the page is set in another design."""
MAX_STRANGE_PAGES = 4
"""Such pages in a row after which the old design is forgotten."""

Outline = tuple[OutlineElement, ...]
Elements = Mapping[int, ElementEvidence]


def learn_from_outline(evidence: TemplateEvidence, outline: Outline) -> TemplateEvidence:
    """Return what is known of an outlet's template after a further page."""
    if evidence.learnt >= DECISION_PAGES[0] and _is_strange(evidence, outline):
        if evidence.strange + 1 < MAX_STRANGE_PAGES:
            return replace(evidence, strange=evidence.strange + 1)
        evidence = TemplateEvidence()
    elements = dict(evidence.elements)
    for seen in outline:
        known = elements.get(seen.key) or ElementEvidence(seen.parent, seen.step)
        elements[seen.key] = _with_seen(known, seen)
    learnt = TemplateEvidence(evidence.pages + 1, evidence.learnt + 1, 0, elements)
    return _within_limits(learnt)


def decide_template(
    evidence: TemplateEvidence, in_force: OutletTemplate | None
) -> OutletTemplate | None:
    """Return the template that an outlet's pages are read by from now on, None without one.

    After a change of the design the old one stays in force, and fits no page, until the new one is
    known.
    """
    if evidence.learnt < DECISION_PAGES[0]:
        return in_force
    is_due = evidence.learnt in DECISION_PAGES or evidence.learnt % PAGES_PER_LATER_DECISION == 0
    if in_force and (not is_due or evidence.strange):
        return in_force
    return make_template(evidence)


def make_template(evidence: TemplateEvidence) -> OutletTemplate:
    """Return the template that the evidence gives."""
    elements = evidence.elements
    is_cut = _part_share(evidence, "elsewhere") <= MAX_ELSEWHERE_SHARE
    template = OutletTemplate(
        evidence.learnt,
        frozenset(key for key, each in elements.items() if each.parts),
        _text_elements(evidence),
        _text_boxes(evidence),
        _left_out_elements(elements) if is_cut else frozenset(),
        {key: odds for key, each in elements.items() if (odds := _outlet_odds(each))},
    )
    return replace(template, digest=_template_digest(template))


# -- evidence --------------------------------------------------------------------------------------


def _is_strange(evidence: TemplateEvidence, outline: Outline) -> bool:
    """Return whether a page has most of its text in elements that were never seen."""
    whole = sum(seen.text_chars for seen in outline)
    known = sum(seen.text_chars for seen in outline if seen.key in evidence.elements)
    return whole - known > MAX_STRANGE_TEXT_SHARE * whole


def _with_seen(known: ElementEvidence, seen: OutlineElement) -> ElementEvidence:
    """The evidence about an element with a further page that has it."""
    parts: dict[PagePart, int] = {
        part: count
        for part in PAGE_PARTS
        if (count := known.parts.get(part, 0) + (part in seen.holds))
    }
    return replace(
        known,
        pages=known.pages + 1,
        parts=parts,
        text_chars=known.text_chars + seen.text_chars,
        other_chars=known.other_chars + seen.other_chars,
    )


def _within_limits(evidence: TemplateEvidence) -> TemplateEvidence:
    """The evidence, halved after many pages, without the rarest of too many elements."""
    elements, pages = dict(evidence.elements), evidence.pages
    if pages > MAX_EVIDENCE_PAGES:
        pages //= 2
        halved = {key: _halved(each) for key, each in elements.items()}
        elements = {key: each for key, each in halved.items() if each.pages}
    if len(elements) > MAX_EVIDENCE_ELEMENTS:
        commonest = sorted(elements.items(), key=lambda item: (-item[1].pages, item[0]))
        elements = dict(commonest[:MAX_EVIDENCE_ELEMENTS])
    return replace(evidence, pages=pages, elements=elements)


def _halved(element: ElementEvidence) -> ElementEvidence:
    """The evidence about an element at half its weight; a part once seen there is not forgotten
    before the element is."""
    parts: dict[PagePart, int] = {part: max(1, count // 2) for part, count in element.parts.items()}
    chars = (element.text_chars // 2, element.other_chars // 2)
    return ElementEvidence(element.parent, element.step, element.pages // 2, parts, *chars)


# -- decisions -------------------------------------------------------------------------------------


def _part_share(evidence: TemplateEvidence, part: PagePart) -> float:
    """The share of the pages that have a part in any element."""
    counts = (each.parts.get(part, 0) for each in evidence.elements.values())
    return max(counts, default=0) / max(1, evidence.pages)


def _text_elements(evidence: TemplateEvidence) -> frozenset[int]:
    """The elements whose own blocks are the text on many pages."""
    least = max(2, MIN_TEXT_PAGES_SHARE * evidence.pages)
    return frozenset(
        key
        for key, each in evidence.elements.items()
        if each.text_chars > each.other_chars and each.parts.get("text", 0) >= least
    )


def _text_boxes(evidence: TemplateEvidence) -> frozenset[int]:
    """The elements around the text, if it stood there on nearly all of enough pages.

    There may be several kinds of pages, each with its own box.
    """
    if evidence.pages < MIN_SURE_PAGES:
        return frozenset()
    whole = sum(each.text_chars for each in evidence.elements.values())
    sure = [
        each
        for each in evidence.elements.values()
        if each.parts.get("text", 0) >= MIN_SURE_PAGES
        and each.text_chars >= MIN_BOX_TEXT_SHARE * whole > 0
        and each.text_chars >= MIN_SURE_TEXT_SHARE * (each.text_chars + each.other_chars)
    ]
    return frozenset(each.parent for each in sure)


def _left_out_elements(elements: Elements) -> frozenset[int]:
    """The elements beside the article that may be removed from further pages.

    One without a name beside paragraphs stays: a list or a table is rare in a text, and may be text on
    the next page.
    """
    paragraphs = {key: each for key, each in elements.items() if each.text_chars}
    with_paragraphs = paragraphs.keys() | {each.parent for each in paragraphs.values()}
    return frozenset(
        key
        for key, each in elements.items()
        if _is_beside_article(each, elements)
        and (_has_name(each) or each.parent not in with_paragraphs)
    )


def _is_beside_article(element: ElementEvidence, elements: Elements) -> bool:
    """Return whether no part of an article stood in an element, on enough pages."""
    around = elements.get(element.parent)
    is_known = element.pages >= MIN_ELEMENT_PAGES and around is not None and bool(around.parts)
    return is_known and not element.parts


def _has_name(element: ElementEvidence) -> bool:
    return "." in element.step or "#" in element.step


def _outlet_odds(element: ElementEvidence) -> float:
    """The log-odds for an element's own blocks to be text, weighted and rounded."""
    chars = element.text_chars + element.other_chars
    if element.pages < MIN_ODDS_PAGES or not chars:
        return 0.0
    text_pages = element.text_chars / chars * element.pages
    share = (text_pages + PRIOR_PAGES) / (element.pages + 2 * PRIOR_PAGES)
    odds = OUTLET_ODDS_WEIGHT * log(share / (1 - share))
    bounded = max(-MAX_OUTLET_ODDS, min(MAX_OUTLET_ODDS, odds))
    return round(bounded / ODDS_STEP) * ODDS_STEP


def _template_digest(template: OutletTemplate) -> str:
    """Eight letters for everything that a template says about reading a page."""
    content = (
        TEMPLATE_VERSION,
        *(
            sorted(keys)
            for keys in (template.around, template.texts, template.boxes, template.left_out)
        ),
        sorted(template.odds.items()),
    )
    return sha256(json.dumps(content).encode()).hexdigest()[:8]


TEMPLATE_POLICY = TemplatePolicy(learn=learn_from_outline, decide=decide_template)
"""Policy for `archive.frontier.outlet_templates`."""
