"""Readings that come from workers with the pages, for a driver that does not read them itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from archive.errors import ClusterError, DatelineError
from archive.records import Capture
from crawler.cluster.fetching.host_shares import ArrivedReading
from crawler.cluster.fetching.worker_seats import WorkerSeats
from crawler.cluster.reading_pace import ReadingPace
from crawler.workers.pool import DocumentKind, ParsedDocument, ParserArguments, WorkerPool

MAX_KEPT_READINGS = 512
"""Readings that wait to be used; a response is read as soon as it has come."""
ReadingKey = tuple[str, str, str]
"""The kind of the document, its URL, and the digest of its bytes."""


class ReadAheadPool(WorkerPool):
    """A pool that has readings of some documents already, and reads the others itself.

    If the cluster is lost, `on_lost` is called with the error.
    """

    def __init__(self, seats: WorkerSeats, *args: Any) -> None:
        super().__init__(*args)
        self.seats = seats
        self.pace = ReadingPace()
        self.on_lost: Callable[[ClusterError], None] = lambda _: None
        self.before_stop: Callable[[], None] = lambda: None
        """Called while the workers can still be reached."""
        self._arrived: OrderedDict[ReadingKey, ParsedDocument | DatelineError] = OrderedDict()
        self._remote_cpu_seconds = 0.0

    def keep_reading(self, url: str, digest: str, reading: ArrivedReading) -> None:
        """Keep what a worker has read until it is used."""
        kind, result = reading
        self._arrived[kind, url, digest] = result
        if len(self._arrived) > MAX_KEPT_READINGS:
            self._arrived.popitem(last=False)

    def describe(self) -> str:
        """Return the workers and their speeds, for the progress line."""
        connection: Any = self.seats
        return self.pace.describe(connection)

    def prepare(self) -> None:
        """Load nothing, as hardly any document is read here."""

    def stop(self) -> None:
        """End what goes on on workers, and the readers of this machine."""
        self.before_stop()
        super().stop()

    def add_remote_cpu(self, seconds: float) -> None:
        """Add CPU time that readers on workers have used."""
        self._remote_cpu_seconds += seconds

    @property
    def cpu_seconds(self) -> float:
        """CPU time that has been spent on documents so far, here and on workers."""
        return super().cpu_seconds + self._remote_cpu_seconds

    async def _read_in_worker(
        self, kind: DocumentKind, capture: Capture, more: ParserArguments = ()
    ) -> ParsedDocument:
        """Return the reading that has come, or read the document here."""
        result = self._arrived.pop((kind, capture.url, capture.digest), None)
        if result is None:
            return await super()._read_in_worker(kind, capture, more)
        if isinstance(result, DatelineError):
            raise result
        return result
