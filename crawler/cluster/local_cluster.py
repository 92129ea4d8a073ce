"""A cluster on this machine for one command: a scheduler and workers, each a process.

This module is also the program of the scheduler's process. It speaks TLS with keys that are made
for the run and leave it only by a pipe, as everyone who can connect to a scheduler can run code. It
ends when its standard input closes, which is when the command has ended, however it ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import IO, Any

from archive.errors import ClusterError
from crawler.processes.subprocesses import subprocess_environment

KEY_FIELDS = ("tls_ca_file", "tls_client_key", "tls_client_cert")
"""Fields of Dask's `Security` that a client needs, in PEM."""
LOOPBACK_ADDRESS = "127.0.0.1"
LOCAL_CLUSTER_STOP_SECONDS = 20.0


class LocalCluster:
    """The process of a local cluster.

    Raises ClusterError if it cannot be started.
    """

    def __init__(self, workers: int) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  open as long as it runs
        command = [sys.executable, "-P", "-m", "crawler.cluster.local_cluster", str(workers)]
        self.process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=subprocess_environment(),
            start_new_session=True,  # Ctrl-C is for the command, which ends its cluster in order
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            reason = self._last_error()
            self.close()
            raise ClusterError(f"the local cluster cannot be started: {reason}")
        greeting = json.loads(line)
        self.address: str = greeting["address"]
        self._keys: dict[str, str] = greeting["keys"]

    def security(self) -> Any:
        """Return the keys by which a Dask client connects."""
        from distributed import Security

        return Security(require_encryption=True, **self._keys)

    def close(self) -> None:
        """End the scheduler and its workers."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()
        try:
            self.process.wait(LOCAL_CLUSTER_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._errors.close()

    def _last_error(self) -> str:
        """Return the last line that the process has written to standard error."""
        self.process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self.process.returncode}"


def run_local_cluster(workers: int) -> None:
    """Run a cluster until standard input closes; write its address and keys to standard output."""
    greeting_pipe = os.dup(1)
    os.dup2(2, 1)  # nobody reads what workers print
    from distributed import LocalCluster as DaskCluster
    from distributed import Security

    security = Security.temporary()
    with DaskCluster(
        n_workers=workers,
        threads_per_worker=1,
        host=LOOPBACK_ADDRESS,
        protocol="tls",
        security=security,
        dashboard_address=f"{LOOPBACK_ADDRESS}:0",
    ) as cluster:
        keys = {name: getattr(security, name) for name in KEY_FIELDS}
        greeting = {"address": cluster.scheduler_address, "keys": keys}
        with os.fdopen(greeting_pipe, "w") as pipe:
            pipe.write(json.dumps(greeting) + "\n")
        sys.stdin.buffer.read()


if __name__ == "__main__":
    run_local_cluster(int(sys.argv[1]))
