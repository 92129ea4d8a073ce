"""The choice of the pages that a browser fetches again, and their number."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from scrapy.settings import BaseSettings

from archive.frontier.unrendered_pages import queue_unrendered_pages
from archive.records import NEEDS_BROWSER_REASON, SCRIPTED_PAGE_REASON, Check
from archive.storage.database import transaction
from crawler.extraction.rules.outlet_rules import NO_OUTLET_RULES, OutletRules
from crawler.network.browser.browser_program import (
    BROWSER_PATH_SETTING,
    BROWSER_SETTING,
    check_browser_mode,
    missing_browser_reason,
)
from crawler.session.request_budget import RequestBudget

SWITCHED_OFF_REASON = "browser is off"


@dataclass(frozen=True, slots=True)
class RenderingPlan:
    """The pages that a browser renders, by the options of a crawl and the rules of outlets."""

    rules: OutletRules
    mode: str = "off"
    """One of `crawler.network.browser.browser_program.BROWSER_MODES`."""
    missing: str | None = None
    """The missing part without which no page is rendered, and how to get it; None if all is there."""
    budget: RequestBudget = RequestBudget(0, 0)  # noqa: RUF009  nothing may be taken from it

    def wants(self, check: Check) -> bool:
        """Return whether a page that was fetched should be fetched again by a browser.

        That is where its markup says that scripts would bring the text that it does not have, or
        where the rule of its outlet says so.
        """
        if check.outcome not in ("new", "unchanged", "not article"):
            return False
        if self.is_ruled(check.final_url or check.url):
            return True
        return self.mode == "auto" and is_scripted(check)

    def is_ruled(self, url: str) -> bool:
        """Return whether the rule of the outlet of a URL says that its pages need a browser."""
        rule = self.rules.rule_for(url)
        return rule is not None and rule.render

    def take_page(self, outlet: str) -> str | None:
        """Count a page of an outlet that is rendered; return why it is not, None if it is."""
        if self.mode == "off":
            return SWITCHED_OFF_REASON
        if self.missing:
            return self.missing
        if self.budget.take_page(outlet):
            return None
        if self.budget.pages_are_spent():
            return f"the {self.budget.pages} pages of this crawl are spent"
        return f"the {self.budget.outlet_pages} pages of this outlet and crawl are spent"

    def queue_missed_pages(self, connection: sqlite3.Connection) -> int:
        """Queue pages that needed a browser and had none before; return their number."""
        if self.mode != "auto" or self.missing or not self.budget.pages:
            return 0
        with transaction(connection) as db:
            return queue_unrendered_pages(
                db, self.budget.pages, self.budget.outlet_pages or self.budget.pages
            )


def rendering_plan(settings: BaseSettings, rules: OutletRules) -> RenderingPlan:
    """Return the plan of a crawl by its settings. Raises UsageError for an unknown mode."""
    return RenderingPlan(
        rules=rules,
        mode=check_browser_mode(settings[BROWSER_SETTING] or "auto"),
        missing=missing_browser_reason(settings[BROWSER_PATH_SETTING]),
        budget=RequestBudget(
            settings.getint("DATELINE_BROWSER_PAGES"),
            settings.getint("DATELINE_BROWSER_OUTLET_PAGES"),
        ),
    )


def is_scripted(check: Check) -> bool:
    """Return whether a page has no article, and its markup says that scripts would bring one."""
    return check.outcome == "not article" and SCRIPTED_PAGE_REASON in (check.reason or "")


def unrendered_check_reason(check: Check, why: str) -> str:
    """Return the reason of a check of a page that needs a browser and has none."""
    reason = f"{NEEDS_BROWSER_REASON}: {why}"
    return f"{reason}; {check.reason}" if check.reason else reason


NO_RENDERING = RenderingPlan(NO_OUTLET_RULES)
"""The plan of a crawl without a browser."""
