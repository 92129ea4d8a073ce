"""The speed of each worker, and the pages that wait, for people."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crawler.cluster.connection import ClusterConnection
    from crawler.cluster.page_batches import PageAnswer

PACE_SECONDS = 30.0
"""Time over which the pages of a second are counted."""
MAX_SHOWN_PACES = 8
"""Workers whose paces are shown apart on a line."""


class ReadingPace:
    """The answers of the last half minute by worker, and the pages that wait for one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.waiting = 0
        """Pages that were sent and are not answered."""
        self.pages: Counter[str] = Counter()
        """Worker → pages that it has answered so far."""
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        """Held while `_recent` changes: another thread publishes the state."""
        self._recent: deque[tuple[float, Counter[str]]] = deque()
        """Times at which batches came, with the pages of each worker."""

    def note_answers(self, answers: Sequence[PageAnswer]) -> None:
        """Note the answers of a batch."""
        now = self._clock()
        with self._lock:
            read = Counter(answer.worker for answer in answers)
            self.waiting -= len(answers)
            self.pages += read
            self._recent.append((now, read))
            self._forget_old(now)

    def pages_a_second(self) -> dict[str, float]:
        """Return the pages a second of each worker that has answered lately."""
        now = self._clock()
        with self._lock:
            self._forget_old(now)
            counts = sum((read for _, read in self._recent), Counter[str]())
        seconds = min(PACE_SECONDS, max(1.0, now - self._began))
        return {worker: count / seconds for worker, count in sorted(counts.items())}

    def describe(self, connection: ClusterConnection) -> str:
        """Return the text of the live line: `2 workers, 17 + 14 pages/s, 96 waiting, 1 lost`."""
        paces = list(self.pages_a_second().values())
        shown = [f"{pace:.0f}" for pace in paces]
        if len(paces) > MAX_SHOWN_PACES:
            shown = [f"{sum(paces):.0f}"]
        speed = f"{' + '.join(shown)} pages/s" if shown else ""
        parts = [connection.describe(), speed, f"{self.waiting:,} waiting"]
        return ", ".join(filter(None, parts))

    def state(self, connection: ClusterConnection) -> dict[str, Any]:
        """Return the same for `dateline status`, ready for JSON."""
        paces = self.pages_a_second()
        workers = [
            {
                "name": worker.name,
                "threads": worker.threads,
                "pages": self.pages[worker.name],
                "pages_per_second": round(paces.get(worker.name, 0.0), 1),
            }
            for worker in connection.workers()
        ]
        return {
            "address": connection.address,
            "dashboard": connection.dashboard_link,
            "workers": workers,
            "waiting": self.waiting,
            "lost": connection.lost_workers.total(),
        }

    def _forget_old(self, now: float) -> None:
        while self._recent and self._recent[0][0] < now - PACE_SECONDS:
            self._recent.popleft()
