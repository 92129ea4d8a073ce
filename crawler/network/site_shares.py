"""How much of the crawl's own time each site takes: what it costs to clean, compare and write what
it sent.

A site is a registered domain, whatever its hosts. One that has taken more than its share is asked
for no more pages until the others have had theirs; where nobody else waits, it goes on. What its
pages may add to `captures.db` is bounded too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from pipelines.urls import registered_domain

SHARE = 0.2
"""Of the time since the crawl began …"""
FREE = 5.0
"""… beyond the first seconds."""
LARGEST_COPY = 8 * 1024 * 1024
"""Bytes of a page of which a copy is kept; the largest news pages have 5 MB."""
BESIDE_ARTICLES = 64 * 1024 * 1024
"""Bytes of pages that are no articles of which copies are kept, of one site in one crawl."""
OF_ARTICLES = 4 * 1024 * 1024 * 1024
"""And of those that are: ten thousand pages of 400 KB."""


class Shares:
    """The accounts of all sites in one crawl, which began at a moment of some clock, in seconds."""

    def __init__(self, began: float) -> None:
        self.began = began
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._bytes: Counter[tuple[str, bool]] = Counter()

    def took(self, url: str, seconds: float) -> None:
        """What a look at this address cost."""
        self._seconds[registered_domain(url)] += seconds

    def greedy(self, hosts: Iterable[str], now: float) -> list[str]:
        """Those of some hosts whose sites have taken more than their share."""
        most = max(FREE, SHARE * (now - self.began))
        sites = {site for site, seconds in self._seconds.items() if seconds > most}
        return (
            [host for host in hosts if registered_domain(f"http://{host}/") in sites]
            if sites
            else []
        )

    def refuses_copy(self, url: str, size: int, *, article: bool) -> str | None:
        """Why no copy of a page is kept; None if one is, and its size counts."""
        if size > LARGEST_COPY:
            return f"no copy is kept: larger than {LARGEST_COPY >> 20} MiB"
        account = registered_domain(url), article
        if self._bytes[account] + size > (OF_ARTICLES if article else BESIDE_ARTICLES):
            return "no copy is kept: its site has sent enough in this crawl"
        self._bytes[account] += size
        return None
