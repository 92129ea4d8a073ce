"""The end of a crawl, and the error that brought it about."""

from __future__ import annotations

import logging

from archive.errors import DatelineError
from crawler.network.crawl_engine import CrawlEngine
from crawler.session.change_signal import ChangeSignal

logger = logging.getLogger(__name__)


class CrawlEnd:
    """The state that a crawl has ended, and its error; `changes` is notified when it ends."""

    def __init__(self, engine: CrawlEngine, changes: ChangeSignal) -> None:
        self.has_come = False
        self.failure: Exception | None = None
        """The error that ended the crawl; None for any other end."""
        self.early_end: DatelineError | None = None
        """The error because of which the crawl ended in order, with everything written."""
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

    def end_early(self, error: DatelineError, reason: str) -> None:
        """End the crawl in order because of an error; what is under way is still written."""
        if self.failure or self.early_end:
            return
        self.early_end = error
        logger.error("The crawl ends: %s", error)
        self._engine.close_soon(reason)
