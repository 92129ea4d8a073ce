"""The URLs that a crawl has requested and not settled yet, and how many more it may request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.session.change_signal import ChangeSignal
from crawler.session.download_slots import SLOT_TIMEOUT_SECONDS, DownloadSlots
from crawler.session.pending_sources import PendingSources

MAX_PAGES_IN_PROGRESS = 64
"""Pages in progress at once, those of unresponsive sites not counted.

Enough to keep all outlets busy; little has to be repeated after a crash.
"""
MAX_SOURCES_IN_PROGRESS = 192
"""Feeds and sitemaps requested at once; nearly all of them wait for the delay of their host."""


@dataclass(frozen=True, slots=True)
class ProgressLimits:
    """How many URLs may be in progress at once, and when a site counts as unresponsive."""

    pages: int = MAX_PAGES_IN_PROGRESS
    sources: int = MAX_SOURCES_IN_PROGRESS
    patience_seconds: float = SLOT_TIMEOUT_SECONDS


LOCAL_LIMITS = ProgressLimits()
"""The limits of a crawl that fetches itself."""


class UrlsInProgress:
    """The URLs in progress: from the request until the check is in the archive.

    `clock` returns seconds of a monotonic clock. `changes` is notified when a URL is settled.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        changes: ChangeSignal,
        limits: ProgressLimits = LOCAL_LIMITS,
    ) -> None:
        self.urls: set[str] = set()
        self.sources = PendingSources()
        self.changes = changes
        self.limits = limits
        self.settled_pages = self.settled_sources = 0
        """Numbers of pages, and of feeds and sitemaps, that are done."""
        self._clock = clock
        self._slots = DownloadSlots(limits.patience_seconds)
        self._requested_sources: set[str] = set()

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
        return self.limits.pages - len(self.counted() - self.sources.sources.keys())
