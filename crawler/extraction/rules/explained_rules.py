"""The results of each selector of an outlet's rules on a page, in words."""

from __future__ import annotations

from dataclasses import dataclass

from archive.text.formatting import many
from crawler.extraction.rules.outlet_rules import FIELD_KEYS
from crawler.extraction.rules.rule_findings import RuleFindings, SelectorFinding

TEXT_BY_RULE, KEPT_BY_RULE, DROPPED_BY_RULE = "rule text", "rule keep", "rule drop"
"""The finders of lines by rules."""
FIELD_NAMES = {"headline": "headline", "byline": "byline", "date": "published_at"}
"""The fields of an article by the keys of rules."""


@dataclass(frozen=True, slots=True)
class ExplainedRule:
    """A selector of the outlet's rules, and what it did."""

    key: str
    selector: str
    result: str
    is_used: bool
    """False if it matched nothing or what it found cannot be used."""
    kind: str = "rule"
    """`rule` if it is written, `template` if it is learnt."""


def explained_rules(findings: RuleFindings) -> tuple[ExplainedRule, ...]:
    """Return the selectors of a rule in the order of their keys, with what each did."""
    used: set[str] = set()
    explained = []
    for found in findings.selectors:
        explained.append(_explained_rule(found, findings, is_first=found.key not in used))
        if found.matches:
            used.add(found.key)
    return tuple(explained)


def _explained_rule(
    found: SelectorFinding, findings: RuleFindings, is_first: bool
) -> ExplainedRule:
    """Return what one selector did; `is_first`: none before it with the same key matched."""
    key, general = found.key, "the general reader decides"
    if not found.matches:
        out = f"; {general}" if key in findings.unmatched else ""
        return ExplainedRule(
            key, found.selector, f"{found.problem or 'matched nothing'}{out}", False
        )
    matched = f"matched {many(found.matches, 'part')}"
    if key == "date" and findings.unreadable_date is not None:
        unreadable = findings.unreadable_date[:60]
        return ExplainedRule(
            key, found.selector, f"{matched}, “{unreadable}” is not a date; {general}", False
        )
    if key in findings.unmatched:
        return ExplainedRule(key, found.selector, f"{matched} without text; {general}", False)
    if key in FIELD_KEYS and key != "text" and not is_first:
        return ExplainedRule(key, found.selector, f"{matched}; not used, as one above did", True)
    what = {"text": "the text", "drop": "removed", "keep": "kept in the text",
            "paywall": "behind a paywall"}.get(key, f"gives the {key}")  # fmt: skip
    return ExplainedRule(key, found.selector, f"{matched}: {what}", True)


def fields_by_rules(findings: RuleFindings) -> dict[str, str]:
    """Return the fields of the article that rules give, each with the rule in words."""
    given = {FIELD_NAMES[key]: f"rule {key}" for key, found in findings.values.items() if found}
    if "byline" in given:
        given["authors"] = given["byline"]
    if findings.paywall:
        given["free"] = "rule paywall"
    return given
