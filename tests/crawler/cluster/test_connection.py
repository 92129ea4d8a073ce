"""A cluster is started or reached, compared with this process, and lost in one line."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time

import dask
import pytest

from archive.errors import ClusterError, LostWorkersError, UsageError
from crawler.cluster import connection as connections
from crawler.cluster.connection import (
    open_cluster,
    parse_cluster_address,
    version_difference,
)
from tests.patience import patient, until

TLS_OPTIONS = [f"distributed.comm.tls.{name}" for name in ("ca-file", "client.cert", "client.key")]
SLEEP_ONCE = """(lambda os, time, marker: (
    marker.exists() or (marker.write_text(str(os.getpid())), time.sleep(1000)), os.getpid()
)[-1])(__import__("os"), __import__("time"), marker)"""
"""Returns the process; the first run leaves it in a file, and sleeps."""
END_THE_WORKER = "__import__('os').kill(__import__('os').getpid(), 9)"
# workers cannot import the tests, but they can evaluate a text


@pytest.mark.parametrize(
    ("address", "workers"),
    [("local:2", 2), ("local:16", 16), ("tcp://desk:8786", None), ("tls://[::1]:8786", None)],
)
def test_an_address_names_a_scheduler_or_the_workers_to_start_here(address, workers):
    assert parse_cluster_address(address) == workers


def test_local_alone_starts_a_worker_for_each_core():
    assert parse_cluster_address("local") == os.cpu_count()


@pytest.mark.parametrize(
    "address", ["", "local:0", "local:two", "desk", "desk:8786", "http://desk:1"]
)
def test_another_address_is_a_mistake_that_names_the_forms(address):
    with pytest.raises(
        UsageError, match=r"it is tcp://HOST:PORT, tls://HOST:PORT, local or local:N"
    ):
        parse_cluster_address(address)


def test_versions_are_compared_by_what_decides_how_a_page_is_read():
    own = {"python": "3.11.9.final.0", "dateline": "0.1.0", "lxml": "6.2.0", "numpy": "2.4"}
    assert version_difference(own, own | {"numpy": "2.5", "python": "3.11.2.final.0"}) is None
    other = own | {"python": "3.13.1.final.0", "lxml": None}
    assert version_difference(own, other) == "python 3.13 (here 3.11), lxml none (here 6.2.0)"


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UsageError, match=r"pip install 'dateline\[cluster\]'"),
        open_cluster("local"),
    ):
        pass


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer_is_named_in_one_line(monkeypatch):
    monkeypatch.setattr(connections, "CONNECT_TIMEOUT_SECONDS", 0.5)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{unused.getsockname()[1]}"
        with (
            pytest.raises(
                ClusterError, match=f"{address}: the cluster cannot be reached"
            ) as raised,
            open_cluster(address),
        ):
            pass
    assert "\n" not in str(raised.value)
    assert raised.value.exit_code == 69


@pytest.mark.slow
@pytest.mark.parametrize(
    ("configured", "mistake"),
    [
        ({}, "no keys for TLS are configured; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"),
        (dict.fromkeys(TLS_OPTIONS, "/no/such/file"), "the keys for TLS cannot be read"),
    ],
)
def test_missing_keys_are_named_before_anything_is_connected(configured, mistake):
    with (
        dask.config.set(configured),
        pytest.raises(UsageError, match=mistake),
        open_cluster("tls://127.0.0.1:1"),
    ):
        pass


@pytest.mark.slow
def test_calls_run_on_the_workers_and_give_back_what_they_return_or_raise(cluster):
    answers = [cluster.executor.submit(divmod, number, 3) for number in range(5)]
    assert [answer.result(patient(30)) for answer in answers] == [divmod(n, 3) for n in range(5)]
    assert cluster.executor.submit(os.getpid).result(patient(30)) != os.getpid()
    with pytest.raises(ZeroDivisionError):
        cluster.executor.submit(divmod, 1, 0).result(patient(30))
    assert cluster.describe() == "2 workers"


@pytest.mark.slow
def test_a_worker_whose_versions_differ_ends_the_command_in_one_line(cluster, monkeypatch):
    monkeypatch.setattr(connections, "version_difference", lambda *_: "lxml 1.0 (here 6.2.0)")
    with pytest.raises(
        ClusterError, match=r"the scheduler has lxml 1\.0 \(here 6\.2\.0\); install"
    ):
        connections._check_versions(cluster._client, "local:2")


@pytest.mark.slow
def test_what_a_lost_worker_had_begun_runs_again_elsewhere(tmp_path):
    with open_cluster("local:2") as own:
        until(lambda: own.threads == 2)
        marker = tmp_path / "began"
        answer = own.executor.submit(eval, SLEEP_ONCE, {"marker": marker})
        until(lambda: marker.exists() and marker.read_text())
        os.kill(int(marker.read_text()), signal.SIGKILL)
        assert answer.result(patient(60)) != int(marker.read_text())
        until(lambda: own.describe() == "2 workers, 1 lost")  # another took its place

        with pytest.raises(LostWorkersError, match=r"4 workers were lost while they ran it"):
            own.executor.submit(eval, END_THE_WORKER).result(patient(60))


@pytest.mark.slow
def test_a_lost_scheduler_ends_all_that_waits_in_one_line():
    with open_cluster("local:1") as own:
        answer = own.executor.submit(time.sleep, 1000)
        assert own.local
        own.local.process.kill()
        with pytest.raises(
            ClusterError, match=r"local:1: the scheduler was lost; what was written"
        ):
            answer.result(patient(60))
        with pytest.raises(ClusterError, match=r"run the same command again to continue"):
            own.executor.submit(os.getpid)
