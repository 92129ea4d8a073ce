"""The stages in order, for callers outside of Scrapy; `crawler.settings` lists the same order."""

from __future__ import annotations

from archive.records import Check
from pipelines.clean import clean_check
from pipelines.complete import complete_check
from pipelines.extend import extend_check
from pipelines.identity import identify_check

STAGES_IN_ORDER = (clean_check, complete_check, extend_check, identify_check)
"""Stages 100, 200, 250 and 300; stage 900 (`pipelines.keep`) writes the result."""


def run_stages(check: Check) -> Check:
    """Return the check after all stages, ready to be stored."""
    for stage in STAGES_IN_ORDER:
        check = stage(check)
    return check
