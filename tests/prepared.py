"""Runs `dateline` in processes that need not import anything: forks of one that has imported it
all.

A crawl of five pages spends three seconds of three and a half on imports, its own and its readers',
and the tests run hundreds. A fork is a process like any other: it has its own pid, environment,
arguments, files and exit code, ends as Python ends, and starts at the first line of
`crawler.cli.main`. What it does not show is the start itself, which
`tests/end_to_end/test_poisoned_folders.py`, `tests/end_to_end/test_stopping.py` and all tests with
a `Popen` of their own do.

`Prepared()` starts that process (`python -m tests.prepared FD`); it ends when its socket is closed.
"""

from __future__ import annotations

import concurrent.futures.thread
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from tests.paths import ROOT

IMPORTED = (
    "crawler.workers.preload",
    "crawler.cli.main",
    "crawler.jobs.run_spider",
    "crawler.jobs.add_outlets",
    "crawler.jobs.import_files",
    "crawler.extraction.explain",
    "crawler.spiders.outlets",
    "crawler.spiders.pages",
    "crawler.spiders.story",
    "scrapy.commands",
    "twisted.internet.asyncioreactor",
    "sqlite_utils",
)
UNLIKE = ("PYTHON", "LC_", "LANG", "COLUMNS", "LD_", "MALLOC")
"""Beginnings of variables that say how a process starts: who sets one is not served here."""


class Prepared:
    """The process that has imported everything."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.prepared", str(theirs.fileno())],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()

    def run(
        self,
        words: list[str],
        environ: dict[str, str],
        data: bytes | None,
        seconds: float,
        names: list[str] | None,
    ) -> Any:
        """As `subprocess.run` of `dateline`, with `names` on a machine of `tests.names`. Raises
        TimeoutExpired."""
        with (
            tempfile.TemporaryFile() as told,
            tempfile.TemporaryFile() as mistakes,
            tempfile.TemporaryFile() as given,
        ):
            given.write(data or b"")
            given.seek(0)
            status, theirs = socket.socketpair()
            with status:
                with theirs, tempfile.TemporaryFile() as request:
                    asked = {
                        "words": words,
                        "environ": environ,
                        "cwd": str(Path.cwd()),
                        "names": names,
                    }
                    request.write(json.dumps(asked).encode())
                    request.seek(0)
                    files = [request, given, told, mistakes, theirs]
                    socket.send_fds(self._socket, [b"x"], [each.fileno() for each in files])
                code = self._wait(status, words, seconds)
            for each in (told, mistakes):
                each.seek(0)
            return subprocess.CompletedProcess(
                ["dateline", *words], code, told.read(), mistakes.read()
            )

    def _wait(self, status: socket.socket, words: list[str], seconds: float) -> int:
        status.settimeout(seconds)
        pid = status.recv(20)
        assert pid, "the process that forks commands is gone"
        try:
            return int(status.recv(20))
        except TimeoutError:
            os.kill(int(pid), signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, seconds) from None

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


# -- in the process that forks ---------------------------------------------------------------------


def serve(requests: socket.socket) -> dict[str, Any] | None:
    """Fork for every request; in the fork, return what was asked for. None at the end."""
    while True:
        said, files, _, _ = socket.recv_fds(requests, 1, 8)
        while _reaped():
            pass
        if not said:
            return None
        if os.fork():
            for each in files:
                os.close(each)
            continue
        requests.close()
        request, given, told, mistakes, status = files
        command = os.fork()
        if command:
            os.write(status, str(command).encode().ljust(20))
            code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
            os.write(status, str(code).encode().ljust(20))
            os._exit(0)
        asked: dict[str, Any] = json.loads(os.pread(request, os.fstat(request).st_size, 0))
        for number, each in enumerate((given, told, mistakes)):
            os.dup2(each, number)
        for each in files:
            os.close(each)
        return asked


def _reaped() -> bool:
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def become(asked: dict[str, Any]) -> None:
    """Be a process that was started with these words, in this environment."""
    import importlib.util
    import time
    from multiprocessing import util

    import crawler.network.backoff
    from tests.names import lead

    os.environ.clear()
    os.environ.update(asked["environ"])
    time.tzset()
    os.chdir(asked["cwd"])
    sys.argv = [str(ROOT / "crawler" / "__main__.py"), *asked["words"]]
    sys.modules["__main__"].__spec__ = importlib.util.find_spec("crawler.__main__")
    crawler.network.backoff.PROCESS_STARTED_SECONDS = time.monotonic()
    util.spawnv_passfds = _forked  # type: ignore[attr-defined]
    if asked["names"] is not None:
        lead(asked["names"])


def _forked(_: bytes, words: list[Any], files: list[int]) -> int:
    """Instead of a new interpreter for the fork server and its like: a fork that runs the same
    line."""
    sys.stdout.flush()  # what waits to be written is written once
    sys.stderr.flush()
    if pid := os.fork():
        return pid
    first = 3
    for each in [*sorted(files), os.sysconf("SC_OPEN_MAX")]:
        os.closerange(first, each)
        first = each + 1
    signal.set_wakeup_fd(-1, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    concurrent.futures.thread._threads_queues.clear()  # the threads of a pool, which are not here
    try:
        exec(words[-1], {"__name__": "__main__"})
    except SystemExit:
        pass
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _import_everything() -> None:
    import gc
    from importlib import import_module

    from archive.storage.schema import ARCHIVE_SCHEMA, CAPTURES_SCHEMA
    from tests.templates import schema_template, use_templates

    for name in IMPORTED:
        import_module(name)
    # which depend on what a command is told
    for name in ("twisted.internet.reactor", "crawler.settings"):
        assert name not in sys.modules, name
    use_templates()
    for schema in (ARCHIVE_SCHEMA, CAPTURES_SCHEMA):
        schema_template(schema)
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        _import_everything()
        asked = serve(requests)
    if asked is not None:
        become(asked)
        from crawler.cli.main import main

        main()
