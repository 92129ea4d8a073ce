"""A cluster of two workers on loopback, started once for the tests of this folder that share it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crawler.cluster.connection import ClusterConnection, open_cluster
from tests.patience import until


@pytest.fixture(scope="session")
def cluster() -> Iterator[ClusterConnection]:
    """A connection to two workers; tests that kill workers start their own."""
    with open_cluster("local:2") as connection:
        until(lambda: connection.threads == 2)
        yield connection
