"""Shares of the crawl's own time and of the stored copies that each site may take.

The time is what it costs to clean, compare and write what a site sent. A site is a registered
domain with all its hosts. A site that has used more than its share gets no further requests for
pages until the other sites have had theirs; when no other site waits, it goes on. The bytes that
its pages may add to `captures.db` are bounded as well.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from pipelines.urls import registered_domain

MAX_SITE_TIME_SHARE = 0.2
"""Largest fraction of the time since the crawl began that one site may use …"""
FREE_SITE_SECONDS = 5.0
"""… beyond these first seconds, which every site may use."""
MAX_COPY_BYTES = 8 * 1024 * 1024
"""Largest page in bytes of which a copy is stored; the largest news pages have 5 MB."""
MAX_OTHER_COPIES_BYTES = 64 * 1024 * 1024
"""Bytes of stored copies of other pages than articles, for each site and crawl."""
MAX_ARTICLE_COPIES_BYTES = 4 * 1024 * 1024 * 1024
"""Bytes of stored copies of articles, for each site and crawl: ten thousand pages of 400 KB."""


class SiteShares:
    """The time and bytes used by each site in one crawl.

    `began` is the start of the crawl in seconds of a monotonic clock.
    """

    def __init__(self, began: float) -> None:
        self.began = began
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._bytes: Counter[tuple[str, bool]] = Counter()

    def add_cost(self, url: str, seconds: float) -> None:
        """Add the seconds that processing one URL cost to the account of its site."""
        self._seconds[registered_domain(url)] += seconds

    def greedy_hosts(self, hosts: Iterable[str], now: float) -> list[str]:
        """Return those of `hosts` whose sites have used more than their share by `now`."""
        most = max(FREE_SITE_SECONDS, MAX_SITE_TIME_SHARE * (now - self.began))
        sites = {site for site, seconds in self._seconds.items() if seconds > most}
        if not sites:
            return []
        return [host for host in hosts if registered_domain(f"http://{host}/") in sites]

    def copy_refusal(self, url: str, size: int, *, article: bool) -> str | None:
        """Return why no copy of a page of `size` bytes is stored, or None to store it.

        A copy that is allowed counts against the bytes of its site.
        """
        if size > MAX_COPY_BYTES:
            return f"no copy is stored: larger than {MAX_COPY_BYTES >> 20} MiB"
        account = registered_domain(url), article
        limit = MAX_ARTICLE_COPIES_BYTES if article else MAX_OTHER_COPIES_BYTES
        if self._bytes[account] + size > limit:
            return "no copy is stored: its site has reached its limit in this crawl"
        self._bytes[account] += size
        return None
