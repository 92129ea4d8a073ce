"""A crawl spends its budgets of pages and requests, and no more."""

from __future__ import annotations

from crawler.session.request_budget import RequestBudget


def taken(budget: RequestBudget, *outlets: str) -> list[bool]:
    return [budget.take_page(outlet) for outlet in outlets]


def test_pages_are_taken_until_the_budget_of_the_crawl_is_spent():
    budget = RequestBudget(pages=2, outlet_pages=None)
    assert taken(budget, "a.example", "b.example", "a.example") == [True, True, False]
    assert budget.requested_pages == {"a.example": 1, "b.example": 1}
    assert budget.pages_are_spent()
    assert budget.is_spent()
    assert budget.spent_reason() == "the budget of 2 pages is spent"


def test_an_outlet_that_has_had_its_pages_leaves_the_others_theirs():
    budget = RequestBudget(pages=None, outlet_pages=1)
    assert taken(budget, "a.example", "a.example", "b.example") == [True, False, True]
    assert budget.spent_outlets() == ["a.example", "b.example"]
    assert not budget.is_spent()


def test_without_budgets_there_is_always_room():
    budget = RequestBudget(pages=None, outlet_pages=None)
    assert all(taken(budget, *["a.example"] * 100))
    budget.requests["a.example"] += 1_000
    assert budget.spent_reason() is None
    assert budget.spent_outlets() == []


def test_the_budget_of_requests_counts_requests_of_any_kind_and_is_named_first():
    budget = RequestBudget(pages=1, outlet_pages=None, requests=1_500)
    assert budget.take_page("a.example")
    budget.requests["a.example"] += 1_499
    assert not budget.requests_are_spent()
    budget.requests["b.example"] += 1
    assert budget.requests_are_spent()
    assert budget.spent_reason() == "the budget of 1,500 requests is spent"


def test_a_spent_budget_of_requests_takes_no_page_from_the_page_budget():
    budget = RequestBudget(pages=None, outlet_pages=None, requests=1)
    budget.requests["a.example"] += 1
    assert budget.is_spent()
    assert not budget.pages_are_spent()
