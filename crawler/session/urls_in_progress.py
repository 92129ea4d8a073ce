"""The URLs that a crawl has requested and not settled yet, and how many more it may request."""

from __future__ import annotations

from collections.abc import Callable

from crawler.session.change_signal import ChangeSignal
from crawler.session.download_slots import DownloadSlots
from crawler.session.pending_sources import PendingSources

MAX_PAGES_IN_PROGRESS = 64
"""Pages in progress at once, those of unresponsive sites not counted.

Enough to keep all outlets busy; little has to be repeated after a crash.
"""


class UrlsInProgress:
    """The URLs in progress: from the request until the check is in the archive.

    `clock` returns seconds of a monotonic clock. `changes` is notified when a URL is settled.
    """

    def __init__(self, clock: Callable[[], float], changes: ChangeSignal) -> None:
        self.urls: set[str] = set()
        self.sources = PendingSources()
        self.changes = changes
        self._clock = clock
        self._slots = DownloadSlots()

    def note_request(self, url: str) -> None:
        """Note that a URL is requested."""
        self.urls.add(url)
        self._slots.note_request(url, self._clock())

    def note_answer(self, url: str) -> None:
        """Note that a URL was answered, or that its request failed."""
        self._slots.note_answer(url)

    def settle(self, url: str) -> None:
        """Note that a URL is done."""
        self.urls.discard(url)
        self.sources.note_read(url)
        self.changes.notify()

    def counted(self) -> set[str]:
        """Return the URLs that count against the limits: without those of unresponsive sites."""
        return self.urls - self._slots.uncounted_urls(self._clock())

    def free_page_places(self) -> int:
        """Return how many more pages may be in progress."""
        return MAX_PAGES_IN_PROGRESS - len(self.counted() - self.sources.sources.keys())
