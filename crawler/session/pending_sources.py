"""Tracks which outlets still have feeds or sitemaps to read."""

from __future__ import annotations

from collections import Counter, deque


class PendingSources:
    """The sources still to be read, by URL, each with the host of its outlet."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.left: Counter[str] = Counter()
        self.finished: deque[str] = deque()
        """Outlets whose last source was read, until `take_finished` returns them."""

    def expect_source(self, url: str, host: str) -> None:
        """Add a source to be read; a repeated one changes nothing."""
        if url not in self.sources:
            self.sources[url] = host
            self.left[host] += 1

    def expect_more(self, url: str, index_url: str) -> None:
        """Add a sitemap that an index names."""
        if host := self.sources.get(index_url):
            self.expect_source(url, host)

    def note_read(self, url: str) -> None:
        """Remove a source that was read or cannot be read; other URLs are ignored."""
        host = self.sources.pop(url, None)
        if host is None:  # a page, or a source that was removed before
            return
        self.left[host] -= 1
        if not self.left[host]:
            del self.left[host]
            self.finished.append(host)

    def take_finished(self, most: int) -> list[str]:
        """Return up to `most` further outlets without sources to read, each once."""
        return [self.finished.popleft() for _ in range(min(most, len(self.finished)))]
