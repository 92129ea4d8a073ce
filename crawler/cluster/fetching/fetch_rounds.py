"""The worker's side: starts fetch processes, and passes orders and answers on. No archive, no SQL.

A round is one fetch process with the shares that it was given. The functions below run as tasks on
a worker. They are short: the process goes on between them, and its lease is renewed by each
exchange. Orders and answers pass through as bytes, so that a worker imports no Scrapy.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from archive.errors import ClusterError
from crawler.cluster.fetching.share_frames import OVERDUE_REMARK, read_frame, write_frame
from crawler.processes.subprocesses import subprocess_environment

MAX_HELD_BYTES = 16 * 1024 * 1024
"""Bytes of answers that a worker holds for the driver; then the process has to wait."""
SHARE_PROCESS_MODULE = "crawler.cluster.fetching.share_process"
END_TIMEOUT_SECONDS = 5.0


class RoundLostError(ClusterError):
    """The worker does not know the round: it was started again, or the round's process has ended."""


@dataclass(frozen=True, slots=True)
class RoundChunk:
    """Answers of a round, as its process has sent them."""

    frames: tuple[bytes, ...]
    now: float
    """The time of the monotonic clock of the worker's machine."""
    is_over: bool = False
    """True if the process has ended and these were its last answers."""
    problem: str | None = None
    """Why the process ended, unless it was ordered to."""
    is_overdue: bool = False
    """True if it ended because of its lease or its deadline, and not on one of its items."""


class FetchRound:
    """A fetch process and the answers that it has sent."""

    def __init__(self, archive_key: str, setup: bytes) -> None:
        self.archive_key = archive_key
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  as long as the process
        self._frames: deque[bytes] = deque()
        self._held_bytes = 0
        self._ended = False
        self._change = threading.Condition()
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", SHARE_PROCESS_MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=subprocess_environment(),
            start_new_session=True,  # it ends with all of its readers
        )
        threading.Thread(target=self._read_answers, name="answers of a round", daemon=True).start()
        self._send(setup)

    def exchange(self, orders: bytes, seconds: float, most_bytes: int) -> RoundChunk:
        """Pass orders on, and return answers: at once if there are any, else within `seconds`.

        Answers that follow within a quarter of that time come along.
        """
        self._send(orders)
        with self._change:
            self._change.wait_for(lambda: self._frames or self._ended, seconds)
            if not self._ended:
                self._change.wait_for(lambda: self._ended, seconds / 4)
            frames = self._take_frames(most_bytes)
            is_over = self._ended and not self._frames
        code, line = self._exit_facts() if is_over else (0, "")
        problem = f"its process ended with code {code}: {line}".rstrip(": ") if code else None
        is_overdue = line.startswith(OVERDUE_REMARK)
        return RoundChunk(frames, time.monotonic(), is_over, problem, is_overdue)

    def end(self) -> None:
        """End the process and its readers: it does so itself when its input closes."""
        with suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        try:
            self._process.wait(END_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _send(self, content: bytes) -> None:
        """Send a frame; a process that has ended does not mind."""
        with suppress(OSError, ValueError):
            if self._process.stdin:
                write_frame(self._process.stdin, content)

    def _read_answers(self) -> None:
        """Collect frames until the process ends; runs in a thread."""
        pipe = self._process.stdout
        while pipe and (content := read_frame(pipe)) is not None:
            with self._change:
                self._change.wait_for(lambda: self._held_bytes < MAX_HELD_BYTES)
                self._frames.append(content)
                self._held_bytes += len(content)
                self._change.notify_all()
        with self._change:
            self._ended = True
            self._change.notify_all()

    def _take_frames(self, most_bytes: int) -> tuple[bytes, ...]:
        """Remove and return frames of up to `most_bytes` together; at least one unless that is 0."""
        taken: list[bytes] = []
        size = 0
        while self._frames and size < most_bytes:
            if taken and size + len(self._frames[0]) > most_bytes:
                break
            frame = self._frames.popleft()
            size += len(frame)
            taken.append(frame)
        self._held_bytes -= size
        self._change.notify_all()
        return tuple(taken)

    def _exit_facts(self) -> tuple[int, str]:
        """Return the exit code of the process, and the last line that it wrote to standard error."""
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return code, lines[-1][:300] if lines else ""


# -- tasks -----------------------------------------------------------------------------------------

ROUNDS_HERE: dict[str, FetchRound] = {}
"""The rounds of this worker, by the driver's name for them."""


def begin_round(round_name: str, archive_key: str, setup: bytes) -> None:
    """Start the process of a round, which has no shares yet."""
    ROUNDS_HERE[round_name] = FetchRound(archive_key, setup)


def exchange_with_round(
    round_name: str, orders: bytes, seconds: float, most_bytes: int
) -> RoundChunk:
    """Pass orders to the process of a round, and return its answers. Raises RoundLostError."""
    fetch_round = ROUNDS_HERE.get(round_name)
    if fetch_round is None:
        raise RoundLostError("the worker does not have the round any more")
    chunk = fetch_round.exchange(orders, seconds, most_bytes)
    if chunk.is_over:
        end_round(round_name)
    return chunk


def end_round(round_name: str) -> None:
    """End the process of a round; an unknown one has ended."""
    if fetch_round := ROUNDS_HERE.pop(round_name, None):
        fetch_round.end()


def end_rounds_of(archive_key: str) -> None:
    """End all rounds of an archive: those of a crawl that was killed may go on for a moment."""
    for name, fetch_round in list(ROUNDS_HERE.items()):
        if fetch_round.archive_key == archive_key:
            end_round(name)
