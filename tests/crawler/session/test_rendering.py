"""Which pages of a crawl a browser fetches again, and how many."""

from __future__ import annotations

import pytest

from archive.archive import Archive
from archive.frontier.unrendered_pages import queue_unrendered_pages
from archive.frontier.urls import queue_leads, record_check
from archive.records import SCRIPTED_PAGE_REASON, Check, Lead
from archive.storage.database import transaction
from crawler.extraction.rules.outlet_rules import OutletRule, OutletRules
from crawler.session.rendering import NO_RENDERING, RenderingPlan, unrendered_check_reason
from crawler.session.request_budget import RequestBudget

RULES = OutletRules({"skerry.example": OutletRule("skerry.example", render=True)})
SCRIPTED = f"empty: {SCRIPTED_PAGE_REASON} (an empty #root, 1 script)"


def plan(mode: str = "auto", missing: str | None = None) -> RenderingPlan:
    return RenderingPlan(RULES, mode, missing, RequestBudget(3, 2))


def check(outcome: str, reason: str | None = None, host: str = "courier.example") -> Check:
    return Check(f"https://{host}/1", outcome, "2026-03-10T12:00:00Z", reason=reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mode", "outcome", "reason", "host", "wanted"),
    [
        ("auto", "not article", SCRIPTED, "courier.example", True),
        ("auto", "not article", "section: a front page", "courier.example", False),
        ("auto", "new", None, "courier.example", False),
        ("auto", "failed", SCRIPTED, "courier.example", False),
        ("rules", "not article", SCRIPTED, "courier.example", False),
        ("off", "not article", SCRIPTED, "courier.example", False),
        ("rules", "new", None, "www.skerry.example", True),
        ("auto", "not article", "section: a front page", "skerry.example", True),
        ("auto", "refused", "opted out: noindex", "skerry.example", False),
    ],
)
def test_a_browser_is_wanted_by_the_signs_of_a_page_or_the_rule_of_its_outlet(
    mode, outcome, reason, host, wanted
):
    assert plan(mode).wants(check(outcome, reason, host)) is wanted


def test_pages_are_rendered_up_to_the_budgets_of_outlet_and_crawl():
    made = plan()
    assert [made.take_page("a.example") for _ in range(3)] == [
        None, None, "the 2 pages of this outlet and crawl are spent",
    ]  # fmt: skip
    assert made.take_page("b.example") is None
    assert made.take_page("b.example") == "the 3 pages of this crawl are spent"


def test_without_a_browser_the_reason_names_what_is_missing():
    why = plan(missing="pip install 'dateline[browser]'").take_page("a.example")
    assert unrendered_check_reason(check("not article", SCRIPTED), why or "") == (
        f"needs a browser: pip install 'dateline[browser]'; {SCRIPTED}"
    )
    assert plan("off").take_page("a.example") == "browser is off"
    assert NO_RENDERING.wants(check("not article", SCRIPTED)) is False


def test_pages_that_needed_a_browser_are_queued_once_there_is_one(tmp_path):
    with Archive(tmp_path) as archive:
        with transaction(archive.db) as db:
            for number in range(1, 6):
                url = f"https://{'a' if number < 4 else 'b'}.example/{number}"
                lead = Lead(url, via="feed", url_key=url, published_at=f"2026-03-0{number}")
                queue_leads(db, [lead])
                reason = f"needs a browser: none; {SCRIPTED}" if number < 5 else SCRIPTED
                done = Check(url, "not article", "2026-03-10T12:00:00Z", reason=reason, url_key=url)
                record_check(db, done, None, None)
        assert plan(missing="a browser").queue_missed_pages(archive.db) == 0
        assert plan("rules").queue_missed_pages(archive.db) == 0
        with transaction(archive.db) as db:
            assert queue_unrendered_pages(db, 10, 2) == 3
        waiting = archive.db.execute("SELECT url FROM urls WHERE state = 'pending' ORDER BY url")
        assert [row[0] for row in waiting] == [
            "https://a.example/2", "https://a.example/3", "https://b.example/4",
        ]  # fmt: skip
