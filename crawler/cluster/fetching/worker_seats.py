"""The workers of a cluster, as the driver of a crawl uses them to fetch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from crawler.cluster.connection import ClusterConnection


class SeatedWorker(Protocol):
    """A worker that can fetch."""

    @property
    def address(self) -> str:
        """Its address, which another worker never gets."""
        ...

    @property
    def name(self) -> str:
        """Its name for people."""
        ...

    @property
    def threads(self) -> int:
        """The number of pages that it can read at once."""
        ...


class WorkerSeats(Protocol):
    """Workers, to each of which calls can be sent."""

    def workers(self) -> Sequence[SeatedWorker]:
        """Return the workers that are there; never waits."""
        ...

    def describe(self) -> str:
        """Return the workers for a live line."""
        ...

    def submit_to(self, address: str, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Send a call to one worker, and never to another. Raises ClusterError if all is lost."""
        ...


class ClusterSeats:
    """The workers of a Dask cluster (`crawler.cluster.connection.ClusterConnection`)."""

    def __init__(self, connection: ClusterConnection) -> None:
        self._connection = connection

    def workers(self) -> Sequence[SeatedWorker]:
        """Return the workers that the scheduler has listed last."""
        return self._connection.workers()

    def describe(self) -> str:
        """Return the workers for a live line."""
        return self._connection.describe()

    def submit_to(self, address: str, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Send a call to one worker. Raises ClusterError if the scheduler is lost.

        A call to a worker that is lost is never answered: Dask must not run it elsewhere.
        """
        return self._connection.executor.submit(
            function, *args, workers=[address], allow_other_workers=False
        )
