"""Servers in processes of their own, on free ports of loopback."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from tests.patience import patient, until

direct = build_opener(ProxyHandler({}))
"""Asks loopback without a proxy."""


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def responds(address: str) -> bool:
    """Return whether a request gets a response, whatever its status."""
    try:
        direct.open(address, timeout=patient(10)).close()
    except HTTPError as error:
        error.close()
    except OSError:
        return False
    return True


@dataclass(frozen=True)
class RunningServer:
    """A server that answers."""

    process: subprocess.Popen[bytes]
    port: int
    output: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def printed(self, pattern: str) -> str:
        """Return the first part of its output that matches, and wait for it."""
        until(lambda: re.search(pattern, self.output.read_text()), f"{pattern} is not printed")
        found = re.search(pattern, self.output.read_text())
        assert found
        return found[0]

    def answers(self) -> bool:
        """Return whether it sends responses. Fails if it has ended."""
        assert self.process.poll() is None, self.output.read_text()
        return responds(f"{self.address}/-/versions.json")


@contextmanager
def running_server(
    command: Sequence[object], environ: Mapping[str, str] | None = None
) -> Iterator[RunningServer]:
    """Run a command with `--port` and a free port until the context ends; yield when it answers.

    Its output goes to a file: a pipe that nobody empties is full after some 800 requests, whose
    lines the server prints, and from then on the server answers nobody.
    """
    port = free_port()
    words = [*map(str, command), "--port", str(port)]
    environ = {**(environ or os.environ), "PYTHONUNBUFFERED": "1"}
    with tempfile.NamedTemporaryFile(prefix="dateline-server-") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, env=environ)
        server = RunningServer(process, port, Path(output.name))
        try:
            until(server.answers, f"{words} does not answer")
            yield server
        finally:
            process.terminate()
            try:
                process.wait(patient(10))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
