"""Barriers for people with disabilities, found by axe-core where a copy of it is named."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

from tests.chromium import Tab

AXE = os.environ.get("AXE", "")
"""A copy of axe.min.js (npm: axe-core); without one nothing is looked for."""
COLOUR_RULES = ("color-contrast", "link-in-text-block")
"""What can differ between a light page and a dark one."""

FIND_VIOLATIONS = """axe.run(document, %s).then(done => done.violations
.filter(v => ['serious', 'critical'].includes(v.impact))
.map(v => v.id + ': ' + v.nodes.map(n => n.html).slice(0, 3).join(' ')))"""


@cache
def _axe_script() -> str:
    return Path(AXE).read_text("utf-8") + "; 0"


def serious_barriers(tab: Tab, rules: tuple[str, ...] = ()) -> list[str]:
    """Return what is serious on the page as it is shown, by these rules of axe-core or by all."""
    if not AXE:
        return []
    if not tab.run("'axe' in window"):
        tab.run(_axe_script())
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found: list[str] = tab.run(FIND_VIOLATIONS % json.dumps(options))
    return found


def barriers_at(tab: Tab, *widths: int) -> dict[str, list[str]]:
    """Return what is serious at each width on a light system, and by its colours on a dark one."""
    found = {}
    for width in widths:
        tab.show(width)
        found[f"{width} light"] = serious_barriers(tab)
        tab.show(width, dark=True)
        found[f"{width} dark"] = serious_barriers(tab, COLOUR_RULES)
    return {view: barriers for view, barriers in found.items() if barriers}
