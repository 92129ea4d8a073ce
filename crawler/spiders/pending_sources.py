"""Which outlets have told all: none of their feeds and sitemaps is still to be read."""

from __future__ import annotations

from collections import Counter, deque


class Telling:
    """Sources that are to be read, by URL, each with the host of its outlet; and the outlets that
    have none left."""

    def __init__(self) -> None:
        self.sources: dict[str, str] = {}
        self.left: Counter[str] = Counter()
        self.told: deque[str] = deque()
        """Outlets whose last source was read, until somebody takes them."""

    def expect(self, url: str, host: str) -> None:
        """A source is to be read; a second time changes nothing."""
        if url not in self.sources:
            self.sources[url] = host
            self.left[host] += 1

    def expect_more(self, url: str, index_url: str) -> None:
        """A sitemap is to be read that an index names."""
        if host := self.sources.get(index_url):
            self.expect(url, host)

    def read(self, url: str) -> None:
        """A source was read and what it named is known, or it cannot be read. Anything else is no
        matter."""
        host = self.sources.pop(url, None)
        if host is None:
            return
        self.left[host] -= 1
        if not self.left[host]:
            del self.left[host]
            self.told.append(host)

    def take(self, most: int) -> list[str]:
        """The next outlets that have told all, each once."""
        return [self.told.popleft() for _ in range(min(most, len(self.told)))]
