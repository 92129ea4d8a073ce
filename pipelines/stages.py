"""The stages in order, for callers outside of Scrapy; `crawler.settings` lists the same order."""

from __future__ import annotations

from archive.records import Check
from pipelines.clean import clean_check
from pipelines.complete import complete_check
from pipelines.identity import identify

STAGES = (clean_check, complete_check, identify)
"""Stages 100, 200 and 300; stage 900 (`pipelines.keep`) writes the result."""


def through_stages(check: Check) -> Check:
    """Return the check after all stages, ready to be stored."""
    for stage in STAGES:
        check = stage(check)
    return check
