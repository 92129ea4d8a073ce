"""Which requests take a place among those under way: not those of a site that lets us wait."""

from __future__ import annotations

from collections import defaultdict

from crawler.network.backoff import site_of

PATIENCE = 3.0
"""Seconds without an answer after which a site's requests leave their places to others."""


class Places:
    """Addresses that were asked for and not answered yet, and since when; seconds are of any one
    clock.

    A site that hangs would otherwise fill the places, and the crawl would wait with it. What was
    answered keeps its place until it is read and written, for it takes memory.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.sites: defaultdict[str, dict[str, float]] = defaultdict(dict)
        """By site, since when each of its addresses waits, the one that waits longest first."""

    def ask(self, url: str, now: float) -> None:
        waiting = self.sites[site_of(url)]
        waiting.pop(url, None)
        waiting[url] = now

    def answered(self, url: str) -> None:
        site = site_of(url)
        self.sites[site].pop(url, None)
        if not self.sites[site]:
            del self.sites[site]

    def left(self, now: float) -> set[str]:
        """The addresses that have left their places: all that wait at a site where one has waited
        for long."""
        late = (
            urls for urls in self.sites.values() if now - next(iter(urls.values())) > self.patience
        )
        return {url for urls in late for url in urls}
