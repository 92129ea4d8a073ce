"""The end of a crawl, and the error that brought it about."""

from __future__ import annotations

import logging

from crawler.network.crawl_engine import CrawlEngine
from crawler.session.change_signal import ChangeSignal

logger = logging.getLogger(__name__)


class CrawlEnd:
    """The state that a crawl has ended, and its error; `changes` is notified when it ends."""

    def __init__(self, engine: CrawlEngine, changes: ChangeSignal) -> None:
        self.has_come = False
        self.failure: Exception | None = None
        """The error that ended the crawl; None for any other end."""
        self._engine = engine
        self._changes = changes

    def note_end(self) -> None:
        """Note that Scrapy has closed the spider."""
        self.has_come = True
        self._changes.notify()

    def give_up(self, error: Exception) -> None:
        """End the crawl with the error of an archive that cannot be read or written."""
        if self.failure:
            return
        self.failure = error
        logger.error("The archive cannot be read or written: %s", error)
        self._engine.close_soon("the archive cannot be written")
