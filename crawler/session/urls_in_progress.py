"""The URLs that a crawl has requested and not settled yet, and how many more it may request."""

from __future__ import annotations

from collections.abc import Callable

from crawler.session.change_signal import ChangeSignal
from crawler.session.download_slots import SLOT_TIMEOUT_SECONDS, DownloadSlots
from crawler.session.pending_sources import PendingSources

MAX_PAGES_IN_PROGRESS = 64
"""Pages in progress at once, those of unresponsive sites not counted.

Enough to keep all outlets busy; little has to be repeated after a crash.
"""
MAX_SOURCES_IN_PROGRESS = 192
"""Feeds and sitemaps requested at once; nearly all of them wait for the delay of their host."""


class UrlsInProgress:
    """The URLs in progress: from the request until the check is in the archive.

    `clock` returns seconds of a monotonic clock. `changes` is notified when a URL is settled. A site
    that has not answered for `patience` seconds counts as unresponsive. `fetchers` returns the
    number of processes that fetch.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        changes: ChangeSignal,
        patience: float = SLOT_TIMEOUT_SECONDS,
        fetchers: Callable[[], int] = lambda: 1,
    ) -> None:
        self.urls: set[str] = set()
        self.sources = PendingSources()
        self.changes = changes
        self._fetchers = fetchers
        self.settled_pages = self.settled_sources = 0
        """Numbers of pages, and of feeds and sitemaps, that are done."""
        self._clock = clock
        self._slots = DownloadSlots(patience)
        self._requested_sources: set[str] = set()

    @property
    def max_pages(self) -> int:
        """The most pages that may be in progress."""
        return MAX_PAGES_IN_PROGRESS * self._fetchers()

    @property
    def max_sources(self) -> int:
        """The most feeds and sitemaps that may be in progress."""
        return MAX_SOURCES_IN_PROGRESS * self._fetchers()

    def note_request(self, url: str, *, is_source: bool = False) -> None:
        """Note that a URL is requested, a page or a feed or sitemap."""
        self.urls.add(url)
        if is_source:
            self._requested_sources.add(url)
        self._slots.note_request(url, self._clock())

    def note_answer(self, url: str) -> None:
        """Note that a URL was answered, or that its request failed."""
        self._slots.note_answer(url)

    def settle(self, url: str) -> bool:
        """Note that a URL is done, and return whether it is a page."""
        is_page = url not in self._requested_sources
        if is_page:
            self.settled_pages += 1
        else:
            self.settled_sources += 1
            self._requested_sources.discard(url)
        self.urls.discard(url)
        self.sources.note_read(url)
        self.changes.notify()
        return is_page

    def sources_left(self) -> int:
        """Return how many known feeds and sitemaps are still to be read."""
        return len(self.sources.sources.keys() | self._requested_sources)

    def pages_in_progress(self) -> int:
        """Return how many pages are requested and not done."""
        return len(self.urls - self._requested_sources)

    def counted(self) -> set[str]:
        """Return the URLs that count against the limits: without those of unresponsive sites."""
        return self.urls - self._slots.uncounted_urls(self._clock())

    def free_page_places(self) -> int:
        """Return how many more pages may be in progress."""
        return self.max_pages - len(self.counted() - self.sources.sources.keys())
