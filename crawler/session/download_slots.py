"""Concurrency slots: requests to an unresponsive site stop counting against the limit."""

from __future__ import annotations

from collections import defaultdict

from crawler.network.backoff import site_origin

SLOT_TIMEOUT_SECONDS = 3.0
"""Seconds without an answer after which the requests of a site no longer count."""


class DownloadSlots:
    """URLs that were requested and not answered yet, with the time of each request.

    A site that hangs would otherwise take all slots, and the crawl would wait with it. A URL that
    was answered keeps its slot until its page is read and written, because it takes memory. Times
    are seconds of one monotonic clock.
    """

    def __init__(self, patience: float = SLOT_TIMEOUT_SECONDS) -> None:
        self.patience = patience
        self.sites: defaultdict[str, dict[str, float]] = defaultdict(dict)
        """For each site, when each of its URLs was requested, the oldest first."""

    def note_request(self, url: str, now: float) -> None:
        """Note that a URL is requested."""
        waiting = self.sites[site_origin(url)]
        waiting.pop(url, None)
        waiting[url] = now

    def note_answer(self, url: str) -> None:
        """Note that a URL was answered or failed."""
        site = site_origin(url)
        self.sites[site].pop(url, None)
        if not self.sites[site]:
            del self.sites[site]

    def uncounted_urls(self, now: float) -> set[str]:
        """Return the URLs that no longer count: all of a site where one has waited too long."""
        late: set[str] = set()
        for urls in self.sites.values():
            oldest = next(iter(urls.values()))
            if now - oldest > self.patience:
                late.update(urls)
        return late
