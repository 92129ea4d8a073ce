"""The connection to a Dask cluster, compared with this process before anything is sent to it."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from archive.errors import ClusterError, UsageError
from archive.text.formatting import many
from crawler.cluster.dask_executor import DaskExecutor, shown_worker_name
from crawler.cluster.local_cluster import LocalCluster

LOCAL_ADDRESS_PATTERN = re.compile(r"local(?::([1-9]\d{0,2}))?")
SCHEDULER_ADDRESS_PATTERN = re.compile(r"(?:tcp|tls)://(?:\[[0-9a-fA-F:]+\]|[^/:\[\]]+):\d{1,5}/?")
COMPARED_PACKAGES = ("python", "dateline", "distributed", "lxml", "trafilatura")
"""Packages of which all machines must have the same version, so that they read alike."""
CONNECT_TIMEOUT_SECONDS = 15.0
FIRST_WORKER_TIMEOUT_SECONDS = 60.0
"""Time to wait for the first worker of a cluster that is just starting."""
WORKER_LIST_INTERVAL_SECONDS = 2.0
CLOSE_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ClusterWorker:
    """A worker of a cluster, as its scheduler lists it."""

    address: str
    name: str
    threads: int
    running: int = 0
    """Tasks that it runs at the moment."""


class ClusterConnection:
    """A connection to a scheduler, with an executor for its workers."""

    def __init__(self, client: Any, address: str, local: LocalCluster | None = None) -> None:
        self._client = client
        self.address = address
        """The address as it was given: `local:2`, `tcp://desk:8786`."""
        self.local = local
        """The cluster that was started for this connection; None: it runs on its own."""
        self.executor: Executor = DaskExecutor(client, address)
        self.lost_workers: Counter[str] = Counter()
        """Names of workers that were there and are gone, with how often that happened."""
        self.dashboard_link: str | None = client.dashboard_link
        """The address of Dask's dashboard, which needs bokeh on the scheduler's machine."""
        self._workers: tuple[ClusterWorker, ...] = ()
        self._is_closed = False
        client.loop.add_callback(self._keep_listing)

    def workers(self) -> tuple[ClusterWorker, ...]:
        """Return the workers that the cluster had within the last seconds; never waits."""
        return self._workers

    @property
    def threads(self) -> int:
        """The number of tasks that the workers can run at once."""
        return sum(worker.threads for worker in self._workers)

    def describe(self) -> str:
        """Return the workers for a live line: `2 workers`, `3 workers, 1 lost`."""
        parts = [many(len(self._workers), "worker")]
        if self.lost_workers:
            parts.append(f"{self.lost_workers.total():,} lost")
        return ", ".join(parts)

    async def _keep_listing(self) -> None:
        """Renew the list of workers regularly, on the client's loop."""
        while not self._is_closed:
            with suppress(Exception):  # the next one may come; tasks report a lost scheduler
                info = await self._client.scheduler.identity(n_workers=-1)
                self.note_workers(info["workers"])
            await asyncio.sleep(WORKER_LIST_INTERVAL_SECONDS)

    def note_workers(self, listed: Mapping[str, Mapping[str, Any]]) -> None:
        """Note the workers that a scheduler lists, and which of the earlier ones are lost."""
        for worker in self._workers:
            if worker.address not in listed:
                self.lost_workers[worker.name] += 1
        self._workers = tuple(_listed_worker(address, each) for address, each in listed.items())

    def close(self) -> None:
        """End the connection; the workers of a cluster that runs on its own stay."""
        self._is_closed = True
        with suppress(Exception):  # a scheduler that is lost
            self._client.close(timeout=CLOSE_TIMEOUT_SECONDS)


def _listed_worker(address: str, listed: Mapping[str, Any]) -> ClusterWorker:
    """Return a worker as its scheduler describes it."""
    name, running = str(listed["name"]), listed["metrics"].get("executing", 0)
    shown = shown_worker_name(name, address)
    return ClusterWorker(address, shown, listed["nthreads"], int(running))


@contextmanager
def open_cluster(address: str) -> Iterator[ClusterConnection]:
    """Connect to a cluster, or start one here for `local` and `local:N`; yield the connection.

    Raises UsageError for an address of another form, and ClusterError if the cluster cannot be
    reached, has no workers, or runs other versions.
    """
    local_workers = parse_cluster_address(address)
    _check_extra()
    with ExitStack() as resources:
        target, security, local = address, None, None
        if local_workers is not None:
            local = LocalCluster(local_workers)
            resources.callback(local.close)
            target, security = local.address, local.security()
        client = _connected_client(target, address, security)
        connection = ClusterConnection(client, address, local)
        resources.callback(connection.close)
        _check_versions(client, address)
        yield connection


def parse_cluster_address(address: str) -> int | None:
    """Return the number of local workers that an address asks for; None for a scheduler's address.

    Raises UsageError for anything else.
    """
    if found := LOCAL_ADDRESS_PATTERN.fullmatch(address):
        return int(found[1]) if found[1] else os.cpu_count() or 1
    if SCHEDULER_ADDRESS_PATTERN.fullmatch(address):
        return None
    raise UsageError(
        f"{address}: not the address of a cluster; "
        "it is tcp://HOST:PORT, tls://HOST:PORT, local or local:N"
    )


def _check_extra() -> None:
    """Raise UsageError if Dask is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise UsageError(
            "--cluster needs Dask; install it with `pip install 'dateline[cluster]'`"
        ) from None


def _connected_client(target: str, address: str, security: Any) -> Any:
    """Return a Dask client of a scheduler. Raises ClusterError."""
    from distributed import Client

    _calm_dask_logs()
    if security is None and target.startswith("tls:"):
        _check_tls_keys(address)
    try:
        return Client(
            target, timeout=CONNECT_TIMEOUT_SECONDS, security=security, set_as_default=False
        )
    # Dask raises errors of sockets, of TLS, of its own protocol, and of missing keys
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ClusterError(
            f"{address}: the cluster cannot be reached ({reason}); is `dask scheduler` running there?"
        ) from error


def _check_tls_keys(address: str) -> None:
    """Raise UsageError if Dask's configuration has no certificate to connect with."""
    from distributed import Security

    try:
        keys = Security().get_connection_args("client")["ssl_context"]
    except OSError as error:
        raise UsageError(f"{address}: the keys for TLS cannot be read ({error})") from error
    if keys is None:
        raise UsageError(
            f"{address}: no keys for TLS are configured; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
            "…__TLS__CLIENT__CERT and …__TLS__CLIENT__KEY (docs/scale.md)"
        )


def _calm_dask_logs() -> None:
    """Leave Dask's log records to the log of the command, instead of standard error."""
    for name in ("distributed", "distributed.client", "bokeh", "tornado"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = True


def _check_versions(client: Any, address: str) -> None:
    """Raise ClusterError if no worker comes, or if one runs other versions."""
    from distributed import TimeoutError as DaskTimeoutError

    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_TIMEOUT_SECONDS)
        found = client.get_versions(packages=COMPARED_PACKAGES[1:])
    except (TimeoutError, DaskTimeoutError):
        raise ClusterError(
            f"{address}: the cluster has no workers; start some with `dask worker {address}`"
        ) from None
    except OSError as error:
        raise ClusterError(f"{address}: the scheduler was lost ({error})") from error
    own = found["client"]["packages"]
    others = {"the scheduler": found["scheduler"]}
    others |= {f"worker {worker}": versions for worker, versions in found["workers"].items()}
    for who, versions in others.items():
        if difference := version_difference(own, versions["packages"]):
            raise ClusterError(
                f"{address}: {who} has {difference}; install the same versions there"
            )


def version_difference(own: Mapping[str, Any], others: Mapping[str, Any]) -> str | None:
    """Return the packages whose versions differ, in words, or None.

    `lxml 6.1.1 (here 6.2.0)`
    """
    differing = (
        f"{name} {_shown_version(name, others)} (here {_shown_version(name, own)})"
        for name in COMPARED_PACKAGES
        if _shown_version(name, own) != _shown_version(name, others)
    )
    return ", ".join(differing) or None


def _shown_version(name: str, packages: Mapping[str, Any]) -> str:
    """Return the version of a package for comparison; of Python, the first two numbers."""
    version = packages.get(name)
    if version is None:
        return "none"
    return ".".join(str(version).split(".")[:2]) if name == "python" else str(version)
