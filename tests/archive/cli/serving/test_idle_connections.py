"""Visitors who connect and ask for nothing turn nobody away."""

from __future__ import annotations

import resource
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from archive.cli.serving.idle_connections import MAX_IDLE_CONNECTIONS
from tests.archive.cli.serving.test_serve import _get
from tests.patience import patient
from tests.servers import running_server

pytestmark = pytest.mark.slow  # each starts a server

RUN = """
import archive.cli.read_commands, archive.cli.serving.idle_connections
from archive.cli.base import cli
archive.cli.serving.idle_connections.REQUEST_TIMEOUT_SECONDS = {patience}
cli(prog_name="dateline")
"""


@pytest.fixture
def served(folder: Path) -> Iterator[Callable[[float], int]]:
    """Serves the archive with some patience; gives its port."""
    with ExitStack() as ending:

        def serve(patience: float) -> int:
            words = [sys.executable, "-c", RUN.format(patience=patience), "serve"]
            server = ending.enter_context(running_server([*words, "--archive", folder]))
            return server.port

        yield serve


def connected(port: int, said: bytes = b"") -> socket.socket:
    there = socket.create_connection(("127.0.0.1", port), timeout=patient(60))
    there.sendall(said)
    return there


@pytest.mark.slow
@pytest.mark.parametrize(
    "said", [b"", b"GET /archive HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "], ids=["silent", "half"]
)
def test_two_thousand_connections_that_ask_for_nothing_keep_nobody_out(served, said):
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (most if most != resource.RLIM_INFINITY else 65_536, most)
    )
    many = min(2_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    assert many > MAX_IDLE_CONNECTIONS
    try:
        port = served(1_000.0)
        with ExitStack() as open_ones:
            for _ in range(many):
                open_ones.enter_context(connected(port, said))
            assert _get(f"http://127.0.0.1:{port}/-/versions.json")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, most))


@pytest.mark.slow
@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"GET /-/versions.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /",
    ],
    ids=["silent", "half", "half of a second"],
)
def test_a_request_that_does_not_come_whole_is_not_waited_for(served, said):
    with connected(served(0.5), said) as there:
        while True:  # what was asked is answered; then the end, and not the limit of time
            try:
                if not there.recv(65_536):
                    break
            except ConnectionError:
                break


@pytest.mark.slow
def test_a_connection_that_asks_again_and_again_is_kept(served):
    with connected(served(1_000.0)) as there:
        for _ in range(5):
            there.sendall(b"GET /-/versions.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            answer = b""
            while not answer.endswith(b"0\r\n\r\n"):
                more = there.recv(65_536)
                assert more
                answer += more
            assert answer.startswith(b"HTTP/1.1 200")
