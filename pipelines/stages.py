"""The stages in their order, for what does not come through Scrapy; `crawler.settings` lists the
same."""

from __future__ import annotations

from archive.records import Check
from pipelines.clean import clean_check
from pipelines.complete import complete_check
from pipelines.identity import identify

STAGES = (clean_check, complete_check, identify)


def through_stages(check: Check) -> Check:
    """A check as it is kept."""
    for stage in STAGES:
        check = stage(check)
    return check
