"""The effects of an outlet's template on a page, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from archive.frontier.outlet_templates import TemplatePlace
from archive.text.formatting import many
from crawler.extraction.blocks import Block
from crawler.extraction.main_text.line_features import is_prose_block
from crawler.extraction.rules.explained_rules import ExplainedRule
from crawler.extraction.templates.applied_template import AppliedTemplate, blocks_of_removed

FOUND_BY_TEMPLATE = "the outlet's template"
TEMPLATE_KIND = "template"
MAX_SHOWN_REMOVED = 12
"""Kinds of removed elements that are named."""


def explained_template(
    applied: AppliedTemplate, blocks: Sequence[Block]
) -> tuple[ExplainedRule, ...]:
    """Return what a template did on a page whose blocks are given."""
    pages = many(applied.template.pages, "page")
    how = "finds the text" if applied.find_text(blocks) else "the general reader finds the text"
    cut = "left out what follows" if applied.removed else "read whole"
    result = f"learnt from {pages}: {how}; {cut}"
    whole = ExplainedRule("of the outlet", applied.template.digest, result, True, TEMPLATE_KIND)
    counted = Counter(step for _, step in applied.removed)
    removed = (
        ExplainedRule("left out", step, many(count, "element"), True, TEMPLATE_KIND)
        for step, count in counted.most_common(MAX_SHOWN_REMOVED)
    )
    return (whole, *removed)


def explained_places(places: Iterable[TemplatePlace]) -> Iterator[ExplainedRule]:
    """Yield where the parts of an outlet's articles stand."""
    for place in places:
        result = f"on {place.pages} of {many(place.of_pages, 'page')}"
        yield ExplainedRule(place.part, place.path, result, True, TEMPLATE_KIND)


def removed_template_lines(applied: AppliedTemplate) -> Iterator[tuple[str, str, bool]]:
    """Yield the lines that a template left out: text, reason, and whether it is prose."""
    for block, step in blocks_of_removed(applied):
        yield (
            block.text,
            f"no part of the outlet's articles stands in {step}",
            is_prose_block(block),
        )
