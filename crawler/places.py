"""Which requests take a place among those under way: not those of a site that lets us wait."""

from __future__ import annotations

from crawler.turns import site_of

PATIENCE = 3.0
"""Seconds without an answer after which a site's requests leave their places to others."""


class Places:
    """Addresses that were asked for and not answered yet, and since when; seconds are of any one clock.

    A site that hangs would otherwise fill the places, and the crawl would wait with it. What was answered keeps its
    place until it is read and written, for it takes memory.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.since: dict[str, float] = {}

    def ask(self, url: str, now: float) -> None:
        self.since[url] = now

    def answered(self, url: str) -> None:
        self.since.pop(url, None)

    def left(self, now: float) -> int:
        """How many requests have left their places: all that wait at a site where one has waited for long."""
        slow = {site_of(url) for url, since in self.since.items() if now - since > self.patience}
        return sum(site_of(url) in slow for url in self.since) if slow else 0
