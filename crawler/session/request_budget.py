"""The pages and requests that a crawl may spend, and those that it has spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class RequestBudget:
    """The budgets of a crawl; None means without limit.

    `pages` is for the whole crawl, `outlet_pages` for each outlet, and `requests` for requests of
    any kind.
    """

    def __init__(
        self, pages: int | None, outlet_pages: int | None, requests: int | None = None
    ) -> None:
        self.pages = pages
        self.outlet_pages = outlet_pages
        self.most_requests = requests
        self.requested_pages: Counter[str] = Counter()
        """Pages that were requested, by outlet."""
        self.requests: Counter[str] = Counter()
        """Requests of any kind, by host without `www.`."""
        self.end_reason: str | None = None
        """The budget that ended the crawl."""

    def pages_are_spent(self) -> bool:
        """Return whether the page budget of the whole crawl is used up."""
        return self.pages is not None and self.requested_pages.total() >= self.pages

    def requests_are_spent(self) -> bool:
        """Return whether the budget of requests of any kind is used up."""
        return self.most_requests is not None and self.requests.total() >= self.most_requests

    def is_spent(self) -> bool:
        """Return whether the budget of requests or that of pages is used up."""
        return self.requests_are_spent() or self.pages_are_spent()

    def spent_reason(self) -> str | None:
        """Return which budget is used up; None if there is room."""
        if self.requests_are_spent():
            return f"the budget of {self.most_requests:,} requests is spent"
        if self.pages_are_spent():
            return f"the budget of {self.pages:,} pages is spent"
        return None

    def is_outlet_spent(self, outlet: str) -> bool:
        """Return whether an outlet has had all the pages that it may have."""
        return self.outlet_pages is not None and self.requested_pages[outlet] >= self.outlet_pages

    def spent_outlets(self) -> list[str]:
        """Return the outlets that have had all the pages that they may have."""
        return [outlet for outlet in self.requested_pages if self.is_outlet_spent(outlet)]

    def room_for(self, waiting: Mapping[str, int]) -> int:
        """Return how many waiting pages may be requested; `waiting` are their numbers by outlet."""
        pages = 0
        for outlet, number in waiting.items():
            if self.outlet_pages is not None:
                pages += max(0, min(number, self.outlet_pages - self.requested_pages[outlet]))
            else:
                pages += number
        if self.pages is None:
            return pages
        return max(0, min(pages, self.pages - self.requested_pages.total()))

    def take_page(self, outlet: str) -> bool:
        """Count one more page of an outlet if the budgets allow it; return whether they do."""
        if self.pages_are_spent() or self.is_outlet_spent(outlet):
            return False
        self.requested_pages[outlet] += 1
        return True
