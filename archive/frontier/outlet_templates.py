"""Templates of outlets: where their articles stand, learnt from the outlines of their pages.

What is learnt from an outline, and what a template says, is decided in `pipelines.template_learning`
and passed in as a `TemplatePolicy`. An outlet's evidence has a limited size, and nothing of the
pages' text is in it. Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from archive.frontier.hosts import bare_host, hosts_of_outlet
from archive.records import OutletTemplate, OutlineElement, PagePart, current_timestamp

PAGE_PARTS: tuple[PagePart, ...] = ("text", "headline", "byline", "date", "data", "elsewhere")
SHOWN_PARTS: tuple[PagePart, ...] = ("text", "headline", "byline", "date")
"""The parts whose places are shown to people."""
MIN_SHOWN_SHARE = 0.8
"""The place of a part is the innermost element with this share of the pages of the commonest."""
MAX_SHOWN_STEPS = 4
"""Steps of a path that are shown, the last ones."""


@dataclass(frozen=True, slots=True)
class ElementEvidence:
    """One kind of element on the pages of an outlet, and the parts of articles found in it."""

    parent: int
    step: str
    pages: int = 0
    """Pages with such an element."""
    parts: Mapping[PagePart, int] = field(default_factory=dict)
    """Part of an article → the pages on which it stands within."""
    text_chars: int = 0
    other_chars: int = 0


@dataclass(frozen=True, slots=True)
class TemplateEvidence:
    """The elements on the pages of an outlet, from which its template is decided."""

    pages: int = 0
    learnt: int = 0
    """Pages learnt since the beginning of this design; `pages` shrinks as old pages fade."""
    strange: int = 0
    """The newest pages in a row whose text stands in unknown elements."""
    elements: Mapping[int, ElementEvidence] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TemplatePolicy:
    """The decisions about templates that the archive leaves to `pipelines.template_learning`."""

    learn: Callable[[TemplateEvidence, tuple[OutlineElement, ...]], TemplateEvidence]
    """Evidence and the outline of a further page → the evidence with it."""
    decide: Callable[[TemplateEvidence, OutletTemplate | None], OutletTemplate | None]
    """Evidence and the template in force → the template from now on; None while too few pages are known."""


@dataclass(frozen=True, slots=True)
class TemplatePlace:
    """Where a part of an outlet's articles stands, or what is left out, for people to read."""

    part: str
    path: str
    """`article > div.body > p`"""
    pages: int
    """The pages on which it stands there."""
    of_pages: int


# -- in the archive --------------------------------------------------------------------------------


def learn_outline(
    connection: sqlite3.Connection,
    outlet_id: int,
    outline: tuple[OutlineElement, ...],
    policy: TemplatePolicy,
) -> None:
    """Learn the outlet's template from the outline of a page; an empty one teaches nothing."""
    if not outline:
        return
    evidence, template = stored_template(connection, outlet_id)
    evidence = policy.learn(evidence, outline)
    template = policy.decide(evidence, template)
    connection.execute(
        """INSERT INTO outlet_templates (outlet_id, learnt_at, pages, digest, template, evidence)
        VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (outlet_id) DO UPDATE SET
        learnt_at = excluded.learnt_at, pages = excluded.pages, digest = excluded.digest,
        template = excluded.template, evidence = excluded.evidence""",
        (
            outlet_id,
            current_timestamp(),
            evidence.learnt,
            template.digest if template else None,
            template_as_json(template) if template else None,
            evidence_as_json(evidence),
        ),
    )


def stored_template(
    connection: sqlite3.Connection, outlet_id: int
) -> tuple[TemplateEvidence, OutletTemplate | None]:
    """Return what is known of an outlet's template, and the template in force."""
    row = connection.execute(
        "SELECT evidence, template FROM outlet_templates WHERE outlet_id = ?", (outlet_id,)
    ).fetchone()
    if row is None:
        return TemplateEvidence(), None
    return evidence_of_json(row[0]), template_of_json(row[1]) if row[1] else None


def template_row_of_host(connection: sqlite3.Connection, host: str) -> tuple[str, str] | None:
    """Return digest and JSON of the template in force for the outlet of a host, or None."""
    variants = hosts_of_outlet(host)
    marks = ", ".join("?" * len(variants))
    row = connection.execute(
        f"""SELECT t.digest, t.template FROM outlets o JOIN outlet_templates t ON t.outlet_id = o.id
        WHERE o.host IN ({marks}) AND t.template IS NOT NULL
        ORDER BY o.host = ? DESC, o.host = ? DESC LIMIT 1""",  # noqa: S608  question marks
        (*variants, host, bare_host(host)),
    ).fetchone()
    return (str(row[0]), str(row[1])) if row else None


def forget_templates(connection: sqlite3.Connection) -> None:
    """Forget all templates and what they were learnt from."""
    connection.execute("DELETE FROM outlet_templates")


# -- for people ------------------------------------------------------------------------------------


def template_places(evidence: TemplateEvidence) -> list[TemplatePlace]:
    """Return where the parts of an outlet's articles stand, with the pages that agree."""
    found = (_place_of_part(evidence, part) for part in SHOWN_PARTS)
    return [place for place in found if place]


def left_out_places(evidence: TemplateEvidence, template: OutletTemplate) -> list[TemplatePlace]:
    """Return the elements that a template leaves out, the commonest first."""
    known = ((key, evidence.elements[key]) for key in template.left_out if key in evidence.elements)
    places = [
        TemplatePlace("left out", _shown_path(evidence, key), element.pages, evidence.pages)
        for key, element in known
    ]
    return sorted(places, key=lambda place: (-place.pages, place.path))


def _place_of_part(evidence: TemplateEvidence, part: PagePart) -> TemplatePlace | None:
    """The innermost element in which a part stands on nearly all of the pages that have it."""
    holders = {
        key: element.parts[part]
        for key, element in evidence.elements.items()
        if part in element.parts
    }
    most = max(
        (count for key, count in holders.items() if evidence.elements[key].parent), default=0
    )
    if not most:
        return None
    common = [key for key, count in holders.items() if count >= MIN_SHOWN_SHARE * most]
    # a name or a day may stand in the text as well
    outside = [key for key in common if "text" not in evidence.elements[key].parts]
    candidates = common if part == "text" or not outside else outside
    inmost = max(
        candidates, key=lambda key: (len(list(_steps_to(evidence, key))), holders[key], -key)
    )
    return TemplatePlace(part, _shown_path(evidence, inmost), holders[inmost], evidence.pages)


def _steps_to(evidence: TemplateEvidence, key: int) -> Iterator[str]:
    """Yield the steps of the path to an element, the last one first."""
    passed: set[int] = set()
    while (element := evidence.elements.get(key)) and key not in passed:
        passed.add(key)
        yield element.step
        key = element.parent


def _shown_path(evidence: TemplateEvidence, key: int) -> str:
    """The end of the path to an element."""
    steps = list(_steps_to(evidence, key))[:MAX_SHOWN_STEPS]
    return " > ".join(reversed(steps))


# -- as JSON ---------------------------------------------------------------------------------------


def evidence_as_json(evidence: TemplateEvidence) -> str:
    """Return evidence as JSON; an element is a list: key, parent, step, pages, pages by part …"""
    elements = [
        [key, each.parent, each.step, each.pages, *(each.parts.get(part, 0) for part in PAGE_PARTS),
         each.text_chars, each.other_chars]
        for key, each in evidence.elements.items()
    ]  # fmt: skip
    record = {"pages": evidence.pages, "learnt": evidence.learnt, "strange": evidence.strange}
    return json.dumps(record | {"elements": elements}, ensure_ascii=False, separators=(",", ":"))


def evidence_of_json(text: str) -> TemplateEvidence:
    """Return the evidence in a JSON text of `evidence_as_json`."""
    record = json.loads(text)
    elements = {row[0]: _element_of_row(row) for row in record["elements"]}
    return TemplateEvidence(record["pages"], record["learnt"], record["strange"], elements)


def _element_of_row(row: list[Any]) -> ElementEvidence:
    """The evidence about an element in a list of `evidence_as_json`."""
    _, parent, step, pages, *counts = row
    *by_part, text_chars, other_chars = counts
    parts = {part: count for part, count in zip(PAGE_PARTS, by_part, strict=True) if count}
    return ElementEvidence(parent, step, pages, parts, text_chars, other_chars)


def template_as_json(template: OutletTemplate) -> str:
    """Return a template as JSON, with its keys in order."""
    record = {
        "pages": template.pages,
        "around": sorted(template.around),
        "texts": sorted(template.texts),
        "boxes": sorted(template.boxes),
        "left_out": sorted(template.left_out),
        "odds": sorted(template.odds.items()),
        "digest": template.digest,
    }
    return json.dumps(record, separators=(",", ":"))


def template_of_json(text: str) -> OutletTemplate:
    """Return the template in a JSON text of `template_as_json`."""
    record = json.loads(text)
    return OutletTemplate(
        record["pages"],
        frozenset(record["around"]),
        frozenset(record["texts"]),
        frozenset(record["boxes"]),
        frozenset(record["left_out"]),
        dict(record["odds"]),
        record["digest"],
    )
