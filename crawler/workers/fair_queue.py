"""Whose page is read next: the site's that has taken the least time so far, so that no site keeps
readers from others.

A site is a registered domain, whatever its hosts. One whose pages proved slow never holds more than
half of the readers while others might come, and once it has taken `ALLOWANCE` on slow pages,
further ones are given up after `SHORT`.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict, deque
from typing import Generic, TypeVar

Job = TypeVar("Job")

SLOW = 2.0
"""Seconds that make a page a slow one; the largest honest ones take half of it."""
ALLOWANCE = 40.0
"""Seconds that one site's slow pages may take of the readers in one crawl …"""
SHORT = 2.0
"""… after which each of its pages has so many."""


class Closed(Exception):  # noqa: N818  no error
    """Nothing is handed out any more."""


class FairQueue(Generic[Job]):
    """Jobs by site, for several threads: each `take` is answered by one `done`."""

    def __init__(self, readers: int) -> None:
        self._most_slow = max(1, readers // 2)
        self._jobs: dict[str, deque[Job]] = {}
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._slow: defaultdict[str, float] = defaultdict(float)
        self._under_way: Counter[str] = Counter()
        self._closed = False
        self._change = threading.Condition()

    def put(self, site: str, job: Job) -> None:
        with self._change:
            self._jobs.setdefault(site, deque()).append(job)
            self._change.notify()

    def take(self) -> tuple[str, Job]:
        """The next job and its site; waits until there is one that may begin. Raises Closed."""
        with self._change:
            while True:
                if self._closed:
                    raise Closed
                if (site := self._next()) is not None:
                    break
                self._change.wait()
            jobs = self._jobs[site]
            job = jobs.popleft()
            if not jobs:
                del self._jobs[site]
            self._under_way[site] += 1
            return site, job

    def done(self, site: str, seconds: float) -> None:
        """A job of a site took so many seconds."""
        with self._change:
            self._spent[site] += seconds
            if seconds > SLOW:
                self._slow[site] += seconds
            self._under_way[site] -= 1
            self._change.notify_all()

    def seconds(self, site: str, usual: float) -> float:
        """How long a job of a site may take."""
        return usual if self._slow[site] < ALLOWANCE else min(usual, SHORT)

    def close(self) -> list[Job]:
        """Hand out no more; what waits."""
        with self._change:
            self._closed = True
            left = [job for jobs in self._jobs.values() for job in jobs]
            self._jobs.clear()
            self._change.notify_all()
            return left

    def _next(self) -> str | None:
        slow = sum(many for site, many in self._under_way.items() if many and self._slow[site])
        may = (site for site in self._jobs if slow < self._most_slow or not self._slow[site])
        return min(may, key=self._worth, default=None)

    def _worth(self, site: str) -> float:
        return self._spent[site] + self._under_way[site] * SLOW
